package media_test

import (
	"context"
	"fmt"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/guanzhu/guanzhu/account"
	"github.com/guanzhu/guanzhu/internal/bilingual"
	"github.com/guanzhu/guanzhu/internal/media"
	"github.com/guanzhu/guanzhu/internal/world"
	"github.com/guanzhu/guanzhu/pkg/webhook"
)

const (
	jpg = "\xff\xd8\xff\xe0 a picture"
	png = "\x89PNG\r\n\x1a\n"
	mp4 = "\x00\x00\x00\x18ftypmp42...."
)

func TestCheck(t *testing.T) {
	t.Parallel()
	tests := []struct {
		kind          media.Kind
		name, content string
		want          string // "" for nothing
	}{
		{media.Image, "a.jpg", jpg, ""},
		{media.Image, "地图 1.JPEG", jpg, ""},
		{media.Image, "a.png", png, ""},
		{media.Image, "a.bmp", "BM....", ""},
		{media.Image, "a.gif", "GIF89a", "is not of a format that fits here: use a file that ends in .jpg, .jpeg, .png, .bmp"},
		{media.Image, "a.jpg", png, "a.jpg is a png file, whatever its name says"},
		{media.Image, "a.jpg", "text", "a.jpg is not of a known format"},
		{media.Image, "a.jpg", "", "a.jpg is empty"},
		{media.Image, "a.jpg", jpg + strings.Repeat("x", 10<<20), "has 10.1 MB, and at most 10 MB are allowed"},
		{media.Image, "b/a.jpg", jpg, "has a character that is not allowed"},
		{media.Image, "it's.jpg", jpg, "has a character that is not allowed"},
		{media.Image, "../a.jpg", jpg, "has a character that is not allowed"},
		{media.Image, ".a.jpg", jpg, "has a character that is not allowed"},
		{media.Voice, "a.mp3", "ID3....", ""},
		{media.Voice, "a.mp3", "\xff\xfb\x90....", ""},
		{media.Voice, "a.amr", "#!AMR\n", ""},
		{media.Voice, "a.wav", "RIFF....WAVEfmt ", ""},
		{media.Voice, "a.wma", "\x30\x26\xb2\x75\x8e\x66\xcf\x11", ""},
		{media.Voice, "a.mp3", "ID3" + strings.Repeat("x", 2<<20), "has 2.1 MB, and at most 2 MB are allowed"},
		{media.Voice, "a.jpg", jpg, "use a file that ends in .mp3, .wma, .wav, .amr"},
		{media.Video, "a.mp4", mp4, ""},
		{media.Thumb, "a.jpg", jpg, ""},
		{media.Thumb, "a.jpg", jpg + strings.Repeat("x", 64<<10), "at most 64 KB are allowed"},
		{media.Thumb, "a.png", png, "use a file that ends in .jpg, .jpeg"},
	}
	for _, tt := range tests {
		got := ""
		if err := media.CheckName(tt.kind, tt.name); err != nil {
			got = err.Error()
		} else {
			files := fstest.MapFS{tt.name: {Data: []byte(tt.content)}}
			if err := media.Verify(files, []media.Use{{Kind: tt.kind, Name: tt.name, At: "account.yaml:3"}}); err != nil {
				got = err.Error()
			}
		}
		if !strings.Contains(got, tt.want) || tt.want == "" && got != "" {
			t.Errorf("%s %s: %q, want %q in it", tt.kind, tt.name, got, tt.want)
		}
	}
}

