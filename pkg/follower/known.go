package follower

import (
	"errors"
	"time"

	"github.com/guanzhu/guanzhu/pkg/wechat"
)

// ErrUnreadable is the error for a stored record that this program cannot have written.
var ErrUnreadable = errors.New("a stored record cannot be read")

// ErrOpenID is a Store's error for a write under a text that is not an openid (wechat.IsOpenID).
var ErrOpenID = errors.New("not an openid")

// Check returns ErrUnreadable for a follower's record that no Store has written for an openid.
func (f Follower) Check() error {
	if !wechat.IsOpenID(f.OpenID) || f.EventTime.IsZero() {
		return ErrUnreadable
	}
	return nil
}

// Known has a Store's records of one openid. Its methods decide the result of a write for all Stores. Each record may be
// there without the others, since owners change tables by hand, too.
type Known struct {
	Follower   Follower  // the zero Follower if there is none
	Unfollowed time.Time // of the tombstone, the zero Time if there is none that has not expired
	Session    *Session  // nil if there is none
	Own        *OwnData  // nil if there is none
}

// admits reports whether a push of that time may change the records, and whether it begins them.
func (k Known) admits(at time.Time) (begins, ok bool) {
	if k.Follower.EventTime.IsZero() {
		return true, k.Unfollowed.Unix() < at.Unix()
	}
	return false, k.Follower.EventTime.Unix() <= at.Unix()
}

// LinkWrite is the write of Store.AddTicket.
type LinkWrite int

const (
	WriteNothing LinkWrite = iota
	WriteSession           // the session; the follower's record stays as it is
	WriteBoth              // the follower and the session, in place of all records of the openid
)

// AddTicket decides for Store.AddTicket. It returns the session with the ticket, the write, and whether the follower may
// have the link.
func (k Known) AddTicket(t Ticket, f Follower, s Session, now time.Time) (session Session, write LinkWrite, added bool) {
	begins, ok := k.admits(f.EventTime)
	switch {
	case !ok:
		return Session{}, WriteNothing, false
	case begins:
		added = s.AddTicket(t, now)
		return s, WriteBoth, added
	case k.Session == nil:
		s.EventTime = k.Follower.EventTime // it is the session of that follow, whose record was lost
		added = s.AddTicket(t, now)
		return s, WriteSession, added
	}
	session = *k.Session
	switch {
	case session.EventTime.Unix() > f.EventTime.Unix():
		return Session{}, WriteNothing, false
	case session.HasTicket(t.Hash):
		return Session{}, WriteNothing, true
	case !session.AddTicket(t, now):
		return Session{}, WriteNothing, false
	}
	return session, WriteSession, true
}

// OwnData returns the owner's own data about the follower, the zero OwnData if nobody follows.
func (k Known) OwnData() OwnData {
	if k.Own == nil || k.Follower.EventTime.IsZero() {
		return OwnData{}
	}
	return *k.Own
}

// ChangeOwn decides for Store.ChangeOwn. It returns the data to store, and whether to store the follower and the session with
// it, in place of all records of the openid.
func (k Known) ChangeOwn(f Follower, s *Session, change func(*OwnData) error) (data OwnData, begins bool, err error) {
	ok := !k.Follower.EventTime.IsZero()
	if !f.EventTime.IsZero() {
		begins, ok = k.admits(f.EventTime)
	}
	if !ok || begins && s == nil {
		return OwnData{}, false, ErrNotFound
	}
	data = k.OwnData()
	err = change(&data)
	data.Version++
	return data, begins, err
}
