package dynamostore

import (
	"context"
	"crypto/x509"
	"encoding/json"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/google/go-cmp/cmp"

	"github.com/guanzhu/guanzhu/internal/reconcile"
	"github.com/guanzhu/guanzhu/pkg/follower"
	"github.com/guanzhu/guanzhu/pkg/wechat"
)

const secretOpenID = "oSecret-0000000000000000000001"

var (
	event   = time.Unix(1_700_000_000, 0).UTC()
	someone = follower.Follower{OpenID: secretOpenID, State: follower.Unavailable, EventTime: event}
	begun   = follower.Session{EstablishedAt: event, EventTime: event}
	link    = follower.Ticket{Hash: "ticket", Until: event.Add(follower.TicketFor)}
)

// server answers as DynamoDB does, by a script: one answer for each request in turn, and the last one for all later ones.
type server struct {
	*httptest.Server

	mu       sync.Mutex
	requests []request
	conns    int
}

type request struct {
	operation string
	body      string
	from      string // the client's address: another one is another connection
}

type answer func(http.ResponseWriter, *http.Request)

func serve(t *testing.T, script ...answer) *server {
	s := &server{}
	s.Server = httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			t.Error(err)
		}
		_, operation, _ := strings.Cut(r.Header.Get("X-Amz-Target"), ".")
		switch operation {
		case "GetItem", "BatchGetItem", "Query", "Scan":
			if !strings.Contains(string(body), `"ConsistentRead":true`) {
				t.Errorf("%s does not read consistently", operation)
			}
		}
		s.mu.Lock()
		s.requests = append(s.requests, request{operation, string(body), r.RemoteAddr})
		next := script[min(len(s.requests), len(script))-1]
		s.mu.Unlock()
		next(w, r)
	}))
	s.Config.ConnState = func(_ net.Conn, state http.ConnState) {
		if state == http.StateNew {
			s.mu.Lock()
			defer s.mu.Unlock()
			s.conns++
		}
	}
	s.Start()
	t.Cleanup(s.Close)
	return s
}

func (s *server) seen() []request {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]request(nil), s.requests...)
}

func (s *server) store(timeout time.Duration) *Store {
	cfg := aws.Config{
		Region:           "us-east-1",
		Credentials:      credentials.NewStaticCredentialsProvider("test", "test", ""),
		RetryMaxAttempts: 1, // as AWS_MAX_ATTEMPTS might have set it; the store goes by its own rule
	}
	now := func() time.Time { return event }
	return newStore(cfg, Options{Table: "table", Endpoint: s.URL, Now: now}, timeout)
}

// says answers with a JSON body.
func says(status int, body string) answer {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/x-amz-json-1.0")
		w.WriteHeader(status)
		io.WriteString(w, body)
	}
}

func fails(status int, code string) answer {
	return says(status, `{"__type":"com.amazonaws.dynamodb.v20120810#`+code+`","message":"told by the server"}`)
}

func cancels(reasons ...string) answer {
	type reason struct {
		Code string
		Item map[string]any `json:",omitempty"`
	}
	var list []reason
	for _, code := range reasons {
		r := reason{Code: code}
		if code == "ConditionalCheckFailed" {
			r.Item = map[string]any{
				"pk": map[string]any{"S": secretOpenID}, "sk": map[string]any{"S": "follower"},
				"openid": map[string]any{"S": secretOpenID}, "remark": map[string]any{"S": "stands"},
				"event_time": map[string]any{"N": "1700000000"},
			}
		}
		list = append(list, r)
	}
	body, err := json.Marshal(map[string]any{
		"__type":              "com.amazonaws.dynamodb.v20120810#TransactionCanceledException",
		"Message":             "Transaction cancelled, please refer cancellation reasons for specific reasons",
		"CancellationReasons": list,
	})
	if err != nil {
		panic(err)
	}
	return says(http.StatusBadRequest, string(body))
}

