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

// policy allows the one stylesheet, by its hash, pictures of this host, and forms to it.
var policy = func() string {
	hash := sha256.Sum256([]byte(style))
	return "default-src 'none'; style-src 'sha256-" + base64.StdEncoding.EncodeToString(hash[:]) +
		"'; img-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
}()

// view is what a page shows besides its words.
type view struct {
	QR     bool   // the account's QR code, where there is one
	Form   string // where the page's button posts to; without it the button leads to "/"
	Ticket string // posted with it
	Quiet  bool   // whether the button is not what the page is for
	Since  string // the date of the follow, where it is known
}

// page answers with one of the pages in texts.
func (h *Handler) page(w http.ResponseWriter, r *http.Request, status int, name pageName, v view) {
	lang := language(r)
	v.QR = v.QR && len(h.QR) > 0
	body := layout(lang, texts[name][lang], v)
	head := w.Header()
	head.Set("Content-Type", "text/html; charset=utf-8")
	head.Set("Content-Language", lang)
	w.WriteHeader(status)
	w.Write([]byte(body))
}

// layout is a page. It is no html/template, since that alone makes the function half as large again: it finds methods by
// their names, and the linker keeps all methods then. What is not fixed goes through e, an attribute stands in quotes.
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
		b.WriteString("<p>" + e(line) + "</p>\n")
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

// home is the follower's page.
func (h *Handler) home(w http.ResponseWriter, r *http.Request, f follower.Follower) {
	v := view{Form: "/logout", Quiet: true}
	if !f.SubscribedAt.IsZero() {
		v.Since = f.SubscribedAt.In(wechat.ChinaTime).Format("2006-01-02")
	}
	h.page(w, r, http.StatusOK, homePage, v)
}

// fail answers what went wrong on this side.
func (h *Handler) fail(w http.ResponseWriter, r *http.Request, err error) {
	noteFailure(w, r, err)
	name := trouble
	if errors.Is(err, follower.ErrBusy) {
		name = busy
	}
	h.page(w, r, http.StatusServiceUnavailable, name, view{})
}

// noteFailure is what all answers with 503 have in common.
func noteFailure(w http.ResponseWriter, r *http.Request, err error) {
	note(r, "failed")
	if errors.Is(err, follower.ErrBusy) {
		note(r, "busy")
	}
	of(r).err = err
	w.Header().Set("Retry-After", retryAfter)
}

// foreign answers a request that another site made a browser send.
func (h *Handler) foreign(w http.ResponseWriter, r *http.Request) {
	note(r, "cross-origin")
	h.page(w, r, http.StatusForbidden, refused, view{})
}

func (h *Handler) notFound(w http.ResponseWriter, r *http.Request) {
	note(r, "not found")
	h.page(w, r, http.StatusNotFound, nothingHere, view{})
}

// language returns zh or en, whichever the browser prefers; zh where it says neither.
func language(r *http.Request) string {
	chosen, best := "zh", 0.0
	// The gateway's adapter hands the list on as several headers.
	for entry := range strings.SplitSeq(strings.Join(r.Header.Values("Accept-Language"), ","), ",") {
		tag, parameter, _ := strings.Cut(strings.TrimSpace(entry), ";")
		primary, _, _ := strings.Cut(strings.ToLower(tag), "-")
		quality := 1.0
		if q, ok := strings.CutPrefix(strings.TrimSpace(parameter), "q="); ok {
			quality, _ = strconv.ParseFloat(q, 64) // one that cannot be read counts as 0
		}
		if (primary == "zh" || primary == "en") && quality > best {
			chosen, best = primary, quality
		}
	}
	return chosen
}
