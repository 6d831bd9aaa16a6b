package storetest

import (
	"errors"
	"fmt"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/guanzhu/guanzhu/pkg/follower"
)

// ticket is that of a push at second n.
func ticket(n int) follower.Ticket {
	return follower.Ticket{Hash: fmt.Sprint("ticket", n), Until: second(n).Add(follower.TicketFor)}
}

// writer is the record of an earlier follower who wrote at second n, and the session that begins with it.
func writer(n int) (follower.Follower, follower.Session) {
	f := follower.Follower{OpenID: openid, State: follower.Pending, EventTime: second(n), PendingSince: second(n + 1)}
	return f, follower.Session{EstablishedAt: second(n + 1), EventTime: second(n)}
}

func addTicket(t *testing.T, f fixture, n int, want bool) {
	t.Helper()
	w, s := writer(n)
	added, err := f.store.AddTicket(f.ctx, ticket(n), w, s)
	must(t, err)
	if added != want {
		t.Errorf("AddTicket of second %d = %v, want %v", n, added, want)
	}
}

// asks adds the ticket of a push at second n, for which the follower is to get a link.
func asks(n int) step {
	return func(t *testing.T, f fixture) { t.Helper(); addTicket(t, f, n, true) }
}

// asksInVain adds the ticket of a push at second n, which the stored records refuse.
func asksInVain(n int) step {
	return func(t *testing.T, f fixture) { t.Helper(); addTicket(t, f, n, false) }
}

// errRefused is the error with which the suite's changes of a session give up.
var errRefused = errors.New("refused")

func enter(f fixture, n int, device string) error {
	return f.store.ChangeSession(f.ctx, openid, func(s *follower.Session) error {
		if !s.Enter(ticket(n).Hash, device, f.clock.Now()) {
			return errRefused
		}
		return nil
	})
}

// enters uses the ticket of second n on a device of that name; want is the error, if any.
func enters(n int, device string, want error) step {
	return func(t *testing.T, f fixture) {
		t.Helper()
		if err := enter(f, n, device); !errors.Is(err, want) {
			t.Errorf("%s enters by the ticket of second %d: error %v, want %v", device, n, err, want)
		}
	}
}

func signsIn(device string, want error) step {
	return func(t *testing.T, f fixture) {
		t.Helper()
		err := f.store.ChangeSession(f.ctx, openid, func(s *follower.Session) error {
			s.SignIn(device, f.clock.Now())
			return nil
		})
		if !errors.Is(err, want) {
			t.Errorf("%s signs in: error %v, want %v", device, err, want)
		}
	}
}

func signsOut(device string) step {
	return func(t *testing.T, f fixture) {
		t.Helper()
		must(t, f.store.ChangeSession(f.ctx, openid, func(s *follower.Session) error {
			s.SignOut(device)
			return nil
		}))
	}
}

// passes lets so many seconds pass.
func passes(seconds int) step {
	return func(_ *testing.T, f fixture) { f.clock.advance(time.Duration(seconds) * time.Second) }
}

// tenMinutes are those of a ticket, in seconds.
const tenMinutes = int(follower.TicketFor / time.Second)

// visit is a story of sessions: which devices are signed in at its end, which tickets wait and which are used.
type visit struct {
	name                   string
	steps                  []step
	devices, tickets, used []string
}

