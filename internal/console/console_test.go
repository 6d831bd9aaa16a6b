package console_test

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/guanzhu/guanzhu/internal/bilingual"
	"github.com/guanzhu/guanzhu/internal/console"
	"github.com/guanzhu/guanzhu/pkg/secrets"
	"github.com/guanzhu/guanzhu/pkg/wechattest"
)

const (
	consoleURL = "http://127.0.0.1:8080"
	accountURL = "http://127.0.0.1:8081"
	openid     = console.SampleFollower

	appSecret = "the-app-secret-of-the-tests"
	yaml      = "welcome: 欢迎\ndefault: 收到\nsuggestion: 谢谢\nkeywords:\n  - exact: 登录\n    reply: '{personal_link}'\n" +
		"clicks:\n  about: 关于\nmenu:\n  button:\n    - {name: 关于, type: click, key: about}\n    - {name: 主页, type: view, url: /}\n" +
		"messages: {video: 看到了}\n"
)

// desk is a console that a test drives by its API.
type desk struct {
	*testing.T
	*console.Console
	config console.Config
	now    time.Time // this machine's clock
	mu     *sync.Mutex
	closed bool
}

// stop ends the console.
func (d *desk) stop() {
	d.Helper()
	d.closed = true
	if err := d.Close(); err != nil {
		d.Fatal(err)
	}
}

func newDesk(t *testing.T, change func(*console.Config)) *desk {
	t.Helper()
	d := &desk{T: t, mu: new(sync.Mutex), now: time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)}
	dir := t.TempDir()
	d.config = console.Config{
		AppID: "wx0123456789abcdef", Secrets: secrets.Secrets{Token: "the-token-of-the-tests", AppSecret: appSecret},
		File: filepath.Join(dir, ".guanzhu", "console.db"), AccountFile: filepath.Join(dir, "account.yaml"),
		ScenarioDir: filepath.Join(dir, "scenarios"), URL: consoleURL, AccountURL: accountURL, Printf: t.Logf,
		Now: func() time.Time {
			d.mu.Lock()
			defer d.mu.Unlock()
			return d.now
		},
	}
	d.write(yaml)
	if err := os.Mkdir(filepath.Join(dir, "media"), 0o700); err != nil { // without it, the files of the owner are published
		t.Fatal(err)
	}
	if change != nil {
		change(&d.config)
	}
	d.start()
	t.Cleanup(func() {
		if !d.closed {
			_ = d.Close()
		}
	})
	return d
}

func (d *desk) write(account string) {
	d.Helper()
	if err := os.WriteFile(d.config.AccountFile, []byte(account), 0o600); err != nil {
		d.Fatal(err)
	}
}

func (d *desk) start() {
	d.Helper()
	var err error
	d.closed = false
	if d.Console, err = console.New(d.config); err != nil {
		d.Fatal(err)
	}
}

// request makes a request of the page.
func (d *desk) request(method, path, body string, header ...string) *httptest.ResponseRecorder {
	d.Helper()
	r := httptest.NewRequestWithContext(d.Context(), method, d.config.URL+path, strings.NewReader(body))
	for i := 0; i < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
		if header[i] == "Host" {
			r.Host = header[i+1]
		}
	}
	w := httptest.NewRecorder()
	d.Page().ServeHTTP(w, r)
	return w
}

// call makes a request that must succeed, and decodes its answer.
func call[T any](d *desk, method, path, body string) T {
	d.Helper()
	var answer T
	w := d.request(method, path, body)
	if w.Code != http.StatusOK {
		d.Fatalf("%s %s %s: %d %s", method, path, body, w.Code, w.Body)
	}
	if err := json.Unmarshal(w.Body.Bytes(), &answer); err != nil {
		d.Fatal(err)
	}
	return answer
}

// refused makes a request that must be refused with these words, in both languages.
func (d *desk) refused(method, path, body, words string) {
	d.Helper()
	w := d.request(method, path, body)
	var answer struct{ Error struct{ ZH, EN string } }
	if err := json.Unmarshal(w.Body.Bytes(), &answer); err != nil || w.Code < 400 || !strings.Contains(answer.Error.EN, words) ||
		answer.Error.ZH == "" {
		d.Errorf("%s %s %s: %d %s, want a refusal with %q", method, path, body, w.Code, w.Body, words)
	}
}

func (d *desk) send(action string, members ...string) *console.Item {
	d.Helper()
	in := map[string]string{"openid": openid, "action": action}
	for i := 0; i < len(members); i += 2 {
		if members[i] != "" {
			in[members[i]] = members[i+1]
		}
	}
	body, err := json.Marshal(in)
	if err != nil {
		d.Fatal(err)
	}
	return call[*console.Item](d, "POST", "/api/send", string(body))
}

func (d *desk) state() console.State {
	d.Helper()
	return call[console.State](d, "GET", "/api/state", "")
}

