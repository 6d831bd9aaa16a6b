package main

import (
	"bufio"
	"bytes"
	"io"
	"regexp"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/ssm/types"

	"github.com/guanzhu/guanzhu/internal/bilingual"
	"github.com/guanzhu/guanzhu/pkg/secrets"
)

// answering is an owner, at no terminal, who answers with lines.
func answering(lines ...string) *prompt {
	return &prompt{in: bufio.NewReader(strings.NewReader(strings.Join(lines, "\n") + "\n")), out: io.Discard}
}

var linkKeyForm = regexp.MustCompile(`^[A-Za-z0-9_-]{43}$`)

func TestSecretsDialogue(t *testing.T) {
	t.Parallel()
	const (
		token2  = "anotherToken"
		secret2 = "fedcba9876543210fedcba9876543210"
		key2    = "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789abcdefg"
		made    = "made"    // stands for what the command makes
		usesAI  = "uses ai" // as the first answer: account.yaml has an ai
	)
	none := secrets.Secrets{}
	plain := secrets.Secrets{Token: oldToken, AppSecret: theSecret, LinkKey: linkKey}
	safe := secrets.Secrets{Token: oldToken, AppSecret: theSecret, LinkKey: linkKey, EncodingAESKey: oldKey}
	before := secrets.Secrets{Token: oldToken, AppSecret: theSecret} // from a version without link keys
	rotated := secrets.Secrets{Token: token2, AppSecret: theSecret, LinkKey: linkKey, EncodingAESKey: key2, PreviousToken: oldToken, PreviousEncodingAESKey: oldKey}
	withAI := safe
	withAI.AIKey = "HIDE-sk-1"
	rotatedAI := rotated
	rotatedAI.AIKey = withAI.AIKey
	tests := []struct {
		name    string
		stored  secrets.Secrets
		answers []string
		want    secrets.Secrets
		wantOut string
		says    string // to the owner
		wantErr string
	}{
		{"the first AI key", safe, []string{usesAI, "", "", "", "HIDE-sk-1", "yes"}, withAI,
			"version 2: token, app secret, EncodingAESKey, AI key.\n", "deploy this version first", ""},
		{"an AI key from the beginning", none, []string{usesAI, oldToken, theSecret, oldKey, "HIDE-sk-1"}, withAI, "AI key.\n", "does not exist yet", ""},
		{"no AI key", none, []string{usesAI, oldToken, theSecret, oldKey, ""}, safe, "EncodingAESKey.\n", "Enter leaves it out", ""},
		{"another AI key", withAI, []string{"", "", "", "HIDE-sk-2", "yes"}, func() secrets.Secrets {
			s := withAI
			s.AIKey = "HIDE-sk-2"
			return s
		}(), "version 2", "What changes: AI key. Type yes", ""},
		{"an AI key that is removed", withAI, []string{"", "", "", "-", "yes"}, safe, "version 2", "What changes: AI key (removed).", ""},
		{"an AI key that is kept", withAI, []string{token2, "", key2, "", "yes"}, rotatedAI, "previous EncodingAESKey, AI key.\n", "- removes it", ""},
		{"an AI key with a space", safe, []string{usesAI, "", "", "", "HIDE sk"}, safe, "", "", "the key has a space"},
		{"no AI key to remove", safe, []string{usesAI, "", "", "", "-"}, safe, "", "", "to remove: press Enter"},

		{"all made", none, []string{"", theSecret, "g"}, secrets.Secrets{Token: made, AppSecret: theSecret, LinkKey: linkKey, EncodingAESKey: made},
			"Written: /guanzhu/test in us-east-1, version 1: token, app secret, EncodingAESKey.\n", "does not exist yet", ""},
		{"g for a token", none, []string{"g", theSecret, ""}, secrets.Secrets{Token: made, AppSecret: theSecret, LinkKey: linkKey},
			"version 1: token, app secret, no EncodingAESKey (plain mode).\n", "接口配置信息", ""},
		{"all given", none, []string{oldToken, theSecret, oldKey}, safe, "version 1: token, app secret, EncodingAESKey.\n", "域名与消息推送配置", ""},
		{"copied with white space", none, []string{" " + oldToken + "\t", theSecret + "\r", oldKey + " "}, safe, "version 1", "", ""},
		{"without an app secret", none, []string{"", "", ""}, none, "", "", "the app secret is required"},
		{"a token too short", none, []string{"ab", theSecret, ""}, none, "", "", "this one has 2 characters"},
		{"a token with a sign", none, []string{"HIDE-it", theSecret, ""}, none, "", "", "3 to 32 letters and digits"},
		{"an app secret with a space", none, []string{"", "HIDE it", ""}, none, "", "", "32 digits of 0-9 and a-f; this one has 7 characters"},
		{"a key too short", none, []string{"", theSecret, "HIDE"}, none, "", "", "43 letters and digits; this one has 4 characters"},
		{"an input that ends", none, []string{"HIDEit"}, none, "", "", "the input has ended"},

		{"all kept", safe, []string{"", "", ""}, safe, "Nothing changes. Nothing was written.\n", "version 1: token, app secret, EncodingAESKey. Enter keeps", ""},
		{"the same entered", safe, []string{oldToken, theSecret, oldKey}, safe, "Nothing changes", "", ""},
		{"another app secret", safe, []string{"", secret2, "", "yes"}, secrets.Secrets{Token: oldToken, AppSecret: secret2, LinkKey: linkKey, EncodingAESKey: oldKey},
			"version 2: token, app secret, EncodingAESKey.\n", "What changes: app secret. Type yes", ""},
		{"another token and key", safe, []string{token2, "", key2, "yes"}, rotated,
			"version 2: token, app secret, EncodingAESKey, previous token, previous EncodingAESKey.\n", "guanzhu secrets rotate --name /guanzhu/test --url", ""},
		{"a token made", plain, []string{"g", "", "", "yes"}, secrets.Secrets{Token: made, AppSecret: theSecret, LinkKey: linkKey, PreviousToken: oldToken},
			"version 2", "What changes: token (the old one stays valid).", ""},
		{"a key made", safe, []string{"", "", "g", "yes"},
			secrets.Secrets{Token: oldToken, AppSecret: theSecret, LinkKey: linkKey, EncodingAESKey: made, PreviousEncodingAESKey: oldKey}, "version 2", "If WeChat's console does not have these values yet, do not change it now", ""},
		{"not confirmed", safe, []string{token2, "", "", "y"}, safe, "", "", "not confirmed: nothing was changed"},
		{"no answer to that", safe, []string{token2, "", "", ""}, safe, "", "", "not confirmed"},
		{"the token of the console", plain, []string{token2, "", "", "yes"}, secrets.Secrets{Token: token2, AppSecret: theSecret, LinkKey: linkKey, PreviousToken: oldToken},
			"version 2", "If it has them already, there is nothing more to change, and this command removes the old ones:\n  guanzhu secrets finish --name /guanzhu/test\n", ""},
		{"a rotation that is not finished", rotated, []string{"thirdToken", "", ""}, rotated, "", "", "guanzhu secrets finish --name /guanzhu/test"},
		{"an app secret meanwhile", rotated, []string{"", secret2, "", "yes"}, func() secrets.Secrets {
			s := rotated
			s.AppSecret = secret2
			return s
		}(), "version 2", "", ""},

		{"the first key", plain, []string{"", "", oldKey, "yes"}, safe, "version 2: token, app secret, EncodingAESKey.\n", "set the console to compatible mode (兼容模式)", ""},
		{"the first key, made", plain, []string{"", "", "g", "yes"}, secrets.Secrets{Token: oldToken, AppSecret: theSecret, LinkKey: linkKey, EncodingAESKey: made},
			"version 2", "In two minutes", ""},
		{"the first key, before the console", plain, []string{"", "", oldKey, "no"}, plain, "", "compatible mode", "not confirmed"},
		{"no key any more", safe, []string{"", "", "-", "yes"}, plain, "version 2: token, app secret, no EncodingAESKey (plain mode).\n",
			"In two minutes, when all running instances have had time to see that there is no key, set the console to plain mode (明文模式).", ""},
		{"no key any more, nor a previous one", rotated, []string{"", "", "-", "yes"},
			secrets.Secrets{Token: token2, AppSecret: theSecret, LinkKey: linkKey, PreviousToken: oldToken}, "version 2", "What changes: EncodingAESKey (removed).", ""},
		{"no key any more, before the console", safe, []string{"", "", "-", "no"}, safe, "", "set the console to compatible mode (兼容模式)", "not confirmed"},
		{"no key any more, with a token", safe, []string{"g", "", "-", "yes"}, safe, "", "", "enter only -"},
		{"no key to remove", plain, []string{"", "", "-", "yes"}, plain, "", "", "there is no EncodingAESKey to remove"},
		{"no key to remove at first", none, []string{"", theSecret, "-"}, none, "", "", "there is no EncodingAESKey to remove"},

		{"the first link key", before, []string{"", "", "", "yes"}, plain, "version 2: token, app secret, no EncodingAESKey (plain mode).\n",
			"Functions of a version without link keys refuse such secrets", ""},
		{"the first link key, asked", before, []string{"", "", "", "yes"}, plain, "version 2", "What changes: link key (the first). Type yes", ""},
		{"the first link key, seen", before, []string{"", "", "", "no"}, before, "", "no EncodingAESKey (plain mode), no link key. Enter keeps", "not confirmed"},
		{"the first link key with a new app secret", before, []string{"", secret2, "", "yes"},
			secrets.Secrets{Token: oldToken, AppSecret: secret2, LinkKey: linkKey}, "version 2", "app secret, link key (the first)", ""},
		{"the first key with a token", plain, []string{"g", "", oldKey, "yes"}, plain, "", "", "enter it alone"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			store := &systemsManager{}
			if tt.stored != none {
				store = holding(t, tt.stored)
			}
			var out, owner bytes.Buffer
			p := &parameter{name: secretsName, region: "us-east-1", flags: "--name " + secretsName, ssm: store, out: &out}
			if tt.answers[0] == usesAI {
				p.usesAI, tt.answers = true, tt.answers[1:]
			}
			script := answering(tt.answers...)
			script.out = &owner
			err := p.ask(t.Context(), script)
			if (err == nil) != (tt.wantErr == "") || err != nil && !strings.Contains(err.Error(), tt.wantErr) {
				t.Errorf("the error is %v, want %q in it", err, tt.wantErr)
			}
			if !strings.Contains(out.String(), tt.wantOut) || tt.wantOut == "" && out.Len() > 0 || !strings.Contains(owner.String(), tt.says) {
				t.Errorf("told:\n%s\nand the owner:\n%s", &out, &owner)
			}

			got, wantMade := store.current(t), map[string]bool{}
			if tt.want.Token == made {
				wantMade[got.Token], got.Token = true, made
			}
			if tt.want.EncodingAESKey == made {
				wantMade[got.EncodingAESKey], got.EncodingAESKey = true, made
			}
			if tt.stored.LinkKey == "" && tt.want.LinkKey != "" {
				if got.LinkKey == linkKey || !linkKeyForm.MatchString(got.LinkKey) || strings.Contains(out.String()+owner.String(), got.LinkKey) {
					t.Error("the link key is not made, or shown")
				}
				got.LinkKey = linkKey
			}
			if got != tt.want {
				t.Error("stored is something else")
			}
			for value := range wantMade {
				if strings.Count(owner.String(), value) != 1 || value == oldToken || value == oldKey {
					t.Errorf("what was made is not shown once, or not made:\n%s", &owner)
				}
			}
			if err != nil {
				owner.WriteString(err.Error())
			}
			for _, value := range []string{oldToken, oldKey, theSecret, token2, key2, secret2, "thirdToken", "HIDE"} {
				if strings.Contains(out.String()+owner.String(), value) {
					t.Errorf("shows %q", value)
				}
			}
			for _, match := range shown.FindAllStringSubmatch(owner.String(), -1) {
				if err == nil && !wantMade[match[2]] {
					t.Errorf("shows a %s that nobody asked to make", match[1])
				}
			}
			changed := got.Token != tt.stored.Token || got.EncodingAESKey != tt.stored.EncodingAESKey
			if strings.Contains(owner.String(), "secrets rotate") && err == nil && !changed {
				t.Errorf("advises to rotate, though neither token nor key has changed:\n%s", &owner)
			}
			for _, in := range store.in {
				if in.Type != types.ParameterTypeSecureString || *in.Overwrite != (tt.stored != none) {
					t.Errorf("written as %s, overwrite %t", in.Type, *in.Overwrite)
				}
			}
		})
	}
}

