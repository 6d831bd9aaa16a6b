package follower_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/guanzhu/guanzhu/pkg/follower"
)

// The times and numbers here are written out: a change of one is a change of what the documentation promises.

const day = 24 * time.Hour

var followed = time.Date(2026, 1, 1, 12, 0, 0, 0, time.UTC)

func newSession() *follower.Session {
	return &follower.Session{EstablishedAt: followed, EventTime: followed}
}

func wantDevice(t *testing.T, s *follower.Session, device string, now time.Time, want, wantRenew bool) {
	t.Helper()
	if signedIn, renew := s.HasDevice(device, now); signedIn != want || renew != wantRenew {
		t.Errorf("%s after %v: signed in %v, renew %v; want %v, %v", device, now.Sub(followed), signedIn, renew, want, wantRenew)
	}
}

func TestDeviceLasts30Days(t *testing.T) {
	t.Parallel()
	s := newSession()
	s.SignIn("A", followed)
	wantDevice(t, s, "A", followed.Add(day-time.Second), true, false)
	wantDevice(t, s, "A", followed.Add(day), true, true)
	wantDevice(t, s, "A", followed.Add(30*day-time.Second), true, true)
	wantDevice(t, s, "A", followed.Add(30*day), false, false)
}

func TestSessionLasts180Days(t *testing.T) {
	t.Parallel()
	s := newSession()
	for n := range 18 { // used all the time
		s.SignIn("A", followed.Add(time.Duration(n)*10*day))
	}
	s.SignIn("B", followed.Add(179*day))
	wantDevice(t, s, "A", followed.Add(180*day-time.Second), true, true)
	wantDevice(t, s, "B", followed.Add(180*day-time.Second), true, false)
	end := followed.Add(180 * day)
	wantDevice(t, s, "A", end, false, false)
	wantDevice(t, s, "B", end, false, false)

	// A sign-in begins the session again, for its own device alone.
	s.SignIn("C", end)
	wantDevice(t, s, "C", end, true, false)
	wantDevice(t, s, "B", end, false, false)
	if !s.EstablishedAt.Equal(end) || !s.EventTime.Equal(followed) {
		t.Errorf("established %v, of the follow at %v", s.EstablishedAt, s.EventTime)
	}
}

// TestTicketOutlivesTheSession: a link that was asked for before the end opens after it.
func TestTicketOutlivesTheSession(t *testing.T) {
	t.Parallel()
	s := newSession()
	end := followed.Add(180 * day)
	s.AddTicket(follower.Ticket{Hash: "T", Until: end.Add(time.Minute)}, end.Add(-time.Minute))
	if !s.Enter("T", "A", end) {
		t.Error("the ticket opens nothing")
	}
	wantDevice(t, s, "A", end, true, false)
	if !s.Enter("T", "A", end) || s.Enter("T", "B", end) {
		t.Error("the ticket is not used up")
	}
}

func TestTenDevices(t *testing.T) {
	t.Parallel()
	s := newSession()
	for n := range 11 {
		s.SignIn(fmt.Sprint(n), followed.Add(time.Duration(n)*time.Second))
	}
	if len(s.Devices) != 10 || !s.Devices["0"].IsZero() {
		t.Errorf("devices %v", s.Devices)
	}
}

func TestTwentyTickets(t *testing.T) {
	t.Parallel()
	s := newSession()
	ticket := func(n int) follower.Ticket {
		return follower.Ticket{Hash: fmt.Sprint(n), Until: followed.Add(time.Duration(n+1) * time.Minute)}
	}
	for n := range 21 {
		if !s.AddTicket(ticket(n), followed) {
			t.Errorf("ticket %d is refused", n)
		}
	}
	if len(s.Tickets) != 20 || s.HasTicket("0") {
		t.Errorf("%d tickets wait, the first among them: %v", len(s.Tickets), s.HasTicket("0"))
	}
	for n := 1; n < 21; n++ {
		if !s.Enter(fmt.Sprint(n), "A", followed) {
			t.Errorf("ticket %d opens nothing", n)
		}
	}
	if s.AddTicket(ticket(21), followed) {
		t.Error("a ticket is added while 20 used ones have yet to end")
	}
	if !s.AddTicket(ticket(22), followed.Add(2*time.Minute)) {
		t.Error("no ticket is added once a used one has ended")
	}
}

func TestIsKey(t *testing.T) {
	t.Parallel()
	key := follower.NewKey()
	for s, want := range map[string]bool{
		key: true, "": false, key[1:]: false, key + "A": false, key + "=": false, key[:42] + "\n": false, key[:42] + ".": false,
		key[:42] + "B": false, // its last character has bits that mean nothing
	} {
		if follower.IsKey(s) != want {
			t.Errorf("%q: %v", s, !want)
		}
	}
}