func (d *desk) items() []*console.Item {
	d.Helper()
	return call[struct{ Items []*console.Item }](d, "GET", "/api/items?limit=2000", "").Items
}

// records returns the sort keys of openid's records.
func (d *desk) records() string {
	d.Helper()
	var keys []string
	for _, r := range call[[]struct{ PK, SK string }](d, "GET", "/api/records", "") {
		name, _, _ := strings.Cut(r.SK, "#")
		keys = append(keys, name)
	}
	return strings.Join(keys, " ")
}

func (d *desk) advance(by string) {
	d.Helper()
	call[console.State](d, "POST", "/api/clock", `{"advance":"`+by+`"}`)
}

func content(i *console.Item) string {
	if i.Reply == nil {
		return ""
	}
	return i.Reply.Content
}

// TestFreshConsole: nothing on the first timeline looks like a fault, and the phone has a name of the console's language.
func TestFreshConsole(t *testing.T) {
	d := newDesk(t, nil)
	for _, i := range d.items() {
		for _, s := range i.Steps {
			if i.Failed || s.Failed && s.Kind != console.Log {
				t.Errorf("%s: %s %s", i.Title, s.Name, s.Error)
			}
		}
	}
	if name := d.state().Followers[0].Name; name != "Follower 1" {
		t.Errorf("the first phone is %q", name)
	}
}

func TestConversation(t *testing.T) {
	d := newDesk(t, nil)
	d.refused("POST", "/api/send", `{"openid":"`+openid+`","action":"text","content":"你好"}`, "follow first")
	follow := d.send("follow", "scene", "spring")
	if content(follow) != "欢迎" || follow.Failed || len(follow.Attempts) != 1 || follow.Decided.Route != "On *wechat.Subscribe" {
		t.Errorf("follow: %+v", follow)
	}
	var kinds []string
	for _, s := range follow.Steps {
		kinds = append(kinds, s.Kind+" "+s.Name)
		if s.Attempt != 1 {
			t.Errorf("step %+v belongs to no attempt", s)
		}
	}
	if diff := cmp.Diff([]string{"call /cgi-bin/user/info", "table store a follow", "log push"}, kinds); diff != "" {
		t.Error(diff)
	}
	if change := follow.Steps[1].Changes[0]; change.SK != "follower" || !strings.Contains(string(change.After), `"qr_scene":"spring"`) {
		t.Errorf("change %s → %s", change.Before, change.After)
	}
	for _, step := range []struct{ action, name, value, reply, route, rule string }{
		{"text", "content", "你好", "收到", "On *wechat.Text", "default"},
		{"text", "content", "@请开门", "谢谢", `OnText prefix "@"`, ""},
		{"click", "key", "about", "关于", "On *wechat.Click", "clicks: about"},
		{"click", "key", "nothing", "", "On *wechat.Click", ""},
		{"location", "label", "某路", "", "Default", ""},
		{"pic_sysphoto", "key", "photo", "", "Default", ""},
		{"location_select", "key", "place", "", "Default", ""},
		{"scancode_waitmsg", "key", "code", "", "Default", ""},
		{"miniprogram", "path", "pages/index", "", "Default", ""},
		{"view", "url", accountURL + "/", "", "On *wechat.View", ""},
		{"scan", "scene", "spring", "", "On *wechat.Scan", ""},
		{"voice", "", "", "", "Default", ""},
		{"video", "", "", "看到了", "Default", "messages: video"},
		{"shortvideo", "", "", "看到了", "Default", "messages: video"},
		{"link", "title", "新闻", "", "Default", ""},
		{"file", "title", "表格.xlsx", "", "Default", ""},
		{"report_location", "", "", "", "Default", ""},
	} {
		i := d.send(step.action, step.name, step.value)
		if content(i) != step.reply || i.Failed || i.Decided == nil || i.Decided.Route != step.route || i.Decided.Rule != step.rule {
			t.Errorf("%s %s: reply %q, failed %v, decided %+v", step.action, step.value, content(i), i.Failed, i.Decided)
		}
	}
	if got := d.records(); !strings.HasPrefix(got, "follower session ") {
		t.Errorf("records %s", got)
	}
	rule := d.send("text", "content", "登录")
	if !strings.Contains(content(rule), accountURL+"/enter?") || !strings.HasPrefix(rule.Decided.Rule, "account.yaml:5 exact") {
		t.Errorf("%q, decided %+v", content(rule), rule.Decided)
	}
	d.send("unfollow")
	if got := d.records(); strings.Contains(got, "session") {
		t.Errorf("records %s after the unfollow", got)
	}
	if again := d.send("follow"); content(again) != "欢迎" && again.Failed {
		t.Errorf("%+v", again)
	}
}

