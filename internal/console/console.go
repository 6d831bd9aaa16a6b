package console

import (
	"cmp"
	"context"
	"crypto/rand"
	"errors"
	"io"
	"io/fs"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"sync"
	"time"

	"go.etcd.io/bbolt"
	bolterrors "go.etcd.io/bbolt/errors"

	owner "github.com/guanzhu/guanzhu/account"
	"github.com/guanzhu/guanzhu/internal/accountyaml"
	"github.com/guanzhu/guanzhu/internal/answers"
	"github.com/guanzhu/guanzhu/internal/autoreply"
	"github.com/guanzhu/guanzhu/internal/bilingual"
	"github.com/guanzhu/guanzhu/internal/boltstore"
	"github.com/guanzhu/guanzhu/internal/media"
	"github.com/guanzhu/guanzhu/internal/replies"
	"github.com/guanzhu/guanzhu/pkg/secrets"
	"github.com/guanzhu/guanzhu/pkg/wechattest"
)

// Config says which account a Console runs, and where.
type Config struct {
	AppID   string
	Secrets secrets.Secrets
	// File is where the state is kept. Its folder is made if it is not there.
	File string
	// Language is that of the page in a browser that has not chosen one, and of the names of phones: bilingual.Chinese, or
	// another for English.
	Language string
	// Fresh empties the state first.
	Fresh bool
	// AccountFile is the account.yaml to read and to watch. If there is none, that of the program is used.
	AccountFile string
	// ScenarioDir is the folder of recorded scenarios. It is made if it is not there.
	ScenarioDir string
	// APIURL is the platform's API, for a real test account. If empty, the platform is simulated.
	APIURL string

	// URL and AccountURL are the origins at which Page and Account answer, such as http://127.0.0.1:8080.
	URL, AccountURL string
	// PublicURL is the origin of a tunnel that leads to Account, or empty.
	PublicURL string
	// Listen opens a listener for a phone's pages, at a loopback address. If it is nil, phones have no pages.
	Listen func() (net.Listener, error)

	Now        func() time.Time                 // this machine's clock
	Transcript io.Writer                        // gets every delivery as text, with what is stored after it; nil: nobody does
	Printf     func(format string, args ...any) // for the owner's terminal; it must not be nil

	replies   *autoreply.Account // instead of AccountFile
	assistant replies.Assistant  // instead of the one that asks the model of account.yaml
}

// SampleFollower is the openid of the first phone: that of the samples in events/.
const SampleFollower = "oSAMPLEfollower0000000000001"

// accountID is the account's original id.
const accountID = "gh_0123456789ab"

// Console runs an account. It is safe for concurrent use.
type Console struct {
	config       Config
	run          string
	clock        *clock
	store        *boltstore.Store
	stream       *stream
	timeline     *timeline
	queue        *answers.Local // of the questions whose handler is slow
	saving       sync.Mutex
	visiting     sync.Mutex // the platform knows one visitor at a time
	transcribing sync.Mutex
	watching     sync.WaitGroup // ends when closed is
	closed       chan struct{}

	mu        sync.Mutex // guards all below
	settings  settings
	followers []*phone
	platform  *wechattest.Platform // nil if the platform is not simulated
	faults    Faults
	replies   *autoreply.Account
	file      FileState
	current   *instance
	instances int
	menus     int
}

// The modes and kinds of an account.
const (
	modePlain, modeCompatible, modeSafe  = "plain", "compatible", "safe"
	kindTest, kindVerified, kindPersonal = "test", "verified", "personal"
)

// settings are what is kept of the State across restarts, beside the followers.
type settings struct {
	Mode string `json:"mode"`
	Kind string `json:"kind"`
}

// New opens the state and starts the account. The error says what to do.
func New(c Config) (*Console, error) {
	if err := os.MkdirAll(filepath.Dir(c.File), 0o700); err != nil {
		return nil, err
	}
	console := &Console{config: c, run: rand.Text(), clock: &clock{machine: c.Now}, stream: new(stream), closed: make(chan struct{})}
	console.queue = answers.NewLocal(console.answer, askedAgainAfter)
	if err := console.openStore(); err != nil {
		return nil, err
	}
	if err := console.open(); err != nil {
		return nil, errors.Join(err, console.Close())
	}
	return console, nil
}

// openStore opens the file and, if a fresh state is asked for, empties it. A broken file is then replaced.
func (c *Console) openStore() (err error) {
	c.store, err = boltstore.Open(c.config.File, c.clock.Now)
	if err != nil && c.config.Fresh && !errors.Is(err, boltstore.ErrInUse) {
		if err := os.Remove(c.config.File); err != nil {
			return err
		}
		c.store, err = boltstore.Open(c.config.File, c.clock.Now)
	}
	_, unusable := errors.AsType[*fs.PathError](err)
	switch {
	case errors.Is(err, boltstore.ErrInUse):
		return bilingual.Errorf("%s 正被另一个进程使用，也许是这个文件夹里的另一个控制台：停掉它，或者换一个文件夹启动",
			"%s is in use by another process, perhaps by another console in this folder: stop that one, or start this one in another folder", c.config.File)
	case unusable:
		return err
	case err != nil:
		return bilingual.Errorf("%w\n加上 --fresh，用空的状态代替它", "%w\n--fresh puts an empty state in its place", err)
	case !c.config.Fresh:
		return nil
	}
	err = c.store.DB().Update(func(tx *bbolt.Tx) error {
		for _, name := range [][]byte{stateBucket, timelineBucket, mediaBucket} {
			if err := tx.DeleteBucket(name); err != nil && !errors.Is(err, bolterrors.ErrBucketNotFound) {
				return err
			}
		}
		return nil
	})
	return errors.Join(err, c.store.Restore(nil))
}

