package accountyaml_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/guanzhu/guanzhu/internal/accountyaml"
	"github.com/guanzhu/guanzhu/internal/media"
	"github.com/guanzhu/guanzhu/pkg/wechat"
)

const rest = "default: d\nsuggestion: s\n"

func TestFiles(t *testing.T) {
	t.Parallel()
	a, err := accountyaml.Parse("account.yaml", []byte(`welcome: {image: {file: 图 1.jpg}}
default: {voice: {file: a.mp3}}
suggestion: {music: {file: thumb.jpg, title: 歌}}
keywords:
  - exact: [视频, video]
    reply:
      video:
        title: 标题
        description: 介绍
        file: v.mp4
  - contains: 图
    reply:
      random:
        - image: {file: 图 1.jpg}
        - image: {file: b.png}
        - 一句话
`))
	if err != nil {
		t.Fatal(err)
	}
	video := wechat.FileReply{File: "v.mp4", Reply: wechat.VideoReply{Title: "标题", Description: "介绍"}}
	for text, want := range map[string]wechat.Reply{
		"视频": video, "VIDEO": video, "没有": wechat.FileReply{File: "a.mp3", Reply: wechat.VoiceReply{}},
		"看图": wechat.OneOf{
			wechat.FileReply{File: "图 1.jpg", Reply: wechat.ImageReply{}}, wechat.FileReply{File: "b.png", Reply: wechat.ImageReply{}},
			wechat.TextReply("一句话"),
		},
	} {
		if diff := cmp.Diff(want, a.Answer(text)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", text, diff)
		}
	}
	want := []media.Use{
		{Kind: media.Image, Name: "图 1.jpg", At: "account.yaml:1"},
		{Kind: media.Voice, Name: "a.mp3", At: "account.yaml:2"},
		{Kind: media.Thumb, Name: "thumb.jpg", At: "account.yaml:3"},
		{Kind: media.Video, Name: "v.mp4", Title: "标题", Introduction: "介绍", At: "account.yaml:10"},
		{Kind: media.Image, Name: "b.png", At: "account.yaml:15"},
	}
	if diff := cmp.Diff(want, a.Files()); diff != "" {
		t.Errorf("files (-want +got):\n%s", diff)
	}
}

func TestFilesRefused(t *testing.T) {
	t.Parallel()
	for reply, want := range map[string]string{
		"{image: {file: a.gif}}":                   "a.gif is not of a format that fits here",
		"{image: {file: a/b.jpg}}":                 "has a character that is not allowed",
		"{image: {file: a.jpg, media_id: b}}":      "image has both media_id and file",
		"{music: {file: a.png}}":                   "use a file that ends in .jpg, .jpeg",
		"{music: {title: a}}":                      "music has no thumb_media_id: add \"thumb_media_id: …\", or \"file: …\"",
		"{image: {file: }}":                        "file is empty",
		"{random: [a]}":                            "random must be a list of at least two replies",
		"{random: a}":                              "random must be a list of at least two replies",
		"{random: [a, {random: [b, c]}]}":          "random has no other random in it",
		"{random: [a, {transfer_biz_ai_ivr: {}}]}": "a follow or a click is no message",
		"{random: [a, ' ']}":                       "a reply of random is empty",
	} {
		_, err := accountyaml.Parse("account.yaml", []byte("welcome: "+reply+"\n"+rest))
		if err == nil || !strings.HasPrefix(err.Error(), "account.yaml:1: ") || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: error %v, want %q in it", reply, err, want)
			continue
		}
		wantChinese(t, err)
	}
	_, err := accountyaml.Parse("account.yaml", []byte("welcome: w\n"+rest+"keywords:\n  - exact: [a, B, b]\n    reply: r\n  - prefix: []\n    reply: r\n"))
	want := `account.yaml:5: this rule (exact "b") never answers, since the one on line 5 (exact "b") matches all its texts first: ` +
		"remove one of them, or move this one up\naccount.yaml:7: prefix has no keywords: write at least one"
	if diff := cmp.Diff(want, err.Error()); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// TestLinkInOneOf: with pages: link, each of several welcomes has the link.
func TestLinkInOneOf(t *testing.T) {
	t.Parallel()
	good := "welcome: {random: ['a {personal_link}', 'b {personal_link}']}\npages: link\n" + rest
	if _, err := accountyaml.Parse("account.yaml", []byte(good)); err != nil {
		t.Error(err)
	}
	bad := strings.Replace(good, "b {personal_link}", "b", 1)
	if _, err := accountyaml.Parse("account.yaml", []byte(bad)); err == nil || !strings.Contains(err.Error(), "has no place for it") {
		t.Errorf("error %v", err)
	}
}