func TestModes(t *testing.T) {
	d := newDesk(t, nil)
	d.send("follow")
	for _, mode := range []string{"compatible", "safe", "plain"} {
		if got := call[console.State](d, "POST", "/api/settings", `{"mode":"`+mode+`"}`).Mode; got != mode {
			t.Fatal(got)
		}
		i := d.send("text", "content", "你好")
		sealed := mode != "plain"
		a := i.Attempts[0]
		if content(i) != "收到" || strings.Contains(a.Request.Body, "Encrypt") != sealed || (a.Response.Opened != "") != sealed {
			t.Errorf("%s: %q\n%s\n%s\n%s", mode, content(i), a.Request.Body, a.Response.Body, a.Response.Opened)
		}
	}
	call[console.State](d, "POST", "/api/settings", `{"kind":"test"}`)
	d.refused("POST", "/api/settings", `{"mode":"safe"}`, "plain mode only")
	personal := call[console.State](d, "POST", "/api/settings", `{"kind":"personal"}`)
	if last := d.items()[len(d.items())-1]; personal.Kind != "personal" || last.Title != "publish the menu" || !last.Failed {
		t.Errorf("%+v", last)
	}
}

func TestMenu(t *testing.T) {
	d := newDesk(t, nil)
	path := "/api/followers/" + openid + "/menu"
	type menu struct{ Button []struct{ Name, URL string } }
	if got := call[menu](d, "GET", path, ""); len(got.Button) != 0 {
		t.Errorf("%+v before the follow", got)
	}
	d.send("follow")
	got := call[menu](d, "GET", path, "")
	if len(got.Button) != 2 || got.Button[1].URL != accountURL+"/" {
		t.Errorf("%+v", got)
	}
}

// TestTableFaults: whatever fails, each push is delivered again until it is stored, once.
func TestTableFaults(t *testing.T) {
	for _, fault := range []struct {
		json     string
		attempts int
		failed   bool
	}{
		{`{"when":"before","times":1}`, 2, false},
		{`{"when":"after","times":2}`, 3, false},
		{`{"when":"before","times":0}`, 3, true},
		{`{"when":"before","kill":true,"times":1}`, 2, false},
		{`{"when":"after","kill":true,"times":1}`, 2, false},
	} {
		d := newDesk(t, nil)
		d.send("follow")
		before := d.state().Instance
		call[console.State](d, "POST", "/api/faults", `{"table":[`+fault.json+`]}`)
		i := d.send("text", "content", "@建议")
		if len(i.Attempts) != fault.attempts || i.Failed != fault.failed || !fault.failed && content(i) != "谢谢" {
			t.Errorf("%s: %d attempts, failed %v, reply %q", fault.json, len(i.Attempts), i.Failed, content(i))
		}
		if killed := d.state().Instance > before; killed != strings.Contains(fault.json, "kill") {
			t.Errorf("%s: killed %v", fault.json, killed)
		}
		stored := strings.Count(d.records(), " ")
		if want := map[bool]int{true: 1, false: 3}[fault.failed]; stored != want {
			t.Errorf("%s: records %s", fault.json, d.records())
		}
		call[console.State](d, "POST", "/api/faults", `{}`)
	}
}

// TestSlow: the platform is slower than the time that the account gives it, and the follow is stored as pending.
func TestSlow(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := newDesk(t, nil)
		call[console.State](d, "POST", "/api/faults", `{"platform":[{"path":"*","delay":10}]}`)
		i := d.send("follow")
		if content(i) != "欢迎" || i.Attempts[0].MS != 2000 || !strings.Contains(i.Steps[0].Error, "deadline") {
			t.Errorf("%+v %+v", i.Attempts[0], i.Steps[0])
		}
		if got := string(i.Steps[2].Changes[0].After); !strings.Contains(got, `"profile":"pending"`) {
			t.Error(got)
		}
	})
}

func TestErrcode(t *testing.T) {
	d := newDesk(t, nil)
	call[console.State](d, "POST", "/api/faults", `{"platform":[{"path":"/cgi-bin/user/info","errcode":45009,"times":1}]}`)
	i := d.send("follow")
	if s := i.Steps[0]; !s.Failed || !strings.Contains(s.Response.Body, "45009") || len(d.state().Faults.Platform) != 0 {
		t.Errorf("%+v, then %+v", s, d.state().Faults)
	}
	call[console.State](d, "POST", "/api/token", `{"revoke":true}`)
	d.send("unfollow")
	var calls []string
	for _, s := range d.send("follow").Steps {
		if s.Kind == console.Call {
			calls = append(calls, s.Name)
		}
	}
	if diff := cmp.Diff([]string{"/cgi-bin/user/info", "/cgi-bin/stable_token", "/cgi-bin/user/info"}, calls); diff != "" {
		t.Error(diff)
	}
}

