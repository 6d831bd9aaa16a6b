package menu_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/guanzhu/guanzhu/internal/accountyaml"
	"github.com/guanzhu/guanzhu/internal/menu"
	"github.com/guanzhu/guanzhu/internal/world"
	"github.com/guanzhu/guanzhu/pkg/wechat"
	"github.com/guanzhu/guanzhu/pkg/wechattest"
)

const (
	create = "/cgi-bin/menu/create"
	get    = "/cgi-bin/menu/get"
	add    = "/cgi-bin/menu/addconditional"
	del    = "/cgi-bin/menu/delconditional"

	appSecret = world.AppSecret
)

// file has a menu whose first button is on line 8.
const file = `welcome: w
default: d
suggestion: s
clicks:
  help: 帮助
menu:
  button:
    - name: 帮助
      type: click
      key: help
    - name: 更多
      sub_button:
        - name: 首页
          type: view
          url: https://example.com/?a=1&b=<2>
        - name: 我的
          type: view
          url: /me
`

// conditional is the rest of a file with menus for two tags. Whoever has a tag on Android meets both.
const conditional = `conditionalmenu:
  - matchrule: {tag_id: 100, client_platform_type: "2"}
    button: [{name: 安卓会员, type: click, key: help}]
  - matchrule: {tag_id: "100"}
    button: [{name: 会员, type: click, key: help}]
`

// fixture is an account with a publisher of its menu.
type fixture struct {
	t *testing.T
	*world.World
	publisher *menu.Publisher
	bodies    []string // of menu/create and menu/addconditional
	saves     int      // of the record
}

func newFixture(t *testing.T, config wechattest.Config) *fixture {
	t.Parallel()
	begun := time.Date(2026, time.March, 14, 15, 9, 26, 0, time.UTC) // 23:09 in China
	w := &fixture{t: t, World: world.New(t, world.Options{Platform: config, Begun: begun})}
	w.API = w.Client(world.Serve(t, http.HandlerFunc(w.record)))
	w.publisher = &menu.Publisher{API: w.API, Store: counted{w.Store, &w.saves}, Now: w.Clock.Now}
	return w
}

// counted counts the writes to a store.
type counted struct {
	menu.Store
	saves *int
}

func (c counted) SaveMenuRecord(ctx context.Context, r menu.Record) error {
	*c.saves++
	return c.Store.SaveMenuRecord(ctx, r)
}

// record keeps what is published, as it is sent.
func (w *fixture) record(rw http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	if r.URL.Path == create || r.URL.Path == add {
		w.bodies = append(w.bodies, string(body))
	}
	r.Body = io.NopCloser(bytes.NewReader(body))
	w.Platform.ServeHTTP(rw, r)
}

