package main

import (
	"bytes"
	"context"
	"errors"
	"io"
	"log/slog"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"regexp"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ssm"
	"github.com/aws/aws-sdk-go-v2/service/ssm/types"
	"github.com/aws/smithy-go"
	"github.com/google/go-cmp/cmp"

	"github.com/guanzhu/guanzhu/internal/parameterstore"
	"github.com/guanzhu/guanzhu/internal/pause"
	"github.com/guanzhu/guanzhu/pkg/secrets"
	"github.com/guanzhu/guanzhu/pkg/webhook"
	"github.com/guanzhu/guanzhu/pkg/wechat"
	"github.com/guanzhu/guanzhu/pkg/wechattest"
)

const (
	secretsName = "/guanzhu/test"
	oldToken    = "oldTokenOfTheTests"
	oldKey      = "abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG"
	theSecret   = "0123456789abcdef0123456789abcdef"
	linkKey     = "linkKeyOfTheTests_linkKeyOfTheTests_linkKey"
	pushURL     = "https://host.example" + webhook.Path
)

// systemsManager holds one parameter, as Systems Manager does. Where it is unreliable, each call takes a moment, one in
// ten is throttled, and for some seconds after a write every other reader still sees the value before.
type systemsManager struct {
	unreliable bool

	mu       sync.Mutex
	random   *rand.Rand
	versions []string
	written  time.Time // the last of them
	in       []*ssm.PutParameterInput
}

const lag = 10 * time.Second

// holding is a reliable one that holds s.
func holding(t *testing.T, s secrets.Secrets) *systemsManager {
	t.Helper()
	document, err := secrets.Document(s)
	if err != nil {
		t.Fatal(err)
	}
	return &systemsManager{random: rand.New(rand.NewPCG(1, 1)), versions: []string{string(document)}}
}

func (m *systemsManager) disturb() error {
	if !m.unreliable {
		return nil
	}
	m.mu.Lock()
	latency, throttled := time.Duration(m.random.IntN(40))*time.Millisecond, m.random.IntN(10) == 0
	m.mu.Unlock()
	time.Sleep(latency)
	if throttled {
		return &smithy.GenericAPIError{Code: "ThrottlingException", Message: "Rate exceeded"}
	}
	return nil
}

