package browser

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"

	"github.com/guanzhu/guanzhu/internal/console"
	"github.com/guanzhu/guanzhu/pkg/secrets"
)

var update = flag.Bool("update", false, "write the console's pictures to docs/images")

// desk is a console that runs, and a browser that shows its page.
type desk struct {
	*phone
	dir, url string
	stop     func()
}

// newDesk starts a console with the account of this repository, and opens its page in that language at a desktop's size.
func newDesk(t *testing.T, language string) *desk {
	t.Helper()
	d := &desk{phone: open(t, desktop, language), dir: t.TempDir()}
	if err := os.MkdirAll(filepath.Join(d.dir, "account"), 0o750); err != nil {
		t.Fatal(err)
	}
	d.copyAccount(func(text string) string { return text })
	d.start("127.0.0.1:0", language)
	d.do(chromedp.EmulateViewport(1280, 800), chromedp.Navigate(d.url))
	d.see(".phone")
	return d
}

// start starts the console at that address. Its state is that of the folder.
func (d *desk) start(address, language string) {
	d.Helper()
	listen := func(address string) net.Listener {
		listener, err := (&net.ListenConfig{}).Listen(d.Context(), "tcp", address)
		if err != nil {
			d.Fatal(err)
		}
		return listener
	}
	page, account := listen(address), listen("127.0.0.1:0")
	d.url = "http://" + page.Addr().String()
	c, err := console.New(console.Config{
		AppID:       "wx0123456789abcdef",
		Secrets:     secrets.Secrets{Token: "token", AppSecret: "secret", EncodingAESKey: "abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG"},
		File:        filepath.Join(d.dir, "console.db"),
		AccountFile: filepath.Join(d.dir, "account", "account.yaml"),
		ScenarioDir: filepath.Join(d.dir, "account", "scenarios"),
		URL:         d.url, AccountURL: "http://" + account.Addr().String(), Language: language,
		Listen: func() (net.Listener, error) { return net.Listen("tcp", "127.0.0.1:0") }, //nolint:noctx // until the console is closed
		Now:    time.Now, Printf: d.Logf,
	})
	if err != nil {
		d.Fatal(err)
	}
	c.Watch()
	servers := []*http.Server{}
	for listener, handler := range map[net.Listener]http.Handler{page: c.Page(), account: c.Account()} {
		server := &http.Server{Handler: handler, ReadHeaderTimeout: time.Minute}
		servers = append(servers, server)
		go func() { _ = server.Serve(listener) }()
	}
	d.stop = sync.OnceFunc(func() {
		var err error
		for _, server := range servers {
			err = errors.Join(err, server.Close())
		}
		if err = errors.Join(err, c.Close()); err != nil {
			d.Error(err)
		}
	})
	d.Cleanup(d.stop)
}

// copyAccount writes account.yaml, changed, as an editor does.
func (d *desk) copyAccount(change func(string) string) {
	d.Helper()
	text, err := os.ReadFile("../../account/account.yaml")
	if err != nil {
		d.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(d.dir, "account", "account.yaml"), []byte(change(string(text))), 0o600); err != nil {
		d.Fatal(err)
	}
}

// see waits until an element that matches is visible.
func (d *desk) see(selector string) {
	d.Helper()
	d.do(chromedp.WaitVisible(chromedp.CSS(selector)))
}

// read waits until the text of an element that matches contains words.
func (d *desk) read(selector, words string) {
	d.Helper()
	d.until(`[...document.querySelectorAll(` + quoted(selector) + `)].some((e) => e.checkVisibility() && e.textContent.includes(` + quoted(words) + `))`)
}

// until waits until the expression is true.
func (d *desk) until(expression string) {
	d.Helper()
	ctx, cancel := context.WithTimeout(d.ctx, 25*time.Second)
	defer cancel()
	// chromedp's own polling needs eval, which the page's policy refuses.
	poll := `(async () => { while (!(` + expression + `)) await new Promise((again) => setTimeout(again, 20)); return true; })()`
	if _, err := chromedp.Run(ctx, chromedp.Evaluate[bool](poll, chromedp.EvalAwaitPromise)); err != nil {
		shot, _ := chromedp.Run(d.ctx, chromedp.CaptureScreenshot())
		d.picture("failed", shot)
		d.Fatalf("%s: %v", expression, err)
	}
}

