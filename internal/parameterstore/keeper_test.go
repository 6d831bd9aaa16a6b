package parameterstore_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/smithy-go"
	"github.com/google/go-cmp/cmp"

	"github.com/guanzhu/guanzhu/internal/bilingual"
	"github.com/guanzhu/guanzhu/internal/parameterstore"
	"github.com/guanzhu/guanzhu/pkg/secrets"
)

const (
	ref       = "ssm:/guanzhu/secrets"
	allJSON   = `{"token": "token1value", "app_secret": "appsecret1value", "link_key": "linkkey1value", "previous": {"token": "token0value"}}`
	otherJSON = `{"token":"token2value","app_secret":"appsecret2value"}`
)

var (
	all         = secrets.Secrets{Token: "token1value", AppSecret: "appsecret1value", LinkKey: "linkkey1value", PreviousToken: "token0value"}
	other       = secrets.Secrets{Token: "token2value", AppSecret: "appsecret2value"}
	throttled   = &smithy.GenericAPIError{Code: "ThrottlingException", Message: "Rate exceeded"}
	denied      = &smithy.GenericAPIError{Code: "AccessDeniedException", Message: "not authorized"}
	missing     = &smithy.GenericAPIError{Code: "ParameterNotFound"}
	unavailable = &smithy.GenericAPIError{Code: "InternalServerError", Fault: smithy.FaultServer}
)

// inEurope is the configuration of a function there.
var inEurope = aws.Config{Region: "eu-central-1", Credentials: aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
	return aws.Credentials{AccessKeyID: "id", SecretAccessKey: "key", SessionToken: "session"}, nil
})}

// systemsManager is a Reader that answers by a function of the call's number, from 1.
type systemsManager struct {
	answer func(ctx context.Context, call int) (string, error)
	kind   string
	calls  atomic.Int32
}

func (m *systemsManager) GetParameter(ctx context.Context, name string) (parameterstore.Parameter, error) {
	call := int(m.calls.Add(1))
	if name != "/guanzhu/secrets" {
		return parameterstore.Parameter{}, missing
	}
	value, err := m.answer(ctx, call)
	if err != nil {
		return parameterstore.Parameter{}, err
	}
	return parameterstore.Parameter{Value: value, Type: m.kind, Version: 7}, nil
}

// answers returns a Reader that gives these answers, JSON or errors, one after the other, and then repeats the last one.
func answers(list ...any) *systemsManager {
	answer := func(_ context.Context, call int) (string, error) {
		switch a := list[min(call, len(list))-1].(type) {
		case error:
			return "", a
		default:
			return a.(string), nil
		}
	}
	return &systemsManager{answer: answer, kind: "SecureString"}
}

func hang(ctx context.Context, _ int) (string, error) {
	<-ctx.Done()
	return "", &smithy.CanceledError{Err: ctx.Err()}
}

func open(t *testing.T, m *systemsManager) *parameterstore.Keeper {
	t.Helper()
	k, err := parameterstore.Open(t.Context(), ref, parameterstore.Options{Reader: m})
	if err != nil {
		t.Fatal(err)
	}
	return k
}

func TestOpen(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name      string
		m         *systemsManager
		wantCalls int32
	}{
		{"at once", answers(allJSON), 1},
		{"after throttling", answers(throttled, throttled, throttled, allJSON), 4},
		{"after an error of AWS", answers(unavailable, allJSON), 2},
		{"after a cut connection", answers(io.ErrUnexpectedEOF, allJSON), 2},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				start := time.Now()
				k := open(t, tt.m)
				if k.Current() != all || k.AppSecret() != all.AppSecret || k.Inline() {
					t.Error("the Keeper has other secrets than the parameter, or takes them for inline")
				}
				if diff := cmp.Diff(tt.wantCalls, tt.m.calls.Load()); diff != "" {
					t.Errorf("calls (-want +got):\n%s", diff)
				}
				if took := time.Since(start); (tt.wantCalls > 1) != (took > 0) || took > time.Second {
					t.Errorf("it took %v", took)
				}
			})
		})
	}
}

