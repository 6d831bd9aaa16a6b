package console

import (
	"encoding/json"
	"net/http"
	"time"

	"github.com/guanzhu/guanzhu/internal/bilingual"
)

// The kinds of Item.
const (
	Delivery = "delivery" // a push, with all its attempts
	Visit    = "visit"    // a request for a page of the account
	Task     = "task"     // what the account does outside of requests, such as publishing the menu
	Message  = "message"  // a customer-service message that the account has sent
)

// Item is one entry of the timeline, with everything that belongs to it.
type Item struct {
	ID     int64     `json:"id"` // counts from 1, never used twice in one state
	Kind   string    `json:"kind"`
	From   string    `json:"from"` // phone, replay, outside, browser, console or account
	At     time.Time `json:"at"`   // when it began, by the console's clock
	OpenID string    `json:"openid,omitempty"`
	Title  string    `json:"title"`            // of a delivery the kind of its push, of a visit the method and path, of a task its name
	Of     int64     `json:"of,omitempty"`     // the delivery that this one repeats
	Target string    `json:"target,omitempty"` // the endpoint, if it is not the built-in account

	Done   bool   `json:"done"`
	Failed bool   `json:"failed"`          // of a delivery: the follower sees that the account is out of order
	Error  string `json:"error,omitempty"` // why

	Push     json.RawMessage `json:"push,omitempty"`  // the message, with the fields of its Go type (docs/pushes.md)
	Reply    *Reply          `json:"reply,omitempty"` // what the follower gets; nil for nothing
	Decided  *Decision       `json:"decided,omitempty"`
	Attempts []*Attempt      `json:"attempts"`
	Steps    []*Step         `json:"steps"`
	Message  string          `json:"message,omitempty"` // only in details: the message in clear, XML
}

// Decision says which handler took a push, and which rule of account.yaml answered.
type Decision struct {
	Route string `json:"route"`          // such as "OnText prefix \"@\"", "On *wechat.Subscribe" or "Default"
	Rule  string `json:"rule,omitempty"` // such as `account.yaml:68 exact "登录"`, `clicks: KEY`, `messages: image` or default; empty if account.yaml did not decide
}

// Attempt is one request for an Item: one delivery of a push, or one request for a page.
type Attempt struct {
	N       int     `json:"n"`        // from 1
	StartMS float64 `json:"start_ms"` // milliseconds since the Item began
	MS      float64 `json:"ms"`       // what it took; at most 5000 for a delivery; 0 until it is done
	Done    bool    `json:"done"`
	Status  int     `json:"status,omitempty"` // HTTP status; 0 if none came
	Error   string  `json:"error,omitempty"`  // why it counts as failed

	Request  *Exchange `json:"request,omitempty"`  // only in details
	Response *Exchange `json:"response,omitempty"` // only in details
}

// Exchange is one half of an HTTP exchange. Tokens and secrets in it are replaced by [hidden].
type Exchange struct {
	Method string      `json:"method,omitempty"`
	URL    string      `json:"url,omitempty"`
	Status int         `json:"status,omitempty"`
	Header http.Header `json:"header,omitempty"`
	Body   string      `json:"body"`             // as it was sent
	Opened string      `json:"opened,omitempty"` // decrypted, if it was sealed
}

// The kinds of Step.
const (
	Call  = "call"  // a call of the platform's API
	Table = "table" // a read or a write of the store
	Log   = "log"   // a log line
)

// Step is something that happened within an Attempt.
type Step struct {
	N       int     `json:"n"`       // from 1 within its Item
	Attempt int     `json:"attempt"` // the N of its Attempt; 0 for a Task
	Kind    string  `json:"kind"`
	Name    string  `json:"name"`     // of a call its path, of the table its operation, of a log line its message
	StartMS float64 `json:"start_ms"` // milliseconds since the Item began
	MS      float64 `json:"ms"`
	Write   bool    `json:"write,omitempty"`  // of the table: records were written
	Failed  bool    `json:"failed,omitempty"` // of a log line: a warning or an error
	Error   string  `json:"error,omitempty"`

	Request  *Exchange       `json:"request,omitempty"`  // of a call; only in details
	Response *Exchange       `json:"response,omitempty"` // of a call; only in details
	Changes  []Change        `json:"changes,omitempty"`  // of the table; only in details
	Line     json.RawMessage `json:"line,omitempty"`     // of the log, with its metrics; only in details
}

// Change is one record that a Step wrote.
type Change struct {
	PK     string          `json:"pk"`
	SK     string          `json:"sk"`
	Before json.RawMessage `json:"before"` // null if there was none
	After  json.RawMessage `json:"after"`  // null if it was deleted
}

