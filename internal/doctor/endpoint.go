package doctor

import (
	"context"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/guanzhu/guanzhu/internal/bilingual"
	"github.com/guanzhu/guanzhu/internal/publicurl"
	"github.com/guanzhu/guanzhu/internal/pushing"
	"github.com/guanzhu/guanzhu/pkg/secrets"
	"github.com/guanzhu/guanzhu/pkg/wechat"
)

const (
	patience    = pushing.Timeout // for each step, as for an answer
	slowAnswer  = 3 * time.Second
	certificate = 14 * 24 * time.Hour // before its end, a warning
	maxBody     = 64 << 10            // bytes of a page that are read
)

// The contract of the endpoint. Package webhook implements it.
const (
	path     = "/login/wechat"
	badToken = "Bad Token!" // the body of a refusal, with status 403
)

// Endpoint examines an endpoint from outside, with signed requests as the platform sends them.
type Endpoint struct {
	URL     string
	AppID   string
	Secrets secrets.Secrets
	Roots   *x509.CertPool   // the trusted authorities; nil: those of this machine
	Now     func() time.Time // the clock for signatures and durations

	// Transport carries the requests; nil means a new connection for each, without a proxy.
	Transport http.RoundTripper
}

// Examine checks the URL, the connection to it, and the answers. Each request takes at most 5 s. Examine sends one push, a
// debug_demo event as the platform's debugging tool sends it. An endpoint answers it and stores nothing.
// https://developers.weixin.qq.com/apiExplorer?type=messagePush
func (e *Endpoint) Examine(ctx context.Context) []Finding {
	var r report
	v := &visit{Endpoint: e}
	r.step("url", v.readURL)
	r.step("dns", func() Finding { return v.lookUp(ctx) })
	r.step("connect", func() Finding { return v.connect(ctx) })
	if v.url == nil || v.url.Scheme == "https" {
		r.step("tls", func() Finding { return v.handshake(ctx) })
	}
	r.step("check", func() Finding { return v.check(ctx) })
	if !v.date.IsZero() {
		r.findings = append(r.findings, clock("clock", v.date, v.seen))
	}
	r.check("forgery", func() Finding { return v.forge(ctx) })
	r.step("push", func() Finding { return v.push(ctx) })
	return r.findings
}

// Accepts makes one request that only an endpoint with these secrets answers correctly: the platform's URL check or, with an
// EncodingAESKey, the encrypted push of Examine. It takes at most 5 s, follows no redirect, and is safe for concurrent use.
// The error (bilingual.Error) describes the answer. It holds no secret and no signature.
func (e *Endpoint) Accepts(ctx context.Context) error {
	u, err := url.Parse(e.URL)
	if err != nil {
		return bilingual.New("URL 读不懂：请检查", "the URL cannot be read: check it")
	}
	v := &visit{Endpoint: e, url: u}
	var a answer
	var echostr string
	sealed := v.mode() == pushing.Safe
	if sealed {
		a, err = v.sendPush(ctx, pushing.Safe)
	} else {
		a, echostr, err = v.sendCheck(ctx, e.Secrets.Token)
	}
	switch {
	case err != nil:
		return bilingual.Format("连接不上：%s", "it cannot be reached: %s", cause(err)) // without the URL, which holds the signature
	case a.status == http.StatusForbidden:
		return bilingual.New("状态码 403：它的密钥（或 AppID）不同，或者这台电脑的时钟差了十分钟以上",
			"status 403: it has other secrets (or another AppID), or this machine's clock is wrong by ten minutes")
	case a.status != http.StatusOK:
		return bilingual.Format("状态码 %d：请看它的日志", "status %d: look at its log", a.status)
	case sealed && !v.understands(a.body), !sealed && a.body != echostr:
		return bilingual.New("应答的不是公众号的服务器：请检查 URL", "the answer is not that of the endpoint: check the URL")
	}
	return nil
}

// account returns the account as the platform knows it.
func (v *visit) account() pushing.Account {
	return pushing.Account{AppID: v.AppID, Token: v.Secrets.Token, EncodingAESKey: v.Secrets.EncodingAESKey}
}

// mode returns the form of pushes that the secrets require.
func (v *visit) mode() pushing.Mode {
	if v.Secrets.EncodingAESKey != "" {
		return pushing.Safe
	}
	return pushing.Plain
}

// understands reports whether the platform would understand body as the answer to the event.
func (v *visit) understands(body string) bool {
	_, err := v.account().Open(v.mode(), []byte(event), []byte(body))
	return err == nil
}

// visit is one examination of an endpoint.
type visit struct {
	*Endpoint
	url   *url.URL
	local bool
	date  time.Time // in the first answer that had one
	seen  time.Time // when that answer arrived
}