func TestClock(t *testing.T) {
	d := newDesk(t, nil)
	d.send("follow")
	d.send("unfollow")
	if got := d.records(); got != "follower" {
		t.Fatalf("records %s", got)
	}
	d.advance("31d")
	if got := d.records(); got != "" {
		t.Errorf("records %s after 31 days: the tombstone must have vanished", got)
	}
	state := d.state()
	if want := d.now.Add(31 * 24 * time.Hour); !state.Clock.Now.Equal(want) || state.Clock.Offset != (31*24*time.Hour).Seconds() {
		t.Errorf("%+v, want %v", state.Clock, want)
	}
	if state = call[console.State](d, "POST", "/api/clock", `{"now":true}`); state.Clock.Offset != 0 {
		t.Errorf("%+v", state.Clock)
	}
	if state = call[console.State](d, "POST", "/api/clock", `{"to":"2027-01-01T00:00:00+08:00"}`); state.Clock.Now.Year() != 2026 {
		t.Errorf("%+v", state.Clock)
	}
	for _, wrong := range []string{"", "d", "1x", "-1d", "9999d", "tomorrow"} {
		d.refused("POST", "/api/clock", `{"advance":"`+wrong+`"}`, "a duration looks like")
	}
}

func TestReplay(t *testing.T) {
	d := newDesk(t, nil)
	follow := d.send("follow")
	suggestion := d.send("text", "content", "@建议")
	d.send("unfollow")
	type replayed struct{ Items []*console.Item }

	late := call[replayed](d, "POST", "/api/replay", fmt.Sprintf(`{"items":[%d]}`, follow.ID)).Items[0]
	if late.Of != follow.ID || late.Message != follow.Message || late.From != "replay" || !strings.HasPrefix(d.records(), "follower ") ||
		strings.Contains(d.records(), "session") {
		t.Errorf("a follow that comes after the unfollow: %+v, records %s", late, d.records())
	}
	many := call[replayed](d, "POST", "/api/replay",
		fmt.Sprintf(`{"from":%d,"rewind":true,"copies":3,"shuffle":true,"seed":7,"parallel":3}`, follow.ID)).Items
	if len(many) != 4 || len(many[0].Attempts) != 3 || strings.Contains(d.records(), "session") {
		t.Errorf("%d items, %d attempts, records %s", len(many), len(many[0].Attempts), d.records())
	}
	d.advance("1h")
	edited := call[replayed](d, "POST", "/api/replay", fmt.Sprintf(`{"items":[%d],"time":"now","message":%q}`, suggestion.ID,
		strings.ReplaceAll(suggestion.Message, "@建议", "另一句"))).Items[0]
	if content(edited) != "收到" || edited.Message == suggestion.Message || edited.Decided.Rule != "default" {
		t.Errorf("%+v", edited)
	}
	old := call[replayed](d, "POST", "/api/replay", fmt.Sprintf(`{"items":[%d],"time":"10m"}`, suggestion.ID)).Items[0]
	if at := d.state().Clock.Now.Add(-10 * time.Minute).Unix(); !strings.Contains(old.Message, fmt.Sprintf("<CreateTime>%d<", at)) {
		t.Errorf("%s, want CreateTime %d", old.Message, at)
	}
	for body, words := range map[string]string{
		`{}`: "items or from", `{"items":[999]}`: "no delivery", `{"items":[1],"copies":4}`: "copies is 1 to 3",
		`{"items":[2],"target":"ftp://x"}`: "an endpoint's URL", `{"items":[2],"rewind":true}`: "rewind needs from",
		`{"items":[2,2],"message":"x"}`: "one item", `{"items":[2],"unknown":1}`: "unknown",
	} {
		d.refused("POST", "/api/replay", body, words)
	}
}

// newServedDesk returns a desk whose account is at a real address.
func newServedDesk(t *testing.T) *desk {
	t.Helper()
	d := newDesk(t, nil)
	server := httptest.NewServer(nil)
	t.Cleanup(server.Close)
	d.config.AccountURL = server.URL
	d.stop()
	d.start()
	server.Config.Handler = d.Account()
	return d
}

// sendTo sends a delivery to the account of another desk, signed with the secrets of d.
func (d *desk) sendTo(other *desk, i *console.Item) *console.Item {
	d.Helper()
	return call[struct{ Items []*console.Item }](d, "POST", "/api/replay",
		fmt.Sprintf(`{"items":[%d],"target":"%s/login/wechat"}`, i.ID, other.config.AccountURL)).Items[0]
}

// outside returns the pushes from outside.
func (d *desk) outside() []*console.Item {
	d.Helper()
	return slices.DeleteFunc(d.items(), func(i *console.Item) bool { return i.From != "outside" })
}

// TestTarget sends a delivery to another program.
func TestTarget(t *testing.T) {
	other, d := newServedDesk(t), newDesk(t, nil)
	d.send("follow")
	if i := d.sendTo(other, d.send("text", "content", "你好")); content(i) != "收到" || i.Target == "" || len(i.Steps) != 0 {
		t.Errorf("%+v", i)
	}
	if got := other.outside(); len(got) != 1 || got[0].OpenID != openid || content(got[0]) != "收到" {
		t.Errorf("%+v", got)
	}
}

