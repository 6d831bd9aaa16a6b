package web

import (
	"crypto/subtle"
	"encoding/base64"
	"encoding/json"
	"errors"
	"net/http"
	"strings"
	"time"

	"github.com/guanzhu/guanzhu/pkg/follower"
	"github.com/guanzhu/guanzhu/pkg/wechat"
)

// sessionCookie holds the openid, by which the session is found, and the device's key, by which the device is known.
// The prefix makes browsers refuse it from anyone but this very host over https.
const sessionCookie = "__Host-guanzhu"

// session returns the follower whose device sent r; known is false where there is none. It costs one read of the store
// and no call of the platform, and once a day a write that renews the device.
func (h *Handler) session(w http.ResponseWriter, r *http.Request) (f follower.Follower, known bool, err error) {
	openid, key, ok := readDevice(r)
	if !ok {
		return follower.Follower{}, false, nil
	}
	f, s, err := h.Store.Lookup(r.Context(), openid)
	if errors.Is(err, follower.ErrNotFound) {
		return follower.Follower{}, false, nil
	}
	if err != nil {
		return follower.Follower{}, false, err
	}
	signedIn, renew := s.HasDevice(follower.Hash(key), h.Now())
	if subtle.ConstantTimeCompare([]byte(openid), []byte(f.OpenID)) != 1 || !signedIn {
		return follower.Follower{}, false, nil
	}
	of(r).openid = openid
	if renew {
		h.renew(w, r, openid, key)
	}
	return f, true, nil
}

var errNoDevice = errors.New("the device is not signed in")

// renew gives the device its full time again. Where that fails, the device is as good as before, and the next request
// tries again.
func (h *Handler) renew(w http.ResponseWriter, r *http.Request, openid, key string) {
	device := follower.Hash(key)
	err := h.Store.ChangeSession(r.Context(), openid, func(s *follower.Session) error {
		if signedIn, _ := s.HasDevice(device, h.Now()); !signedIn {
			return errNoDevice
		}
		s.SignIn(device, h.Now())
		return nil
	})
	switch {
	case err == nil:
		setDevice(w, openid, key)
	case !errors.Is(err, errNoDevice) && !errors.Is(err, follower.ErrNotFound):
		h.Log.WarnContext(r.Context(), "a device was not renewed", "follower", h.Hash(openid), "error", err)
	}
}

// describeSession is for the owner's own front end.
func (h *Handler) describeSession(w http.ResponseWriter, r *http.Request) {
	f, known, err := h.session(w, r)
	switch {
	case err != nil:
		noteFailure(w, r, err)
		writeJSON(w, http.StatusServiceUnavailable, map[string]string{"error": "try again"})
	case !known:
		note(r, "unknown")
		writeJSON(w, http.StatusUnauthorized, map[string]string{"error": "no session"})
	default:
		note(r, "known")
		var subscribedAt *int64 // seconds; null where the platform does not tell
		if !f.SubscribedAt.IsZero() {
			subscribedAt = new(f.SubscribedAt.Unix())
		}
		writeJSON(w, http.StatusOK, struct {
			SubscribedAt *int64 `json:"subscribed_at"`
			Language     string `json:"language"`
		}{subscribedAt, f.Language})
	}
}

func writeJSON(w http.ResponseWriter, status int, value any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(value) // who has hung up cannot be told
}

// logOut ends this device's session, and no other's.
func (h *Handler) logOut(w http.ResponseWriter, r *http.Request) {
	note(r, "logged out")
	if openid, key, ok := readDevice(r); ok {
		device := follower.Hash(key)
		err := h.Store.ChangeSession(r.Context(), openid, func(s *follower.Session) error {
			if signedIn, _ := s.HasDevice(device, h.Now()); !signedIn {
				return errNoDevice
			}
			s.SignOut(device)
			return nil
		})
		switch {
		case err == nil:
			of(r).openid = openid
		case !errors.Is(err, errNoDevice) && !errors.Is(err, follower.ErrNotFound):
			h.fail(w, r, err)
			return
		}
	}
	setCookie(w, sessionCookie, "", -1)
	h.page(w, r, http.StatusOK, loggedOut, view{})
}

// readDevice returns what the session cookie says.
func readDevice(r *http.Request) (openid, key string, ok bool) {
	cookie, err := r.Cookie(sessionCookie)
	if err != nil {
		return "", "", false
	}
	return openDevice(cookie.Value)
}

// openDevice reads the session cookie's value: the openid in base64url, a dot, the key.
func openDevice(value string) (openid, key string, ok bool) {
	first, key, found := strings.Cut(value, ".")
	decoded, err := base64.RawURLEncoding.DecodeString(first)
	openid = string(decoded)
	// The openid becomes a key of the table, so nothing else is looked up. The decoder is lax, so the spelling is compared.
	if !found || err != nil || base64.RawURLEncoding.EncodeToString(decoded) != first || !wechat.IsOpenID(openid) ||
		!follower.IsKey(key) {
		return "", "", false
	}
	return openid, key, true
}

func setDevice(w http.ResponseWriter, openid, key string) {
	setCookie(w, sessionCookie, base64.RawURLEncoding.EncodeToString([]byte(openid))+"."+key, follower.DeviceFor)
}

// setCookie sets a cookie; a negative time deletes it.
func setCookie(w http.ResponseWriter, name, value string, lasts time.Duration) {
	seconds := int(lasts / time.Second)
	if lasts < 0 {
		seconds = -1
	}
	http.SetCookie(w, &http.Cookie{
		Name: name, Value: value, Path: "/", MaxAge: seconds,
		Secure: true, HttpOnly: true, SameSite: http.SameSiteLaxMode,
	})
}