func (m *systemsManager) GetParameter(_ context.Context, in *ssm.GetParameterInput, _ ...func(*ssm.Options)) (*ssm.GetParameterOutput, error) {
	if err := m.disturb(); err != nil {
		return nil, err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	n := len(m.versions)
	if n == 0 || *in.Name != secretsName || !*in.WithDecryption {
		return nil, &types.ParameterNotFound{}
	}
	if m.unreliable && n > 1 && time.Since(m.written) < lag && m.random.IntN(2) == 0 {
		n--
	}
	return &ssm.GetParameterOutput{Parameter: &types.Parameter{
		Value: aws.String(m.versions[n-1]), Version: int64(n), Type: types.ParameterTypeSecureString,
	}}, nil
}

func (m *systemsManager) PutParameter(_ context.Context, in *ssm.PutParameterInput, _ ...func(*ssm.Options)) (*ssm.PutParameterOutput, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if len(m.versions) > 0 && !*in.Overwrite {
		return nil, &types.ParameterAlreadyExists{}
	}
	m.in = append(m.in, in)
	m.versions = append(m.versions, *in.Value)
	m.written = time.Now()
	return &ssm.PutParameterOutput{Version: int64(len(m.versions))}, nil
}

// forFunctions reads the parameter as a function does.
type forFunctions struct{ *systemsManager }

func (m forFunctions) GetParameter(ctx context.Context, name string) (parameterstore.Parameter, error) {
	out, err := m.systemsManager.GetParameter(ctx, &ssm.GetParameterInput{Name: &name, WithDecryption: aws.Bool(true)})
	if _, none := errors.AsType[*types.ParameterNotFound](err); none {
		return parameterstore.Parameter{}, &smithy.GenericAPIError{Code: "ParameterNotFound"}
	}
	if err != nil {
		return parameterstore.Parameter{}, err
	}
	return parameterstore.Parameter{Value: *out.Parameter.Value, Type: string(out.Parameter.Type), Version: out.Parameter.Version}, nil
}

// retrying is what the SDK makes of it: a throttled call is made again.
type retrying struct{ *systemsManager }

func (m retrying) GetParameter(ctx context.Context, in *ssm.GetParameterInput, o ...func(*ssm.Options)) (out *ssm.GetParameterOutput, err error) {
	for range 10 {
		if out, err = m.systemsManager.GetParameter(ctx, in, o...); err == nil {
			break
		}
	}
	return out, err
}

// current is what is stored.
func (m *systemsManager) current(t *testing.T) secrets.Secrets {
	t.Helper()
	m.mu.Lock()
	defer m.mu.Unlock()
	if len(m.versions) == 0 {
		return secrets.Secrets{}
	}
	s, err := secrets.Parse([]byte(m.versions[len(m.versions)-1]))
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// fleet is an http.RoundTripper that gives each request to one of the instances, as Lambda does.
type fleet struct {
	t   *testing.T
	ssm *systemsManager

	mu        sync.Mutex
	random    *rand.Rand
	instances []*instance
}

type instance struct {
	handler http.Handler
	frozen  time.Time // until then it gets no request
}

// start adds an instance: the endpoint as it is deployed, with a Keeper of its own.
func (f *fleet) start() {
	keeper, err := parameterstore.Open(f.t.Context(), "ssm:"+secretsName, parameterstore.Options{Reader: forFunctions{f.ssm}})
	if err != nil {
		f.t.Error(err)
		return
	}
	f.add(keeper)
}

func (f *fleet) add(keeper webhook.Secrets) {
	router := webhook.NewRouter()
	webhook.On(router, func(_ context.Context, p *wechat.Text) (wechat.Reply, error) { return wechat.TextReply(p.Content), nil })
	handler, err := webhook.New(webhook.Config{AppID: sampleAppID, Secrets: keeper, Router: router,
		Hash: func(string) string { return "hash" }, Now: time.Now, Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		f.t.Error(err)
		return
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	f.instances = append(f.instances, &instance{handler: handler})
}

// live has instances frozen, ended and started, until ctx ends.
func (f *fleet) live(ctx context.Context) {
	for ctx.Err() == nil {
		f.start()
		f.mu.Lock()
		if len(f.instances) > 10 {
			f.instances = slices.Delete(f.instances, 0, 1)
		}
		f.instances[f.random.IntN(len(f.instances))].frozen = time.Now().Add(time.Duration(f.random.IntN(150)) * time.Second)
		f.mu.Unlock()
		pause.For(ctx, 9*time.Second)
	}
}

func (f *fleet) RoundTrip(r *http.Request) (*http.Response, error) {
	f.mu.Lock()
	awake := slices.DeleteFunc(slices.Clone(f.instances), func(i *instance) bool { return time.Now().Before(i.frozen) })
	if len(awake) == 0 {
		awake = f.instances // one thaws
	}
	chosen := awake[f.random.IntN(len(awake))]
	latency := time.Duration(f.random.IntN(50)) * time.Millisecond
	f.mu.Unlock()
	time.Sleep(latency)
	answer := httptest.NewRecorder()
	chosen.handler.ServeHTTP(answer, r)
	return answer.Result(), nil
}

// load is the platform, which pushes all the time as its console says, and a forger, who has every instance read the
// secrets as often as it may.
type load struct {
	*fleet
	console atomic.Pointer[consoleSettings]
	sent    atomic.Int32
	refused atomic.Int32
}

// consoleSettings is what the platform's console says.
type consoleSettings struct {
	wechattest.Account
	mode wechattest.Mode
}

func (l *load) push(ctx context.Context) {
	client := &http.Client{Transport: l}
	var pushes sync.WaitGroup
	defer pushes.Wait()
	for ctx.Err() == nil {
		id := int64(l.sent.Add(1))
		pushes.Go(func() {
			account := *l.console.Load()
			_, made, err := account.Deliver(l.t.Context(), client, pushURL, account.mode, account.Text(sampleFollower, time.Now(), id, "hello"))
			if err != nil || len(made) != 1 {
				l.refused.Add(1)
			}
		})
		pause.For(ctx, 250*time.Millisecond)
	}
}

func (l *load) forge(ctx context.Context) {
	client := &http.Client{Transport: l}
	for ctx.Err() == nil {
		forger := *l.console.Load()
		forger.Token = "guessed"
		request, err := forger.Request(ctx, pushURL, forger.mode, forger.Text(sampleFollower, time.Now(), 1, "forged"), time.Now())
		if err != nil {
			l.t.Error(err)
			return
		}
		if response, err := client.Do(request); err == nil && response.StatusCode != http.StatusForbidden {
			l.t.Errorf("a forged push got status %d", response.StatusCode)
		}
		pause.For(ctx, 500*time.Millisecond)
	}
}

// underLoad runs rotate in the middle of pushes, with the rotation that is to be made and what changes the console, to
// plain mode where there is no key.
func underLoad(t *testing.T, mode wechattest.Mode, seed uint64, rotate func(*rotation, func(token, key string))) *load {
	passTenDigits()
	was := secrets.Secrets{Token: oldToken, AppSecret: theSecret, LinkKey: linkKey}
	if mode != wechattest.Plain {
		was.EncodingAESKey = oldKey
	}
	store := holding(t, was)
	store.unreliable, store.random = true, rand.New(rand.NewPCG(seed, 1))
	l := &load{fleet: &fleet{t: t, ssm: store, random: rand.New(rand.NewPCG(seed, 2))}}
	l.console.Store(&consoleSettings{wechattest.Account{AppID: sampleAppID, Token: was.Token, EncodingAESKey: was.EncodingAESKey, ID: "gh_0123456789ab"}, mode})
	l.start()
	before := 2*time.Minute + time.Duration(l.random.IntN(60))*time.Second

	ctx, stop := context.WithCancel(t.Context())
	var running sync.WaitGroup
	for _, part := range []func(context.Context){l.live, l.push, l.forge} {
		running.Go(func() { part(ctx) })
	}
	pause.For(ctx, before)
	rotate(&rotation{
		parameter: &parameter{name: secretsName, region: "us-east-1", flags: "--name " + secretsName, ssm: retrying{store}, out: io.Discard},
		url:       pushURL, appID: sampleAppID, transport: l.fleet, owner: io.Discard,
	}, func(token, key string) {
		account := *l.console.Load()
		account.Token, account.EncodingAESKey = token, key
		if key == "" {
			account.mode = wechattest.Plain
		}
		l.console.Store(&account)
	})
	pause.For(ctx, 3*time.Minute)
	stop()
	running.Wait()
	if l.sent.Load() < 1000 {
		t.Errorf("only %d pushes", l.sent.Load())
	}
	return l
}

var shown = regexp.MustCompile(`(Token|EncodingAESKey)  +(\S+)`)

// TestRotationUnderLoadLosesNoPush holds rotate to its purpose: who changes the console when it says so loses nothing,
// whatever instances did before.
func TestRotationUnderLoadLosesNoPush(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name       string
		mode       wechattest.Mode
		token, key bool
		want       []string // what is shown
	}{
		{"all of plain mode", wechattest.Plain, false, false, []string{"Token"}},
		{"token", wechattest.Safe, true, false, []string{"Token"}},
		{"key", wechattest.Safe, false, true, []string{"EncodingAESKey"}},
		{"all of safe mode", wechattest.Safe, false, false, []string{"Token", "EncodingAESKey"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			for seed := range uint64(2) {
				synctest.Test(t, func(t *testing.T) {
					l := underLoad(t, tt.mode, seed, func(r *rotation, change func(token, key string)) {
						var owner bytes.Buffer
						r.token, r.key, r.owner = tt.token, tt.key, &owner
						if err := r.run(t.Context()); err != nil {
							t.Error(err)
							return
						}
						s := r.ssm.(retrying).current(t)
						token, key := oldToken, ""
						if tt.mode == wechattest.Safe {
							key = oldKey
						}
						var names []string
						for _, match := range shown.FindAllStringSubmatch(owner.String(), -1) {
							names = append(names, match[1])
							if match[1] == "Token" {
								token = match[2]
							} else {
								key = match[2]
							}
						}
						if diff := cmp.Diff(tt.want, names); diff != "" || token != s.Token || key != s.EncodingAESKey {
							t.Errorf("shown is something else than written (-want +got):\n%s", diff)
						}
						change(token, key)
						pause.For(t.Context(), 2*time.Minute)
						if err := r.finish(t.Context(), answering("yes")); err != nil || r.ssm.(retrying).current(t).Rotating() {
							t.Errorf("not finished: %v", err)
						}
					})
					if n := l.refused.Load(); n != 0 {
						t.Errorf("seed %d: %d of %d pushes were refused", seed, n, l.sent.Load())
					}
				})
			}
		})
	}
}

// TestRemovingTheKeyLosesNoPush holds the order that guanzhu secrets tells: the console is in compatible mode when the
// key is removed, and goes to plain mode two minutes later.
func TestRemovingTheKeyLosesNoPush(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		l := underLoad(t, wechattest.Compatible, 1, func(r *rotation, change func(token, key string)) {
			if err := r.ask(t.Context(), answering("", "", "-", "yes")); err != nil {
				t.Error(err)
			}
			pause.For(t.Context(), 2*time.Minute)
			change(oldToken, "")
		})
		if n := l.refused.Load(); n != 0 {
			t.Errorf("%d of %d pushes were refused", n, l.sent.Load())
		}
	})
}

// TestImpatienceLosesPushes shows that the load above would find a rotation that does not wait.
func TestImpatienceLosesPushes(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		l := underLoad(t, wechattest.Safe, 1, func(r *rotation, change func(token, key string)) {
			was, version, err := r.existing(t.Context())
			if err != nil {
				t.Error(err)
				return
			}
			next, err := r.begin(t.Context(), was, version)
			if err != nil {
				t.Error(err)
				return
			}
			change(next.Token, next.EncodingAESKey)
		})
		if l.refused.Load() == 0 {
			t.Error("no push was refused, though the console was changed at once")
		}
	})
}

