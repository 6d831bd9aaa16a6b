package webhook

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"strings"

	"github.com/guanzhu/guanzhu/pkg/wechat"
)

// Router chooses the handler of a push. The push's Go type decides; among the handlers of one type, that of its key
// (OnKey) or of the first text pattern that matches, in the order of registration (OnText), comes before the type's own
// (On). What no handler takes goes to the default.
//
// All handlers are registered before the Router is given to New, which refuses a Router with an empty key, a nil handler
// or a duplicate. It is not changed afterwards.
type Router struct {
	types    map[reflect.Type]handler
	keys     map[typeAndKey]handler
	texts    []textRule
	fallback handler
	errs     []error
}

type handler func(context.Context, wechat.Push) (wechat.Reply, error)

type typeAndKey struct {
	push reflect.Type
	key  string
}

type textRule struct {
	pattern TextPattern
	handler handler
}

// NewRouter returns a Router whose default says nothing.
func NewRouter() *Router {
	return &Router{types: make(map[reflect.Type]handler), keys: make(map[typeAndKey]handler)}
}

// On registers the handler of all pushes of type P, for example *wechat.Subscribe.
//
// The reply of a handler is sent within the push's request; a nil one says nothing. A handler's error is logged and
// answered 500, so that the platform sends the push again: it must be safe to handle one push several times, and an error
// must not hold what users wrote. ctx ends when the platform will soon hang up.
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
		r.types[t] = typed(h)
	}
}

// OnKey registers the handler of those pushes of type P whose key is key: a menu button's, or a QR code's scene.
func OnKey[P wechat.Keyed](r *Router, key string, h func(context.Context, P) (wechat.Reply, error)) {
	k := typeAndKey{reflect.TypeFor[P](), key}
	switch {
	case k.push.Kind() == reflect.Interface:
		r.refuse("a handler of %v for %q: name one kind of push", k.push, key)
	case key == "":
		r.refuse("a handler of %v for an empty key", k.push)
	case h == nil:
		r.refuse("a nil handler of %v for %q", k.push, key)
	case r.keys[k] != nil:
		r.refuse("a second handler of %v for %q", k.push, key)
	default:
		r.keys[k] = typed(h)
	}
}

// OnText registers the handler of text messages that match the pattern.
func OnText(r *Router, pattern TextPattern, h func(context.Context, *wechat.Text) (wechat.Reply, error)) {
	if pattern.text == "" {
		r.refuse("a handler of texts with an empty pattern: On takes all texts")
		return
	}
	if h == nil {
		r.refuse("a nil handler of texts that match %q", pattern.text)
		return
	}
	for _, rule := range r.texts {
		if rule.pattern == pattern {
			r.refuse("a second handler of texts that match %q", pattern.text)
			return
		}
	}
	r.texts = append(r.texts, textRule{pattern, typed(h)})
}

// Default registers the handler of pushes that no other handler takes, those of unknown kinds (*wechat.Raw) included.
func (r *Router) Default(h func(context.Context, wechat.Push) (wechat.Reply, error)) {
	switch {
	case h == nil:
		r.refuse("a nil default handler")
	case r.fallback != nil:
		r.refuse("a second default handler")
	default:
		r.fallback = h
	}
}

func (r *Router) refuse(format string, args ...any) {
	r.errs = append(r.errs, fmt.Errorf("webhook: "+format, args...))
}

func (r *Router) err() error { return errors.Join(r.errs...) }

func typed[P wechat.Push](h func(context.Context, P) (wechat.Reply, error)) handler {
	return func(ctx context.Context, p wechat.Push) (wechat.Reply, error) { return h(ctx, p.(P)) }
}

// route returns the handler of p; found is false where there is none but perhaps the default.
func (r *Router) route(p wechat.Push) (h handler, found bool) {
	t := reflect.TypeOf(p)
	switch p := p.(type) {
	case *wechat.Text:
		for _, rule := range r.texts {
			if rule.pattern.matches(p.Content) {
				return rule.handler, true
			}
		}
	case wechat.Keyed:
		if h := r.keys[typeAndKey{t, p.Key()}]; h != nil {
			return h, true
		}
	}
	if h := r.types[t]; h != nil {
		return h, true
	}
	return r.fallback, false
}

// TextPattern is a condition on the text of a message. Patterns compare the text as it was sent.
type TextPattern struct {
	text string
	kind byte
}

// Exact matches the text that is s.
func Exact(s string) TextPattern { return TextPattern{s, '='} }

// Prefix matches texts that begin with s.
func Prefix(s string) TextPattern { return TextPattern{s, '^'} }

// Contains matches texts that have s in them.
func Contains(s string) TextPattern { return TextPattern{s, '~'} }

func (p TextPattern) matches(text string) bool {
	switch p.kind {
	case '=':
		return text == p.text
	case '^':
		return strings.HasPrefix(text, p.text)
	}
	return strings.Contains(text, p.text)
}

// Silent is a handler for pushes that are expected but need no answer.
func Silent[P wechat.Push](context.Context, P) (wechat.Reply, error) { return nil, nil }
