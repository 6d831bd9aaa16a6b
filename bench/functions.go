package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"github.com/aws/aws-lambda-go/events"

	"github.com/guanzhu/guanzhu/pkg/webhook"
	"github.com/guanzhu/guanzhu/pkg/wechattest"
	"github.com/guanzhu/guanzhu/test/localdb"
	"github.com/guanzhu/guanzhu/test/loopback"
)

const (
	coldStarts = 15
	warmPushes = 200 // of one instance
	manyPushes = 10_000
)

// functions measures functions/webhook in the runtime emulator beside the floor. missing says what cannot be measured here.
func functions(ctx context.Context, table io.Writer) (missing string, err error) {
	work, err := os.MkdirTemp("", "guanzhu-bench")
	if err != nil {
		return "", err
	}
	defer os.RemoveAll(work)
	ours, theirs := filepath.Join(work, "webhook"), filepath.Join(work, "floor")
	if err := execute(ctx, "make", "-s", "-C", "..", "bootstrap", "FUNCTION=webhook", "BOOTSTRAP="+ours); err != nil {
		return "", err
	}
	if err := build(ctx, theirs, "./floor"); err != nil {
		return "", err
	}
	fmt.Fprintf(table, "functions/webhook, bytes, beside the least function\t%d\t%d\t%.2f\t\n", size(ours), size(theirs), float64(size(ours))/float64(size(theirs)))

	rie, dynamodb := os.Getenv("GUANZHU_RIE"), os.Getenv("GUANZHU_TEST_DYNAMODB")
	if rie == "" {
		missing = "the functions' start; GUANZHU_RIE is to be the path of aws-lambda-rie, " +
			"from https://github.com/aws/aws-lambda-runtime-interface-emulator"
	} else if dynamodb == "" {
		missing = "the functions' start; GUANZHU_TEST_DYNAMODB is to be the URL of DynamoDB Local"
	}
	if missing != "" {
		return missing, nil
	}
	return "", starts(ctx, table, rie, dynamodb, ours, theirs)
}

// build builds a program of this module with the flags with which `make build` builds the functions.
func build(ctx context.Context, to, from string) error {
	return execute(ctx, "go", "build", "-trimpath", "-ldflags=-s -w", "-tags=lambda.norpc,nethttpomithttp2", "-o", to, from)
}

func execute(ctx context.Context, name string, args ...string) error {
	command := exec.CommandContext(ctx, name, args...)
	command.Env, command.Stderr = append(os.Environ(), "CGO_ENABLED=0"), os.Stderr
	return command.Run()
}

func size(file string) int64 {
	info, err := os.Stat(file)
	if err != nil {
		return 0
	}
	return info.Size()
}

// starts measures the first and the further replies of new instances.
func starts(ctx context.Context, table io.Writer, rie, dynamodb, ours, theirs string) error {
	name := fmt.Sprintf("guanzhu-bench-%d", os.Getpid())
	if err := localdb.CreateTable(ctx, localdb.Client(dynamodb), name); err != nil {
		return err
	}
	ssm, err := serve(parameter)
	if err != nil {
		return err
	}
	defer ssm.Close()
	credentials, err := localdb.Config.Credentials.Retrieve(ctx)
	if err != nil {
		return err
	}
	env := append(os.Environ(), "AWS_LAMBDA_LOG_FORMAT=JSON", "AWS_REGION="+localdb.Config.Region,
		"AWS_ACCESS_KEY_ID="+credentials.AccessKeyID, "AWS_SECRET_ACCESS_KEY="+credentials.SecretAccessKey,
		"WECHAT_APP_ID="+sender.AppID, "WECHAT_SECRETS=ssm:/guanzhu/bench", "TABLE_NAME="+name,
		"AWS_ENDPOINT_URL_DYNAMODB="+dynamodb, "AWS_ENDPOINT_URL_SSM=http://"+ssm.Addr().String())

	var cold, warm pair
	for range coldStarts {
		ourCold, ourWarm, err := one(ctx, rie, ours, env)
		if err != nil {
			return fmt.Errorf("functions/webhook: %w", err)
		}
		theirCold, theirWarm, err := one(ctx, rie, theirs, env)
		if err != nil {
			return fmt.Errorf("the least function: %w", err)
		}
		cold.add(ourCold, theirCold)
		warm.add(ourWarm, theirWarm)
	}
	fmt.Fprint(table, cold.row("first reply of a new instance, beside the least function", ""))
	fmt.Fprint(table, warm.row("further replies", ""))
	return memory(ctx, table, rie, ours, env)
}

// one starts an instance and returns what its first reply took and the median of the further ones.
func one(ctx context.Context, rie, bootstrap string, env []string) (cold, warm time.Duration, err error) {
	i, err := start(ctx, rie, bootstrap, env)
	if err != nil {
		return 0, 0, err
	}
	defer i.stop()
	if cold, err = i.push(); err != nil {
		return 0, 0, err
	}
	var further []time.Duration
	for range warmPushes {
		took, err := i.push()
		if err != nil {
			return 0, 0, err
		}
		further = append(further, took)
	}
	return cold, median(further), nil
}

