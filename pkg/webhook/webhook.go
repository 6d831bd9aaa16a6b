// Package webhook is the endpoint to which the WeChat platform sends pushes. It answers the platform's URL check, too.
//
// A push passes the files in this order: webhook.go receives it, request.go reads its query and body, verify.go checks
// its signature, open.go decrypts and parses it, router.go finds its handler, handle.go runs the handler, and answer.go
// sends the reply and logs the push.
package webhook

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/guanzhu/guanzhu/internal/publicurl"
	"github.com/guanzhu/guanzhu/internal/refusal"
	"github.com/guanzhu/guanzhu/pkg/secrets"
	"github.com/guanzhu/guanzhu/pkg/wechat"
)

// Path is the endpoint's path. The owner enters it in the platform's console as part of the server URL.
const Path = "/login/wechat"

// budget is the time in which a request is answered, counted from its arrival. The platform hangs up after 5 s.
// https://developers.weixin.qq.com/doc/subscription/guide/product/message/Passive_user_reply_message.html
const budget = 4500 * time.Millisecond

// Secrets returns the account's secrets. It is safe for concurrent use.
//
// Reload reads the secrets again from where they are stored and reports whether they changed. It may return without
// reading them, because the Handler calls it for every request with a wrong signature.
type Secrets interface {
	Current() secrets.Secrets
	Reload(ctx context.Context) (changed bool)
}

// Config has what a Handler needs. All fields are required except Answers, PublicURL and AcceptOld.
type Config struct {
	AppID   string
	Secrets Secrets
	Router  *Router
	Hash    func(openid string) string // replaces openids in the log
	Now     func() time.Time
	Log     *slog.Logger

	// Answers answers the texts, if the Router has slow handlers. If it is nil, slow handlers run inside the request and are
	// cut off.
	Answers Answers

	// PublicURL is the origin of the follower's pages, which Site returns. If it is empty, Site returns https and the
	// host of the request.
	PublicURL string

	// AcceptOld accepts requests with timestamps of any age, for recorded samples on a developer's machine. Never set it
	// on a deployed endpoint: anyone could send an old request again.
	AcceptOld bool
}

// Handler is an http.Handler that answers the platform. It is safe for concurrent use.
type Handler struct {
	config Config
	keys   atomic.Pointer[keyring]
	calls  sync.Pool // of *call
}

// New returns a Handler. Its error names every missing field and everything that is wrong with the Router, PublicURL and
// the secrets.
func New(c Config) (*Handler, error) {
	errs := []error{c.missing()}
	if c.Router != nil {
		errs = append(errs, c.Router.err())
	}
	origin, err := publicurl.Parse(c.PublicURL)
	if err != nil {
		errs = append(errs, fmt.Errorf("webhook: %w", err))
	}
	c.PublicURL = origin
	h := &Handler{config: c}
	if c.AppID != "" && c.Secrets != nil {
		k, err := newKeyring(c.AppID, c.Secrets.Current())
		errs = append(errs, err)
		h.keys.Store(k)
	}
	if err := errors.Join(errs...); err != nil {
		return nil, err
	}
	return h, nil
}

// missing returns an error that names the required fields that are not set.
func (c *Config) missing() error {
	var names []string
	for _, field := range []struct {
		name string
		set  bool
	}{
		{"AppID", c.AppID != ""},
		{"Secrets", c.Secrets != nil},
		{"Router (of NewRouter)", c.Router != nil && c.Router.types != nil},
		{"Hash", c.Hash != nil},
		{"Now", c.Now != nil},
		{"Log", c.Log != nil},
	} {
		if !field.set {
			names = append(names, field.name)
		}
	}
	if names == nil {
		return nil
	}
	return fmt.Errorf("webhook: the Config lacks %s", strings.Join(names, ", "))
}

// ServeHTTP answers one request.
func (h *Handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	arrived := arrival(r.Context())
	ctx := h.newContext(r, arrived)
	defer ctx.end()

	a := h.answer(ctx, r)
	a.write(w)
	h.log(ctx, r.Method, a, &ctx.line, arrived)
}

func (h *Handler) answer(ctx context.Context, r *http.Request) answer {
	switch r.Method {
	case http.MethodGet:
		return h.check(ctx, r)
	case http.MethodPost:
		return h.push(ctx, r)
	}
	return refused(refusal.Method)
}

// check answers the platform's URL check by returning its echostr unchanged. The platform never encrypts an echostr.
func (h *Handler) check(ctx context.Context, r *http.Request) answer {
	q, why := h.readQuery(r)
	if why != "" {
		return refused(why)
	}
	if why := h.verify(ctx, q); why != "" {
		return refused(why)
	}
	if q.echostr == "" {
		return refused(refusal.Echostr)
	}
	return answer{status: http.StatusOK, contentType: textPlain, body: []byte(q.echostr), outcome: "checked"}
}

// push answers a push.
func (h *Handler) push(ctx context.Context, r *http.Request) answer {
	body, why := readBody(r)
	if why != "" {
		return refused(why)
	}
	q, why := h.readQuery(r)
	if why != "" {
		return refused(why)
	}
	p, seal, why := h.open(ctx, q, body)
	if why != "" {
		return refused(why)
	}
	handler, known := h.config.Router.route(p)
	reply, err := h.handle(ctx, h.slowly(handler, p), p)
	if _, slow := reply.(*Slow); err == nil && slow {
		err = errNotSlow
	}
	if err != nil {
		return failed(p, err)
	}
	message := wechat.MarshalReply(p.Common(), reply)
	if string(message) == wechat.Success {
		a := silent(p, known)
		a.unsent = reply
		return a
	}
	return replied(p, seal(message, h.config.Now))
}
