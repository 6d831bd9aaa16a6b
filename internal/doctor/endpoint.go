package doctor

import (
	"bytes"
	"context"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/guanzhu/guanzhu/pkg/secrets"
	"github.com/guanzhu/guanzhu/pkg/wechat"
)

const (
	patience    = 5 * time.Second // the platform's own: it hangs up after that
	slowAnswer  = 3 * time.Second
	certificate = 14 * 24 * time.Hour // a warning so long before its end
	maxBody     = 64 << 10            // bytes of an answer that are looked at
)

// The endpoint's contract, as package webhook keeps it.
const (
	path     = "/login/wechat"
	badToken = "Bad Token!" // with status 403: refused
)

// Endpoint is an endpoint to be examined from outside, with signed requests as the platform sends them.
type Endpoint struct {
	URL     string
	AppID   string
	Secrets secrets.Secrets
	Roots   *x509.CertPool   // who may have signed the certificate; nil: whom this machine trusts
	Now     func() time.Time // the clock that signs and measures

	// Transport carries the requests; nil means a new connection for each, without a proxy.
	Transport http.RoundTripper
}

// Examine checks the URL, the way to it, and what answers. Each request takes 5 s at most. The push that it sends is a
// debug_demo event, which the platform's own debugging tool sends too: an endpoint answers it and stores nothing.
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

// Accepts makes one request that only an endpoint with these secrets answers well: the platform's URL check or, where
// there is an EncodingAESKey, Examine's push, encrypted. It takes 5 s at most, follows no redirect, and can be called
// several times at once. The error says what was answered instead; it holds no secret and no signature.
func (e *Endpoint) Accepts(ctx context.Context) error {
	u, err := url.Parse(e.URL)
	if err != nil {
		return errors.New("the URL cannot be read: check it")
	}
	v := &visit{Endpoint: e, url: u}
	var a answer
	var echostr string
	sealed := e.Secrets.EncodingAESKey != ""
	if sealed {
		a, err = v.sendEncrypted(ctx)
	} else {
		a, echostr, err = v.sendCheck(ctx, e.Secrets.Token)
	}
	switch {
	case err != nil:
		return fmt.Errorf("it cannot be reached: %s", cause(err)) // without the URL, whose query is signed
	case a.status == http.StatusForbidden:
		return errors.New("status 403: it has other secrets (or another AppID), or this machine's clock is wrong by ten minutes")
	case a.status != http.StatusOK:
		return fmt.Errorf("status %d: look at its log", a.status)
	case sealed && !v.opens(a.body), !sealed && a.body != echostr:
		return errors.New("it answers something else than the endpoint would: check the URL")
	}
	return nil
}

// opens reports whether the platform would understand body as the answer to an encrypted push.
func (v *visit) opens(body string) bool {
	if body == "" || body == wechat.Success {
		return true
	}
	var reply struct {
		XMLName                                 xml.Name `xml:"xml"`
		Encrypt, MsgSignature, TimeStamp, Nonce string
	}
	cipher, err := wechat.NewCipher(v.AppID, v.Secrets.EncodingAESKey)
	if err != nil || xml.Unmarshal([]byte(body), &reply) != nil ||
		!wechat.VerifySignature(reply.MsgSignature, v.Secrets.Token, reply.TimeStamp, reply.Nonce, reply.Encrypt) {
		return false
	}
	_, err = cipher.Decrypt(reply.Encrypt)
	return err == nil
}

// visit is one examination of an endpoint.
type visit struct {
	*Endpoint
	url   *url.URL
	local bool
	date  time.Time // of the first answer that told one
	seen  time.Time // when that was
}

