package stack

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"net/http/httputil"
	"net/netip"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/feature/dynamodb/attributevalue"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/guanzhu/guanzhu/internal/autoreply"
	"github.com/guanzhu/guanzhu/pkg/wechat"
	"github.com/guanzhu/guanzhu/pkg/wechattest"
)

const (
	userInfo    = "/cgi-bin/user/info"
	stableToken = "/cgi-bin/stable_token"
	writeFollow = "TransactWriteItems" // how the table is asked to store a follow
)

// TestChaos kills the function as it is built for Lambda, runs several of it, and takes away the table and the platform.
// Whatever happens, an answer comes before WeChat hangs up, and the records end as if each push had come once.
func TestChaos(t *testing.T) {
	rie, endpoint := part(t, emulator), part(t, dynamoDB)
	dir := t.TempDir()
	bootstrap := filepath.Join(dir, "bootstrap")
	run(t, nil, "make", "bootstrap", "FUNCTION=webhook", "BOOTSTRAP="+bootstrap)
	// Of the function's process only the emulator knows the id; this tells it, and becomes the function.
	tellPID := filepath.Join(dir, "tell-pid")
	script := "#!/bin/sh\necho $$ >\"$GUANZHU_TEST_PID\"\nexec '" + bootstrap + "'\n"
	if err := os.WriteFile(tellPID, []byte(script), 0o700); err != nil {
		t.Fatal(err)
	}

	// How long the start takes, the secrets read, for docs/performance.md; nothing else runs meanwhile.
	t.Run("cold start", func(t *testing.T) { coldStart(newChaos(t, rie, tellPID, endpoint, 1, nil)) })

	build := func(t *testing.T, instances int, env ...string) *chaos {
		t.Helper()
		t.Parallel()
		return newChaos(t, rie, tellPID, endpoint, instances, env)
	}

	// Nothing is stored of a follow whose profile was being fetched; the next delivery stores all.
	t.Run("killed in the fetch", func(t *testing.T) {
		c := build(t, 1)
		subscribe := c.follow(openid, "qrscene_spring")
		arrived := c.api.nextCalls(t, 1, userInfo, hold)
		c.dieWith(subscribe, arrived)
		c.wantStored(openid, nil)
		c.wantWelcome(subscribe)
		c.table.wantFollower(t, openid, c.now)
	})

	// The same where the profile is there and the table is just being asked.
	t.Run("killed between fetch and write", func(t *testing.T) {
		c := build(t, 1)
		subscribe := c.follow(openid, "qrscene_spring")
		arrived := c.db.nextCalls(t, 1, writeFollow, hold)
		c.dieWith(subscribe, arrived)
		c.wantStored(openid, nil)
		c.wantWelcome(subscribe)
		c.table.wantFollower(t, openid, c.now)
	})

	// What was stored before the death stays as it is: the next delivery begins no other session.
	t.Run("killed between write and answer", func(t *testing.T) {
		c := build(t, 1)
		subscribe := c.follow(openid, "qrscene_spring")
		arrived := c.db.nextCalls(t, 1, writeFollow, holdAnswer)
		c.dieWith(subscribe, arrived)
		c.table.wantFollower(t, openid, c.now)
		c.wantDelivered(c.account.Text(openid, c.now, 1, "登录")) // puts a ticket into the session
		stored := c.table.items(t, openid)
		c.wantWelcome(subscribe)
		c.wantStored(openid, stored)
	})

	// The answer to a write is lost: the function asks again, and finds that it was its own.
	t.Run("answer of the table lost", func(t *testing.T) {
		c := build(t, 1)
		c.db.nextCalls(t, 1, writeFollow, lose)
		c.wantWelcome(c.follow(openid, "qrscene_spring"))
		c.table.wantFollower(t, openid, c.now)
	})

	// Three deliveries of one follow stand before the write at the same time: all are welcomed, one session begins.
	t.Run("three instances at one write", func(t *testing.T) {
		c := build(t, 3)
		subscribe := c.follow(openid, "qrscene_spring")
		arrived := c.db.nextCalls(t, 3, writeFollow, hold)
		delivered := c.deliver([][]byte{subscribe}, wechattest.Chaos{Copies: 3, Parallel: 3})
		arrived()
		c.db.set(nil)
		for _, attempt := range (<-delivered)[0].Attempts {
			c.wantStatus(attempt, http.StatusOK)
		}
		c.wantWelcome(subscribe)
		c.table.wantFollower(t, openid, c.now)
	})

	t.Run("table away", func(t *testing.T) { t.Parallel(); tableAway(t, build) })
	t.Run("platform away", func(t *testing.T) { t.Parallel(); platformAway(t, build) })
	t.Run("token refused", func(t *testing.T) { t.Parallel(); tokenRefused(t, build) })
	// Nothing that was acknowledged is lost: each push comes once, and again only where it was not acknowledged.
	t.Run("sixty followers, each push once", func(t *testing.T) { sixtyFollowers(t, build(t, 3), 1) })
	// Nothing is done twice.
	t.Run("sixty followers, each push three times", func(t *testing.T) { sixtyFollowers(t, build(t, 3), 3) })
}