// fixed are the secrets of an instance that cannot read them again.
type fixed secrets.Secrets

func (f fixed) Current() secrets.Secrets  { return secrets.Secrets(f) }
func (fixed) Reload(context.Context) bool { return false }

// rotationOver is a rotation over instances with secrets of their own.
func rotationOver(t *testing.T, store *systemsManager, instances ...secrets.Secrets) (r *rotation, out, owner *bytes.Buffer) {
	passTenDigits()
	out, owner = new(bytes.Buffer), new(bytes.Buffer)
	f := &fleet{t: t, ssm: store, random: rand.New(rand.NewPCG(1, 2))}
	for _, s := range instances {
		f.add(fixed(s))
	}
	return &rotation{
		parameter: &parameter{name: secretsName, region: "us-east-1", flags: "--name " + secretsName, ssm: store, out: out},
		url:       pushURL, appID: sampleAppID, transport: f, owner: owner,
	}, out, owner
}

// passTenDigits lets the clock of a bubble, which starts in 2000, reach the times that have ten digits as WeChat's do.
func passTenDigits() { time.Sleep(time.Until(time.Date(2026, 11, 22, 0, 0, 0, 0, time.UTC))) }

// TestRotateAgainGoesOn runs it again before the console was changed: the value that the console uses must stay.
func TestRotateAgainGoesOn(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		begun := secrets.Secrets{Token: "newTokenOfTheTests", AppSecret: theSecret, LinkKey: linkKey, EncodingAESKey: oldKey, PreviousToken: oldToken}
		r, _, owner := rotationOver(t, holding(t, begun), begun)
		start := time.Now()
		if err := r.run(t.Context()); err != nil {
			t.Fatal(err)
		}
		if n := len(r.ssm.(*systemsManager).in); n != 0 {
			t.Errorf("written %d times", n)
		}
		if text := owner.String(); strings.Count(text, begun.Token) != 1 || strings.Contains(text, oldToken) || strings.Contains(text, oldKey) {
			t.Errorf("shown: %s", text)
		}
		// An instance may have read just before the write, or, as long as readers lag, the old value after it.
		if took := time.Since(start); took < time.Minute+lag || took > 2*time.Minute {
			t.Errorf("it took %v", took)
		}
	})
}

