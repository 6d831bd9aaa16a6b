package stack

import (
	"bytes"
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"
)

// fault is what happens to one call at a door.
type fault int

const (
	pass       fault = iota
	cut              // the connection is cut before the call has passed
	lose             // the call passes, and the connection is cut instead of its answer
	fail             // DynamoDB's own failure, nothing passes
	throttle         // DynamoDB asks to slow down, nothing passes
	hold             // the call waits, and never passes if its caller is gone by then
	holdAnswer       // the call passes, and its answer waits
)

// door is in front of DynamoDB or the platform, which the function calls, and disturbs the calls as networks do.
type door struct {
	url  string
	next http.Handler

	mu       sync.Mutex
	faults   func(call string) fault // nil: all calls pass
	arrived  chan struct{}           // one for each call that waits
	released chan struct{}           // closed: nothing waits any more
}

func openDoor(t *testing.T, next http.Handler) *door {
	d := &door{next: next}
	d.set(nil)
	server := httptest.NewServer(d)
	d.url = server.URL
	t.Cleanup(server.Close)
	t.Cleanup(func() { d.set(nil) }) // Close waits for those that wait here
	return d
}

// set makes faults decide about every call from now on, one at a time, and lets go of those that wait.
func (d *door) set(faults func(call string) fault) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.released != nil {
		close(d.released)
	}
	d.faults, d.arrived, d.released = faults, make(chan struct{}, 64), make(chan struct{})
}

// always does the same to all calls.
func (d *door) always(f fault) { d.set(func(string) fault { return f }) }

// nextCalls does f to the next n of the calls named call and returns how to wait until they have arrived.
func (d *door) nextCalls(t *testing.T, n int, call string, f fault) (wait func()) {
	left := n
	d.set(func(c string) fault {
		if c != call || left == 0 {
			return pass
		}
		left--
		return f
	})
	d.mu.Lock()
	arrived := d.arrived
	d.mu.Unlock()
	return func() {
		t.Helper()
		end := time.After(30 * time.Second)
		for range n {
			select {
			case <-arrived:
			case <-end:
				t.Fatalf("%s is not called %d times", call, n)
			}
		}
	}
}

func (d *door) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body) // all of it, as only then the server notices that the caller is gone
	if err != nil {
		panic(http.ErrAbortHandler)
	}
	r.Body = io.NopCloser(bytes.NewReader(body))
	passed := r.WithContext(context.WithoutCancel(r.Context())) // goes on when the caller is gone

	d.mu.Lock()
	f, arrived, released := pass, d.arrived, d.released
	if d.faults != nil {
		f = d.faults(callOf(r))
	}
	d.mu.Unlock()
	wait := func() {
		arrived <- struct{}{}
		select {
		case <-released:
		case <-r.Context().Done():
			panic(http.ErrAbortHandler)
		}
	}

	switch f {
	case cut:
		panic(http.ErrAbortHandler) // by which net/http cuts the connection
	case lose:
		d.next.ServeHTTP(httptest.NewRecorder(), passed)
		panic(http.ErrAbortHandler)
	case fail:
		answerError(w, http.StatusInternalServerError, "InternalServerError")
		return
	case throttle:
		answerError(w, http.StatusBadRequest, "ProvisionedThroughputExceededException")
		return
	case hold:
		wait()
	case holdAnswer:
		answer := httptest.NewRecorder()
		d.next.ServeHTTP(answer, passed)
		wait()
		for name, values := range answer.Header() {
			w.Header()[name] = values
		}
		w.WriteHeader(answer.Code)
		w.Write(answer.Body.Bytes())
		return
	}
	d.next.ServeHTTP(w, r)
}

// callOf is DynamoDB's operation or the platform's path.
func callOf(r *http.Request) string {
	if _, operation, ok := strings.Cut(r.Header.Get("X-Amz-Target"), "."); ok {
		return operation
	}
	return r.URL.Path
}

// answerError answers as DynamoDB does; see
// https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Programming.Errors.html.
func answerError(w http.ResponseWriter, status int, name string) {
	w.Header().Set("Content-Type", "application/x-amz-json-1.0")
	w.WriteHeader(status)
	io.WriteString(w, `{"__type":"com.amazonaws.dynamodb.v20120810#`+name+`","message":"asked for by the test"}`)
}