func TestOpenFails(t *testing.T) {
	t.Parallel()
	text := answers(allJSON)
	text.kind = "String"
	tests := []struct {
		name    string
		m       *systemsManager
		want    string        // in the error
		took    time.Duration // until the error comes
		atLeast int32         // calls
		atMost  int32
	}{
		{"throttled all the time", answers(throttled), "within 2.5s", 2500 * time.Millisecond, 9, 16},
		{"reason of the last answer", &systemsManager{answer: func(ctx context.Context, call int) (string, error) {
			if call == 1 {
				return "", throttled
			}
			return hang(ctx, call)
		}}, "Rate exceeded", 2500 * time.Millisecond, 2, 2},
		{"no answer", &systemsManager{answer: hang}, "context deadline exceeded", 2500 * time.Millisecond, 1, 1},
		{"no permission", answers(denied), "ssm:GetParameter", 0, 1, 1},
		{"no parameter", answers(missing), "create it as a SecureString", 0, 1, 1},
		{"another refusal", answers(&smithy.GenericAPIError{Code: "UnrecognizedClientException"}), "check WECHAT_SECRETS",
			0, 1, 1},
		{"no secrets", answers(`{"token":"HIDE"}`), "the parameter /guanzhu/secrets: secrets: app_secret is missing",
			0, 1, 1},
		{"stored in clear", text, "create it as a SecureString", 0, 1, 1},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				start := time.Now()
				k, err := parameterstore.Open(t.Context(), ref, parameterstore.Options{Reader: tt.m})
				if k != nil || err == nil {
					t.Fatalf("Open = %v, %v", k, err)
				}
				if msg := err.Error(); !strings.Contains(msg, tt.want) || !strings.Contains(msg, "/guanzhu/secrets") ||
					strings.Contains(msg, "HIDE") || strings.Contains(msg, "\n") {
					t.Errorf("the error is %q, want %q and the parameter's name in one line", msg, tt.want)
				}
				if diff := cmp.Diff(tt.took, time.Since(start)); diff != "" {
					t.Errorf("time (-want +got):\n%s", diff)
				}
				if n := tt.m.calls.Load(); n < tt.atLeast || n > tt.atMost {
					t.Errorf("%d calls, want %d to %d", n, tt.atLeast, tt.atMost)
				}
			})
		})
	}
}

// TestOpenFailsInChinese holds that an owner who reads Chinese gets the reason and the remedy in Chinese.
func TestOpenFailsInChinese(t *testing.T) {
	t.Parallel()
	clear := answers(allJSON)
	clear.kind = "String"
	for want, m := range map[string]*systemsManager{
		"2.5s 内读不了参数 /guanzhu/secrets：检查到 Systems Manager 的网络":  answers(throttled),
		"读不了参数 /guanzhu/secrets：给函数的角色授予它的 ssm:GetParameter 权限": answers(denied),
		"读不了参数 /guanzhu/secrets：把它创建为 SecureString":             answers(missing),
		"参数 /guanzhu/secrets：密钥：缺少 app_secret":                  answers(`{"token":"t"}`),
		"参数 /guanzhu/secrets 没有值":                               answers(""),
		"参数 /guanzhu/secrets 的类型是 String，以明文保存":                 clear,
	} {
		synctest.Test(t, func(t *testing.T) {
			_, err := parameterstore.Open(t.Context(), ref, parameterstore.Options{Reader: m})
			if got := bilingual.Explain(err, bilingual.Chinese); !strings.HasPrefix(got, want) {
				t.Errorf("%q, want %q", got, want)
			}
		})
	}
}

func TestOpenRefusesRef(t *testing.T) {
	t.Parallel()
	for _, ref := range []string{"", "HIDE", "ssm:", "ssm:/", "ssm:HIDE", "ssm:/HIDE/", "ssm:/a HIDE", "ssm:{HIDE}", "ssm://HIDE",
		"ssm:/HIDE:3", "SSM:/HIDE", "file:/HIDE", "[HIDE]", "{HIDE", `{"token":"HIDE"}`} {
		t.Run(fmt.Sprintf("%q", ref), func(t *testing.T) {
			t.Parallel()
			m := answers(allJSON)
			k, err := parameterstore.Open(t.Context(), ref, parameterstore.Options{Reader: m})
			if k != nil || err == nil || strings.Contains(err.Error(), "HIDE") || m.calls.Load() != 0 {
				t.Errorf("Open = %v, %v after %d calls", k, err, m.calls.Load())
			}
		})
	}
}

func TestInline(t *testing.T) {
	t.Parallel()
	k, err := parameterstore.Open(t.Context(), allJSON, parameterstore.Options{})
	if err != nil {
		t.Fatal(err)
	}
	if !k.Inline() || k.Current() != all {
		t.Error("the Keeper has other secrets than those given, or does not take them for inline")
	}
	if k.Reload(t.Context()) {
		t.Error("inline secrets changed")
	}
	if text := fmt.Sprintf("%v %+v %#v", k, k, k); strings.Contains(text, all.Token) {
		t.Errorf("the Keeper shows its secrets: %s", text)
	}
}

