// Package wechatapi is a client of the platform's API, api.weixin.qq.com. It manages the access token: it keeps one, shares
// it with the account's other instances, and gets another if the platform refuses it.
//
// Errors can be logged. They hold the API's path, the errcode, its meaning and what to do, but no URL, token, secret, openid
// or errmsg.
package wechatapi

import (
	"bytes"
	"cmp"
	"context"
	"crypto/tls"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/guanzhu/guanzhu/internal/errcode"
	"github.com/guanzhu/guanzhu/internal/pause"
	"github.com/guanzhu/guanzhu/internal/telemetry"
	"github.com/guanzhu/guanzhu/internal/transport"
	"github.com/guanzhu/guanzhu/pkg/follower"
	"github.com/guanzhu/guanzhu/pkg/wechat"
)

const (
	platformURL = "https://api.weixin.qq.com"
	maxAnswer   = 1 << 20 // bytes; a page of user/get, the largest answer known, has about 300 KiB
	busyRetries = 2
	busyWait    = 100 * time.Millisecond // before the first retry, doubled before the next
)

// limits apply to one exchange, in addition to its ctx. The client follows no redirect: the API makes none, and another host
// must not see a token.
var limits = transport.Limits{
	Connect:   time.Second,
	Handshake: 2 * time.Second,
	Header:    5 * time.Second,
	Call:      15 * time.Second,
}

// Config configures a Client. AppID, Secrets and Tokens are required.
type Config struct {
	AppID string
	// BaseURL is the address of the API or of a relay, with its path if it has one. Empty means
	// https://api.weixin.qq.com.
	BaseURL string
	Secrets Secrets
	Tokens  TokenStore       // the first call reads it
	Now     func() time.Time // nil: time.Now
	Log     *slog.Logger     // for failed calls and new access tokens; nil: no log

	// Transport makes the calls; nil: over the network. The local console has one that shows the calls.
	Transport http.RoundTripper
}

// Secrets returns the app secret. It is safe for concurrent use.
type Secrets interface {
	// AppSecret returns the app secret as it was last read.
	AppSecret() string
	// Reload reads the secrets again from their store, unless that happened a moment ago. It reports whether anything
	// changed. A Client calls it if the platform refuses the app secret.
	Reload(ctx context.Context) (changed bool)
}

// TokenStore shares the access token between the account's instances. It is safe for concurrent use.
type TokenStore interface {
	// AccessToken returns the stored token, or the zero AccessToken if there is none. Reads are strongly consistent: they
	// see every write, by any instance, that has returned.
	AccessToken(ctx context.Context) (wechat.AccessToken, error)
	// SaveAccessToken stores a token for use until validUntil. It does not change the time that MarkForced stored.
	SaveAccessToken(ctx context.Context, value string, validUntil time.Time) error
	// MarkForced replaces ForcedAt and ForcedCount by those of mark, if they still equal those of was. It returns false
	// without an error if another instance was first.
	MarkForced(ctx context.Context, was, mark wechat.AccessToken) (bool, error)
}

// Client calls the platform's API for one account. It is safe for concurrent use. It has no goroutines of its own.
//
// If the platform is busy (errcode -1), a call is repeated up to two times. If the platform refuses the access token, it is
// repeated once with another token. All other failures are returned at once.
type Client struct {
	appID   string
	base    *url.URL
	secrets Secrets
	store   TokenStore
	now     func() time.Time
	log     *slog.Logger
	http    *http.Client
	files   *http.Client // for larger bodies and answers

	mu      sync.Mutex
	token   wechat.AccessToken // the last one seen
	renewal *renewal           // in progress, or nil
}