var visits = []visit{
	{"sign in", []step{follows(1), signsIn("A", nil), signsIn("B", nil)}, list("A", "B"), nil, nil},
	{"sign in of one unknown", []step{signsIn("A", follower.ErrNotFound)}, nil, nil, nil},
	{"sign out", []step{follows(1), signsIn("A", nil), signsIn("B", nil), signsOut("A"), signsOut("C")}, list("B"), nil, nil},
	{"unfollow ends all", []step{follows(1), signsIn("A", nil), asks(2), unfollows(3), signsIn("B", follower.ErrNotFound),
		enters(2, "B", follower.ErrNotFound)}, nil, nil, nil},
	{"return revives nothing", []step{follows(1), signsIn("A", nil), asks(2), unfollows(3), follows(4),
		enters(2, "B", errRefused)}, nil, nil, nil},
	{"follow repeated leaves devices", []step{follows(1), signsIn("A", nil), asks(2), repeats(1)},
		list("A"), list("ticket2"), nil},
	{"late unfollow leaves devices", []step{follows(3), signsIn("A", nil), unfollows(2)}, list("A"), nil, nil},
	{"device ends", []step{follows(1), signsIn("A", nil), passes(1), signsIn("B", nil),
		passes(int(follower.DeviceFor/time.Second) - 1), signsIn("C", nil)}, list("B", "C"), nil, nil},
	{"ten devices, the oldest leaves", append([]step{follows(1)}, elevenDevices()...),
		list("A", "C", "D", "E", "F", "G", "H", "I", "J", "K"), nil, nil},

	{"ticket", []step{follows(1), asks(2), asks(3)}, nil, list("ticket2", "ticket3"), nil},
	{"ticket of the follow's second", []step{follows(1), asks(1)}, nil, list("ticket1"), nil},
	{"ticket twice", []step{follows(1), asks(2), asks(2)}, nil, list("ticket2"), nil},
	{"ticket used", []step{follows(1), asks(2), enters(2, "A", nil)}, list("A"), nil, list("ticket2")},
	{"ticket used twice", []step{follows(1), asks(2), enters(2, "A", nil), enters(2, "B", errRefused)},
		list("A"), nil, list("ticket2")},
	{"ticket used again by a repeated write", []step{follows(1), asks(2), enters(2, "A", nil), enters(2, "A", nil)},
		list("A"), nil, list("ticket2")},
	{"ticket asked again after its use", []step{follows(1), asks(2), enters(2, "A", nil), asks(2),
		enters(2, "B", errRefused)}, list("A"), nil, list("ticket2")},
	{"ticket unknown", []step{follows(1), enters(2, "A", errRefused)}, nil, nil, nil},
	{"ticket in its last second", []step{follows(1), asks(2), passes(tenMinutes + 1), enters(2, "A", nil)},
		list("A"), nil, list("ticket2")},
	{"ticket at its end", []step{follows(1), asks(2), passes(tenMinutes + 2), enters(2, "A", errRefused)},
		nil, list("ticket2"), nil},
	{"ticket asked after its end", []step{follows(1), asks(2), enters(2, "A", nil), passes(tenMinutes + 2),
		signsIn("B", nil), asks(2), enters(2, "C", errRefused)}, list("A", "B"), list("ticket2"), nil},
	{"ticket from before the follow", []step{follows(3), asksInVain(2)}, nil, nil, nil},
	{"many tickets, the first leaves", append([]step{follows(1)}, manyAsk(2, follower.MaxTickets+1)...),
		nil, tickets(3, follower.MaxTickets), nil},
	{"many tickets after their end", append(append([]step{follows(1)}, manyAsk(2, follower.MaxTickets)...),
		passes(tenMinutes+10), asks(tenMinutes)), nil,
		append(tickets(11, follower.MaxTickets-9), fmt.Sprint("ticket", tenMinutes)), nil},
	{"many used tickets", append(append([]step{follows(1)}, manyEnter(2, follower.MaxTickets)...), asksInVain(50)),
		list("A"), nil, tickets(2, follower.MaxTickets)},
	{"many used tickets, their end", append(append([]step{follows(1)}, manyEnter(2, follower.MaxTickets)...),
		passes(tenMinutes+50), asks(50)), list("A"), list("ticket50"), nil},

	{"ticket for one from before", []step{asks(5)}, nil, list("ticket5"), nil},
	{"ticket for one from before, twice", []step{asks(5), asks(5), enters(5, "A", nil), asks(5)}, list("A"), nil, list("ticket5")},
	{"ticket for one from before, another", []step{asks(5), asks(6), asksInVain(4)}, nil, list("ticket5", "ticket6"), nil},
	{"ticket after a tombstone", []step{follows(1), signsIn("A", nil), unfollows(2), asks(3)}, nil, list("ticket3"), nil},
	{"ticket before a tombstone", []step{unfollows(3), asksInVain(2)}, nil, nil, nil},
	{"ticket in a tombstone's second", []step{unfollows(3), asksInVain(3)}, nil, nil, nil},
	{"ticket after a tombstone's end", []step{unfollowsBriefly(3), asks(2)}, nil, list("ticket2"), nil},

	// Records without their counterpart, as after a deletion by hand.
	{"no session: sign in", []step{follows(1), signsIn("A", nil), loses("session"), signsIn("B", follower.ErrNotFound)}, nil, nil, nil},
	{"no session: follow repeated", []step{follows(1), loses("session"), repeats(1)}, nil, nil, nil},
	{"no session: ticket", []step{follows(1), signsIn("A", nil), loses("session"), asks(3), asks(2), asks(3), enters(3, "B", nil)},
		list("B"), list("ticket2"), list("ticket3")},
	{"no session: ticket from before the follow", []step{follows(3), loses("session"), asksInVain(2)}, nil, nil, nil},
	{"no session: ticket of the follow's second", []step{follows(3), loses("session"), asks(3)}, nil, list("ticket3"), nil},
	{"no session: unfollow", []step{follows(1), loses("session"), unfollows(2), asksInVain(2)}, nil, nil, nil},
	{"no session: follow again", []step{follows(1), loses("session"), follows(2), asks(3)}, nil, list("ticket3"), nil},
	{"no follower: sign in", []step{follows(1), loses("follower"), signsIn("A", follower.ErrNotFound)}, nil, nil, nil},
	{"no follower: ticket", []step{follows(1), signsIn("A", nil), asks(2), loses("follower"), enters(2, "B", follower.ErrNotFound),
		asks(3), enters(2, "B", errRefused)}, nil, list("ticket3"), nil},
	{"no follower: unfollow", []step{follows(1), loses("follower"), unfollows(2)}, nil, nil, nil},
	{"tombstone with a session", []step{unfollows(2), hasSession(1), signsIn("A", follower.ErrNotFound), asksInVain(2)}, nil, nil, nil},
	{"tombstone with a session, ticket", []step{unfollows(2), hasSession(1), asks(3)}, nil, list("ticket3"), nil},
	{"tombstone with a session, unfollow again", []step{unfollows(2), hasSession(1), unfollows(3), asks(4)}, nil, list("ticket4"), nil},
	{"tombstone with a session, follow", []step{unfollows(2), hasSession(1), follows(3)}, nil, nil, nil},
	{"expired tombstone with a session", []step{unfollowsBriefly(3), hasSession(1), signsIn("A", follower.ErrNotFound), asks(2)},
		nil, list("ticket2"), nil},
}

