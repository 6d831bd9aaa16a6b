// Package page is the console's page: one HTML document with its style and modules, all embedded. It speaks to the API of
// docs/console.md and to nothing else.
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

// policy allows the page its own files, the pictures of articles, and the account's pages in a phone's frame. Neither inline
// scripts nor inline styles run.
const policy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: https:; connect-src 'self'; " +
	"frame-src http: https:; form-action 'none'; base-uri 'none'; frame-ancestors 'none'"

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
		panic(err)
	}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /{$}", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		_, _ = w.Write([]byte(html.String()))
	})
	mux.Handle("GET /page/", http.StripPrefix("/page/", http.FileServerFS(files)))
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		head := w.Header()
		head.Set("Content-Security-Policy", policy)
		head.Set("X-Content-Type-Options", "nosniff")
		head.Set("Referrer-Policy", "no-referrer")
		head.Set("Cache-Control", "no-cache") // another binary may have other files
		mux.ServeHTTP(w, r)
	})
}
