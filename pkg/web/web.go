// Package web serves the follower's pages. It recognises a follower without a second login.
//
// A follower gets in by silent OAuth (oauth.go) or by a personal link from the conversation (enter.go). Both sign the
// device in to the follower's session (session.go). A session begins with the follow and ends with the unfollow, on all
// devices at once.
package web

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"strings"
	"time"

	"github.com/guanzhu/guanzhu/internal/lazy"
	"github.com/guanzhu/guanzhu/internal/publicurl"
	"github.com/guanzhu/guanzhu/pkg/follower"
	"github.com/guanzhu/guanzhu/pkg/wechat"
)

// Mode is the way in which followers get in.
type Mode string

const (
	// OAuth lets followers in silently inside WeChat. The account needs web authorization (网页授权), as verified service
	// accounts and test accounts have, and the platform's settings must name this site's host as its domain.
	OAuth Mode = "oauth"
	// Link asks followers to request a personal link by sending Config.Keyword. It is for accounts without web authorization.
	Link Mode = "link"
)

// Config configures a Site. AppID, Store, Exchanger, Secrets, Hash, Now and Log are required.
type Config struct {
	AppID string

	// Mode is OAuth if empty. Personal links work in both modes.
	Mode Mode

	// Keyword is the text that followers send in the conversation to get a personal link. If empty, pages do not mention it.
	Keyword string

	// OpenURL is where OAuth begins. If empty, it is https://open.weixin.qq.com. Only a simulated platform has another.
	OpenURL string

	// PublicURL is where browsers find these pages, https://host without a path. If empty, it is https and the host of the
	// request, or http if that host is this machine. Set it if the browser sees another host, as behind sam local.
	PublicURL string

	// Verification answers the platform's check of the domain. It is the name of the file that the platform offers for
	// download when the domain is entered, MP_verify_xxxx.txt, or only its xxxx, which is also the file's content. If the
	// content differs: MP_verify_xxxx.txt=content. If empty, there is no such file.
	// https://developers.weixin.qq.com/doc/service/guide/h5/auth.html
	Verification string

	// QR is the account's QR code as PNG, for visitors who are asked to follow. If empty, pages ask in words only.
	QR []byte

	// Pages registers the owner's pages. It may be nil.
	Pages func(*Site)

	Store     Store
	Exchanger Exchanger
	Secrets   Secrets
	Hash      func(openid string) string // takes the place of openids in the log
	Now       func() time.Time
	Log       *slog.Logger
}

// Store keeps the sessions. It is safe for concurrent use.
type Store interface {
	// Lookup returns the follower and the session. It makes one strongly consistent read: once an unfollow is stored, the
	// session is over. The error is follower.ErrNotFound if openid does not follow.
	Lookup(ctx context.Context, openid string) (follower.Follower, follower.Session, error)

	// ChangeSession stores the session as change leaves it, on condition that nothing else has written it meanwhile. On a
	// conflict it calls change again. If change returns an error, ChangeSession stores nothing and returns an error that
	// wraps it. The error is follower.ErrNotFound if openid does not follow. After any other error the session may or may
	// not be stored.
	ChangeSession(ctx context.Context, openid string, change func(*follower.Session) error) error
}

// Exchanger asks the platform whose OAuth code it is. snapshot reports that the visitor sees only a snapshot of the page,
// for which the platform makes up an openid. The error is ErrSpentCode if another code may succeed.
type Exchanger interface {
	Exchange(ctx context.Context, code string) (openid string, snapshot bool, err error)
}

// ErrSpentCode is the error of an Exchanger (errors.Is) if an OAuth code is invalid, used or too old.
var ErrSpentCode = errors.New("the OAuth code is no longer valid")

// Secrets returns the keys of personal links. It is safe for concurrent use.
type Secrets interface {
	// LinkKey returns the key from which the keys of personal links are derived.
	LinkKey() string
	// AppSecret returns the app secret, from which those keys were derived before there was a link key.
	AppSecret() string
	// Reload reads both again if the last read is old enough, and reports whether they changed.
	Reload(ctx context.Context) (changed bool)
}

// Site serves the pages. It is safe for concurrent use.
type Site struct {
	config Config
	mux    *http.ServeMux
	guard  http.Handler      // dispatch, behind the checks for cross-origin requests
	places map[string]string // where the owner's pages are registered, by their patterns
	errs   []error           // mistakes in the registration of pages
}

// New returns a Site with the built-in pages and those that c.Pages registers. Its error names every field that is
// missing and everything else that is wrong, including each page that cannot be registered.
func New(c Config) (*Site, error) {
	if c.Mode == "" {
		c.Mode = OAuth
	}
	if c.OpenURL == "" {
		c.OpenURL = "https://open.weixin.qq.com"
	}
	origin, err := publicurl.Parse(c.PublicURL)
	c.PublicURL = origin
	if err := errors.Join(c.check(), err); err != nil {
		return nil, fmt.Errorf("web: %w", err)
	}

	s := &Site{config: c, mux: http.NewServeMux(), places: map[string]string{}}
	if s.guard, err = s.refuseOtherOrigins(http.HandlerFunc(s.dispatch)); err != nil {
		return nil, err
	}
	builtIn := s.builtIn()
	for _, r := range builtIn {
		s.mux.Handle(r.pattern(), r.page)
	}
	if c.Pages != nil {
		c.Pages(s)
	}
	if err := errors.Join(append(s.errs, s.hidden(builtIn)...)...); err != nil {
		return nil, err
	}
	return s, nil
}

var (
	isVerificationFile    = lazy.Match(`^MP_verify_[A-Za-z0-9]{1,64}\.txt$`)
	isVerificationContent = lazy.Match(`^[A-Za-z0-9]{1,64}$`)
)

// check returns an error for each field that is missing or wrong. PublicURL is checked by New.
func (c *Config) check() error {
	var errs []error
	if missing := c.missing(); len(missing) > 0 {
		errs = append(errs, fmt.Errorf("the Config lacks %s", strings.Join(missing, ", ")))
	}
	if c.Mode != OAuth && c.Mode != Link {
		errs = append(errs, fmt.Errorf("Mode must be %q or %q", OAuth, Link))
	}
	if file, content := wechat.DomainFile(c.Verification); c.Verification != "" &&
		(!isVerificationFile(file) || !isVerificationContent(content)) {
		errs = append(errs, errors.New("DOMAIN_VERIFICATION must be the name of the platform's file, MP_verify_xxxx.txt, or only its xxxx"))
	}
	if c.Secrets != nil {
		_, err := follower.NewTickets(c.Secrets.LinkKey())
		errs = append(errs, err)
	}
	return errors.Join(errs...)
}

// missing names the required fields that are not set.
func (c *Config) missing() []string {
	var names []string
	for _, field := range []struct {
		name string
		set  bool
	}{
		{"AppID", c.AppID != ""},
		{"Store", c.Store != nil},
		{"Exchanger", c.Exchanger != nil},
		{"Secrets", c.Secrets != nil},
		{"Hash", c.Hash != nil},
		{"Now", c.Now != nil},
		{"Log", c.Log != nil},
	} {
		if !field.set {
			names = append(names, field.name)
		}
	}
	return names
}