// coldStart kills the idle instance again and again and logs what the first answers of the next ones take.
func coldStart(c *chaos) {
	text := c.account.Text(openid, c.now, 1, "你好")
	var cold, warm []time.Duration
	for range 21 {
		first, second := c.push(text), c.push(text)
		c.wantStatus(first, http.StatusOK)
		c.wantStatus(second, http.StatusOK)
		cold, warm = append(cold, first.Took), append(warm, second.Took)
		c.kill(0)
		c.wantStatus(c.push(text), http.StatusInternalServerError) // by this the emulator notices
	}
	slices.Sort(cold)
	slices.Sort(warm)
	c.Logf("first answer of a new instance: median %v, longest %v; the second: median %v, longest %v",
		cold[10], cold[20], warm[10], warm[20])
}

type builder func(t *testing.T, instances int, env ...string) *chaos

// tableAway sends all that needs the table while it is not there, from a cold start on: 500 before WeChat hangs up,
// nothing acknowledged; what needs no table is answered.
func tableAway(t *testing.T, build builder) {
	tests := []struct {
		name  string
		table fault
		slow  bool // the platform, too
	}{
		{"connections cut", cut, false},
		{"silent", hold, false},
		{"silent, and the platform slow", hold, true},
		{"failing", fail, false},
		{"throttled", throttle, false},
		{"all answers lost", lose, false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			c := build(t, 4)
			c.db.always(tt.table)
			if tt.slow {
				c.platform.Delay(stableToken, 8*time.Second)
				c.platform.Delay(userInfo, 8*time.Second)
			}
			const gone, asking = "oSAMPLEfollower0000000000002", "oSAMPLEfollower0000000000003"
			messages := [][]byte{
				c.follow(openid, "qrscene_spring"),
				c.account.Unsubscribe(gone, c.now),
				c.account.Text(openid, c.now, 1, "@a bench outside"),
				c.account.Text(asking, c.now, 2, "登录"), // answered by a personal link
			}
			for _, d := range <-c.deliver(messages, wechattest.Chaos{Parallel: 4}) {
				c.wantStatus(d.Attempts[0], http.StatusInternalServerError)
			}
			if stored := c.table.all(t); tt.table != lose && len(stored) > 0 {
				t.Errorf("stored: %v", stored)
			}
			c.wantReply(c.account.Text(openid, c.now, 3, "你好"), c.owners.Answer("你好"))

			c.db.set(nil)
			c.platform.Delay(stableToken, 0)
			c.platform.Delay(userInfo, 0)
			for _, d := range <-c.deliver(messages, wechattest.Chaos{Parallel: 4}) {
				c.wantStatus(d.Attempts[0], http.StatusOK)
			}
			want := map[string]int{openid: 2, gone: 1, asking: 2, "suggestions#" + c.month(): 1, "suggested#": 1}
			got := map[string]int{}
			for _, item := range c.table.all(t) {
				pk := item["pk"].(string)
				if strings.HasPrefix(pk, "suggested#") {
					pk = "suggested#" // of whichever day
				}
				if pk != "#account" {
					got[pk]++
				}
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("records of each pk (-want +got):\n%s", diff)
			}
		})
	}

	// A table that does not exist is no reason to acknowledge anything either.
	t.Run("not there at all", func(t *testing.T) {
		c := build(t, 1, "TABLE_NAME=guanzhu-no-such-table")
		c.wantStatus(c.push(c.follow(openid, "")), http.StatusInternalServerError)
	})
}