func TestRotateSaysWhenItIsTooEarly(t *testing.T) {
	t.Parallel()
	old := secrets.Secrets{Token: oldToken, AppSecret: theSecret, LinkKey: linkKey, EncodingAESKey: oldKey}
	synctest.Test(t, func(t *testing.T) {
		store := holding(t, old)
		r, _, owner := rotationOver(t, store, old)
		err := r.run(t.Context())
		wantRefusal(t, err, "do not change the console yet: after 5m0s", owner)
		if next := store.current(t); next.PreviousToken != oldToken || next.PreviousEncodingAESKey != oldKey {
			t.Error("the old values are not valid any more")
		}

		// One of two instances reads the new values: that is not enough.
		r.transport.(*fleet).add(fixed(store.current(t)))
		wantRefusal(t, r.run(t.Context()), "do not change the console yet: after 5m0s", owner)
	})
	synctest.Test(t, func(t *testing.T) {
		r, _, owner := rotationOver(t, holding(t, old), old)
		ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
		defer cancel()
		wantRefusal(t, r.run(ctx), "interrupted: do not change the console yet", owner)
	})
}

// wantRefusal wants an error, and that nothing was shown to be pasted, nor in the error.
func wantRefusal(t *testing.T, err error, want string, owner *bytes.Buffer) {
	t.Helper()
	if err == nil || !strings.Contains(err.Error(), want) {
		t.Fatalf("the error is %v, want %q in it", err, want)
	}
	for _, value := range []string{oldToken, oldKey, theSecret, "signature="} {
		if strings.Contains(err.Error()+owner.String(), value) {
			t.Errorf("shows %q: %v, %s", value, err, owner)
		}
	}
	if shown.MatchString(owner.String()) {
		t.Errorf("shows new values: %s", owner)
	}
}