func quoted(text string) string {
	value, _ := json.Marshal(text) // a text can be marshalled
	return string(value)
}

// press clicks the first element that matches.
func (d *desk) press(selector string) {
	d.Helper()
	d.click(selector, "")
}

// pressText clicks the button with that text.
func (d *desk) pressText(within, text string) {
	d.Helper()
	d.click(within+" button", text)
}

// click waits for a visible element that matches and has that text, and clicks it in the same step: the page may draw
// between two steps.
func (d *desk) click(selector, text string) {
	d.Helper()
	d.until(`((e) => { e?.click(); return e; })([...document.querySelectorAll(` + quoted(selector) + `)].find((e) => e.checkVisibility() && e.textContent.includes(` + quoted(text) + `)))`)
}

// pressLast selects the last row of the timeline when it has that title. The timeline is drawn a frame after the rest of the page.
func (d *desk) pressLast(title string) {
	d.Helper()
	d.read(".rows > li:last-child .title", title)
	d.click(".rows > li:last-child .row", title)
}

// write types text into the phone, with Enter.
func (d *desk) write(text string) {
	d.Helper()
	d.do(chromedp.SendKeys(chromedp.CSS(".composer input[type=text]"), text+kb.Enter))
}

// api sends a request to the console's API and decodes its answer, if into is not nil.
func (d *desk) api(method, path string, body, into any) {
	d.Helper()
	data, err := json.Marshal(body)
	if err != nil {
		d.Fatal(err)
	}
	request, err := http.NewRequestWithContext(d.Context(), method, d.url+path, bytes.NewReader(data))
	if err != nil {
		d.Fatal(err)
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		d.Fatal(err)
	}
	defer response.Body.Close()
	answer, err := io.ReadAll(response.Body)
	if err != nil || response.StatusCode != http.StatusOK {
		d.Fatalf("%s %s: %d %s %v", method, path, response.StatusCode, answer, err)
	}
	if into != nil {
		if err := json.Unmarshal(answer, into); err != nil {
			d.Fatal(err)
		}
	}
}

// send lets the first user act.
func (d *desk) send(action string, more ...string) {
	d.Helper()
	members := map[string]any{"openid": console.SampleFollower, "action": action}
	for i := 0; i < len(more); i += 2 {
		members[more[i]] = more[i+1]
	}
	d.api(http.MethodPost, "/api/send", members, nil)
}

// picture keeps a picture as an artifact of the test.
func (d *desk) picture(name string, shot []byte) {
	d.Helper()
	if err := os.WriteFile(filepath.Join(d.ArtifactDir(), name+".png"), shot, 0o600); err != nil {
		d.Fatal(err)
	}
}

// shoot takes a picture. With -update it is written to docs/images.
func (d *desk) shoot(name string) {
	d.Helper()
	shot := ask(d.phone, chromedp.CaptureScreenshot())
	d.picture(name, shot)
	if *update {
		if err := os.WriteFile("../../docs/images/"+name+".png", shot, 0o644); err != nil {
			d.Fatal(err)
		}
	}
}

// noHint hides the first-run hint.
func (d *desk) noHint() {
	d.Helper()
	d.press(".hint header .quiet")
}

