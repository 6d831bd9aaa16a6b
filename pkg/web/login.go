package web

import (
	"crypto/rand"
	"crypto/subtle"
	"encoding/base64"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/guanzhu/guanzhu/pkg/follower"
	"github.com/guanzhu/guanzhu/pkg/wechat"
)

const (
	// stateCookie ties a return from OAuth to the browser that left for it: it holds the state and where to go then.
	stateCookie = "__Host-guanzhu-login"
	stateFor    = 10 * time.Minute

	// A state begins with which try it is of, as the browser may refuse the cookie. There is no third.
	firstTry, secondTry = "0", "1"
)

// leadIn answers a visitor without a session: the way in, or what it would be.
func (h *Handler) leadIn(w http.ResponseWriter, r *http.Request) {
	switch {
	case r.Method != http.MethodGet && r.Method != http.MethodHead:
		note(r, "unknown")
		h.page(w, r, http.StatusUnauthorized, failed, view{})
	case h.Mode == Link:
		note(r, "told to ask for a link")
		h.page(w, r, http.StatusOK, askForLink, view{QR: true})
	case !inWeChat(r):
		note(r, "told to open in WeChat")
		h.page(w, r, http.StatusOK, outside, view{QR: true})
	default:
		h.leave(w, r, firstTry, r.URL.RequestURI())
	}
}

// leave leads to the platform's silent OAuth, from where the visitor comes back with a code. The platform wants the
// parameters in this order, and the fragment.
// https://developers.weixin.qq.com/doc/service/guide/h5/auth.html
func (h *Handler) leave(w http.ResponseWriter, r *http.Request, try, back string) {
	note(r, "led to OAuth")
	state := try + rand.Text() // letters and digits, as the platform allows
	setCookie(w, stateCookie, state+"."+base64.RawURLEncoding.EncodeToString([]byte(local(back))), stateFor)
	w.Header().Set("Location", fmt.Sprintf("%s/connect/oauth2/authorize"+
		"?appid=%s&redirect_uri=%s&response_type=code&scope=snsapi_base&state=%s#wechat_redirect",
		strings.TrimSuffix(h.OpenURL, "/"), url.QueryEscape(h.AppID),
		url.QueryEscape(h.origin(r)+"/login/return"), state))
	w.WriteHeader(http.StatusFound)
}

var errNoOpenID = errors.New("what the platform gave for the code is not an openid")

// comeBack ends OAuth: whom the code stands for gets a device of their session, if they follow.
func (h *Handler) comeBack(w http.ResponseWriter, r *http.Request) {
	query := r.URL.Query()
	code, state := query.Get("code"), query.Get("state")
	expected, back := readState(r)
	setCookie(w, stateCookie, "", -1) // a state is good once

	// WeChat at times comes back twice with one code; by the second time the device may be signed in.
	if _, known, err := h.session(w, r); err != nil {
		h.fail(w, r, err)
		return
	} else if known {
		note(r, "known")
		seeOther(w, back)
		return
	}
	if code == "" || expected == "" || subtle.ConstantTimeCompare([]byte(state), []byte(expected)) != 1 {
		h.again(w, r, back, state, expected)
		return
	}
	openid, snapshot, err := h.Exchanger.Exchange(r.Context(), code)
	switch {
	case errors.Is(err, follower.ErrCode):
		h.again(w, r, back, state, expected)
		return
	case err != nil:
		h.fail(w, r, err)
		return
	case snapshot: // the openid is made up
		note(r, "snapshot")
		h.page(w, r, http.StatusOK, snapshotPage, view{})
		return
	case !wechat.IsOpenID(openid):
		h.fail(w, r, errNoOpenID)
		return
	}
	key := follower.NewKey()
	err = h.Store.ChangeSession(r.Context(), openid, func(s *follower.Session) error {
		s.SignIn(follower.Hash(key), h.Now())
		return nil
	})
	of(r).openid = openid
	switch {
	case errors.Is(err, follower.ErrNotFound):
		note(r, "does not follow")
		h.page(w, r, http.StatusOK, askToFollow, view{QR: true})
	case err != nil:
		h.fail(w, r, err)
	default:
		note(r, "signed in")
		setDevice(w, openid, key)
		seeOther(w, back)
	}
}

// again begins OAuth a second time where the first did not lead in. After the second, as either the state that came back
// or the cookie's tells, a page says so.
func (h *Handler) again(w http.ResponseWriter, r *http.Request, back, state, expected string) {
	second := strings.HasPrefix(state, secondTry) || strings.HasPrefix(expected, secondTry)
	if h.Mode == OAuth && inWeChat(r) && !second {
		h.leave(w, r, secondTry, back)
		return
	}
	note(r, "refused")
	h.page(w, r, http.StatusBadRequest, failed, view{})
}

// readState returns the state that r's browser left with, "" if it has none, and where it wanted to go.
func readState(r *http.Request) (state, back string) {
	cookie, err := r.Cookie(stateCookie)
	if err != nil {
		return "", "/"
	}
	state, encoded, _ := strings.Cut(cookie.Value, ".")
	decoded, err := base64.RawURLEncoding.DecodeString(encoded)
	if err != nil {
		return state, "/"
	}
	return state, local(string(decoded))
}

// local returns path if a redirect to it stays on this host, else "/". Browsers take a backslash for a slash, and drop
// tabs and line ends.
func local(path string) string {
	if len(path) > 1024 || !strings.HasPrefix(path, "/") || strings.HasPrefix(path, "//") ||
		strings.ContainsFunc(path, func(r rune) bool { return r <= ' ' || r == '\\' || r > '~' }) {
		return "/"
	}
	return path
}

func seeOther(w http.ResponseWriter, path string) {
	w.Header().Set("Location", path)
	w.WriteHeader(http.StatusSeeOther)
}
