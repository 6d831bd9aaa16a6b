package main

import (
	"cmp"
	"context"
	"errors"
	"io"
	"net/url"
	"os"
	"strings"
	"time"

	owner "github.com/guanzhu/guanzhu/account"
	"github.com/guanzhu/guanzhu/internal/bilingual"
	"github.com/guanzhu/guanzhu/internal/doctor"
	"github.com/guanzhu/guanzhu/pkg/webhook"
)

type doctorCommand struct {
	accountFlags `embed:""`
	Stack        string `xor:"what" placeholder:"NAME" help:"Examine this deployed stack (GUANZHU_STACK)."`
	URL          string `xor:"what" help:"Examine the endpoint at this address. Default without --stack: that of make run, http://127.0.0.1:8080/login/wechat."`
	APIURL       string `name:"api-url" env:"WECHAT_API_URL" placeholder:"URL" help:"Address of the platform's API (${env}), if it is not the platform's own."`
	PublicURL    string `env:"PUBLIC_URL" placeholder:"URL" help:"Address of the follower's pages (${env}), if it is not the endpoint's host."`
	Verification string `name:"domain-verification" env:"DOMAIN_VERIFICATION" placeholder:"FILE" help:"The platform's verification file, MP_verify_xxxx.txt (${env})."`
	JSON         bool   `name:"json" help:"Print the findings as JSON, in both languages, when the examination has ended."`
}

// Help is shown by --help.
func (c *doctorCommand) Help() string {
	return "One line for each check: ✓ is good, ! needs attention, ✗ must be fixed, – could not be examined. " +
		"The line below a ! or ✗ says what to do. Nothing is changed, and no secret is printed.\n\n" +
		"With --stack, only --lang and --json of the other flags are used: the rest is read from the stack. " +
		"The stack's function doctor calls the platform's API, because that depends on the address of the functions.\n\n" +
		"Exit status: 0 without a ✗, 1 with one, another one for wrong flags."
}

// examinedWithin limits the whole examination, without the time that an idle function takes to start. Each step on the
// network has its own limit.
const examinedWithin = 90 * time.Second

// Run prints the findings as they come.
func (c *doctorCommand) Run(lang language) error {
	ctx, cancel := context.WithTimeout(context.Background(), examinedWithin+wakesWithin)
	defer cancel()
	out := printer{out: os.Stdout, language: lang, json: c.JSON}
	examine := c.examineLocal
	if c.Stack != "" {
		examine = c.examineStack
	}
	if err := cmp.Or(examine(ctx, &out), out.end()); err != nil {
		return err
	}
	if out.failures == 0 {
		return nil
	}
	return errors.New(lang.say("%[2]d 项检查中有 %[1]d 项不通过", "%d of %d checks failed", out.failures, len(out.findings)))
}

// printer prints findings, and counts the failures among them.
type printer struct {
	out      io.Writer
	flags    map[string]string // of complete
	language language
	json     bool // print all findings at the end instead

	findings []doctor.Finding
	failures int
	err      error // the first error of writing
}

var symbols = map[doctor.Status]string{doctor.OK: "✓", doctor.Warning: "!", doctor.Failure: "✗", doctor.Skipped: "–"}

func (p *printer) show(findings ...doctor.Finding) {
	in := string(p.language)
	for _, f := range findings {
		f.Do = bilingual.New(complete(f.Do.ZH, p.flags), complete(f.Do.EN, p.flags))
		p.findings = append(p.findings, f)
		if f.Status == doctor.Failure {
			p.failures++
		}
		text := p.language.say("%s %s：%s\n", "%s %s: %s\n", symbols[f.Status], f.Name.In(in), f.What.In(in))
		if do := f.Do.In(in); do != "" {
			text += "    " + do + "\n"
		}
		if !p.json && p.err == nil {
			_, p.err = io.WriteString(p.out, text)
		}
	}
}

// end prints what remains to be printed, and returns the first error of writing.
func (p *printer) end() error {
	if p.json {
		return printJSON(p.out, p.findings)
	}
	return p.err
}

// examineLocal examines a local run, or any endpoint whose secrets are in the environment.
func (c *doctorCommand) examineLocal(ctx context.Context, out *printer) error {
	out.flags = map[string]string{}
	if name, stored := strings.CutPrefix(c.Secrets, "ssm:"); stored {
		out.flags["secrets"] = "--name " + name
	}
	account, err := owner.Load()
	if err != nil {
		return err
	}
	keeper, api, err := c.open(ctx, c.APIURL)
	if err != nil {
		return err
	}

	endpoint := doctor.Endpoint{
		URL: cmp.Or(c.URL, "http://127.0.0.1:8080"+webhook.Path), AppID: c.AppID, Secrets: keeper.Current(), Now: time.Now,
	}
	outside := endpoint.Examine(ctx)
	out.show(outside...)
	site := strings.TrimSuffix(c.PublicURL, "/")
	if u, err := url.Parse(endpoint.URL); site == "" && err == nil && u.Host != "" {
		site = u.Scheme + "://" + u.Host // as the functions have it
	}
	pages := doctor.Pages{
		URL: site, Endpoint: endpoint.URL, AppID: c.AppID, Mode: account.Pages(), Verification: c.Verification,
	}
	out.show(pages.Examine(ctx, outside)...)
	out.show(examineAI(ctx, account, keeper.Current().AIKey)...)

	if c.AppID == sampleAppID && c.APIURL == "" {
		out.show(doctor.SampleAccount())
		return nil
	}
	flags := "--public-url " + site
	if c.APIURL != "" {
		flags += " --api-url " + c.APIURL
	}
	out.flags["plan"], out.flags["publish"] = flags, flags
	wanted, err := account.Menu(site)
	if err != nil {
		return err
	}
	platform := doctor.Platform{
		API: api, Now: time.Now, Menu: wanted, RepairsMenu: account.RepairsMenu(), Pages: account.Pages(),
	}
	out.show(platform.Examine(ctx)...)
	return nil
}
