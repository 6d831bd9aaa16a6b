package secrets

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"regexp"
	"strings"
	"sync/atomic"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/retry"
	"github.com/aws/aws-sdk-go-v2/service/ssm"
	"github.com/aws/aws-sdk-go-v2/service/ssm/types"
	"github.com/aws/smithy-go"

	"github.com/guanzhu/guanzhu/internal/transport"
)

const (
	openWithin   = 2500 * time.Millisecond // of the 10 s that Lambda gives a start
	reloadWithin = time.Second             // of the 5 s that the platform gives a push
	reloadEvery  = time.Minute
	retryEvery   = 5 * time.Second // after a read that failed

	// stepWithin bounds each step of a try, so that a connection that died while Lambda froze the instance leaves time for
	// another try within reloadWithin.
	stepWithin = 500 * time.Millisecond

	// The waits between two tries double from the first to the longest.
	firstWait   = 50 * time.Millisecond
	longestWait = 400 * time.Millisecond
)

// Parameters reads one parameter of AWS Systems Manager; *ssm.Client is one. A Keeper tries again by itself what is
// worth it, so that one call should be one try.
// https://docs.aws.amazon.com/systems-manager/latest/APIReference/API_GetParameter.html
type Parameters interface {
	GetParameter(context.Context, *ssm.GetParameterInput, ...func(*ssm.Options)) (*ssm.GetParameterOutput, error)
}

// NewSSM returns a client of AWS Systems Manager that tries once. An empty endpoint means AWS's own in cfg's region.
func NewSSM(cfg aws.Config, endpoint string) *ssm.Client {
	return ssm.NewFromConfig(cfg, func(o *ssm.Options) {
		o.Retryer = aws.NopRetryer{}
		if cfg.HTTPClient == nil {
			o.HTTPClient = transport.Client(transport.Limits{Connect: stepWithin, Handshake: stepWithin, Header: stepWithin, Call: openWithin})
		}
		if endpoint != "" {
			o.BaseEndpoint = aws.String(endpoint)
		}
	})
}

// Options are what a Keeper needs from outside.
type Options struct {
	Parameters Parameters       // not needed for secrets given inline
	Now        func() time.Time // nil means time.Now
}

// Keeper keeps the account's secrets. It is safe for concurrent use and has no goroutines of its own.
type Keeper struct {
	parameter  string // empty: the secrets were given inline
	parameters Parameters
	now        func() time.Time
	current    atomic.Pointer[Secrets]

	turn     chan struct{} // held by the one caller that reads again
	reloaded time.Time     // the last time that Reload read, with turn held
	pause    time.Duration // from then until it may read again
}

var parameterName = regexp.MustCompile(`^(/[A-Za-z0-9_.-]+)+$`)

// Open reads the secrets that ref names: "ssm:/name" is the SecureString of that name in AWS Systems Manager, and what
// begins with { is their JSON itself, for local runs (see Parse).
//
// It takes 2.5 s at most. Systems Manager allows 40 reads a second, and many instances may start in one: throttling is
// tried again, as is whatever may pass; a missing permission or parameter fails at once. The error says what to do.
func Open(ctx context.Context, ref string, o Options) (*Keeper, error) {
	k := &Keeper{parameters: o.Parameters, now: o.Now, turn: make(chan struct{}, 1)}
	if k.now == nil {
		k.now = time.Now
	}
	if strings.HasPrefix(ref, "{") {
		s, err := Parse([]byte(ref))
		if err != nil {
			return nil, err
		}
		k.current.Store(&s)
		return k, nil
	}
	name, ok := strings.CutPrefix(ref, "ssm:")
	if !ok || !parameterName.MatchString(name) {
		// What was given is not told: it may be a secret.
		return nil, errors.New("secrets: WECHAT_SECRETS must be ssm:/name, the name of a SecureString, " +
			"or, locally, the JSON {…} itself")
	}
	if k.parameters == nil {
		return nil, errors.New("secrets: Systems Manager is not read here: give the JSON {…} itself")
	}
	k.parameter = name
	s, err := k.read(ctx, openWithin)
	if err != nil {
		return nil, err
	}
	k.current.Store(&s)
	return k, nil
}

// Inline reports whether the secrets were given as JSON, as in local runs, and not read from Systems Manager.
func (k *Keeper) Inline() bool { return k.parameter == "" }

// Current returns the secrets as last read.
func (k *Keeper) Current() Secrets { return *k.current.Load() }

