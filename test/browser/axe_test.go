package browser

import (
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/chromedp/chromedp"
)

// axe returns the source of axe-core, which npm fetches. Without it the test is skipped, unless the whole stack is required.
var axe = sync.OnceValues(func() (string, error) {
	dir, err := os.MkdirTemp("", "axe")
	if err != nil {
		return "", err
	}
	defer os.RemoveAll(dir)
	npm := exec.Command("npm", "install", "--prefix", dir, "--no-save", "--ignore-scripts", "--no-audit", "--no-fund", "axe-core@4.14.1") //nolint:noctx // npm has its own time limits
	if out, err := npm.CombinedOutput(); err != nil {
		return string(out), err
	}
	source, err := os.ReadFile(filepath.Join(dir, "node_modules", "axe-core", "axe.min.js")) //nolint:gosec // a path of our own
	return string(source), err
})

// wantAccessible fails the test for each violation that axe-core finds, in both themes.
func (d *desk) wantAccessible(state string) {
	d.Helper()
	source, err := axe()
	if err != nil {
		if os.Getenv("GUANZHU_REQUIRE_STACK") == "1" {
			d.Fatal(err, source)
		}
		d.Skip("needs axe-core 4.14.1, which npm fetches: ", err, source)
	}
	for _, scheme := range []string{"light", "dark"} {
		d.prefer(scheme)
		ask(d.phone, chromedp.Evaluate[bool](`(() => { `+source+`; return true; })()`))
		found := ask(d.phone, chromedp.Evaluate[[]string](`(async () => {
			await Promise.all(document.getAnimations().map((a) => a.effect.getTiming().iterations === Infinity ? 0 : a.finished));
			const { violations } = await axe.run({ exclude: ["iframe"] }, { resultTypes: ["violations"] });
			return violations.flatMap((v) => v.nodes.map((n) => v.id + ": " + n.html.slice(0, 200) + " " + n.failureSummary));
		})()`, chromedp.EvalAwaitPromise))
		for _, violation := range found {
			d.Errorf("%s, %s: %s", state, scheme, violation)
		}
	}
	d.prefer("light")
}

// TestConsoleAccessible: axe-core finds nothing in any state of the page, in both themes and languages, on desk and phone.
func TestConsoleAccessible(t *testing.T) {
	for language, words := range map[string]struct{ phone, failure, failed string }{
		"zh": {"关注者 1", "数据表失败", "3 次投递都失败"}, "en": {"Follower 1", "the table fails", "All 3 deliveries failed"},
	} {
		t.Run(language, func(t *testing.T) {
			d := newDesk(t, language)
			d.read(".phone h2", words.phone)
			d.wantAccessible("empty")
			d.send("follow", "scene", "spring")
			d.send("text", "content", "登录")
			d.send("location", "label", "天安门")
			d.api(http.MethodPost, "/api/followers", map[string]string{"name": "小林"}, nil)
			d.api(http.MethodPost, "/api/clock", map[string]string{"advance": "1d"}, nil)
			d.api(http.MethodPost, "/api/faults", map[string]any{"table": []map[string]any{{"when": "before", "times": 4}}}, nil)
			d.send("text", "content", "登录")
			d.press(`[aria-controls="desk"]`)
			d.press(`.rows > li:nth-child(3) .row`)
			d.see(".details .diff")
			d.wantAccessible("a delivery")
			d.pressLast("登录")
			d.read(".details .error", words.failure)
			d.read(".rows > li:last-child", words.failed)
			d.copyAccount(func(text string) string { return strings.Replace(text, "- exact: 登录", "- exactly: 登录", 1) })
			d.see(".mistakes")
			d.wantAccessible("a failed delivery and mistakes")
			d.do(chromedp.EmulateViewport(width, height))
			d.wantAccessible("on a phone")
			if wide := ask(d.phone, chromedp.Evaluate[int](`document.documentElement.scrollWidth`)); wide > width {
				t.Errorf("on a phone: %d pixels wide", wide)
			}
			d.press(`[aria-controls="desk"]`)
			d.press(`[aria-controls="desk"]`) // open again, and not below the details
			d.until(`document.querySelector("#desk").checkVisibility() && !document.querySelector(".details").checkVisibility()`)
			d.do(chromedp.EmulateViewport(1280, 800))
			d.press(".add-phone")
			d.see("dialog")
			d.wantAccessible("a dialog")
		})
	}
}
