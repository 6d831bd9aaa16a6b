package stack

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/guanzhu/guanzhu/pkg/webhook"
	"github.com/guanzhu/guanzhu/test/loopback"
)

// instance is one emulator with the function in it. It takes one invocation at a time.
type instance struct {
	invocations string // URL
	pid         string // the file that the function's process id is written to when it starts
	printed     *output
}

// startInstance runs bootstrap under the runtime interface emulator until the test ends.
func startInstance(t *testing.T, rie, bootstrap string, env []string) *instance {
	t.Helper()
	address, runtimeAPI := freeAddress(t), freeAddress(t)
	i := &instance{
		invocations: "http://" + address + "/2015-03-31/functions/function/invocations",
		pid:         filepath.Join(t.TempDir(), "pid"),
		printed:     &output{},
	}
	command := exec.CommandContext(t.Context(), rie,
		"--runtime-interface-emulator-address", address, "--runtime-api-address", runtimeAPI, bootstrap)
	command.Env = slices.Concat(os.Environ(), env, []string{"GUANZHU_TEST_PID=" + i.pid})
	command.Stdout, command.Stderr = i.printed, i.printed
	// The function is the emulator's child; both end with the test.
	command.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	command.Cancel = func() error { return syscall.Kill(-command.Process.Pid, syscall.SIGKILL) }
	if err := command.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		command.Wait() // the test's context has ended
		if t.Failed() {
			t.Logf("an emulator and the function printed:\n%s", i.printed)
		}
	})
	waitFor(t, address)
	return i
}

// invoke returns the function's answer, or an error where it has died. It goes on when WeChat has hung up, as Lambda
// does.
func (i *instance) invoke(event []byte) ([]byte, error) {
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, i.invocations, bytes.NewReader(event))
	if err != nil {
		return nil, err
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return nil, err
	}
	defer response.Body.Close()
	answer, err := io.ReadAll(response.Body)
	if err != nil {
		return nil, err
	}
	if response.StatusCode != http.StatusOK || bytes.Contains(answer, []byte(`"errorType"`)) {
		return nil, fmt.Errorf("the invocation failed: %s: %s", response.Status, answer)
	}
	return answer, nil
}

// kill reports whether there was a process to kill.
func (i *instance) kill() bool {
	written, err := os.ReadFile(i.pid)
	if err != nil {
		return false
	}
	pid, err := strconv.Atoi(strings.TrimSpace(string(written)))
	if err != nil || os.Remove(i.pid) != nil { // the id is killed once: it may be another's afterwards
		return false
	}
	return syscall.Kill(pid, syscall.SIGKILL) == nil
}

// behindGateway puts API Gateway before the instances and returns the webhook's URL. Each instance takes one invocation at a
// time. failed is called for invocations that fail.
func behindGateway(t *testing.T, failed func(error), instances ...*instance) (url string) {
	free := make(chan *instance, len(instances))
	for _, i := range instances {
		free <- i
	}
	server := httptest.NewServer(gateway{
		invoke: func(event []byte) ([]byte, error) {
			i := <-free
			defer func() { free <- i }()
			return i.invoke(event)
		},
		failed: failed,
	})
	t.Cleanup(server.Close)
	return server.URL + webhook.Path
}

func freeAddress(t *testing.T) string {
	t.Helper()
	address, err := loopback.FreeAddress()
	if err != nil {
		t.Fatal(err)
	}
	return address
}

func waitFor(t *testing.T, address string) {
	t.Helper()
	tries := time.NewTicker(20 * time.Millisecond)
	defer tries.Stop()
	end := time.After(30 * time.Second)
	for {
		connection, err := net.Dial("tcp", address)
		if err == nil {
			connection.Close()
			return
		}
		select {
		case <-tries.C:
		case <-end:
			t.Fatal(errors.Join(errors.New("the emulator does not start"), err))
		}
	}
}
