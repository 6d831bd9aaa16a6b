package web

import (
	"crypto/sha256"
	_ "embed"
	"encoding/base64"
	"errors"
	"html"
	"net/http"
	"strconv"
	"strings"

	"github.com/guanzhu/guanzhu/pkg/follower"
	"github.com/guanzhu/guanzhu/pkg/wechat"
)

//go:embed style.css
var style string

// policy allows the one stylesheet, by its hash, images from this host, and forms to this host.
var policy = func() string {
	hash := sha256.Sum256([]byte(style))
	return "default-src 'none'; style-src 'sha256-" + base64.StdEncoding.EncodeToString(hash[:]) +
		"'; img-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
}()

// view is the content of a page besides its text.
type view struct {
	QR     bool   // show the account's QR code, if there is one
	Form   string // the path to which the button posts; if empty, the button is a link to "/"
	Ticket string // posted with the form
	Quiet  bool   // the button is not the purpose of the page
	Since  string // the date of the follow; empty if unknown

	Keyword string // Config.Keyword
}

// page answers r with one of the pages in texts.
func (s *Site) page(w http.ResponseWriter, r *http.Request, status int, name pageName, v view) {
	lang := language(r)
	v.QR = v.QR && len(s.config.QR) > 0
	v.Keyword = s.config.Keyword
	body := layout(lang, texts[name][lang], v)
	head := w.Header()
	head.Set("Content-Type", "text/html; charset=utf-8")
	head.Set("Content-Language", lang)
	w.WriteHeader(status)
	w.Write([]byte(body))
}

// layout returns a page as HTML. It does not use html/template, which would make the function's binary half as large again:
// it looks up methods by name, so the linker must keep all of them. Every variable value is escaped by e, and every attribute
// is quoted.
func layout(lang string, words text, v view) string {
	e := html.EscapeString
	var b strings.Builder
	b.WriteString(`<!DOCTYPE html>
<html lang="` + e(lang) + `">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="robots" content="noindex">
<title>` + e(words.Title) + `</title>
<style>` + style + `</style>
</head>
<body>
<main>
<h1>` + e(words.Title) + `</h1>
`)
	for _, line := range words.Lines {
		if v.Keyword != "" || !strings.Contains(line, keyword) {
			b.WriteString("<p>" + e(strings.ReplaceAll(line, keyword, v.Keyword)) + "</p>\n")
		}
	}
	if v.Since != "" {
		b.WriteString(`<p class="since">` + e(words.SinceWord) + `<time datetime="` + e(v.Since) + `">` + e(v.Since) +
			"</time></p>\n")
	}
	if v.QR {
		alt := map[string]string{"zh": "公众号二维码", "en": "The account's QR code"}[lang]
		b.WriteString(`<img src="/qr.png" alt="` + e(alt) + "\">\n")
	}
	switch {
	case v.Form != "":
		b.WriteString(`<form method="post" action="` + e(v.Form) + `">`)
		if v.Ticket != "" {
			b.WriteString(`<input type="hidden" name="ticket" value="` + e(v.Ticket) + `">`)
		}
		class := ""
		if v.Quiet {
			class = ` class="quiet"`
		}
		b.WriteString("<button" + class + ">" + e(words.Button) + "</button></form>\n")
	case words.Button != "":
		b.WriteString(`<a class="button" href="/">` + e(words.Button) + "</a>\n")
	}
	b.WriteString("</main>\n</body>\n</html>\n")
	return b.String()
}

// home shows the follower's page.
func (s *Site) home(w http.ResponseWriter, r *http.Request, f follower.Follower) {
	v := view{Form: "/logout", Quiet: true}
	if !f.SubscribedAt.IsZero() {
		v.Since = f.SubscribedAt.In(wechat.ChinaTime).Format("2006-01-02")
	}
	s.page(w, r, http.StatusOK, homePage, v)
}

// fail answers 503 after an error on our side.
func (s *Site) fail(w http.ResponseWriter, r *http.Request, err error) {
	noteFailure(w, r, err)
	name := trouble
	if errors.Is(err, follower.ErrBusy) {
		name = busy
	}
	s.page(w, r, http.StatusServiceUnavailable, name, view{})
}

// noteFailure is the common part of all answers with 503.
func noteFailure(w http.ResponseWriter, r *http.Request, err error) {
	note(r, "failed")
	if errors.Is(err, follower.ErrBusy) {
		note(r, "busy")
	}
	visitOf(r).err = err
	w.Header().Set("Retry-After", retryAfter)
}

// foreign refuses a request that another site made a browser send.
func (s *Site) foreign(w http.ResponseWriter, r *http.Request) {
	note(r, "cross-origin")
	s.page(w, r, http.StatusForbidden, refused, view{})
}

// language returns zh or en, whichever the browser prefers, or zh if it names neither.
func language(r *http.Request) string {
	chosen, best := "zh", 0.0
	// The gateway's adapter splits the list into several headers.
	for entry := range strings.SplitSeq(strings.Join(r.Header.Values("Accept-Language"), ","), ",") {
		tag, parameter, _ := strings.Cut(strings.TrimSpace(entry), ";")
		primary, _, _ := strings.Cut(strings.ToLower(tag), "-")
		quality := 1.0
		if q, ok := strings.CutPrefix(strings.TrimSpace(parameter), "q="); ok {
			quality, _ = strconv.ParseFloat(q, 64) // an invalid one counts as 0
		}
		if (primary == "zh" || primary == "en") && quality > best {
			chosen, best = primary, quality
		}
	}
	return chosen
}