// TestRefusedPush: a push that the endpoint refuses adds no phone and makes nobody follow. The same push with the right
// signature does, a moment later.
func TestRefusedPush(t *testing.T) {
	other, d := newServedDesk(t), newDesk(t, nil)
	forger := newDesk(t, func(c *console.Config) { c.Secrets.Token = "another-token" })
	const stranger = `{"openid":"oStranger"}`
	call[console.Follower](forger, "POST", "/api/followers", stranger)
	follow := call[*console.Item](forger, "POST", "/api/send", `{"openid":"oStranger","action":"follow"}`)
	if i := forger.sendTo(other, follow); !strings.Contains(i.Error, "403 Forbidden") {
		t.Errorf("%+v", i)
	}
	if got := other.outside(); len(got) != 1 || !got[0].Failed || got[0].Decided != nil || got[0].OpenID != "oStranger" {
		t.Errorf("%+v", got)
	}
	if got := other.state().Followers; len(got) != 1 {
		t.Errorf("phones: %+v", got)
	}
	call[console.Follower](d, "POST", "/api/followers", stranger)
	genuine := call[struct{ Items []*console.Item }](d, "POST", "/api/replay", fmt.Sprintf(`{"items":[%d],"message":%q}`,
		d.send("follow").ID, forger.message(follow))).Items[0]
	if i := d.sendTo(other, genuine); i.Failed {
		t.Errorf("%+v", i)
	}
	if got := other.state().Followers; len(got) != 2 || !got[1].Follows {
		t.Errorf("phones: %+v", got)
	}
	if got := other.outside(); len(got) != 2 || got[1].Decided == nil {
		t.Errorf("%+v", got)
	}
}

// message returns the message of a delivery.
func (d *desk) message(i *console.Item) string {
	d.Helper()
	return call[*console.Item](d, "GET", fmt.Sprintf("/api/items/%d", i.ID), "").Message
}

func TestStateIsKept(t *testing.T) {
	d := newDesk(t, nil)
	d.send("follow")
	picture := d.picture()
	d.send("image", "media_id", picture)
	d.advance("10m")
	call[console.State](d, "POST", "/api/settings", `{"mode":"safe"}`)
	items, records := len(d.items()), d.records()
	exported := d.request("GET", "/api/export", "").Body.String()

	d.stop()
	d.start()
	check := func(when string, more int) {
		t.Helper()
		state := d.state()
		if !state.Followers[0].Follows || state.Mode != "safe" || state.Clock.Offset != 600 || len(d.items()) != items+more ||
			d.records() != records || d.request("GET", "/media/"+picture, "").Code != 200 {
			t.Errorf("%s: %+v, %d items of %d, records %s", when, state, len(d.items()), items+more, d.records())
		}
		if i := d.send("text", "content", "你好"); content(i) != "收到" {
			t.Errorf("%s: %+v", when, i)
		}
	}
	check("after a restart", 1) // the menu was published once more

	reset := call[console.State](d, "POST", "/api/reset", "")
	if reset.Followers[0].Follows || reset.Clock.Offset != 0 || d.records() != "" || len(d.items()) != 1 {
		t.Errorf("after a reset: %+v, %d items", reset, len(d.items()))
	}
	call[console.State](d, "POST", "/api/import", exported)
	check("after an import", 1)
	d.refused("POST", "/api/import", `{"version":7}`, "version must be 1")

	d.stop()
	d.config.Fresh = true
	d.start()
	if d.records() != "" || d.state().Mode != "plain" {
		t.Errorf("a fresh console has %s", d.records())
	}
	if _, err := console.New(d.config); err == nil || !strings.Contains(err.Error(), "in use by another process") ||
		!strings.Contains(bilingual.Explain(err, bilingual.Chinese), "换一个文件夹") {
		t.Errorf("a second console: %v", err)
	}
	d.stop()
	if err := os.WriteFile(d.config.File, []byte("no database"), 0o600); err != nil {
		t.Fatal(err)
	}
	d.config.Fresh = false
	if _, err := console.New(d.config); err == nil || !strings.Contains(err.Error(), "--fresh") ||
		!strings.Contains(bilingual.Explain(err, bilingual.Chinese), "空的状态") {
		t.Errorf("a broken file: %v", err)
	}
}

func (d *desk) picture() (mediaID string) {
	d.Helper()
	png := "\x89PNG\r\n\x1a\n" + strings.Repeat("x", 100)
	return call[struct {
		MediaID string `json:"media_id"`
	}](d, "POST", "/api/media", png).MediaID
}

