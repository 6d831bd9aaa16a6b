package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"unicode/utf8"

	owner "github.com/guanzhu/guanzhu/account"
	"github.com/guanzhu/guanzhu/internal/bilingual"
	"github.com/guanzhu/guanzhu/internal/lazy"
	"github.com/guanzhu/guanzhu/internal/ownersecrets"
	"github.com/guanzhu/guanzhu/pkg/secrets"
	"github.com/guanzhu/guanzhu/pkg/wechat"
)

type writeSecretsCommand struct {
	parameterFlags `embed:""`
}

// Run asks for the values and writes them.
func (c *writeSecretsCommand) Run(lang language) error {
	ctx := context.Background()
	p, err := c.open(ctx, lang)
	if err != nil {
		return err
	}
	account, err := owner.Load()
	if err != nil {
		return err
	}
	p.usesAI = len(account.AIs()) > 0
	return p.ask(ctx, newPrompt(lang))
}

// ask is the dialogue of guanzhu secrets. It writes nothing before the last answer.
func (p *parameter) ask(ctx context.Context, owner *prompt) error {
	was, version, err := ownersecrets.Read(ctx, p.ssm, p.name)
	if err != nil {
		return err
	}
	exists := version > 0
	about := p.lang.say("%[2]s 还没有 %[1]s。", "%s in %s does not exist yet. ", p.name, p.region)
	if exists {
		about = p.lang.say("%[2]s 的 %[1]s，版本 %[3]d：%[4]s。直接按回车保留原来的值。", "%s in %s, version %d: %s. Enter keeps a value. ",
			p.name, p.region, version, p.fields(was))
	}
	fmt.Fprintln(owner.out, about+p.lang.say("输入的内容不会显示。", "What you enter is not shown."))

	entered, err := enter(owner, was, exists)
	if err == nil && (p.usesAI || was.AIKey != "") {
		err = entered.enterAIKey(owner, was)
	}
	if err != nil {
		return err
	}
	next, err := entered.applyTo(was)
	switch {
	case errors.Is(err, secrets.ErrRotating):
		return bilingual.Errorf("%w。guanzhu secrets rotate %s 显示后台应有的值，guanzhu secrets finish %s 结束这次轮换",
			"%w. `guanzhu secrets rotate %s` shows what the console must have, `guanzhu secrets finish %s` ends it", err, p.rotateFlags(), p.flags)
	case err != nil:
		return err
	case next == was:
		fmt.Fprintln(p.out, p.lang.say("没有变化，没有写入任何内容。", "Nothing changes. Nothing was written."))
		return nil
	}
	steps, err := p.stepsFor(was, next, exists)
	if err != nil {
		return err
	}

	made := entered.made
	if exists && was.LinkKey == "" {
		fmt.Fprint(owner.out, p.lang.text(firstLinkKey))
	}
	fmt.Fprint(owner.out, p.lang.text(steps.before))
	if was.AIKey == "" && next.AIKey != "" && exists {
		fmt.Fprint(owner.out, p.lang.text(firstAIKey))
	}
	if steps.keyFirst {
		p.reveal(owner.out, secrets.Secrets{EncodingAESKey: made.EncodingAESKey})
		made.EncodingAESKey = ""
	}
	if exists {
		if err := owner.confirm(p.lang.text(steps.question) + p.lang.say("将要改变：%s。", "What changes: %s.", changes(was, next).In(string(p.lang)))); err != nil {
			return err
		}
	}
	if err := p.write(ctx, next, version); err != nil {
		return err
	}
	p.reveal(owner.out, made)
	fmt.Fprint(owner.out, p.lang.text(steps.after))
	return nil
}

// entered is what the owner entered. An empty value stays as it is.
type entered struct {
	token, appSecret, key, aiKey string
	removesKey, removesAIKey     bool
	made                         secrets.Secrets // those of the values that were made here, which the owner has not seen yet
}