func TestVerifyNamesAll(t *testing.T) {
	t.Parallel()
	uses := []media.Use{
		{Kind: media.Image, Name: "a.jpg", At: "account.yaml:3"}, {Kind: media.Image, Name: "b.jpg", At: "account.yaml:5"},
		{Kind: media.Image, Name: "a.jpg", At: "account.yaml:7"},
	}
	for i := range 1001 {
		uses = append(uses, media.Use{Kind: media.Voice, Name: fmt.Sprintf("%d.mp3", i), At: fmt.Sprintf("account.yaml:%d", 10+i)})
	}
	files := fstest.MapFS{}
	for _, u := range uses[3:] {
		files[u.Name] = &fstest.MapFile{Data: []byte("ID3")}
	}
	want := []string{
		"account.yaml:3: there is no file a.jpg in account/media: put it there, or correct the name (letters' case matters)",
		"account.yaml:5: there is no file b.jpg in account/media: put it there, or correct the name (letters' case matters)",
		"account.yaml:1010: an account can have 1000 files of the kind voice, and this is one more: use fewer",
	}
	if diff := cmp.Diff(want, strings.Split(media.Verify(files, uses).Error(), "\n")); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

const withFiles = `welcome: {image: {file: a.jpg}}
default: 默认
suggestion: s
keywords:
  - exact: 图
    reply: {image: {file: a.jpg}}
  - exact: 另一
    reply: {image: {file: 同.jpg}}
  - exact: 视频
    reply: {video: {file: v.mp4, title: 标题}}
  - exact: 字
    reply: 字
  - exact: 随机
    reply: {random: [{image: {file: a.jpg}}, 随机一]}
`

func newWorld(t *testing.T) (*world.World, *media.Publisher, fstest.MapFS) {
	w := world.New(t, world.Options{Account: withFiles})
	files := fstest.MapFS{"a.jpg": {Data: []byte(jpg)}, "同.jpg": {Data: []byte(jpg)}, "v.mp4": {Data: []byte(mp4)}}
	return w, &media.Publisher{API: w.API, Store: w.Store, Files: files}, files
}

const add, remove = "/cgi-bin/material/add_material", "/cgi-bin/material/del_material"

func TestPublish(t *testing.T) {
	t.Parallel()
	w, p, files := newWorld(t)
	ctx, uses := t.Context(), w.Account.Files()
	want := func(what string, got media.Summary, err error, want media.Summary) {
		t.Helper()
		if diff := cmp.Diff(want, got); err != nil || diff != "" {
			t.Errorf("%s: error %v (-want +got):\n%s", what, err, diff)
		}
	}
	all := media.Summary{Uploads: []string{"a.jpg", "v.mp4"}} // 同.jpg has the same content
	got, err := p.Plan(ctx, uses)
	want("plan", got, err, all)
	if calls := w.Platform.Calls(add); calls != 0 {
		t.Errorf("the plan has uploaded %d times", calls)
	}

	// A run that breaks off loses nothing.
	w.Platform.Fail(add, 45009, 1)
	if _, err := p.Publish(ctx, uses, false); err == nil || !strings.Contains(err.Error(), "upload a.jpg: ") {
		t.Errorf("refused upload: error %v", err)
	}
	got, err = p.Publish(ctx, uses, false)
	want("publish", got, err, all)
	got, err = p.Publish(ctx, uses, true)
	want("again", got, err, media.Summary{})
	if calls := w.Platform.Calls(add); calls != 3 {
		t.Errorf("%d uploads, want one that failed and two", calls)
	}

	// Another content is another material; the old one is removed only on request.
	files["a.jpg"] = &fstest.MapFile{Data: []byte(jpg + "!")}
	files["同.jpg"] = files["a.jpg"]
	got, err = p.Publish(ctx, uses, false)
	want("changed", got, err, media.Summary{Uploads: []string{"a.jpg"}, Unused: []string{"a.jpg"}})
	got, err = p.Plan(ctx, uses[:1])
	want("plan with fewer", got, err, media.Summary{Unused: []string{"a.jpg", "v.mp4"}})
	if calls := w.Platform.Calls(remove); calls != 0 {
		t.Errorf("removed %d times without a request", calls)
	}
	got, err = p.Publish(ctx, uses[:1], true)
	want("remove", got, err, media.Summary{Unused: []string{"a.jpg", "v.mp4"}, Removed: true})
	got, err = p.Publish(ctx, uses[:1], true)
	want("remove again", got, err, media.Summary{})

	// What is back is uploaded again.
	got, err = p.Publish(ctx, uses, false)
	want("back", got, err, media.Summary{Uploads: []string{"v.mp4"}})

	delete(files, "v.mp4")
	if _, err := p.Publish(ctx, uses, false); err == nil || !strings.Contains(err.Error(), "account.yaml:10: there is no file v.mp4") {
		t.Errorf("without the file: error %v", err)
	}
}

type fullLibrary struct{ media.API }

func (fullLibrary) MaterialCount(context.Context) (map[string]int, error) {
	return map[string]int{"image": 5, "video": 1000}, nil
}

func TestPublishWithoutRoom(t *testing.T) {
	t.Parallel()
	w, p, _ := newWorld(t)
	p.API = fullLibrary{w.API}
	_, err := p.Publish(t.Context(), w.Account.Files(), false)
	if err == nil || !strings.Contains(err.Error(), "has 1000 permanent materials of the kind video and can have 1000: there is no room for 1 more") ||
		!strings.Contains(bilingual.Explain(err, "zh"), "video 类永久素材已有 1000 个，上限是 1000 个，放不下另外 1 个") {
		t.Errorf("error %v", err)
	}
	if calls := w.Platform.Calls(add); calls != 0 {
		t.Errorf("uploaded %d times", calls)
	}
	// A test account may count ten times a day; that is no reason not to upload.
	p.API = w.API
	w.Platform.Fail("/cgi-bin/material/get_materialcount", 45009, 1)
	if _, err := p.Publish(t.Context(), w.Account.Files(), false); err != nil {
		t.Error(err)
	}
}

// countedStore counts reads.
type countedStore struct {
	media.Store
	reads int
}

func (s *countedStore) MediaRecord(ctx context.Context) (media.Record, error) {
	s.reads++
	return s.Store.MediaRecord(ctx)
}

// TestReplies pushes to the endpoint as deployed, and counts what a push costs.
func TestReplies(t *testing.T) {
	t.Parallel()
	w, p, _ := newWorld(t)
	store := &countedStore{Store: w.Store}
	services := w.Services()
	services.Media.Store = store
	config := w.Endpoint()
	config.Router = account.Routes(services)
	handler, err := webhook.New(config)
	if err != nil {
		t.Fatal(err)
	}
	id := int64(0)
	push := func(text, want string, wantReads int) {
		t.Helper()
		before := store.reads
		id++
		request := w.Request(w.Pusher.Text(world.OpenID, w.Clock.Now(), id, text))
		answer := httptest.NewRecorder()
		handler.ServeHTTP(answer, request)
		if got := answer.Body.String(); !strings.Contains(got, want) {
			t.Errorf("%s: %s, want %q in it", text, got, want)
		}
		if reads := store.reads - before; reads != wantReads {
			t.Errorf("%s: %d reads, want %d", text, reads, wantReads)
		}
	}
	w.Clock.Advance(time.Hour)
	push("字", "<Content><![CDATA[字]]></Content>", 0)
	push("图", "<Content><![CDATA[默认]]></Content>", 1)
	if !strings.Contains(w.Logs.String(), `"message":"file not published","appid":"wx0123456789abcdef","file":"a.jpg","advice":"run guanzhu publish"`) {
		t.Errorf("the log does not say what to run: %s", w.Logs)
	}
	push("图", "默认", 0)
	if _, err := p.Publish(t.Context(), w.Account.Files(), false); err != nil {
		t.Fatal(err)
	}
	w.Clock.Advance(30 * time.Second) // a file that is missing is looked for again
	push("图", "<Image><MediaId><![CDATA[MEDIA_", 1)
	push("另一", "<Image><MediaId><![CDATA[MEDIA_", 0)
	push("视频", "<Video><MediaId><![CDATA[MEDIA_", 0)
	push("字", "字", 0)
	w.Clock.Advance(10 * time.Minute)
	push("图", "<Image>", 1)
	push("图", "<Image>", 0)

	// One of several is the same for each delivery of a push.
	replies := map[string]bool{}
	for range 20 {
		w.Clock.Advance(time.Second)
		message := w.Pusher.Text(world.OpenID, w.Clock.Now(), 1000, "随机")
		var deliveries []string
		for range 3 {
			answer := httptest.NewRecorder()
			handler.ServeHTTP(answer, w.Request(message))
			_, reply, _ := strings.Cut(answer.Body.String(), "</CreateTime>")
			deliveries = append(deliveries, reply)
		}
		replies[deliveries[0]] = true
		if len(slices.Compact(deliveries)) != 1 {
			t.Errorf("three deliveries of one push get %q", deliveries)
		}
	}
	if len(replies) != 2 {
		t.Errorf("of two replies %d are sent: %v", len(replies), replies)
	}
}