func (v *visit) readURL() Finding {
	u, err := url.Parse(v.URL)
	if err != nil || u.Host == "" || u.Scheme != "https" && u.Scheme != "http" || u.RawQuery != "" || u.User != nil {
		return urlNoURL.of("url")
	}
	v.local = publicurl.IsLoopback(u.Host)
	port := u.Port()
	switch {
	case u.Path != path:
		return urlPath.of("url", "{path}", path)
	case port != "" && port != "80" && port != "443" && !v.local:
		return urlPort.of("url", "{port}", port)
	}
	v.url = u
	if v.local {
		return urlLocal.of("url", "{url}", u.String())
	}
	return urlFine.of("url", "{url}", u.String())
}

func (v *visit) lookUp(ctx context.Context) Finding {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	host := v.url.Hostname()
	ips, err := net.DefaultResolver.LookupNetIP(ctx, "ip", host)
	if err != nil || len(ips) == 0 {
		return dnsNone.of("dns", "{host}", host)
	}
	for _, ip := range ips {
		if ip = ip.Unmap(); ip.IsPrivate() || ip.IsLoopback() && !v.local {
			return dnsPrivate.of("dns", "{host}", host, "{ip}", ip.String())
		}
	}
	return dnsFine.of("dns", "{host}", host)
}

// address returns the host and port to connect to.
func (v *visit) address() string {
	port := v.url.Port()
	if port == "" {
		port = map[string]string{"http": "80", "https": "443"}[v.url.Scheme]
	}
	return net.JoinHostPort(v.url.Hostname(), port)
}

func (v *visit) connect(ctx context.Context) Finding {
	conn, err := (&net.Dialer{Timeout: patience}).DialContext(ctx, "tcp", v.address())
	if err != nil {
		if v.local {
			return connectLocal.of("connect", "{address}", v.address())
		}
		return connectNone.of("connect", "{address}", v.address())
	}
	_ = conn.Close() // nothing was sent
	return connectFine.of("connect", "{address}", v.address())
}

func (v *visit) handshake(ctx context.Context) Finding {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	dialer := tls.Dialer{Config: &tls.Config{RootCAs: v.Roots, MinVersion: tls.VersionTLS12}}
	conn, err := dialer.DialContext(ctx, "tcp", v.address())
	if err != nil {
		return v.untrusted(err)
	}
	defer func() { _ = conn.Close() }()
	ends := conn.(*tls.Conn).ConnectionState().PeerCertificates[0].NotAfter
	row := tlsFine
	if ends.Sub(v.Now()) < certificate {
		row = tlsEnds
	}
	return row.of("tls", "{until}", day(ends))
}

func (v *visit) untrusted(err error) Finding {
	if invalid, ok := errors.AsType[x509.CertificateInvalidError](err); ok && invalid.Reason == x509.Expired {
		if v.Now().Before(invalid.Cert.NotBefore) {
			return tlsEarly.of("tls", "{from}", day(invalid.Cert.NotBefore))
		}
		return tlsEnded.of("tls", "{until}", day(invalid.Cert.NotAfter))
	}
	if _, ok := errors.AsType[x509.HostnameError](err); ok {
		return tlsHost.of("tls", "{host}", v.url.Hostname())
	}
	if _, ok := errors.AsType[x509.UnknownAuthorityError](err); ok {
		return tlsUnknown.of("tls")
	}
	return tlsNone.of("tls", "{error}", cause(err))
}

func day(t time.Time) string { return t.In(wechat.ChinaTime).Format(time.DateOnly) }

// cause returns a network error without the addresses and the URL around it.
func cause(err error) string {
	if outer, ok := errors.AsType[*url.Error](err); ok {
		err = outer.Err
	}
	if inner, ok := errors.AsType[*net.OpError](err); ok {
		err = inner.Err
	}
	return err.Error()
}

// answer is the answer to a request.
type answer struct {
	status   int
	location string
	body     string
	took     time.Duration
}

// send sends one request as the platform does.
func (v *visit) send(r *http.Request) (answer, error) {
	client := newClient(v.Roots)
	if v.Transport != nil {
		client.Transport = v.Transport
	} else {
		defer client.CloseIdleConnections()
	}
	begun := v.Now()
	got, err := pushing.Send(client, r)
	if err != nil {
		return answer{}, err
	}
	now := v.Now()
	if date, err := http.ParseTime(got.Header.Get("Date")); err == nil && v.date.IsZero() {
		v.date, v.seen = date, now
	}
	return answer{got.Status, got.Header.Get("Location"), string(got.Body), now.Sub(begun)}, nil
}

// newClient returns a client that waits for 5 s and follows no redirect, as the platform does. It uses no proxy.
func newClient(roots *x509.CertPool) *http.Client {
	return &http.Client{
		Transport:     &http.Transport{TLSClientConfig: &tls.Config{RootCAs: roots, MinVersion: tls.VersionTLS12}},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		Timeout:       patience,
	}
}

// sendCheck makes the platform's URL check. The endpoint must answer with the echostr alone.
func (v *visit) sendCheck(ctx context.Context, token string) (a answer, echostr string, err error) {
	r, err := pushing.Account{Token: token}.Check(ctx, v.url.String(), v.Now())
	if err != nil {
		return answer{}, "", err
	}
	a, err = v.send(r)
	return a, r.URL.Query().Get("echostr"), err
}

