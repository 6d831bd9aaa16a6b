package follower

import (
	"errors"
	"time"

	"github.com/guanzhu/guanzhu/pkg/wechat"
)

// ErrUnreadable is what stands for a stored record that cannot be one of this program's.
var ErrUnreadable = errors.New("a stored record cannot be read")

// ErrOpenID is what a Store's write is refused with for a text that is no openid (wechat.IsOpenID).
var ErrOpenID = errors.New("not an openid")

// Check returns ErrUnreadable for a follower's record that no Store has written for an openid.
func (f Follower) Check() error {
	if !wechat.IsOpenID(f.OpenID) || f.EventTime.IsZero() {
		return ErrUnreadable
	}
	return nil
}

// Known is what a Store holds of one openid. Each of the three may be there without the others: owners change tables by
// hand, too.
type Known struct {
	Follower   Follower  // the zero one if there is none
	Unfollowed time.Time // of the tombstone, the zero time if there is none that has not expired
	Session    *Session  // nil if there is none
}

// LinkWrite is what Store.AddTicket has to store.
type LinkWrite int

const (
	WriteNothing LinkWrite = iota
	WriteSession           // the session; the follower's record stays as it is
	WriteBoth              // the follower and the session, in place of whatever is there
)

// AddTicket decides for Store.AddTicket: it returns the session with the ticket, what of it all is to be stored now, and
// whether the follower may have the link.
func (k Known) AddTicket(t Ticket, f Follower, s Session, now time.Time) (session Session, write LinkWrite, added bool) {
	asked := f.EventTime.Unix()
	if k.Follower.EventTime.IsZero() {
		if !k.Unfollowed.IsZero() && k.Unfollowed.Unix() >= asked {
			return Session{}, WriteNothing, false
		}
		added = s.AddTicket(t, now)
		return s, WriteBoth, added
	}
	if k.Follower.EventTime.Unix() > asked {
		return Session{}, WriteNothing, false
	}
	if k.Session == nil {
		s.EventTime = k.Follower.EventTime // it is the session of that follow, whose record was lost
		added = s.AddTicket(t, now)
		return s, WriteSession, added
	}
	session = *k.Session
	switch {
	case session.EventTime.Unix() > asked:
		return Session{}, WriteNothing, false
	case session.HasTicket(t.Hash):
		return Session{}, WriteNothing, true
	case !session.AddTicket(t, now):
		return Session{}, WriteNothing, false
	}
	return session, WriteSession, true
}