// holds answers a read with a follower and a session, which also has those attributes.
func holds(attributes string) answer {
	common := `"pk":{"S":"` + secretOpenID + `"},"event_time":{"N":"1700000000"},"established_at":{"N":"1700000000"},"sk":{"S":"`
	if attributes != "" {
		attributes = "," + attributes
	}
	return says(http.StatusOK, `{"Responses":{"table":[{`+common+`follower"}},{`+common+`session"}`+attributes+`}]}}`)
}

var succeeds = says(http.StatusOK, "{}")

// stalls gives no answer as long as the client waits for one.
func stalls(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() }

// stallsWithin begins an answer and does not end it.
func stallsWithin(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Content-Length", "100")
	w.(http.Flusher).Flush()
	<-r.Context().Done()
}

// hangsUp cuts the connection without an answer; hangsUpWithin after half of one.
func hangsUp(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }

func hangsUpWithin(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Length", "100")
	io.WriteString(w, `{"half`)
	w.(http.Flusher).Flush()
	panic(http.ErrAbortHandler)
}

func TestTriedAgain(t *testing.T) {
	t.Parallel()
	follow := func(ctx context.Context, s *Store) error {
		stored, applied, err := s.Follow(ctx, someone, begun)
		if err == nil && (!applied || cmp.Diff(someone, stored) != "") {
			return errors.New("not applied")
		}
		return err
	}
	unfollow := func(ctx context.Context, s *Store) error {
		return s.Unfollow(ctx, secretOpenID, event, event.Add(follower.TombstoneFor))
	}
	suggest := func(ctx context.Context, s *Store) error {
		kept, err := s.AddSuggestion(ctx, follower.Suggestion{At: event, ExpiresAt: event})
		if err == nil && !kept {
			return errors.New("not kept")
		}
		return err
	}
	complete := func(ctx context.Context, s *Store) error { return s.Complete(ctx, someone) }
	lookup := func(ctx context.Context, s *Store) error {
		_, _, err := s.Lookup(ctx, secretOpenID)
		if errors.Is(err, follower.ErrNotFound) { // as the script's last answer has it
			return nil
		}
		return err
	}
	tests := []struct {
		name   string
		script []answer
		call   func(context.Context, *Store) error
	}{
		{"conflict", []answer{cancels("TransactionConflict", "None"), succeeds}, follow},
		{"conflict on the session", []answer{cancels("None", "TransactionConflict"), succeeds}, unfollow},
		{"conflict beside a failed condition",
			[]answer{cancels("ConditionalCheckFailed", "TransactionConflict"), succeeds}, follow},
		{"throttled within a transaction", []answer{cancels("ThrottlingError", "None"), succeeds}, follow},
		{"provisioned throughput within a transaction",
			[]answer{cancels("None", "ProvisionedThroughputExceeded"), succeeds}, unfollow},
		{"transaction in progress", []answer{fails(400, "TransactionInProgressException"), succeeds}, follow},
		{"conflict of a single write", []answer{fails(400, "TransactionConflictException"), succeeds}, complete},
		{"throttled", []answer{fails(400, "ThrottlingException"), succeeds}, suggest},
		{"provisioned throughput", []answer{fails(400, "ProvisionedThroughputExceededException"), succeeds}, lookup},
		{"server error", []answer{fails(500, "InternalServerError"), succeeds}, follow},
		{"unavailable, not JSON", []answer{says(503, "<html>"), succeeds}, suggest},
		{"more often than the SDK would", []answer{
			fails(500, "InternalServerError"), fails(500, "InternalServerError"), fails(500, "InternalServerError"),
			cancels("TransactionConflict", "None"), cancels("TransactionConflict", "None"), succeeds}, follow},
		{"hung up", []answer{hangsUp, succeeds}, follow},
		{"hung up within the answer", []answer{hangsUpWithin, succeeds}, follow},
		{"hung up, then found", []answer{hangsUpWithin, cancels("ConditionalCheckFailed", "None")}, suggest},
		{"hung up, then found and the day full", []answer{hangsUpWithin, cancels("ConditionalCheckFailed", "ConditionalCheckFailed")}, suggest},
		{"keys left over", []answer{says(200, `{"UnprocessedKeys":{"table":{"ConsistentRead":true,"Keys":[{"pk":{"S":"o"},"sk":{"S":"session"}}]}}}`), succeeds}, lookup},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
			defer cancel()
			server := serve(t, tt.script...)
			if err := tt.call(ctx, server.store(attemptTimeout)); err != nil {
				t.Errorf("error %v", err)
			}
			if got := len(server.seen()); got != len(tt.script) {
				t.Errorf("%d requests, want %d", got, len(tt.script))
			}
		})
	}
}

