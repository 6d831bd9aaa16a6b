package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"regexp"
	"strings"

	owner "github.com/guanzhu/guanzhu/account"
	"github.com/guanzhu/guanzhu/internal/ownersecrets"
	"github.com/guanzhu/guanzhu/pkg/secrets"
	"github.com/guanzhu/guanzhu/pkg/wechat"
)

type writeSecretsCommand struct {
	parameterFlags `embed:""`
}

func (c *writeSecretsCommand) Run() error {
	ctx := context.Background()
	p, err := c.open(ctx)
	if err != nil {
		return err
	}
	account, err := owner.Load()
	if err != nil {
		return err
	}
	p.usesAI = len(account.AIs()) > 0
	return p.ask(ctx, newPrompt())
}

// ask is the dialogue of guanzhu secrets. It writes nothing before the last answer.
func (p *parameter) ask(ctx context.Context, owner *prompt) error {
	was, version, err := ownersecrets.Read(ctx, p.ssm, p.name)
	if err != nil {
		return err
	}
	exists := version > 0
	about := fmt.Sprintf("%s in %s does not exist yet.", p.name, p.region)
	if exists {
		about = fmt.Sprintf("%s in %s, version %d: %s. Enter keeps a value.", p.name, p.region, version, fields(was))
	}
	fmt.Fprintln(owner.out, about, "What you enter is not shown.")

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
		return fmt.Errorf("%w. `guanzhu secrets rotate %s` shows what the console must have, `guanzhu secrets finish %s` ends it", err, p.rotateFlags(), p.flags)
	case err != nil:
		return err
	case next == was:
		fmt.Fprintln(p.out, "Nothing changes. Nothing was written.")
		return nil
	}
	steps, err := p.stepsFor(was, next, exists)
	if err != nil {
		return err
	}

	made := entered.made
	if exists && was.LinkKey == "" {
		fmt.Fprint(owner.out, firstLinkKey)
	}
	fmt.Fprint(owner.out, steps.before)
	if was.AIKey == "" && next.AIKey != "" && exists {
		fmt.Fprint(owner.out, firstAIKey)
	}
	if steps.keyFirst {
		reveal(owner.out, secrets.Secrets{EncodingAESKey: made.EncodingAESKey})
		made.EncodingAESKey = ""
	}
	if exists {
		if err := owner.confirm(steps.question + "What changes: " + changes(was, next) + "."); err != nil {
			return err
		}
	}
	if err := p.write(ctx, next, version); err != nil {
		return err
	}
	reveal(owner.out, made)
	fmt.Fprint(owner.out, steps.after)
	return nil
}

// entered is what the owner entered. An empty value stays as it is.
type entered struct {
	token, appSecret, key, aiKey string
	removesKey, removesAIKey     bool
	made                         secrets.Secrets // those of the values that were made here, which the owner has not seen yet
}

