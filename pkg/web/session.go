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

// sessionCookie holds the openid, which finds the session, and the device's key, which proves that the device is signed in.
// Because of the prefix __Host-, browsers accept the cookie only from this host over https.
const sessionCookie = "__Host-guanzhu"

// session returns the follower whose device sent r. If there is none, known is false. It makes one read of the store, no
// call of the platform, and once a day a write that renews the device.
func (s *Site) session(w http.ResponseWriter, r *http.Request) (f follower.Follower, known bool, err error) {
	openid, key, ok := readDevice(r)
	if !ok {
		return follower.Follower{}, false, nil
	}
	f, session, err := s.config.Store.Lookup(r.Context(), openid)
	if errors.Is(err, follower.ErrNotFound) {
		return follower.Follower{}, false, nil
	}
	if err != nil {
		return follower.Follower{}, false, err
	}
	signedIn, renew := session.HasDevice(follower.Hash(key), s.config.Now())
	if subtle.ConstantTimeCompare([]byte(openid), []byte(f.OpenID)) != 1 || !signedIn {
		return follower.Follower{}, false, nil
	}
	visitOf(r).openid = openid
	if renew {
		s.renew(w, r, openid, key)
	}
	return f, true, nil
}

var errNoDevice = errors.New("the device is not signed in")

// renew gives the device its full time again. If that fails, the device stays signed in, and the next request tries again.
func (s *Site) renew(w http.ResponseWriter, r *http.Request, openid, key string) {
	device := follower.Hash(key)
	err := s.config.Store.ChangeSession(r.Context(), openid, func(session *follower.Session) error {
		if signedIn, _ := session.HasDevice(device, s.config.Now()); !signedIn {
			return errNoDevice
		}
		session.SignIn(device, s.config.Now())
		return nil
	})
	switch {
	case err == nil:
		setDevice(w, openid, key)
	case !errors.Is(err, errNoDevice) && !errors.Is(err, follower.ErrNotFound):
		s.config.Log.WarnContext(r.Context(), "cannot renew a device", "follower", s.config.Hash(openid), "error", err)
	}
}

// describeSession answers GET /api/session, for a front end of the owner's.
func (s *Site) describeSession(w http.ResponseWriter, r *http.Request) {
	f, known, err := s.session(w, r)
	switch {
	case err != nil:
		noteFailure(w, r, err)
		writeJSON(w, http.StatusServiceUnavailable, map[string]string{"error": "try again"})
	case !known:
		note(r, "unknown")
		writeJSON(w, http.StatusUnauthorized, map[string]string{"error": "no session"})
	default:
		note(r, "known")
		var subscribedAt *int64 // seconds; null if the platform does not say
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
	_ = json.NewEncoder(w).Encode(value) // the client has closed the connection
}

// logOut signs out this device, and no other.
func (s *Site) logOut(w http.ResponseWriter, r *http.Request) {
	note(r, "logged out")
	if openid, key, ok := readDevice(r); ok {
		device := follower.Hash(key)
		err := s.config.Store.ChangeSession(r.Context(), openid, func(session *follower.Session) error {
			if signedIn, _ := session.HasDevice(device, s.config.Now()); !signedIn {
				return errNoDevice
			}
			session.SignOut(device)
			return nil
		})
		switch {
		case err == nil:
			visitOf(r).openid = openid
		case !errors.Is(err, errNoDevice) && !errors.Is(err, follower.ErrNotFound):
			s.fail(w, r, err)
			return
		}
	}
	setCookie(w, sessionCookie, "", -1)
	s.page(w, r, http.StatusOK, loggedOut, view{})
}

// readDevice returns the content of the session cookie. ok is false if there is no valid cookie.
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
	// The openid becomes a key of the table, so it must be one. The decoder accepts several spellings of one value, so the
	// spelling is compared.
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