// memory shows the resident memory of an instance after a tenth of manyPushes and after all.
func memory(ctx context.Context, table io.Writer, rie, bootstrap string, env []string) error {
	i, err := start(ctx, rie, bootstrap, env)
	if err != nil {
		return err
	}
	defer i.stop()
	var early int
	for n := range manyPushes {
		if _, err := i.push(); err != nil {
			return err
		}
		if n == manyPushes/10 {
			early = i.resident()
		}
	}
	fmt.Fprintf(table, "resident memory in KiB after %d pushes, beside after %d\t%d\t%d\t%.2f\t\n", manyPushes, manyPushes/10,
		i.resident(), early, float64(i.resident())/float64(max(early, 1)))
	return nil
}

// instance is one emulator with one function.
type instance struct {
	emulator *exec.Cmd
	url      string
	printed  *bytes.Buffer
}

func start(ctx context.Context, rie, bootstrap string, env []string) (*instance, error) {
	address, err := loopback.FreeAddress()
	if err != nil {
		return nil, err
	}
	api, err := loopback.FreeAddress()
	if err != nil {
		return nil, err
	}
	i := &instance{url: "http://" + address + "/2015-03-31/functions/function/invocations", printed: new(bytes.Buffer)}
	i.emulator = exec.CommandContext(ctx, rie, "--runtime-interface-emulator-address", address, "--runtime-api-address", api, bootstrap)
	i.emulator.Env, i.emulator.Stdout, i.emulator.Stderr = env, i.printed, i.printed
	i.emulator.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} // the function is the emulator's child: both end together
	i.emulator.Cancel = func() error { return syscall.Kill(-i.emulator.Process.Pid, syscall.SIGKILL) }
	if err := i.emulator.Start(); err != nil {
		return nil, err
	}
	for end := time.Now().Add(30 * time.Second); ; time.Sleep(5 * time.Millisecond) {
		connection, err := net.Dial("tcp", address)
		if err == nil {
			connection.Close()
			return i, nil
		}
		if time.Now().After(end) {
			i.stop()
			return nil, errors.Join(errors.New("the emulator does not start"), err)
		}
	}
}

func (i *instance) stop() {
	_ = i.emulator.Cancel()
	_ = i.emulator.Wait() // it was killed
}

// push sends a text in safe mode, and returns what the reply took.
func (i *instance) push() (time.Duration, error) {
	payload, err := event()
	if err != nil {
		return 0, err
	}
	begun := time.Now()
	response, err := http.Post(i.url, "application/json", bytes.NewReader(payload))
	if err != nil {
		return 0, err
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	took := time.Since(begun)
	var got events.APIGatewayV2HTTPResponse
	if err == nil {
		err = json.Unmarshal(body, &got)
	}
	if err == nil && got.StatusCode != http.StatusOK {
		err = fmt.Errorf("answered %s\n%s", body, i.printed)
	}
	return took, err
}

// event returns a new push as API Gateway hands it on.
func event() ([]byte, error) {
	now := time.Now()
	r, err := sender.Request(context.Background(), "https://example.com"+webhook.Path, wechattest.Safe, sender.Text(openid, now, 1, text), now)
	if err != nil {
		return nil, err
	}
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return nil, err
	}
	return json.Marshal(events.APIGatewayV2HTTPRequest{
		Version: "2.0", RouteKey: "POST " + webhook.Path, RawPath: r.URL.Path, RawQueryString: r.URL.RawQuery, Body: string(body),
		Headers: map[string]string{"host": "example.com", "content-type": "text/xml"},
		RequestContext: events.APIGatewayV2HTTPRequestContext{DomainName: "example.com", TimeEpoch: now.UnixMilli(),
			HTTP: events.APIGatewayV2HTTPRequestContextHTTPDescription{Method: r.Method, Path: r.URL.Path}},
	})
}

// resident returns the memory of the function's process in KiB, or 0 if the system does not tell.
func (i *instance) resident() (kib int) {
	emulator := i.emulator.Process.Pid
	tasks, _ := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/children", emulator))
	for _, task := range tasks {
		children, _ := os.ReadFile(task)
		for _, child := range strings.Fields(string(children)) {
			status, _ := os.ReadFile("/proc/" + child + "/status")
			if _, after, found := strings.Cut(string(status), "VmRSS:"); found {
				fmt.Sscan(after, &kib)
			}
		}
	}
	return kib
}

// parameter answers as Systems Manager does, with the account's secrets.
func parameter(w http.ResponseWriter, _ *http.Request) {
	secrets, _ := json.Marshal(map[string]string{"token": sender.Token, "app_secret": "x", "encoding_aes_key": sender.EncodingAESKey})
	w.Header().Set("Content-Type", "application/x-amz-json-1.1")
	json.NewEncoder(w).Encode(map[string]any{"Parameter": map[string]any{
		"Name": "/guanzhu/bench", "Type": "SecureString", "Value": string(secrets), "Version": 1}})
}

func serve(h http.HandlerFunc) (net.Listener, error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err == nil {
		go http.Serve(listener, h)
	}
	return listener, err
}
