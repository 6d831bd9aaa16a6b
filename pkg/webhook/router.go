package webhook

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"regexp"

	"github.com/guanzhu/guanzhu/internal/pattern"
	"github.com/guanzhu/guanzhu/pkg/wechat"
)

// Router chooses the handler of a push. The push's Go type decides; among the handlers of one type, that of the first
// pattern that matches its key (OnKey) or its text (OnText), in the order of registration, comes before the type's own
// (On). What no handler takes goes to the default.
//
// All handlers are registered before the Router is given to New, which refuses a Router with a nil handler, an empty
// pattern, a duplicate, or a handler that an earlier one leaves nothing for. It is not changed afterwards.
type Router struct {
	types      map[reflect.Type]PushHandler
	rules      map[reflect.Type]*rules
	fallback   PushHandler
	middleware []Middleware
	errs       []error
}

// PushHandler handles a push of any kind. The reply is sent within the push's request; a nil one says nothing.
//
// An error is logged and answered 500, so that the platform sends the push again: it must be safe to handle one push
// several times, and an error must not hold what users wrote. ctx ends when the platform will soon hang up.
type PushHandler func(context.Context, wechat.Push) (wechat.Reply, error)

// Middleware wraps a handler: what it does before calling next, or instead, comes before the handler, what it does
// after, after.
type Middleware func(next PushHandler) PushHandler

// rules are the handlers of one type by pattern, in the order of registration.
type rules struct {
	index    pattern.Index
	patterns []Pattern
	handlers []PushHandler
}

// NewRouter returns a Router whose default says nothing.
func NewRouter() *Router {
	return &Router{types: make(map[reflect.Type]PushHandler), rules: make(map[reflect.Type]*rules)}
}

// Use puts middleware around all handlers, the default included; the first is the outermost. It comes before all
// registrations, so that there is no doubt which handlers it is around. A push that no handler takes passes none.
func (r *Router) Use(m Middleware) {
	switch {
	case m == nil:
		r.refuse("a nil middleware")
	case len(r.types)+len(r.rules) > 0 || r.fallback != nil:
		r.refuse("a middleware after a handler: register it first")
	default:
		r.middleware = append(r.middleware, m)
	}
}

// On registers the handler of all pushes of type P, for example *wechat.Subscribe; see PushHandler.
func On[P wechat.Push](r *Router, h func(context.Context, P) (wechat.Reply, error)) {
	t := reflect.TypeFor[P]()
	switch {
	case t.Kind() == reflect.Interface:
		r.refuse("a handler of %v: name one kind of push, or use Default", t)
	case h == nil:
		r.refuse("a nil handler of %v", t)
	case r.types[t] != nil:
		r.refuse("a second handler of %v", t)
	default:
		r.types[t] = r.wrap(typed(h))
	}
}

// OnKey registers the handler of those pushes of type P whose key matches: a menu button's, or a QR code's scene.
func OnKey[P wechat.Keyed](r *Router, p Pattern, h func(context.Context, P) (wechat.Reply, error)) {
	onPattern(r, p, h)
}

// OnText registers the handler of text messages that match, without the white space around them.
func OnText(r *Router, p Pattern, h func(context.Context, *wechat.Text) (wechat.Reply, error)) {
	if !p.MatchesTrimmed() {
		r.refuse("a handler of *wechat.Text by %v: texts are compared without the white space around them, remove it", p)
		return
	}
	onPattern(r, p, h)
}

func onPattern[P wechat.Push](r *Router, p Pattern, h func(context.Context, P) (wechat.Reply, error)) {
	t := reflect.TypeFor[P]()
	switch {
	case t.Kind() == reflect.Interface:
		r.refuse("a handler of %v by %v: name one kind of push", t, p)
		return
	case p.Empty():
		r.refuse("a handler of %v with an empty pattern: On takes all", t)
		return
	case h == nil:
		r.refuse("a nil handler of %v by %v", t, p)
		return
	}
	of := r.rules[t]
	if of == nil {
		of = &rules{}
		r.rules[t] = of
	}
	if earlier, covered := of.index.Add(p); covered {
		r.refuse("a second handler of %v by %v: %v takes all of these", t, p, of.patterns[earlier])
	}
	of.patterns = append(of.patterns, p)
	of.handlers = append(of.handlers, r.wrap(typed(h)))
}

// Default registers the handler of pushes that no other handler takes, those of unknown kinds (*wechat.Raw) included.
func (r *Router) Default(h PushHandler) {
	switch {
	case h == nil:
		r.refuse("a nil default handler")
	case r.fallback != nil:
		r.refuse("a second default handler")
	default:
		r.fallback = r.wrap(h)
	}
}

func (r *Router) refuse(format string, args ...any) {
	r.errs = append(r.errs, fmt.Errorf("webhook: "+format, args...))
}

func (r *Router) err() error { return errors.Join(r.errs...) }

func (r *Router) wrap(h PushHandler) PushHandler {
	for i := len(r.middleware) - 1; i >= 0; i-- {
		h = r.middleware[i](h)
	}
	return h
}

func typed[P wechat.Push](h func(context.Context, P) (wechat.Reply, error)) PushHandler {
	return func(ctx context.Context, p wechat.Push) (wechat.Reply, error) { return h(ctx, p.(P)) }
}

// route returns the handler of p; found is false where there is none but perhaps the default.
func (r *Router) route(p wechat.Push) (h PushHandler, found bool) {
	t := reflect.TypeOf(p)
	if of := r.rules[t]; of != nil {
		if first, ok := of.index.First(keyOf(p)); ok {
			return of.handlers[first], true
		}
	}
	if h := r.types[t]; h != nil {
		return h, true
	}
	return r.fallback, false
}

// keyOf is what the patterns of p's type are compared with.
func keyOf(p wechat.Push) string {
	switch p := p.(type) {
	case *wechat.Text:
		return p.Trimmed()
	case wechat.Keyed:
		return p.Key()
	}
	return ""
}

// Pattern is a condition on a text or a key. A text is compared without the white space around it (wechat.Text.Trimmed),
// a key as it was sent.
type Pattern = pattern.Pattern

// Exact matches what is s.
func Exact(s string) Pattern { return pattern.Exact(s) }

// Prefix matches what begins with s.
func Prefix(s string) Pattern { return pattern.Prefix(s) }

// Contains matches what has s in it.
func Contains(s string) Pattern { return pattern.Contains(s) }

// Matching matches what re finds a match in.
func Matching(re *regexp.Regexp) Pattern { return pattern.Matching(re) }

// Silent is a handler for pushes that are expected but need no answer.
func Silent[P wechat.Push](context.Context, P) (wechat.Reply, error) { return nil, nil }
