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
)

type doctorCommand struct {
	liveFlags    `embed:""`
	Stack        string `xor:"what" placeholder:"NAME" help:"Examine this deployed stack (GUANZHU_STACK)." zh:"检查这个已部署的堆栈（GUANZHU_STACK）。"`
	URL          string `xor:"what" placeholder:"URL" help:"Examine the endpoint at this address. Default without --stack: that of make run, http://127.0.0.1:8081/login/wechat." zh:"检查这个地址上的服务器。没有 --stack 时默认检查 make run 的 http://127.0.0.1:8081/login/wechat。"`
	PublicURL    string `env:"PUBLIC_URL" placeholder:"URL" help:"Address of the follower's pages (${env}), if it is not the endpoint's host." zh:"网页的地址（${env}），与服务器地址不同时才要写。"`
	Verification string `name:"domain-verification" env:"DOMAIN_VERIFICATION" placeholder:"FILE" help:"The platform's verification file, MP_verify_xxxx.txt (${env})." zh:"微信的域名校验文件 MP_verify_xxxx.txt（${env}）。"`
	JSON         bool   `name:"json" help:"Print the findings as JSON, in both languages, when the examination has ended." zh:"检查结束后以 JSON 输出全部结果，含中英文。"`
}

// Detail is shown by --help.
func (*doctorCommand) Detail() bilingual.Text {
	return bilingual.New("每项检查一行：✓ 正常，! 需要留意，✗ 必须解决，– 无法检查。! 和 ✗ 下面一行是解决办法。不做任何改动，也不打印密钥。\n\n"+
		"有 --stack 时，其他选项中只有 --lang 和 --json 有用，其余都从堆栈读取。微信接口由堆栈的函数 doctor 调用，因为结果取决于函数的地址。\n\n"+
		"退出码：没有 ✗ 时是 0，有则是 1，命令写错时是 80。",
		"One line for each check: ✓ is good, ! needs attention, ✗ must be fixed, – could not be examined. "+
			"The line below a ! or ✗ says what to do. Nothing is changed, and no secret is printed.\n\n"+
			"With --stack, only --lang and --json of the other flags are used: the rest is read from the stack. "+
			"The stack's function doctor calls the platform's API, because the answers depend on the address of the functions.\n\n"+
			"Exit status: 0 without a ✗, 1 with one, 80 for wrong flags.")
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
	for _, f := range findings {
		f.Do = bilingual.New(complete(f.Do.ZH, p.flags), complete(f.Do.EN, p.flags))
		p.findings = append(p.findings, f)
		if f.Status == doctor.Failure {
			p.failures++
		}
		text := p.language.say("%s %s：%s\n", "%s %s: %s\n", symbols[f.Status], f.Name, f.What)
		if do := f.Do.In(string(p.language)); do != "" {
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

	address, err := endpointURL("--url", cmp.Or(c.URL, "127.0.0.1:8081"))
	if err != nil {
		return err
	}
	endpoint := doctor.Endpoint{
		URL: address, AppID: string(c.AppID), Secrets: keeper.Current(), Now: time.Now,
	}
	outside := endpoint.Examine(ctx)
	out.show(outside...)
	site := strings.TrimSuffix(c.PublicURL, "/")
	if u, err := url.Parse(endpoint.URL); site == "" && err == nil && u.Host != "" {
		site = u.Scheme + "://" + u.Host // as the functions have it
	}
	pages := doctor.Pages{
		URL: site, Endpoint: endpoint.URL, AppID: string(c.AppID), Mode: account.Pages(), Verification: c.Verification,
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