func enter(owner *prompt, was secrets.Secrets, exists bool) (e entered, err error) {
	say := owner.lang.say
	makes := say("输入 g 生成一个", "g makes one")
	hint, keyHint := say("按回车生成一个", "Enter makes one"), makes+say("，按回车不用它：明文模式，测试号就是这样", ", Enter leaves it out: plain mode, as test accounts have it")
	switch {
	case was.EncodingAESKey != "":
		hint, keyHint = makes, makes+say("，输入 - 删除它：明文模式，测试号就是这样", ", - removes it: plain mode, as test accounts have it")
	case exists:
		hint, keyHint = makes, makes
	}
	if e.token, err = owner.secret(say("Token，3 到 32 位字母和数字（%s）：", "Token, 3 to 32 letters and digits (%s):", hint), checkToken); err != nil {
		return e, err
	}
	if e.token == makeOne || e.token == "" && !exists {
		e.token = secrets.NewToken()
		e.made.Token = e.token
	}
	e.appSecret, err = owner.secret(say("AppSecret，32 位 0-9、a-f：", "App secret (AppSecret), 32 digits of 0-9 and a-f:"), func(answer string) error { return checkAppSecret(answer, exists) })
	if err != nil {
		return e, err
	}
	e.key, err = owner.secret(say("EncodingAESKey，43 位字母和数字（%s）：", "EncodingAESKey, 43 letters and digits (%s):", keyHint), func(answer string) error { return checkKey(answer, was) })
	switch e.key {
	case makeOne:
		e.key = secrets.NewEncodingAESKey()
		e.made.EncodingAESKey = e.key
	case removeIt:
		e.key, e.removesKey = "", true
	}
	return e, err
}

// enterAIKey asks for the key of the language model's API. A program on the owner's machine may need none.
func (e *entered) enterAIKey(owner *prompt, was secrets.Secrets) (err error) {
	about := owner.lang.say("按回车不填", "Enter leaves it out")
	if was.AIKey != "" {
		about = owner.lang.say("输入 - 删除它", "- removes it")
	}
	e.aiKey, err = owner.secret(owner.lang.say("大模型接口的密钥，供 account.yaml 的 ai 使用（%s）：", "Key of the language model's API, for ai in account.yaml (%s):", about),
		func(answer string) error { return checkAIKey(answer, was) })
	if e.aiKey == removeIt {
		e.aiKey, e.removesAIKey = "", true
	}
	return err
}

// applyTo returns the secrets with what was entered. The error is secrets.ErrRotating if was has previous values that the
// new ones would replace.
func (e entered) applyTo(was secrets.Secrets) (secrets.Secrets, error) {
	next, err := was.Replace(e.token, e.key)
	if err != nil {
		return was, err
	}
	next.AppSecret, next.LinkKey = cmp.Or(e.appSecret, was.AppSecret), cmp.Or(was.LinkKey, secrets.NewLinkKey())
	next.AIKey = cmp.Or(e.aiKey, was.AIKey)
	if e.removesAIKey {
		next.AIKey = ""
	}
	if e.removesKey {
		next.EncodingAESKey, next.PreviousEncodingAESKey = "", ""
	}
	return next, nil
}

// steps are what the owner must do in WeChat's console before and after the secrets are written.
type steps struct {
	before, question, after bilingual.Text
	keyFirst                bool // the console must have the new EncodingAESKey before
}

func (p *parameter) stepsFor(was, next secrets.Secrets, exists bool) (steps, error) {
	firstKey := exists && was.EncodingAESKey == "" && next.EncodingAESKey != ""
	noKey := was.EncodingAESKey != "" && next.EncodingAESKey == ""
	switch {
	case firstKey && next.Token != was.Token:
		return steps{}, bilingual.Errorf("第一个 EncodingAESKey 要单独设置：先只填它，之后再填新的 Token", "the first EncodingAESKey is set in steps of its own: enter it alone, and the new token after that")
	case noKey && next.Token != was.Token:
		return steps{}, bilingual.Errorf("EncodingAESKey 要单独删除：先只输入 -，之后再填新的 Token", "the EncodingAESKey is removed in steps of its own: enter only -, and the new token after that")
	case firstKey:
		return steps{toCompatible, bilingual.New("微信后台已经是兼容模式，并且填了这个 key 吗？", "Is the console in compatible mode, with this key? "), toSafe, true}, nil
	case noKey:
		return steps{beforePlain, bilingual.New("微信后台已经是兼容模式或明文模式吗？", "Is the console in compatible mode, or in plain mode already? "), toPlain, false}, nil
	case !exists:
		return steps{after: whereItGoes}, nil
	case next.Token != was.Token, next.EncodingAESKey != was.EncodingAESKey:
		return steps{after: bilingual.New(named(fmt.Sprintf(notYet.ZH, p.rotateFlags(), p.flags)), named(fmt.Sprintf(notYet.EN, p.rotateFlags(), p.flags)))}, nil
	}
	return steps{}, nil
}

// Entries that stand for something other than a value.
const (
	makeOne  = "g"
	removeIt = "-"
)