// isRecord reports whether one half of a Change is a record. The file keeps a half without one as null.
func isRecord(half json.RawMessage) bool { return half != nil && string(half) != "null" }

// Reply is what a follower gets in the conversation.
type Reply struct {
	Type        string    `json:"type"` // text, image, voice, video, music, news, transfer_customer_service, …
	Content     string    `json:"content,omitempty"`
	MediaID     string    `json:"media_id,omitempty"`
	Title       string    `json:"title,omitempty"`
	Description string    `json:"description,omitempty"`
	MusicURL    string    `json:"music_url,omitempty"`
	Articles    []Article `json:"articles,omitempty"`
}

// Article is one article of a news reply.
type Article struct {
	Title       string `json:"title"`
	Description string `json:"description,omitempty"`
	PicURL      string `json:"pic_url,omitempty"`
	URL         string `json:"url"`
}

// State is everything beside the timeline.
type State struct {
	Run        string     `json:"run"` // another value after each start of the program
	AppID      string     `json:"appid"`
	AccountURL string     `json:"account_url"`          // where the account answers, as deployed
	PublicURL  string     `json:"public_url,omitempty"` // where links to the account lead instead, by a tunnel
	Simulated  bool       `json:"simulated"`            // whether the platform is the simulated one
	Mode       string     `json:"mode"`                 // plain, compatible or safe
	Kind       string     `json:"kind"`                 // test, verified or personal
	Instance   int        `json:"instance"`             // counts the starts of the account's process
	Menu       int        `json:"menu"`                 // counts the changes of the live menu
	LastItem   int64      `json:"last_item"`            // the latest ID of the timeline; 0 if it is empty
	Clock      ClockState `json:"clock"`
	Faults     Faults     `json:"faults"`
	Followers  []Follower `json:"followers"`
	Account    FileState  `json:"account"`
}

// ClockState is the time of the simulator, the endpoint, the pages and the store.
type ClockState struct {
	Now    time.Time `json:"now"`
	Offset float64   `json:"offset"` // seconds ahead of this machine's clock
}

// Follower is a user with a phone. OpenID is the user's at this account.
type Follower struct {
	OpenID       string    `json:"openid"`
	Name         string    `json:"name"`
	Language     string    `json:"language"`
	Follows      bool      `json:"follows"`
	SubscribedAt time.Time `json:"subscribed_at,omitzero"`
	Scene        string    `json:"scene,omitempty"`     // of the QR code that led to the follow
	PagesURL     string    `json:"pages_url,omitempty"` // the account's pages in this phone
}

// FileState says what the console read last from account.yaml.
type FileState struct {
	File     string           `json:"file"`
	Watched  bool             `json:"watched"` // false: there is no such file here, and the one in the program is used
	LoadedAt time.Time        `json:"loaded_at"`
	Keyword  string           `json:"keyword,omitempty"` // a text that gets the personal link, of the last good file; empty if there is none
	Mistakes []bilingual.Text `json:"mistakes"`          // each begins with file:line: and says what to do; the last good file is in use
}

// Faults are the troubles that are switched on.
type Faults struct {
	Platform []PlatformFault `json:"platform"`
	Table    []TableFault    `json:"table"`
}

// PlatformFault disturbs calls of the platform's API.
type PlatformFault struct {
	Path    string  `json:"path"`              // such as /cgi-bin/user/info; * for all
	Errcode int     `json:"errcode,omitempty"` // the answer; 0: the platform's own
	Delay   float64 `json:"delay,omitempty"`   // seconds
	Times   int     `json:"times"`             // calls that are left; 0: all, until it is taken away
}

// TableFault disturbs writes of the store.
type TableFault struct {
	When  string `json:"when"`  // before: the write is not made; after: it is made, and reported as failed
	Kill  bool   `json:"kill"`  // the account's process dies at that moment
	Times int    `json:"times"` // writes that are left; 0: all, until it is taken away
}

// summary returns the Item without what only details have.
func (i *Item) summary() *Item {
	s := i.clone()
	s.Message = ""
	for _, a := range s.Attempts {
		a.Request, a.Response = nil, nil
	}
	for _, step := range s.Steps {
		step.Request, step.Response, step.Changes, step.Line = nil, nil, nil, nil
	}
	return s
}

// clone returns a copy whose attempts and steps are copies, too.
func (i *Item) clone() *Item {
	c := *i
	c.Attempts = make([]*Attempt, len(i.Attempts))
	for n, a := range i.Attempts {
		c.Attempts[n] = new(*a)
	}
	c.Steps = make([]*Step, len(i.Steps))
	for n, s := range i.Steps {
		c.Steps[n] = new(*s)
	}
	return &c
}
