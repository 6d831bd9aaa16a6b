package doctor

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/guanzhu/guanzhu/internal/bilingual"
	"github.com/guanzhu/guanzhu/internal/errcode"
	"github.com/guanzhu/guanzhu/internal/media"
	"github.com/guanzhu/guanzhu/internal/menu"
	"github.com/guanzhu/guanzhu/pkg/follower"
	"github.com/guanzhu/guanzhu/pkg/wechatapi"
)

// Platform examines the platform's API from the machine that calls it.
type Platform struct {
	API  *wechatapi.Client
	Now  func() time.Time
	Menu menu.Menu // of account.yaml
	// Record returns the record of the last publish. It is nil if that is not known, as outside the stack.
	Record      func(context.Context) (menu.Record, error)
	RepairsMenu bool   // menu_drift of account.yaml is repair
	Pages       string // of account.yaml: oauth or link
	// FixedEgress is the stack's parameter: nat or none; empty outside the stack.
	FixedEgress string
	// Files are those that replies use, and Published returns those that are published; nil if that is not known.
	Files     []media.Use
	Published func(context.Context) (media.Record, error)
}

// Examine checks that the platform can be reached, returns an access token and accepts it. It also checks the account's
// permissions, its quotas and the menu. It makes about ten calls, which count against the quotas, and changes nothing.
func (p *Platform) Examine(ctx context.Context) []Finding {
	var r report
	var date, seen time.Time
	r.step("api", func() Finding {
		var err error
		date, err = p.API.Reach(ctx)
		seen = p.Now()
		return p.reached("api", err)
	})
	if r.failed == "" {
		r.findings = append(r.findings, clock("api-clock", date, seen))
	}
	r.step("token", func() Finding {
		if err := p.API.FetchToken(ctx); err != nil {
			return p.refused("token", err)
		}
		return tokenFine.of("token")
	})
	r.step("token-use", func() Finding {
		if err := p.API.CheckToken(ctx); err != nil {
			return p.refused("token-use", err)
		}
		return tokenAccepted.of("token-use")
	})
	var may permissions
	r.check("profiles", func() Finding { return p.profiles(ctx, &may) })
	r.check("menus", func() Finding { return p.menus(ctx, &may) })
	r.check("kind", func() Finding { return p.kind(may) })
	r.check("quota", func() Finding { return p.quota(ctx) })
	r.check("menu", func() Finding { return p.menu(ctx, may) })
	if len(p.Files) > 0 && p.Published != nil {
		r.findings = append(r.findings, p.files(ctx))
	}
	if len(p.Menu.LeftOut) > 0 {
		var zh, en []string
		for _, text := range p.Menu.LeftOut {
			zh, en = append(zh, text.ZH), append(en, text.EN)
		}
		row := menuLeftOut
		row.what = bilingual.New(strings.Join(zh, "；"), strings.Join(en, "; "))
		r.findings = append(r.findings, row.of("left-out"))
	}
	return r.findings
}

// reached explains a call that ended without an errcode, or with a network error.
func (p *Platform) reached(check string, err error) Finding {
	network, timeout := errors.AsType[net.Error](err)
	timeout = timeout && network.Timeout() || errors.Is(err, context.DeadlineExceeded)
	_, unknown := errors.AsType[*net.DNSError](err)
	switch {
	case err == nil:
		return apiReached.of(check)
	case unknown:
		return apiUnknown.of(check)
	case timeout && p.FixedEgress == "nat":
		return apiLateNat.of(check)
	case timeout:
		return apiLate.of(check)
	case errors.Is(err, wechatapi.ErrNotPlatform):
		return apiNotPlatform.of(check)
	}
	return apiFailed.of(check, "{error}", err.Error())
}

// refused explains a call that failed.
func (p *Platform) refused(check string, err error) Finding {
	refusal, ok := errors.AsType[*wechatapi.Error](err)
	if !ok {
		return p.reached(check, err)
	}
	row := notListed
	switch {
	case refusal.IP == "":
		return Errcode(check, refusal.Code, err.Error())
	case p.FixedEgress == "none":
		row = notListedNone
	case p.FixedEgress == "nat":
		row = notListedNat
	}
	return row.of(check, "{errcode}", fmt.Sprint(refusal.Code), "{ip}", refusal.IP)
}

// Errcode explains a refusal of the platform by its errcode. text is its English text, which is shown if the errcode is
// not known.
func Errcode(check string, code int, text string) Finding {
	row := errcodeOther
	if known, ok := errcode.Lookup(code); ok {
		row = errcodeKnown.advising(remedy(code))
		row.what.ZH += known.Meaning.ZH
		row.what.EN += known.Meaning.EN
	}
	return row.of(check, "{errcode}", fmt.Sprint(code), "{error}", text)
}

// remedy returns the remedy of a known errcode as a whole sentence.
func remedy(code int) bilingual.Text {
	row, _ := errcode.Lookup(code)
	part := row.Remedy
	first, size := utf8.DecodeRuneInString(part.EN)
	return bilingual.New(part.ZH+"。", string(unicode.ToUpper(first))+part.EN[size:]+".")
}

// permissions are the results of the calls that need a permission.
type permissions struct {
	profiles, menus permission
}

type permission int

const (
	unknown permission = iota
	given
	refused
)

