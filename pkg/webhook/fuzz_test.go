package webhook_test

import (
	"bytes"
	"context"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/guanzhu/guanzhu/internal/telemetry"
	"github.com/guanzhu/guanzhu/internal/world"
	"github.com/guanzhu/guanzhu/pkg/follower"
	"github.com/guanzhu/guanzhu/pkg/webhook"
	"github.com/guanzhu/guanzhu/pkg/wechat"
	"github.com/guanzhu/guanzhu/pkg/wechattest"
)

// countingStore counts writes and stores nothing.
type countingStore struct {
	follower.Store
	follows, unfollows, suggestions, tickets, changes int
}

func (s *countingStore) Follow(_ context.Context, f follower.Follower, _ follower.Session) (follower.Follower, bool, error) {
	s.follows++
	return f, true, nil
}

func (s *countingStore) Unfollow(context.Context, string, time.Time, time.Time) error {
	s.unfollows++
	return nil
}

func (s *countingStore) AddSuggestion(context.Context, follower.Suggestion) (bool, error) {
	s.suggestions++
	return true, nil
}

func (s *countingStore) ChangeSession(context.Context, string, func(*follower.Session) error) error {
	s.changes++
	return follower.ErrNotFound
}

func (s *countingStore) AddTicket(context.Context, follower.Ticket, follower.Follower, follower.Session) (bool, error) {
	s.tickets++
	return true, nil
}

func (s *countingStore) writes() int {
	return s.follows + s.unfollows + s.suggestions + s.tickets + s.changes
}

// counted returns an endpoint that writes to store and logs nothing, and the account that sends pushes to it.
func counted(f *testing.F, mode wechattest.Mode, store follower.Store) (*webhook.Handler, wechattest.Account) {
	f.Helper()
	w := world.New(f, world.Options{Mode: mode, Account: replies})
	w.Service.Store, w.Service.Profiler = store, noPermission{}
	c := w.Endpoint()
	c.Log = slog.New(telemetry.NewHandler(io.Discard, slog.LevelInfo, nil))
	return endpoint(f, c), w.Pusher
}

type noPermission struct{}

func (noPermission) Profile(context.Context, string) (follower.Profile, error) {
	return follower.Profile{}, follower.ErrNoPermission
}

// FuzzRequest sends any query and any body. Without the platform's signature, the endpoint never answers 200 and stores
// nothing. The seeds have signed queries with one character added, so that the fuzzer begins next to accepted ones.
func FuzzRequest(f *testing.F) {
	samples, err := filepath.Glob("../../events/*.xml")
	if err != nil || len(samples) == 0 {
		f.Fatalf("no samples: %v", err)
	}
	stores := [2]*countingStore{{}, {}}
	plain, platform := counted(f, wechattest.Plain, stores[0])
	safe, _ := counted(f, wechattest.Safe, stores[1])
	for _, sample := range samples {
		body, err := os.ReadFile(sample)
		if err != nil {
			f.Fatal(err)
		}
		r, err := platform.Request(f.Context(), world.EndpointURL, wechattest.Plain, body, now)
		if err != nil {
			f.Fatal(err)
		}
		f.Add("X"+r.URL.RawQuery, body)
	}
	f.Add("signature[]=a&timestamp=1795348800&nonce=1&nonce=2&echostr=x", []byte("{}"))
	f.Add("%zz;&=&&timestamp=-9223372036854775808", []byte{0})
	f.Fuzz(func(t *testing.T, query string, body []byte) {
		for i, h := range []http.Handler{plain, safe} {
			*stores[i] = countingStore{}
			r := httptest.NewRequest(http.MethodPost, world.EndpointURL, bytes.NewReader(body))
			r.URL.RawQuery = query
			for _, method := range []string{http.MethodGet, http.MethodPost} {
				r.Method = method
				answer := httptest.NewRecorder()
				h.ServeHTTP(answer, r)
				switch answer.Code {
				case http.StatusForbidden, http.StatusRequestEntityTooLarge:
				case http.StatusOK:
					q := r.URL.Query()
					if i == 0 && wechat.VerifySignature(q.Get("signature"), token, q.Get("timestamp"), q.Get("nonce")) {
						return // the fuzzer has removed the X
					}
					t.Errorf("%s is accepted", method)
				default:
					t.Errorf("%s: status %d", method, answer.Code)
				}
			}
			if stores[i].writes() != 0 {
				t.Fatalf("stored: %+v", *stores[i])
			}
		}
	})
}

// FuzzText sends a push with any text, correctly signed. Only suggestions and requests for a personal link write to the store.
func FuzzText(f *testing.F) {
	store := new(countingStore)
	h, platform := counted(f, wechattest.Safe, store)
	for _, seed := range []string{"", "@", "＠a", " @", "你好", "登录", " 登录 ", "a]]>b", "]]></Content><MsgType>event</MsgType><Content><![CDATA[", "\x00@", "\xff", "{personal_link}"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		*store = countingStore{}
		message := bytes.Replace(platform.Text(openid, now, 1, "MARK"), []byte("MARK"), []byte(text), 1)
		r, err := platform.Request(t.Context(), world.EndpointURL, wechattest.Safe, message, now)
		if err != nil {
			t.Fatal(err)
		}
		answer := httptest.NewRecorder()
		h.ServeHTTP(answer, r)
		p, err := wechat.ParsePush(message)
		if err != nil {
			if answer.Code != http.StatusForbidden || store.writes() != 0 {
				t.Errorf("a push that cannot be read: status %d, stored %+v", answer.Code, *store)
			}
			return
		}
		content := strings.TrimSpace(p.(*wechat.Text).Content)
		reply, err := platform.OpenReply(answer.Body.Bytes())
		if err != nil || answer.Code != http.StatusOK || !utf8.Valid(reply) {
			t.Fatalf("status %d, %q, %v", answer.Code, reply, err)
		}
		want := countingStore{}
		if strings.HasPrefix(content, "@") || strings.HasPrefix(content, "＠") {
			want.suggestions = 1
		} else if content == "登录" {
			want.tickets = 1
		}
		if *store != want {
			t.Errorf("%q stored %+v, want %+v", content, *store, want)
		}
	})
}