// TestTerminalAsksAgain mistypes at a terminal, which a script may not.
func TestTerminalAsksAgain(t *testing.T) {
	t.Parallel()
	var owner bytes.Buffer
	p := answering()
	p.out = &owner
	p.hidden = func() ([]byte, error) { return p.in.ReadBytes('\n') }
	p.in = bufio.NewReader(strings.NewReader("HIDE!\nab\n" + oldToken + "\n"))
	token, err := p.secret("Token:", checkToken)
	if err != nil || token != oldToken {
		t.Errorf("the answer is another, error %v", err)
	}
	if strings.Count(owner.String(), "Token:") != 3 || strings.Contains(owner.String(), "HIDE") {
		t.Errorf("asked: %s", &owner)
	}
}

func TestFinish(t *testing.T) {
	t.Parallel()
	now := secrets.Secrets{Token: oldToken, AppSecret: theSecret, LinkKey: linkKey, EncodingAESKey: oldKey}
	rotating := now
	rotating.PreviousToken = "previousToken"
	tests := []struct {
		name    string
		stored  secrets.Secrets
		answer  string
		want    secrets.Secrets
		wantOut string
		wantErr string
	}{
		{"confirmed", rotating, "yes", now, "Written: /guanzhu/test in us-east-1, version 2: token, app secret, EncodingAESKey.\nRunning instances drop", ""},
		{"not confirmed", rotating, "", rotating, "", "not confirmed: nothing was changed"},
		{"without a link key", secrets.Secrets{Token: oldToken, AppSecret: theSecret, PreviousToken: "previousToken"}, "yes",
			secrets.Secrets{Token: oldToken, AppSecret: theSecret}, "version 2: token, app secret, no EncodingAESKey (plain mode), no link key.", ""},
		{"nothing to finish", now, "yes", now, "There are no previous values. Nothing was written.", ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			store := holding(t, tt.stored)
			p, out, owner := rotationOver(t, store)
			script := answering(tt.answer)
			script.out = owner
			err := p.finish(t.Context(), script)
			if (err == nil) != (tt.wantErr == "") || err != nil && !strings.Contains(err.Error(), tt.wantErr) || !strings.Contains(out.String(), tt.wantOut) {
				t.Errorf("error %v, told %s", err, out)
			}
			if store.current(t) != tt.want {
				t.Error("stored is something else")
			}
			for _, value := range []string{oldToken, oldKey, theSecret, "previousToken"} {
				if strings.Contains(out.String()+owner.String(), value) {
					t.Errorf("shows %q", value)
				}
			}
		})
	}
	p, _, _ := rotationOver(t, &systemsManager{})
	if err := p.finish(t.Context(), answering("yes")); err == nil || !strings.Contains(err.Error(), "there is no parameter") {
		t.Errorf("without a parameter: %v", err)
	}
}