func TestPictures(t *testing.T) {
	d := newDesk(t, nil)
	d.send("follow")
	d.refused("POST", "/api/media", "<svg/>", "no picture")
	d.refused("POST", "/api/send", `{"openid":"`+openid+`","action":"image","media_id":"nothing"}`, "upload it")
	i := d.send("image", "media_id", d.picture())
	if !strings.Contains(i.Message, "<PicUrl><![CDATA["+consoleURL+"/media/") {
		t.Error(i.Message)
	}
	d.write(strings.Replace(yaml, "default: 收到", "default: {image: {media_id: unknown}}", 1))
	d.Reload()
	if i := d.send("text", "content", "你好"); !i.Failed || !strings.Contains(i.Error, "media_id") {
		t.Errorf("%+v", i)
	}
}

func TestReload(t *testing.T) {
	d := newDesk(t, nil)
	d.send("follow")
	d.write(strings.Replace(yaml, "default: 收到", "default: 新的", 1))
	d.Reload()
	if got := content(d.send("text", "content", "你好")); got != "新的" {
		t.Errorf("%q after the file changed", got)
	}
	d.write(yaml + "nonsense: 1\n")
	d.Reload()
	account := d.state().Account
	if len(account.Mistakes) != 1 || !strings.Contains(account.Mistakes[0].EN, "account.yaml:14: ") ||
		!strings.Contains(account.Mistakes[0].ZH, `account.yaml:14：文件里不能写 "nonsense"`) || !account.Watched {
		t.Errorf("%+v", account)
	}
	if got := content(d.send("text", "content", "你好")); got != "新的" {
		t.Errorf("%q with a broken file", got)
	}
	d.write(yaml)
	d.Reload()
	if account := d.state().Account; len(account.Mistakes) != 0 {
		t.Errorf("%+v", account)
	}
}

// TestOtherSites: a page of another site can neither read nor change anything.
func TestOtherSites(t *testing.T) {
	d := newDesk(t, func(c *console.Config) { c.PublicURL = "https://tunnel.example" })
	for _, r := range []struct {
		method, path string
		header       []string
		status       int
	}{
		{"POST", "/api/reset", []string{"Origin", "https://other.example"}, 403},
		{"POST", "/api/reset", []string{"Sec-Fetch-Site", "cross-site"}, 403},
		{"POST", "/api/reset", []string{"Sec-Fetch-Site", "same-site"}, 403}, // another port of this machine
		{"POST", "/api/reset", []string{"Host", "other.example:8080"}, 403},  // DNS rebinding
		{"GET", "/api/state", []string{"Host", "other.example:8080"}, 403},
		{"GET", "/api/state", []string{"Host", "127.0.0.1:8081"}, 403},
		{"GET", "/api/state", []string{"Sec-Fetch-Site", "cross-site", "Sec-Fetch-Mode", "no-cors"}, 403},
		{"GET", "/api/events", []string{"Origin", "http://127.0.0.1:3000"}, 403},
		{"POST", "/login/wechat", []string{"Host", "other.example"}, 403},
		{"GET", "/api/state", []string{"Host", "tunnel.example"}, 403}, // a tunnel leads to the account alone
		{"POST", "/login/wechat", []string{"Host", "tunnel.example"}, 403},
		{"GET", "/", []string{"Sec-Fetch-Site", "cross-site", "Sec-Fetch-Mode", "navigate"}, 200},
		{"GET", "/api/state", []string{"Host", "localhost:8080"}, 200},
		{"GET", "/api/state", []string{"Origin", consoleURL}, 200},
		{"POST", "/api/reset", []string{"Origin", consoleURL, "Sec-Fetch-Site", "same-origin"}, 200},
		{"GET", "/api/nothing", nil, 404},
		{"DELETE", "/api/state", nil, 405},
	} {
		if w := d.request(r.method, r.path, "", r.header...); w.Code != r.status {
			t.Errorf("%s %s %v: %d, want %d", r.method, r.path, r.header, w.Code, r.status)
		}
	}
}

// TestUnknownRequests: these are refused in JSON as well.
func TestUnknownRequests(t *testing.T) {
	d := newDesk(t, nil)
	d.refused("GET", "/api/nothing", "", "docs/console.md")
	d.refused("POST", "/api/state", "", "docs/console.md")
	d.refused("GET", "/api/followers/oNobody/menu", "", "no phone of this openid")
	d.refused("DELETE", "/api/followers/oNobody", "", "no phone of this openid")
	d.refused("POST", "/api/send", `{"action":"raw"}`, "message is empty")
}

// TestTunnel: behind the tunnel is the account, with links to the tunnel's address.
func TestTunnel(t *testing.T) {
	d := newDesk(t, func(c *console.Config) { c.PublicURL = "https://tunnel.example" })
	d.send("follow")
	if link := content(d.send("text", "content", "登录")); !strings.Contains(link, "https://tunnel.example/enter?") {
		t.Error(link)
	}
	for host, status := range map[string]int{"tunnel.example": 401, "127.0.0.1:8081": 401, "other.example": 403, "": 403} {
		r := httptest.NewRequestWithContext(t.Context(), "GET", accountURL+"/api/session", nil)
		r.Host = host
		w := httptest.NewRecorder()
		if d.Account().ServeHTTP(w, r); w.Code != status {
			t.Errorf("Host %q: %d, want %d", host, w.Code, status)
		}
	}
}

