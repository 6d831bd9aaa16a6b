package console

import (
	"bytes"
	"crypto/rand"
	"errors"
	"io"
	"net/http"

	"go.etcd.io/bbolt"
)

// postMedia keeps a picture.
func (c *Console) postMedia(r *http.Request) (any, error) {
	picture, err := io.ReadAll(http.MaxBytesReader(nil, r.Body, maxPicture))
	if _, tooLarge := errors.AsType[*http.MaxBytesError](err); tooLarge {
		return nil, refuse("图片最大 10 MB", "a picture has 10 MB at most")
	}
	if err != nil {
		return nil, err
	}
	if !isPicture(picture) {
		return nil, refuse("这不是 PNG、JPEG 或 GIF 图片", "this is no picture of type PNG, JPEG or GIF")
	}
	id := "console-" + rand.Text()
	err = c.store.DB().Update(func(tx *bbolt.Tx) error { return tx.Bucket(mediaBucket).Put([]byte(id), picture) })
	return map[string]string{"media_id": id, "url": c.config.URL + mediaPath + id}, err
}

func isPicture(data []byte) bool {
	switch http.DetectContentType(data) {
	case "image/png", "image/jpeg", "image/gif":
		return true
	}
	return false
}

// media returns a picture, or nil.
func (c *Console) media(id string) []byte {
	var picture []byte
	_ = c.store.DB().View(func(tx *bbolt.Tx) error {
		picture = bytes.Clone(tx.Bucket(mediaBucket).Get([]byte(id)))
		return nil
	})
	return picture
}

func (c *Console) serveMedia(w http.ResponseWriter, r *http.Request) {
	picture := c.media(r.PathValue("id"))
	if picture == nil {
		http.NotFound(w, r)
		return
	}
	w.Header().Set("Content-Type", http.DetectContentType(picture))
	_, _ = w.Write(picture) // the client has hung up
}
