package stack

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/guanzhu/guanzhu/pkg/follower"
	"github.com/guanzhu/guanzhu/pkg/wechat"
	"github.com/guanzhu/guanzhu/pkg/wechattest"
)

const (
	appID     = "wx0123456789abcdef"
	appSecret = "sample-app-secret-not-real"
	accountID = "gh_0123456789ab"
	openid    = "oSAMPLEfollower0000000000001"
)

// TestEmulator sends one follower's story, from follow to unfollow, through the function as it is built for Lambda.
func TestEmulator(t *testing.T) {
	rie, endpoint := part(t, emulator), part(t, dynamoDB)
	bootstrap := filepath.Join(t.TempDir(), "bootstrap")
	run(t, nil, "make", "bootstrap", "FUNCTION=webhook", "BOOTSTRAP="+bootstrap)

	for name, mode := range map[string]wechattest.Mode{
		"plain": wechattest.Plain, "compatible": wechattest.Compatible, "safe": wechattest.Safe,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			story(t, rie, bootstrap, endpoint, mode)
		})
	}
}

func story(t *testing.T, rie, bootstrap, endpoint string, mode wechattest.Mode) {
	wechatAccount := wechattest.Account{AppID: appID, Token: "guanzhuSampleToken", ID: accountID}
	secrets := map[string]string{"token": wechatAccount.Token, "app_secret": appSecret}
	if mode != wechattest.Plain {
		wechatAccount.EncodingAESKey = "abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG"
		secrets["encoding_aes_key"] = wechatAccount.EncodingAESKey
	}
	platform := wechattest.New(wechattest.Config{AppID: appID, AppSecret: appSecret})
	api := httptest.NewServer(platform)
	t.Cleanup(api.Close)
	records := createTable(t, endpoint)
	recorded, used := recordActions(t, endpoint)
	function := startInstance(t, rie, bootstrap, []string{
		"AWS_LAMBDA_LOG_FORMAT=JSON", "AWS_LAMBDA_LOG_LEVEL=DEBUG",
		"AWS_REGION=" + region, "AWS_ACCESS_KEY_ID=" + accessKey, "AWS_SECRET_ACCESS_KEY=" + secretKey,
		"WECHAT_APP_ID=" + appID, "WECHAT_SECRETS=ssm:/guanzhu/test", "WECHAT_API_URL=" + api.URL,
		"TABLE_NAME=" + records.name, "AWS_ENDPOINT_URL_DYNAMODB=" + recorded,
		"AWS_ENDPOINT_URL_SSM=" + parameterStore(t, "/guanzhu/test", secrets), "LOG_LEVEL=debug",
	})
	server := behindGateway(t, func(err error) { t.Error(err) }, function)
	owners := ownersAccount(t)

	push := func(message []byte) []byte {
		t.Helper()
		body, _, err := wechatAccount.Deliver(t.Context(), http.DefaultClient, server, mode, message)
		if err != nil {
			t.Fatal(err)
		}
		return body
	}
	wantReply := func(message []byte, reply wechat.Reply) {
		t.Helper()
		if diff := cmp.Diff(marshalled(t, message, reply), string(push(message))); diff != "" {
			t.Errorf("reply (-want +got):\n%s", diff)
		}
	}

	check, err := wechatAccount.Check(t.Context(), server, time.Now())
	if err != nil {
		t.Fatal(err)
	}
	if status, body := send(t, check); status != http.StatusOK || body != check.URL.Query().Get("echostr") {
		t.Errorf("the URL check is answered by %d %q", status, body)
	}

	followed := time.Now().Truncate(time.Second)
	platform.Follow(openid, profile(followed))
	subscribe := wechatAccount.Subscribe(openid, followed, "qrscene_spring")
	wantReply(subscribe, owners.Welcome())
	records.wantFollower(t, openid, followed)
	stored := records.items(t, openid)
	wantReply(subscribe, owners.Welcome()) // the platform sends it again
	if diff := cmp.Diff(stored, records.items(t, openid)); diff != "" {
		t.Errorf("what the second delivery changed:\n%s", diff)
	}

	wantReply(wechatAccount.Text(openid, followed, 1, "a text that is nobody's keyword"),
		owners.Answer("a text that is nobody's keyword"))
	const suggestion = "@open earlier, please"
	wantReply(wechatAccount.Text(openid, followed, 2, suggestion), owners.Suggestion())
	month := "suggestions#" + followed.In(wechat.ChinaTime).Format("2006-01")
	kept := records.items(t, month)
	if len(kept) != 1 || kept[0]["text"] != suggestion || kept[0]["at"] != float64(followed.Unix()) {
		t.Errorf("suggestions: %v", kept)
	}
	if strings.Contains(fmt.Sprint(kept), openid) {
		t.Error("a suggestion holds its writer's openid")
	}

	forger := wechatAccount
	forger.Token = "another"
	forged, err := forger.Request(t.Context(), server, mode, forger.Unsubscribe(openid, time.Now()), time.Now())
	if err != nil {
		t.Fatal(err)
	}
	if status, body := send(t, forged); status != http.StatusForbidden || body != "Bad Token!" {
		t.Errorf("a forgery is answered by %d %q", status, body)
	}
	if diff := cmp.Diff(stored, records.items(t, openid)); diff != "" {
		t.Errorf("what the forgery changed:\n%s", diff)
	}

	unfollowed := followed.Add(time.Second)
	if got := push(wechatAccount.Unsubscribe(openid, unfollowed)); string(got) != "success" {
		t.Errorf("the unfollow is answered by %q", got)
	}
	left := records.items(t, openid)
	if len(left) == 1 {
		expires, _ := left[0]["expires_at"].(float64)
		if after := time.Until(time.Unix(int64(expires), 0)); (follower.TombstoneFor - after).Abs() > time.Minute {
			t.Errorf("the tombstone expires after %v", after)
		}
		delete(left[0], "expires_at") // by the function's clock
	}
	tombstone := []map[string]any{{"pk": openid, "sk": "follower", "event_time": float64(unfollowed.Unix())}}
	if diff := cmp.Diff(tombstone, left); diff != "" {
		t.Errorf("after the unfollow (-want +got):\n%s", diff)
	}

	for action := range used() {
		if !slices.Contains(allowed(t, "WebhookRole"), action) {
			t.Errorf("template.yaml does not allow the function %s", action)
		}
	}
	log := function.printed.String()
	wantNothingTold(t, log, "open earlier", "nobody's")
	wantStory(t, log)
}