// platformAway lets followers come while the platform's API does not work: they are welcomed in time and stored, and the
// next delivery completes what can be completed.
func platformAway(t *testing.T, build builder) {
	for _, tt := range []struct {
		name  string
		begin func(*chaos)
		end   func(*chaos)
		want  string
	}{
		{"connections cut", func(c *chaos) { c.api.always(cut) }, func(c *chaos) { c.api.set(nil) }, "pending"},
		{"silent", func(c *chaos) { c.api.always(hold) }, func(c *chaos) { c.api.set(nil) }, "pending"},
		{"slow",
			func(c *chaos) { c.platform.Delay(userInfo, 8*time.Second) },
			func(c *chaos) { c.platform.Delay(userInfo, 0) }, "pending"},
		{"HTML", func(c *chaos) { c.platform.FailHTML(userInfo, 1) }, nil, "pending"},
		{"busy (-1)", func(c *chaos) { c.platform.Fail(userInfo, -1, 3) }, nil, "pending"},
		{"quota used up (45009)", func(c *chaos) { c.platform.Fail(userInfo, 45009, 1) }, nil, "pending"},
		{"no permission (48001)", func(c *chaos) { c.platform.Fail(userInfo, 48001, 1) }, nil, "unavailable"},
		{"not on the whitelist (40164)",
			func(c *chaos) { c.platform.Whitelist(netip.MustParsePrefix("192.0.2.0/24")) },
			func(c *chaos) { c.platform.Whitelist() }, "pending"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			c := build(t, 1)
			subscribe := c.follow(openid, "qrscene_spring")
			tt.begin(c)
			c.wantWelcome(subscribe)
			items := c.table.items(t, openid)
			if len(items) != 2 || items[0]["profile"] != tt.want || items[0]["event_time"] != float64(c.now.Unix()) {
				t.Fatalf("stored: %v, want the follower, %s, and the session", items, tt.want)
			}
			if tt.end != nil {
				tt.end(c)
			}
			c.wantWelcome(subscribe)
			if tt.want == "pending" {
				c.table.wantFollower(t, openid, c.now)
			} else {
				c.wantStored(openid, items)
			}
		})
	}
}

// tokenRefused has three instances with the same access token in memory, and a push in flight in each, when the platform
// refuses that token: where a refresh has to be forced, one is.
func tokenRefused(t *testing.T, build builder) {
	for _, tt := range []struct {
		name       string
		refuse     func(*chaos)
		wantForced int32
	}{
		{"another program has refreshed it", func(c *chaos) { c.platform.RevokeToken() }, 0},
		{"40001, and no other is given", func(c *chaos) { c.platform.BreakToken() }, 1},
		{"40014", func(c *chaos) { c.platform.Fail(userInfo, 40014, 3) }, 1},
		{"42001", func(c *chaos) { c.platform.Fail(userInfo, 42001, 3) }, 1},
	} {
		t.Run(tt.name, func(t *testing.T) {
			c := build(t, 3)
			var first, second [][]byte
			for i := range 3 {
				first = append(first, c.follow(fmt.Sprintf("oSAMPLEfollower00000000001%02d", i), ""))
				second = append(second, c.follow(fmt.Sprintf("oSAMPLEfollower00000000002%02d", i), ""))
			}
			arrived := c.api.nextCalls(t, 3, userInfo, hold) // so that each goes to an instance of its own
			delivered := c.deliver(first, wechattest.Chaos{Parallel: 3})
			arrived()
			c.api.set(nil)
			<-delivered
			asked := c.platform.Calls(stableToken)

			arrived = c.api.nextCalls(t, 3, userInfo, hold)
			delivered = c.deliver(second, wechattest.Chaos{Parallel: 3})
			arrived()
			tt.refuse(c)
			c.api.set(nil)
			for _, d := range <-delivered {
				c.wantStatus(d.Attempts[0], http.StatusOK)
			}
			if c.platform.Calls(stableToken) == asked {
				t.Error("no instance has asked for another token")
			}
			for _, message := range second { // who was refused and could not wait for the refresh is completed now
				c.wantWelcome(message)
			}
			for i := range 3 {
				items := c.table.items(t, fmt.Sprintf("oSAMPLEfollower00000000002%02d", i))
				if len(items) != 2 || items[0]["profile"] != "complete" {
					t.Errorf("stored: %v, want a complete follower and the session", items)
				}
			}
			if got := c.forced.Load(); got != tt.wantForced {
				t.Errorf("%d refreshes were forced, want %d", got, tt.wantForced)
			}
		})
	}
}

