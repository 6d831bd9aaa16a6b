package storetest

import (
	"errors"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"regexp"
	"testing"
	"time"

	"github.com/guanzhu/guanzhu/pkg/follower"
)

// record is a follower in the model of the delivery rule, test/model/delivery.pml. A session and a profile are the
// second of their follow, 0 if there is none.
type record struct{ at, session, profile int }

// modelWrites are the writes of the model. The condition of each is the model's own, by its name in the model.
var modelWrites = []struct {
	name, condition string

	effect func(r *record, at int)
	store  func(f fixture, p follower.Follower, at int) error
}{
	{"Follow", "FOLLOWS", func(r *record, at int) { *r = record{at, at, at} }, func(f fixture, p follower.Follower, at int) error {
		_, _, err := f.store.Follow(f.ctx, p, session(at))
		return err
	}},
	{"Follow without profile", "FOLLOWS", func(r *record, at int) { *r = record{at, at, 0} }, func(f fixture, p follower.Follower, at int) error {
		p.State, p.PendingSince, p.Profile = follower.Pending, second(at), follower.Profile{SubscribedAt: second(at)}
		_, _, err := f.store.Follow(f.ctx, p, session(at))
		return err
	}},
	{"Unfollow", "UNFOLLOWS", func(r *record, at int) { *r = record{at: at} }, func(f fixture, p follower.Follower, at int) error {
		return f.store.Unfollow(f.ctx, p.OpenID, second(at), second(at).Add(follower.TombstoneFor))
	}},
	{"Complete", "COMPLETES", func(r *record, at int) { r.profile = at }, func(f fixture, p follower.Follower, _ int) error {
		return f.store.Complete(f.ctx, p)
	}},
}

// modelConditions reads the conditions from the model. Those of its mutants come after them, under the same names.
func modelConditions(t *testing.T) map[string]ast.Expr {
	t.Helper()
	file, err := os.ReadFile("../../test/model/delivery.pml")
	must(t, err)
	conditions := map[string]ast.Expr{}
	for _, match := range regexp.MustCompile(`(?m)^#define ([A-Z]+) +(\(.*\))$`).FindAllStringSubmatch(string(file), -1) {
		if conditions[match[1]] == nil {
			conditions[match[1]], err = parser.ParseExpr(match[2]) // such an expression is the same in Promela and in Go
			must(t, err)
		}
	}
	return conditions
}

// holds returns the value of a condition of the model for a push of that time. In Promela, 0 is false.
func holds(t *testing.T, condition ast.Expr, r record, at int) int {
	t.Helper()
	number := map[bool]int{true: 1}
	switch c := condition.(type) {
	case *ast.ParenExpr:
		return holds(t, c.X, r, at)
	case *ast.UnaryExpr:
		return number[c.Op == token.NOT && holds(t, c.X, r, at) == 0]
	case *ast.BinaryExpr:
		x, y := holds(t, c.X, r, at), holds(t, c.Y, r, at)
		result, known := map[token.Token]bool{
			token.LSS: x < y, token.LEQ: x <= y, token.EQL: x == y, token.LAND: x != 0 && y != 0, token.LOR: x != 0 || y != 0,
		}[c.Op]
		if known {
			return number[result]
		}
	case *ast.SelectorExpr: // table[f].NAME
		if value, known := map[string]int{"at": r.at, "session": r.session, "profile": r.profile}[c.Sel.Name]; known {
			return value
		}
	case *ast.IndexExpr: // at[e]
		return at
	}
	t.Fatalf("the model has a condition that this test does not understand: %T", condition)
	return 0
}

// testModel makes every sequence of three of the model's writes at two times, and compares what is stored at its end with what
// the model has.
func testModel(t *testing.T, f fixture) {
	const times, length = 2, 3
	n, conditions := times*len(modelWrites), modelConditions(t)
	for i := range n * n * n {
		var model record
		who, told := fmt.Sprintf("oModel-%d", i), ""
		for k, rest := 0, i; k < length; k, rest = k+1, rest/n {
			w, at := modelWrites[rest%n/times], 1+rest%times
			p := person(at)
			p.OpenID = who
			if holds(t, conditions[w.condition], model, at) != 0 {
				w.effect(&model, at)
			}
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