// wantNothingTold searches a log for what no log may hold, and for texts that were sent.
func wantNothingTold(t *testing.T, log string, texts ...string) {
	t.Helper()
	for _, secret := range append(texts,
		"oSAMPLEfollower", "guanzhuSampleToken", appSecret, "abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG", "access_token=", "ticket=",
	) {
		if strings.Contains(log, secret) {
			t.Errorf("the log holds %q", secret)
		}
	}
}

// wantStory holds the log to tell the follower's story: one line for each push, with what it waited for.
func wantStory(t *testing.T, log string) {
	t.Helper()
	type line struct {
		Message, AppID, Kind, Outcome, RequestID, Follower string

		Calls      int     `json:"table_calls"`
		TableMS    float64 `json:"table_ms"`
		PlatformMS float64 `json:"platform_ms"`
		AWS        any     `json:"_aws"`
	}
	type told struct {
		Kind, Outcome string
		Calls         int // of the table
		Platform      bool
	}
	var got []told
	var follower string
	for text := range strings.Lines(log) {
		var l line
		if !strings.HasPrefix(text, "{") || json.Unmarshal([]byte(text), &l) != nil || l.Message != "push" {
			continue // the emulator's own
		}
		if l.AppID != appID || l.RequestID == "" || l.AWS == nil && l.Outcome != "checked" || (l.Calls > 0) != (l.TableMS > 0) {
			t.Errorf("the line of a push lacks something: %s", text)
		}
		if follower == "" {
			follower = l.Follower
		} else if l.Follower != "" && l.Follower != follower {
			t.Errorf("the follower has two names: %s", text)
		}
		got = append(got, told{l.Kind, l.Outcome, l.Calls, l.PlatformMS > 0})
	}
	want := []told{
		{"", "checked", 0, false},
		{"event/subscribe", "replied", 3, true}, // with reading and saving the access token
		{"event/subscribe", "replied", 1, true},
		{"text", "replied", 0, false},
		{"text", "replied", 1, false},
		{"", "refused", 0, false},
		{"event/unsubscribe", "acknowledged", 1, false},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("the log's story (-want +got):\n%s", diff)
	}
}