// TestConsoleWalkThrough goes the way of the hint, looks at what happened, and follows again.
func TestConsoleWalkThrough(t *testing.T) {
	d := newDesk(t, "zh")
	d.read(".talk", "您的公众号")
	d.read(".hint li.now", "关注")
	d.press(".stranger .follow")
	d.read(".bubble.in", "您好，欢迎关注")
	d.read(".hint li.now", "发文字")
	d.pressText(".hint", "带我去")
	d.do(chromedp.SendKeys(chromedp.CSS(".composer input[type=text]"), kb.Enter))
	d.read(".bubble.in", "点击进入您的主页")
	d.read(".hint li.now", "提建议")
	d.write("@希望周末也营业")
	d.read(".bubble.in", "已经收到您的建议")
	d.read(".hint li.now", "点菜单")
	d.pressText(".menu", "联系我们")
	d.read(".line", "点了菜单“联系我们”")

	// The page opens in the phone, after the silent OAuth of the simulated platform.
	d.pressText(".menu", "我的主页")
	d.see(".overlay iframe")
	d.wantVisit("GET /login/return", "")
	d.wantVisit("GET /", "欢迎回来")
	d.press(".overlay button")

	// So does the personal link of the reply.
	d.press(".bubble.in a")
	d.wantVisit("GET /enter", "登录")
	d.press(".overlay button")

	// Selecting a bubble selects its delivery, and everything that belongs to it.
	ask(d.phone, chromedp.Evaluate[any](`[...document.querySelectorAll(".bubble.out")].find((e) => e.textContent.includes("登录")).querySelector("div").click()`))
	d.read(".rows li.selected .title", "登录")
	d.read(".rows li.selected .step", "push")
	d.read(".details dd", `exact "登录"`)
	d.read(".details .diff caption", "session")
	d.read(`.details [data-part="attempt:1"] pre`, "登录")
	d.read(".details table.line", "outcome")
	d.press(".rows li.selected .step.log")
	d.see(".details .part.chosen table.line")

	d.press(".details > header > .quiet")
	d.press(".phone header .quiet")
	d.pressText(".choices", "取消关注")
	d.read(".hint .now", "全部走过一遍了")
	d.pressLast("取消关注")
	d.read(".details .diff caption .deleted", "删除")
	d.press(".stranger .follow")
	d.until(`[...document.querySelectorAll(".bubble.in")].filter((e) => e.textContent.includes("您好，欢迎关注")).length === 2`)
	d.wantQuiet("the walk-through")
}

// wantVisit waits until the phone got a page with these words.
func (d *desk) wantVisit(title, words string) {
	d.Helper()
	d.read(".rows .title", title)
	var list struct{ Items []console.Item }
	for begun := time.Now(); time.Since(begun) < 20*time.Second; {
		d.api(http.MethodGet, "/api/items", nil, &list)
		for _, summary := range list.Items {
			var i console.Item
			d.api(http.MethodGet, fmt.Sprintf("/api/items/%d", summary.ID), nil, &i)
			if i.Title == title && i.Done && strings.Contains(i.Attempts[len(i.Attempts)-1].Response.Body, words) {
				return
			}
		}
	}
	d.Fatalf("no visit %s with %s", title, words)
}

// TestConsoleKinds sends every kind of message that the phone has.
func TestConsoleKinds(t *testing.T) {
	d := newDesk(t, "zh")
	d.noHint()
	d.pressText(".stranger", "扫带参数的二维码关注")
	d.do(chromedp.SendKeys(chromedp.CSS("dialog input[name=scene]"), "summer"+kb.Enter))
	d.read(".phone header small", "场景 summer")
	for _, name := range []string{"语音", "视频", "小视频", "位置", "链接", "文件", "上报位置", "扫带参数的二维码"} {
		d.press(".composer .round")
		d.pressText(".choices", name)
		if name != "语音" && !strings.HasSuffix(name, "视频") {
			d.press("dialog footer .main")
		}
		d.read(".rows .title", name)
	}
	picture := filepath.Join(d.dir, "picture.png")
	if err := os.WriteFile(picture, ask(d.phone, chromedp.CaptureScreenshot()), 0o600); err != nil {
		t.Fatal(err)
	}
	d.do(chromedp.SetUploadFiles(chromedp.CSS(".composer input[type=file]"), []string{picture}, chromedp.NodeReady))
	d.until(`document.querySelector(".picture img")?.naturalWidth === 1280`)
	d.press(".add-phone")
	d.press("dialog footer .main")
	d.read(".phone h2", "关注者 2")
	for n := range 4 {
		d.api(http.MethodPost, "/api/followers", map[string]string{"name": fmt.Sprint("又一位", n)}, nil)
		d.read(".phone h2", fmt.Sprint("又一位", n))
	}
	// The newest phone is shown, and the button for another one.
	d.until(`[...document.querySelectorAll(".phone"), document.querySelector(".add-phone")].slice(-2).every((e) => {
		const box = e.getBoundingClientRect(), row = document.querySelector(".phones").getBoundingClientRect();
		return box.left >= row.left && box.right <= row.right;
	})`)
	d.wantQuiet("all kinds")
}

