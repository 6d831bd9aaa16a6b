// Command load pushes to the local server at a rising rate, on loopback alone, until that cannot keep up or the last rate
// is reached. It prints what it has measured and checks the store against what was acknowledged: nothing may be lost or
// done twice.
//
// The server is the endpoint as the console runs it, over the embedded store, with the log as deployed. It is a process
// of its own, so that its memory is measured alone; the simulated platform is here.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"runtime"
	"slices"
	"sync"
	"syscall"
	"time"

	"github.com/guanzhu/guanzhu/pkg/secrets"
	"github.com/guanzhu/guanzhu/pkg/wechattest"
)

// The account that is played.
const (
	appID         = "wx0123456789abcdef"
	sampleSecrets = `{"token":"guanzhuSampleToken","app_secret":"sample-app-secret-not-real",` +
		`"encoding_aes_key":"abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG"}`
)

// serveFile, if it is set, makes this program the server; it names the store's file.
const serveFile = "GUANZHU_LOAD_SERVE"

// mostUnanswered is how many pushes may wait for their answers at one time.
const mostUnanswered = 1000

// plan says how much is pushed.
type plan struct {
	rates []int         // pushes a second, one after the other
	each  time.Duration // how long each rate lasts
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	rising := plan{rates: []int{50, 100, 200, 400, 800, 1600, 3200, 6400}, each: 5 * time.Second}
	run := func() error {
		return load(ctx, rising, func(format string, a ...any) { fmt.Printf(format, a...) })
	}
	if file := os.Getenv(serveFile); file != "" {
		run = func() error { return serve(ctx, file, os.Getenv("WECHAT_API_URL"), os.Stdin, os.Stdout) }
	}
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// load runs the plan against a server of its own.
func load(ctx context.Context, p plan, printf func(format string, a ...any)) error {
	account, err := secrets.Parse([]byte(sampleSecrets))
	if err != nil {
		return err
	}
	dir, err := os.MkdirTemp("", "guanzhu-load-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	file := filepath.Join(dir, "load.db")

	platform := httptest.NewServer(wechattest.New(
		wechattest.Config{AppID: appID, AppSecret: account.AppSecret, EveryoneFollows: true}))
	defer platform.Close()
	server, err := startServer(ctx, file, platform.URL)
	if err != nil {
		return err
	}
	defer func() { _, _ = server.stop() }()

	printf("%s, %d CPUs; each rate for %v, every push a POST in safe mode\n\n", runtime.Version(), runtime.NumCPU(), p.each)
	printf("%10s %10s %9s %8s %8s %8s %8s\n", "asked/s", "answered/s", "failed", "p50 ms", "p95 ms", "p99 ms", "max ms")
	story := newStory(account)
	for _, rate := range p.rates {
		result := push(ctx, server.url, story, rate, p.each)
		printf("%v\n", result)
		if ctx.Err() != nil {
			return errors.Join(errors.New("interrupted"), ctx.Err())
		}
		if result.overloaded() {
			printf("This is more than the server can do.\n")
			break
		}
	}
	memory, err := server.stop()
	if err != nil {
		return err
	}
	printf("\nThe server's memory was at most %d MiB.\n", memory>>20)
	checked, err := story.check(file)
	if err != nil {
		return err
	}
	printf("%d deliveries; of the %d pushes that change the store none is lost and none has happened twice.\n",
		story.deliveries, checked)
	lines, err := checkLog(logOf(file), account)
	if err != nil {
		return err
	}
	printf("The log has %d lines of pushes, and no secret, text or openid in any line.\n", lines)
	return nil
}

// result is what one rate has led to.
type result struct {
	rate    int
	took    time.Duration
	answers []time.Duration // in order of length
	failed  int
	flooded bool // ended early, as too many pushes were unanswered
}

// push delivers the story's next pushes, rate of them a second, whether or not those before are answered yet.
func push(ctx context.Context, url string, s *story, rate int, each time.Duration) result {
	client := &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 4096}}
	defer client.CloseIdleConnections()
	r := result{rate: rate}
	unanswered := make(chan struct{}, mostUnanswered)
	var mu sync.Mutex
	var running sync.WaitGroup
	begun := time.Now()
	clock := time.NewTimer(0)
	defer clock.Stop()
	for i := range int(float64(rate) * each.Seconds()) {
		clock.Reset(time.Until(begun.Add(time.Duration(i) * time.Second / time.Duration(rate))))
		select {
		case <-clock.C:
		case <-ctx.Done():
			running.Wait()
			return r
		}
		select {
		case unanswered <- struct{}{}:
		default:
			r.flooded = true
		}
		if r.flooded {
			break
		}
		e := s.next()
		running.Go(func() {
			defer func() { <-unanswered }()
			once := wechattest.Chaos{Copies: 1}
			attempt := s.account.DeliverAll(ctx, client, url, wechattest.Safe, [][]byte{e.message}, once)[0].Attempts[0]
			s.answered(e, attempt.Err == nil)
			mu.Lock()
			defer mu.Unlock()
			if attempt.Err != nil {
				r.failed++
				return
			}
			r.answers = append(r.answers, attempt.Took)
		})
	}
	running.Wait()
	r.took = time.Since(begun)
	slices.Sort(r.answers)
	return r
}

// overloaded is when answers fail, or come so late that they pile up.
func (r result) overloaded() bool {
	return r.flooded || r.failed > 0 || r.quantile(0.99) > time.Second || r.perSecond() < 0.9*float64(r.rate)
}

func (r result) perSecond() float64 { return float64(len(r.answers)) / r.took.Seconds() }

func (r result) quantile(q float64) time.Duration {
	if len(r.answers) == 0 {
		return 0
	}
	return r.answers[int(q*float64(len(r.answers)-1))]
}

func (r result) String() string {
	ms := func(q float64) float64 { return float64(r.quantile(q).Microseconds()) / 1000 }
	return fmt.Sprintf("%10d %10.0f %9d %8.1f %8.1f %8.1f %8.1f",
		r.rate, r.perSecond(), r.failed, ms(0.5), ms(0.95), ms(0.99), ms(1))
}

// server is the running server.
type server struct {
	url     string
	command *exec.Cmd
	stdin   io.Closer
}

// startServer runs this program once more, as the server.
func startServer(ctx context.Context, file, api string) (*server, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	s := &server{command: exec.CommandContext(ctx, self)} //nolint:gosec // self is this program
	s.command.Env = append(os.Environ(), serveFile+"="+file, "WECHAT_API_URL="+api)
	s.command.Stderr = os.Stderr
	if s.stdin, err = s.command.StdinPipe(); err != nil {
		return nil, err
	}
	stdout, err := s.command.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := s.command.Start(); err != nil {
		return nil, err
	}
	if _, err := fmt.Fscanln(stdout, &s.url); err != nil {
		_, stopErr := s.stop()
		return nil, errors.Join(fmt.Errorf("the server does not print its address: %w", err), stopErr)
	}
	return s, nil
}

// stop ends the server, if it has not ended yet, and returns the most memory that it had, in bytes.
func (s *server) stop() (memory int64, err error) {
	if s.command.ProcessState != nil {
		return 0, nil
	}
	if err := errors.Join(s.stdin.Close(), s.command.Wait()); err != nil {
		return 0, fmt.Errorf("the server: %w", err)
	}
	usage, ok := s.command.ProcessState.SysUsage().(*syscall.Rusage)
	if !ok {
		return 0, nil
	}
	if runtime.GOOS == "darwin" {
		return usage.Maxrss, nil
	}
	return usage.Maxrss << 10, nil
}