// loses deletes the record of that sk.
func loses(sk string) step {
	return func(t *testing.T, f fixture) { t.Helper(); must(t, f.store.Delete(f.ctx, openid, sk)) }
}

// hasSession stores the session of second n without the store's rules.
func hasSession(n int) step {
	return func(t *testing.T, f fixture) {
		t.Helper()
		at := float64(second(n).Unix())
		must(t, f.store.Put(f.ctx, Item{"pk": openid, "sk": "session", "established_at": at, "event_time": at}))
	}
}

// testSessionLost: a follower without a session asks for a link. The profile stays, and the session is that of the follow.
func testSessionLost(t *testing.T, f fixture) {
	follows(1)(t, f)
	loses("session")(t, f)
	if got, s, err := f.store.Lookup(f.ctx, openid); err != nil || cmp.Diff(person(1), got) != "" || cmp.Diff(follower.Session{}, s) != "" {
		t.Errorf("without a session: Lookup = %+v, %+v, error %v", got, s, err)
	}
	asks(5)(t, f)
	got, s, err := f.store.Lookup(f.ctx, openid)
	must(t, err)
	if diff := cmp.Diff(person(1), got); diff != "" {
		t.Errorf("follower (-want +got):\n%s", diff)
	}
	want := follower.Session{EstablishedAt: second(6), EventTime: second(1), Tickets: map[string]time.Time{"ticket5": ticket(5).Until}}
	if diff := cmp.Diff(want, s); diff != "" {
		t.Errorf("session (-want +got):\n%s", diff)
	}
}

func list(names ...string) []string { return names }

// elevenDevices sign in one after the other, A once more after the tenth: the oldest is then B.
func elevenDevices() (steps []step) {
	for device := 'A'; device <= 'J'; device++ {
		steps = append(steps, signsIn(string(device), nil), passes(1))
	}
	return append(steps, signsIn("A", nil), passes(1), signsIn("K", nil))
}

func tickets(from, count int) (names []string) {
	for n := range count {
		names = append(names, fmt.Sprint("ticket", from+n))
	}
	return names
}

func manyAsk(from, count int) (steps []step) {
	for n := range count {
		steps = append(steps, asks(from+n))
	}
	return steps
}

func manyEnter(from, count int) (steps []step) {
	for n := range count {
		steps = append(steps, asks(from+n), enters(from+n, "A", nil))
	}
	return steps
}

func (v visit) test(t *testing.T, f fixture) {
	for _, step := range v.steps {
		step(t, f)
	}
	wantSession(t, f, v.devices, v.tickets, v.used)
}

// wantSession compares the session's entries with the names, in any order.
func wantSession(t *testing.T, f fixture, devices, tickets, used []string) {
	t.Helper()
	_, s, err := f.store.Lookup(f.ctx, openid)
	if err != nil && !errors.Is(err, follower.ErrNotFound) {
		t.Fatal(err)
	}
	for _, list := range []struct {
		what string
		want []string
		got  map[string]time.Time
	}{{"devices", devices, s.Devices}, {"tickets", tickets, s.Tickets}, {"used tickets", used, s.UsedTickets}} {
		want, got := map[string]bool{}, map[string]bool{}
		for _, name := range list.want {
			want[name] = true
		}
		for name := range list.got {
			got[name] = true
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", list.what, diff)
		}
	}
}