// TestEndpointsMethods: as behind the gateway, the endpoint gets GET and POST alone. The pages answer the rest.
func TestEndpointsMethods(t *testing.T) {
	d := newDesk(t, nil)
	for method, status := range map[string]int{"GET": 403, "POST": 403, "HEAD": 404, "PUT": 404, "OPTIONS": 404} {
		w := httptest.NewRecorder()
		d.Account().ServeHTTP(w, httptest.NewRequestWithContext(t.Context(), method, accountURL+"/login/wechat", nil))
		if w.Code != status {
			t.Errorf("%s: %d, want %d", method, w.Code, status)
		}
	}
}

// TestRealAccount calls the API at an address, with the secrets, in the place of the simulated platform.
func TestRealAccount(t *testing.T) {
	platform := wechattest.New(wechattest.Config{AppID: "wx0123456789abcdef", AppSecret: appSecret})
	platform.Follow(openid, wechattest.User{Language: "en", SubscribedAt: time.Now()})
	api := httptest.NewServer(platform)
	t.Cleanup(api.Close)
	d := newDesk(t, func(c *console.Config) { c.APIURL = api.URL })
	follow := d.send("follow")
	if got := string(follow.Steps[len(follow.Steps)-2].Changes[0].After); !strings.Contains(got, `"language":"en"`) {
		t.Errorf("%s is stored", got)
	}
	if d.state().Simulated || platform.Calls("/cgi-bin/user/info") != 1 || platform.Calls("/cgi-bin/menu/create") != 0 {
		t.Errorf("%+v", d.state())
	}
	d.refused("POST", "/api/token", `{"revoke":true}`, "simulated platform")
	d.refused("POST", "/api/clock", `{"advance":"1d"}`, "simulated platform")
	if told := d.request("GET", "/api/export", "").Body.String(); strings.Contains(told, appSecret) || strings.Contains(told, "=99_") {
		t.Error("a secret is shown")
	}
}

// TestStateOfAnotherPlatform keeps the followers and the clock of the simulated platform away from a real account.
func TestStateOfAnotherPlatform(t *testing.T) {
	d := newDesk(t, nil)
	d.send("follow")
	call[console.State](d, "POST", "/api/clock", `{"advance":"1d"}`)
	d.stop()
	d.config.APIURL = "https://api.weixin.qq.com"
	if _, err := console.New(d.config); err == nil || !strings.Contains(err.Error(), "the simulated platform") || !strings.Contains(err.Error(), "--fresh") ||
		!strings.Contains(bilingual.Explain(err, bilingual.Chinese), "里面是模拟平台的关注者，不是 https://api.weixin.qq.com 的") {
		t.Errorf("error %v", err)
	}
	d.config.Fresh = true
	d.start()
	if s := d.state(); s.Clock.Offset != 0 || len(s.Followers) != 1 || s.Followers[0].Follows {
		t.Errorf("%+v", s)
	}
	d.stop()
	d.config.APIURL, d.config.Fresh = "", false
	if _, err := console.New(d.config); err == nil || !strings.Contains(err.Error(), "https://api.weixin.qq.com") {
		t.Errorf("error %v", err)
	}
}

// TestWatch changes the file, and waits for the stream to tell of it.
func TestWatch(t *testing.T) {
	d := newDesk(t, nil)
	d.Watch()
	next := d.listen()
	next("state")
	d.write(yaml + "nonsense: 1\n")
	var state console.State
	if err := json.Unmarshal([]byte(next("state")), &state); err != nil || len(state.Account.Mistakes) != 1 {
		t.Errorf("%+v %v", state.Account, err)
	}
}

// TestNothingSecretIsShown drives everything and looks for the secrets in all that the console tells.
func TestNothingSecretIsShown(t *testing.T) {
	var transcript bytes.Buffer
	d := newDesk(t, func(c *console.Config) { c.Transcript = &transcript })
	call[console.State](d, "POST", "/api/token", `{"revoke":true}`)
	d.send("follow")
	d.send("text", "content", "登录")
	told := d.request("GET", "/api/export", "").Body.String() + d.request("GET", "/api/records", "").Body.String() + transcript.String()
	for _, i := range d.items() {
		told += d.request("GET", fmt.Sprintf("/api/items/%d", i.ID), "").Body.String()
	}
	for _, secret := range []string{appSecret, "the-token-of-the-tests", `"99_`, "=99_"} { // access tokens begin with 99_
		if strings.Contains(told, secret) {
			t.Errorf("%s is shown", secret)
		}
	}
	if !strings.Contains(transcript.String(), "──── WeChat → POST ") || !strings.Contains(transcript.String(), "──── stored\n{") {
		t.Error(transcript.String())
	}
}