// open reads the state and starts the account.
func (c *Console) open() (err error) {
	c.store.Watch(c.watchStore)
	if err := c.loadSaved(); err != nil {
		return bilingual.Errorf("不能使用 %s：%w\n加上 --fresh，从空的文件开始", "%s cannot be used: %w\n--fresh starts with an empty file", c.config.File, err)
	}
	if c.timeline, err = openTimeline(c.store.DB(), c.clock.Now, c.stream); err != nil {
		return bilingual.Errorf("%s 读不出来：%w\n加上 --fresh，从空的文件开始", "%s cannot be read: %w\n--fresh starts with an empty file", c.config.File, err)
	}
	if err := c.loadAccount(); err != nil {
		return err
	}
	return c.begin()
}

// begin starts the platform and the account for the state that is there.
func (c *Console) begin() error {
	if len(c.phones()) == 0 {
		if _, err := c.addPhone(Follower{OpenID: SampleFollower}); err != nil {
			return err
		}
	}
	c.startPlatform()
	if c.config.APIURL == "" {
		// Another platform knows neither the token nor the material of the one before.
		ctx := context.Background()
		err := errors.Join(c.store.SaveAccessToken(ctx, "", time.Time{}), c.store.SaveMediaRecord(ctx, media.Record{}))
		if err != nil {
			return err
		}
	}
	if err := c.startInstance(); err != nil {
		return err
	}
	c.publish()
	return nil
}

// Close ends the stream and closes the file.
func (c *Console) Close() error {
	close(c.closed)
	c.watching.Wait()
	c.stream.close()
	c.queue.Close()
	for _, p := range c.phones() {
		p.close()
	}
	return c.store.Close()
}

// startPlatform starts a simulated platform that knows the followers. It has neither menu nor token.
func (c *Console) startPlatform() {
	if c.config.APIURL != "" {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	kind := wechattest.ServiceAccount
	if c.settings.Kind == kindPersonal {
		kind = wechattest.PersonalAccount
	}
	c.platform = wechattest.New(wechattest.Config{
		AppID: c.config.AppID, AppSecret: c.config.Secrets.AppSecret, Kind: kind, Now: c.clock.Now,
	})
	for _, p := range c.followers {
		if p.Follows {
			c.platform.Follow(p.OpenID, p.user())
		}
	}
}

func (c *Console) simulated() *wechattest.Platform {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.platform
}

// publicURL is where the followers' pages are.
func (c *Console) publicURL() string { return cmp.Or(c.config.PublicURL, c.config.AccountURL) }

// openURL is where OAuth begins.
func (c *Console) openURL() string {
	if c.config.APIURL != "" {
		return ""
	}
	return c.config.URL
}

// loadAccount reads account.yaml. A file with mistakes is an error only if there was none before.
func (c *Console) loadAccount() error {
	name := c.config.AccountFile
	data, err := os.ReadFile(name) //nolint:gosec // the program names the file
	watched := err == nil
	var replies *autoreply.Account
	switch {
	case c.config.replies != nil:
		replies, err = c.config.replies, nil
	case errors.Is(err, os.ErrNotExist):
		replies, err = owner.Load()
	case err == nil:
		replies, err = accountyaml.Parse(name, data)
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if err != nil && c.replies == nil {
		return err
	}
	c.file.File, c.file.Watched, c.file.Mistakes = name, watched, mistakes(err)
	if err == nil {
		c.replies, c.file.LoadedAt, c.file.Keyword = replies, c.clock.Now(), replies.LinkKeyword()
	}
	return nil
}

// mistakes returns the lines of an error.
func mistakes(err error) []bilingual.Text {
	all := []bilingual.Text{}
	if err == nil {
		return all
	}
	for _, one := range bilingual.Joined(err) {
		all = append(all, bilingual.TextOf(one))
	}
	return all
}

// task records what the running process does outside of requests. openid is that of the user whom it is about, or empty.
func (c *Console) task(ctx context.Context, name, openid string, do func(context.Context, *instance) error) error {
	rec := c.timeline.begin(func(i *Item) { i.Kind, i.From, i.Title, i.OpenID = Task, "console", name, openid })
	i := c.instance()
	ctx, cancel := context.WithCancel(withSpan(ctx, &span{rec, 0, i}))
	defer cancel()
	defer context.AfterFunc(i.killed, cancel)()
	err := do(ctx, i)
	rec.done(func(i *Item) {
		if err != nil {
			i.Failed, i.Error = true, err.Error()
		}
	})
	return err
}

var errNoPlatform = refuse("真实的测试号没有这一项：它属于模拟平台", "a real account has no such thing: it belongs to the simulated platform")

// Account returns the handler of the account as it is deployed: endpoint and pages.
func (c *Console) Account() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("POST "+pushPath, c.receive)
	mux.HandleFunc("GET "+pushPath, c.receiveCheck)
	mux.HandleFunc("HEAD "+pushPath, c.visit) // the gateway's route for GET takes no HEAD
	mux.HandleFunc("/", c.visit)
	return c.guard(mux, c.config.AccountURL, c.config.PublicURL)
}