// testFromBefore holds the whole record of a follower whom only a text made known.
func testFromBefore(t *testing.T, f fixture) {
	addTicket(t, f, 5, true)
	want, wantSession := writer(5)
	wantSession.Tickets = map[string]time.Time{"ticket5": ticket(5).Until}
	got, gotSession, err := f.store.Lookup(f.ctx, openid)
	must(t, err)
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("follower (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(wantSession, gotSession); diff != "" {
		t.Errorf("session (-want +got):\n%s", diff)
	}
	// What is known already is left as it is.
	follows(6)(t, f)
	addTicket(t, f, 7, true)
	if got, _, err = f.store.Lookup(f.ctx, openid); err != nil || cmp.Diff(person(6), got) != "" {
		t.Errorf("error %v, follower (-want +got):\n%s", err, cmp.Diff(person(6), got))
	}
}

// testChangeRefused changes a session and gives up.
func testChangeRefused(t *testing.T, f fixture) {
	follows(1)(t, f)
	err := f.store.ChangeSession(f.ctx, openid, func(s *follower.Session) error {
		s.SignIn("A", f.clock.Now())
		return errRefused
	})
	if !errors.Is(err, errRefused) {
		t.Errorf("error %v, want the change's", err)
	}
	wantSession(t, f, nil, nil, nil)
}

// testSessionLayout pins the attributes.
func testSessionLayout(t *testing.T, f fixture) {
	follows(1)(t, f)
	for _, step := range []step{asks(2), asks(3), enters(2, "A", nil)} {
		step(t, f)
	}
	items, err := f.items(openid)
	must(t, err)
	until := func(at time.Time, hash string) string { return fmt.Sprintf("[%d#%s]", at.Unix(), hash) }
	got := map[string]string{}
	for _, name := range []string{"devices", "tickets", "used_tickets"} {
		got[name] = fmt.Sprint(items[1][name]) // a list or a set of strings
	}
	want := map[string]string{
		"devices":      until(second(0).Add(follower.DeviceFor), "A"),
		"tickets":      until(ticket(3).Until, "ticket3"),
		"used_tickets": until(ticket(2).Until, "ticket2"),
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("session (-want +got):\n%s", diff)
	}
}

// testOneTicketManyDevices lets eight devices enter by one ticket at once.
func testOneTicketManyDevices(t *testing.T, f fixture) {
	follows(1)(t, f)
	addTicket(t, f, 2, true)
	var entered atomic.Int64
	var calls []func() error
	for n := range 8 {
		calls = append(calls, func() error {
			err := enter(f, 2, fmt.Sprint("device", n))
			if err == nil {
				entered.Add(1)
			} else if errors.Is(err, errRefused) {
				err = nil
			}
			return err
		}, func() error { // the push is delivered again meanwhile
			w, s := writer(2)
			_, err := f.store.AddTicket(f.ctx, ticket(2), w, s)
			return err
		})
	}
	inParallel(t, calls)
	_, s, err := f.store.Lookup(f.ctx, openid)
	must(t, err)
	if entered.Load() != 1 || len(s.Devices) != 1 || len(s.Tickets) != 0 || len(s.UsedTickets) != 1 {
		t.Errorf("%d entered; devices, tickets, used: %d, %d, %d; want 1; 1, 0, 1",
			entered.Load(), len(s.Devices), len(s.Tickets), len(s.UsedTickets))
	}
}

// testManyChanges lets every change of a session happen at once; none is lost.
func testManyChanges(t *testing.T, f fixture) {
	follows(1)(t, f)
	var calls []func() error
	var devices []string
	for n := range 8 {
		devices = append(devices, fmt.Sprint("device", n))
		calls = append(calls, func() error {
			return f.store.ChangeSession(f.ctx, openid, func(s *follower.Session) error {
				s.SignIn(devices[n], f.clock.Now())
				return nil
			})
		}, func() error {
			w, s := writer(2 + n)
			_, err := f.store.AddTicket(f.ctx, ticket(2+n), w, s)
			return err
		})
	}
	inParallel(t, calls)
	wantSession(t, f, devices, tickets(2, 8), nil)
}

// testEnterDuringUnfollow lets followers enter, sign in and ask while the unfollow comes: nothing outlives it.
func testEnterDuringUnfollow(t *testing.T, f fixture) {
	follows(1)(t, f)
	addTicket(t, f, 2, true)
	calls := []func() error{func() error {
		return f.store.Unfollow(f.ctx, openid, second(3), second(3).Add(follower.TombstoneFor))
	}}
	for n := range 4 {
		calls = append(calls, func() error {
			if err := enter(f, 2, fmt.Sprint("device", n)); !errors.Is(err, errRefused) && !errors.Is(err, follower.ErrNotFound) {
				return err
			}
			return nil
		}, func() error {
			w, s := writer(2)
			_, err := f.store.AddTicket(f.ctx, ticket(2), w, s)
			return err
		})
	}
	inParallel(t, calls)
	check(t, f, end{unfollowed: 3})
}