// TestStalled: if a connection does not answer, as after a function was frozen, the store takes another one.
func TestStalled(t *testing.T) {
	t.Parallel()
	const timeout = 400 * time.Millisecond
	const patience = 20 * timeout // of a busy machine; without a limit, the test would wait as long
	for _, tt := range []struct {
		name     string
		stalling answer
	}{
		{"no answer", stalls},
		{"half an answer", stallsWithin},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			server := serve(t, succeeds, tt.stalling, succeeds)
			store := server.store(timeout)
			for range 2 {
				ctx, cancel := context.WithTimeout(t.Context(), patience)
				defer cancel()
				if _, _, err := store.Follow(ctx, someone, begun); err != nil {
					t.Fatal(err)
				}
			}
			got := server.seen()
			if len(got) != 3 || got[0].from != got[1].from || got[1].from == got[2].from {
				t.Errorf("requests came from %v, want twice one connection, then another", got)
			}
		})
	}
}

// TestStalledConnectionLeavesTime: the store as it is deployed meets a connection that died while the function was frozen.
// The platform waits 5 s, so there must be time for another attempt.
func TestStalledConnectionLeavesTime(t *testing.T) {
	t.Parallel()
	server := serve(t, stalls, succeeds)
	cfg := aws.Config{Region: "us-east-1", Credentials: credentials.NewStaticCredentialsProvider("test", "test", "")}
	store := New(cfg, Options{Table: "table", Endpoint: server.URL, Now: time.Now})
	ctx, cancel := context.WithTimeout(t.Context(), 4*time.Second)
	defer cancel()
	if _, _, err := store.Follow(ctx, someone, begun); err != nil {
		t.Errorf("error %v", err)
	}
}

// TestTLS: AWS's endpoints may offer HTTP/2, or may not.
func TestTLS(t *testing.T) {
	t.Parallel()
	for name, http2 := range map[string]bool{"HTTP/1.1 alone": false, "HTTP/2": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := httptest.NewUnstartedServer(http.HandlerFunc(succeeds))
			server.EnableHTTP2 = http2
			server.StartTLS()
			t.Cleanup(server.Close)
			cfg := aws.Config{Region: "us-east-1", Credentials: credentials.NewStaticCredentialsProvider("test", "test", "")}
			store := New(cfg, Options{Table: "table", Endpoint: server.URL, Now: time.Now})
			roots := x509.NewCertPool()
			roots.AddCert(server.Certificate())
			store.db.Options().HTTPClient.(inOnePiece).client.(*http.Client).Transport.(*http.Transport).TLSClientConfig.RootCAs = roots
			ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
			defer cancel()
			if _, _, err := store.Follow(follower.WithRetries(ctx, 0), someone, begun); err != nil {
				t.Errorf("error %v", err)
			}
		})
	}
}

// TestSameRequest: for DynamoDB, the SDK's retry after a lost answer is the same request, and the attempt after a
// cancellation is another one.
func TestSameRequest(t *testing.T) {
	t.Parallel()
	server := serve(t, hangsUp, cancels("TransactionConflict", "None"), succeeds)
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	if _, _, err := server.store(attemptTimeout).Follow(ctx, someone, begun); err != nil {
		t.Fatal(err)
	}
	var tokens []string
	for _, r := range server.seen() {
		var input struct{ ClientRequestToken string }
		if err := json.Unmarshal([]byte(r.body), &input); err != nil {
			t.Fatal(err)
		}
		tokens = append(tokens, input.ClientRequestToken)
	}
	if len(tokens) != 3 || tokens[0] == "" || tokens[0] != tokens[1] || tokens[1] == tokens[2] {
		t.Errorf("request tokens %q, want the first two equal and the third another", tokens)
	}
}

