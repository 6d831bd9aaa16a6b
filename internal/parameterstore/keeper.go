package parameterstore

import (
	"context"
	"errors"
	"log/slog"
	"strings"
	"sync/atomic"
	"time"

	"github.com/aws/smithy-go"

	"github.com/guanzhu/guanzhu/internal/awsjson"
	"github.com/guanzhu/guanzhu/internal/bilingual"
	"github.com/guanzhu/guanzhu/internal/pause"
	"github.com/guanzhu/guanzhu/pkg/secrets"
)

const (
	openWithin   = 2500 * time.Millisecond // Lambda gives a start 10 s
	reloadWithin = time.Second             // the platform gives a push 5 s
	reloadEvery  = time.Minute
	retryEvery   = 5 * time.Second // after a failed read

	// The wait between two tries doubles from firstWait to longestWait.
	firstWait   = 50 * time.Millisecond
	longestWait = 400 * time.Millisecond
)

// Options configure a Keeper.
type Options struct {
	Reader Reader           // may be nil if the secrets are given inline
	Now    func() time.Time // time.Now if nil
}

// Keeper holds the account's secrets and reads them again if they may have changed. It is safe for concurrent use and
// starts no goroutines.
type Keeper struct {
	parameter string // empty if the secrets were given inline
	reader    Reader
	now       func() time.Time
	current   atomic.Pointer[secrets.Secrets]

	turn     chan struct{} // holds one value while a caller reads
	reloaded time.Time     // the time of the last Reload that read; guarded by turn
	pause    time.Duration // from reloaded until the next read; guarded by turn
}

// Open returns a Keeper of the secrets that ref names. "ssm:/name" names a SecureString in the Parameter Store. A ref that
// begins with { is the secrets' JSON itself, for local runs (see secrets.Parse).
//
// Open takes at most 2.5 s. Systems Manager allows 40 reads a second, and many instances may start in the same second, so
// Open retries throttled calls and other transient errors. A missing permission or parameter is not retried. The error
// says what to do.
func Open(ctx context.Context, ref string, o Options) (*Keeper, error) {
	k := &Keeper{reader: o.Reader, now: o.Now, turn: make(chan struct{}, 1)}
	if k.now == nil {
		k.now = time.Now
	}
	if strings.HasPrefix(ref, "{") {
		s, err := secrets.Parse([]byte(ref))
		if err != nil {
			return nil, err
		}
		k.current.Store(&s)
		return k, nil
	}
	name, ok := strings.CutPrefix(ref, "ssm:")
	if !ok || CheckName(name) != nil {
		// The error does not contain ref: it may be a secret.
		return nil, bilingual.New("WECHAT_SECRETS 应为 ssm:/name，即一个 SecureString 的名字；在本机也可以是 JSON {…} 本身",
			"WECHAT_SECRETS must be ssm:/name, the name of a SecureString, or, locally, the JSON {…} itself")
	}
	if k.reader == nil {
		return nil, bilingual.New("WECHAT_SECRETS 应为 JSON {…} 本身：这里不读取 Systems Manager", "WECHAT_SECRETS must be the JSON {…} itself: Systems Manager is not read here")
	}
	k.parameter = name
	s, err := k.read(ctx, openWithin)
	if err != nil {
		return nil, err
	}
	k.current.Store(&s)
	return k, nil
}

// Inline reports whether the secrets were given as JSON, as in local runs.
func (k *Keeper) Inline() bool { return k.parameter == "" }

// Current returns the secrets as last read.
func (k *Keeper) Current() secrets.Secrets { return *k.current.Load() }

// AppSecret returns the app secret as last read.
func (k *Keeper) AppSecret() string { return k.Current().AppSecret }

// LinkKey returns the link key as last read, or the app secret if there is no link key.
func (k *Keeper) LinkKey() string { return k.Current().LinkKeyOrAppSecret() }

// ReloadFailed is the message that Reload logs if it cannot read the secrets.
const ReloadFailed = "cannot read the secrets again; the old ones stay in use"

// Reload reads the secrets again and reports whether they changed since the call; if so, an operation that failed with the
// old ones is worth another try. It takes at most 1 s. Concurrent callers share one read. If the read fails, or its result
// is invalid, Reload logs that and keeps the old secrets.
//
// Reload reads at most once a minute, because anyone can send pushes that fail. After a failed read the pause is 5 s, so
// that the instance does not refuse pushes with new secrets for a whole minute. The read of Open does not count. Inline
// secrets never change.
func (k *Keeper) Reload(ctx context.Context) (changed bool) {
	if k.Inline() {
		return false
	}
	before := k.Current()
	select {
	case k.turn <- struct{}{}:
		defer func() { <-k.turn }()
	case <-ctx.Done():
		return false
	}
	// Another caller may have read the secrets while this one waited for its turn.
	if k.due() && ctx.Err() == nil {
		k.reloaded, k.pause = k.now(), reloadEvery
		s, err := k.read(ctx, reloadWithin)
		if err != nil {
			k.pause = retryEvery
			slog.WarnContext(ctx, ReloadFailed, "error", err)
			return false
		}
		k.current.Store(&s)
	}
	return k.Current() != before
}

// due reports whether the pause since the last Reload is over. It uses the wall clock, because the monotonic clock may stop
// while Lambda freezes the instance. If the wall clock was set back, the pause is over.
func (k *Keeper) due() bool {
	since := k.now().Round(0).Sub(k.reloaded)
	return since < 0 || since >= k.pause
}

// read reads the parameter. It retries transient errors until the time is over.
func (k *Keeper) read(ctx context.Context, within time.Duration) (secrets.Secrets, error) {
	ctx, cancel := context.WithTimeout(ctx, within)
	defer cancel()
	var last error
	for wait := firstWait; ; wait = min(2*wait, longestWait) {
		p, err := k.reader.GetParameter(ctx, k.parameter)
		if err == nil {
			return Parse(k.parameter, p)
		}
		if ctx.Err() == nil || last == nil {
			last = err // an error that says why, rather than that the time is over
		}
		if advice := permanent(err); advice != (bilingual.Text{}) {
			return secrets.Secrets{}, bilingual.Errorf("读不了参数 %s：%s：%w", "cannot read the parameter %s: %s: %w", k.parameter, advice, err)
		}
		if pause.Random(ctx, wait) != nil {
			return secrets.Secrets{}, bilingual.Errorf("%[2]v 内读不了参数 %[1]s：检查到 Systems Manager 的网络和它的限额：%[3]w",
				"cannot read the parameter %s within %v: check the network path to Systems Manager and its limits: %w",
				k.parameter, within, last)
		}
	}
}

// permanent returns what to do about an error that another try cannot mend, or the zero Text if the error may be transient.
func permanent(err error) (advice bilingual.Text) {
	if awsjson.Transient(err) {
		return bilingual.Text{}
	}
	refused, _ := errors.AsType[smithy.APIError](err)
	switch refused.ErrorCode() {
	case "ParameterNotFound":
		return bilingual.New("把它创建为 SecureString，放在函数所在的区域，或者改正 WECHAT_SECRETS",
			"create it as a SecureString in the function's region, or correct WECHAT_SECRETS")
	case "AccessDeniedException":
		return bilingual.New("给函数的角色授予它的 ssm:GetParameter 权限，以及它的密钥的 kms:Decrypt 权限",
			"allow the function's role ssm:GetParameter on it, and kms:Decrypt on its key")
	}
	return bilingual.New("检查 WECHAT_SECRETS、角色和区域", "check WECHAT_SECRETS, the role and the region")
}