// sixtyFollowers delivers the stories of sixty, in copies, shuffled, three pushes at the same time over three instances,
// while these are killed and all around them fails now and then. After the retry of what was not acknowledged the table
// is as if each push had come once, in the order of its time.
func sixtyFollowers(t *testing.T, c *chaos, copies int) {
	var messages [][]byte
	want := map[string]map[string]any{} // by what record makes of them
	expect := func(item map[string]any) { want[fmt.Sprint(item)] = item }
	begun := c.now.Add(-2 * time.Hour)
	for i := range 60 {
		openid := fmt.Sprintf("oSAMPLEfollower00000000000%02d", i)
		at := func(second int) time.Time { return begun.Add(time.Duration(100*i+second) * time.Second) }
		follow := func(second int) { messages = append(messages, c.account.Subscribe(openid, at(second), "")) }
		unfollow := func(second int) { messages = append(messages, c.account.Unsubscribe(openid, at(second))) }
		suggest := func(second int) {
			text := "@suggestion " + strconv.Itoa(len(messages))
			messages = append(messages, c.account.Text(openid, at(second), int64(i), text))
			month := "suggestions#" + at(second).In(wechat.ChinaTime).Format("2006-01")
			expect(map[string]any{"pk": month, "text": text, "at": float64(at(second).Unix()), "handled": false})
		}
		follows, gone := 0, -1 // the last follow, the last unfollow
		switch follow(0); i % 6 {
		case 1:
			suggest(1)
		case 2:
			unfollow(2)
			gone = 2
		case 3:
			suggest(1)
			unfollow(2)
			gone = 2
		case 4:
			unfollow(2)
			follow(3)
			follows = 3
		case 5:
			suggest(0)
			unfollow(0) // in the second of the follow: the unfollow wins
			gone = 0
		}
		c.platform.Follow(openid, profile(at(follows)))
		if gone >= 0 {
			expect(map[string]any{"pk": openid, "sk": "follower", "event_time": float64(at(gone).Unix())})
			continue
		}
		seconds := float64(at(follows).Unix())
		expect(map[string]any{
			"pk": openid, "sk": "follower", "openid": openid, "event_time": seconds, "subscribed_at": seconds,
		})
		expect(map[string]any{"pk": openid, "sk": "session", "event_time": seconds})
	}

	for _, errcode := range []int{-1, 45009, 40164, 42001} {
		c.platform.Fail(userInfo, errcode, 3)
	}
	c.platform.FailHTML(userInfo, 3)
	calls := 0
	c.db.set(func(string) fault {
		calls++
		if calls%17 == 0 {
			c.kill(calls / 17 % 3)
		}
		if calls%9 == 0 {
			return []fault{cut, lose, fail, throttle}[calls/9%4]
		}
		return pass
	})
	fetches := 0
	c.api.set(func(string) fault {
		fetches++
		if fetches%11 == 0 {
			return []fault{cut, lose}[fetches/11%2]
		}
		return pass
	})
	deliveries := <-c.deliver(messages, wechattest.Chaos{Seed: 60, Copies: copies, Parallel: 3})
	c.db.set(nil)
	c.api.set(nil)

	again, failed := 0, 0
	for i, d := range deliveries {
		for _, attempt := range d.Attempts {
			if attempt.Status == 0 {
				t.Errorf("no answer: %v", attempt.Err)
			}
			if attempt.Err != nil {
				failed++
			}
		}
		if d.Err != nil {
			again++
			c.wantDelivered(messages[i])
		}
	}
	t.Logf("%d of %d deliveries failed, %d pushes were delivered once more, %d kills",
		failed, copies*len(messages), again, c.kills.Load())
	if c.kills.Load() < 5 || failed < 5 {
		t.Error("this was no chaos")
	}

	got := map[string]map[string]any{}
	for _, item := range c.table.all(t) {
		if pk := item["pk"].(string); pk == "#account" || strings.HasPrefix(pk, "suggested#") {
			continue // the counts of suggestions have their own tests
		}
		record(t, item)
		if key := fmt.Sprint(item); got[key] != nil {
			t.Errorf("twice: %v", item)
		} else {
			got[key] = item
		}
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("records (-want +got):\n%s", diff)
	}
}

