package movein

import (
	"context"

	"github.com/guanzhu/guanzhu/internal/bilingual"
)

// The actions of the function menu by which a machine imports that may not call the API itself.
const (
	ActionImport   = "import"
	ActionDownload = "download"
)

// maxDownload is the size of the largest file that a function can answer with: 6 MiB of JSON, in which three bytes take four
// characters.
// https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html
const maxDownload = 4 << 20

// Asked is the answer to ActionImport.
type Asked struct {
	Result string `json:"result"`
	Answers
}

// AskFor answers ActionImport.
func AskFor(ctx context.Context, api API) (Asked, error) {
	answers, err := Ask(ctx, api)
	return Asked{Result: ActionImport, Answers: answers}, err
}

// Downloaded is the answer to ActionDownload.
type Downloaded struct {
	Result  string `json:"result"`
	Content []byte `json:"content"`
}

// A Downloader downloads material.
type Downloader interface {
	Download(ctx context.Context, mediaID string) ([]byte, error)
}

// DownloadFor answers ActionDownload.
func DownloadFor(ctx context.Context, api Downloader, mediaID string) (Downloaded, error) {
	content, err := api.Download(ctx, mediaID)
	if err == nil && len(content) > maxDownload {
		err = bilingual.Errorf("文件有 %d 字节，函数最多传 %d 字节：在能调用微信接口的电脑上导入",
			"the file has %d bytes, and at most %d pass through the function: import from a machine that may call the API",
			len(content), maxDownload)
	}
	return Downloaded{Result: ActionDownload, Content: content}, err
}