// recordActions is in front of DynamoDB and notes the actions that a role needs for the calls.
func recordActions(t *testing.T, endpoint string) (address string, used func() map[string]bool) {
	t.Helper()
	target, err := url.Parse(endpoint)
	if err != nil {
		t.Fatal(err)
	}
	var mu sync.Mutex
	actions := map[string]bool{}
	proxy := httputil.NewSingleHostReverseProxy(target)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			http.Error(w, err.Error(), http.StatusBadGateway)
			return
		}
		r.Body = io.NopCloser(bytes.NewReader(body))
		var transaction struct{ TransactItems []map[string]any }
		json.Unmarshal(body, &transaction)
		mu.Lock()
		if transaction.TransactItems == nil {
			_, operation, _ := strings.Cut(r.Header.Get("X-Amz-Target"), ".")
			actions["dynamodb:"+operation] = true
		}
		for _, write := range transaction.TransactItems {
			for kind := range write {
				actions["dynamodb:"+kind+"Item"] = true // Put, Update, Delete
			}
		}
		mu.Unlock()
		proxy.ServeHTTP(w, r)
	}))
	t.Cleanup(server.Close)
	return server.URL, func() map[string]bool {
		mu.Lock()
		defer mu.Unlock()
		return maps.Clone(actions)
	}
}

// allowed lists the actions that template.yaml gives to a role.
func allowed(t *testing.T, role string) (actions []string) {
	t.Helper()
	policies := at(readTemplate(t), "Resources", role, "Properties", "Policies")
	for _, policy := range list(policies) {
		for _, statement := range list(at(policy, "PolicyDocument", "Statement")) {
			for _, action := range list(at(statement, "Action")) {
				actions = append(actions, action.(string))
			}
		}
	}
	return actions
}

func send(t *testing.T, r *http.Request) (status int, body string) {
	t.Helper()
	response, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	all, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	return response.StatusCode, string(all)
}

// parameterStore is the one call of SSM that the function makes; see
// https://docs.aws.amazon.com/systems-manager/latest/APIReference/API_GetParameter.html.
func parameterStore(t *testing.T, name string, secrets map[string]string) (endpoint string) {
	value, err := json.Marshal(secrets)
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var in struct {
			Name           string
			WithDecryption bool
		}
		err := json.NewDecoder(r.Body).Decode(&in)
		w.Header().Set("Content-Type", "application/x-amz-json-1.1")
		if err != nil || r.Header.Get("X-Amz-Target") != "AmazonSSM.GetParameter" || in.Name != name || !in.WithDecryption {
			w.WriteHeader(http.StatusBadRequest)
			io.WriteString(w, `{"__type":"ParameterNotFound"}`)
			return
		}
		json.NewEncoder(w).Encode(map[string]any{
			"Parameter": map[string]any{"Name": name, "Type": "SecureString", "Value": string(value), "Version": 1},
		})
	}))
	t.Cleanup(server.Close)
	return server.URL
}
