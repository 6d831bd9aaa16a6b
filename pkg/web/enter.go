package web

import (
	"context"
	"errors"
	"net/http"
	"time"

	"github.com/guanzhu/guanzhu/pkg/follower"
)

// maxForm is the largest form that is read, in bytes; a ticket has some 200.
const maxForm = 4 << 10

// offer shows the button of a personal link. It changes nothing: links are opened by scanners, too.
func (h *Handler) offer(w http.ResponseWriter, r *http.Request) {
	ticket := r.URL.Query().Get("ticket")
	openid, ok := h.openTicket(r.Context(), ticket)
	if !ok {
		h.refuseTicket(w, r)
		return
	}
	of(r).openid = openid
	note(r, "offered")
	h.page(w, r, http.StatusOK, offerEntry, view{Form: "/enter", Ticket: ticket})
}

var errSpent = errors.New("the ticket is used or unknown")

// enter uses the ticket of a personal link: the device is signed in by the same write that uses it up.
func (h *Handler) enter(w http.ResponseWriter, r *http.Request) {
	r.Body = http.MaxBytesReader(w, r.Body, maxForm)
	ticket := r.FormValue("ticket")
	openid, ok := h.openTicket(r.Context(), ticket)
	if !ok {
		h.refuseTicket(w, r)
		return
	}
	of(r).openid = openid
	key := follower.NewKey()
	oldOpenID, oldKey, hasOld := readDevice(r)
	err := h.Store.ChangeSession(r.Context(), openid, func(s *follower.Session) error {
		if hasOld && oldOpenID == openid {
			s.SignOut(follower.Hash(oldKey)) // the cookie is about to be replaced
		}
		if !s.Enter(follower.Hash(ticket), follower.Hash(key), h.Now()) {
			return errSpent
		}
		return nil
	})
	switch {
	case errors.Is(err, errSpent), errors.Is(err, follower.ErrNotFound):
		h.refuseTicket(w, r)
	case err != nil:
		h.fail(w, r, err)
	default:
		note(r, "signed in")
		setDevice(w, openid, key)
		seeOther(w, "/")
	}
}

// refuseTicket says that a link no longer works, unless the device has got in, as by the button's first of two presses.
func (h *Handler) refuseTicket(w http.ResponseWriter, r *http.Request) {
	_, known, err := h.session(w, r)
	switch {
	case err != nil:
		h.fail(w, r, err)
	case known:
		note(r, "known")
		seeOther(w, "/")
	default:
		note(r, "refused")
		h.page(w, r, http.StatusGone, spentLink, view{})
	}
}

// openTicket returns whose ticket it is, if it is good by what it says itself; the session knows whether it is used.
//
// A ticket that cannot be opened may have been sealed with secrets that are newer than ours. So they are read again, by
// this request or by another at the same time.
func (h *Handler) openTicket(ctx context.Context, ticket string) (openid string, ok bool) {
	if ticket == "" {
		return "", false
	}
	keys := h.linkKeys()
	openid, until, opened := open(ticket, keys)
	if !opened {
		h.Secrets.Reload(ctx)
		if now := h.linkKeys(); now != keys {
			openid, until, opened = open(ticket, now)
		}
	}
	return openid, opened && h.Now().Before(until)
}

// linkKeys are the keys of links: the one in force, and the one from before there was a link key.
func (h *Handler) linkKeys() [2]string { return [2]string{h.Secrets.LinkKey(), h.Secrets.AppSecret()} }

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