func (v *visit) readURL() Finding {
	u, err := url.Parse(v.URL)
	if err != nil || u.Host == "" || u.Scheme != "https" && u.Scheme != "http" || u.RawQuery != "" || u.User != nil {
		return urlNoURL.of("url")
	}
	v.local = loopback(u.Hostname())
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

// loopback reports whether host is this machine itself, of which the platform's rules cannot be asked.
func loopback(host string) bool {
	ip, err := netip.ParseAddr(host)
	return host == "localhost" || err == nil && ip.IsLoopback()
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

// address is the host and port to connect to.
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

// cause is an error of the network without the addresses and the URL that are around it.
func cause(err error) string {
	if outer, ok := errors.AsType[*url.Error](err); ok {
		err = outer.Err
	}
	if inner, ok := errors.AsType[*net.OpError](err); ok {
		err = inner.Err
	}
	return err.Error()
}

// answer is what a request got.
type answer struct {
	status   int
	location string
	body     string
	took     time.Duration
}

// signed is a query as the platform signs it, with encrypt one for a body that holds it.
func (v *visit) signed(token string, encrypt ...string) url.Values {
	timestamp, nonce := strconv.FormatInt(v.Now().Unix(), 10), nonce()
	query := url.Values{
		"timestamp": {timestamp}, "nonce": {nonce}, "signature": {wechat.Signature(token, timestamp, nonce)},
	}
	if len(encrypt) > 0 {
		query.Set("encrypt_type", "aes")
		query.Set("msg_signature", wechat.Signature(token, timestamp, nonce, encrypt...))
	}
	return query
}

// ask sends one request, and follows no redirect, as the platform follows none.
func (v *visit) ask(ctx context.Context, method string, query url.Values, body []byte) (answer, error) {
	begun := v.Now()
	target := *v.url
	target.RawQuery = query.Encode()
	request, err := http.NewRequestWithContext(ctx, method, target.String(), bytes.NewReader(body))
	if err != nil {
		return answer{}, err
	}
	if method == http.MethodPost {
		request.Header.Set("Content-Type", "text/xml")
	}
	client := newClient(v.Roots)
	if v.Transport != nil {
		client.Transport = v.Transport
	} else {
		defer client.CloseIdleConnections()
	}
	response, err := client.Do(request)
	if err != nil {
		return answer{}, err
	}
	defer response.Body.Close()
	body, err = io.ReadAll(io.LimitReader(response.Body, maxBody))
	if err != nil {
		return answer{}, err
	}
	now := v.Now()
	if date, err := http.ParseTime(response.Header.Get("Date")); err == nil && v.date.IsZero() {
		v.date, v.seen = date, now
	}
	return answer{response.StatusCode, response.Header.Get("Location"), string(body), now.Sub(begun)}, nil
}

// newClient asks as the platform does: it waits for 5 s and follows no redirect. It goes past proxies.
func newClient(roots *x509.CertPool) *http.Client {
	return &http.Client{
		Transport:     &http.Transport{TLSClientConfig: &tls.Config{RootCAs: roots, MinVersion: tls.VersionTLS12}},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		Timeout:       patience,
	}
}

// nonce is as the platform's: digits.
func nonce() string {
	var b [4]byte
	rand.Read(b[:])
	return fmt.Sprint(1e9 + uint64(b[0])<<24 + uint64(b[1])<<16 + uint64(b[2])<<8 + uint64(b[3]))
}

// sendCheck makes the platform's URL check, which is to be answered with the echostr alone.
func (v *visit) sendCheck(ctx context.Context, token string) (a answer, echostr string, err error) {
	query, echostr := v.signed(token), nonce()
	query.Set("echostr", echostr)
	a, err = v.ask(ctx, http.MethodGet, query, nil)
	return a, echostr, err
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

// trouble explains an answer that is neither 200 nor the endpoint's own refusal, or none at all.
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

// forbidden explains a 403 that is not the endpoint's own, by the host that was asked.
// https://docs.amazonaws.cn/en_us/aws/latest/userguide/api-gateway.html
func forbidden(host string) found {
	if strings.HasSuffix(strings.ToLower(host), ".amazonaws.com.cn") {
		return answerUnfiled
	}
	return answerForbidden
}

// withoutQuery is a redirect's target without what was signed.
func withoutQuery(location string) string {
	before, _, _ := strings.Cut(location, "?")
	return before
}

// forge makes the URL check as one who does not know the token.
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

// push sends the event in the mode that the secrets ask for, and, where that is refused, finds out about the other.
func (v *visit) push(ctx context.Context) Finding {
	send := v.sendClear
	if v.Secrets.EncodingAESKey != "" {
		send = v.sendEncrypted
	}
	a, err := send(ctx)
	if f, bad := v.trouble("push", a, err); bad {
		return f
	}
	if a.status == http.StatusForbidden {
		return v.refusedPush(ctx)
	}
	if a.body != "" && a.body != wechat.Success && !strings.HasPrefix(a.body, "<xml>") {
		return pushBody.of("push")
	}
	if v.Secrets.EncodingAESKey != "" {
		return pushEncryptedFine.of("push")
	}
	return pushClearFine.of("push")
}

// refusedPush says which side has a key and which has not. The endpoint's token is known to be the right one.
func (v *visit) refusedPush(ctx context.Context) Finding {
	if v.Secrets.EncodingAESKey == "" {
		return pushKeyThere.of("push")
	}
	if a, err := v.sendClear(ctx); err == nil && a.status == http.StatusOK {
		return pushKeyHere.of("push")
	}
	return pushOtherKey.of("push")
}

// event is what the platform's own debugging tool sends, from nobody.
const event = `<xml><ToUserName><![CDATA[gh_doctor]]></ToUserName><FromUserName><![CDATA[oDoctor]]></FromUserName>` +
	`<CreateTime>%d</CreateTime><MsgType><![CDATA[event]]></MsgType><Event><![CDATA[debug_demo]]></Event>` +
	`<debug_str><![CDATA[guanzhu]]></debug_str></xml>`

func (v *visit) sendClear(ctx context.Context) (answer, error) {
	return v.ask(ctx, http.MethodPost, v.signed(v.Secrets.Token), fmt.Appendf(nil, event, v.Now().Unix()))
}

func (v *visit) sendEncrypted(ctx context.Context) (answer, error) {
	cipher, err := wechat.NewCipher(v.AppID, v.Secrets.EncodingAESKey)
	if err != nil {
		return answer{}, err
	}
	encrypt := cipher.Encrypt(fmt.Appendf(nil, event, v.Now().Unix()))
	body := "<xml><ToUserName><![CDATA[gh_doctor]]></ToUserName><Encrypt><![CDATA[" + encrypt + "]]></Encrypt></xml>"
	return v.ask(ctx, http.MethodPost, v.signed(v.Secrets.Token, encrypt), []byte(body))
}
