package console

import (
	"encoding/json"
	"fmt"
	"net/http"
	"sync"
	"time"
)

// frame is one event of the stream.
type frame struct {
	name string // state, item or removed
	data []byte
}

// stream passes frames on to all its listeners. It is safe for concurrent use.
type stream struct {
	mu        sync.Mutex
	listeners map[chan frame]bool
}

// waiting is how many frames a listener may be behind. One that is further behind is cut off.
const waiting = 4096

// send sends a frame to all listeners. It never waits for one.
func (s *stream) send(name string, value any) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.listeners) == 0 {
		return
	}
	data, err := json.Marshal(value)
	if err != nil {
		panic(err) // the types of this package can be marshalled
	}
	for to := range s.listeners {
		select {
		case to <- frame{name, data}:
		default:
			delete(s.listeners, to)
			close(to)
		}
	}
}

func (s *stream) listen() chan frame {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.listeners == nil {
		s.listeners = map[chan frame]bool{}
	}
	to := make(chan frame, waiting)
	s.listeners[to] = true
	return to
}

func (s *stream) leave(to chan frame) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.listeners[to] {
		delete(s.listeners, to)
		close(to)
	}
}

// close ends the stream of every listener.
func (s *stream) close() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for to := range s.listeners {
		delete(s.listeners, to)
		close(to)
	}
}

// serveEvents answers GET /api/events until the client leaves or is cut off.
func (c *Console) serveEvents(w http.ResponseWriter, r *http.Request) {
	frames := c.stream.listen()
	defer c.stream.leave(frames)
	control := http.NewResponseController(w)
	_ = control.SetWriteDeadline(time.Time{}) // no deadline
	w.Header().Set("Content-Type", "text/event-stream")
	first, err := json.Marshal(c.state())
	if err != nil {
		panic(err)
	}
	write := func(f frame) error {
		if _, err := fmt.Fprintf(w, "event: %s\ndata: %s\n\n", f.name, f.data); err != nil {
			return err
		}
		return control.Flush()
	}
	if write(frame{"state", first}) != nil {
		return
	}
	for {
		select {
		case f, ok := <-frames:
			if !ok || write(f) != nil {
				return
			}
		case <-r.Context().Done():
			return
		}
	}
}