// TestSecretsInChinese holds that the dialogues in Chinese have no English sentence.
func TestSecretsInChinese(t *testing.T) {
	t.Parallel()
	plain := secrets.Secrets{Token: oldToken, AppSecret: theSecret}
	safe := secrets.Secrets{Token: oldToken, AppSecret: theSecret, LinkKey: linkKey, EncodingAESKey: oldKey}
	rotating := safe
	rotating.PreviousToken = "previousToken"
	sentence := regexp.MustCompile(`[A-Za-z]+ [a-z]+ [a-z]+ [a-z]+`)
	for name, tt := range map[string]struct {
		was     secrets.Secrets
		answers []string
		says    string
		run     func(*parameter, *prompt) error
	}{
		"first":           {secrets.Secrets{}, []string{"", theSecret, "g"}, "填到微信后台的值", nil},
		"first key":       {plain, []string{"", "", "g", "yes"}, "将要改变：EncodingAESKey（第一个）、link key（第一个）。输入 yes 继续：", nil},
		"new token":       {safe, []string{"g", "", "", "yes"}, "现在不要修改后台", nil},
		"no key":          {safe, []string{"", "", "-", "yes"}, "再改为明文模式", nil},
		"short token":     {safe, []string{"ab"}, "Token 由 3 到 32 位半角的字母和数字组成", nil},
		"long app secret": {safe, []string{"", theSecret + "0"}, "AppSecret 是 32 位 0-9、a-f，这个有 33 个字符", nil},
		"wide token":      {safe, []string{"０１２３"}, "这个有 4 个字符，或者有别的字符", nil},
		"short key":       {safe, []string{"", "", "ab"}, "EncodingAESKey 由 43 位字母和数字组成", nil},
		"rotating":        {rotating, []string{"thirdToken", "", ""}, "上一次轮换还没有完成", nil},
		"finish":          {rotating, []string{"yes"}, "旧的 Token", func(p *parameter, o *prompt) error { return p.finish(t.Context(), o) }},
		"no finish":       {rotating, []string{"no"}, "没有确认", func(p *parameter, o *prompt) error { return p.finish(t.Context(), o) }},
		"app secret":      {plain, []string{theSecret}, "重置之后，微信不再接受旧的", func(p *parameter, o *prompt) error { return p.replaceAppSecret(t.Context(), o) }},
	} {
		store := &systemsManager{}
		if tt.was != (secrets.Secrets{}) {
			store = holding(t, tt.was)
		}
		var out bytes.Buffer
		p := &parameter{lang: "zh", name: secretsName, region: "us-east-1", flags: "--name " + secretsName, ssm: store, out: &out}
		owner := answering(tt.answers...)
		owner.lang, owner.out = "zh", &out
		run := tt.run
		if run == nil {
			run = func(p *parameter, o *prompt) error { return p.ask(t.Context(), o) }
		}
		if err := run(p, owner); err != nil {
			out.WriteString(bilingual.Explain(err, "zh"))
		}
		if !strings.Contains(out.String(), tt.says) {
			t.Errorf("%s: no %q in\n%s", name, tt.says, &out)
		}
		if english := sentence.FindString(out.String()); english != "" {
			t.Errorf("%s: %q in\n%s", name, english, &out)
		}
	}
}