// TestLinkKey: without a link key, the app secret takes its place.
func TestLinkKey(t *testing.T) {
	t.Parallel()
	m := answers(otherJSON, allJSON)
	k := open(t, m)
	if k.LinkKey() != other.AppSecret {
		t.Error("without a link key, the app secret does not serve")
	}
	if !k.Reload(t.Context()) || k.LinkKey() != all.LinkKey {
		t.Error("the link key does not serve")
	}
}

func TestReload(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 7, 1, 12, 0, 0, 0, time.UTC)
	m := answers(allJSON, otherJSON, denied, allJSON, `{"token":""}`, allJSON, allJSON, otherJSON)
	k, err := parameterstore.Open(t.Context(), ref, parameterstore.Options{Reader: m, Now: func() time.Time { return now }})
	if err != nil {
		t.Fatal(err)
	}
	steps := []struct {
		name    string
		after   time.Duration
		changed bool
		want    secrets.Secrets
		calls   int32
	}{
		{"right after the start", 0, true, other, 2},
		{"not within a minute", time.Minute - 1, false, other, 2},
		{"a failed read keeps the old ones", 1, false, other, 3},
		{"and pauses the reading", 5*time.Second - 1, false, other, 3},
		{"for 5 s alone: changed back", 1, true, all, 4},
		{"after which the pause is a minute again", time.Minute - 1, false, all, 4},
		{"what is no secrets keeps the old ones", 1, false, all, 5},
		{"the same again", time.Hour, false, all, 6},
		{"a clock set back stops nothing", -time.Hour, false, all, 7},
		{"nor lets it read at once", time.Second, false, all, 7},
		{"after a minute", time.Minute, true, other, 8},
	}
	for _, step := range steps {
		now = now.Add(step.after)
		if got := k.Reload(t.Context()); got != step.changed {
			t.Errorf("%s: changed is %t", step.name, got)
		}
		if k.Current() != step.want {
			t.Errorf("%s: the Keeper has other secrets", step.name)
		}
		if diff := cmp.Diff(step.calls, m.calls.Load()); diff != "" {
			t.Errorf("%s: calls (-want +got):\n%s", step.name, diff)
		}
	}
}

func TestReloadWithinASecond(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		k := open(t, &systemsManager{answer: func(ctx context.Context, call int) (string, error) {
			if call == 1 {
				return allJSON, nil
			}
			return hang(ctx, call)
		}})
		start := time.Now()
		if k.Reload(t.Context()) || k.Current() != all {
			t.Error("changed without an answer")
		}
		if diff := cmp.Diff(time.Second, time.Since(start)); diff != "" {
			t.Errorf("time (-want +got):\n%s", diff)
		}
	})
}

func TestReloadTriesAgainAfterThrottling(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		k := open(t, answers(allJSON, throttled, otherJSON))
		if !k.Reload(t.Context()) || k.Current() != other {
			t.Error("not changed")
		}
	})
}

func TestReloadOfAnEndedRequest(t *testing.T) {
	t.Parallel()
	m := answers(allJSON, otherJSON)
	k := open(t, m)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if k.Reload(ctx) || m.calls.Load() != 1 {
		t.Error("read for a request that has ended")
	}
	if !k.Reload(t.Context()) {
		t.Error("an ended request used up the minute's read")
	}
}

// TestReloadIsShared: ten requests fail at the same time. One read serves them all; a request that ends while it waits gives up.
func TestReloadIsShared(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		reading, answer := make(chan struct{}), make(chan struct{})
		m := &systemsManager{answer: func(_ context.Context, call int) (string, error) {
			if call == 1 {
				return allJSON, nil
			}
			close(reading)
			<-answer
			return otherJSON, nil
		}}
		k := open(t, m)
		var wg sync.WaitGroup
		var changed atomic.Int32
		reload := func(ctx context.Context) {
			if k.Reload(ctx) {
				changed.Add(1)
			}
		}
		for range 10 {
			wg.Go(func() { reload(t.Context()) })
		}
		<-reading
		ended, cancel := context.WithCancel(t.Context())
		gaveUp := make(chan struct{})
		go func() { reload(ended); close(gaveUp) }()
		synctest.Wait()
		cancel()
		<-gaveUp
		if n := changed.Load(); n != 0 {
			t.Errorf("%d callers returned true before the answer", n)
		}
		if k.Current() != all {
			t.Error("the secrets cannot be read, or changed, during the read")
		}
		close(answer)
		wg.Wait()
		if diff := cmp.Diff([]int32{10, 2}, []int32{changed.Load(), m.calls.Load()}); diff != "" {
			t.Errorf("callers told, calls (-want +got):\n%s", diff)
		}
	})
}

