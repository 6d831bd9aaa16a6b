package doctor

import (
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/guanzhu/guanzhu/internal/bilingual"
	"github.com/guanzhu/guanzhu/internal/refusal"
	"github.com/guanzhu/guanzhu/internal/world"
	"github.com/guanzhu/guanzhu/pkg/secrets"
	"github.com/guanzhu/guanzhu/pkg/webhook"
)

// TestErrcodes holds that each refusal that an account's set-up meets is explained.
func TestErrcodes(t *testing.T) {
	t.Parallel()
	// explains is what Errcode says, as a row.
	explains := func(code int) found {
		f := Errcode("token", code, "")
		return found{f.Status, f.What, f.Do}
	}
	for _, code := range []int{
		-1, 40001, 40013, 40014, 40125, 40164, 40243, 42001, 45009, 45011, 48001, 50002, 61004, 89501, 89503, 89506, 89507,
	} {
		row := explains(code)
		if row.do == explains(12345).do {
			t.Errorf("errcode %d is not explained", code)
		}
		instructs(t, row)
	}
	for _, row := range []found{notListed, notListedNone, notListedNat} {
		instructs(t, row)
		if !strings.Contains(row.do.ZH, "{ip}") || !strings.Contains(row.do.EN, "{ip}") {
			t.Errorf("the address to add is not told: %+v", row)
		}
	}
}

// TestForbiddenInChina holds that the doctor explains a gateway's 403 in AWS's China regions by a missing ICP filing.
func TestForbiddenInChina(t *testing.T) {
	t.Parallel()
	for address, want := range map[string]found{
		"https://a1b2.execute-api.cn-north-1.amazonaws.com.cn":     answerUnfiled,
		"https://a1b2.execute-api.cn-northwest-1.AMAZONAWS.COM.CN": answerUnfiled,
		"https://a1b2.execute-api.ap-southeast-1.amazonaws.com":    answerForbidden,
		"https://amazonaws.com.cn.example":                         answerForbidden,
	} {
		refuses := roundTripper(func(r *http.Request) (*http.Response, error) {
			return &http.Response{StatusCode: http.StatusForbidden, Body: io.NopCloser(strings.NewReader(`{"message":"Forbidden"}`))}, nil
		})
		u, err := url.Parse(address + path)
		if err != nil {
			t.Fatal(err)
		}
		v := &visit{Endpoint: &Endpoint{Secrets: secrets.Secrets{Token: "t"}, Now: time.Now, Transport: refuses}, url: u}
		if diff := cmp.Diff(want.of("check"), v.check(t.Context())); diff != "" {
			t.Errorf("%s (-want +got):\n%s", address, diff)
		}
		pages := Pages{URL: address}
		if diff := cmp.Diff(want.of("pages"), pages.opened(u.Hostname(), http.StatusForbidden)); diff != "" {
			t.Errorf("pages of %s (-want +got):\n%s", address, diff)
		}
		instructs(t, want)
	}
}

type roundTripper func(*http.Request) (*http.Response, error)

func (f roundTripper) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

// TestRefusalReasons holds that each reason's finding says what to do.
func TestRefusalReasons(t *testing.T) {
	t.Parallel()
	for _, row := range refusal.Table {
		instructs(t, worthTelling(row))
	}
}

// TestContract holds path and badToken to the endpoint's own.
func TestContract(t *testing.T) {
	t.Parallel()
	if path != webhook.Path {
		t.Errorf("path is %s, want %s", path, webhook.Path)
	}
	endpoint, err := webhook.New(world.New(t, world.Options{}).Endpoint())
	if err != nil {
		t.Fatal(err)
	}
	refused := httptest.NewRecorder()
	endpoint.ServeHTTP(refused, httptest.NewRequest(http.MethodGet, path, nil))
	if refused.Code != http.StatusForbidden || refused.Body.String() != badToken {
		t.Errorf("refused with %d and %q, want 403 and %q", refused.Code, refused.Body, badToken)
	}
}

var (
	han   = regexp.MustCompile(`\p{Han}`)
	latin = regexp.MustCompile(`[a-z]{3}`)
	place = regexp.MustCompile(`\{[^}]*\}`)
)

// instructs fails the test unless the row says in both languages what was found and what to do, with the same places.
func instructs(t *testing.T, row found) {
	t.Helper()
	for _, text := range []bilingual.Text{row.what, row.do} {
		if !han.MatchString(text.ZH) || !latin.MatchString(text.EN) || text.ZH == text.EN {
			t.Errorf("not in both languages: %+v", text)
		}
		if diff := cmp.Diff(places(text.ZH), places(text.EN)); diff != "" {
			t.Errorf("the languages differ in what is filled in:\n%s", diff)
		}
	}
	if row.status == OK || !strings.HasSuffix(row.do.ZH, "。") || !strings.HasSuffix(row.do.EN, ".") {
		t.Errorf("no instruction: %+v", row)
	}
}

func places(text string) []string {
	found := place.FindAllString(text, -1)
	slices.Sort(found)
	return slices.Compact(found)
}
