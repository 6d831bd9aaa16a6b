package web

import (
	"context"
	"errors"
	"net/http"
	"time"

	"github.com/guanzhu/guanzhu/pkg/follower"
)

// maxForm is the size of the largest form that is read, in bytes. A ticket has about 200.
const maxForm = 4 << 10

// offer shows the button of a personal link. It changes nothing, because programs that check links open them too.
func (s *Site) offer(w http.ResponseWriter, r *http.Request) {
	ticket := r.URL.Query().Get("ticket")
	openid, ok := s.openTicket(r.Context(), ticket)
	if !ok {
		s.refuseTicket(w, r)
		return
	}
	visitOf(r).openid = openid
	note(r, "offered")
	s.page(w, r, http.StatusOK, offerEntry, view{Form: "/enter", Ticket: ticket})
}

var errSpent = errors.New("the ticket was used or is unknown")

// enter uses the ticket of a personal link. One write both uses up the ticket and signs the device in.
func (s *Site) enter(w http.ResponseWriter, r *http.Request) {
	r.Body = http.MaxBytesReader(w, r.Body, maxForm)
	ticket := r.FormValue("ticket")
	openid, ok := s.openTicket(r.Context(), ticket)
	if !ok {
		s.refuseTicket(w, r)
		return
	}
	visitOf(r).openid = openid
	key := follower.NewKey()
	oldOpenID, oldKey, hasOld := readDevice(r)
	err := s.config.Store.ChangeSession(r.Context(), openid, func(session *follower.Session) error {
		if hasOld && oldOpenID == openid {
			session.SignOut(follower.Hash(oldKey)) // this answer replaces its cookie
		}
		if !session.Enter(follower.Hash(ticket), follower.Hash(key), s.config.Now()) {
			return errSpent
		}
		return nil
	})
	switch {
	case errors.Is(err, errSpent), errors.Is(err, follower.ErrNotFound):
		s.refuseTicket(w, r)
	case err != nil:
		s.fail(w, r, err)
	default:
		note(r, "signed in")
		setDevice(w, openid, key)
		seeOther(w, "/")
	}
}

// refuseTicket says that a link no longer works. If the device is signed in, as after a second press of the button, it shows
// the start page instead.
func (s *Site) refuseTicket(w http.ResponseWriter, r *http.Request) {
	_, known, err := s.session(w, r)
	switch {
	case err != nil:
		s.fail(w, r, err)
	case known:
		note(r, "known")
		seeOther(w, "/")
	default:
		note(r, "refused")
		s.page(w, r, http.StatusGone, spentLink, view{})
	}
}

// openTicket returns the openid in the ticket, if the ticket is authentic and not too old. Only the session knows whether it
// was used.
//
// A ticket that cannot be opened may be sealed with newer secrets than ours. Then the secrets are read again, by this
// request or by a concurrent one.
func (s *Site) openTicket(ctx context.Context, ticket string) (openid string, ok bool) {
	if ticket == "" {
		return "", false
	}
	keys := s.linkKeys()
	openid, until, opened := open(ticket, keys)
	if !opened {
		s.config.Secrets.Reload(ctx)
		if now := s.linkKeys(); now != keys {
			openid, until, opened = open(ticket, now)
		}
	}
	return openid, opened && s.config.Now().Before(until)
}

// linkKeys returns the current key of links, and the app secret, which was their key before there was a link key.
func (s *Site) linkKeys() [2]string {
	return [2]string{s.config.Secrets.LinkKey(), s.config.Secrets.AppSecret()}
}

func open(ticket string, keys [2]string) (openid string, until time.Time, ok bool) {
	for _, key := range keys {
		tickets, err := follower.NewTickets(key)
		if err != nil {
			continue
		}
		if openid, until, ok = tickets.Open(ticket); ok {
			return openid, until, true
		}
	}
	return "", time.Time{}, false
}
