// Package consoletest runs guanzhu console for tests.
package consoletest

import (
	"bufio"
	"os/exec"
	"strings"
	"testing"
)

// Start runs the console of the program at path as a process of its own until the test ends. The process has the
// environment env alone. Start returns the address at which the account answers, and all that the console prints before.
func Start(t testing.TB, path string, env ...string) (site, text string) {
	t.Helper()
	command := exec.CommandContext(t.Context(), path, "console", "--addr", "127.0.0.1:0", "--account-addr", "127.0.0.1:0")
	command.Dir = t.TempDir() // where the console keeps its state
	command.Env = env
	out, err := command.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := command.Start(); err != nil {
		t.Fatal(err)
	}
	lines := bufio.NewScanner(out)
	ready := false
	for !ready && lines.Scan() {
		text += lines.Text() + "\n"
		if address, found := strings.CutPrefix(lines.Text(), "The account answers at "); found {
			site = strings.TrimSuffix(address, "/login/wechat")
		}
		ready = strings.Contains(lines.Text(), "Ctrl-C ends.")
	}
	drained := make(chan struct{})
	go func() { // a console whose output nobody reads would stop
		defer close(drained)
		for lines.Scan() {
		}
	}()
	t.Cleanup(func() {
		_ = command.Process.Kill()
		<-drained
		_ = command.Wait() // killed
	})
	if site == "" || !ready {
		t.Fatalf("the console does not start: it prints %q", text)
	}
	return site, text
}
