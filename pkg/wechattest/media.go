package wechattest

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"mime/multipart"
	"net/url"
	"path"
	"slices"
	"strings"
	"time"
)

// A material is a picture, sound, video or thumbnail, as it was uploaded.
type material struct {
	kind    string
	content []byte
	until   time.Time // of temporary material; zero for permanent material
}

// materialKinds has the limits of permanent material.
// https://developers.weixin.qq.com/doc/subscription/api/material/permanent/api_addmaterial
var materialKinds = map[string]struct {
	size       int // in bytes
	tooLarge   int // errcode
	extensions []string
}{
	"image": {10 << 20, 40009, []string{".bmp", ".png", ".jpeg", ".jpg", ".gif"}},
	"voice": {2 << 20, 40010, []string{".mp3", ".wma", ".wav", ".amr"}},
	"video": {10 << 20, 40011, []string{".mp4"}},
	"thumb": {64 << 10, 40012, []string{".jpg"}},
}

// temporaryFor is how long temporary material can be downloaded.
const temporaryFor = 3 * 24 * time.Hour

// AddTemporary adds temporary material and returns its media_id, which can be part of the answer that SetAutoReplies sets.
func (p *Platform) AddTemporary(content []byte) (mediaID string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.addMaterial(material{content: content, until: p.config.Now().Add(temporaryFor)})
}

// Material returns the content of the permanent material with that media_id, and whether there is one.
func (p *Platform) Material(mediaID string) (content []byte, ok bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	m, ok := p.materials[mediaID]
	return m.content, ok && m.until.IsZero()
}

// HasMaterial reports whether a passive reply can show the material with that media_id: permanent material, or temporary
// material that has not expired.
func (p *Platform) HasMaterial(mediaID string) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	m, ok := p.materials[mediaID]
	return ok && (m.until.IsZero() || p.config.Now().Before(m.until))
}

func (p *Platform) addMaterial(m material) (mediaID string) {
	p.lastMediaID++
	mediaID = fmt.Sprintf("MEDIA_%059d", p.lastMediaID)
	if p.materials == nil {
		p.materials = map[string]material{}
	}
	p.materials[mediaID] = m
	return mediaID
}

// SetAutoReplies sets the answer of get_current_autoreply_info, which has the rules of the platform's console; "" is that of
// an account without any.
func (p *Platform) SetAutoReplies(answer string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.autoReplies = answer
}

// autoReplyInfo gives temporary material another media_id in each answer.
// https://developers.weixin.qq.com/doc/subscription/api/notify/autoreplies/api_getcurrentautoreplyinfo
func (p *Platform) autoReplyInfo(url.Values, []byte) (any, int) {
	if p.autoReplies == "" {
		return map[string]any{"is_add_friend_reply_open": 0, "is_autoreply_open": 0}, 0
	}
	var names []string
	for id, m := range p.materials {
		if !m.until.IsZero() && strings.Contains(p.autoReplies, id) {
			names = append(names, id, p.addMaterial(m))
		}
	}
	return json.RawMessage(strings.NewReplacer(names...).Replace(p.autoReplies)), 0
}

// https://developers.weixin.qq.com/doc/subscription/api/material/temporary/api_getmedia
func (p *Platform) mediaGet(query url.Values, _ []byte) (any, int) {
	m, ok := p.materials[query.Get("media_id")]
	if !ok || m.until.Before(p.config.Now()) {
		return nil, 40007
	}
	return m.content, 0
}

// https://developers.weixin.qq.com/doc/subscription/api/material/permanent/api_addmaterial
func (p *Platform) materialAdd(query url.Values, body []byte) (any, int) {
	kind := query.Get("type")
	limits, ok := materialKinds[kind]
	if !ok {
		return nil, 40004
	}
	name, content, errcode := formFile(body)
	switch {
	case errcode != 0:
		return nil, errcode
	case len(content) == 0:
		return nil, 44001
	case len(content) > limits.size:
		return nil, limits.tooLarge
	case !slices.Contains(limits.extensions, strings.ToLower(path.Ext(name))):
		return nil, 40005
	}
	answer := map[string]string{"media_id": p.addMaterial(material{kind: kind, content: content})}
	if kind == "image" {
		answer["url"] = "http://mmbiz.qpic.cn/" + answer["media_id"]
	}
	return answer, 0
}

// formFile returns the part media of a form, whose boundary is its first line.
func formFile(body []byte) (name string, content []byte, errcode int) {
	boundary, _, _ := bytes.Cut(body, []byte("\r\n"))
	form := multipart.NewReader(bytes.NewReader(body), strings.TrimPrefix(string(boundary), "--"))
	for {
		part, err := form.NextPart()
		if err != nil {
			return "", nil, 41005
		}
		if part.FormName() != "media" || part.FileName() == "" {
			continue
		}
		if content, err = io.ReadAll(part); err != nil {
			return "", nil, 41005
		}
		return part.FileName(), content, 0
	}
}

// https://developers.weixin.qq.com/doc/subscription/api/material/permanent/api_getmaterial
func (p *Platform) materialGet(_ url.Values, body []byte) (any, int) {
	m, _, errcode := p.permanent(body)
	if errcode != 0 {
		return nil, errcode
	}
	return m.content, 0
}

// https://developers.weixin.qq.com/doc/subscription/api/material/permanent/api_delmaterial
func (p *Platform) materialDelete(_ url.Values, body []byte) (any, int) {
	_, id, errcode := p.permanent(body)
	if errcode != 0 {
		return nil, errcode
	}
	delete(p.materials, id)
	return done, 0
}

// permanent returns the permanent material that a call names.
func (p *Platform) permanent(body []byte) (m material, id string, errcode int) {
	var in struct {
		MediaID string `json:"media_id"`
	}
	if errcode := decode(body, &in); errcode != 0 {
		return material{}, "", errcode
	}
	m, ok := p.materials[in.MediaID]
	if !ok || !m.until.IsZero() {
		return material{}, "", 40007
	}
	return m, in.MediaID, 0
}

// https://developers.weixin.qq.com/doc/subscription/api/material/permanent/api_getmaterialcount
func (p *Platform) materialCount(url.Values, []byte) (any, int) {
	count := map[string]int{"voice_count": 0, "video_count": 0, "image_count": 0, "news_count": 0}
	for _, m := range p.materials {
		if name := m.kind + "_count"; m.until.IsZero() && m.kind != "thumb" {
			count[name]++
		}
	}
	return count, 0
}
