// Package media keeps the files of the folder account/media on the platform: it checks them against the platform's
// limits, uploads each once as permanent material, and gives replies the media_ids.
//
// https://developers.weixin.qq.com/doc/subscription/guide/product/asset
package media

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io/fs"
	"path"
	"slices"
	"strconv"
	"strings"

	"github.com/guanzhu/guanzhu/internal/bilingual"
	"github.com/guanzhu/guanzhu/internal/lazy"
	"github.com/guanzhu/guanzhu/pkg/wechat"
)

// A Kind is one of the platform's kinds of material, as add_material takes it in the parameter type.
type Kind string

const (
	Image Kind = "image"
	Voice Kind = "voice"
	Video Kind = "video"
	Thumb Kind = "thumb" // the thumbnail of a music reply
)

var kinds = []Kind{Image, Voice, Video, Thumb}

// limits are those of permanent material.
// https://developers.weixin.qq.com/doc/subscription/api/material/permanent/api_addmaterial
// No GIF: a passive reply does not show one.
// https://developers.weixin.qq.com/doc/subscription/guide/product/message/Passive_user_reply_message.html
var limits = map[Kind]struct {
	size       int64 // in bytes
	extensions []string
	library    int // how many an account may have
}{
	Image: {10 << 20, []string{".jpg", ".jpeg", ".png", ".bmp"}, 100_000},
	Voice: {2 << 20, []string{".mp3", ".wma", ".wav", ".amr"}, 1000},
	Video: {10 << 20, []string{".mp4"}, 1000},
	Thumb: {64 << 10, []string{".jpg", ".jpeg"}, 1000},
}

// MaxSize is the size of the largest file, in bytes.
const MaxSize = 10 << 20

// A Use is a file that the account replies with.
type Use struct {
	Kind Kind
	Name string // of the file in account/media
	// Title and Introduction are given to the platform with a video.
	Title, Introduction string
	At                  string // where account.yaml uses it: the file's name and the line
}

// UseOf returns the Use of a reply, without At. It is the zero Use if the reply has no material.
func UseOf(r wechat.FileReply) Use {
	switch reply := r.Reply.(type) {
	case wechat.ImageReply:
		return Use{Kind: Image, Name: r.File}
	case wechat.VoiceReply:
		return Use{Kind: Voice, Name: r.File}
	case wechat.VideoReply:
		return Use{Kind: Video, Name: r.File, Title: reply.Title, Introduction: reply.Description}
	case wechat.MusicReply:
		return Use{Kind: Thumb, Name: r.File}
	}
	return Use{}
}

// All returns uses, and one for each other picture, sound and video of the folder: handlers in Go may reply with it.
func All(files fs.FS, uses []Use) []Use {
	entries, err := fs.ReadDir(files, ".")
	if err != nil {
		return uses // there is no folder
	}
	all := slices.Clone(uses)
	for _, entry := range entries {
		name := entry.Name()
		used := slices.ContainsFunc(uses, func(u Use) bool { return u.Name == name })
		for _, kind := range []Kind{Image, Voice, Video} {
			if !used && slices.Contains(limits[kind].extensions, strings.ToLower(path.Ext(name))) {
				all = append(all, Use{Kind: kind, Name: name, At: "account/media"})
			}
		}
	}
	return all
}

// isName leaves out names that go:embed refuses, and hidden files.
var isName = lazy.Match(`^[\pL\pN_][\pL\pN_ .-]*$`)

// CheckName returns the mistake in the name of a file of that kind, in both languages (bilingual.Error).
func CheckName(kind Kind, name string) error {
	l := limits[kind]
	switch {
	case !isName(name):
		return bilingual.Format("文件名 %q 里有不能用的字符：可以用各种文字、数字和中间的空格、-、_、.，不能写目录",
			"the name %q has a character that is not allowed: use letters, digits, spaces, and - _ . inside, without folders", name)
	case !slices.Contains(l.extensions, strings.ToLower(path.Ext(name))):
		return bilingual.Format("%s 的格式不能用在这里：可以用的扩展名有 %v", "%s is not of a format that fits here: use a file that ends in %v",
			name, bilingual.New(strings.Join(l.extensions, "、"), strings.Join(l.extensions, ", ")))
	}
	return nil
}

