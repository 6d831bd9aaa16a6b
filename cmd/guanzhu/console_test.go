package main

import (
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestConsoleThatCannotStart checks the advice of a console that does not start.
func TestConsoleThatCannotStart(t *testing.T) {
	t.Parallel()
	site, _ := startConsole(t)
	taken, err := url.Parse(site)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ addr, accountAddr, publicURL, want string }{
		{taken.Host, "127.0.0.1:0", "", "choose another port with --addr"},
		{"127.0.0.1:0", taken.Host, "", "choose another port with --account-addr"},
		{"0.0.0.0:0", "127.0.0.1:0", "", "--addr: 0.0.0.0 is not a loopback address"},
		{"127.0.0.1:0", "192.0.2.1:0", "", "--account-addr: 192.0.2.1 is not a loopback address"},
		{"80800", "127.0.0.1:0", "", `"80800" is not an address: write it as 127.0.0.1:8080, or only its port`},
		{"http://127.0.0.1:0/page", "127.0.0.1:0", "", "is not an address"},
		{"127.0.0.1:0", "nowhere:x", "", `--account-addr: "nowhere:x" is not an address`},
		{"127.0.0.1:0", "127.0.0.1:0", "tunnel.example", "PUBLIC_URL must look like https://host"},
	} {
		stdout, stderr, status := guanzhu(t, nil, "console", "--addr", c.addr, "--account-addr", c.accountAddr, "--public-url", c.publicURL)
		if status != 1 || !strings.Contains(stderr, c.want) {
			t.Errorf("%+v: status %d\n%s%s", c, status, stdout, stderr)
		}
	}
	if _, err := os.Stat(filepath.Join(".guanzhu", "console.db")); err == nil {
		t.Error("a console that does not start leaves a file")
	}
}

// TestConsoleOfARealAccount: the console does not say that a real platform is simulated, and shows what to enter there.
func TestConsoleOfARealAccount(t *testing.T) {
	t.Parallel()
	c := consoleCommand{APIURL: "https://api.weixin.qq.com", PublicURL: "https://four-words.example"}
	for _, lang := range []language{"en", "zh"} {
		text := c.greeting(lang, "http://127.0.0.1:8080", "http://127.0.0.1:8081")
		if strings.Contains(text, "simulated") || strings.Contains(text, "模拟") || strings.Contains(text, "%!") {
			t.Errorf("the console of a real account says\n%s", text)
		}
		for _, want := range []string{"https://four-words.example/login/wechat", "http://127.0.0.1:8081", c.APIURL} {
			if !strings.Contains(text, want) {
				t.Errorf("%s is not in\n%s", want, text)
			}
		}
	}
}

// TestConsoleAddresses names a port that is taken, so that the refusal shows how each way to write it is understood.
func TestConsoleAddresses(t *testing.T) {
	t.Parallel()
	site, _ := startConsole(t)
	taken := strings.TrimPrefix(site, "http://")
	_, port, _ := strings.Cut(taken, ":")
	for _, value := range []string{port, ":" + port, taken, "http://" + taken, "https://" + taken + "/", "localhost:" + port} {
		for _, command := range []string{"console", "platform"} {
			_, stderr, status := guanzhu(t, nil, command, "--addr", value)
			if status != 1 || !strings.Contains(stderr, ":"+port+" cannot be used") {
				t.Errorf("%s --addr %s: status %d, %s", command, value, status, stderr)
			}
		}
	}
	for address, want := range map[string]string{"127.0.0.1:8080": "127.0.0.1:8081", "127.0.0.1:0": "127.0.0.1:0", "[::1]:9": "[::1]:10"} {
		if got := nextPort(address); got != want {
			t.Errorf("after %s: %s, want %s", address, got, want)
		}
	}
}