// record leaves of an item what does not depend on the function's clock and on which fetches failed. A suggestion's
// second key holds a hash of its writer.
func record(t *testing.T, item map[string]any) {
	t.Helper()
	if state := item["profile"]; state != nil && state != "complete" && state != "pending" {
		t.Errorf("profile: %v", state)
	}
	if (item["profile"] == "pending") != (item["pending_since"] != nil) {
		t.Errorf("profile %v, pending_since %v", item["profile"], item["pending_since"])
	}
	if item["expires_at"] != nil && item["openid"] != nil {
		t.Error("a tombstone has an openid")
	}
	for _, name := range []string{
		"profile", "pending_since", "unionid", "language", "tags", "scene", "qr_scene", "established_at", "expires_at",
	} {
		if name != "expires_at" && item["openid"] == nil && item["sk"] == "follower" && item[name] != nil {
			t.Errorf("a tombstone has %s", name)
		}
		delete(item, name)
	}
	if strings.HasPrefix(item["pk"].(string), "suggestions#") {
		delete(item, "sk")
	}
}

// chaos is the function in several instances, with all that is around it.
type chaos struct {
	*testing.T
	account   wechattest.Account
	owners    *autoreply.Account
	platform  *wechattest.Platform
	api, db   *door
	table     table
	url       string
	now       time.Time
	forced    atomic.Int32 // forced refreshes of the access token
	kills     atomic.Int32
	instances []*instance
	slowest   struct {
		sync.Mutex
		time.Duration
	}
}

func newChaos(t *testing.T, rie, bootstrap, endpoint string, instances int, env []string) *chaos {
	t.Helper()
	c := &chaos{
		T: t,
		account: wechattest.Account{AppID: appID, Token: "guanzhuSampleToken", ID: accountID,
			EncodingAESKey: "abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG"},
		owners:   ownersAccount(t),
		platform: wechattest.New(wechattest.Config{AppID: appID, AppSecret: appSecret}),
		table:    createTable(t, endpoint),
		now:      time.Now().Truncate(time.Second),
	}
	c.api = openDoor(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			t.Error(err)
		}
		if bytes.Contains(body, []byte(`"force_refresh":true`)) {
			c.forced.Add(1)
		}
		r.Body = io.NopCloser(bytes.NewReader(body))
		c.platform.ServeHTTP(w, r)
	}))
	target, err := url.Parse(endpoint)
	if err != nil {
		t.Fatal(err)
	}
	c.db = openDoor(t, httputil.NewSingleHostReverseProxy(target))

	env = append([]string{
		"AWS_LAMBDA_LOG_FORMAT=JSON", "AWS_LAMBDA_LOG_LEVEL=DEBUG", "AWS_REGION=" + region, "AWS_ACCESS_KEY_ID=" + accessKey, "AWS_SECRET_ACCESS_KEY=" + secretKey,
		"WECHAT_APP_ID=" + appID, "WECHAT_SECRETS=ssm:/guanzhu/test", "WECHAT_API_URL=" + c.api.url,
		"TABLE_NAME=" + c.table.name, "AWS_ENDPOINT_URL_DYNAMODB=" + c.db.url,
		"AWS_ENDPOINT_URL_SSM=" + parameterStore(t, "/guanzhu/test", map[string]string{
			"token": c.account.Token, "app_secret": appSecret, "encoding_aes_key": c.account.EncodingAESKey,
		}),
	}, env...)
	for range instances {
		c.instances = append(c.instances, startInstance(t, rie, bootstrap, env))
	}
	c.url = behindGateway(t, func(err error) {
		if c.kills.Load() == 0 {
			t.Error(err)
		}
	}, c.instances...)
	t.Cleanup(func() {
		t.Logf("the slowest answer took %v", c.slowest.Round(time.Millisecond))
		for _, i := range c.instances {
			wantNothingTold(t, i.printed.String(), "suggestion ", "bench", "你好")
		}
	})
	return c
}