func TestTriedUntilTheContextEnds(t *testing.T) {
	t.Parallel()
	for name, failing := range map[string]answer{
		"throttled":    fails(400, "ProvisionedThroughputExceededException"),
		"server error": fails(500, "InternalServerError"),
		"conflict":     cancels("TransactionConflict", "None"),
		"stalled":      stalls,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			const tries = 7 // more than the SDK's own limit
			last := func(w http.ResponseWriter, r *http.Request) {
				cancel()
				failing(w, r)
			}
			server := serve(t, failing, failing, failing, failing, failing, failing, last)
			_, _, err := server.store(50*time.Millisecond).Follow(ctx, someone, begun)
			if !errors.Is(err, context.Canceled) {
				t.Errorf("error %v, want the context's", err)
			}
			if got := len(server.seen()); got < tries {
				t.Errorf("%d requests, want %d", got, tries)
			}
		})
	}
}

// TestRetriesOfOneRequest: the retries of a request are counted over all its calls and all reasons to retry.
func TestRetriesOfOneRequest(t *testing.T) {
	t.Parallel()
	lookup := func(ctx context.Context, s *Store) error {
		_, _, err := s.Lookup(ctx, secretOpenID)
		return err
	}
	for name, tt := range map[string]struct {
		failing answer
		call    func(context.Context, *Store) error
	}{
		"throttled":    {fails(400, "ProvisionedThroughputExceededException"), lookup},
		"server error": {fails(500, "InternalServerError"), lookup},
		"stalled":      {stalls, lookup},
		"hung up":      {hangsUp, lookup},
		"conflict": {cancels("TransactionConflict", "None"), func(ctx context.Context, s *Store) error {
			return s.Unfollow(ctx, secretOpenID, event, event)
		}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
			defer cancel()
			ctx = follower.WithRetries(ctx, 3)
			server := serve(t, tt.failing)
			store := server.store(50 * time.Millisecond)
			for n, want := range []int{4, 5} { // of the second call only the first try is left
				if err := tt.call(ctx, store); !errors.Is(err, follower.ErrBusy) {
					t.Errorf("call %d: error %v, want ErrBusy", n+1, err)
				}
				if got := len(server.seen()); got != want {
					t.Errorf("%d requests after call %d, want %d", got, n+1, want)
				}
			}
		})
	}
}

func TestReturnedAtOnce(t *testing.T) {
	t.Parallel()
	for name, failing := range map[string]answer{
		"ValidationException":       fails(400, "ValidationException"),
		"AccessDeniedException":     fails(400, "AccessDeniedException"),
		"ResourceNotFoundException": fails(400, "ResourceNotFoundException"),
		"ValidationError":           cancels("ValidationError", "None"),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := serve(t, failing)
			store := server.store(attemptTimeout)
			_, _, err := store.Follow(t.Context(), someone, begun)
			if err == nil || !strings.HasPrefix(err.Error(), "store a follow: ") {
				t.Errorf("error %v", err)
			}
			if got := len(server.seen()); got != 1 {
				t.Errorf("%d requests, want 1", got)
			}
		})
	}
}

