package console

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"golang.org/x/tools/txtar"

	"github.com/guanzhu/guanzhu/internal/autoreply"
	"github.com/guanzhu/guanzhu/pkg/secrets"
	"github.com/guanzhu/guanzhu/pkg/wechat"
)

// The files of a scenario, an archive of golang.org/x/tools/txtar. Those of a step have its number and a slash before.
const (
	givenFile   = "given.json"  // the records before the first step, one a line
	advanceFile = "advance"     // a step: how far the clock moves
	pushFile    = "push.xml"    // a step: a push; the clock moves on to its CreateTime
	replyText   = "reply.txt"   // what came: the text that the follower gets
	replyJSON   = "reply.json"  // what came: a reply of another kind
	failedFile  = "failed.txt"  // what came: why the follower sees that the account is out of order
	recordsFile = "records.txt" // what came: each record that was written, with its keys; - if it was deleted
)

// RunScenario runs the steps of a scenario by the handlers and the account.yaml of this program, over an empty store and a
// simulated platform, and returns the scenario with the replies and records that came. The clock stands still between the
// steps, and the secrets are always the same, so that the same steps give the same result.
func RunScenario(text []byte) (got []byte, err error) { return runScenario(text, nil) }

// runScenario is RunScenario with another account.yaml, unless that is nil.
func runScenario(text []byte, replies *autoreply.Account) (got []byte, err error) {
	in := txtar.Parse(text)
	dir, err := os.MkdirTemp("", "guanzhu-scenario-")
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	c, err := New(Config{
		AppID: "wx0123456789abcdef", Secrets: secrets.Secrets{Token: "scenario", AppSecret: "scenario", LinkKey: "scenario"},
		File: filepath.Join(dir, "console.db"), URL: "http://127.0.0.1:8080", AccountURL: "https://example.com",
		Now: beginOf(in), Printf: func(string, ...any) {}, replies: replies, assistant: noModel{},
	})
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, c.Close()) }()
	out := &txtar.Archive{Comment: in.Comment}
	for _, f := range in.Files {
		if isOutcome(f.Name) {
			continue
		}
		out.Files = append(out.Files, f)
		came, err := c.runStep(f)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", f.Name, err)
		}
		out.Files = append(out.Files, came...)
	}
	return txtar.Format(out), nil
}

// noModel answers instead of a language model, whose answers differ each time.
type noModel struct{}

func (noModel) Answer(context.Context, *autoreply.AI, *wechat.Text) (string, error) {
	return "（这里由大语言模型回答）", nil
}

// beginOf returns a clock that stands still at the time of the first push.
func beginOf(a *txtar.Archive) func() time.Time {
	begin := time.Unix(1_800_000_000, 0)
	for _, f := range a.Files {
		if p, err := wechat.ParsePush(f.Data); path.Base(f.Name) == pushFile && err == nil {
			begin = p.Common().Time()
			break
		}
	}
	return func() time.Time { return begin.UTC() }
}

// isOutcome reports whether the file says what came.
func isOutcome(name string) bool {
	return slices.Contains([]string{replyText, replyJSON, failedFile, recordsFile}, path.Base(name))
}

// runStep runs one step and returns the files of what came.
func (c *Console) runStep(f txtar.File) ([]txtar.File, error) {
	switch path.Base(f.Name) {
	case givenFile:
		return nil, c.given(f.Data)
	case advanceFile:
		d, err := duration(strings.TrimSpace(string(f.Data)))
		if err != nil {
			return nil, err
		}
		c.clock.Advance(d)
		return nil, nil
	case pushFile:
		message := bytes.TrimSpace(f.Data)
		p, err := wechat.ParsePush(message)
		if err != nil {
			return nil, err
		}
		if ahead := p.Common().Time().Sub(c.clock.Now()); ahead > 0 {
			c.clock.Advance(ahead)
		}
		return c.runPush(path.Dir(f.Name), message), nil
	}
	return nil, fmt.Errorf("a scenario has no such file: it has %s, and N/%s or N/%s for each step N", givenFile, pushFile, advanceFile)
}

// given stores the records before the first step. The platform knows who follows.
func (c *Console) given(lines []byte) error {
	var records []json.RawMessage
	for line := range bytes.Lines(lines) {
		var r struct {
			OpenID       string
			SK           string
			SubscribedAt int64 `json:"subscribed_at"`
		}
		if err := json.Unmarshal(line, &r); err != nil {
			return err
		}
		records = append(records, bytes.TrimSpace(line))
		if r.OpenID == "" || r.SK != "follower" {
			continue
		}
		if c.phone(r.OpenID) == nil {
			if _, err := c.addPhone(Follower{OpenID: r.OpenID}); err != nil {
				return err
			}
		}
		c.setFollows(r.OpenID, true, time.Unix(r.SubscribedAt, 0), "")
	}
	return c.store.Restore(records)
}

func (c *Console) runPush(step string, message []byte) []txtar.File {
	c.follow(message)
	rec, _ := c.beginDelivery("scenario", "", 0, func(int64) []byte { return message })
	c.deliver(context.Background(), rec, message, "")
	i := c.timeline.get(rec.item.ID)
	var files []txtar.File
	add := func(name, text string) {
		if text != "" {
			files = append(files, txtar.File{Name: step + "/" + name, Data: []byte(strings.TrimRight(text, "\n") + "\n")})
		}
	}
	switch {
	case i.Failed:
		add(failedFile, i.Error)
	case i.Reply != nil && i.Reply.Type == "text":
		add(replyText, i.Reply.Content)
	case i.Reply != nil:
		add(replyJSON, indented(i.Reply))
	}
	add(recordsFile, written(i))
	return files
}

