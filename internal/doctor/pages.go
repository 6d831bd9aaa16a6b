package doctor

import (
	"context"
	"crypto/x509"
	"fmt"
	"io"
	"net/http"
	"net/netip"
	"net/url"
	"strings"

	"github.com/guanzhu/guanzhu/internal/publicurl"
	"github.com/guanzhu/guanzhu/pkg/wechat"
)

// openHost is the host at which OAuth begins. It answers only browsers inside WeChat.
const openHost = "open.weixin.qq.com"

// Pages examines the follower's pages from outside.
type Pages struct {
	URL          string // https://host, without a path
	Endpoint     string // the URL of the endpoint; only its host matters
	AppID        string
	Mode         string         // of account.yaml: oauth or link
	Verification string         // DOMAIN_VERIFICATION; empty for none
	Roots        *x509.CertPool // as an Endpoint's
}

// Examine checks that the pages answer, where they lead for OAuth, and the platform's verification file. It also says which
// domain to enter in WeChat's console. Each request takes at most 5 s. Nothing is requested from a host that is out of reach
// according to the endpoint's findings.
// https://developers.weixin.qq.com/doc/service/guide/h5/auth.html
func (p *Pages) Examine(ctx context.Context, endpoint []Finding) []Finding {
	r := report{failed: p.unreachable(endpoint)}
	r.step("pages", func() Finding { return p.open(ctx) })
	if p.Verification != "" {
		r.check("verification", func() Finding { return p.verification(ctx) })
	}
	if p.Mode == "oauth" {
		r.check("oauth", func() Finding { return p.oauth(ctx) })
		r.findings = append(r.findings, p.domain())
	}
	return r.findings
}

// unreachable returns the failed check that explains why the pages cannot answer, or "".
func (p *Pages) unreachable(endpoint []Finding) string {
	pages, err := url.Parse(p.URL)
	other, otherErr := url.Parse(p.Endpoint)
	if err != nil || otherErr != nil || pages.Host != other.Host {
		return ""
	}
	for _, f := range endpoint {
		if f.Status == Failure && (f.Check == "dns" || f.Check == "connect" || f.Check == "tls") {
			return f.Check
		}
	}
	return ""
}

// get requests a page as a browser does, inside WeChat or outside.
func (p *Pages) get(ctx context.Context, address string, inWeChat bool) (status int, body string, head http.Header, err error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return 0, "", nil, err
	}
	request.Header.Set("User-Agent", "Mozilla/5.0")
	if inWeChat {
		request.Header.Set("User-Agent", "Mozilla/5.0 MicroMessenger/8.0")
	}
	client := newClient(p.Roots)
	defer client.CloseIdleConnections()
	response, err := client.Do(request)
	if err != nil {
		return 0, "", nil, err
	}
	defer response.Body.Close()
	content, err := io.ReadAll(io.LimitReader(response.Body, maxBody))
	return response.StatusCode, string(content), response.Header, err
}

func (p *Pages) open(ctx context.Context) Finding {
	u, err := url.Parse(p.URL)
	if _, malformed := publicurl.Parse(p.URL); p.URL == "" || err != nil || malformed != nil {
		return pagesNoURL.of("pages")
	}
	status, _, _, err := p.get(ctx, p.URL+"/", false)
	if err != nil {
		return pagesNone.of("pages", "{url}", p.URL, "{error}", cause(err))
	}
	return p.opened(u.Hostname(), status)
}

// opened explains the status of the start page.
func (p *Pages) opened(host string, status int) Finding {
	switch {
	case status == http.StatusForbidden:
		return forbidden(host).of("pages")
	case status >= 400:
		return pagesBroken.of("pages", "{url}", p.URL, "{status}", fmt.Sprint(status))
	}
	return pagesFine.of("pages", "{url}", p.URL)
}

// verification requests the file that the platform requests when the domain is entered.
func (p *Pages) verification(ctx context.Context) Finding {
	file, content := wechat.DomainFile(p.Verification)
	status, body, _, err := p.get(ctx, p.URL+"/"+file, false)
	switch {
	case err != nil:
		return answerNone.of("verification", "{error}", cause(err))
	case status != http.StatusOK:
		return verificationNone.of("verification", "{file}", file, "{status}", fmt.Sprint(status))
	case strings.TrimSpace(body) != content:
		return verificationOther.of("verification", "{file}", file)
	}
	return verificationFine.of("verification", "{file}", file)
}

// oauth checks where a browser inside WeChat is redirected. The platform answers only WeChat's own browser, so whether it
// accepts the redirect is not known. A simulated platform on this machine is asked.
func (p *Pages) oauth(ctx context.Context) Finding {
	_, _, head, err := p.get(ctx, p.URL+"/", true)
	if err != nil {
		return answerNone.of("oauth", "{error}", cause(err))
	}
	location, err := url.Parse(head.Get("Location"))
	if err != nil || location.Path != "/connect/oauth2/authorize" {
		return oauthNotLed.of("oauth")
	}
	query := location.Query()
	back, err := url.Parse(query.Get("redirect_uri"))
	pages, pagesErr := url.Parse(p.URL)
	switch {
	case query.Get("appid") != p.AppID:
		return oauthAppID.of("oauth")
	case err != nil || pagesErr != nil || back.Host != pages.Host:
		return oauthHost.of("oauth", "{host}", back.Host, "{pages}", p.URL)
	case publicurl.IsLoopback(location.Host):
		return p.simulated(ctx, location, back.Host)
	}
	return oauthFine.of("oauth", "{url}", p.URL+"/", "{open}", openHost)
}

// simulated asks a simulated platform, whose error pages have the same codes as the real ones.
func (p *Pages) simulated(ctx context.Context, authorize *url.URL, host string) Finding {
	status, body, head, err := p.get(ctx, authorize.String(), true)
	switch {
	case err != nil:
		return answerNone.of("oauth", "{error}", cause(err))
	case strings.Contains(body, "10003"):
		return oauthDomain.of("oauth", "{host}", host)
	case strings.Contains(body, "10015"):
		return oauthPermission.of("oauth")
	case status == http.StatusFound && strings.Contains(head.Get("Location"), "code="):
		return oauthSimulated.of("oauth")
	}
	return oauthUnclear.of("oauth")
}

// domain says which domain to enter in WeChat's console.
func (p *Pages) domain() Finding {
	pages, err := url.Parse(p.URL)
	if err != nil || pages.Hostname() == "" {
		return skip("domain", "pages")
	}
	host := pages.Hostname()
	_, notIP := netip.ParseAddr(host)
	endpoint, err := url.Parse(p.Endpoint)
	switch {
	case publicurl.IsLoopback(pages.Host):
		return domainLocal.of("domain")
	case err == nil && endpoint.Hostname() != host:
		return domainTwo.of("domain", "{host}", host, "{endpoint}", endpoint.Hostname())
	case notIP == nil || strings.Contains(host, ".execute-api."):
		return domainNotOwn.of("domain", "{host}", host)
	}
	return domainOwn.of("domain", "{host}", host)
}
