package aws

import (
	"context"
	"crypto/rand"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ssm"
	"github.com/aws/aws-sdk-go-v2/service/ssm/types"
	"github.com/google/go-cmp/cmp"

	"github.com/guanzhu/guanzhu/internal/parameterstore"
	"github.com/guanzhu/guanzhu/pkg/webhook"
	"github.com/guanzhu/guanzhu/pkg/wechat"
	"github.com/guanzhu/guanzhu/pkg/wechattest"
)

const (
	testAppID  = "wx0123456789abcdef"
	testSecret = "00112233445566778899aabbccddeeff"
	testKey    = "abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG"
)

// owner types at the command line about one parameter. After each run, nothing that was entered may stand anywhere, and
// of what was made, only what is to be pasted.
type owner struct {
	*testing.T
	ssm     *ssm.Client
	flags   []string
	name    string
	entered []string
	linkKey string // of the first secrets that were written
}

func newOwner(t *testing.T) *owner {
	name := "/guanzhu/" + strings.ToLower(rand.Text())
	return &owner{T: t, ssm: ssm.NewFromConfig(config(t)), name: name, flags: []string{"--name", name}}
}

// run answers the questions of a run of guanzhu secrets, and returns what it shows to be pasted.
func (o *owner) run(args, answers []string, wantOut, wantErr string, wantStatus int) (token, key string) {
	o.Helper()
	for _, a := range answers {
		if len(a) > len("yes") {
			o.entered = append(o.entered, a)
		}
	}
	stdin := strings.Join(answers, "\n")
	if len(answers) > 0 {
		stdin += "\n"
	}
	stdout, stderr, status := guanzhu(o.T, stdin, slices.Concat([]string{"secrets"}, args, o.flags)...)
	if !strings.HasPrefix(stdout, wantOut) || !strings.Contains(stderr, wantErr) || status != wantStatus {
		o.Errorf("%q: status %d, standard output:\n%s\nstandard error:\n%s", args, status, stdout, stderr)
	}
	for _, value := range o.entered {
		if strings.Contains(stdout+stderr, value) {
			o.Errorf("%q shows %q", args, value)
		}
	}
	if o.linkKey != "" && strings.Contains(stdout+stderr, o.linkKey) {
		o.Errorf("%q shows the link key", args)
	}
	for _, match := range regexp.MustCompile(`(Token|EncodingAESKey)  +(\S+)`).FindAllStringSubmatch(stderr, -1) {
		if match[1] == "Token" {
			token = match[2]
		} else {
			key = match[2]
		}
		if n := strings.Count(stdout+stderr, match[2]); n != 1 {
			o.Errorf("%q shows %s %d times", args, match[1], n)
		}
	}
	return token, key
}

// stored is what Systems Manager holds, as another SDK reads it.
func (o *owner) stored() (document string) {
	o.Helper()
	out, err := o.ssm.GetParameter(o.Context(), &ssm.GetParameterInput{Name: &o.name, WithDecryption: aws.Bool(true)})
	if err != nil {
		o.Fatal(err)
	}
	if out.Parameter.Type != types.ParameterTypeSecureString {
		o.Errorf("stored as %s", out.Parameter.Type)
	}
	return aws.ToString(out.Parameter.Value)
}

var linkKeyMember = regexp.MustCompile(`,"link_key":"([A-Za-z0-9_-]{43})"`)

// wantStored wants what is stored to be want, with the link key that was made at first.
func (o *owner) wantStored(want string) {
	o.Helper()
	got := o.stored()
	match := linkKeyMember.FindStringSubmatch(got)
	if match == nil || o.linkKey != "" && match[1] != o.linkKey {
		o.Errorf("the secrets have no link key, or another: %v", match != nil)
	} else {
		o.linkKey, got = match[1], strings.Replace(got, match[0], "", 1)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		o.Errorf("stored (-want +got):\n%s", diff)
	}
}

