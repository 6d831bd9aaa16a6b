package wechat

import (
	"bufio"
	"flag"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// shapes makes bodies that repeat a part n times: parts of pushes, of users' texts and of what a stranger may send.
func shapes(n int) map[string]func() string {
	times := func(unit string) string { return strings.Repeat(unit, n) }
	each := func(format string) string {
		var b strings.Builder
		for i := range n {
			b.WriteString(strings.ReplaceAll(format, "%d", strconv.Itoa(i)))
		}
		return b.String()
	}
	inContent := func(s string) string { return strings.Replace(text("x"), "<![CDATA[x]]>", s, 1) }
	return map[string]func() string{
		"children of different names":          func() string { return event("CLICK", each("<a%d/>")) },
		"children of different names, unknown": func() string { return event("new", each("<a%d/>")) },
		"children of different names, text":    func() string { return strings.Replace(text("x"), "</xml>", each("<a%d/>")+"</xml>", 1) },
		"children of one name":                 func() string { return event("new", times("<a/>")) },
		"entries of a list": func() string {
			return event("pic_weixin", "<SendPicsInfo><PicList>"+times("<item/>")+"</PicList></SendPicsInfo>")
		},
		"lists of one entry": func() string {
			return event("pic_weixin", "<SendPicsInfo>"+times("<PicList><item/></PicList>")+"</SendPicsInfo>")
		},
		"lists of lists":                   func() string { return event("pic_weixin", times("<SendPicsInfo><PicList/></SendPicsInfo>")) },
		"members of different names":       func() string { return jsonText(`"Content":"x"` + each(`,"a%d":1`)) },
		"values of an array":               func() string { return jsonText(`"a":[0` + times(",1") + "]") },
		"text":                             func() string { return text(times("a")) },
		"text in JSON":                     func() string { return jsonText(`"Content":"` + times("a") + `"`) },
		"control characters":               func() string { return text(times("\x01")) },
		"control characters in JSON":       func() string { return jsonText(`"Content":"` + times("\x01") + `"`) },
		"line ends":                        func() string { return text(times("\r\n")) },
		"bytes that are not UTF-8":         func() string { return text(times("a\xff")) },
		"bytes that are not UTF-8 in JSON": func() string { return jsonText(`"Content":"` + times("a\xff") + `"`) },
		"ends of CDATA":                    func() string { return text(times("]]>")) },
		"ends of a text":                   func() string { return text(times("]]></Content>")) },
		"ends of texts":                    func() string { return text(times("]]></Title>")) },
		"ends of nothing":                  func() string { return text(times("]]></")) },
		"starts of a text":                 func() string { return text(times("<Content><![CDATA[")) },
		"starts of CDATA":                  func() string { return inContent(times("<![CDATA[")) },
		"ends and starts of a text":        func() string { return text(times("]]></Content><Content><![CDATA[")) },
		"ends and starts of other texts":   func() string { return text(times("]]></Content><Title><![CDATA[]]></Title><Content><![CDATA[")) },
		"CDATA sections":                   func() string { return inContent(times("<![CDATA[x]]>")) },
		"references":                       func() string { return inContent(times("&lt;")) },
		"ampersands":                       func() string { return inContent(times("&")) },
		"opening brackets":                 func() string { return times("<") },
		"a long name":                      func() string { return "<" + times("n") },
		"attributes":                       func() string { return inContent("<a " + times("b='' ") + "/>") },
		"comments":                         func() string { return times("<!---->") + text("x") },
		"CDATA before the root":            func() string { return times("<![CDATA[]]>") + text("x") },
		"blanks":                           func() string { return inContent(times(" ")) },
		"Encrypts":                         func() string { return times("<Encrypt>") },
		"Encrypts in JSON":                 func() string { return "{" + times(`"Encrypt"`) },
	}
}

var oneShape = flag.String("shape", "", "with -times: the one shape that TestOneShape reads")
var shapeTimes = flag.Int("times", 0, "how many times the shape repeats its part")

// TestOneShape does the work that TestWorkIsLinear counts.
func TestOneShape(t *testing.T) {
	if *oneShape == "" {
		t.Skip("TestWorkIsLinear runs it")
	}
	body := []byte(shapes(*shapeTimes)[*oneShape]())
	_, _ = ReadEnvelope(body) // in case of an error, the work until then counts
	_, _ = ParsePush(body)
}

// TestWorkIsLinear counts the statements of this package that are executed to read a body, with the coverage tool. Unlike a
// measured time, the count is the same in each run. Four times as many parts may take 4.4 times as many statements.
func TestWorkIsLinear(t *testing.T) {
	if testing.Short() {
		t.Skip("builds a test binary with counters")
	}
	binary := filepath.Join(t.TempDir(), "counting.test")
	build := exec.CommandContext(t.Context(), "go", "test", "-c", "-covermode=atomic", "-o", binary, ".")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	for _, shape := range slices.Sorted(maps.Keys(shapes(0))) {
		t.Run(shape, func(t *testing.T) {
			few, many := statements(t, binary, shape, 100), statements(t, binary, shape, 400)
			if many*10 > few*44 {
				t.Errorf("%d statements for 100, %d for 400", few, many)
			}
		})
	}
}

// TestEnvelopeIsNotParsed checks that a body is only searched, not parsed, before its signature is verified.
func TestEnvelopeIsNotParsed(t *testing.T) {
	for name, body := range shapes(20_000) {
		body := []byte(body())
		allocations := testing.AllocsPerRun(10, func() { _, _ = ReadEnvelope(body) })
		if allocations > 10 {
			t.Errorf("%s: %v allocations for an envelope", name, allocations)
		}
	}
}

// statements runs TestOneShape and returns the number of statements executed.
func statements(t *testing.T, binary, shape string, times int) (sum int) {
	t.Helper()
	profile := filepath.Join(t.TempDir(), "profile")
	run := exec.CommandContext(t.Context(), binary, "-test.run=^TestOneShape$", "-test.coverprofile="+profile,
		"-shape="+shape, fmt.Sprintf("-times=%d", times))
	if out, err := run.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	file, err := os.Open(profile)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	for lines := bufio.NewScanner(file); lines.Scan(); {
		fields := strings.Fields(lines.Text()) // file:from,to statements count
		if len(fields) != 3 {
			continue // the mode
		}
		n, err := strconv.Atoi(fields[1])
		if err != nil {
			t.Fatal(err)
		}
		count, err := strconv.Atoi(fields[2])
		if err != nil {
			t.Fatal(err)
		}
		sum += n * count
	}
	if sum == 0 {
		t.Fatal("nothing was counted")
	}
	return sum
}