var (
	tokenForm     = lazy.Match(`^[A-Za-z0-9]{3,32}$`)
	appSecretForm = lazy.Match(`^[0-9a-f]{32}$`)
)

// The checks print the length of a value, and nothing else of it.

func checkToken(answer string) error {
	if answer == "" || answer == makeOne || tokenForm(answer) {
		return nil
	}
	return bilingual.Errorf("Token 由 3 到 32 位半角的字母和数字组成，这个有 %d 个字符，或者有别的字符",
		"a token has 3 to 32 letters and digits; this one has %d characters, or others among them", utf8.RuneCountInString(answer))
}

func checkAppSecret(answer string, exists bool) error {
	switch {
	case answer == "" && !exists:
		return bilingual.Errorf("必须填写 AppSecret：微信只在启用或重置时显示一次（开发密钥）",
			"the app secret is required: the platform shows it once, when it is enabled or reset (开发密钥)")
	case answer != "" && !appSecretForm(answer):
		return bilingual.Errorf("AppSecret 是 32 位 0-9、a-f，这个有 %d 个字符，或者有别的字符：重新复制",
			"an app secret has 32 digits of 0-9 and a-f; this one has %d characters, or others among them: copy it again", utf8.RuneCountInString(answer))
	}
	return nil
}

func checkKey(answer string, was secrets.Secrets) error {
	switch {
	case answer == "", answer == makeOne, wechat.IsEncodingAESKey(answer), answer == removeIt && was.EncodingAESKey != "":
		return nil
	case answer == removeIt:
		return bilingual.Errorf("没有 EncodingAESKey 可删：直接按回车", "there is no EncodingAESKey to remove: press Enter")
	}
	return bilingual.Errorf("EncodingAESKey 由 43 位字母和数字组成，这个有 %d 个字符，或者有别的字符：重新复制",
		"an EncodingAESKey has 43 letters and digits; this one has %d characters, or others among them: copy it again", utf8.RuneCountInString(answer))
}

func checkAIKey(answer string, was secrets.Secrets) error {
	switch {
	case answer == removeIt && was.AIKey == "":
		return bilingual.Errorf("没有大模型的密钥可删：直接按回车", "there is no key of a language model's API to remove: press Enter")
	case strings.ContainsFunc(answer, func(r rune) bool { return r <= ' ' || r > '~' }):
		return bilingual.Errorf("密钥里有空格或 ASCII 以外的字符：重新复制", "the key has a space or a character outside ASCII: copy it again")
	}
	return nil
}

// changes names the fields that differ, without their values.
func changes(was, next secrets.Secrets) bilingual.Text {
	var zh, en []string
	add := func(is bool, inZH, inEN string) {
		if is {
			zh, en = append(zh, inZH), append(en, inEN)
		}
	}
	add(next.Token != was.Token, "Token（旧的仍然有效）", "token (the old one stays valid)")
	add(next.AppSecret != was.AppSecret, "AppSecret", "app secret")
	switch key := "EncodingAESKey"; {
	case next.EncodingAESKey == was.EncodingAESKey:
	case next.EncodingAESKey == "":
		add(true, key+"（删除）", key+" (removed)")
	case was.EncodingAESKey == "":
		add(true, key+"（第一个）", key+" (the first)")
	default:
		add(true, key+"（旧的仍然有效）", key+" (the old one stays valid)")
	}
	add(next.LinkKey != was.LinkKey, "link key（第一个）", "link key (the first)")
	add(next.AIKey != was.AIKey && next.AIKey == "", "大模型的密钥（删除）", "AI key (removed)")
	add(next.AIKey != was.AIKey && next.AIKey != "", "大模型的密钥", "AI key")
	return bilingual.New(strings.Join(zh, "、"), strings.Join(en, ", "))
}

// reveal prints new values for the owner to paste. Nothing else prints a value.
func (p *parameter) reveal(out io.Writer, s secrets.Secrets) {
	if s.Token == "" && s.EncodingAESKey == "" {
		return
	}
	fmt.Fprint(out, p.lang.say("\n填到微信后台的值，只显示在这个终端：\n\n", "\nFor WeChat's console, shown on this terminal alone:\n\n"))
	if s.Token != "" {
		fmt.Fprintf(out, "  Token           %s\n", s.Token)
	}
	if s.EncodingAESKey != "" {
		fmt.Fprintf(out, "  EncodingAESKey  %s\n", s.EncodingAESKey)
	}
	fmt.Fprintln(out)
}