// check examines the answer to the URL check.
func (v *visit) check(ctx context.Context) Finding {
	if v.Secrets.Token == "" {
		return skip("check", "secrets")
	}
	a, echostr, err := v.sendCheck(ctx, v.Secrets.Token)
	if f, bad := v.trouble("check", a, err); bad {
		return f
	}
	switch {
	case a.status == http.StatusForbidden && !v.date.IsZero() && v.seen.Sub(v.date).Abs() > clockFailure:
		return skip("check", "clock")
	case a.status == http.StatusForbidden:
		return checkToken.of("check")
	case a.body != echostr:
		return checkBody.of("check")
	case a.took > slowAnswer:
		return checkSlow.of("check", "{took}", seconds(a.took))
	}
	return checkFine.of("check", "{took}", seconds(a.took))
}

func seconds(d time.Duration) string { return fmt.Sprintf("%.2f s", d.Seconds()) }

// trouble explains a missing answer, or one that is neither 200 nor a refusal of the endpoint.
func (v *visit) trouble(check string, a answer, err error) (f Finding, bad bool) {
	network, timeout := errors.AsType[net.Error](err)
	timeout = timeout && network.Timeout()
	switch {
	case timeout || err == nil && a.took > patience:
		return answerLate.of(check), true
	case err != nil:
		return answerNone.of(check, "{error}", cause(err)), true
	case a.status == http.StatusOK || a.status == http.StatusForbidden && a.body == badToken:
		return Finding{}, false
	case a.status == http.StatusForbidden:
		return forbidden(v.url.Hostname()).of(check), true
	case a.status >= 300 && a.status < 400:
		return answerRedirect.of(check, "{status}", strconv.Itoa(a.status), "{location}", withoutQuery(a.location)), true
	case a.status == http.StatusNotFound:
		return answerNotFound.of(check, "{path}", path), true
	case a.status == http.StatusTooManyRequests:
		return answerThrottled.of(check), true
	case a.status == http.StatusServiceUnavailable:
		return answerBusy.of(check), true
	case a.status >= 500:
		return answerBroken.of(check, "{status}", strconv.Itoa(a.status)), true
	}
	return answerOther.of(check, "{status}", strconv.Itoa(a.status)), true
}

// forbidden explains a 403 that does not come from the endpoint, by its host.
// https://docs.amazonaws.cn/en_us/aws/latest/userguide/api-gateway.html
func forbidden(host string) found {
	if strings.HasSuffix(strings.ToLower(host), ".amazonaws.com.cn") {
		return answerUnfiled
	}
	return answerForbidden
}

// withoutQuery returns a redirect's target without the query, which may be signed.
func withoutQuery(location string) string {
	before, _, _ := strings.Cut(location, "?")
	return before
}

// forge makes the URL check with a wrong token.
func (v *visit) forge(ctx context.Context) Finding {
	a, _, err := v.sendCheck(ctx, rand.Text())
	switch {
	case err != nil:
		return answerNone.of("forgery", "{error}", cause(err))
	case a.status == http.StatusOK:
		return forgeryAccepted.of("forgery")
	}
	return forgeryRefused.of("forgery")
}

// push sends the event in the mode that the secrets require. If it is refused, push tries the other mode.
func (v *visit) push(ctx context.Context) Finding {
	a, err := v.sendPush(ctx, v.mode())
	if f, bad := v.trouble("push", a, err); bad {
		return f
	}
	if a.status == http.StatusForbidden {
		return v.refusedPush(ctx)
	}
	if !v.understands(a.body) {
		return pushBody.of("push")
	}
	if v.mode() == pushing.Safe {
		return pushEncryptedFine.of("push")
	}
	return pushClearFine.of("push")
}

// refusedPush finds out which side has no key, or another one. The token is known to be correct.
func (v *visit) refusedPush(ctx context.Context) Finding {
	if v.mode() == pushing.Plain {
		return pushKeyThere.of("push")
	}
	if a, err := v.sendPush(ctx, pushing.Plain); err == nil && a.status == http.StatusOK {
		return pushKeyHere.of("push")
	}
	return pushOtherKey.of("push")
}

// event is an event as the platform's debugging tool sends it. Its sender does not exist.
const event = `<xml><ToUserName><![CDATA[gh_doctor]]></ToUserName><FromUserName><![CDATA[oDoctor]]></FromUserName>` +
	`<CreateTime>%d</CreateTime><MsgType><![CDATA[event]]></MsgType><Event><![CDATA[debug_demo]]></Event>` +
	`<debug_str><![CDATA[guanzhu]]></debug_str></xml>`

func (v *visit) sendPush(ctx context.Context, mode pushing.Mode) (answer, error) {
	now := v.Now()
	r, err := v.account().Push(ctx, v.url.String(), mode, fmt.Appendf(nil, event, now.Unix()), now)
	if err != nil {
		return answer{}, err
	}
	return v.send(r)
}