// It is not parallel, because it replaces the default logger.
func TestFailedReloadIsLogged(t *testing.T) {
	var log bytes.Buffer
	before := slog.Default()
	slog.SetDefault(slog.New(slog.NewTextHandler(&log, nil)))
	defer slog.SetDefault(before)
	k := open(t, answers(allJSON, `{"token":"HIDE","app_secret":7777}`))
	k.Reload(t.Context())
	if text := log.String(); !strings.Contains(text, "app_secret must be a string") || strings.Contains(text, "HIDE") ||
		strings.Contains(text, "7777") {
		t.Errorf("logged: %s", text)
	}
}

// TestNewClient calls the client against the protocol as AWS documents it.
func TestNewClient(t *testing.T) {
	t.Parallel()
	var calls atomic.Int32
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		got := []string{r.Header.Get("X-Amz-Target"), string(body)}
		if diff := cmp.Diff([]string{"AmazonSSM.GetParameter", `{"Name":"/guanzhu/secrets","WithDecryption":true}`},
			got); diff != "" {
			t.Errorf("request (-want +got):\n%s", diff)
		}
		w.Header().Set("Content-Type", "application/x-amz-json-1.1")
		switch calls.Add(1) {
		case 1, 2:
			w.WriteHeader(http.StatusBadRequest)
			io.WriteString(w, `{"__type":"ThrottlingException","message":"Rate exceeded"}`)
		case 3:
			io.WriteString(w, `{"Parameter":{"Name":"/guanzhu/secrets","Type":"SecureString","Value":`+
				`"{\"token\":\"token2value\",\"app_secret\":\"appsecret2value\"}"}}`)
		default:
			w.WriteHeader(http.StatusBadRequest)
			io.WriteString(w, `{"__type":"ParameterNotFound"}`)
		}
	}))
	defer server.Close()
	client := parameterstore.NewClient(inEurope, server.URL)

	_, err := client.GetParameter(t.Context(), "/guanzhu/secrets")
	if err == nil || calls.Load() != 1 {
		t.Errorf("the client made %d tries of a throttled call, error %v; want one try", calls.Load(), err)
	}
	k, err := parameterstore.Open(t.Context(), ref, parameterstore.Options{Reader: client})
	if err != nil {
		t.Fatal(err)
	}
	if k.Current() != other {
		t.Error("the Keeper has other secrets than the parameter")
	}
	_, err = parameterstore.Open(t.Context(), ref, parameterstore.Options{Reader: client})
	if api, ok := errors.AsType[smithy.APIError](err); !ok || api.ErrorCode() != "ParameterNotFound" {
		t.Errorf("the error is %v, want ParameterNotFound", err)
	}
	if diff := cmp.Diff(int32(4), calls.Load()); diff != "" {
		t.Errorf("calls (-want +got):\n%s", diff)
	}
}

// TestReloadAfterAStall: after a connection without an answer, there is time for another try within the second of a Reload.
func TestReloadAfterAStall(t *testing.T) {
	t.Parallel()
	var calls atomic.Int32
	ended := make(chan struct{})
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		value := allJSON
		switch calls.Add(1) {
		case 1:
		case 2:
			io.Copy(io.Discard, r.Body)
			select {
			case <-r.Context().Done():
			case <-ended:
			}
			return
		default:
			value = otherJSON
		}
		w.Header().Set("Content-Type", "application/x-amz-json-1.1")
		fmt.Fprintf(w, `{"Parameter":{"Name":"/guanzhu/secrets","Type":"SecureString","Value":%q}}`, value)
	}))
	defer server.Close()
	defer close(ended)
	client := parameterstore.NewClient(inEurope, server.URL)
	k, err := parameterstore.Open(t.Context(), ref, parameterstore.Options{Reader: client})
	if err != nil {
		t.Fatal(err)
	}
	if !k.Reload(t.Context()) || k.Current() != other {
		t.Errorf("not changed after %d calls", calls.Load())
	}
}

func TestOpenWithoutReader(t *testing.T) {
	t.Parallel()
	if _, err := parameterstore.Open(t.Context(), "ssm:/guanzhu/prod", parameterstore.Options{}); err == nil || !strings.Contains(err.Error(), "the JSON") {
		t.Errorf("error %v", err)
	}
}