// written returns a line for each record that was written: its keys, and what it is at last.
func written(i *Item) string {
	var keys []string
	last := map[string]string{}
	for _, step := range i.Steps {
		for _, change := range step.Changes {
			if change.PK == accountPK {
				continue
			}
			key := change.PK + " " + change.SK
			if _, known := last[key]; !known {
				keys = append(keys, key)
			}
			last[key] = "-"
			if isRecord(change.After) {
				last[key] = withoutKeys(change.After)
			}
		}
	}
	var lines strings.Builder
	for _, key := range keys {
		fmt.Fprintf(&lines, "%s %s\n", key, last[key])
	}
	return lines.String()
}

var recordKeys = regexp.MustCompile(`^\{"pk":"(?:[^"\\]|\\.)*","sk":"(?:[^"\\]|\\.)*",?`)

// withoutKeys returns the record without its keys, which begin it.
func withoutKeys(record []byte) string { return recordKeys.ReplaceAllString(string(record), "{") }

func indented(v any) string {
	var out bytes.Buffer
	encoder := json.NewEncoder(&out)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", "  ")
	if err := encoder.Encode(v); err != nil {
		panic(err) // the types of this package can be encoded
	}
	return out.String()
}

// scenario makes the scenario of these deliveries. What comes of them is that of a run, which begins with the records that
// there were.
func (c *Console) scenario(ctx context.Context, comment string, items []*Item) ([]byte, error) {
	a := &txtar.Archive{Comment: []byte(comment + "\n\n")}
	given, err := c.givenBefore(ctx, items)
	if err != nil {
		return nil, err
	}
	if given != "" {
		a.Files = append(a.Files, txtar.File{Name: givenFile, Data: []byte(given)})
	}
	var clock time.Time
	for n, i := range items {
		p, err := wechat.ParsePush([]byte(i.Message))
		if err != nil {
			return nil, refuse("无法解析的推送不能放进场景", "a push that cannot be parsed cannot be part of a scenario")
		}
		at := i.At.Truncate(time.Second)
		natural := clock
		if p.Common().Time().After(natural) {
			natural = p.Common().Time()
		}
		if n > 0 && at.Sub(natural) > time.Second { // it was delivered late
			a.Files = append(a.Files, txtar.File{Name: fmt.Sprintf("%d/%s", n+1, advanceFile), Data: []byte(at.Sub(clock).String() + "\n")})
			natural = at
		}
		clock = natural
		a.Files = append(a.Files, txtar.File{Name: fmt.Sprintf("%d/%s", n+1, pushFile), Data: []byte(strings.TrimSpace(i.Message) + "\n")})
	}
	text := txtar.Format(a)
	if len(txtar.Parse(text).Files) != len(a.Files) {
		return nil, refuse("推送里有一行形如 -- 名称 --，场景文件分不清它", "a push has a line like -- name --, which a scenario takes for the next file")
	}
	return runScenario(text, c.instance().replies)
}

// givenBefore returns the records of the items' users as they were before the first item, one a line.
func (c *Console) givenBefore(ctx context.Context, items []*Item) (string, error) {
	records, err := c.recordsBefore(ctx, items[0].ID)
	if err != nil {
		return "", err
	}
	var lines []string
	for at, record := range records {
		if slices.ContainsFunc(items, func(i *Item) bool { return i.OpenID == at.PK }) {
			lines = append(lines, string(record)+"\n")
		}
	}
	slices.Sort(lines)
	return strings.Join(lines, ""), nil
}

// isScenarioName reports whether s can be a file's name on every system: 1 to 64 letters of any language, digits, _ and -.
func isScenarioName(s string) bool {
	n := utf8.RuneCountInString(s)
	return 1 <= n && n <= 64 && !strings.ContainsFunc(s, func(r rune) bool {
		return !unicode.IsLetter(r) && !unicode.IsNumber(r) && r != '_' && r != '-'
	})
}

// postScenario writes a scenario of recorded deliveries.
func (c *Console) postScenario(r *http.Request) (any, error) {
	var in struct {
		Name    string  `json:"name"`
		Items   []int64 `json:"items"`
		Comment string  `json:"comment"`
	}
	if err := readJSON(r, maxRequest, &in); err != nil {
		return nil, err
	}
	if !isScenarioName(in.Name) {
		return nil, refuse("名称只能有 1 到 64 个字母、汉字、数字、_ 或 -", "a name has 1 to 64 letters, digits, _ or -")
	}
	if len(in.Items) == 0 {
		return nil, refuse("请选择要录制的推送（items）", "give the items that the scenario has")
	}
	items, err := c.originals(Replay{Items: slices.Sorted(slices.Values(in.Items))})
	if err != nil {
		return nil, err
	}
	if in.Comment == "" {
		in.Comment = in.Name
	}
	text, err := c.scenario(r.Context(), in.Comment, items)
	if err != nil {
		return nil, err
	}
	if err := os.MkdirAll(c.config.ScenarioDir, 0o750); err != nil {
		return nil, err
	}
	name := filepath.Join(c.config.ScenarioDir, in.Name+".txtar")
	file, err := os.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600) //nolint:gosec // the name has no slash
	if errors.Is(err, os.ErrExist) {
		return nil, refuse("已经有同名的场景："+name, "there is a scenario of this name already: "+name)
	}
	if err != nil {
		return nil, err
	}
	_, err = file.Write(text)
	return map[string]string{"file": name}, errors.Join(err, file.Close())
}
