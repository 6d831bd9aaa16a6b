package storetest

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/guanzhu/guanzhu/pkg/follower"
)

// record is a follower in the model of the delivery rule, test/model/delivery.pml. A session and a profile are the
// second of their follow, 0 if there is none.
type record struct{ at, session, profile int }

// modelWrites are the writes of the model, with the conditions that it has for them.
var modelWrites = []struct {
	name  string
	model func(r *record, at int)
	store func(f fixture, p follower.Follower, at int) error
}{
	{"Follow", func(r *record, at int) {
		if r.at < at {
			*r = record{at, at, at}
		}
	}, func(f fixture, p follower.Follower, at int) error {
		_, _, err := f.store.Follow(f.ctx, p, session(at))
		return err
	}},
	{"Follow without profile", func(r *record, at int) {
		if r.at < at {
			*r = record{at, at, 0}
		}
	}, func(f fixture, p follower.Follower, at int) error {
		p.State, p.PendingSince, p.Profile = follower.Pending, second(at), follower.Profile{SubscribedAt: second(at)}
		_, _, err := f.store.Follow(f.ctx, p, session(at))
		return err
	}},
	{"Unfollow", func(r *record, at int) {
		if r.at < at || r.at == at && r.session != 0 {
			*r = record{at: at}
		}
	}, func(f fixture, p follower.Follower, at int) error {
		return f.store.Unfollow(f.ctx, p.OpenID, second(at), second(at).Add(follower.TombstoneFor))
	}},
	{"Complete", func(r *record, at int) {
		if r.at == at && r.session != 0 && r.profile == 0 {
			r.profile = at
		}
	}, func(f fixture, p follower.Follower, _ int) error {
		return f.store.Complete(f.ctx, p)
	}},
}

// testModel makes every sequence of three of the model's writes at two times, and compares what is stored at its end with what
// the model has.
func testModel(t *testing.T, f fixture) {
	const times, length = 2, 3
	n := times * len(modelWrites)
	for i := range n * n * n {
		var model record
		who, told := fmt.Sprintf("oModel-%d", i), ""
		for k, rest := 0, i; k < length; k, rest = k+1, rest/n {
			w, at := modelWrites[rest%n/times], 1+rest%times
			p := person(at)
			p.OpenID = who
			w.model(&model, at)
			must(t, w.store(f, p, at))
			told += fmt.Sprintf("%s at %d, ", w.name, at)
		}
		if model.session == 0 {
			model = record{} // the time of a tombstone shows in what later writes do
		}
		if got := recordOf(t, f, who); got != model {
			t.Errorf("%sthe store has %+v, the model %+v", told, got, model)
		}
	}
}

// recordOf returns the stored record of a follower in the model's form, and the zero record of anyone else.
func recordOf(t *testing.T, f fixture, openid string) record {
	t.Helper()
	p, s, err := f.store.Lookup(f.ctx, openid)
	if errors.Is(err, follower.ErrNotFound) {
		return record{}
	}
	must(t, err)
	seconds := func(at time.Time) int { return int(at.Sub(second(0)).Seconds()) }
	r := record{at: seconds(p.EventTime), session: seconds(s.EventTime)}
	if p.State == follower.Complete {
		r.profile = seconds(p.SubscribedAt)
	}
	return r
}
