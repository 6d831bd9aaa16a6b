package storetest

import (
	"errors"
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/guanzhu/guanzhu/pkg/follower"
	"github.com/guanzhu/guanzhu/pkg/wechat"
)

// points is the suite's own data: how often each push was applied, by a number of the test's. The owner's folder has no value
// of this name.
var points = follower.Own[map[int]int]("test-points")

// service works with the fixture's store by the fixture's clock.
func (f fixture) service() *follower.Service {
	return &follower.Service{Store: f.store, Now: f.clock.Now}
}

// says is a text that the follower sent at second n.
func says(openid string, n int) *wechat.Text {
	return &wechat.Text{Message: wechat.Message{
		Head:  wechat.Head{FromUserName: openid, CreateTime: second(n).Unix(), MsgType: "text"},
		MsgID: 1,
	}}
}

// again counts the push of second n once more.
func again(n int) func(*map[int]int) error {
	return func(m *map[int]int) error {
		if *m == nil {
			*m = map[int]int{}
		}
		(*m)[n]++
		return nil
	}
}

// earns updates the data by a text of second n.
func earns(n int) step {
	return func(t *testing.T, f fixture) {
		t.Helper()
		_, err := points.Update(f.ctx, f.service(), says(openid, n), again(n))
		must(t, err)
	}
}

// reports updates the data by an event of second n that does not prove a follow, so it begins no records.
func reports(n int) step {
	return func(t *testing.T, f fixture) {
		t.Helper()
		p := &wechat.TemplateSendJobFinish{Head: wechat.Head{
			FromUserName: openid, CreateTime: second(n).Unix(), MsgType: "event", Event: "TEMPLATESENDJOBFINISH",
		}}
		_, err := points.Update(f.ctx, f.service(), p, again(n))
		must(t, err)
	}
}

// buys updates the data from a page.
func buys(n int, want error) step {
	return func(t *testing.T, f fixture) {
		t.Helper()
		if _, err := points.UpdateFor(f.ctx, f.service(), openid, again(n)); !errors.Is(err, want) {
			t.Errorf("update by a page: error %v, want %v", err, want)
		}
	}
}

// hasOwn stores own data with point n without the store's rules.
func hasOwn(n int) step {
	return func(t *testing.T, f fixture) {
		t.Helper()
		must(t, f.store.Put(f.ctx, Item{
			"pk": openid, "sk": "own", "version": 7.0, "values": map[string]any{"test-points": fmt.Sprintf(`{"%d":1}`, n)},
		}))
	}
}

// ownStory is a story of own data, with the points at its end, nil for none. Stray data lost its follower's record: it stays
// until the records begin again, but is not loaded.
type ownStory struct {
	name   string
	steps  []step
	points map[int]int
	stray  bool
}

var ownStories = []ownStory{
	{"update", []step{follows(1), earns(2), earns(3)}, map[int]int{2: 1, 3: 1}, false},
	{"none", []step{follows(1)}, nil, false},
	{"in the follow's second", []step{follows(1), earns(1)}, map[int]int{1: 1}, false},
	{"delivered again", []step{follows(1), earns(2), earns(3), earns(2), earns(3)}, map[int]int{2: 1, 3: 1}, false},
	{"out of order", []step{follows(1), earns(3), earns(2), earns(2)}, map[int]int{2: 1, 3: 1}, false},
	{"before the follow", []step{follows(3), earns(2)}, nil, false},
	{"follow delivered again", []step{follows(1), earns(2), repeats(1)}, map[int]int{2: 1}, false},
	{"follow again", []step{follows(1), earns(2), follows(3), earns(2)}, nil, false},
	{"follow late", []step{follows(3), earns(4), isOlder(1, 3)}, map[int]int{4: 1}, false},
	{"unfollow", []step{follows(1), earns(2), unfollows(3), earns(2), earns(3)}, nil, false},
	{"unfollow, follow", []step{follows(1), earns(2), unfollows(3), follows(4), earns(2)}, nil, false},
	{"unfollow of the same second", []step{follows(1), earns(2), unfollows(2), earns(2)}, nil, false},
	{"unfollow late", []step{follows(3), earns(4), unfollows(2)}, map[int]int{4: 1}, false},
	{"page", []step{follows(1), earns(2), buys(100, nil), buys(100, nil), earns(2)}, map[int]int{2: 1, 100: 2}, false},
	{"page, nobody follows", []step{buys(100, follower.ErrNotFound)}, nil, false},
	{"page, unfollowed", []step{follows(1), unfollows(2), buys(100, follower.ErrNotFound)}, nil, false},

	{"follower from before", []step{earns(5), earns(5), earns(6), earns(4)}, map[int]int{5: 1, 6: 1}, false},
	{"follower from before, link", []step{earns(5), asks(6), earns(7)}, map[int]int{5: 1, 7: 1}, false},
	{"link, then update", []step{asks(5), earns(6)}, map[int]int{6: 1}, false},
	{"after a tombstone", []step{follows(1), earns(2), unfollows(3), earns(4), earns(2)}, map[int]int{4: 1}, false},
	{"after a tombstone's end", []step{unfollowsBriefly(3), earns(2)}, map[int]int{2: 1}, false},
	{"not by a follower alone", []step{reports(5)}, nil, false},
	{"not by a follower alone, unfollowed", []step{follows(1), unfollows(2), reports(3)}, nil, false},
	{"not by a follower alone, who follows", []step{follows(1), reports(2), reports(2)}, map[int]int{2: 1}, false},

	// Records without their counterpart, as after a deletion by hand.
	{"no session", []step{follows(1), loses("session"), earns(2)}, map[int]int{2: 1}, false},
	{"no follower", []step{follows(1), earns(2), loses("follower"), buys(100, follower.ErrNotFound)}, nil, true},
	{"no follower, update", []step{follows(1), earns(2), loses("follower"), earns(3)}, map[int]int{3: 1}, false},
	{"no follower, link", []step{follows(1), earns(2), loses("follower"), asks(3)}, nil, false},
	{"no follower, follow", []step{follows(1), earns(2), loses("follower"), follows(3)}, nil, false},
	{"tombstone with data", []step{unfollows(2), hasOwn(1), earns(2)}, nil, true},
	{"tombstone with data, unfollow again", []step{unfollows(2), hasOwn(1), unfollows(3)}, nil, false},
	{"tombstone with data, update", []step{unfollows(2), hasOwn(1), earns(3)}, map[int]int{3: 1}, false},
	{"data of another hand", []step{follows(1), hasOwn(1), earns(2)}, map[int]int{1: 1, 2: 1}, false},
}