func TestRotateWritesNothingWhere(t *testing.T) {
	t.Parallel()
	plain := secrets.Secrets{Token: oldToken, AppSecret: theSecret, LinkKey: linkKey}
	safe := secrets.Secrets{Token: oldToken, AppSecret: theSecret, LinkKey: linkKey, EncodingAESKey: oldKey}
	other := secrets.Secrets{Token: "anotherToken", AppSecret: theSecret, LinkKey: linkKey, EncodingAESKey: oldKey}
	rotating := secrets.Secrets{Token: oldToken, AppSecret: theSecret, LinkKey: linkKey, EncodingAESKey: oldKey, PreviousEncodingAESKey: oldKey}
	server := func(h http.HandlerFunc) func(*rotation) {
		return func(r *rotation) {
			r.transport = roundTripper(func(r *http.Request) (*http.Response, error) {
				answer := httptest.NewRecorder()
				h(answer, r)
				return answer.Result(), nil
			})
		}
	}
	tests := []struct {
		name   string
		stored secrets.Secrets
		change func(*rotation)
		want   string
	}{
		{"no URL is given", plain, func(r *rotation) { r.url = "" }, "--url"},
		{"no AppID is given", safe, func(r *rotation) { r.appID = "" }, "--app-id"},
		{"no AppID is given to go on", rotating, func(r *rotation) { r.appID = "" }, "--app-id"},
		{"there is no parameter", plain, func(r *rotation) { r.name = "/guanzhu/other" }, "there is no parameter /guanzhu/other in us-east-1"},
		{"there is no key", plain, func(r *rotation) { r.key = true }, "the account is in plain mode"},
		{"the endpoint has another token", other, nil, "does not accept the present values; guanzhu doctor examines it: status 403"},
		{"the AppID is another", safe, func(r *rotation) { r.appID = "wxffffffffffffffff" }, "or another AppID"},
		{"nothing is there", plain, func(r *rotation) {
			r.transport = roundTripper(func(*http.Request) (*http.Response, error) { return nil, io.ErrUnexpectedEOF })
		}, "it cannot be reached"},
		{"the URL leads elsewhere", plain, server(func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, "/", http.StatusFound) }), "status 302"},
		{"something else answers", plain, server(func(w http.ResponseWriter, _ *http.Request) { io.WriteString(w, "hello") }), "check the URL"},
		{"something else answers pushes", safe, server(func(w http.ResponseWriter, _ *http.Request) { io.WriteString(w, "hello") }), "check the URL"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			store := holding(t, tt.stored)
			r, out, owner := rotationOver(t, store, plain, plain)
			if tt.stored.EncodingAESKey != "" {
				r, out, owner = rotationOver(t, store, safe)
			}
			if tt.change != nil {
				tt.change(r)
			}
			wantRefusal(t, r.run(t.Context()), tt.want, owner)
			if len(store.in) != 0 || out.Len() != 0 {
				t.Errorf("written %d times, told %s", len(store.in), out)
			}
		})
	}
}

