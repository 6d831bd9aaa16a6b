package webhook

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/guanzhu/guanzhu/internal/refusal"
	"github.com/guanzhu/guanzhu/internal/telemetry"
	"github.com/guanzhu/guanzhu/pkg/wechat"
)

// answer is the answer to a request, and what the log says about it.
type answer struct {
	status      int
	contentType []string
	body        []byte
	outcome     string
	reason      refusal.Reason
	push        wechat.Push
	unsent      wechat.Reply // a reply that cannot be sent, as it is incomplete
	err         error
}

// The values of headers, made once.
var (
	textPlain = []string{"text/plain; charset=utf-8"}
	textXML   = []string{"text/xml; charset=utf-8"}
	inJSON    = []string{"application/json"}
	noSniff   = []string{"nosniff"}
)

// refused does not tell the sender why: the reason is for the log.
func refused(why refusal.Reason) answer {
	status, body := http.StatusForbidden, "Bad Token!"
	switch why {
	case refusal.Method:
		status, body = http.StatusMethodNotAllowed, "method not allowed"
	case refusal.TooLarge:
		status, body = http.StatusRequestEntityTooLarge, "too large"
	case refusal.Body:
		status, body = http.StatusBadRequest, "unreadable body"
	}
	return answer{status: status, contentType: textPlain, body: []byte(body), outcome: "refused", reason: why}
}

// failed makes the platform send the push again.
func failed(p wechat.Push, err error) answer {
	return answer{
		status: http.StatusInternalServerError, contentType: textPlain, body: []byte("try again"), outcome: "failed", push: p, err: err,
	}
}

// silent answers a push without a reply. The kind of the push is known if it has a handler other than the default.
func silent(p wechat.Push, known bool) answer {
	a := answer{status: http.StatusOK, contentType: textPlain, body: []byte(wechat.Success), outcome: "acknowledged", push: p}
	if !known {
		a.outcome = "unknown"
	}
	return a
}

func replied(p wechat.Push, body []byte) answer {
	a := answer{status: http.StatusOK, contentType: textXML, body: body, outcome: "replied", push: p}
	if p.Common().JSON {
		a.contentType = inJSON
	}
	return a
}

func (a answer) write(w http.ResponseWriter) {
	head := w.Header()
	head["Content-Type"] = a.contentType
	head["X-Content-Type-Options"] = noSniff
	head["Content-Length"] = []string{strconv.Itoa(len(a.body))}
	if a.status == http.StatusMethodNotAllowed {
		head.Set("Allow", "GET, POST")
	}
	w.WriteHeader(a.status)
	w.Write(a.body) // an error means that the platform has hung up and sends the push again
}

// log logs a request in one line.
func (h *Handler) log(ctx context.Context, method string, a answer, line *telemetry.Line, arrived time.Time) {
	level, now := slog.LevelInfo, time.Now()
	ms := telemetry.Milliseconds(now.Sub(arrived))
	attrs := make([]slog.Attr, 0, 16)
	attrs = append(attrs, slog.String("method", method), slog.String("outcome", a.outcome), slog.Int("status", a.status))
	if a.push != nil {
		attrs = append(attrs, slog.String("kind", kind(a.push)), slog.String("follower", h.config.Hash(a.push.Common().FromUserName)),
			telemetry.Pushes.Of(1), telemetry.ReplyLatency.Of(ms))
		if raw, ok := a.push.(*wechat.Raw); ok {
			attrs = append(attrs, slog.String("name", plain(raw.Common().Kind())))
		}
	}
	if a.reason != "" {
		level = slog.LevelWarn
		attrs = append(attrs, slog.String("reason", string(a.reason)), slog.String("advice", a.reason.Advice()),
			telemetry.Refusals.Of(1))
	}
	if a.unsent != nil {
		level = slog.LevelWarn
		attrs = append(attrs, slog.String("unsent", fmt.Sprintf("%T", a.unsent)),
			slog.String("advice", "the documentation of this type says what the reply lacks; for no reply, return nil"))
	}
	if a.err != nil {
		level = slog.LevelError
		attrs = append(attrs, slog.Any("error", a.err))
	}
	attrs = line.AppendTo(attrs)
	attrs = append(attrs, slog.Float64("ms", ms))
	if !h.config.Log.Enabled(ctx, level) {
		return
	}
	// A record of one's own, because Log would look for the caller, whom the line does not name.
	record := slog.NewRecord(now, level, "push", 0)
	record.AddAttrs(attrs...)
	_ = h.config.Log.Handler().Handle(ctx, record) // Log ignores the error, too
}

// kind returns the kind of a push, or "unknown". It is a dimension of metrics, so its values come from a fixed set.
func kind(p wechat.Push) string {
	if _, ok := p.(*wechat.Raw); ok {
		return "unknown"
	}
	return p.Common().Kind()
}

// plain returns the first 64 bytes of name, with a question mark for every character that is not common in names.
func plain(name string) string {
	if len(name) > 64 {
		name = name[:64]
	}
	return strings.Map(func(r rune) rune {
		if r == '_' || r == '/' || r == '-' || '0' <= r && r <= '9' || 'a' <= r|0x20 && r|0x20 <= 'z' {
			return r
		}
		return '?'
	}, name)
}