// TestOneRequest: each operation makes one request on one warm connection, even if a condition fails.
func TestOneRequest(t *testing.T) {
	t.Parallel()
	standing := someone
	standing.Remark, standing.State = "stands", ""
	refuses := cancels("ConditionalCheckFailed", "None")
	failed := fails(400, "ConditionalCheckFailedException")
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	tests := []struct {
		name      string
		answer    answer
		operation string
		call      func(*Store) error
	}{
		{"follow", succeeds, "TransactWriteItems", func(s *Store) error {
			_, applied, err := s.Follow(ctx, someone, begun)
			if !applied {
				t.Error("follow: not applied")
			}
			return err
		}},
		{"follow, one stands", refuses, "TransactWriteItems", func(s *Store) error {
			stored, applied, err := s.Follow(ctx, someone, begun)
			if diff := cmp.Diff(standing, stored); applied || diff != "" {
				t.Errorf("follow, one stands: applied %v, stored (-want +got):\n%s", applied, diff)
			}
			return err
		}},
		{"unfollow", succeeds, "TransactWriteItems", func(s *Store) error {
			return s.Unfollow(ctx, secretOpenID, event, event)
		}},
		{"unfollow, a later follow stands", refuses, "TransactWriteItems", func(s *Store) error {
			return s.Unfollow(ctx, secretOpenID, event, event)
		}},
		{"complete", succeeds, "UpdateItem", func(s *Store) error { return s.Complete(ctx, someone) }},
		{"complete, too late", failed, "UpdateItem", func(s *Store) error { return s.Complete(ctx, someone) }},
		{"ticket repeated after its use", holds(`"used_tickets":{"SS":["1700000600#ticket"]}`), "BatchGetItem",
			func(s *Store) error {
				added, err := s.AddTicket(ctx, link, someone, begun)
				if !added {
					t.Error("ticket repeated after its use: not there")
				}
				return err
			}},
		{"suggestion", succeeds, "TransactWriteItems", func(s *Store) error {
			kept, err := s.AddSuggestion(ctx, follower.Suggestion{At: event})
			if !kept {
				t.Error("suggestion: not kept")
			}
			return err
		}},
		{"suggestion repeated", refuses, "TransactWriteItems", func(s *Store) error {
			kept, err := s.AddSuggestion(ctx, follower.Suggestion{At: event})
			if !kept {
				t.Error("suggestion repeated: not there")
			}
			return err
		}},
		{"suggestion beyond the day's", cancels("None", "ConditionalCheckFailed"), "TransactWriteItems", func(s *Store) error {
			kept, err := s.AddSuggestion(ctx, follower.Suggestion{At: event})
			if kept {
				t.Error("suggestion beyond the day's: kept")
			}
			return err
		}},
		{"lookup", holds(""), "BatchGetItem",
			func(s *Store) error {
				_, _, err := s.Lookup(ctx, secretOpenID)
				return err
			}},
		{"suggestions", succeeds, "Query", func(s *Store) error {
			_, _, err := s.Suggestions(ctx, event)
			return err
		}},
		{"suggestion handled", succeeds, "UpdateItem", func(s *Store) error {
			found, err := s.MarkHandled(ctx, follower.Suggestion{At: event})
			if !found {
				t.Error("suggestion handled: not found")
			}
			return err
		}},
		{"no such suggestion", failed, "UpdateItem", func(s *Store) error {
			found, err := s.MarkHandled(ctx, follower.Suggestion{At: event})
			if found {
				t.Error("no such suggestion: found")
			}
			return err
		}},
		{"followers", succeeds, "Scan", func(s *Store) error {
			for _, err := range s.Followers(ctx) {
				return err
			}
			return nil
		}},
		{"access token", succeeds, "GetItem", func(s *Store) error {
			_, err := s.AccessToken(ctx)
			return err
		}},
		{"save access token", succeeds, "UpdateItem", func(s *Store) error {
			return s.SaveAccessToken(ctx, "TOKEN", event)
		}},
		{"mark lost", failed, "UpdateItem", func(s *Store) error {
			won, err := s.MarkForced(ctx, wechat.AccessToken{}, wechat.AccessToken{ForcedAt: event})
			if won {
				t.Error("mark lost: won")
			}
			return err
		}},
	}
	var script []answer
	for _, tt := range tests {
		script = append(script, tt.answer)
	}
	server := serve(t, script...)
	store := server.store(attemptTimeout)
	var want []string
	for _, tt := range tests {
		if err := tt.call(store); err != nil {
			t.Errorf("%s: %v", tt.name, err)
		}
		want = append(want, tt.operation)
	}
	var got []string
	for _, r := range server.seen() {
		got = append(got, r.operation)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("requests (-want +got):\n%s", diff)
	}
	if server.conns != 1 {
		t.Errorf("%d connections, want 1", server.conns)
	}
}