// AppSecret returns the app secret as last read.
func (k *Keeper) AppSecret() string { return k.Current().AppSecret }

// LinkKey returns the key from which those of personal links and of the hashes of openids are derived: link_key, which
// stays when the app secret is replaced, or the app secret if there is none.
func (k *Keeper) LinkKey() string {
	s := k.Current()
	return cmp.Or(s.LinkKey, s.AppSecret)
}

// Reload reads the secrets again, in 1 s at most, and reports whether they changed since the call: then what failed
// with the old ones is worth another try. Callers at the same time share one read. What cannot be read, or is no valid
// secrets, is logged and leaves the old ones in use.
//
// It reads at most once a minute, since anybody can send pushes that fail; after a read that failed, once in 5 s: an
// instance that could not read during a rotation must not refuse the new secrets for a whole minute after it. The read at
// the start does not count: a rotation may come right after it. Secrets given inline never change.
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
	// Another caller may have read while this one waited for its turn.
	if k.due() && ctx.Err() == nil {
		k.reloaded, k.pause = k.now(), reloadEvery
		s, err := k.read(ctx, reloadWithin)
		if err != nil {
			k.pause = retryEvery
			slog.WarnContext(ctx, "secrets stay as they were: they could not be read again", "error", err)
			return false
		}
		k.current.Store(&s)
	}
	return k.Current() != before
}

// due reports whether the pause since the last Reload is over. It goes by the wall clock, as the monotonic one may
// stand still while Lambda freezes the instance; so a clock that was set back does not stop the reading either.
func (k *Keeper) due() bool {
	since := k.now().Round(0).Sub(k.reloaded)
	return since < 0 || since >= k.pause
}

// read reads the parameter, again and again until it has it, or there is no point in it, or the time is over.
func (k *Keeper) read(ctx context.Context, within time.Duration) (Secrets, error) {
	ctx, cancel := context.WithTimeout(ctx, within)
	defer cancel()
	var last error
	for wait := firstWait; ; wait = min(2*wait, longestWait) {
		out, err := k.parameters.GetParameter(ctx, &ssm.GetParameterInput{
			Name:           aws.String(k.parameter),
			WithDecryption: aws.Bool(true),
		})
		if err == nil {
			return parse(k.parameter, out)
		}
		if ctx.Err() == nil || last == nil {
			last = err // and not that the time ended, which does not tell why
		}
		if advice := final(err); advice != "" {
			return Secrets{}, fmt.Errorf("secrets: the parameter %s cannot be read: %s: %w", k.parameter, advice, err)
		}
		select {
		case <-time.After(wait/2 + rand.N(wait/2)): // spread, as many instances may be waiting
		case <-ctx.Done():
			return Secrets{}, fmt.Errorf("secrets: the parameter %s could not be read within %v: "+
				"check the way to Systems Manager and its limits: %w", k.parameter, within, last)
		}
	}
}

// parse reads the value of the parameter of that name.
func parse(name string, out *ssm.GetParameterOutput) (Secrets, error) {
	if out.Parameter == nil || out.Parameter.Value == nil {
		return Secrets{}, fmt.Errorf("secrets: the parameter %s came without a value", name)
	}
	if t := out.Parameter.Type; t == types.ParameterTypeString || t == types.ParameterTypeStringList {
		return Secrets{}, fmt.Errorf("secrets: the parameter %s is a %s, which is stored in clear: "+
			"delete it and create it as a SecureString", name, t)
	}
	s, err := Parse([]byte(*out.Parameter.Value))
	if err != nil {
		return Secrets{}, fmt.Errorf("the parameter %s: %w", name, err)
	}
	return s, nil
}

var retryable = retry.IsErrorRetryables(retry.DefaultRetryables)

// final returns what to do about an error that stays, however often the call is tried, or nothing.
func final(err error) (advice string) {
	api, ok := errors.AsType[smithy.APIError](err)
	if !ok || api.ErrorFault() == smithy.FaultServer || retryable.IsErrorRetryable(err) == aws.TrueTernary {
		return ""
	}
	switch api.ErrorCode() {
	case "ParameterNotFound":
		return "create it as a SecureString in the function's region, or correct WECHAT_SECRETS"
	case "AccessDeniedException":
		return "allow the function's role ssm:GetParameter on it, and kms:Decrypt on its key"
	}
	return "check WECHAT_SECRETS, the role and the region"
}
