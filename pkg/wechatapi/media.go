package wechatapi

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"mime/multipart"
	"net/http"
	"net/textproto"
	"net/url"
	"strings"
	"time"

	"github.com/guanzhu/guanzhu/internal/media"
	"github.com/guanzhu/guanzhu/internal/transport"
)

var _ media.API = (*Client)(nil)

// fileLimits bound one exchange of a file of up to 10 MiB on a slow line.
var fileLimits = transport.Limits{
	Connect:   5 * time.Second,
	Handshake: 5 * time.Second,
	Header:    2 * time.Minute,
	Call:      3 * time.Minute,
}

// A payload is the body of a call.
type payload struct {
	contentType string
	content     []byte
}

func asJSON(content []byte) payload { return payload{"application/json", content} }

// A file is the answer to a download: the content itself or, for a video, its address.
type file struct {
	content  []byte
	VideoURL string `json:"video_url"`
	DownURL  string `json:"down_url"`
}

// read reports whether the answer is a file's content. Anything else is JSON, which begins with a brace as no format of
// pictures, sounds and videos does.
func (f *file) read(answer []byte) bool {
	if bytes.HasPrefix(bytes.TrimSpace(answer), []byte("{")) {
		return false
	}
	f.content = answer
	return true
}

// maxOf is the size of the largest answer that is decoded into out.
func maxOf(out any) int {
	if _, ok := out.(*file); ok {
		return media.MaxSize
	}
	return maxAnswer
}

// Download returns the content of temporary or permanent material: a picture, a sound or a video of at most 10 MiB. The
// errcode is 40007 if there is none with this media_id, as after the three days of temporary material.
//
// https://developers.weixin.qq.com/doc/subscription/api/material/temporary/api_getmedia
// https://developers.weixin.qq.com/doc/subscription/api/material/permanent/api_getmaterial
func (c *Client) Download(ctx context.Context, mediaID string) ([]byte, error) {
	var f file
	err := c.Get(ctx, "/cgi-bin/media/get", url.Values{"media_id": {mediaID}}, &f)
	if hasCode(err, 40007) {
		err = c.Post(ctx, "/cgi-bin/material/get_material", map[string]string{"media_id": mediaID}, &f)
	}
	if err != nil {
		return nil, err
	}
	if address := cmp.Or(f.VideoURL, f.DownURL); address != "" {
		return c.video(ctx, address)
	}
	if len(f.content) == 0 {
		return nil, fmt.Errorf("wechatapi: the material is not a picture, a sound or a video")
	}
	return f.content, nil
}

// video fetches a video from where the platform keeps it. It sends no access token there.
func (c *Client) video(ctx context.Context, address string) ([]byte, error) {
	u, err := url.Parse(address)
	if err != nil || u.Scheme != "http" && u.Scheme != "https" {
		return nil, fmt.Errorf("wechatapi: the address of the video is not one of the web")
	}
	elsewhere := &Client{base: &url.URL{Scheme: u.Scheme, Host: u.Host}, files: c.files}
	_, content, err := elsewhere.ask(ctx, http.MethodGet, u.Path, u.Query(), payload{}, media.MaxSize)
	return content, err
}

// AddMaterial implements media.API. It adds permanent material of the kind image, voice, video or thumb. An account
// can have 100,000 pictures and articles, and 1000 of each other kind. The name's extension tells the platform the format.
//
// https://developers.weixin.qq.com/doc/subscription/api/material/permanent/api_addmaterial
func (c *Client) AddMaterial(
	ctx context.Context, kind, name string, content []byte, title, introduction string,
) (mediaID string, err error) {
	const path = "/cgi-bin/material/add_material"
	var body bytes.Buffer
	form := multipart.NewWriter(&body)
	head := textproto.MIMEHeader{}
	quoted := strings.NewReplacer(`\`, `_`, `"`, `_`, "\r", "_", "\n", "_").Replace(name)
	head.Set("Content-Disposition", fmt.Sprintf(`form-data; name="media"; filename="%s"`, quoted))
	head.Set("Content-Type", http.DetectContentType(content))
	part, err := form.CreatePart(head)
	if err == nil {
		_, err = part.Write(content)
	}
	if err == nil && kind == string(media.Video) {
		var description []byte
		description, err = encode(map[string]string{"title": cmp.Or(title, name), "introduction": introduction})
		err = errors.Join(err, form.WriteField("description", string(description)))
	}
	if err := errors.Join(err, form.Close()); err != nil {
		return "", err
	}
	var answer struct {
		MediaID string `json:"media_id"`
	}
	err = c.call(ctx, http.MethodPost, path, url.Values{"type": {kind}}, payload{form.FormDataContentType(), body.Bytes()}, &answer)
	if err == nil && answer.MediaID == "" {
		err = fmt.Errorf("wechatapi: %s: the answer holds no media_id", path)
	}
	return answer.MediaID, err
}

// DeleteMaterial implements media.API.
// https://developers.weixin.qq.com/doc/subscription/api/material/permanent/api_delmaterial
func (c *Client) DeleteMaterial(ctx context.Context, mediaID string) error {
	err := c.Post(ctx, "/cgi-bin/material/del_material", map[string]string{"media_id": mediaID}, nil)
	if hasCode(err, 40007) {
		return nil
	}
	return err
}

// MaterialCount implements media.API. The platform counts articles with the pictures, and does not tell of thumbnails.
// https://developers.weixin.qq.com/doc/subscription/api/material/permanent/api_getmaterialcount
func (c *Client) MaterialCount(ctx context.Context) (map[string]int, error) {
	var answer struct {
		Voice int `json:"voice_count"`
		Video int `json:"video_count"`
		Image int `json:"image_count"`
		News  int `json:"news_count"`
	}
	err := c.Get(ctx, "/cgi-bin/material/get_materialcount", nil, &answer)
	return map[string]int{
		string(media.Image): answer.Image + answer.News, string(media.Voice): answer.Voice, string(media.Video): answer.Video,
	}, err
}