func TestSecrets(t *testing.T) {
	t.Parallel()
	o := newOwner(t)
	written := "Written: " + o.name + " in us-east-1, version "

	o.run([]string{"finish"}, nil, "", "there is no parameter "+o.name+" in us-east-1", 1)
	o.run(nil, []string{"token-with-signs", testSecret, ""}, "", "3 to 32 letters and digits", 1)
	token, _ := o.run(nil, []string{"", testSecret, ""}, written+"1: token, app secret, no EncodingAESKey (plain mode).\n", "接口配置信息", 0)
	o.wantStored(`{"token":"` + token + `","app_secret":"` + testSecret + `"}`)
	o.entered = append(o.entered, token) // it has been shown once
	about, err := o.ssm.DescribeParameters(t.Context(), &ssm.DescribeParametersInput{
		ParameterFilters: []types.ParameterStringFilter{{Key: aws.String("Name"), Values: []string{o.name}}},
	})
	if err != nil || len(about.Parameters) != 1 || about.Parameters[0].Tier != types.ParameterTierStandard || aws.ToString(about.Parameters[0].KeyId) != "alias/aws/ssm" {
		t.Errorf("%+v, error %v", about, err)
	}

	o.run(nil, []string{"", "", ""}, "Nothing changes. Nothing was written.\n", "version 1: token, app secret, no EncodingAESKey", 0)
	o.run(nil, []string{"", "", "g", "no"}, "", "compatible mode (兼容模式)", 1)
	o.wantStored(`{"token":"` + token + `","app_secret":"` + testSecret + `"}`)
	o.run(nil, []string{"", "", testKey, "yes"}, written+"2: token, app secret, EncodingAESKey.\n", "In two minutes", 0)
	o.wantStored(`{"token":"` + token + `","app_secret":"` + testSecret + `","encoding_aes_key":"` + testKey + `"}`)

	o.run(nil, []string{"", "", "-", "no"}, "", "set the console to compatible mode (兼容模式)", 1)
	o.run(nil, []string{"", "", "-", "yes"}, written+"3: token, app secret, no EncodingAESKey (plain mode).\n", "plain mode (明文模式)", 0)
	o.wantStored(`{"token":"` + token + `","app_secret":"` + testSecret + `"}`)
	o.run(nil, []string{"", "", testKey, "yes"}, written+"4: token, app secret, EncodingAESKey.\n", "In two minutes", 0)

	const token2 = "anotherTokenOfTheTest"
	o.run(nil, []string{token2, "", "", "yes"}, written+"5: token, app secret, EncodingAESKey, previous token.\n", "guanzhu secrets rotate --name "+o.name, 0)
	o.wantStored(`{"token":"` + token2 + `","app_secret":"` + testSecret + `","encoding_aes_key":"` + testKey + `","previous":{"token":"` + token + `"}}`)
	o.run(nil, []string{"thirdToken", "", ""}, "", "a rotation is not finished", 1)

	o.run([]string{"finish"}, []string{"no"}, "", "not confirmed", 1)
	o.run([]string{"finish"}, []string{"yes"}, written+"6: token, app secret, EncodingAESKey.\n", "", 0)
	o.run([]string{"finish"}, nil, "There are no previous values", "", 0)
	const secret2 = "ffeeddccbbaa99887766554433221100"
	o.run([]string{"rotate", "--app-secret"}, []string{secret2}, written+"7: token, app secret, EncodingAESKey.\n", "重置", 0)
	o.wantStored(`{"token":"` + token2 + `","app_secret":"` + secret2 + `","encoding_aes_key":"` + testKey + `"}`)
	o.run([]string{"rotate", "--app-secret", "--token"}, nil, "", "by itself", 1)
	o.run([]string{"rotate"}, nil, "", "--url", 1)
	o.wantStored(`{"token":"` + token2 + `","app_secret":"` + secret2 + `","encoding_aes_key":"` + testKey + `"}`)
}

// TestFirstLinkKey has secrets that a version without link keys wrote.
func TestFirstLinkKey(t *testing.T) {
	t.Parallel()
	o := newOwner(t)
	const before = `{"token":"tokenFromBefore","app_secret":"` + testSecret + `"}`
	o.entered = []string{"tokenFromBefore", testSecret}
	if _, err := o.ssm.PutParameter(t.Context(), &ssm.PutParameterInput{Name: &o.name, Value: aws.String(before), Type: types.ParameterTypeSecureString}); err != nil {
		t.Fatal(err)
	}
	about := "no EncodingAESKey (plain mode), no link key"
	o.run(nil, []string{"", "", "", "no"}, "", "deploy this version first", 1)
	o.run([]string{"rotate", "--app-secret"}, []string{testSecret}, "This is the present app secret: nothing was written.\n", "", 0)
	o.run([]string{"finish"}, nil, "There are no previous values", "", 0)
	if got := o.stored(); got != before {
		t.Error("something else is stored before the owner agrees")
	}
	o.run(nil, []string{"", "", "", "yes"}, "Written: "+o.name+" in us-east-1, version 2: token, app secret, no EncodingAESKey (plain mode).\n", about, 0)
	o.wantStored(before)
	o.run(nil, []string{"", "", ""}, "Nothing changes. Nothing was written.\n", "", 0)
	o.wantStored(before)
}

// TestSecretsAreNotOverwritten has what somebody wrote by hand, and wrongly, under the same name.
func TestSecretsAreNotOverwritten(t *testing.T) {
	t.Parallel()
	for name, in := range map[string]*ssm.PutParameterInput{
		"in clear":   {Type: types.ParameterTypeString, Value: aws.String(`{"token":"clearToken","app_secret":"clearSecret"}`)},
		"no secrets": {Type: types.ParameterTypeSecureString, Value: aws.String(`{"token":"clearToken","secret":"clearSecret"}`)},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			o := newOwner(t)
			o.entered = []string{"clearToken", "clearSecret"}
			in.Name = &o.name
			if _, err := o.ssm.PutParameter(t.Context(), in); err != nil {
				t.Fatal(err)
			}
			o.run(nil, []string{"", testSecret, "", "yes"}, "", "aws ssm delete-parameter --name "+o.name, 1)
			out, err := o.ssm.GetParameter(t.Context(), &ssm.GetParameterInput{Name: &o.name, WithDecryption: aws.Bool(true)})
			if err != nil || out.Parameter.Version != 1 || aws.ToString(out.Parameter.Value) != *in.Value {
				t.Errorf("it was changed, error %v", err)
			}
		})
	}
}

