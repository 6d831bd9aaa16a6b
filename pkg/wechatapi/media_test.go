package wechatapi_test

import (
	"bytes"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/guanzhu/guanzhu/internal/world"
)

var picture = append([]byte("\xff\xd8\xff\xe0"), bytes.Repeat([]byte("{}\x00"), 3<<20)...) // 9 MiB, larger than any JSON

func TestMaterial(t *testing.T) {
	t.Parallel()
	w := world.New(t, world.Options{})
	ctx := t.Context()
	id, err := w.API.AddMaterial(ctx, "image", `地图 "1".jpg`, picture, "", "")
	if err != nil {
		t.Fatal(err)
	}
	if got, ok := w.Platform.Material(id); !ok || !bytes.Equal(got, picture) {
		t.Errorf("the platform has %d bytes of %d, %v", len(got), len(picture), ok)
	}
	if got, err := w.API.Download(ctx, id); err != nil || !bytes.Equal(got, picture) {
		t.Errorf("downloaded %d bytes of %d, error %v", len(got), len(picture), err)
	}
	if _, err := w.API.AddMaterial(ctx, "video", "a.mp4", []byte("\x00\x00\x00\x18ftypmp42...."), "标题", "介绍"); err != nil {
		t.Error(err)
	}
	count, err := w.API.MaterialCount(ctx)
	if diff := cmp.Diff(map[string]int{"image": 1, "voice": 0, "video": 1}, count); err != nil || diff != "" {
		t.Errorf("count: error %v (-want +got):\n%s", err, diff)
	}
	for range 2 { // what is gone is no error
		if err := w.API.DeleteMaterial(ctx, id); err != nil {
			t.Error(err)
		}
	}
	if _, err := w.API.Download(ctx, id); err == nil || !strings.Contains(err.Error(), "40007") {
		t.Errorf("download of what is deleted: error %v", err)
	}
	for _, tt := range []struct {
		kind, name string
		size       int
		want       string
	}{
		{"picture", "a.jpg", 1, "errcode 40004"},
		{"image", "a.txt", 1, "errcode 40005"},
		{"image", "a.jpg", 0, "errcode 44001"},
		{"image", "a.jpg", 10<<20 + 1, "errcode 40009"},
		{"voice", "a.mp3", 2<<20 + 1, "errcode 40010"},
		{"thumb", "a.jpg", 64<<10 + 1, "errcode 40012"},
	} {
		if _, err := w.API.AddMaterial(ctx, tt.kind, tt.name, make([]byte, tt.size), "", ""); err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s %s of %d bytes: error %v, want %s", tt.kind, tt.name, tt.size, err, tt.want)
		}
	}
}

// TestDownloadTemporary: temporary material is there for three days.
func TestDownloadTemporary(t *testing.T) {
	t.Parallel()
	w := world.New(t, world.Options{})
	id := w.Platform.AddTemporary(picture)
	if got, err := w.API.Download(t.Context(), id); err != nil || !bytes.Equal(got, picture) {
		t.Errorf("downloaded %d bytes of %d, error %v", len(got), len(picture), err)
	}
	w.Clock.Advance(73 * time.Hour)
	if _, err := w.API.Download(t.Context(), id); err == nil || !strings.Contains(err.Error(), "40007") {
		t.Errorf("three days later: error %v", err)
	}
}

// TestDownloadVideo: of a video the platform tells the address, at which the access token has no business.
func TestDownloadVideo(t *testing.T) {
	t.Parallel()
	w := world.New(t, world.Options{})
	var asked string
	videos := world.Serve(t, http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		asked = r.URL.String()
		rw.Write([]byte("\x00\x00\x00\x18ftypmp42"))
	}))
	api := httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/cgi-bin/media/get" {
			rw.Write([]byte(`{"video_url":"` + videos + `/v.mp4?id=1"}`))
			return
		}
		w.Platform.ServeHTTP(rw, r)
	}))
	t.Cleanup(api.Close)
	got, err := w.Client(api.URL).Download(t.Context(), "id")
	if err != nil || string(got) != "\x00\x00\x00\x18ftypmp42" || asked != "/v.mp4?id=1" {
		t.Errorf("got %q from %s, error %v", got, asked, err)
	}
}
