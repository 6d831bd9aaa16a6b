package movein_test

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"

	"github.com/guanzhu/guanzhu/internal/accountyaml"
	"github.com/guanzhu/guanzhu/internal/menu"
	"github.com/guanzhu/guanzhu/internal/movein"
	"github.com/guanzhu/guanzhu/internal/world"
	"github.com/guanzhu/guanzhu/pkg/wechatapi"
)

var update = flag.Bool("update", false, "write what is in testdata")

// downloads has the materials of testdata.
var downloads = map[string]string{"IMG_MAP": "\xff\xd8\xffmap", "IMG_MAP_2": "\xff\xd8\xffmap", "VOICE_JOKE": "#!AMR\njoke"}

func download(_ context.Context, mediaID string) ([]byte, error) {
	if content, ok := downloads[mediaID]; ok {
		return []byte(content), nil
	}
	return nil, &wechatapi.Error{API: "/cgi-bin/media/get", Code: 40007}
}

func saved(t *testing.T, names ...string) (a movein.Answers) {
	t.Helper()
	for _, name := range names {
		content, err := os.ReadFile(filepath.Join("testdata", name))
		if err != nil {
			t.Fatal(err)
		}
		if err := a.Add(name, content); err != nil {
			t.Fatal(err)
		}
	}
	return a
}

// TestSaved imports saved answers, and compares file and notes with what they should be.
func TestSaved(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name    string
		answers []string
		media   map[string]int // sizes
	}{
		{"console", []string{"autoreply.json", "selfmenu.json"}, map[string]int{"地址.jpg": 6, "笑话.amr": 10}},
		{"api", []string{"menu.json", "selfmenu.json"}, map[string]int{}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			owner := movein.Owner{Name: "account.yaml", PublicURL: publicURL}
			result, err := movein.Import(t.Context(), owner, saved(t, tt.answers...), download)
			if err != nil {
				t.Fatal(err)
			}
			var notes strings.Builder
			for _, n := range result.Notes {
				fmt.Fprintf(&notes, "%s\n%s\n", n.In("en"), n.In("zh"))
			}
			golden(t, tt.name+".yaml", string(result.File))
			golden(t, tt.name+".notes", notes.String())
			media := map[string]int{}
			files := fstest.MapFS{}
			for name, content := range result.Media {
				media[name] = len(content)
				files[name] = &fstest.MapFile{Data: content}
			}
			if diff := cmp.Diff(tt.media, media); diff != "" {
				t.Errorf("files (-want +got):\n%s", diff)
			}
			owner.File, owner.Media = result.File, files
			again, err := movein.Import(t.Context(), owner, saved(t, tt.answers...), download)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(string(result.File), string(again.File)); diff != "" || len(again.Media) > 0 {
				t.Errorf("the second time differs, with %d files:\n%s", len(again.Media), diff)
			}
		})
	}
}

func golden(t *testing.T, name, got string) {
	t.Helper()
	name = filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(name, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Errorf("%s (-want +got):\n%s", name, diff)
	}
}

// TestPlanAfterImport: a menu that a call has set is in the file as it is live.
func TestPlanAfterImport(t *testing.T) {
	t.Parallel()
	w := world.New(t, world.Options{})
	w.Platform.SetMenu(`{"button":[{"type":"click","name":"帮助","key":"help"},{"name":"更多","sub_button":[{"type":"view","name":"主页","url":"https://host.example/a?b=1&c=2"}]}]}`)
	if err := w.API.AddConditionalMenu(t.Context(), menu.Conditional{
		Buttons: []menu.Button{{Type: "click", Name: "会员", Key: "vip"}}, MatchRule: menu.MatchRule{"tag_id": "100"},
	}); err != nil {
		t.Fatal(err)
	}
	answers, err := movein.Ask(t.Context(), w.API)
	if err != nil {
		t.Fatal(err)
	}
	for _, url := range []string{"", publicURL} {
		result, err := movein.Import(t.Context(), movein.Owner{Name: "account.yaml", PublicURL: url}, answers, w.API.Download)
		if err != nil {
			t.Fatal(err)
		}
		a, err := accountyaml.Parse("account.yaml", result.File)
		if err != nil {
			t.Fatal(err)
		}
		wanted, err := a.Menu(url)
		if err != nil {
			t.Fatal(err)
		}
		publisher := menu.Publisher{API: w.API, Now: w.Clock.Now}
		if s, err := publisher.Plan(t.Context(), wanted); err != nil || s.Result != menu.Unchanged {
			t.Errorf("PUBLIC_URL %q: a plan says %+v, error %v", url, s, err)
		}
	}
}

// TestOwnersFilesStay: what is there under another name is not added again, and names that are taken are not used.
func TestOwnersFilesStay(t *testing.T) {
	t.Parallel()
	owner := movein.Owner{Name: "account.yaml", Media: fstest.MapFS{
		"来这里.jpg": {Data: []byte(downloads["IMG_MAP"])}, "笑话.amr": {Data: []byte("#!AMR\nanother")}, "README.md": {Data: []byte("x")},
	}}
	result, err := movein.Import(t.Context(), owner, saved(t, "autoreply.json"), download)
	if err != nil {
		t.Fatal(err)
	}
	want := map[string][]byte{"笑话-2.amr": []byte(downloads["VOICE_JOKE"])}
	if diff := cmp.Diff(want, result.Media); diff != "" {
		t.Errorf("files (-want +got):\n%s", diff)
	}
	for _, name := range []string{"来这里.jpg", "笑话-2.amr"} {
		if !strings.Contains(string(result.File), "file: \""+name) && !strings.Contains(string(result.File), "file: "+name) {
			t.Errorf("%s is not in\n%s", name, result.File)
		}
	}
}