func enter(owner *prompt, was secrets.Secrets, exists bool) (e entered, err error) {
	hint, keyHint := "Enter makes one", "g makes one, Enter leaves it out: plain mode, as test accounts have it"
	switch {
	case was.EncodingAESKey != "":
		hint, keyHint = "g makes one", "g makes one, - removes it: plain mode, as test accounts have it"
	case exists:
		hint, keyHint = "g makes one", "g makes one"
	}
	if e.token, err = owner.secret("Token, 3 to 32 letters and digits ("+hint+"):", checkToken); err != nil {
		return e, err
	}
	if e.token == makeOne || e.token == "" && !exists {
		e.token = secrets.NewToken()
		e.made.Token = e.token
	}
	e.appSecret, err = owner.secret("App secret (AppSecret):", func(answer string) error { return checkAppSecret(answer, exists) })
	if err != nil {
		return e, err
	}
	e.key, err = owner.secret("EncodingAESKey, 43 letters and digits ("+keyHint+"):", func(answer string) error { return checkKey(answer, was) })
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
	about := "Enter leaves it out"
	if was.AIKey != "" {
		about = "- removes it"
	}
	e.aiKey, err = owner.secret("Key of the language model's API, for ai in account.yaml ("+about+"):",
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
	before, question, after string
	keyFirst                bool // the console must have the new EncodingAESKey before
}

func (p *parameter) stepsFor(was, next secrets.Secrets, exists bool) (steps, error) {
	firstKey := exists && was.EncodingAESKey == "" && next.EncodingAESKey != ""
	noKey := was.EncodingAESKey != "" && next.EncodingAESKey == ""
	switch {
	case firstKey && next.Token != was.Token:
		return steps{}, errors.New("the first EncodingAESKey is set in steps of its own: enter it alone, and the new token after that")
	case noKey && next.Token != was.Token:
		return steps{}, errors.New("the EncodingAESKey is removed in steps of its own: enter only -, and the new token after that")
	case firstKey:
		return steps{toCompatible, "Is the console in compatible mode, with this key? ", toSafe, true}, nil
	case noKey:
		return steps{beforePlain, "Is the console in compatible mode, or in plain mode already? ", toPlain, false}, nil
	case !exists:
		return steps{after: whereItGoes}, nil
	case next.Token != was.Token, next.EncodingAESKey != was.EncodingAESKey:
		return steps{after: named(fmt.Sprintf(notYet, p.rotateFlags(), p.flags))}, nil
	}
	return steps{}, nil
}

// Entries that stand for something other than a value.
const (
	makeOne  = "g"
	removeIt = "-"
)

var tokenForm = regexp.MustCompile(`^[A-Za-z0-9]{3,32}$`)

// The checks print the length of a value, and nothing else of it.

func checkToken(answer string) error {
	if answer == "" || answer == makeOne || tokenForm.MatchString(answer) {
		return nil
	}
	return fmt.Errorf("a token has 3 to 32 letters and digits; this one has %d characters", len(answer))
}

func checkAppSecret(answer string, exists bool) error {
	switch {
	case answer == "" && !exists:
		return errors.New("the app secret is required: the platform shows it once, when it is enabled or reset (开发密钥)")
	case strings.ContainsFunc(answer, func(r rune) bool { return r <= ' ' || r > '~' }):
		return errors.New("the app secret has a space or a character outside ASCII: copy it again")
	}
	return nil
}

func checkKey(answer string, was secrets.Secrets) error {
	switch {
	case answer == "", answer == makeOne, wechat.IsEncodingAESKey(answer), answer == removeIt && was.EncodingAESKey != "":
		return nil
	case answer == removeIt:
		return errors.New("there is no EncodingAESKey to remove: press Enter")
	}
	return fmt.Errorf("an EncodingAESKey has 43 letters and digits; this one has %d characters", len(answer))
}

func checkAIKey(answer string, was secrets.Secrets) error {
	switch {
	case answer == removeIt && was.AIKey == "":
		return errors.New("there is no key of a language model's API to remove: press Enter")
	case strings.ContainsFunc(answer, func(r rune) bool { return r <= ' ' || r > '~' }):
		return errors.New("the key has a space or a character outside ASCII: copy it again")
	}
	return nil
}

// changes names the fields that differ, without their values.
func changes(was, next secrets.Secrets) string {
	var names []string
	if next.Token != was.Token {
		names = append(names, "token (the old one stays valid)")
	}
	if next.AppSecret != was.AppSecret {
		names = append(names, "app secret")
	}
	switch {
	case next.EncodingAESKey == was.EncodingAESKey:
	case next.EncodingAESKey == "":
		names = append(names, "EncodingAESKey (removed)")
	case was.EncodingAESKey == "":
		names = append(names, "EncodingAESKey (the first)")
	default:
		names = append(names, "EncodingAESKey (the old one stays valid)")
	}
	if next.LinkKey != was.LinkKey {
		names = append(names, "link key (the first)")
	}
	switch next.AIKey {
	case was.AIKey:
	case "":
		names = append(names, "AI key (removed)")
	default:
		names = append(names, "AI key")
	}
	return strings.Join(names, ", ")
}

// reveal prints new values for the owner to paste. Nothing else prints a value.
func reveal(out io.Writer, s secrets.Secrets) {
	if s.Token == "" && s.EncodingAESKey == "" {
		return
	}
	fmt.Fprint(out, "\nFor WeChat's console, shown on this terminal alone (只显示在这个终端):\n\n")
	if s.Token != "" {
		fmt.Fprintf(out, "  Token           %s\n", s.Token)
	}
	if s.EncodingAESKey != "" {
		fmt.Fprintf(out, "  EncodingAESKey  %s\n", s.EncodingAESKey)
	}
	fmt.Fprintln(out)
}