// TestConsoleLiveEditing: mistakes of account.yaml are shown with line and remedy, and a mended file answers at once.
func TestConsoleLiveEditing(t *testing.T) {
	d := newDesk(t, "zh")
	d.noHint()
	d.send("follow")
	d.copyAccount(func(text string) string { return strings.Replace(text, "- exact: 登录", "- exactly: 登录", 1) })
	d.read(".mistakes code", "account.yaml:")
	d.read(".mistakes li", "关键词规则里不能写 \"exactly\"")
	d.write("登录")
	d.read(".bubble.in", "点击进入您的主页") // the last good file
	d.copyAccount(func(text string) string { return strings.Replace(text, "我们可以收到", "我们都会看", 1) })
	d.until(`document.querySelector(".mistakes").hidden`)
	d.write("hello")
	d.read(".bubble.in", "我们都会看")
	d.wantQuiet("live editing")
}

// TestConsoleHintKeyword: the hint names the account's own keyword for the personal link, and no keyword if there is none.
func TestConsoleHintKeyword(t *testing.T) {
	d := newDesk(t, "zh")
	d.send("follow")
	d.copyAccount(func(text string) string { return strings.ReplaceAll(text, "登录", "会员") })
	d.read(".hint .now p", "例如“会员”")
	d.pressText(".hint", "带我去")
	d.until(`document.querySelector(".composer input[type=text]").value === "会员"`)
	d.copyAccount(func(text string) string { return strings.ReplaceAll(text, "{personal_link}", "") })
	d.until(`!document.querySelector(".hint .now p").textContent.includes("例如")`)
	d.pressText(".hint", "带我去")
	d.until(`document.querySelector(".composer input[type=text]").value === "你好"`)
	d.wantQuiet("the hint's keyword")
}

// TestConsoleTime: the session's tombstone vanishes after 31 days of the console's clock.
func TestConsoleTime(t *testing.T) {
	d := newDesk(t, "en")
	d.noHint()
	d.send("follow")
	d.send("unfollow")
	records := func() int {
		var all []json.RawMessage
		d.api(http.MethodGet, "/api/records", nil, &all)
		return len(all)
	}
	if n := records(); n != 1 {
		t.Errorf("%d records after the unfollow, want the tombstone", n)
	}
	d.pressText(".clock", "+31 days")
	d.read(".offset", "+31 days")
	if n := records(); n != 0 {
		t.Errorf("%d records after 31 days", n)
	}
	d.send("follow")
	d.read(".jump", "+31 days")
	d.pressText(".clock", "Back to now")
	d.until(`document.querySelector(".offset").textContent === ""`)
	d.press(`.clock [aria-label="Another time"]`)
	d.do(chromedp.SendKeys(chromedp.CSS("dialog input"), "30m"+kb.Enter))
	d.read(".offset", "+30 minutes")
	d.wantQuiet("time")
}

// TestConsoleTroubles switches on troubles and watches the retries.
func TestConsoleTroubles(t *testing.T) {
	d := newDesk(t, "zh")
	d.noHint()
	d.send("follow")
	d.press(`[aria-controls="desk"]`)
	d.press(`label[for="mode-safe"]`)
	d.until(`document.getElementById("mode-safe").checked`)
	d.pressText(".desk", "写入后进程被杀")
	d.read(".active li", "进程被杀")
	d.read(".badge", "1")
	d.write("@停车方便吗？")
	d.read(".bubble.in", "已经收到您的建议")
	d.until(`document.querySelectorAll(".rows > li:last-child .result span").length === 2`)
	d.read(".active", "没有故障")
	d.press(".rows > li:last-child .row")
	d.read(".details .sub", "解密后")
	d.read(".details .error", "公众号的进程被杀")

	// An account that always fails is out of order for its follower.
	d.press(`.desk [aria-label="其他数据表故障"]`)
	d.do(chromedp.SetValue(chromedp.CSS("dialog input[name=times]"), "0"))
	d.press("dialog footer .main")
	d.read(".badge", "1")
	d.write("@再来一次")
	d.read(".line.bad", "该公众号提供的服务出现故障，请稍后再试")
	d.press(".active button")
	d.read(".active", "没有故障")
	d.wantQuiet("troubles")
}