// TestDoesNotGoTogether: a welcome without a place for the link, and a rule that would hide one of the owner's, are left out.
func TestDoesNotGoTogether(t *testing.T) {
	t.Parallel()
	const file = "welcome: w\ndefault: d\nsuggestion: s\npages: link\nkeywords:\n  - exact: 茶\n    reply: a\n  - exact: 奶茶\n    reply: b\n"
	const answer = `{"is_add_friend_reply_open":"1","is_autoreply_open":"1","add_friend_autoreply_info":{"type":"img","content":"IMG_MAP"},"keyword_autoreply_info":{"list":[
		{"rule_name":"茶","reply_mode":"reply_all","keyword_list_info":[{"type":"text","match_mode":"equal","content":"茶"},{"type":"text","match_mode":"equal","content":"奶茶"}],"reply_list_info":[{"type":"text","content":"x"}]},
		{"rule_name":"好","reply_mode":"reply_all","keyword_list_info":[{"type":"text","match_mode":"equal","content":"好"}],"reply_list_info":[{"type":"text","content":"y"}]}]}}`
	var a movein.Answers
	if err := a.Add("answer.json", []byte("\ufeff"+answer)); err != nil {
		t.Fatal(err)
	}
	result, err := movein.Import(t.Context(), movein.Owner{Name: "account.yaml", File: []byte(file)}, a, download)
	if err != nil {
		t.Fatal(err)
	}
	want := strings.Replace(file, "reply: b\n", "reply: b\n  - exact: 好\n    reply: \"y\"\n", 1)
	if diff := cmp.Diff(want, string(result.File)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	var of []string
	for _, n := range result.Notes {
		of = append(of, n.Of)
	}
	if diff := cmp.Diff([]string{"default", "welcome", "茶"}, of); diff != "" {
		t.Errorf("notes of (-want +got):\n%s\n%v", diff, result.Notes)
	}
}

func TestImportFails(t *testing.T) {
	t.Parallel()
	ctx, owner := t.Context(), movein.Owner{Name: "account.yaml"}
	if _, err := movein.Import(ctx, owner, movein.Answers{}, nil); err == nil {
		t.Error("nothing is imported without an error")
	}
	if _, err := movein.Import(ctx, owner, movein.Answers{AutoReplies: []byte(`{"keyword_autoreply_info":[]}`)}, nil); err == nil ||
		!strings.Contains(err.Error(), "get_current_autoreply_info is not as documented") {
		t.Errorf("error %v", err)
	}
	owner.File = []byte("welcome:\n")
	if _, err := movein.Import(ctx, owner, saved(t, "menu.json"), nil); err == nil || !strings.Contains(err.Error(), "account.yaml:1: welcome is empty") {
		t.Errorf("error %v", err)
	}
	failing := func(context.Context, string) ([]byte, error) { return nil, errors.New("the line is cut") }
	result, err := movein.Import(ctx, movein.Owner{Name: "account.yaml"}, saved(t, "autoreply.json"), failing)
	if err != nil || len(result.Media) > 0 {
		t.Errorf("%d files, error %v", len(result.Media), err)
	}
	if all := fmt.Sprint(result.Notes); !strings.Contains(all, "the download failed: the line is cut") {
		t.Errorf("the notes do not say why: %s", all)
	}
}

// TestLarge: 200 rules and 60 pictures are imported.
func TestLarge(t *testing.T) {
	t.Parallel()
	w := world.New(t, world.Options{})
	var c console
	for i := range 200 {
		rule := consoleRule{Name: fmt.Sprintf("规则 %d", i), Mode: "reply_all"}
		for j := range 10 {
			rule.Keywords = append(rule.Keywords, consoleKeyword{"text", "equal", fmt.Sprintf("关键词 %d.%d", i, j)})
		}
		rule.Replies = []consoleReply{{Type: "text", Content: strings.Repeat("回复", 300)}}
		if i < 60 {
			rule.Replies = []consoleReply{{Type: "img", Content: w.Platform.AddTemporary([]byte("\xff\xd8\xff" + strings.Repeat(fmt.Sprint(i), 100_000)))}}
		}
		c.Rules = append(c.Rules, rule)
	}
	c.on(w.Platform)
	answers, err := movein.Ask(t.Context(), w.API)
	if err != nil {
		t.Fatal(err)
	}
	result, err := movein.Import(t.Context(), movein.Owner{Name: "account.yaml"}, answers, w.API.Download)
	if err != nil {
		t.Fatal(err)
	}
	if len(result.Media) != 60 || strings.Count(string(result.File), "- exact:") != 200 {
		t.Errorf("%d files, %d rules, notes %v", len(result.Media), strings.Count(string(result.File), "- exact:"), result.Notes)
	}
}