func (s ownStory) test(t *testing.T, f fixture) {
	for _, step := range s.steps {
		step(t, f)
	}
	wantPoints(t, f, s.points)
	items, err := f.items(openid)
	must(t, err)
	for _, item := range items {
		if item["sk"] == "own" && s.points == nil && !s.stray {
			t.Errorf("own data is left: %v", item)
		}
	}
}

func wantPoints(t *testing.T, f fixture, want map[int]int) {
	t.Helper()
	got, err := points.Load(f.ctx, f.service(), openid)
	must(t, err)
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("points (-want +got):\n%s", diff)
	}
}

// testOwnLayout pins the attributes, which owners and other programs read.
func testOwnLayout(t *testing.T, f fixture) {
	addTicket(t, f, 1, true)
	earns(5)(t, f)
	earns(6)(t, f)
	buys(100, nil)(t, f)
	items, err := f.items(openid)
	must(t, err)
	if len(items) != 3 {
		t.Fatalf("%d records, want follower, own and session", len(items))
	}
	own := items[1]
	if applied := fmt.Sprint(own["applied"]); len(applied) != len("[ ]")+2*len("2222092805#0123456789abcdef") {
		t.Errorf("applied: %s", applied) // a list or a set of strings
	}
	delete(own, "applied")
	want := Item{
		"pk": openid, "sk": "own", "version": 3.0, "values": map[string]any{"test-points": `{"100":1,"5":1,"6":1}`},
	}
	if diff := cmp.Diff(want, own); diff != "" {
		t.Errorf("own data (-want +got):\n%s", diff)
	}

	for n := range follower.MaxApplied {
		earns(10+n)(t, f)
	}
	items, err = f.items(openid)
	must(t, err)
	if got := items[1]["forgotten"]; got != float64(second(6).Unix()) {
		t.Errorf("forgotten up to %v, want second 6", got)
	}
}

// testManyUpdates: pushes, each delivered three times, and pages update the data at the same time. No update is lost or made
// twice.
func testManyUpdates(t *testing.T, f fixture) {
	want := map[int]int{100: 6}
	follows(1)(t, f)
	var calls []func() error
	for n := 2; n < 8; n++ {
		want[n] = 1
		deliver := func() error {
			_, err := points.Update(f.ctx, f.service(), says(openid, n), again(n))
			return err
		}
		page := func() error {
			_, err := points.UpdateFor(f.ctx, f.service(), openid, again(100))
			return err
		}
		calls = append(calls, deliver, deliver, page, deliver)
	}
	inParallel(t, calls)
	wantPoints(t, f, want)
}

// testUpdatesDuringUnfollow: pushes and pages update the data while the unfollow arrives. Only later pushes survive it.
func testUpdatesDuringUnfollow(t *testing.T, f fixture) {
	for round := range 4 {
		first := 10 * round
		follows(first+1)(t, f)
		calls := []func() error{func() error {
			return f.store.Unfollow(f.ctx, openid, second(first+5), second(first+5).Add(follower.TombstoneFor))
		}}
		for n := first + 2; n < first+8; n++ {
			calls = append(calls, func() error {
				_, err := points.Update(f.ctx, f.service(), says(openid, n), again(n))
				return err
			}, func() error {
				_, err := points.UpdateFor(f.ctx, f.service(), openid, again(1000+n))
				if errors.Is(err, follower.ErrNotFound) {
					return nil
				}
				return err
			})
		}
		inParallel(t, calls)
		unfollows(first+5)(t, f) // delivered again
		got, err := points.Load(f.ctx, f.service(), openid)
		must(t, err)
		for n := range got {
			if n <= first+5 {
				t.Errorf("round %d: a point of second %d, unfollowed at %d", round, n, first+5)
			}
		}
		unfollows(first+9)(t, f)
		check(t, f, end{unfollowed: first + 9})
	}
}
