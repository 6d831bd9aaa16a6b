package main

import (
	"cmp"
	"context"
	"errors"
	"io"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"time"

	owner "github.com/guanzhu/guanzhu/account"
	"github.com/guanzhu/guanzhu/internal/doctor"
	"github.com/guanzhu/guanzhu/pkg/webhook"
	"github.com/guanzhu/guanzhu/pkg/wechatapi"
)

type doctorCommand struct {
	accountFlags `embed:""`
	Stack        string `xor:"what" placeholder:"NAME" help:"Examine this deployed stack (GUANZHU_STACK), and what AWS tells of it."`
	URL          string `xor:"what" help:"Examine the endpoint at this address; without --stack and --url it is that of make run, http://127.0.0.1:8080/login/wechat."`
	APIURL       string `name:"api-url" env:"WECHAT_API_URL" placeholder:"URL" help:"Where the platform's API is asked (${env}), if not at its own address."`
	PublicURL    string `env:"PUBLIC_URL" placeholder:"URL" help:"Where the follower's pages are (${env}), if not at the endpoint's host."`
	Verification string `name:"domain-verification" env:"DOMAIN_VERIFICATION" placeholder:"FILE" help:"The platform's verification file, MP_verify_xxxx.txt (${env})."`
}

// Help is the longer text of --help.
func (c *doctorCommand) Help() string {
	return "One line a check: ✓ is good, ! is worth a look, ✗ must be fixed, – could not be examined. " +
		"Below each ! and ✗ is what to do. Nothing is changed, and no secret is printed.\n\n" +
		"With --stack, only --lang of the other flags is used: the rest is known from the stack. " +
		"The platform's API is asked by the stack's function doctor, from where the other functions ask it.\n\n" +
		"Exit status: 0 without a ✗, 1 with one, another one for flags that are wrong."
}

// examinedWithin bounds the whole, without the time that an idle function takes to start; each step on the network has a
// time of its own.
const examinedWithin = 90 * time.Second

// Run prints the findings as they come.
func (c *doctorCommand) Run(lang language) error {
	ctx, cancel := context.WithTimeout(context.Background(), examinedWithin+wakesWithin)
	defer cancel()
	out := printer{out: os.Stdout, language: lang}
	var err error
	if c.Stack != "" {
		err = c.examineStack(ctx, &out)
	} else {
		err = c.examineLocal(ctx, &out)
	}
	switch err = cmp.Or(err, out.err); {
	case err != nil || out.failures == 0:
		return err
	}
	return errors.New(lang.say("%[2]d 项检查中有 %[1]d 项不通过", "%d of %d checks failed", out.failures, out.checks))
}

// printer prints findings and counts them.
type printer struct {
	out              io.Writer
	flags            map[string]string // by command: which account it is for
	language         language
	checks, failures int
	err              error // of writing, the first one
}

var symbols = map[doctor.Status]string{doctor.OK: "✓", doctor.Warning: "!", doctor.Failure: "✗", doctor.Skipped: "–"}

func (p *printer) show(findings ...doctor.Finding) {
	in := string(p.language)
	for _, f := range findings {
		p.checks++
		if f.Status == doctor.Failure {
			p.failures++
		}
		text := p.language.say("%s %s：%s\n", "%s %s: %s\n", symbols[f.Status], f.Name.In(in), f.What.In(in))
		if do := p.complete(f.Do.In(in)); do != "" {
			text += "    " + do + "\n"
		}
		if _, err := io.WriteString(p.out, text); err != nil && p.err == nil {
			p.err = err
		}
	}
}

// advised finds a command in what a finding says to do.
var advised = regexp.MustCompile(`guanzhu ((secrets|menu|doctor)( (rotate|finish|plan|publish))?)`)

// complete makes the commands ones to be pasted: under the name by which this program was called, with the flags without
// which they would be for another account.
func (p *printer) complete(advice string) string {
	return advised.ReplaceAllStringFunc(advice, func(command string) string {
		match := advised.FindStringSubmatch(command)
		return strings.TrimSpace(programName(os.Args[0]) + " " + match[1] + " " + p.flags[match[2]])
	})
}

// programName is how to call this program again.
func programName(called string) string {
	if filepath.Base(called) == "guanzhu" {
		return called
	}
	return "guanzhu"
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
	keeper, err := openSecrets(ctx, c.Secrets)
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

	if c.AppID == sampleAppID && c.APIURL == "" {
		out.show(doctor.SampleAccount())
		return nil
	}
	out.flags["menu"] = "--public-url " + site
	if c.APIURL != "" {
		out.flags["menu"] += " --api-url " + c.APIURL
	}
	wanted, err := account.Menu(site)
	if err != nil {
		return err
	}
	api, err := wechatapi.New(wechatapi.Config{AppID: c.AppID, BaseURL: c.APIURL, Secrets: keeper, Tokens: wechatapi.NoTokens{}})
	if err != nil {
		return err
	}
	platform := doctor.Platform{
		API: api, Now: time.Now, Menu: wanted, RepairsMenu: account.RepairsMenu(), Pages: account.Pages(),
	}
	out.show(platform.Examine(ctx)...)
	return nil
}