// New returns a Client. It makes no call. The error names everything that is missing or wrong in c.
func New(c Config) (*Client, error) {
	base, err := url.Parse(cmp.Or(c.BaseURL, platformURL))
	var wrong []error
	if c.AppID == "" {
		wrong = append(wrong, errors.New("wechatapi: AppID is empty: give the account's appid"))
	}
	if c.Secrets == nil {
		wrong = append(wrong, errors.New("wechatapi: Secrets is nil"))
	}
	if c.Tokens == nil {
		wrong = append(wrong, errors.New("wechatapi: Tokens is nil"))
	}
	if err != nil || base.Scheme != "https" && base.Scheme != "http" || base.Host == "" ||
		base.User != nil || base.RawQuery != "" {
		wrong = append(wrong, errors.New("wechatapi: the API's address must look like https://host or https://host/path"))
	}
	if err := errors.Join(wrong...); err != nil {
		return nil, err
	}
	if c.Now == nil {
		c.Now = time.Now
	}
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	client, files := transport.Client(limits), transport.Client(fileLimits)
	if c.Transport != nil {
		client.Transport, files.Transport = c.Transport, c.Transport
	}
	return &Client{
		appID:   c.AppID,
		base:    base,
		secrets: c.Secrets,
		store:   c.Tokens,
		now:     c.Now,
		log:     c.Log,
		http:    client,
		files:   files,
	}, nil
}

// Get makes a GET call of any API, with the access token added to query, and decodes the JSON of its answer into out. If
// out is nil, only the errcode is read. query may be nil.
//
// path is the API's path, such as /cgi-bin/user/tag/getidlist. It appears in errors and in the log, so it must hold
// nothing secret. Answers are limited to 1 MiB of JSON.
//
// The platform's refusal is an *Error. A call may reach the platform twice, because it is sent again if a connection breaks.
func (c *Client) Get(ctx context.Context, path string, query url.Values, out any) error {
	return c.call(ctx, http.MethodGet, path, query, payload{}, out)
}

// Post makes a POST call of any API, with body encoded as JSON. All else is as in Get.
//
// The platform does not understand \u escapes, which encoding/json writes for control characters, U+2028 and U+2029.
// Strings in body must be free of them.
func (c *Client) Post(ctx context.Context, path string, body, out any) error {
	encoded, err := encode(body)
	if err != nil {
		return fmt.Errorf("wechatapi: %s: the body cannot be encoded as JSON: %w", path, err)
	}
	return c.call(ctx, http.MethodPost, path, nil, asJSON(encoded), out)
}

// call makes a call with the access token. If the platform refuses the token, it repeats the call with another one.
func (c *Client) call(ctx context.Context, method, path string, query url.Values, body payload, out any) error {
	if !strings.HasPrefix(path, "/") || strings.ContainsAny(path, "?#") {
		return errors.New("wechatapi: the path must look like /cgi-bin/user/info, with neither host nor query")
	}
	token, err := c.accessToken(ctx, "")
	if err != nil {
		return err
	}
	send := func() error {
		withToken := url.Values{}
		maps.Copy(withToken, query)
		withToken.Set("access_token", token)
		return c.send(ctx, method, path, withToken, body, out)
	}
	refusal := send()
	if !hasCode(refusal, 40001, 40014, 42001) {
		return refusal
	}
	token, err = c.accessToken(ctx, token)
	if errors.Is(err, errNoOtherToken) {
		return refusal
	}
	if err != nil {
		return fmt.Errorf("%w; getting another token failed: %w", refusal, err)
	}
	return send()
}

// send makes a call without adding a token. It repeats the call while the platform is busy.
func (c *Client) send(ctx context.Context, method, path string, query url.Values, body payload, out any) error {
	wait := busyWait
	for retries := 0; ; retries++ {
		begun := time.Now()
		err := c.exchange(ctx, method, path, query, body, out)
		telemetry.Called(ctx, telemetry.Platform, time.Since(begun))
		c.logFailure(ctx, path, err)
		if retries == busyRetries || !hasCode(err, errcode.Busy) {
			return err
		}
		if waitErr := pause.For(ctx, wait); waitErr != nil {
			return fmt.Errorf("%w (%w)", err, waitErr)
		}
		wait *= 2
	}
}

// logFailure logs a failed call in a line of its own, since one push may make several calls.
func (c *Client) logFailure(ctx context.Context, path string, err error) {
	if err == nil || expected(path, err) {
		return
	}
	level := slog.LevelWarn
	if errors.Is(err, follower.ErrNoPermission) || hasCode(err, spentCode...) {
		level = slog.LevelInfo // the owner can do nothing about it
	}
	c.log.LogAttrs(ctx, level, "platform call failed",
		slog.String("api", path), slog.String("errcode", codeName(err)), slog.Any("error", err), telemetry.APIErrors.Of(1))
}

