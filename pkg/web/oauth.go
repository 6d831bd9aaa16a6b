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
	// stateCookie binds a return from OAuth to the browser that started it. It holds the state and the path to return to.
	stateCookie = "__Host-guanzhu-login"
	stateFor    = 10 * time.Minute

	// A state begins with the number of the try, because the browser may refuse the cookie. There is no third try.
	firstTry, secondTry = "0", "1"
)

// letIn answers a visitor without a session. It starts OAuth if that is possible, and otherwise says how to get in.
func (s *Site) letIn(w http.ResponseWriter, r *http.Request) {
	switch {
	case r.Method != http.MethodGet && r.Method != http.MethodHead:
		note(r, "unknown")
		s.page(w, r, http.StatusUnauthorized, failed, view{})
	case s.config.Mode == Link:
		note(r, "told to ask for a link")
		s.page(w, r, http.StatusOK, askForLink, view{QR: true})
	case !inWeChat(r):
		note(r, "told to open in WeChat")
		s.page(w, r, http.StatusOK, outside, view{QR: true})
	default:
		s.startOAuth(w, r, firstTry, r.URL.RequestURI())
	}
}

// startOAuth redirects to the platform's silent OAuth, which redirects back with a code. The platform requires this order of
// the parameters, and the fragment.
// https://developers.weixin.qq.com/doc/service/guide/h5/auth.html
func (s *Site) startOAuth(w http.ResponseWriter, r *http.Request, try, back string) {
	note(r, "led to OAuth")
	state := try + rand.Text() // letters and digits, as the platform allows
	setCookie(w, stateCookie, state+"."+base64.RawURLEncoding.EncodeToString([]byte(local(back))), stateFor)
	w.Header().Set("Location", fmt.Sprintf("%s/connect/oauth2/authorize"+
		"?appid=%s&redirect_uri=%s&response_type=code&scope=snsapi_base&state=%s#wechat_redirect",
		strings.TrimSuffix(s.config.OpenURL, "/"), url.QueryEscape(s.config.AppID),
		url.QueryEscape(s.origin(r)+"/login/return"), state))
	w.WriteHeader(http.StatusFound)
}

var errNoOpenID = errors.New("the platform's answer to the code contains no valid openid")

// finishOAuth handles the return from OAuth. If the code belongs to a follower, it signs the device in to the session.
func (s *Site) finishOAuth(w http.ResponseWriter, r *http.Request) {
	query := r.URL.Query()
	code, state := query.Get("code"), query.Get("state")
	expected, back := readState(r)
	setCookie(w, stateCookie, "", -1) // a state is valid once

	// WeChat sometimes returns twice with one code. By the second time the device may be signed in.
	if _, known, err := s.session(w, r); err != nil {
		s.fail(w, r, err)
		return
	} else if known {
		note(r, "known")
		seeOther(w, back)
		return
	}
	if code == "" || expected == "" || subtle.ConstantTimeCompare([]byte(state), []byte(expected)) != 1 {
		s.retryOAuth(w, r, back, state, expected)
		return
	}
	openid, snapshot, err := s.config.Exchanger.Exchange(r.Context(), code)
	switch {
	case errors.Is(err, ErrSpentCode):
		s.retryOAuth(w, r, back, state, expected)
		return
	case err != nil:
		s.fail(w, r, err)
		return
	case snapshot: // the platform made up the openid
		note(r, "snapshot")
		s.page(w, r, http.StatusOK, snapshotPage, view{})
		return
	case !wechat.IsOpenID(openid):
		s.fail(w, r, errNoOpenID)
		return
	}
	s.signIn(w, r, openid, back)
}

// signIn signs the device in to the session of openid and leads the browser back. A user who does not follow is asked to.
func (s *Site) signIn(w http.ResponseWriter, r *http.Request, openid, back string) {
	key := follower.NewKey()
	err := s.config.Store.ChangeSession(r.Context(), openid, func(session *follower.Session) error {
		session.SignIn(follower.Hash(key), s.config.Now())
		return nil
	})
	visitOf(r).openid = openid
	switch {
	case errors.Is(err, follower.ErrNotFound):
		note(r, "does not follow")
		s.page(w, r, http.StatusOK, askToFollow, view{QR: true})
	case err != nil:
		s.fail(w, r, err)
	default:
		note(r, "signed in")
		setDevice(w, openid, key)
		seeOther(w, back)
	}
}

// retryOAuth starts OAuth a second time if the first try failed. After the second try, which either the returned state or
// the cookie's tells, it shows an error page.
func (s *Site) retryOAuth(w http.ResponseWriter, r *http.Request, back, state, expected string) {
	second := strings.HasPrefix(state, secondTry) || strings.HasPrefix(expected, secondTry)
	if s.config.Mode == OAuth && inWeChat(r) && !second {
		s.startOAuth(w, r, secondTry, back)
		return
	}
	note(r, "refused")
	s.page(w, r, http.StatusBadRequest, failed, view{})
}

// readState returns the state in r's cookie and the path to return to. The state is "" if there is no cookie.
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

// local returns path if a redirect to it stays on this host, and otherwise "/". Browsers read a backslash as a slash, and
// ignore tabs and line ends.
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