// TestConsoleRestart: the page connects again by itself, and nothing is lost.
func TestConsoleRestart(t *testing.T) {
	d := newDesk(t, "zh")
	d.noHint()
	d.send("follow")
	d.read(".bubble.in", "您好，欢迎关注")
	address := strings.TrimPrefix(d.url, "http://")
	d.stop()
	d.read(".live.off", "正在重新连接")
	d.start(address, "zh")
	d.until(`!document.querySelector(".live.off")`)
	d.write("你好")
	d.read(".bubble.in", "我们可以收到")
	d.read(".bubble.in", "您好，欢迎关注")
}

// TestConsoleManyDeliveries: after 500 deliveries the page is small, and answers at once.
func TestConsoleManyDeliveries(t *testing.T) {
	d := newDesk(t, "zh")
	d.noHint()
	d.send("follow")
	for range 500 {
		d.send("text", "content", "你好")
	}
	d.until(`document.querySelectorAll(".rows > li").length === 200`)
	took := ask(d.phone, chromedp.Evaluate[float64](`(async () => {
		const begun = performance.now();
		document.querySelector(".rows > li:last-child .row").click();
		while (!document.querySelector(".rows > li.selected .step")) await new Promise(requestAnimationFrame);
		return performance.now() - begun;
	})()`, chromedp.EvalAwaitPromise))
	elements := ask(d.phone, chromedp.Evaluate[int](`document.querySelectorAll("*").length`))
	t.Logf("selected in %.0f ms, %d elements", took, elements)
	if elements > 10000 {
		t.Errorf("%d elements", elements)
	}
	d.pressText(".timeline", "更早的")
	d.until(`document.querySelectorAll(".rows > li").length === 400`)
	d.do(chromedp.SendKeys(chromedp.CSS(".timeline input"), "欢迎"))
	d.until(`document.querySelectorAll(".rows > li").length === 1`)
}

// TestConsoleAgain sends deliveries again: three times, edited, and all from one on, after the records were rewound.
func TestConsoleAgain(t *testing.T) {
	d := newDesk(t, "zh")
	d.noHint()
	d.send("follow")
	d.send("text", "content", "@停车方便吗？")
	d.pressLast("@停车方便吗？")
	d.pressText(".actions", "×3")
	d.until(`document.querySelectorAll(".rows > li:last-child .result span").length === 3`)
	d.read(".details dt", "重发自")
	suggestions := func() (n int) {
		var records []struct{ PK string }
		d.api(http.MethodGet, "/api/records", nil, &records)
		for _, r := range records {
			if strings.HasPrefix(r.PK, "suggestions#") {
				n++
			}
		}
		return n
	}
	if n := suggestions(); n != 1 {
		t.Errorf("%d suggestions after four deliveries of one", n)
	}
	d.pressText(".actions", "编辑")
	d.see("dialog textarea")
	ask(d.phone, chromedp.Evaluate[any](`(() => { const x = document.querySelector("dialog textarea"); x.value = x.value.replace("停车", "充电"); })()`))
	d.press("dialog footer .main")
	d.read(".bubble.out", "@充电方便吗？")
	if n := suggestions(); n != 2 {
		t.Errorf("%d suggestions after another one", n)
	}
	d.press(".rows > li:nth-child(2) .row")
	d.read(".details h2", "关注")
	d.pressText(".actions", "更多重发")
	d.do(chromedp.SetValue(chromedp.CSS("dialog select[name=which]"), "rewind"))
	d.press("dialog footer .main")
	d.read(".toast", "已发送")
	d.read(".details h2", "关注")
	d.read(".details dt", "重发自") // the details are those of the delivery just sent
	for name, want := range map[string]string{"curl": "curl -H", "sam local": `"rawPath"`, "场景": "-- 1/push.xml --", "Go 测试": "package account_test"} {
		ask(d.phone, chromedp.Evaluate[any](`navigator.clipboard.writeText = async (text) => { document.title = text; }`))
		d.pressText(".actions", "复制为")
		d.pressText(".choices", name)
		d.until(`document.title.includes(` + quoted(want) + `)`)
	}
	d.wantQuiet("again")
}

