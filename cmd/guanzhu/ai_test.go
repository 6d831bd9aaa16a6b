package main

import (
	"bytes"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/guanzhu/guanzhu/internal/accountyaml"
	"github.com/guanzhu/guanzhu/internal/aitest"
	"github.com/guanzhu/guanzhu/internal/autoreply"
	"github.com/guanzhu/guanzhu/internal/doctor"
)

// accountWith writes an account.yaml whose default is an ai at that address, and returns the file's path.
func accountWith(t *testing.T, base string) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), "account.yaml")
	text := "welcome: w\nsuggestion: s\ndefault:\n  ai:\n    base_url: " + base + "\n    model: test-model\n" +
		"keywords:\n  - prefix: 诗\n    reply:\n      ai: {base_url: " + base + ", model: poet, instructions: 写诗}\n"
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return file
}

// serveModel serves a model on this machine and returns its base_url.
func serveModel(t *testing.T, m *aitest.Model) string {
	t.Helper()
	server := httptest.NewServer(m)
	t.Cleanup(server.Close)
	return server.URL + "/v1"
}

func TestAIAsk(t *testing.T) {
	model := aitest.New(aitest.Reply{Text: "# 价格\n\n**十元**一枝"})
	file := accountWith(t, serveModel(t, model))
	stdout, stderr, status := guanzhu(t, nil, "--lang", "zh", "ai", "ask", "--file", file, "多少钱？")
	if status != 0 || !strings.HasPrefix(stdout, "【价格】\n\n十元一枝\n\ntest-model，") || !strings.Contains(stdout, "tokens") {
		t.Errorf("status %d\n%s%s", status, stdout, stderr)
	}
	stdout, _, _ = guanzhu(t, nil, "--lang", "en", "ai", "ask", "--file", file, "诗一首")
	if !strings.Contains(stdout, "poet, ") || !strings.Contains(stdout, " out") {
		t.Errorf("in English:\n%s", stdout)
	}
	requests := model.Requests()
	if len(requests) != 2 || requests[0].Authorization != "" || requests[1].Messages[0].Content != "写诗" {
		t.Errorf("asked %+v", requests)
	}
}

func TestAIAskFails(t *testing.T) {
	model := aitest.New(aitest.Failure(401, "invalid_api_key", "Incorrect API key"))
	file := accountWith(t, serveModel(t, model))
	for lang, want := range map[string]string{
		"zh": "模型的接口不接受密钥：用 guanzhu secrets 重新填写 ai_key，并在模型服务商的控制台确认它有权使用该模型（HTTP 401, invalid_api_key）",
		"en": "The API says: Incorrect API key",
	} {
		stdout, stderr, status := guanzhu(t, nil, "--lang", lang, "ai", "ask", "--file", file, "问")
		if status != 1 || stdout != "" || !strings.Contains(stderr, want) {
			t.Errorf("%s: status %d\n%s%s", lang, status, stdout, stderr)
		}
	}
	_, stderr, status := guanzhu(t, nil, "--lang", "en", "ai", "ask", "--file", "../../account/testdata/none.yaml", "问")
	if status != 1 || !strings.Contains(stderr, "give the path of account.yaml") {
		t.Errorf("status %d: %s", status, stderr)
	}
}

func TestAskModelHasTheKey(t *testing.T) {
	t.Parallel()
	model := aitest.New()
	var out bytes.Buffer
	settings := &autoreply.AI{BaseURL: serveModel(t, model), Model: "m", MaxTokens: 5}
	if err := askModel(t.Context(), &out, settings, aitest.Key, "问", "en"); err != nil {
		t.Fatal(err)
	}
	if got := model.Requests()[0].Authorization; got != "Bearer "+aitest.Key || strings.Contains(out.String(), aitest.Key) {
		t.Errorf("Authorization %q, printed %s", got, &out)
	}
}

// TestExamineAI: each model is asked once. What may be the fault of this machine, or of the moment, is a warning.
func TestExamineAI(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		reply aitest.Reply
		want  doctor.Status
		says  string
	}{
		"fine":      {aitest.Reply{}, doctor.OK, "poet"},
		"wrong key": {aitest.Failure(401, "invalid_api_key", aitest.Key), doctor.Failure, "guanzhu secrets"},
		"overload":  {aitest.Reply{Status: http.StatusInternalServerError}, doctor.Warning, "AnswerFunction"},
	} {
		model := aitest.New(test.reply)
		account, err := (&fileFlags{File: accountWith(t, serveModel(t, model))}).read()
		if err != nil {
			t.Fatal(err)
		}
		findings := examineAI(t.Context(), account.Account, aitest.Key)
		if len(findings) != 2 || len(model.Requests()) != 2 {
			t.Errorf("%s: %d findings of %d calls", name, len(findings), len(model.Requests()))
		}
		last := findings[len(findings)-1]
		for _, in := range []string{"zh", "en"} {
			if text := last.What.In(in) + last.Do.In(in); last.Status != test.want || !strings.Contains(text, test.says) || strings.Contains(text, aitest.Key) {
				t.Errorf("%s: %s %s", name, last.Status, text)
			}
		}
	}
	account, err := accountyaml.Parse("account.yaml", []byte("welcome: w\ndefault: d\nsuggestion: s\n"))
	if err != nil || len(examineAI(t.Context(), account, "")) != 0 {
		t.Errorf("findings without an ai, error %v", err)
	}
}