func TestSecretsOfAStack(t *testing.T) {
	t.Parallel()
	o := newOwner(t)
	o.flags = []string{"--stack", "guanzhu-nowhere"}
	o.run(nil, []string{"", testSecret, ""}, "", "there is no stack guanzhu-nowhere in us-east-1", 1)
	o.flags = []string{"--stack", "guanzhu-nowhere", "--name", o.name}
	o.run(nil, nil, "", "can't be used together", 80)

	o.flags = []string{"--stack", deploy(t, map[string]string{"SecretsParameter": o.name})}
	o.run(nil, []string{"", testSecret, ""}, "Written: "+o.name+" in us-east-1, version 1: ", "", 0)
	// The stack's own URL is the example's: nothing answers there as it should.
	o.run([]string{"rotate"}, nil, "", "nothing was written: https://api.example.com/login/wechat does not accept the present values", 1)
}

// TestRotate rotates both while pushes come in, against the endpoint as it is deployed, which reads from moto, and takes
// the time that it takes.
func TestRotate(t *testing.T) {
	t.Parallel()
	o := newOwner(t)
	const oldToken = "oldTokenOfTheTest"
	o.run(nil, []string{oldToken, testSecret, testKey}, "Written: ", "", 0)

	var instances []http.Handler
	for range 3 {
		keeper, err := parameterstore.Open(t.Context(), "ssm:"+o.name, parameterstore.Options{Reader: parameterstore.NewClient(config(t), moto(t))})
		if err != nil {
			t.Fatal(err)
		}
		router := webhook.NewRouter()
		webhook.On(router, func(_ context.Context, p *wechat.Text) (wechat.Reply, error) { return wechat.TextReply(p.Content), nil })
		handler, err := webhook.New(webhook.Config{AppID: testAppID, Secrets: keeper, Router: router,
			Hash: func(string) string { return "hash" }, Now: time.Now, Log: slog.New(slog.DiscardHandler)})
		if err != nil {
			t.Fatal(err)
		}
		instances = append(instances, handler)
	}
	var turn sync.Mutex
	next := 0
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		turn.Lock()
		next++
		handler := instances[next%len(instances)]
		turn.Unlock()
		handler.ServeHTTP(w, r)
	}))
	defer server.Close()

	console := wechattest.Account{AppID: testAppID, Token: oldToken, EncodingAESKey: testKey, ID: "gh_0123456789ab"}
	push := func(token string) error {
		account := console
		account.Token = token
		message := account.Text("oTESTfollower-000000000_0001", time.Now(), time.Now().UnixNano(), "hello")
		_, made, err := account.Deliver(t.Context(), server.Client(), server.URL+webhook.Path, wechattest.Safe, message)
		if err == nil && len(made) > 1 {
			err = made[0].Err
		}
		return err
	}
	done := make(chan struct{})
	var load sync.WaitGroup
	load.Go(func() {
		for tick := time.NewTicker(100 * time.Millisecond); ; {
			select {
			case <-tick.C:
				if err := push("forged"); err == nil {
					t.Error("a forged push was answered")
				}
				if err := push(oldToken); err != nil {
					t.Errorf("a push was lost: %v", err)
				}
			case <-done:
				tick.Stop()
				return
			}
		}
	})
	token, key := o.run([]string{"rotate", "--app-id", testAppID, "--url", server.URL + webhook.Path}, nil,
		"Written: "+o.name+" in us-east-1, version 2: token, app secret, EncodingAESKey, previous token, previous EncodingAESKey.\n"+
			"Running instances accept both the new values and the old ones.\n", "guanzhu secrets finish --name "+o.name, 0)
	close(done)
	load.Wait()
	o.wantStored(`{"token":"` + token + `","app_secret":"` + testSecret + `","encoding_aes_key":"` + key +
		`","previous":{"token":"` + oldToken + `","encoding_aes_key":"` + testKey + `"}}`)

	if err := push(oldToken); err != nil {
		t.Errorf("before the console was changed, a push was lost: %v", err)
	}
	console.Token, console.EncodingAESKey = token, key
	for range 2 * len(instances) {
		if err := push(token); err != nil {
			t.Errorf("after it, a push was lost: %v", err)
		}
	}
	o.entered = append(o.entered, token, key)
	o.run([]string{"finish"}, []string{"yes"}, "Written: "+o.name+" in us-east-1, version 3: token, app secret, EncodingAESKey.\n", "", 0)
	o.wantStored(`{"token":"` + token + `","app_secret":"` + testSecret + `","encoding_aes_key":"` + key + `"}`)
}