// Check returns the mistake in the content of a file of that kind, in both languages (bilingual.Error). How long a sound plays (at most
// 60 seconds) is left to the platform.
func Check(kind Kind, name string, content []byte) error {
	l := limits[kind]
	switch size := int64(len(content)); {
	case size == 0:
		return bilingual.Format("%s 是空的", "%s is empty", name)
	case size > l.size:
		return tooLarge(name, size, l.size)
	}
	if found := format(content); !slices.Contains(found, strings.ToLower(path.Ext(name))) {
		is := bilingual.New("不是认识的格式", "not of a known format")
		if len(found) > 0 {
			is = bilingual.Format("其实是 %s 文件", "a %s file", strings.TrimPrefix(found[0], "."))
		}
		return bilingual.Format("%s %v，与扩展名不符：请转换格式，或者改正文件名",
			"%s is %v, whatever its name says: convert the file, or correct the name", name, is)
	}
	return nil
}

func tooLarge(name string, size, most int64) error {
	return bilingual.Format("%s 有 %s，最多 %s：请压缩", "%s has %s, and at most %s are allowed: make it smaller", name, rounded(size), rounded(most))
}

// rounded returns a size in KB of 1024 bytes, or in MB, with at most one decimal. It rounds up, so that too much never looks
// like the limit.
func rounded(size int64) string {
	unit, name := int64(1<<10), "KB"
	if size >= 1<<20 {
		unit, name = 1<<20, "MB"
	}
	tenths := (size*10 + unit - 1) / unit
	return strconv.FormatFloat(float64(tenths)/10, 'f', -1, 64) + " " + name
}

// ExtensionOf returns the end of the name that fits the content, "" for an unknown format.
func ExtensionOf(content []byte) string {
	if found := format(content); len(found) > 0 {
		return found[0]
	}
	return ""
}

// format returns the extensions that fit the content, none if its format is unknown.
func format(content []byte) []string {
	begins := func(prefix string) bool { return bytes.HasPrefix(content, []byte(prefix)) }
	switch {
	case begins("\xff\xd8\xff"):
		return []string{".jpg", ".jpeg"}
	case begins("\x89PNG\r\n\x1a\n"):
		return []string{".png"}
	case begins("BM"):
		return []string{".bmp"}
	case begins("GIF8"):
		return []string{".gif"}
	case begins("#!AMR"):
		return []string{".amr"}
	case begins("ID3"), len(content) > 1 && content[0] == 0xff && content[1]&0xe6 == 0xe2: // layer III
		return []string{".mp3"}
	case begins("RIFF") && len(content) > 12 && string(content[8:12]) == "WAVE":
		return []string{".wav"}
	case begins("\x30\x26\xb2\x75\x8e\x66\xcf\x11"):
		return []string{".wma"}
	case len(content) > 12 && string(content[4:8]) == "ftyp":
		return []string{".mp4"}
	}
	return nil
}

// Verify checks the files that the account replies with. Its error names each problem with its line in account.yaml.
func Verify(files fs.FS, uses []Use) error {
	var errs []error
	distinct := map[Kind]map[string]bool{}
	for _, kind := range kinds {
		distinct[kind] = map[string]bool{}
	}
	for _, u := range uses {
		if distinct[u.Kind][u.Name] {
			continue
		}
		distinct[u.Kind][u.Name] = true
		if err := verify(files, u); err != nil {
			errs = append(errs, bilingual.Format("%s：%v", "%s: %v", u.At, err))
		}
		if len(distinct[u.Kind]) == limits[u.Kind].library+1 {
			errs = append(errs, bilingual.Format("%s：一个公众号最多有 %d 个 %s 素材，从这个开始超出：请减少",
				"%s: an account can have %d files of the kind %s, and this is one more: use fewer", u.At, limits[u.Kind].library, u.Kind))
		}
	}
	return errors.Join(errs...)
}

func verify(files fs.FS, u Use) error {
	if err := CheckName(u.Kind, u.Name); err != nil {
		return err
	}
	if info, err := fs.Stat(files, u.Name); err == nil && info.Size() > MaxSize {
		return tooLarge(u.Name, info.Size(), limits[u.Kind].size)
	}
	content, err := fs.ReadFile(files, u.Name)
	if err != nil {
		return bilingual.Format("account/media 里没有文件 %s：请放进去，或者改正文件名（区分大小写）",
			"there is no file %s in account/media: put it there, or correct the name (letters' case matters)", u.Name)
	}
	return Check(u.Kind, u.Name, content)
}

func hashOf(content []byte) string {
	sum := sha256.Sum256(content)
	return hex.EncodeToString(sum[:])
}
