package follower_test

import (
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/guanzhu/guanzhu/internal/boltstore"
	"github.com/guanzhu/guanzhu/pkg/follower"
	"github.com/guanzhu/guanzhu/pkg/wechat"
)

type card struct {
	Stamps int
	Note   string
}

var (
	cards = follower.Own[card]("test-cards")
	notes = follower.Own[string]("test-notes")
)

// clock is a time that the test sets.
type clock struct{ now time.Time }

// newOwn returns a service over an empty store whose follower follows since 1 second ago.
func newOwn(t *testing.T) (*follower.Service, *clock) {
	c := &clock{time.Unix(2_000_000_000, 0)}
	store, err := boltstore.Open(filepath.Join(t.TempDir(), "store.db"), func() time.Time { return c.now })
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { store.Close() })
	f := follower.Follower{OpenID: openid, State: follower.Complete, EventTime: c.now.Add(-time.Second)}
	if _, _, err := store.Follow(t.Context(), f, follower.Session{EstablishedAt: c.now, EventTime: f.EventTime}); err != nil {
		t.Fatal(err)
	}
	return &follower.Service{Store: store, Now: func() time.Time { return c.now }}, c
}

// stamp gives a stamp for the push and returns how many there are.
func stamp(t *testing.T, s *follower.Service, p wechat.Push) int {
	t.Helper()
	got, err := cards.Update(t.Context(), s, p, func(c *card) error {
		c.Stamps++
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return got.Stamps
}

// TestOnePushOnce: what WeChat delivers again is one push, and nothing else is.
func TestOnePushOnce(t *testing.T) {
	t.Parallel()
	s, c := newOwn(t)
	head := func(msgType, event string) wechat.Head {
		return wechat.Head{FromUserName: openid, CreateTime: c.now.Unix(), MsgType: msgType, Event: event}
	}
	button := func(event, key string) wechat.MenuEvent {
		return wechat.MenuEvent{Head: head("event", event), EventKey: key}
	}
	later := text(openid, c.now.Unix()+1, 7)
	unnumbered, other := text(openid, c.now.Unix(), 0), text(openid, c.now.Unix(), 0)
	unnumbered.Content, other.Content = "签到", "打卡"
	image := &wechat.Image{Message: wechat.Message{Head: head("image", ""), MsgID: 9}}
	for n, p := range []wechat.Push{
		text(openid, c.now.Unix(), 7), text(openid, c.now.Unix(), 8), later, unnumbered, other, image,
		&wechat.Click{MenuEvent: button("CLICK", "a")}, &wechat.Click{MenuEvent: button("CLICK", "b")},
		&wechat.View{MenuEvent: button("VIEW", "a")},
	} {
		for range 3 {
			if got := stamp(t, s, p); got != n+1 {
				t.Errorf("push %d: %d stamps, want %d", n+1, got, n+1)
			}
		}
		// Another value is updated by the same push.
		got, err := notes.Update(t.Context(), s, p, func(note *string) error { *note += "x"; return nil })
		if want := strings.Repeat("x", n+1); err != nil || got != want {
			t.Errorf("push %d: %q, error %v, want %q", n+1, got, err, want)
		}
	}
}

// TestForgottenPushes: a push is applied once however late it comes, and at first only if that is certain.
func TestForgottenPushes(t *testing.T) {
	t.Parallel()
	s, c := newOwn(t)
	begin := c.now.Unix()
	last := begin + follower.MaxApplied
	for at := begin; at <= last; at++ { // one more than is remembered
		stamp(t, s, text(openid, at, 1))
	}
	stamps := follower.MaxApplied + 1
	for name, p := range map[string]wechat.Push{
		"forgotten":                      text(openid, begin, 1),
		"remembered":                     text(openid, begin+1, 1),
		"new, as old as a forgotten one": text(openid, begin, 2),
	} {
		if got := stamp(t, s, p); got != stamps {
			t.Errorf("%s: %d stamps, want %d", name, got, stamps)
		}
	}
	if got := stamp(t, s, text(openid, begin+1, 2)); got != stamps+1 {
		t.Errorf("another push of a time that is remembered: %d stamps, want %d", got, stamps+1)
	}
	c.now = time.Unix(last, 0).Add(follower.AppliedFor + time.Second)
	if got := stamp(t, s, text(openid, c.now.Unix(), 1)); got != stamps+2 {
		t.Errorf("after the time: %d stamps, want %d", got, stamps+2)
	}
	if got := stamp(t, s, text(openid, last, 1)); got != stamps+2 {
		t.Errorf("the last push again, after the time: %d stamps, want %d", got, stamps+2)
	}
	data, err := s.Store.Own(t.Context(), openid)
	if err != nil || len(data.Applied) != 1 || data.Forgotten.Unix() != last {
		t.Errorf("remembered: %v, forgotten up to %v, error %v", data.Applied, data.Forgotten, err)
	}
	// The first delivery of a push that is old already.
	s, c = newOwn(t)
	late := text(openid, c.now.Unix(), 1)
	c.now = c.now.Add(2 * follower.AppliedFor)
	for range 2 {
		if got := stamp(t, s, late); got != 1 {
			t.Errorf("days late: %d stamps, want 1", got)
		}
	}
}

// TestOwnBounds: what is too large is refused, and what was stored before stays.
func TestOwnBounds(t *testing.T) {
	t.Parallel()
	s, _ := newOwn(t)
	write := func(size int) error {
		_, err := notes.UpdateFor(t.Context(), s, openid, func(note *string) error {
			*note = strings.Repeat("x", size)
			return nil
		})
		return err
	}
	fits := follower.MaxOwn - len(`test-notes""`)
	if err := write(fits); err != nil {
		t.Error(err)
	}
	want := `own data "test-notes": the follower's own data would have 65537 bytes of JSON, and 65536 is the limit: keep less of each follower`
	if err := write(fits + 1); err == nil || !strings.HasSuffix(err.Error(), want) {
		t.Errorf("error %v, want …%s", err, want)
	}
	if got, err := notes.Load(t.Context(), s, openid); err != nil || len(got) != fits {
		t.Errorf("%d bytes are stored, error %v; want %d", len(got), err, fits)
	}
	if _, err := cards.UpdateFor(t.Context(), s, openid, func(*card) error { return nil }); err == nil {
		t.Error("another value has room")
	}
}

// TestOwnErrors: nothing is stored after an error, and none quotes what is stored.
func TestOwnErrors(t *testing.T) {
	t.Parallel()
	s, c := newOwn(t)
	p := text(openid, c.now.Unix(), 1)
	refused := fmt.Errorf("sold out: %w", follower.ErrNotFound) // whatever it is
	fails := func(c *card) error {
		c.Stamps = 100
		return refused
	}
	for name, update := range map[string]func() (card, error){
		"push": func() (card, error) { return cards.Update(t.Context(), s, p, fails) },
		"page": func() (card, error) { return cards.UpdateFor(t.Context(), s, openid, fails) },
	} {
		if got, err := update(); err != refused || got != (card{}) {
			t.Errorf("%s: %v, error %v, want the change's", name, got, err)
		}
	}
	if got := stamp(t, s, p); got != 1 {
		t.Errorf("after the refusals: %d stamps, want 1", got)
	}

	err := s.Store.ChangeOwn(t.Context(), follower.Follower{OpenID: openid}, nil, func(d *follower.OwnData) error {
		d.Values["test-cards"] = `{"Stamps":13800138000138001380}`
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	_, loadErr := cards.Load(t.Context(), s, openid)
	_, updateErr := cards.UpdateFor(t.Context(), s, openid, func(*card) error { return nil })
	for _, err := range []error{loadErr, updateErr} {
		if !errors.Is(err, follower.ErrUnreadable) || !strings.Contains(err.Error(), `own data "test-cards" does not fit follower_test.card`) ||
			strings.Contains(err.Error(), "138") {
			t.Errorf("error %v", err)
		}
	}
}

func TestOwnNames(t *testing.T) {
	t.Parallel()
	panics := func(register func()) (message string) {
		defer func() {
			if r := recover(); r != nil {
				message = fmt.Sprint(r)
			}
		}()
		register()
		return ""
	}
	wrong := "is not a name: use 1 to 64 of the characters a-z, 0-9, _ and -"
	for name, want := range map[string]string{
		"": wrong, "Points": wrong, "a b": wrong, "积分": wrong, strings.Repeat("a", 65): wrong, strings.Repeat("a", 64): "",
	} {
		got := panics(func() { follower.Own[int](name) })
		if (got == "") != (want == "") || !strings.Contains(got, want) {
			t.Errorf("%q: %q, want %q", name, got, want)
		}
	}
	if got := panics(func() { follower.Own[card]("test-cards") }); got != "" {
		t.Errorf("the same name and type: %s", got)
	}
	want := `follower.Own: "test-cards" is of type follower_test.card already, and now of string: choose another name`
	if diff := cmp.Diff(want, panics(func() { follower.Own[string]("test-cards") })); diff != "" {
		t.Errorf("the same name, another type (-want +got):\n%s", diff)
	}
}