type roundTripper func(*http.Request) (*http.Response, error)

func (f roundTripper) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

func TestRotateAppSecret(t *testing.T) {
	t.Parallel()
	was := secrets.Secrets{Token: oldToken, AppSecret: theSecret, LinkKey: linkKey, PreviousToken: "previousToken"}
	next := was
	next.AppSecret = "fedcba9876543210fedcba9876543210"
	tests := []struct {
		name, answer string
		want         secrets.Secrets
		wantOut      string
		wantErr      string
	}{
		{"another", next.AppSecret, next, "Written: /guanzhu/test in us-east-1, version 2: token, app secret, no EncodingAESKey (plain mode), previous token.", ""},
		{"the same", theSecret, was, "nothing was written", ""},
		{"none", "", was, "", "the app secret is required"},
		{"with a space", "another app-secret", was, "", "32 digits of 0-9 and a-f; this one has 18 characters"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			store := holding(t, was)
			r, out, owner := rotationOver(t, store)
			script := answering(tt.answer)
			script.out = owner
			err := r.replaceAppSecret(t.Context(), script)
			if (err == nil) != (tt.wantErr == "") || err != nil && !strings.Contains(err.Error(), tt.wantErr) || !strings.Contains(out.String(), tt.wantOut) {
				t.Errorf("error %v, told %s", err, out)
			}
			if store.current(t) != tt.want {
				t.Error("stored is something else")
			}
			for _, value := range []string{theSecret, next.AppSecret, oldToken, was.PreviousToken} {
				if strings.Contains(out.String()+owner.String(), value) {
					t.Errorf("shows %q", value)
				}
			}
		})
	}
}

// TestRotateAppSecretWithoutLinkKey says what it does to links, and adds no link key: the functions may be of a version
// that refuses one.
func TestRotateAppSecretWithoutLinkKey(t *testing.T) {
	t.Parallel()
	store := holding(t, secrets.Secrets{Token: oldToken, AppSecret: theSecret})
	r, _, owner := rotationOver(t, store)
	script := answering("fedcba9876543210fedcba9876543210")
	script.out = owner
	if err := r.replaceAppSecret(t.Context(), script); err != nil {
		t.Fatal(err)
	}
	if store.current(t) != (secrets.Secrets{Token: oldToken, AppSecret: "fedcba9876543210fedcba9876543210"}) {
		t.Error("stored is something else")
	}
	if !strings.Contains(owner.String(), "two hours") || !strings.Contains(owner.String(), "\n  guanzhu secrets --name "+secretsName+"\n") {
		t.Errorf("told %s", owner)
	}
}

// TestRoundIsSmall: a small concurrency limit of the functions holds for the checks as well.
func TestRoundIsSmall(t *testing.T) {
	t.Parallel()
	plain := secrets.Secrets{Token: oldToken, AppSecret: theSecret, LinkKey: linkKey}
	r, _, _ := rotationOver(t, holding(t, plain))
	var requests atomic.Int32
	r.transport = roundTripper(func(*http.Request) (*http.Response, error) {
		requests.Add(1)
		return nil, io.ErrUnexpectedEOF
	})
	if err := r.round(t.Context(), plain); err == nil || requests.Load() != 5 {
		t.Errorf("%d requests at once, want 5; error %v", requests.Load(), err)
	}
}