// follow makes openid a follower on the platform and returns the push of that.
func (c *chaos) follow(openid, eventKey string) []byte {
	c.platform.Follow(openid, profile(c.now))
	return c.account.Subscribe(openid, c.now, eventKey)
}

// deliver sends the messages without waiting for the end.
func (c *chaos) deliver(messages [][]byte, how wechattest.Chaos) <-chan []wechattest.Delivery {
	done := make(chan []wechattest.Delivery, 1)
	go func() {
		deliveries := c.account.DeliverAll(c.Context(), http.DefaultClient, c.url, wechattest.Safe, messages, how)
		c.slowest.Lock()
		defer c.slowest.Unlock()
		for _, d := range deliveries {
			for _, attempt := range d.Attempts {
				c.slowest.Duration = max(c.slowest.Duration, attempt.Took)
			}
		}
		done <- deliveries
	}()
	return done
}

// push delivers message once.
func (c *chaos) push(message []byte) wechattest.Attempt {
	return (<-c.deliver([][]byte{message}, wechattest.Chaos{}))[0].Attempts[0]
}

// dieWith delivers message and kills its instance when arrived returns.
func (c *chaos) dieWith(message []byte, arrived func()) {
	c.Helper()
	delivered := c.deliver([][]byte{message}, wechattest.Chaos{})
	arrived()
	c.kill(0)
	c.wantStatus((<-delivered)[0].Attempts[0], http.StatusInternalServerError)
}

// kill ends the process of instance i at once. The emulator starts another at the next invocation, or, where none was
// under way, at the one after.
func (c *chaos) kill(i int) {
	c.kills.Add(1) // first, as the gateway may hear of the death before this returns
	if !c.instances[i].kill() {
		c.kills.Add(-1)
	}
}

// wantStatus checks that an answer came before WeChat hangs up, and which.
func (c *chaos) wantStatus(attempt wechattest.Attempt, want int) {
	c.Helper()
	if attempt.Status != want {
		c.Errorf("status %d after %v, want %d (%v)", attempt.Status, attempt.Took, want, attempt.Err)
	}
}

func (c *chaos) wantReply(message []byte, want wechat.Reply) {
	c.Helper()
	d := (<-c.deliver([][]byte{message}, wechattest.Chaos{}))[0]
	if d.Err != nil {
		c.Error(d.Err)
	} else if diff := cmp.Diff(marshalled(c.T, message, want), string(d.Reply)); diff != "" {
		c.Errorf("reply (-want +got):\n%s", diff)
	}
}

func (c *chaos) wantWelcome(message []byte) {
	c.Helper()
	c.wantReply(message, c.owners.Welcome())
}

// wantDelivered delivers message as WeChat does, up to three times.
func (c *chaos) wantDelivered(message []byte) {
	c.Helper()
	if _, _, err := c.account.Deliver(c.Context(), http.DefaultClient, c.url, wechattest.Safe, message); err != nil {
		c.Error(err)
	}
}

func (c *chaos) wantStored(pk string, want []map[string]any) {
	c.Helper()
	if diff := cmp.Diff(want, c.table.items(c.T, pk), cmpopts.EquateEmpty()); diff != "" {
		c.Errorf("stored (-want +got):\n%s", diff)
	}
}

func (c *chaos) month() string { return c.now.In(wechat.ChinaTime).Format("2006-01") }

// all returns the items of the table.
func (tab table) all(t *testing.T) (items []map[string]any) {
	t.Helper()
	out, err := tab.db.Scan(t.Context(), &dynamodb.ScanInput{TableName: &tab.name, ConsistentRead: aws.Bool(true)})
	if err != nil {
		t.Fatal(err)
	}
	if err := attributevalue.UnmarshalListOfMaps(out.Items, &items); err != nil {
		t.Fatal(err)
	}
	return items
}
