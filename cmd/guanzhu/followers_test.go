package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/guanzhu/guanzhu/internal/bilingual"
	"github.com/guanzhu/guanzhu/internal/boltstore"
	"github.com/guanzhu/guanzhu/pkg/follower"
	"github.com/guanzhu/guanzhu/pkg/wechat"
)

func follow(t *testing.T, store *boltstore.Store, f follower.Follower) {
	t.Helper()
	if _, _, err := store.Follow(t.Context(), f, follower.Session{EstablishedAt: f.EventTime, EventTime: f.EventTime}); err != nil {
		t.Fatal(err)
	}
}

// full is a follower of whom all is known.
var full = follower.Follower{
	OpenID: sampleFollower,
	Profile: follower.Profile{
		UnionID: "oUnion", Language: "zh_CN", Scene: "ADD_SCENE_QR_CODE", QRScene: "spring", Remark: `老朋友, "<VIP>"`,
		Tags: []int{2, 128}, SubscribedAt: time.Date(2026, time.November, 1, 0, 30, 0, 0, wechat.ChinaTime),
	},
	State:     follower.Complete,
	EventTime: time.Date(2026, time.November, 1, 0, 30, 1, 0, wechat.ChinaTime),
}

func storeFollowers(t *testing.T) *boltstore.Store {
	t.Helper()
	store := openStore(t)
	follow(t, store, full)
	follow(t, store, follower.Follower{OpenID: "oLinkOnly", State: follower.Pending, EventTime: present, PendingSince: present})
	follow(t, store, follower.Follower{OpenID: "oPersonal", State: follower.Unavailable, EventTime: present,
		Profile: follower.Profile{SubscribedAt: present}})
	follow(t, store, follower.Follower{OpenID: "oFormula", State: follower.Complete, EventTime: present,
		Profile: follower.Profile{Remark: "=1+1", QRScene: "-1", Language: "+", Scene: "@SUM(A1)", UnionID: "＝1+1", Tags: []int{7}}})
	follow(t, store, follower.Follower{OpenID: "oGone", State: follower.Complete, EventTime: present})
	if err := store.Unfollow(t.Context(), "oGone", present, present.Add(follower.TombstoneFor)); err != nil {
		t.Fatal(err)
	}
	suggest(t, store, present, 1, "@text")
	return store
}

func TestExport(t *testing.T) {
	t.Parallel()
	store := storeFollowers(t)
	for format, want := range map[string]string{
		"csv": "\ufeff" + `openid,unionid,subscribed_at,scene,qr_scene,language,remark,tags,profile
oFormula,'＝1+1,,'@SUM(A1),'-1,'+,'=1+1,7,complete
oLinkOnly,,,,,,,,pending
oPersonal,,2026-11-22T12:00:00+08:00,,,,,,unavailable
oSAMPLEfollower0000000000001,oUnion,2026-11-01T00:30:00+08:00,ADD_SCENE_QR_CODE,spring,zh_CN,"老朋友, ""<VIP>""",2|128,complete
`,
		"jsonl": `{"openid":"oFormula","unionid":"＝1+1","scene":"@SUM(A1)","qr_scene":"-1","language":"+","remark":"=1+1","tags":[7],"profile":"complete"}
{"openid":"oLinkOnly","profile":"pending"}
{"openid":"oPersonal","subscribed_at":"2026-11-22T12:00:00+08:00","profile":"unavailable"}
{"openid":"oSAMPLEfollower0000000000001","unionid":"oUnion","subscribed_at":"2026-11-01T00:30:00+08:00","scene":"ADD_SCENE_QR_CODE","qr_scene":"spring","language":"zh_CN","remark":"老朋友, \"<VIP>\"","tags":[2,128],"profile":"complete"}
`,
	} {
		t.Run(format, func(t *testing.T) {
			t.Parallel()
			var out bytes.Buffer
			n, unreadable, err := exportFollowers(t.Context(), brokenStore{store}, format, &out)
			if err != nil || n != 4 || unreadable != 1 {
				t.Errorf("exported %d, left out %d, error %v; want 4 and 1", n, unreadable, err)
			}
			if diff := cmp.Diff(want, out.String()); diff != "" {
				t.Errorf("export (-want +got):\n%s", diff)
			}
		})
	}
}

