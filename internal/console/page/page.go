// Package page is the console's page: one HTML document with its style and modules, all embedded. It speaks to the API of
// docs/console.md and to nothing else. It has no inline script and no inline style.
package page

import (
	"embed"
	"html/template"
	"io/fs"
	"net/http"
	"strings"

	"github.com/guanzhu/guanzhu/internal/bilingual"
)

//go:embed index.html files
var content embed.FS

var document = template.Must(template.ParseFS(content, "index.html"))

// Handler serves the page at / and its files below /page/. The language, bilingual.Chinese or another for English, is that of
// a browser that has not chosen one.
func Handler(language string) http.Handler {
	tag := "en"
	if language == bilingual.Chinese {
		tag = "zh-CN"
	}
	var html strings.Builder
	if err := document.Execute(&html, tag); err != nil {
		panic(err) // the embedded document takes a text
	}
	files, err := fs.Sub(content, "files")
	if err != nil {
		panic(err) // the folder is embedded
	}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /{$}", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		_, _ = w.Write([]byte(html.String())) // the client has hung up
	})
	mux.Handle("GET /page/", http.StripPrefix("/page/", http.FileServerFS(files)))
	return mux
}
