package webhook

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"regexp"

	"github.com/guanzhu/guanzhu/internal/caller"
	"github.com/guanzhu/guanzhu/internal/pattern"
	"github.com/guanzhu/guanzhu/pkg/wechat"
)

// Router finds the handler of a push by the push's Go type. Among the handlers of one type it tries the patterns of OnKey
// and OnText first, in the order of registration, then the handler of On. Default takes every other push.
//
// Register all handlers before New. New refuses a Router with a nil handler, an empty pattern, a duplicate, or a handler
// that no push can reach. Its error begins with the file and the line of the registration.
type Router struct {
	types      map[reflect.Type]registered
	rules      map[reflect.Type]*rules
	fallback   registered
	middleware []Middleware
	slow       bool // there is a Slow of this router
	errs       []error
}

// PushHandler handles a push of any kind. A nil reply sends nothing to the user. ctx ends 4.5 s after the push arrived.
//
// If a handler returns an error, the platform sends the push again, up to three times in all. So handling a push twice
// must have the same effect as handling it once. The error is logged: it must not contain what users wrote.
type PushHandler func(context.Context, wechat.Push) (wechat.Reply, error)

// Middleware returns a handler that can run code before and after next, or not call next at all.
type Middleware func(next PushHandler) PushHandler

// registered is a handler, or none, and where it was registered: file and line.
type registered struct {
	handle PushHandler
	at     string
}

// rules has the handlers of one type that have a pattern, in the order of registration.
type rules struct {
	index    pattern.Index
	patterns []Pattern
	handlers []registered
}

// NewRouter returns a Router without handlers.
func NewRouter() *Router {
	return &Router{types: make(map[reflect.Type]registered), rules: make(map[reflect.Type]*rules)}
}

// Use wraps all handlers, also that of Default, in m. The first middleware is the outermost. Call Use before registering
// any handler. Middleware does not see a push without a handler.
func (r *Router) Use(m Middleware) {
	switch {
	case m == nil:
		r.refuse("a nil middleware")
	case len(r.types)+len(r.rules) > 0 || r.fallback.handle != nil || r.slow:
		r.refuse("a middleware after a handler: register it first")
	default:
		r.middleware = append(r.middleware, m)
	}
}

// On registers the handler of all pushes of type P, for example *wechat.Subscribe. See PushHandler.
func On[P wechat.Push](r *Router, h func(context.Context, P) (wechat.Reply, error)) {
	t := reflect.TypeFor[P]()
	switch {
	case t.Kind() == reflect.Interface:
		r.refuse("a handler of %v: name one kind of push, or use Default", t)
	case h == nil:
		r.refuse("a nil handler of %v", t)
	case r.types[t].handle != nil:
		r.refuse("a second handler of %v: the first one is at %s", t, r.types[t].at)
	default:
		r.types[t] = r.register(typed(h))
	}
}

// OnKey registers the handler of the pushes of type P whose key matches p. The key is that of a menu button or the scene of
// a QR code. See PushHandler.
func OnKey[P wechat.Keyed](r *Router, p Pattern, h func(context.Context, P) (wechat.Reply, error)) {
	onPattern(r, p, h)
}

// OnText registers the handler of the text messages that match p, without the white space around them. See PushHandler.
func OnText(r *Router, p Pattern, h func(context.Context, *wechat.Text) (wechat.Reply, error)) {
	if !p.MatchesTrimmed() {
		r.refuse("a handler of *wechat.Text by %v never runs: white space around texts is ignored, so remove it from the pattern", p)
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
		r.refuse("a handler of %v with an empty pattern: for all pushes of a type, use On", t)
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
		r.refuse("a handler of %v by %v never runs: an earlier one by %v, at %s, takes all its pushes",
			t, p, of.patterns[earlier], of.handlers[earlier].at)
	}
	of.patterns = append(of.patterns, p)
	of.handlers = append(of.handlers, r.register(typed(h)))
}

// Default registers the handler of all pushes that have no other handler. Pushes of unknown kinds have the type *wechat.Raw.
func (r *Router) Default(h PushHandler) {
	switch {
	case h == nil:
		r.refuse("a nil default handler")
	case r.fallback.handle != nil:
		r.refuse("a second default handler: the first one is at %s", r.fallback.at)
	default:
		r.fallback = r.register(h)
	}
}

// register returns the handler as it is kept. It is called while the owner's code registers the handler.
func (r *Router) register(h PushHandler) registered { return registered{r.wrap(h), caller.Outside()} }

// refuse notes what is wrong with the registration that the owner's code is making.
func (r *Router) refuse(format string, args ...any) {
	r.errs = append(r.errs, fmt.Errorf("webhook: %s: %s", caller.Outside(), fmt.Sprintf(format, args...)))
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

// route returns the handler of p, or nil if there is none. known reports whether p has a handler other than that of Default.
func (r *Router) route(p wechat.Push) (h PushHandler, known bool) {
	if of, first, ok := r.rule(p); ok {
		return of.handlers[first].handle, true
	}
	if h := r.types[reflect.TypeOf(p)].handle; h != nil {
		return h, true
	}
	return r.fallback.handle, false
}

// rule returns the rules of p's type and the number of the first that matches p.
func (r *Router) rule(p wechat.Push) (of *rules, first int, ok bool) {
	if of = r.rules[reflect.TypeOf(p)]; of != nil {
		first, ok = of.index.First(keyOf(p))
	}
	return of, first, ok
}

// Explain says by which registration p finds its handler, such as `OnText prefix "@"`, `On *wechat.Subscribe` or
// "Default". It returns "" if p has no handler. The local console shows it.
func (r *Router) Explain(p wechat.Push) string {
	t := reflect.TypeOf(p)
	if of, first, ok := r.rule(p); ok {
		if t == reflect.TypeFor[*wechat.Text]() {
			return fmt.Sprintf("OnText %v", of.patterns[first])
		}
		return fmt.Sprintf("OnKey %v %v", t, of.patterns[first])
	}
	switch {
	case r.types[t].handle != nil:
		return fmt.Sprintf("On %v", t)
	case r.fallback.handle != nil:
		return "Default"
	}
	return ""
}

// keyOf returns the text or key that patterns are compared with.
func keyOf(p wechat.Push) string {
	switch p := p.(type) {
	case *wechat.Text:
		return p.Trimmed()
	case wechat.Keyed:
		return p.Key()
	}
	return ""
}

// Pattern is a condition on a text or a key. White space around a text is ignored. Keys are compared as they were sent.
type Pattern = pattern.Pattern

// Exact matches s alone.
func Exact(s string) Pattern { return pattern.Exact(s) }

// Prefix matches every string that begins with s.
func Prefix(s string) Pattern { return pattern.Prefix(s) }

// Contains matches every string that contains s.
func Contains(s string) Pattern { return pattern.Contains(s) }

// Matching matches every string in which re finds a match.
func Matching(re *regexp.Regexp) Pattern { return pattern.Matching(re) }

// Silent is a handler that sends no reply. The log counts its pushes as known.
func Silent[P wechat.Push](context.Context, P) (wechat.Reply, error) { return nil, nil }