// TestConsoleScenario records a conversation. The owner's go test runs it, and fails if the account answers otherwise.
func TestConsoleScenario(t *testing.T) {
	d := newDesk(t, "zh")
	d.noHint()
	d.press(".record")
	d.read(".record", "停止（0）")
	d.press(".stranger .follow")
	d.read(".bubble.in", "您好，欢迎关注")
	d.pressText(".clock", "+1 天")
	d.read(".offset", "+1")
	d.write("@希望周末也营业")
	d.read(".bubble.in", "已经收到您的建议")
	d.read(".record", "停止（2）")
	d.press(".record")
	d.do(chromedp.SendKeys(chromedp.CSS("dialog input[name=name]"), "weekend"), chromedp.SendKeys(chromedp.CSS("dialog input[name=comment]"), "A suggestion on the second day"))
	d.press("dialog footer .main")
	d.read(".toast", "weekend.txtar")

	program := filepath.Join(d.dir, "account.test")
	build := exec.CommandContext(t.Context(), "go", "test", "-c", "-o", program, "./account") //nolint:gosec // a path of our own
	build.Dir = "../.."
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatal(err, string(out))
	}
	run := func() (string, error) {
		test := exec.CommandContext(t.Context(), program, "-test.run=TestScenarios", "-test.v") //nolint:gosec // built above
		test.Dir = filepath.Join(d.dir, "account")
		out, err := test.CombinedOutput()
		return string(out), err
	}
	if out, err := run(); err != nil || !strings.Contains(out, "--- PASS: TestScenarios/weekend.txtar") {
		t.Errorf("%v\n%s", err, out)
	}
	file := filepath.Join(d.dir, "account", "scenarios", "weekend.txtar")
	text, err := os.ReadFile(file) //nolint:gosec // a path of our own
	if err != nil {
		t.Fatal(err)
	}
	broken := strings.Replace(string(text), "已经收到您的建议", "谢谢您的建议", 1)
	if err := os.WriteFile(file, []byte(broken), 0o600); err != nil {
		t.Fatal(err)
	}
	if out, err := run(); err == nil || !strings.Contains(out, "谢谢") {
		t.Errorf("a broken scenario: %v\n%s", err, out)
	}
	d.wantQuiet("the scenario")
}

// TestConsolePictures takes the pictures of the READMEs: a delivery with all that belongs to it, and an account in trouble.
func TestConsolePictures(t *testing.T) {
	for language, suffix := range map[string]string{"en": "", "zh": ".zh-CN"} {
		t.Run(language, func(t *testing.T) {
			d := newDesk(t, language)
			d.noHint()
			d.send("follow", "scene", "spring")
			d.send("text", "content", "你好")
			d.send("text", "content", "@希望周末也营业")
			d.send("click", "key", "contact")
			d.read(".rows > li:nth-child(4) .title", "@希望周末也营业")
			d.press(".rows > li:nth-child(2) .row")
			d.see(".details .diff")
			ask(d.phone, chromedp.Evaluate[any](`document.querySelector(".scroller").scrollTop = 30`))
			d.shoot("console" + suffix)

			var second struct{ OpenID string }
			d.api(http.MethodPost, "/api/followers", map[string]string{"name": "小林"}, &second)
			d.api(http.MethodPost, "/api/clock", map[string]string{"advance": "1d"}, nil)
			slow := []map[string]any{{"path": "/cgi-bin/user/info", "delay": 8}}
			d.api(http.MethodPost, "/api/faults", map[string]any{"platform": slow}, nil)
			d.send("follow", "openid", second.OpenID)
			d.api(http.MethodPost, "/api/faults", map[string]any{
				"platform": slow, "table": []map[string]any{{"when": "after", "kill": true, "times": 1}},
			}, nil)
			d.send("text", "content", "@停车方便吗？", "openid", second.OpenID)
			d.prefer("dark")
			d.press(`[aria-controls="desk"]`)
			d.read(".rows > li:last-child .title", "@停车方便吗？")
			d.press(".details > header > .quiet")
			d.shoot("console-trouble" + suffix)
		})
	}
}
