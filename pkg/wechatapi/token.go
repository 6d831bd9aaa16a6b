package wechatapi

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"time"

	"github.com/guanzhu/guanzhu/internal/telemetry"
	"github.com/guanzhu/guanzhu/pkg/wechat"
)

// NoTokens is a TokenStore that shares no access token: its Client asks the platform for the account's current one, and
// never forces another.
type NoTokens struct{}

// AccessToken implements TokenStore.
func (NoTokens) AccessToken(context.Context) (wechat.AccessToken, error) {
	return wechat.AccessToken{}, nil
}

// SaveAccessToken implements TokenStore.
func (NoTokens) SaveAccessToken(context.Context, string, time.Time) error { return nil }

// MarkForced implements TokenStore.
func (NoTokens) MarkForced(context.Context, wechat.AccessToken, wechat.AccessToken) (bool, error) {
	return false, nil
}

// A token is renewed this long before its end, or a quarter of its life if that is shorter. The platform itself has a
// new one ready 5 minutes before the end, and takes both until then: in the 4 minutes between, a reconcile renews the
// stored one, so that a push finds it.
const renewBefore = time.Minute

// saveFor bounds the saving of a new token, so that a slow store does not use up the time of the call that needs it.
const saveFor = 500 * time.Millisecond

// errNoOtherToken says that the platform has no other token than the refused one, and none may be forced now.
var errNoOtherToken = errors.New("no other access token")

// flight is a renewal that one caller makes in its own goroutine and that others wait for.
type flight struct {
	refused string
	done    chan struct{} // closed at the end; the fields below are set then

	err       error
	abandoned bool // the caller gave up before there was a result
}

// accessToken returns a token to make a call with: any valid one other than refused, which is a token that the platform
// has just refused, or "". The error is errNoOtherToken where there is no other.
func (c *Client) accessToken(ctx context.Context, refused string) (string, error) {
	for {
		c.mu.Lock()
		if c.token.Valid(c.now()) && c.token.Value != refused {
			defer c.mu.Unlock()
			return c.token.Value, nil
		}
		f := c.flight
		if f == nil {
			f = &flight{refused: refused, done: make(chan struct{})}
			c.flight = f
			c.mu.Unlock()
			return c.lead(ctx, f)
		}
		c.mu.Unlock()

		select {
		case <-f.done:
		case <-ctx.Done():
			return "", fmt.Errorf("wechatapi: waiting for the access token: %w", ctx.Err())
		}
		if f.err != nil && f.refused == refused && !f.abandoned {
			return "", f.err
		}
		// There is a token now, or that flight was not for us: look again, and lead the next one if need be.
	}
}

// lead makes the renewal f, under the caller's ctx.
func (c *Client) lead(ctx context.Context, f *flight) (string, error) {
	var token wechat.AccessToken
	f.abandoned = true // as it stays in a panic
	defer func() {
		c.mu.Lock()
		defer c.mu.Unlock()
		if f.err == nil {
			c.token = token
		}
		c.flight = nil
		close(f.done)
	}()
	token, f.err = c.renew(ctx, f.refused)
	f.abandoned = f.err != nil && ctx.Err() != nil
	return token.Value, f.err
}

// renew gets a valid token other than refused: from the store, where another instance may have put it, else from the
// platform, in the end by force.
//
// A store that fails is no obstacle: the platform gives every instance the same token, except by force, which is not
// used without the store.
func (c *Client) renew(ctx context.Context, refused string) (wechat.AccessToken, error) {
	stored, storeErr := c.store.AccessToken(ctx)
	if storeErr == nil && stored.Valid(c.now()) && stored.Value != refused {
		return stored, nil
	}
	token, err := c.fetchToken(ctx, false)
	if err == nil && token.Value == refused {
		if storeErr != nil || !c.mayForce(ctx, stored) {
			return wechat.AccessToken{}, errNoOtherToken
		}
		token, err = c.fetchToken(ctx, true)
	}
	if err != nil {
		return wechat.AccessToken{}, err
	}
	if token.Value == refused {
		return wechat.AccessToken{}, errNoOtherToken
	}
	saveCtx, cancel := context.WithTimeout(ctx, saveFor)
	defer cancel()
	// The token is as good unsaved: the other instances get the same one from the platform.
	_ = c.store.SaveAccessToken(saveCtx, token.Value, token.ValidUntil)
	return token, nil
}

// mayForce reports whether this instance, and no other, may force a refresh now.
func (c *Client) mayForce(ctx context.Context, stored wechat.AccessToken) bool {
	mark, ok := stored.MayForce(c.now())
	if !ok {
		return false
	}
	first, err := c.store.MarkForced(ctx, stored, mark)
	return err == nil && first
}

// fetchToken asks the platform for the account's token. Without force it gives the current one, as often as it is
// asked; with force a new one, the end of the current one.
// https://developers.weixin.qq.com/doc/service/api/base/api_getstableaccesstoken
func (c *Client) fetchToken(ctx context.Context, force bool) (wechat.AccessToken, error) {
	const path = "/cgi-bin/stable_token"
	asked := c.now()
	var out struct {
		AccessToken string `json:"access_token"`
		ExpiresIn   int64  `json:"expires_in"` // seconds
	}
	err := c.withSecret(ctx, func(secret string) error {
		body, err := encode(map[string]any{
			"grant_type":    "client_credential",
			"appid":         c.appID,
			"secret":        secret,
			"force_refresh": force,
		})
		if err != nil {
			return err
		}
		return c.send(ctx, http.MethodPost, path, nil, asJSON(body), &out)
	})
	if err == nil && (out.AccessToken == "" || out.ExpiresIn <= 0) {
		err = fmt.Errorf("wechatapi: %s: the answer holds no access token", path)
	}
	if err != nil {
		c.log.LogAttrs(ctx, slog.LevelWarn, "no access token", slog.Bool("force", force), slog.Any("error", err),
			telemetry.TokenFetches.Of(1), telemetry.TokenFailures.Of(1))
		return wechat.AccessToken{}, err
	}
	c.log.LogAttrs(ctx, slog.LevelInfo, "access token fetched", slog.Bool("force", force),
		slog.Int64("expires_in", out.ExpiresIn), telemetry.TokenFetches.Of(1))
	life := time.Duration(out.ExpiresIn) * time.Second
	return wechat.AccessToken{
		Value:      out.AccessToken,
		ValidUntil: asked.Add(life - min(renewBefore, life/4)),
	}, nil
}

// withSecret makes a call that carries the app secret, and once more if the platform refuses it and another has been
// put in its place.
func (c *Client) withSecret(ctx context.Context, call func(secret string) error) error {
	used := c.secrets.AppSecret()
	err := call(used)
	if !hasCode(err, 40001, 40125) {
		return err
	}
	c.secrets.Reload(ctx)
	// Compared, rather than taken from Reload, which may have changed something else, or nothing as another call had
	// it reload just before.
	if secret := c.secrets.AppSecret(); secret != used {
		return call(secret)
	}
	return err
}