var stamps = follower.Own[int]("test-stamps")

// stamp gives the follower so many stamps.
func stamp(t *testing.T, store follower.Store, openid string, n int) {
	t.Helper()
	_, err := stamps.UpdateFor(t.Context(), &follower.Service{Store: store}, openid, func(have *int) error {
		*have = n
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

// TestExportOwn: JSON lines have the own data, of more than one batch, without what cannot be read.
func TestExportOwn(t *testing.T) {
	t.Parallel()
	store := openStore(t)
	var want strings.Builder
	for n := range 150 {
		openid := fmt.Sprintf("oFollower-%03d", n)
		follow(t, store, follower.Follower{OpenID: openid, State: follower.Complete, EventTime: present})
		own := ""
		if n%3 > 0 {
			stamp(t, store, openid, n)
			own = fmt.Sprintf(`,"own":{"test-stamps":%d}`, n)
		}
		if n == 1 {
			err := store.ChangeOwn(t.Context(), follower.Follower{OpenID: openid}, nil, func(d *follower.OwnData) error {
				d.Values["test-stamps"] = "{"
				return nil
			})
			if err != nil {
				t.Fatal(err)
			}
			own = ""
		}
		fmt.Fprintf(&want, `{"openid":"%s","profile":"complete"%s}`+"\n", openid, own)
	}
	var out bytes.Buffer
	n, unreadable, err := exportFollowers(t.Context(), store, "jsonl", &out)
	if err != nil || n != 150 || unreadable != 1 {
		t.Errorf("exported %d, left out %d, error %v; want 150 and 1", n, unreadable, err)
	}
	if diff := cmp.Diff(want.String(), out.String()); diff != "" {
		t.Errorf("export (-want +got):\n%s", diff)
	}
}

func TestExportOfNobody(t *testing.T) {
	t.Parallel()
	for format, want := range map[string]string{
		"csv":   "\ufeffopenid,unionid,subscribed_at,scene,qr_scene,language,remark,tags,profile\n",
		"jsonl": "",
	} {
		var out bytes.Buffer
		if n, _, err := exportFollowers(t.Context(), openStore(t), format, &out); n != 0 || err != nil || out.String() != want {
			t.Errorf("%s: %d exported, error %v: %q", format, n, err, &out)
		}
	}
}

// TestExportIsStreamed: what was read is written before all is read.
func TestExportIsStreamed(t *testing.T) {
	t.Parallel()
	store := openStore(t)
	for n := range 150 {
		f := full
		f.OpenID = fmt.Sprintf("oFollower-%03d", n)
		follow(t, store, f)
	}
	for _, format := range []string{"csv", "jsonl"} {
		full := errors.New("the disk is full")
		n, _, err := exportFollowers(t.Context(), store, format, writerFunc(func([]byte) (int, error) { return 0, full }))
		if !errors.Is(err, full) || n == 150 {
			t.Errorf("%s: %d were read, error %v", format, n, err)
		}
	}
}

type writerFunc func([]byte) (int, error)

func (f writerFunc) Write(p []byte) (int, error) { return f(p) }

func TestWriteWhole(t *testing.T) {
	t.Parallel()
	text := func(s string, err error) func(io.Writer) error {
		return func(w io.Writer) error {
			_, writeErr := io.WriteString(w, s)
			return errors.Join(writeErr, err)
		}
	}
	dir := t.TempDir()
	path := filepath.Join(dir, "followers.csv")
	wantFile := func(want string) {
		t.Helper()
		got, err := os.ReadFile(path)
		if err != nil || string(got) != want {
			t.Errorf("the file holds %q, error %v; want %q", got, err, want)
		}
		if entries, err := os.ReadDir(dir); err != nil || len(entries) != 1 {
			t.Errorf("beside the file: %v, error %v", entries, err)
		}
	}

	if err := os.WriteFile(path, []byte("older"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(path, 0o644); err != nil {
		t.Fatal(err)
	}
	broken := errors.New("broken")
	if err := writeWhole(path, text("half", broken)); !errors.Is(err, broken) {
		t.Errorf("error %v, want that of the writing", err)
	}
	wantFile("older")
	if err := writeWhole(path, text("newer", nil)); err != nil {
		t.Error(err)
	}
	wantFile("newer")
	info, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	if got := info.Mode().Perm(); got != 0o600 {
		t.Errorf("the file's mode is %v, want -rw-------", got)
	}

	link := filepath.Join(t.TempDir(), "link") // as to a device
	if err := os.Symlink(path, link); err != nil {
		t.Fatal(err)
	}
	for name, tt := range map[string]struct{ path, wantErr, wantChinese string }{
		"a folder":    {dir, "is not a regular file", "不是普通文件"},
		"a link":      {link, "is not a regular file", "不是普通文件"},
		"no folder":   {filepath.Join(dir, "missing", "f.csv"), "there is no " + filepath.Join(dir, "missing") + ": ", "没有 " + filepath.Join(dir, "missing") + "：检查路径"},
		"no such one": {filepath.Join(path, "f.csv"), "in " + path + ", what should be a folder is a file", path + " 中有一级是文件"},
	} {
		err := explainFile(writeWhole(tt.path, func(io.Writer) error {
			t.Errorf("%s: is written", name)
			return nil
		}))
		if err == nil || !strings.Contains(err.Error(), tt.wantErr) || !strings.Contains(bilingual.Explain(err, "zh"), tt.wantChinese) {
			t.Errorf("%s: error %v, want %q and %q", name, err, tt.wantErr, tt.wantChinese)
		}
	}
	wantFile("newer")
}

// table answers a command's reads of a table: a first page with one follower, and the next page by then.
func table(t *testing.T, next http.HandlerFunc) (env []string) {
	var pages atomic.Int64
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		io.Copy(io.Discard, r.Body) // only then the server sees that the client has gone
		switch operation := r.Header.Get("X-Amz-Target"); operation {
		case "DynamoDB_20120810.Scan":
		case "DynamoDB_20120810.BatchGetItem": // for own data: there is none
			io.WriteString(w, "{}")
			return
		default:
			t.Errorf("asks for %s", operation)
		}
		if pages.Add(1) > 1 {
			next(w, r)
			return
		}
		w.Header().Set("Content-Type", "application/x-amz-json-1.0")
		io.WriteString(w, `{"Items":[{"pk":{"S":"oOne"},"sk":{"S":"follower"},"event_time":{"N":"1795320000"},"profile":{"S":"complete"}}],
			"LastEvaluatedKey":{"pk":{"S":"oOne"},"sk":{"S":"follower"}}}`)
	}))
	t.Cleanup(server.Close)
	return []string{
		"AWS_ENDPOINT_URL=" + server.URL, "AWS_REGION=us-east-1", "AWS_ACCESS_KEY_ID=test", "AWS_SECRET_ACCESS_KEY=test",
	}
}

func TestExportToFile(t *testing.T) {
	t.Parallel()
	const header = "\ufeffopenid,unionid,subscribed_at,scene,qr_scene,language,remark,tags,profile\n"
	const one, two = "oOne,,,,,,,,complete\n", "oTwo,,,,,,,,pending\n"
	ends := func(w http.ResponseWriter, _ *http.Request) {
		io.WriteString(w, `{"Items":[{"pk":{"S":"oTwo"},"event_time":{"N":"1795320000"},"profile":{"S":"pending"}}]}`)
	}
	refuses := func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(http.StatusBadRequest)
		io.WriteString(w, `{"__type":"com.amazonaws.dynamodb.v20120810#AccessDeniedException","message":"not you"}`)
	}
	path := filepath.Join(t.TempDir(), "followers.csv")

	stdout, stderr, status := guanzhu(t, table(t, ends), "followers", "export", "--table", "t", "-o", path)
	wantRun(t, "", "Followers exported: 2\n", 0, stdout, stderr, status)
	wantText(t, path, header+one+two)

	stdout, stderr, status = guanzhu(t, table(t, refuses), "followers", "export", "--table", "t", "-o", path)
	wantRun(t, "", "list followers: ", 1, stdout, stderr, status)
	wantText(t, path, header+one+two)

	stdout, stderr, status = guanzhu(t, table(t, ends), "followers", "export", "--table", "t", "--format", "jsonl")
	wantRun(t, `{"openid":"oOne","profile":"complete"}`+"\n"+`{"openid":"oTwo","profile":"pending"}`+"\n",
		"Followers exported: 2\n", 0, stdout, stderr, status)
}

// wantText holds the file, which is to be alone in its folder, to its text.
func wantText(t *testing.T, path, want string) {
	t.Helper()
	got, err := os.ReadFile(path)
	if err != nil {
		t.Error(err)
	}
	if diff := cmp.Diff(want, string(got)); diff != "" {
		t.Errorf("the file (-want +got):\n%s", diff)
	}
	if entries, err := os.ReadDir(filepath.Dir(path)); err != nil || len(entries) != 1 {
		t.Errorf("beside the file: %v, error %v", entries, err)
	}
}

// TestExportInterrupted interrupts the command while it waits for its second page.
func TestExportInterrupted(t *testing.T) {
	t.Parallel()
	waiting := make(chan struct{})
	var once sync.Once
	env := table(t, func(_ http.ResponseWriter, r *http.Request) { // it is asked again and again
		once.Do(func() { close(waiting) })
		<-r.Context().Done()
	})
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	command := exec.CommandContext(t.Context(), self, "followers", "export", "--table", "t", "-o", filepath.Join(dir, "f.csv"))
	command.Env = environment(env...)
	var stderr bytes.Buffer
	command.Stderr = &stderr
	if err := command.Start(); err != nil {
		t.Fatal(err)
	}
	<-waiting
	if err := command.Process.Signal(syscall.SIGINT); err != nil {
		t.Fatal(err)
	}
	command.Wait()
	if status := command.ProcessState.ExitCode(); status != 1 || !strings.Contains(stderr.String(), "interrupted") {
		t.Errorf("status %d, standard error %q", status, &stderr)
	}
	if entries, err := os.ReadDir(dir); err != nil || len(entries) != 0 {
		t.Errorf("left: %v, error %v", entries, err)
	}
}

func agrees(string) error { return nil }

func remove(t *testing.T, store followerStore, openid string, confirm func(string) error) (string, error) {
	t.Helper()
	var out bytes.Buffer
	err := deleteFollower(t.Context(), store, openid, func() time.Time { return present }, confirm, &out, "en")
	if strings.Contains(out.String(), openid) || err != nil && strings.Contains(err.Error(), openid) {
		t.Errorf("the openid is told: %q, error %v", &out, err)
	}
	return out.String(), err
}

func TestDelete(t *testing.T) {
	t.Parallel()
	store := storeFollowers(t)
	stamp(t, store, sampleFollower, 7)
	before := dump(t, store)
	asked := ""
	out, err := remove(t, store, sampleFollower, func(question string) error {
		asked = question
		if diff := cmp.Diff(before, dump(t, store)); diff != "" {
			t.Errorf("changed before the question (-before +after):\n%s", diff)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(`Follows since 2026-11-01 00:30:00 (China time). Profile: complete.
Deleted. Suggestions and the table's backups are not: see guanzhu followers delete --help.
`, out); diff != "" {
		t.Errorf("output (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff("Delete this follower's record and session, and your own data about the follower?", asked); diff != "" {
		t.Errorf("question (-want +got):\n%s", diff)
	}

	tombstone := fmt.Sprintf(`{"pk":%q,"sk":"follower","event_time":%d,"expires_at":%d}`,
		sampleFollower, present.Unix(), present.Add(follower.TombstoneFor).Unix())
	var want []string
	for _, record := range before {
		switch {
		case !strings.Contains(record, sampleFollower):
			want = append(want, record)
		case strings.Contains(record, `"sk":"follower"`):
			want = append(want, tombstone)
		}
	}
	if diff := cmp.Diff(want, dump(t, store)); diff != "" {
		t.Errorf("records (-want +got):\n%s", diff)
	}
	late := full
	late.EventTime = present.Add(-time.Second)
	follow(t, store, late)
	if diff := cmp.Diff(want, dump(t, store)); diff != "" {
		t.Errorf("records after a late push (-want +got):\n%s", diff)
	}
}

func TestDeleteNothing(t *testing.T) {
	t.Parallel()
	store := storeFollowers(t)
	before := dump(t, store)
	for name, tt := range map[string]struct {
		openid, wantErr string
		confirm         func(string) error
	}{
		"not confirmed":     {sampleFollower, "no, thanks", func(string) error { return errors.New("no, thanks") }},
		"nobody's":          {"oNobody", "this is no follower's openid", agrees},
		"has unfollowed":    {"oGone", "this is no follower's openid", agrees},
		"no follower's key": {"suggestions#2026-11", "this is no follower's openid", agrees},
	} {
		if _, err := remove(t, store, tt.openid, tt.confirm); err == nil || !strings.Contains(err.Error(), tt.wantErr) {
			t.Errorf("%s: error %v, want %q", name, err, tt.wantErr)
		}
		if diff := cmp.Diff(before, dump(t, store)); diff != "" {
			t.Errorf("%s: records (-before +after):\n%s", name, diff)
		}
	}
}

func TestDeleteLinkOnly(t *testing.T) {
	t.Parallel()
	out, err := remove(t, storeFollowers(t), "oLinkOnly", agrees)
	if want := "Follows since a time that is not known yet. Profile: pending.\n"; err != nil || !strings.HasPrefix(out, want) {
		t.Errorf("printed %q, error %v", out, err)
	}
	for state, want := range map[follower.ProfileState]string{
		follower.Complete: "完整", follower.Pending: "待补", follower.Unavailable: "没有获取的权限", "new": "new",
	} {
		if got := stateName(state); got.ZH != want || got.EN != string(state) {
			t.Errorf("the state %s is %q", state, got)
		}
	}
}

// TestDeleteBehind: this machine's clock is behind the platform's, by which the follow has yet to come.
func TestDeleteBehind(t *testing.T) {
	t.Parallel()
	store := openStore(t)
	future := full
	future.EventTime = present.Add(time.Minute)
	follow(t, store, future)
	if _, err := remove(t, store, full.OpenID, agrees); err != nil {
		t.Error(err)
	}
	if _, _, err := store.Lookup(t.Context(), full.OpenID); !errors.Is(err, follower.ErrNotFound) {
		t.Errorf("after it: error %v", err)
	}
}

// TestDeleteMeetsAFollow: while the question waits, another follow comes, which is no part of the answer.
func TestDeleteMeetsAFollow(t *testing.T) {
	t.Parallel()
	store := storeFollowers(t)
	again := full
	again.EventTime = present.Add(time.Second)
	out, err := remove(t, store, full.OpenID, func(string) error {
		follow(t, store, again)
		return nil
	})
	if err == nil || !strings.Contains(err.Error(), "run the command again") || strings.Contains(out, "Deleted") {
		t.Errorf("printed %q, error %v", out, err)
	}
}

// TestDeleteFails: whatever fails, nothing is called deleted.
func TestDeleteFails(t *testing.T) {
	t.Parallel()
	broken := errors.New("broken")
	for name, store := range map[string]*faulty{
		"look-up":       {lookups: []error{broken}},
		"unfollow":      {lookups: []error{nil}, unfollow: broken},
		"look-up after": {lookups: []error{nil, broken}},
	} {
		if out, err := remove(t, store, full.OpenID, agrees); !errors.Is(err, broken) || strings.Contains(out, "Deleted") {
			t.Errorf("%s: printed %q, error %v", name, out, err)
		}
	}
}

// faulty fails when it should, and holds its callers to deadlines.
type faulty struct {
	followerStore
	lookups  []error
	unfollow error
}

func (s *faulty) Lookup(ctx context.Context, _ string) (follower.Follower, follower.Session, error) {
	if _, ok := ctx.Deadline(); !ok {
		return full, follower.Session{}, errors.New("no deadline")
	}
	err := s.lookups[0]
	s.lookups = s.lookups[1:]
	return full, follower.Session{}, err
}

func (s *faulty) Unfollow(ctx context.Context, _ string, _, _ time.Time) error {
	if _, ok := ctx.Deadline(); !ok {
		return errors.New("no deadline")
	}
	return s.unfollow
}
