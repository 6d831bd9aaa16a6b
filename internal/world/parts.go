package world

import (
	"bytes"
	"context"
	"encoding/json"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/guanzhu/guanzhu/internal/telemetry"
	"github.com/guanzhu/guanzhu/pkg/secrets"
)

// Clock is a clock that moves only when a test moves it. It is safe for concurrent use.
type Clock struct {
	mu  sync.Mutex
	now time.Time
}

// Now returns the time.
func (c *Clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

// Advance moves the clock by d.
func (c *Clock) Advance(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
}

// Secrets are an account's secrets, which a test can replace. They are safe for concurrent use.
type Secrets struct {
	mu        sync.Mutex
	now, next secrets.Secrets
	elsewhere bool
	reloads   int
}

// NewSecrets returns Secrets that are s until a test replaces them.
func NewSecrets(s secrets.Secrets) *Secrets { return &Secrets{now: s} }

// Replace replaces the secrets at the next Reload.
func (s *Secrets) Replace(next secrets.Secrets) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.next, s.elsewhere = next, false
}

// ReplaceElsewhere is Replace, but Reload reports no change, as if another request had read the new secrets meanwhile.
func (s *Secrets) ReplaceElsewhere(next secrets.Secrets) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.next, s.elsewhere = next, true
}

// Reloads returns how often Reload was called.
func (s *Secrets) Reloads() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.reloads
}

func (s *Secrets) Current() secrets.Secrets {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.now
}

func (s *Secrets) AppSecret() string { return s.Current().AppSecret }

func (s *Secrets) LinkKey() string { return s.Current().LinkKeyOrAppSecret() }

func (s *Secrets) Reload(context.Context) (changed bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.reloads++
	changed = s.next != secrets.Secrets{} && s.next != s.now
	if changed {
		s.now = s.next
	}
	return changed && !s.elsewhere
}

// Log keeps the log. It is safe for concurrent use.
type Log struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

// Logger returns a logger that writes to the log as a deployed function does, in every level and with metrics.
func (l *Log) Logger() *slog.Logger {
	return slog.New(telemetry.NewHandler(l, slog.LevelDebug, nil)).With("appid", AppID)
}

func (l *Log) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.buf.Write(p)
}

func (l *Log) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.buf.String()
}

// Reset empties the log.
func (l *Log) Reset() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.buf.Reset()
}

// Lines returns the lines of the log as JSON objects.
func (l *Log) Lines(t testing.TB) []map[string]any {
	t.Helper()
	var lines []map[string]any
	for text := range strings.Lines(l.String()) {
		var line map[string]any
		if err := json.Unmarshal([]byte(text), &line); err != nil {
			t.Fatalf("%v in %s", err, text)
		}
		lines = append(lines, line)
	}
	return lines
}
