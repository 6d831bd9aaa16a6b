package publish_test

import (
	"errors"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"

	"github.com/guanzhu/guanzhu/internal/bilingual"
	"github.com/guanzhu/guanzhu/internal/media"
	"github.com/guanzhu/guanzhu/internal/menu"
	"github.com/guanzhu/guanzhu/internal/publish"
	"github.com/guanzhu/guanzhu/internal/world"
	"github.com/guanzhu/guanzhu/pkg/wechat"
	"github.com/guanzhu/guanzhu/pkg/wechattest"
)

const file = "welcome: {image: {file: a.jpg}}\ndefault: d\nsuggestion: s\n"

const withMenu = file + "menu: {button: [{name: b, type: view, url: 'https://example.com'}]}\n"

func publisher(w *world.World) *publish.Publisher {
	return &publish.Publisher{
		Account: w.Account, API: w.API, Media: w.Store, Files: fstest.MapFS{"a.jpg": {Data: []byte("\xff\xd8\xff")}},
		Menu: menu.Publisher{API: w.API, Store: w.Store, Now: w.Clock.Now},
	}
}

func TestRun(t *testing.T) {
	t.Parallel()
	uploads := media.Summary{Uploads: []string{"a.jpg"}}
	button := menu.Diff{"+ b (view, url https://example.com)"}
	tests := []struct {
		name, account string
		kind          wechattest.Kind
		plan, done    publish.Summary
		after         string // the result of a plan afterwards
	}{
		{
			"files and menu", withMenu, wechattest.ServiceAccount,
			publish.Summary{Summary: menu.Summary{Result: menu.Different, Diff: button}, Files: uploads},
			publish.Summary{Summary: menu.Summary{Result: menu.Published, Diff: button}, Files: uploads}, menu.Unchanged,
		},
		{
			"files alone", file, wechattest.ServiceAccount,
			publish.Summary{Summary: menu.Summary{Result: menu.Different}, Files: uploads},
			publish.Summary{Summary: menu.Summary{Result: menu.Published}, Files: uploads}, menu.NoMenu,
		},
		{
			"files alone of a personal account", file, wechattest.PersonalAccount,
			publish.Summary{Summary: menu.Summary{Result: menu.Different}, Files: uploads},
			publish.Summary{Summary: menu.Summary{Result: menu.Published}, Files: uploads}, menu.NoMenu,
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			w := world.New(t, world.Options{Account: tt.account, Platform: wechattest.Config{Kind: tt.kind}})
			for _, step := range []struct {
				action string
				want   publish.Summary
			}{{publish.Plan, tt.plan}, {publish.All, tt.done}} {
				got, err := publisher(w).Run(t.Context(), step.action)
				if diff := cmp.Diff(step.want, got); err != nil || diff != "" {
					t.Errorf("%q: error %v (-want +got):\n%s", step.action, err, diff)
				}
			}
			got, err := publisher(w).Run(t.Context(), publish.Plan)
			if err != nil || got.Result != tt.after || len(got.Files.Uploads) > 0 {
				t.Errorf("afterwards: %+v, error %v, want %s", got, err, tt.after)
			}
		})
	}
}

// TestFilesRefused: without permission for files, the menu is published all the same.
func TestFilesRefused(t *testing.T) {
	t.Parallel()
	w := world.New(t, world.Options{Account: withMenu})
	for _, code := range []int{48001, 45009} {
		w.Platform.Fail("/cgi-bin/material/add_material", code, 1)
		got, err := publisher(w).Run(t.Context(), publish.All)
		if err != nil || got.FilesErrcode != code || got.FilesReason == "" || got.Result != menu.Published && got.Result != menu.Unchanged {
			t.Errorf("%d: %+v, error %v", code, got, err)
		}
	}
	w.Platform.Fail("/cgi-bin/material/add_material", 40005, 1)
	if _, err := publisher(w).Run(t.Context(), publish.All); err == nil || !strings.Contains(err.Error(), "upload a.jpg: ") {
		t.Errorf("another refusal: error %v", err)
	}
}

func TestWithoutTable(t *testing.T) {
	t.Parallel()
	w := world.New(t, world.Options{Account: file})
	p := publisher(w)
	p.Media = nil
	if _, err := p.Run(t.Context(), publish.Plan); !errors.Is(err, publish.ErrNoTable) || !strings.Contains(bilingual.Explain(err, "zh"), "用 --stack 给出堆栈") {
		t.Errorf("error %v", err)
	}
	if _, err := p.Run(t.Context(), "delete"); err == nil || !strings.Contains(err.Error(), `the action "delete" is unknown`) {
		t.Errorf("error %v", err)
	}
}

// TestFilesOfHandlers: a file that only a handler in Go replies with is published, too.
func TestFilesOfHandlers(t *testing.T) {
	t.Parallel()
	w := world.New(t, world.Options{Account: file})
	p := publisher(w)
	p.Files = fstest.MapFS{
		"a.jpg": {Data: []byte("\xff\xd8\xff")}, "b.mp3": {Data: []byte("ID3")}, "media.go": {Data: []byte("package media")}, ".DS_Store": {},
	}
	got, err := p.Run(t.Context(), publish.All)
	if diff := cmp.Diff([]string{"a.jpg", "b.mp3"}, got.Files.Uploads); err != nil || diff != "" {
		t.Errorf("error %v (-want +got):\n%s", err, diff)
	}
	library := w.Services().Media
	reply, err := library.Complete(t.Context(), &wechat.Text{}, wechat.ReplyWithFile("b.mp3"), nil)
	if voice, ok := reply.(wechat.VoiceReply); err != nil || !ok || voice.MediaID == "" {
		t.Errorf("the reply is %#v, error %v", reply, err)
	}
	p.Files.(fstest.MapFS)["it's.jpg"] = &fstest.MapFile{Data: []byte("\xff\xd8\xff")}
	if _, err := p.Run(t.Context(), publish.Plan); err == nil || !strings.Contains(err.Error(), "has a character that is not allowed") {
		t.Errorf("error %v", err)
	}
}

// TestRemoveUnused deletes material on request alone.
func TestRemoveUnused(t *testing.T) {
	t.Parallel()
	w := world.New(t, world.Options{Account: file})
	p := publisher(w)
	if _, err := p.Run(t.Context(), publish.All); err != nil {
		t.Fatal(err)
	}
	p.Account, p.Files = world.New(t, world.Options{}).Account, fstest.MapFS{}
	for _, step := range []struct {
		action string
		want   media.Summary
	}{
		{publish.All, media.Summary{Unused: []string{"a.jpg"}}},
		{publish.RemoveUnused, media.Summary{Unused: []string{"a.jpg"}, Removed: true}},
		{publish.RemoveUnused, media.Summary{}},
	} {
		got, err := p.Run(t.Context(), step.action)
		if diff := cmp.Diff(step.want, got.Files); err != nil || diff != "" {
			t.Errorf("%q: error %v (-want +got):\n%s", step.action, err, diff)
		}
	}
}
