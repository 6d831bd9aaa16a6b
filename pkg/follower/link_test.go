package follower_test

import (
	"encoding/base64"
	"strings"
	"testing"
	"time"

	"github.com/guanzhu/guanzhu/pkg/follower"
	"github.com/guanzhu/guanzhu/pkg/wechat"
)

const (
	openid   = "oTESTfollower-000000000_0001"
	alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_" // of base64url
)

func text(openid string, at int64, msgID uint64) *wechat.Text {
	p := &wechat.Text{Content: "登录"}
	p.FromUserName, p.CreateTime, p.MsgType, p.MsgID = openid, at, "text", msgID
	return p
}

func event(at int64, name string) wechat.Push {
	p := &wechat.Raw{}
	p.FromUserName, p.CreateTime, p.MsgType, p.Event = openid, at, "event", name
	return p
}

func newTickets(t testing.TB, secret string) *follower.Tickets {
	t.Helper()
	tickets, err := follower.NewTickets(secret)
	if err != nil {
		t.Fatal(err)
	}
	return tickets
}

func TestTickets(t *testing.T) {
	t.Parallel()
	tickets := newTickets(t, "secret")
	seen := map[string]string{}
	for name, p := range map[string]wechat.Push{
		"a text":              text(openid, 1_700_000_000, 7),
		"another text":        text(openid, 1_700_000_000, 8),
		"another second":      text(openid, 1_700_000_001, 7),
		"another writer":      text(openid+"x", 1_700_000_000, 7),
		"no MsgId":            text(openid, 1_700_000_000, 0),
		"an event":            event(1_700_000_000, "CLICK"),
		"another event":       event(1_700_000_000, "subscribe"),
		"a name with a space": event(1_700_000_000, "a 1"),
	} {
		ticket := tickets.Seal(p)
		if again := newTickets(t, "secret").Seal(p); again != ticket {
			t.Errorf("%s: the same push gets another ticket", name)
		}
		if seen[ticket] != "" {
			t.Errorf("%s and %s get the same ticket", name, seen[ticket])
		}
		seen[ticket] = name
		if strings.Contains(ticket, openid) || len(ticket) > 200 || strings.Trim(ticket, alphabet) != "" {
			t.Errorf("%s: ticket %q", name, ticket)
		}
		whose, until, ok := tickets.Open(ticket)
		if want := p.Common().Time().Add(10 * time.Minute); !ok || whose != p.Common().FromUserName || !until.Equal(want) {
			t.Errorf("%s: opened %v: %q until %v, want until %v", name, ok, whose, until, want)
		}
		if _, _, ok := newTickets(t, "another secret").Open(ticket); ok {
			t.Errorf("%s: opened with another secret", name)
		}
	}
	if _, err := follower.NewTickets(""); err == nil {
		t.Error("an empty secret is taken")
	}
}

// FuzzOpenTicket: only what Seal has made is opened, in that one spelling.
func FuzzOpenTicket(f *testing.F) {
	tickets := newTickets(f, "secret")
	sealed := tickets.Seal(text(openid, 1_700_000_000, 77)) // its last character has bits that mean nothing
	for last := range strings.SplitSeq(alphabet, "") {
		f.Add(sealed[:len(sealed)-1] + last)
	}
	for _, seed := range []string{"", sealed, sealed + "\n", sealed[1:], sealed[:16], sealed + "=", strings.ToUpper(sealed), "AAAA"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, ticket string) {
		if _, _, ok := tickets.Open(ticket); ok && ticket != sealed {
			t.Errorf("opened %q", ticket)
		}
	})
}

// TestEveryBitCounts changes each bit of a ticket in turn.
func TestEveryBitCounts(t *testing.T) {
	t.Parallel()
	tickets := newTickets(t, "secret")
	raw, err := base64.RawURLEncoding.DecodeString(tickets.Seal(text(openid, 1_700_000_000, 7)))
	if err != nil {
		t.Fatal(err)
	}
	for bit := range len(raw) * 8 {
		raw[bit/8] ^= 1 << (bit % 8)
		if _, _, ok := tickets.Open(base64.RawURLEncoding.EncodeToString(raw)); ok {
			t.Errorf("opened with bit %d changed", bit)
		}
		raw[bit/8] ^= 1 << (bit % 8)
	}
}
