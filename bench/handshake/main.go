// Command handshake calls two servers by TLS, as the functions do, and prints the processor's time of each step in
// nanoseconds. The command bench runs it.
package main

import (
	"crypto/x509"
	"fmt"
	"io"
	"net/http"
	"os"
	"syscall"
	"time"

	"github.com/guanzhu/guanzhu/internal/transport"
)

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(urls []string) error {
	if len(urls) != 2 {
		return fmt.Errorf("%d addresses, want 2", len(urls))
	}
	client := func() *http.Client {
		const enough = 10 * time.Second
		return transport.Client(transport.Limits{Connect: enough, Handshake: enough, Header: enough, Call: enough})
	}
	first, second := client(), client()
	for _, step := range []func() error{
		func() error { _, err := x509.SystemCertPool(); return err },
		func() error { return call(first, urls[0]) },
		func() error { return call(second, urls[1]) },
		func() error { second.CloseIdleConnections(); return call(second, urls[1]) },
		func() error { return call(second, urls[1]) },
	} {
		begun := processorTime()
		if err := step(); err != nil {
			return err
		}
		fmt.Println((processorTime() - begun).Nanoseconds())
	}
	return nil
}

func call(client *http.Client, url string) error {
	response, err := client.Get(url)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	_, err = io.Copy(io.Discard, response.Body)
	return err
}

// processorTime is what this process has taken so far.
func processorTime() time.Duration {
	var usage syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &usage); err != nil {
		return 0
	}
	return time.Duration(usage.Utime.Nano() + usage.Stime.Nano())
}