// codeName names a failure by one of a small set of names, which is a dimension of a metric.
func codeName(err error) string {
	refusal, ok := errors.AsType[*Error](err)
	if !ok {
		return "none"
	}
	if _, known := errcode.Lookup(refusal.Code); !known {
		return "other"
	}
	return strconv.Itoa(refusal.Code)
}

// exchange sends one request and decodes its answer.
func (c *Client) exchange(ctx context.Context, method, path string, query url.Values, body payload, out any) error {
	_, answer, err := c.ask(ctx, method, path, query, body, maxOf(out))
	if err != nil {
		return err
	}
	if f, ok := out.(*file); ok && f.read(answer) {
		return nil
	}
	return decode(path, answer, out)
}

// ask sends one request and reads its answer.
func (c *Client) ask(
	ctx context.Context, method, path string, query url.Values, body payload, largest int,
) (head http.Header, answer []byte, err error) {
	target := c.base.JoinPath(path)
	target.RawQuery = query.Encode()
	request, err := http.NewRequestWithContext(ctx, method, target.String(), bytes.NewReader(body.content))
	if err != nil {
		return nil, nil, fmt.Errorf("wechatapi: %s: the request cannot be made; check the API's address", path)
	}
	if method == http.MethodPost {
		request.Header.Set("Content-Type", body.contentType)
	}
	// The platform closes idle connections while Lambda is frozen. With this key (an empty one is not sent),
	// net/http sends even a POST again on another connection, if the pooled one is closed.
	// A message to a follower must not be sent twice.
	if path != customSend {
		request.Header["Idempotency-Key"] = nil
	}

	client := c.http
	if max(largest, len(body.content)) > maxAnswer {
		client = c.files
	}
	response, err := client.Do(request)
	if err != nil {
		return nil, nil, fmt.Errorf("wechatapi: %s: no answer: %w", path, redact(ctx, err))
	}
	defer response.Body.Close()
	answer, err = io.ReadAll(io.LimitReader(response.Body, int64(largest)+1))
	switch {
	case err != nil:
		return nil, nil, fmt.Errorf("wechatapi: %s: the answer ends early: %w", path, redact(ctx, err))
	case len(answer) > largest:
		return nil, nil, fmt.Errorf("wechatapi: %s: the answer is larger than %d bytes", path, largest)
	case response.StatusCode != http.StatusOK:
		return nil, nil, &notPlatformError{fmt.Sprintf("wechatapi: %s: HTTP status %d, which the platform never sends; "+
			"check the relay or proxy in between", path, response.StatusCode)}
	}
	return response.Header, answer, nil
}

// redact removes from an error of net/http every part that may contain the URL and thus the token: a *url.Error holds the URL, and
// errors about malformed responses quote them.
func redact(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return ctx.Err()
	}
	if outer, ok := errors.AsType[*url.Error](err); ok {
		err = outer.Err
	}
	if _, ok := errors.AsType[net.Error](err); ok {
		return err
	}
	if _, ok := errors.AsType[*tls.CertificateVerificationError](err); ok {
		return err
	}
	for _, known := range []error{io.EOF, io.ErrUnexpectedEOF, http.ErrSchemeMismatch} {
		if errors.Is(err, known) {
			return known
		}
	}
	return errors.New("malformed HTTP response")
}

func encode(body any) ([]byte, error) {
	var buf bytes.Buffer
	enc := json.NewEncoder(&buf)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(body); err != nil {
		return nil, err
	}
	return buf.Bytes(), nil
}

// decode decodes an answer into out. If the answer has an errcode, that is the error.
func decode(path string, answer []byte, out any) error {
	// The platform passes on control characters in users' texts. JSON does not allow them in strings, and outside of
	// strings they mean nothing.
	if !json.Valid(answer) {
		answer = slices.DeleteFunc(answer, func(b byte) bool { return b < 0x20 })
	}
	var status struct {
		Code    int    `json:"errcode"`
		Message string `json:"errmsg"`
	}
	if err := json.Unmarshal(answer, &status); err != nil {
		return notJSON(path)
	}
	if status.Code != 0 {
		return newError(path, status.Code, status.Message)
	}
	if out == nil {
		return nil
	}
	if err := json.Unmarshal(answer, out); err != nil {
		return fmt.Errorf("wechatapi: %s: the answer's fields are not as documented", path)
	}
	return nil
}
