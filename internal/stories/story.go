// Package stories tells random stories of several followers to the endpoint as it is deployed, over any store, and compares
// the stored state at the end with what docs/reliability.md promises. Pushes are delivered up to three times, shuffled, and
// several at the same time by several handlers. Calls fail before and after the write, are throttled, cut off or far too late,
// and handlers die.
package stories

import (
	"fmt"
	"strings"
	"time"

	"pgregory.net/rapid"
)

type verb int

const (
	follow verb = iota
	unfollow
	suggest
	ask // for a personal link
	say
	tap
	view
	scan
	cancel // closes the WeChat account
	revoke // withdraws what was allowed to the pages
	earn   // updates the owner's own data
	lose   // no push: the session's record is deleted by hand
)

var verbs = [...]string{"follows", "unfollows", "suggests", "asks for a link", "says hello", "taps", "opens a page", "scans",
	"closes the WeChat account", "withdraws an authorization", "earns a point", "loses the session"}

// push is what one follower did at one second.
type push struct {
	who   int
	what  verb
	at    int    // seconds since the story's beginning
	id    int64  // MsgId of a text; other followers' may be equal
	scene string // of the QR code that led to a follow
}

// ends reports whether the follower is gone after it.
func (v verb) ends() bool { return v == unfollow || v == cancel }

// fault is what happens to one call of the store or of the platform's API.
type fault int

const (
	none         fault = iota
	fails              // an error, nothing done
	throttled          // likewise
	cut                // done, but the connection is cut before the answer
	late               // done when all other deliveries are over, and given up before that
	killedBefore       // the handler dies, nothing done
	killedAfter        // done, and the handler dies before the answer
)

var faults = [...]string{"ok", "fails", "is throttled", "is done, its answer cut", "is given up and done at the very end",
	"the handler dies before it", "the handler dies after it"}

// delivery is one of up to three times that a push is sent, or a run of reconcile.
type delivery struct {
	push    int // index, or reconciles
	handler int
	faults  []fault // of its calls, in their order; the rest go well
}

// story is all that determines a run, so that it can be repeated.
type story struct {
	pushes     []push
	fromBefore []bool     // by follower: whether that one followed before the first push
	deliveries []delivery // in the order in which they begin
	turns      []int      // which of those at work takes the next step, up to its next call; then always the first
}

const (
	handlers = 3
	atWork   = 4 // deliveries at the same time
)

// act is what a follower does next. Its push depends on whether the follower follows by then.
type act struct {
	after      int // seconds
	what       verb
	scene      string
	deliveries []delivery
}

// stories draws a story. A user who does not follow can only follow, and time does not go back. The exception is a push that
// WeChat gave up sending: then the next push has no beginning.
var stories = rapid.Custom(func(t *rapid.T) story {
	var s story
	var deliveries []delivery
	for who := range rapid.IntRange(1, 4).Draw(t, "followers") {
		following := rapid.Bool().Draw(t, "from before")
		s.fromBefore = append(s.fromBefore, following)
		at := 0
		for id, a := range rapid.SliceOfN(rapid.Custom(drawAct), 1, 6).Draw(t, "acts") {
			at += a.after
			p := push{who: who, what: a.what, at: at, id: int64(id + 1)}
			if !following {
				p.what, p.scene = follow, a.scene
			}
			following = !p.what.ends()
			if p.what == lose {
				a.deliveries = []delivery{{}}
			}
			for _, d := range a.deliveries {
				d.push = len(s.pushes)
				deliveries = append(deliveries, d)
			}
			s.pushes = append(s.pushes, p)
		}
	}
	s.deliveries = rapid.Permutation(deliveries).Draw(t, "order")
	s.turns = rapid.SliceOfN(rapid.IntRange(0, atWork-1), 0, 3*len(deliveries)).Draw(t, "turns")
	return s
})

// drawAct gives the last delivery rarely a fault. All deliveries are shuffled later.
func drawAct(t *rapid.T) act {
	a := act{
		after: rapid.IntRange(0, 2).Draw(t, "after"),
		what: rapid.SampledFrom([]verb{
			say, unfollow, unfollow, unfollow, suggest, ask, ask, ask, earn, earn, earn, tap, view, scan, cancel, revoke, lose,
		}).Draw(t, "what"),
		scene: rapid.SampledFrom([]string{"", "spring"}).Draw(t, "scene"),
	}
	last := rapid.IntRange(0, 2).Draw(t, "repeats")
	for n := range last + 1 {
		d := delivery{handler: rapid.IntRange(0, handlers-1).Draw(t, "handler")}
		if n < last || rapid.IntRange(0, 7).Draw(t, "given up") == 7 {
			d.faults = rapid.SliceOfN(rapid.Custom(drawFault), 0, 3).Draw(t, "faults")
		}
		a.deliveries = append(a.deliveries, d)
	}
	return a
}

func drawFault(t *rapid.T) fault {
	return fault(rapid.IntRange(int(none), int(killedAfter)).Draw(t, "fault"))
}

func (p push) String() string {
	scene := ""
	if p.scene != "" {
		scene = " by the QR code " + p.scene
	}
	return fmt.Sprintf("%c %s at %d s%s", 'A'+p.who, verbs[p.what], p.at, scene)
}

func (d delivery) String() string {
	var calls []string
	for n, f := range d.faults {
		if f != none {
			calls = append(calls, fmt.Sprintf("call %d %s", n+1, faults[f]))
		}
	}
	if calls == nil {
		return fmt.Sprintf("handler %d", d.handler)
	}
	return fmt.Sprintf("handler %d: %s", d.handler, strings.Join(calls, "; "))
}

// String returns the story as a failed test shows it.
func (s story) String() string {
	var b strings.Builder
	fmt.Fprintln(&b, "the pushes, by their time:")
	for i, p := range s.pushes {
		fmt.Fprintf(&b, "  push %d: %v\n", i+1, p)
	}
	fmt.Fprintln(&b, "the deliveries, in the order in which they begin:")
	for _, d := range s.deliveries {
		if d.push == reconciles {
			fmt.Fprintf(&b, "  reconcile, as %v\n", d)
			continue
		}
		fmt.Fprintf(&b, "  push %d to %v\n", d.push+1, d)
	}
	fmt.Fprintf(&b, "the turns: %v", s.turns)
	return b.String()
}

// GoString is what rapid prints.
func (s story) GoString() string { return s.String() }

// second is a time of the story. It is in 2040, because a server that deletes expired records by its own clock, as DynamoDB
// Local does, must not delete those that have yet to expire by the story's.
func second(n int) time.Time { return time.Date(2040, time.May, 31, 15, 59, 55+n, 0, time.UTC) }