// TestErrorsTellNothing: no error of any operation contains personal data or credentials.
func TestErrorsTellNothing(t *testing.T) {
	t.Parallel()
	const text, token = "@a-secret-text", "SECRET-TOKEN"
	profiled := someone
	profiled.Remark = text
	calls := map[string]func(context.Context, *Store) error{
		"store a follow": func(ctx context.Context, s *Store) error {
			_, _, err := s.Follow(ctx, profiled, begun)
			return err
		},
		"complete a profile": func(ctx context.Context, s *Store) error { return s.Complete(ctx, profiled) },
		"store an unfollow": func(ctx context.Context, s *Store) error {
			return s.Unfollow(ctx, secretOpenID, event, event)
		},
		"store a suggestion": func(ctx context.Context, s *Store) error {
			_, err := s.AddSuggestion(ctx, follower.Suggestion{At: event, Text: text})
			return err
		},
		"look up a follower": func(ctx context.Context, s *Store) error {
			_, _, err := s.Lookup(ctx, secretOpenID)
			return err
		},
		"store a ticket": func(ctx context.Context, s *Store) error {
			_, err := s.AddTicket(ctx, link, profiled, begun)
			return err
		},
		"change a session": func(ctx context.Context, s *Store) error {
			return s.ChangeSession(ctx, secretOpenID, func(*follower.Session) error { return nil })
		},
		"read own data": func(ctx context.Context, s *Store) error {
			_, err := s.Own(ctx, secretOpenID)
			return err
		},
		"change own data": func(ctx context.Context, s *Store) error {
			return s.ChangeOwn(ctx, someone, &begun, func(d *follower.OwnData) error {
				d.Values = map[string]string{"text": text}
				return nil
			})
		},
		"list suggestions": func(ctx context.Context, s *Store) error {
			_, _, err := s.Suggestions(ctx, event)
			return err
		},
		"mark a suggestion": func(ctx context.Context, s *Store) error {
			_, err := s.MarkHandled(ctx, follower.Suggestion{At: event, FollowerHash: text})
			return err
		},
		"list followers": func(ctx context.Context, s *Store) error {
			for _, err := range s.Followers(ctx) {
				return err
			}
			return nil
		},
		"read the access token": func(ctx context.Context, s *Store) error {
			_, err := s.AccessToken(ctx)
			return err
		},
		"store the access token": func(ctx context.Context, s *Store) error {
			return s.SaveAccessToken(ctx, token, event)
		},
		"find followers": func(ctx context.Context, s *Store) error {
			_, err := s.Find(ctx, []string{secretOpenID})
			return err
		},
		"store a profile": func(ctx context.Context, s *Store) error {
			_, err := s.Apply(ctx, []reconcile.Change{{Kind: reconcile.Check, Follower: profiled}})
			return err
		},
		"acquire the lease": func(ctx context.Context, s *Store) error {
			_, _, err := s.Acquire(ctx, text, event, event)
			return err
		},
		"save the checkpoint": func(ctx context.Context, s *Store) error {
			_, err := s.Save(ctx, "holder", event, []byte(secretOpenID))
			return err
		},
		"read the checkpoint": func(ctx context.Context, s *Store) error {
			_, _, err := s.Checkpoint(ctx)
			return err
		},
		"mark a forced refresh": func(ctx context.Context, s *Store) error {
			_, err := s.MarkForced(ctx, wechat.AccessToken{Value: token}, wechat.AccessToken{Value: token, ForcedAt: event})
			return err
		},
	}
	for name, failing := range map[string]answer{
		"refused":    fails(400, "ValidationException"),
		"canceled":   cancels("ValidationError", "ConditionalCheckFailed"),
		"conflict":   cancels("ConditionalCheckFailed", "TransactionConflict"),
		"cut":        hangsUpWithin,
		"not JSON":   says(400, "<html>"),
		"unreadable": says(200, `{"Items":[{"pk":{"S":"`+secretOpenID+`"},"sk":{"S":"`+text+`"}}]}`),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			store := serve(t, failing).store(attemptTimeout)
			for operation, call := range calls {
				ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
				err := call(ctx, store)
				cancel()
				if err == nil {
					if name != "unreadable" {
						t.Errorf("%s: no error", operation)
					}
					continue
				}
				if !strings.HasPrefix(err.Error(), operation+": ") {
					t.Errorf("%s: error does not begin with the operation: %v", operation, err)
				}
				for _, secret := range []string{secretOpenID, text, token} {
					if strings.Contains(err.Error(), secret) {
						t.Errorf("%s: error tells %q: %v", operation, secret, err)
					}
				}
			}
		})
	}
}

