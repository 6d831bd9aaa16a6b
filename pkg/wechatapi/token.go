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

// NoTokens is a TokenStore that stores nothing. Its Client asks the platform for the account's current access token, and
// never forces a new one.
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

// renewBefore is how long before its end a token is renewed, or a quarter of its life if that is shorter. The platform has a
// new token ready 5 minutes before the end, and accepts both until then. In the 4 minutes between, a reconcile renews the
// stored token, so that pushes find the new one.
const renewBefore = time.Minute

// saveFor limits the saving of a new token, so that a slow store does not use up the time of the call that needs it.
const saveFor = 500 * time.Millisecond

// errNoOtherToken means that the platform has only the refused token, and that none may be forced now.
var errNoOtherToken = errors.New("no other access token")

// renewal is the renewal of the access token. One caller makes it, and the others wait for it.
type renewal struct {
	refused string
	done    chan struct{} // closed at the end, when the fields below are set

	err       error
	abandoned bool // the caller's context ended before there was a result
}

// accessToken returns a valid token other than refused, a token that the platform has just refused, or "". The error is
// errNoOtherToken if there is no other.
func (c *Client) accessToken(ctx context.Context, refused string) (string, error) {
	for {
		c.mu.Lock()
		if c.token.Valid(c.now()) && c.token.Value != refused {
			defer c.mu.Unlock()
			return c.token.Value, nil
		}
		r := c.renewal
		if r == nil {
			r = &renewal{refused: refused, done: make(chan struct{})}
			c.renewal = r
			c.mu.Unlock()
			return c.makeRenewal(ctx, r)
		}
		c.mu.Unlock()

		select {
		case <-r.done:
		case <-ctx.Done():
			return "", fmt.Errorf("wechatapi: waiting for the access token: %w", ctx.Err())
		}
		if r.err != nil && r.refused == refused && !r.abandoned {
			return "", r.err
		}
		// There is a token now, or that renewal was for another refused token: look again.
	}
}

// makeRenewal makes the renewal with the caller's ctx, and returns the new token.
func (c *Client) makeRenewal(ctx context.Context, r *renewal) (string, error) {
	var token wechat.AccessToken
	r.abandoned = true // in case of a panic
	defer func() {
		c.mu.Lock()
		defer c.mu.Unlock()
		if r.err == nil {
			c.token = token
		}
		c.renewal = nil
		close(r.done)
	}()
	token, r.err = c.renew(ctx, r.refused)
	r.abandoned = r.err != nil && ctx.Err() != nil
	return token.Value, r.err
}

// renew gets a valid token other than refused: from the store, where another instance may have saved it, then from the
// platform, and at last by force.
//
// It works without the store, because the platform gives every instance the same token. It does not force a new token then.
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
	// An error does no harm: the other instances get the same token from the platform.
	_ = c.store.SaveAccessToken(saveCtx, token.Value, token.ValidUntil)
	return token, nil
}

// mayForce reports whether this instance may force a new token now. No other instance may at the same time.
func (c *Client) mayForce(ctx context.Context, stored wechat.AccessToken) bool {
	mark, ok := stored.MayForce(c.now())
	if !ok {
		return false
	}
	first, err := c.store.MarkForced(ctx, stored, mark)
	return err == nil && first
}

// FetchToken asks the platform for the account's current access token, without forcing a new one. The client uses that token
// from then on. An error shows that the platform refuses the appid, the app secret or the caller's address.
func (c *Client) FetchToken(ctx context.Context) error {
	token, err := c.fetchToken(ctx, false)
	if err != nil {
		return err
	}
	c.remember(token)
	return nil
}

// KeepToken replaces the stored access token if it ends before until and the platform has a newer one. It returns until when
// the stored token is valid. It does not ask the platform if the stored token lasts long enough, and never forces a token.
func (c *Client) KeepToken(ctx context.Context, until time.Time) (validUntil time.Time, err error) {
	stored, err := c.store.AccessToken(ctx)
	if err != nil {
		return time.Time{}, err
	}
	if stored.Valid(until) {
		return stored.ValidUntil, nil
	}
	token, err := c.fetchToken(ctx, false)
	if err != nil {
		return time.Time{}, err
	}
	if token.Value != stored.Value || token.ValidUntil.After(stored.ValidUntil) {
		if err := c.store.SaveAccessToken(ctx, token.Value, token.ValidUntil); err != nil {
			return time.Time{}, err
		}
	}
	c.remember(token)
	return token.ValidUntil, nil
}

func (c *Client) remember(token wechat.AccessToken) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.token = token
}

// fetchToken asks the platform for the account's token. Without force, every call returns the current token. With force, the
// platform makes a new one and ends the current one.
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
		err = fmt.Errorf("wechatapi: %s: the answer has no access token", path)
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

// withSecret makes a call that carries the app secret. If the platform refuses the secret and there is a new one, it repeats
// the call.
func (c *Client) withSecret(ctx context.Context, call func(secret string) error) error {
	used := c.secrets.AppSecret()
	err := call(used)
	if !hasCode(err, 40001, 40125) {
		return err
	}
	c.secrets.Reload(ctx)
	// Reload's result does not tell: it may have changed something else, or another call may have reloaded just before.
	if secret := c.secrets.AppSecret(); secret != used {
		return call(secret)
	}
	return err
}