// nobody is an openid that cannot exist. The platform refuses it if the account has the permission.
const nobody = "oGuanzhuDoctorAsksForNobody"

func (p *Platform) profiles(ctx context.Context, may *permissions) Finding {
	_, err := p.API.Profile(ctx, nobody)
	refusal, ok := errors.AsType[*wechatapi.Error](err)
	switch {
	case errors.Is(err, follower.ErrNoPermission):
		may.profiles = refused
		return profilesRefused.of("profiles")
	case err == nil, errors.Is(err, follower.ErrNotFound), ok && refusal.Code == errcode.WrongOpenID:
		may.profiles = given
		return profilesGiven.of("profiles")
	}
	return p.refused("profiles", err)
}

func (p *Platform) menus(ctx context.Context, may *permissions) Finding {
	_, err := p.API.GetMenu(ctx)
	switch {
	case errors.Is(err, follower.ErrNoPermission):
		may.menus = refused
		return menusRefused.of("menus")
	case err == nil, errors.Is(err, menu.ErrNoMenu):
		may.menus = given
		return menusGiven.of("menus")
	}
	return p.refused("menus", err)
}

// kind infers the kind of account, 订阅号 or 服务号, from its permissions.
// https://developers.weixin.qq.com/doc/offiaccount/Getting_Started/Explanation_of_interface_privileges.html
func (p *Platform) kind(may permissions) Finding {
	switch may {
	case permissions{given, given}:
		return kindFull.of("kind")
	case permissions{refused, refused}:
		if p.Pages == "oauth" {
			return kindSubscriptionOAuth.of("kind")
		}
		return kindSubscription.of("kind")
	case permissions{refused, given}:
		if p.Pages == "oauth" {
			return kindServiceOAuth.of("kind")
		}
		return kindService.of("kind")
	}
	return kindUnknown.of("kind")
}

// counted are the APIs whose quotas are reported.
var counted = []string{"stable_token", "user/info", "menu/create", "menu/get"}

// quota reports how many calls are left. The platform reports fewer APIs for some accounts.
func (p *Platform) quota(ctx context.Context) Finding {
	var all, low, spent []string
	for _, api := range counted {
		daily, left, err := p.API.Quota(ctx, "/cgi-bin/"+api)
		if refusal, ok := errors.AsType[*wechatapi.Error](err); ok && notCounted[refusal.Code] {
			continue
		} else if err != nil {
			return p.refused("quota", err)
		}
		share := fmt.Sprintf("%s %d/%d", api, left, daily)
		all = append(all, share)
		switch {
		case left <= 0:
			spent = append(spent, share)
		case left < daily/10:
			low = append(low, share)
		}
	}
	switch {
	case len(all) == 0:
		return quotaUnknown.of("quota")
	case len(spent) > 0:
		return quotaSpent.of("quota", "{quotas}", strings.Join(append(spent, low...), ", "))
	case len(low) > 0:
		return quotaLow.of("quota", "{quotas}", strings.Join(low, ", "))
	}
	return quotaFine.of("quota", "{quotas}", strings.Join(all, ", "))
}

// notCounted has the errcodes for a quota that the account does not have.
var notCounted = map[int]bool{errcode.NoPermission: true, 76021: true, 76022: true}

// menu compares the live menu with that of account.yaml.
func (p *Platform) menu(ctx context.Context, may permissions) Finding {
	if may.menus == refused {
		return menuNotAllowed.of("menu")
	}
	var was menu.Record
	if p.Record != nil {
		var err error
		if was, err = p.Record(ctx); err != nil {
			return menuNoRecord.of("menu", "{error}", err.Error())
		}
	}
	// The record is passed on without the time of the next attempt, and nothing is stored.
	publisher := menu.Publisher{API: p.API, Store: published{was.Hash}, Now: p.Now}
	s, err := publisher.Plan(ctx, p.Menu)
	switch {
	case err != nil:
		return p.refused("menu", err)
	case s.Result == menu.Refused:
		return Errcode("menu", s.Errcode, s.Reason)
	case s.Result == menu.NoMenu:
		return menuNotInFile.of("menu")
	case s.Result == menu.Unchanged:
		return menuSame.of("menu")
	}
	row := menuDifferent
	switch {
	case s.Drift && p.RepairsMenu:
		row = menuDriftRepair
	case s.Drift:
		row = menuDriftTell
	case was.Hash == "" && p.Record != nil:
		row = menuNever
	}
	return row.of("menu")
}

// published is a menu.Store that knows only which menu was published last.
type published struct{ hash string }

func (p published) MenuRecord(context.Context) (menu.Record, error) {
	return menu.Record{Hash: p.hash}, nil
}
func (published) SaveMenuRecord(context.Context, menu.Record) error { return nil }

// SampleAccount returns the finding for the sample account, which the platform does not know.
func SampleAccount() Finding { return apiSample.of("api") }

// files looks for files that replies use and that are not published: followers get the default reply then.
func (p *Platform) files(ctx context.Context) Finding {
	record, err := p.Published(ctx)
	if err != nil {
		return filesUnknown.of("files", "{error}", err.Error())
	}
	if missing := record.Missing(p.Files); len(missing) > 0 {
		return filesMissing.of("files", "{files}", strings.Join(missing, ", "))
	}
	return filesPublished.of("files")
}