// TestEnterAfterALostAnswer: the write that used the ticket was made, its answer lost, and the SDK made it again.
func TestEnterAfterALostAnswer(t *testing.T) {
	t.Parallel()
	server := serve(t,
		holds(`"tickets":{"SS":["1700000600#ticket"]}`),
		hangsUp, fails(400, "ConditionalCheckFailedException"),
		holds(`"used_tickets":{"SS":["1700000600#ticket"]},"devices":{"SS":["1702592000#device"]}`),
		succeeds)
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	entered := false
	err := server.store(attemptTimeout).ChangeSession(ctx, secretOpenID, func(s *follower.Session) error {
		entered = s.Enter("ticket", "device", event)
		return nil
	})
	if err != nil || !entered {
		t.Errorf("entered %v, error %v", entered, err)
	}
}

// TestAddTicketMeetsAnotherWrite: another write is made between the read and the write.
func TestAddTicketMeetsAnotherWrite(t *testing.T) {
	t.Parallel()
	const followerAlone = `{"Responses":{"table":[{"pk":{"S":"` + secretOpenID + `"},"sk":{"S":"follower"},"event_time":{"N":"1700000000"}}]}}`
	for name, tt := range map[string]struct {
		read    answer
		refuses answer
		write   string
	}{
		"nothing known":        {succeeds, cancels("ConditionalCheckFailed", "None"), "TransactWriteItems"},
		"no session":           {says(200, followerAlone), cancels("None", "ConditionalCheckFailed"), "TransactWriteItems"},
		"no session, unfollow": {says(200, followerAlone), cancels("ConditionalCheckFailed", "None"), "TransactWriteItems"},
		"follower and session": {holds(""), fails(400, "ConditionalCheckFailedException"), "PutItem"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := serve(t, tt.read, tt.refuses, holds(""), succeeds)
			ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
			defer cancel()
			added, err := server.store(attemptTimeout).AddTicket(ctx, link, someone, begun)
			if err != nil || !added {
				t.Errorf("added %v, error %v", added, err)
			}
			var got []string
			for _, r := range server.seen() {
				got = append(got, r.operation)
			}
			if diff := cmp.Diff([]string{"BatchGetItem", tt.write, "BatchGetItem", "PutItem"}, got); diff != "" {
				t.Errorf("requests (-want +got):\n%s", diff)
			}
		})
	}
}

// TestChangeOwnMeetsAnotherWrite: another write is made between the read and the write. The change is then made again, to
// the newer data.
func TestChangeOwnMeetsAnotherWrite(t *testing.T) {
	t.Parallel()
	records := func(own string) answer {
		if own != "" {
			own = `,{"pk":{"S":"` + secretOpenID + `"},"sk":{"S":"own"},"version":{"N":"` + own + `"}}`
		}
		return says(200, `{"Responses":{"table":[{"pk":{"S":"`+secretOpenID+`"},"sk":{"S":"follower"},"event_time":{"N":"1700000000"}}`+own+`]}}`)
	}
	for name, tt := range map[string]struct {
		read, refuses answer
		want          []int64 // the versions that are changed
	}{
		"nothing known":     {succeeds, cancels("ConditionalCheckFailed", "None", "None"), []int64{0, 8}},
		"no data":           {records(""), cancels("None", "ConditionalCheckFailed"), []int64{0, 8}},
		"no data, unfollow": {records(""), cancels("ConditionalCheckFailed", "None"), []int64{0, 8}},
		"older data":        {records("7"), cancels("None", "ConditionalCheckFailed"), []int64{7, 8}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := serve(t, tt.read, tt.refuses, records("8"), succeeds)
			ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
			defer cancel()
			var changed []int64
			err := server.store(attemptTimeout).ChangeOwn(ctx, someone, &begun, func(d *follower.OwnData) error {
				changed = append(changed, d.Version)
				return nil
			})
			if err != nil {
				t.Error(err)
			}
			if diff := cmp.Diff(tt.want, changed); diff != "" {
				t.Errorf("versions changed (-want +got):\n%s", diff)
			}
			if last := server.seen()[3].body; !strings.Contains(last, `":version":{"N":"8"}`) || !strings.Contains(last, `"version":{"N":"9"}`) {
				t.Errorf("the last write is %s", last)
			}
		})
	}
}