// TestPhones: each phone has a browser of its own, whose cookies end by the console's clock.
func TestPhones(t *testing.T) {
	d := newDesk(t, func(c *console.Config) {
		c.Listen = func() (net.Listener, error) { return net.Listen("tcp", "127.0.0.1:0") }
	})
	page := httptest.NewServer(nil)
	t.Cleanup(page.Close)
	d.stop()
	d.config.URL = page.URL
	d.start()
	page.Config.Handler = d.Page()
	second := call[console.Follower](d, "POST", "/api/followers", `{"name":"小红"}`)
	first := d.state().Followers[0]
	visit := func(url, host string) (status int, body string) {
		t.Helper()
		r, err := http.NewRequestWithContext(t.Context(), "GET", url, nil)
		if err != nil {
			t.Fatal(err)
		}
		if host != "" {
			r.Host = host
		}
		response, err := http.DefaultClient.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		defer response.Body.Close()
		all, err := io.ReadAll(response.Body)
		if err != nil || response.Header.Get("Set-Cookie") != "" ||
			host == "" && !strings.Contains(response.Header.Get("Content-Security-Policy"), "frame-ancestors "+page.URL) {
			t.Errorf("%v %v", err, response.Header)
		}
		return response.StatusCode, string(all)
	}
	d.send("follow")
	if status, _ := visit(first.PagesURL+"/api/session", ""); status != 401 {
		t.Errorf("before the page was opened: %d", status)
	}
	if status, body := visit(first.PagesURL+"/", ""); status != 200 || !strings.Contains(body, "退出") && !strings.Contains(body, "logout") {
		t.Errorf("%d %s", status, body)
	}
	if status, _ := visit(first.PagesURL+"/api/session", ""); status != 200 {
		t.Errorf("the first user is not signed in: %d", status)
	}
	if status, _ := visit(second.PagesURL+"/api/session", ""); status != 401 {
		t.Errorf("the second user is signed in: %d", status)
	}
	if status, _ := visit(first.PagesURL+"/", "other.example"); status != 403 {
		t.Errorf("with another host: %d", status)
	}
	d.advance("31d")
	if status, _ := visit(first.PagesURL+"/api/session", ""); status != 401 {
		t.Errorf("a device is signed in after 31 days: %d", status)
	}
}

// listen opens the stream and returns what waits for the next event of a name.
func (d *desk) listen() (next func(event string) (data string)) {
	t := d.T
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		r.Host = "127.0.0.1:8080"
		d.Page().ServeHTTP(w, r)
	}))
	t.Cleanup(server.Close)
	r, err := http.NewRequestWithContext(t.Context(), "GET", server.URL+"/api/events", nil)
	if err != nil {
		t.Fatal(err)
	}
	response, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = response.Body.Close() })
	lines := bufio.NewScanner(response.Body)
	lines.Buffer(nil, 1<<20)
	next = func(event string) (data string) {
		t.Helper()
		for lines.Scan() {
			if lines.Text() == "event: "+event && lines.Scan() {
				return strings.TrimPrefix(lines.Text(), "data: ")
			}
		}
		t.Fatalf("no %s: %v", event, lines.Err())
		return ""
	}
	return next
}

func TestStream(t *testing.T) {
	d := newDesk(t, nil)
	next := d.listen()
	var state console.State
	if err := json.Unmarshal([]byte(next("state")), &state); err != nil || state.Mode != "plain" {
		t.Fatal(state, err)
	}
	d.send("follow")
	var item console.Item
	for !item.Done {
		item = console.Item{}
		if err := json.Unmarshal([]byte(next("item")), &item); err != nil {
			t.Fatal(err)
		}
	}
	if item.Title != "event/subscribe" || item.Message != "" || len(item.Steps) != 3 {
		t.Errorf("%+v", item)
	}
	call[console.State](d, "POST", "/api/reset", "")
	if got := next("removed"); !strings.Contains(got, "before") {
		t.Error(got)
	}
}

// TestStateOfABusyConsole asks for the state again and again while deliveries begin.
func TestStateOfABusyConsole(t *testing.T) {
	d := newDesk(t, nil)
	d.send("follow")
	var asking sync.WaitGroup
	ctx, stop := context.WithCancel(t.Context())
	for range 4 {
		asking.Go(func() {
			for ctx.Err() == nil {
				d.request("GET", "/api/state", "")
			}
		})
	}
	body := fmt.Sprintf(`{"openid":%q,"action":"text","content":"你好"}`, openid)
	for range 100 {
		if w := d.request("POST", "/api/send", body); w.Code != http.StatusOK {
			t.Errorf("status %d: %s", w.Code, w.Body)
		}
	}
	stop()
	asking.Wait()
}