// wanted is the menu of an account.yaml whose pages are at https://host.example.
func wanted(t *testing.T, yaml string) menu.Menu {
	t.Helper()
	a, err := accountyaml.Parse("account.yaml", []byte(yaml))
	if err != nil {
		t.Fatal(err)
	}
	m, err := a.Menu("https://host.example/")
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// publish publishes m and demands the result.
func (w *fixture) publish(m menu.Menu, result string) menu.Summary {
	w.t.Helper()
	return w.run((*menu.Publisher).Publish, m, result)
}

// plan is publish for a plan.
func (w *fixture) plan(m menu.Menu, result string) menu.Summary {
	w.t.Helper()
	return w.run((*menu.Publisher).Plan, m, result)
}

type action = func(*menu.Publisher, context.Context, menu.Menu) (menu.Summary, error)

func (w *fixture) run(do action, m menu.Menu, result string) menu.Summary {
	w.t.Helper()
	s, err := do(w.publisher, w.t.Context(), m)
	if err != nil {
		w.t.Fatal(err)
	}
	if s.Result != result {
		w.t.Fatalf("%s, want %s: %+v", s.Result, result, s)
	}
	return s
}

// fails runs a publishing that must fail, and returns the error's text.
func (w *fixture) fails(m menu.Menu) string {
	w.t.Helper()
	s, err := w.publisher.Publish(w.t.Context(), m)
	if err == nil {
		w.t.Fatalf("no error: %+v", s)
	}
	if strings.Contains(err.Error(), appSecret) || strings.Contains(err.Error(), "access_token=") {
		w.t.Errorf("the error tells a secret: %v", err)
	}
	return err.Error()
}

// wantCalls demands how often each path was called so far.
func (w *fixture) wantCalls(want map[string]int) {
	w.t.Helper()
	got := map[string]int{}
	for _, path := range []string{create, get, add, del} {
		if n := w.Platform.Calls(path); n > 0 {
			got[path] = n
		}
	}
	if diff := cmp.Diff(want, got); diff != "" {
		w.t.Errorf("calls (-want +got):\n%s", diff)
	}
}

func (w *fixture) wantLive(m menu.Menu) {
	w.t.Helper()
	live, err := w.API.GetMenu(w.t.Context())
	if err != nil {
		w.t.Fatal(err)
	}
	if live.Hash() != m.Hash() || live.Console {
		w.t.Errorf("what is live differs:\n%s", menu.Compare(live, m))
	}
}

func (w *fixture) wantRecord(want menu.Record) {
	w.t.Helper()
	got, err := w.Store.MenuRecord(w.t.Context())
	if err != nil {
		w.t.Fatal(err)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		w.t.Errorf("record (-want +got):\n%s", diff)
	}
}

func TestPublishedOnce(t *testing.T) {
	w := newFixture(t, wechattest.Config{})
	m := wanted(t, file)
	s := w.publish(m, menu.Published)
	want := menu.Diff{
		"+ 帮助 (click, key help)",
		"+ 更多",
		"+   首页 (view, url https://example.com/?a=1&b=<2>)",
		"+   我的 (view, url https://host.example/me)",
	}
	if diff := cmp.Diff(menu.Summary{Result: menu.Published, Diff: want}, s); diff != "" {
		t.Errorf("summary (-want +got):\n%s", diff)
	}
	w.wantLive(m)
	w.wantRecord(menu.Record{Hash: m.Hash()})
	body := `{"button":[{"type":"click","name":"帮助","key":"help"},{"name":"更多","sub_button":[` +
		`{"type":"view","name":"首页","url":"https://example.com/?a=1&b=<2>"},` +
		`{"type":"view","name":"我的","url":"https://host.example/me"}]}]}` + "\n"
	if diff := cmp.Diff([]string{body}, w.bodies); diff != "" {
		t.Errorf("sent (-want +got):\n%s", diff)
	}

	s = w.publish(m, menu.Unchanged)
	for i, line := range want {
		want[i] = strings.Replace(line, "+", " ", 1)
	}
	if diff := cmp.Diff(menu.Summary{Result: menu.Unchanged, Diff: want}, s); diff != "" {
		t.Errorf("second summary (-want +got):\n%s", diff)
	}
	w.wantCalls(map[string]int{get: 3, create: 1}) // one get is wantLive's
	if w.saves != 1 {
		t.Errorf("the record was stored %d times, want once", w.saves)
	}
}

// TestEqual is about live menus that are the file's, though they look otherwise in JSON.
func TestEqual(t *testing.T) {
	w := newFixture(t, wechattest.Config{})
	w.Platform.SetMenu(`{"menuid":7,"button":[{"sub_button":[],"key":"help","name":"帮助","type":"click"},
		{"sub_button":[{"url":"https://example.com/?a=1&b=<2>","name":"首页","type":"view","sub_button":[]},
		{"name":"我的","url":"https://host.example/me","type":"view"}],"name":"更多"}]}`)
	m := wanted(t, file)
	w.publish(m, menu.Unchanged)
	w.wantCalls(map[string]int{get: 1})
	w.wantRecord(menu.Record{Hash: m.Hash()})
}

func TestDrift(t *testing.T) {
	w := newFixture(t, wechattest.Config{})
	m := wanted(t, file)
	if s := w.publish(m, menu.Published); s.Drift {
		t.Error("the first menu is no drift")
	}
	other := strings.ReplaceAll(file, "帮助\n      type: click", "求助\n      type: click")
	if s := w.plan(wanted(t, other), menu.Different); s.Drift {
		t.Error("another file is no drift")
	}
	w.Platform.SetMenu(`{"button":[{"type":"click","name":"帮助","key":"help"},{"type":"click","name":"别人的","key":"x"}]}`)
	s := w.plan(m, menu.Different)
	want := menu.Summary{Result: menu.Different, Drift: true, Diff: menu.Diff{
		"  帮助 (click, key help)",
		"- 别人的 (click, key x)",
		"+ 更多",
		"+   首页 (view, url https://example.com/?a=1&b=<2>)",
		"+   我的 (view, url https://host.example/me)",
	}}
	if diff := cmp.Diff(want, s); diff != "" {
		t.Errorf("plan (-want +got):\n%s", diff)
	}
	w.wantCalls(map[string]int{get: 3, create: 1})
	w.wantRecord(menu.Record{Hash: m.Hash()})

	want.Result = menu.Published
	if diff := cmp.Diff(want, w.publish(m, menu.Published)); diff != "" {
		t.Errorf("repair (-want +got):\n%s", diff)
	}
	w.wantLive(m)
	w.Platform.SetMenu("")
	w.publish(m, menu.Published)
	w.wantLive(m)
}

// TestPlanChangesNothing is the first run of all.
func TestPlanChangesNothing(t *testing.T) {
	w := newFixture(t, wechattest.Config{})
	w.plan(wanted(t, file+conditional), menu.Different)
	w.wantCalls(map[string]int{get: 1})
	w.wantRecord(menu.Record{})
}

// TestConsoleMenu is what an account has whose owner comes from the platform's own console.
func TestConsoleMenu(t *testing.T) {
	w := newFixture(t, wechattest.Config{})
	w.Platform.SetConsoleMenu(`{"button":[{"type":"click","name":"帮助","key":"help"},
		{"name":"旧","sub_button":[{"type":"text","name":"问候","value":"您好"}]}]}`)
	m := wanted(t, file)
	s := w.plan(m, menu.Different)
	want := `- 帮助 (click, key help)
- 旧
-   问候 (text)
+ 帮助 (click, key help)
+ 更多
+   首页 (view, url https://example.com/?a=1&b=<2>)
+   我的 (view, url https://host.example/me)
`
	if diff := cmp.Diff(want, s.Diff.String()); diff != "" {
		t.Errorf("diff (-want +got):\n%s", diff)
	}
	w.publish(m, menu.Published)
	w.wantLive(m)

	// One that looks the same is not shown either.
	w.Platform.SetConsoleMenu(strings.TrimSpace(w.bodies[0]))
	w.publish(m, menu.Published)
	w.wantLive(m)
}

func TestConditional(t *testing.T) {
	w := newFixture(t, wechattest.Config{})
	w.Platform.Follow("oMember", wechattest.User{Tags: []int{100}, ClientPlatform: 1})
	w.Platform.Follow("oAndroid", wechattest.User{Tags: []int{100}, ClientPlatform: 2})
	w.Platform.Follow("oOther", wechattest.User{ClientPlatform: 2})
	m := wanted(t, file+conditional)
	s := w.publish(m, menu.Published)
	want := menu.Diff{
		"+ for client_platform_type 2, tag_id 100:",
		"+   安卓会员 (click, key help)",
		"+ for tag_id 100:",
		"+   会员 (click, key help)",
	}
	if diff := cmp.Diff(want, s.Diff[4:]); diff != "" {
		t.Errorf("diff (-want +got):\n%s", diff)
	}
	w.wantLive(m)
	w.wantShown(map[string]string{"oMember": "会员", "oAndroid": "安卓会员", "oOther": "帮助"})
	w.publish(m, menu.Unchanged)
	w.wantCalls(map[string]int{get: 3, create: 1, add: 2})

	// Any change publishes the whole set again, in its order.
	changed := wanted(t, file+strings.Replace(conditional, "name: 安卓会员", "name: 会员专享", 1))
	w.publish(changed, menu.Published)
	w.wantLive(changed)
	w.wantShown(map[string]string{"oMember": "会员", "oAndroid": "会员专享", "oOther": "帮助"})
	w.wantCalls(map[string]int{get: 5, create: 2, add: 4, del: 2})

	none := wanted(t, file)
	s = w.publish(none, menu.Published)
	w.wantLive(none)
	w.wantShown(map[string]string{"oMember": "帮助", "oAndroid": "帮助", "oOther": "帮助"})
	if len(s.Diff) != 8 || s.Diff[7] != "-   会员 (click, key help)" {
		t.Errorf("diff of the removal:\n%s", s.Diff)
	}
}

// wantShown demands the name of the first button that each follower sees.
func (w *fixture) wantShown(want map[string]string) {
	w.t.Helper()
	got := map[string]string{}
	for openid := range want {
		got[openid] = w.shown(openid)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		w.t.Errorf("first buttons (-want +got):\n%s", diff)
	}
}

func (w *fixture) shown(openid string) string {
	w.t.Helper()
	token, err := w.Store.AccessToken(w.t.Context())
	if err != nil {
		w.t.Fatal(err)
	}
	request := httptest.NewRequest(http.MethodPost, "/cgi-bin/menu/trymatch?access_token="+token.Value,
		strings.NewReader(fmt.Sprintf(`{"user_id":%q}`, openid)))
	answer := httptest.NewRecorder()
	w.Platform.ServeHTTP(answer, request)
	var m menu.Menu
	if err := json.Unmarshal(answer.Body.Bytes(), &m); err != nil || len(m.Buttons) == 0 {
		w.t.Fatalf("trymatch: %s", answer.Body)
	}
	return m.Buttons[0].Name
}

// TestBrokenOff: if only a part of a set of menus was published, another run completes it.
func TestBrokenOff(t *testing.T) {
	for _, path := range []string{create, del, add} {
		t.Run(path, func(t *testing.T) {
			w := newFixture(t, wechattest.Config{})
			w.Platform.SetMenu(`{"button":[{"type":"click","name":"旧","key":"old"}]}`)
			old := wanted(t, file+conditional)
			w.publish(old, menu.Published)
			m := wanted(t, strings.Replace(file+conditional, "name: 安卓会员", "name: 会员专享", 1))
			w.Platform.Fail(path, 40015, 1)
			told := w.fails(m)
			if path == create {
				w.wantLive(old) // a menu that is refused takes nothing away
			} else if !strings.HasPrefix(told, "the default menu is published, ") {
				t.Errorf("%q does not say what is published", told)
			}
			w.wantRecord(menu.Record{Hash: old.Hash()})
			w.publish(m, menu.Published)
			w.wantLive(m)
		})
	}
}

func TestRefusals(t *testing.T) {
	for _, tt := range []struct {
		path    string
		errcode int
		want    []string
	}{
		{create, 40016, []string{"account.yaml:8: ", "errcode 40016: the number of buttons"}},
		{create, 40018, []string{"account.yaml:8 or account.yaml:11: ", "errcode 40018: the name"}},
		{create, 40019, []string{"account.yaml:8: ", "errcode 40019: the key"}},
		{create, 40023, []string{"account.yaml:11: ", "errcode 40023: the number"}},
		{create, 40025, []string{"account.yaml:13 or account.yaml:16: ", "errcode 40025: the name"}},
		{create, 40054, []string{"account.yaml:13 or account.yaml:16: ", "errcode 40054: ", "domain"}},
		{create, 40055, []string{"account.yaml:8: ", "errcode 40055: ", "domain"}}, // no url there: the menu's line
		{create, 65317, []string{"account.yaml:13 or account.yaml:16: ", "errcode 65317: "}},
		{add, 65305, []string{"not all conditional ones", "account.yaml:22: ", "errcode 65305: "}},
		{add, 65320, []string{"account.yaml:22: ", "errcode 65320: ", "tag_id"}},
		{add, 40018, []string{"account.yaml:23: ", "errcode 40018: "}},
		{get, 40164, []string{"errcode 40164: ", "the IP address to add is 203.0.113.7"}},
		{create, 40164, []string{"errcode 40164: ", "the IP address to add is 203.0.113.7"}},
		{create, 50002, []string{"errcode 50002: "}},
	} {
		t.Run(fmt.Sprint(tt.path, tt.errcode), func(t *testing.T) {
			w := newFixture(t, wechattest.Config{})
			w.Platform.Fail(tt.path, tt.errcode, 1)
			got := w.fails(wanted(t, file+conditional))
			for _, part := range tt.want {
				if !strings.Contains(got, part) {
					t.Errorf("%q does not contain %q", got, part)
				}
			}
			w.wantRecord(menu.Record{})
		})
	}
}

// TestToldOnce is about what nobody can do anything about now: it is no failure, and nothing is asked again in vain.
func TestToldOnce(t *testing.T) {
	for _, tt := range []struct {
		name, path string
		do         action
		errcode    int
		fails      func(p *wechattest.Platform)
		kind       wechattest.Kind
		again      time.Time
	}{
		{name: "no permission", do: (*menu.Publisher).Publish, path: get, errcode: 48001, kind: wechattest.PersonalAccount,
			again: time.Date(2026, time.March, 15, 23, 9, 26, 0, wechat.ChinaTime)},
		{name: "no permission to plan", do: (*menu.Publisher).Plan, path: get, errcode: 48001, kind: wechattest.PersonalAccount,
			again: time.Date(2026, time.March, 15, 23, 9, 26, 0, wechat.ChinaTime)},
		{name: "no quota", do: (*menu.Publisher).Publish, path: create, errcode: 45009,
			fails: func(p *wechattest.Platform) { p.SetQuota(create, 0) },
			again: time.Date(2026, time.March, 15, 0, 0, 0, 0, wechat.ChinaTime)},
	} {
		t.Run(tt.name, func(t *testing.T) {
			w := newFixture(t, wechattest.Config{Kind: tt.kind})
			if tt.fails != nil {
				tt.fails(w.Platform)
			}
			m := wanted(t, file)
			s := w.run(tt.do, m, menu.Refused)
			if s.Errcode != tt.errcode || !strings.Contains(s.Reason, fmt.Sprintf("errcode %d: ", tt.errcode)) ||
				s.AskAgain != tt.again.Format(time.RFC3339) {
				t.Errorf("%+v", s)
			}
			w.wantRecord(menu.Record{AskAgain: tt.again.UTC(), Errcode: tt.errcode})

			calls := w.Platform.Calls(get)
			w.Clock.Advance(tt.again.Add(-time.Second).Sub(w.Clock.Now()))
			for _, do := range []action{(*menu.Publisher).Publish, (*menu.Publisher).Plan} {
				s = w.run(do, m, menu.Waiting)
				if s.Errcode != tt.errcode || s.AskAgain != tt.again.Format(time.RFC3339) || s.Reason == "" {
					t.Errorf("%+v", s)
				}
			}
			if got := w.Platform.Calls(get); got != calls {
				t.Errorf("asked %d times meanwhile", got-calls)
			}
			w.Clock.Advance(tt.again.Sub(w.Clock.Now()))
			w.run(tt.do, m, menu.Refused)
			if got := w.Platform.Calls(tt.path); got != 2 {
				t.Errorf("%s was called %d times, want 2", tt.path, got)
			}
		})
	}
}

// TestPermissionComes is the day after: what was refused is forgotten.
func TestPermissionComes(t *testing.T) {
	w := newFixture(t, wechattest.Config{})
	m := wanted(t, file)
	w.Platform.Fail(get, 48001, 1)
	w.publish(m, menu.Refused)
	w.Clock.Advance(24 * time.Hour)
	w.publish(m, menu.Published)
	w.wantRecord(menu.Record{Hash: m.Hash()})
}

func TestNothingToPublish(t *testing.T) {
	w := newFixture(t, wechattest.Config{})
	w.Platform.SetMenu(`{"button":[{"type":"click","name":"旧","key":"old"}]}`)
	a, err := accountyaml.Parse("account.yaml", []byte("welcome: w\ndefault: d\nsuggestion: s\n"+
		"menu: {button: [{name: 页, type: view, url: /}]}\n"))
	if err != nil {
		t.Fatal(err)
	}
	m, err := a.Menu("")
	if err != nil {
		t.Fatal(err)
	}
	s := w.publish(m, menu.NoMenu)
	if len(s.LeftOut) != 1 || !strings.HasPrefix(s.LeftOut[0], "account.yaml:4: 页 is left out") {
		t.Errorf("left out: %q", s.LeftOut)
	}
	w.publish(menu.Menu{}, menu.NoMenu)
	w.wantCalls(map[string]int{})
}

// TestWithoutStore is the command line's way: it asks every time.
func TestWithoutStore(t *testing.T) {
	w := newFixture(t, wechattest.Config{Kind: wechattest.PersonalAccount})
	w.publisher.Store = nil
	w.publish(wanted(t, file), menu.Refused)
	w.publish(wanted(t, file), menu.Refused)
	w.wantCalls(map[string]int{get: 2})
	w.publisher.Store = w.Store
	w.wantRecord(menu.Record{})
}

func TestStoreFails(t *testing.T) {
	w := newFixture(t, wechattest.Config{})
	w.Store.Close()
	if s, err := w.publisher.Publish(t.Context(), wanted(t, file)); err == nil {
		t.Errorf("no error: %+v", s)
	}
	w.wantCalls(map[string]int{})
}

func TestCompare(t *testing.T) {
	t.Parallel()
	button := func(name string) menu.Button { return menu.Button{Type: "click", Name: name, Key: name} }
	of := func(names ...string) menu.Menu {
		var m menu.Menu
		for _, name := range names {
			m.Buttons = append(m.Buttons, button(name))
		}
		return m
	}
	line := func(mark, name string) string { return fmt.Sprintf("%s %s (click, key %s)\n", mark, name, name) }
	for _, tt := range []struct {
		name         string
		live, wanted menu.Menu
		want         string
	}{
		{"both empty", menu.Menu{}, menu.Menu{}, ""},
		{"new", menu.Menu{}, of("a"), line("+", "a")},
		{"gone", of("a"), menu.Menu{}, line("-", "a")},
		{"moved", of("a", "b", "c"), of("b", "c", "a"), line("-", "a") + line(" ", "b") + line(" ", "c") + line("+", "a")},
		{"in between", of("a", "c"), of("a", "b", "c"), line(" ", "a") + line("+", "b") + line(" ", "c")},
		{"changed", of("a", "b"), of("a", "c"), line(" ", "a") + line("-", "b") + line("+", "c")},
		{
			"all fields",
			menu.Menu{},
			menu.Menu{Buttons: []menu.Button{{Name: "n", Type: "miniprogram", URL: "u", AppID: "i", PagePath: "p"},
				{Name: "n", Type: "media_id", MediaID: "m"}, {Name: "n", Type: "article_id", ArticleID: "a"}}},
			"+ n (miniprogram, url u, appid i, pagepath p)\n+ n (media_id, media_id m)\n+ n (article_id, article_id a)\n",
		},
		{
			"what plays tricks on a terminal",
			menu.Menu{Buttons: []menu.Button{{Name: "a\x1b[2J", Type: "click", Key: "k\nl"}}},
			menu.Menu{},
			`- "a\x1b[2J" (click, key "k\nl")` + "\n",
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			if diff := cmp.Diff(tt.want, menu.Compare(tt.live, tt.wanted).String()); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

// TestSummaryJSON pins what the function answers.
func TestSummaryJSON(t *testing.T) {
	t.Parallel()
	s := menu.Summary{Result: menu.Refused, Diff: menu.Diff{"+ 帮助"}, LeftOut: []string{"页"}, Drift: true, Errcode: 45009,
		Reason: "r", AskAgain: "2026-03-15T00:00:00+08:00"}
	got, err := json.Marshal(s)
	if err != nil {
		t.Fatal(err)
	}
	want := `{"result":"refused","diff":["+ 帮助"],"left_out":["页"],"drift":true,"errcode":45009,"reason":"r",` +
		`"ask_again":"2026-03-15T00:00:00+08:00"}`
	if diff := cmp.Diff(want, string(got)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}