// TestReadsTwoKeys: a look-up and a change of a session read only the follower and the session.
func TestReadsTwoKeys(t *testing.T) {
	t.Parallel()
	server := serve(t, holds(""))
	store := server.store(attemptTimeout)
	refused := errors.New("refused")
	_, _, lookupErr := store.Lookup(t.Context(), secretOpenID)
	changeErr := store.ChangeSession(t.Context(), secretOpenID, func(*follower.Session) error { return refused })
	if lookupErr != nil || !errors.Is(changeErr, refused) {
		t.Fatal(lookupErr, changeErr)
	}
	for _, name := range []string{"suggestions#2026-11", "#account", ""} {
		if _, _, err := store.Lookup(t.Context(), name); !errors.Is(err, follower.ErrNotFound) {
			t.Errorf("Lookup of %q: %v", name, err)
		}
		if err := store.ChangeSession(t.Context(), name, nil); !errors.Is(err, follower.ErrNotFound) {
			t.Errorf("ChangeSession of %q: %v", name, err)
		}
	}
	of := func(sk string) map[string]any {
		return map[string]any{"pk": map[string]any{"S": secretOpenID}, "sk": map[string]any{"S": sk}}
	}
	want := map[string]any{"RequestItems": map[string]any{"table": map[string]any{
		"ConsistentRead": true, "Keys": []any{of("follower"), of("session")},
	}}}
	for _, r := range server.seen() {
		var got map[string]any
		if err := json.Unmarshal([]byte(r.body), &got); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, got); diff != "" || r.operation != "BatchGetItem" {
			t.Errorf("%s (-want +got):\n%s", r.operation, diff)
		}
	}
	if got := len(server.seen()); got != 2 {
		t.Errorf("%d requests, want 2", got)
	}
}

func TestPages(t *testing.T) {
	t.Parallel()
	item := func(n string) string {
		return `{"pk":{"S":"p"},"sk":{"S":"1700000000#` + n + `#hash"},"at":{"N":"1700000000"},"text":{"S":"t"}}`
	}
	server := serve(t,
		says(200, `{"Items":[`+item("1")+`],"LastEvaluatedKey":{"pk":{"S":"p"},"sk":{"S":"here"}}}`),
		says(200, `{"Items":[],"LastEvaluatedKey":{"pk":{"S":"p"},"sk":{"S":"there"}}}`), // all filtered out
		says(200, `{"Items":[`+item("2")+`]}`))
	got, unreadable, err := server.store(attemptTimeout).Suggestions(t.Context(), event)
	if err != nil || unreadable != 0 {
		t.Fatal(unreadable, err)
	}
	want := []follower.Suggestion{
		{At: event, MsgID: 1, FollowerHash: "hash", Text: "t"},
		{At: event, MsgID: 2, FollowerHash: "hash", Text: "t"},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("suggestions (-want +got):\n%s", diff)
	}
	if body := server.seen()[2].body; !strings.Contains(body, `"there"`) {
		t.Errorf("the third page was asked for by %s", body)
	}
}

func TestBackoff(t *testing.T) {
	t.Parallel()
	for attempt, limit := range map[int]time.Duration{
		1: 50 * time.Millisecond, 2: 100 * time.Millisecond, 3: 200 * time.Millisecond,
		4: 250 * time.Millisecond, 1000: 250 * time.Millisecond,
	} {
		var longest time.Duration
		for range 1000 {
			longest = max(longest, backoff(attempt))
		}
		if longest >= limit || longest < limit/2 {
			t.Errorf("after attempt %d: at most %v, want close to %v", attempt, longest, limit)
		}
	}
}
