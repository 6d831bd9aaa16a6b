// Package boot starts the functions: it reads the environment and opens what their requests need.
package boot

import (
	"context"
	"log/slog"
	"os"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/guanzhu/guanzhu/account"
	"github.com/guanzhu/guanzhu/internal/dynamostore"
	"github.com/guanzhu/guanzhu/internal/media"
	"github.com/guanzhu/guanzhu/internal/parameterstore"
	"github.com/guanzhu/guanzhu/internal/telemetry"
	"github.com/guanzhu/guanzhu/pkg/follower"
	"github.com/guanzhu/guanzhu/pkg/wechatapi"
)

// Function is what every function needs.
type Function struct {
	account.Services
	Env     Env
	Log     *slog.Logger // the default of slog as well
	Store   *dynamostore.Store
	Secrets *parameterstore.Keeper
	Hash    func(openid string) string // keyed; takes the place of openids in logs
}

// Up reads the environment by lookup, reads account.yaml, and opens the table, the secrets and the platform's API. The
// error names every variable that is missing or wrong.
func Up(ctx context.Context, lookup func(string) (string, bool)) (*Function, error) {
	env, err := readEnv(lookup)
	if err != nil {
		return nil, err
	}
	f := &Function{Env: env, Log: setLog(env, os.Stdout)}
	if f.Replies, err = account.Load(); err != nil {
		return nil, err
	}
	if err := f.open(ctx); err != nil {
		return nil, err
	}
	f.Hash = telemetry.Hasher(f.Secrets.LinkKey())
	f.Media = &media.Library{Store: f.Store, Now: time.Now, Log: f.Log}
	f.Followers = &follower.Service{Store: f.Store, Profiler: f.API, Hash: f.Hash, Now: time.Now, LinkKey: f.Secrets.LinkKey}
	return f, nil
}

// tokenWithin bounds the read of the stored access token. If it fails, the first call to the platform reads it again.
const tokenWithin = 1500 * time.Millisecond

// open opens the table, the secrets and the platform's API. It reads the secrets and the stored access token concurrently,
// which also opens the connections to both services.
func (f *Function) open(ctx context.Context) error {
	env := f.Env
	f.Store = dynamostore.New(env.AWS, dynamostore.Options{Table: env.Table, Endpoint: env.DynamoDBEndpoint, Now: time.Now})
	api := wechatapi.Config{AppID: env.AppID, BaseURL: env.APIURL, Tokens: f.Store, Log: f.Log}

	var group errgroup.Group
	group.Go(func() (err error) {
		reader := parameterstore.NewSSM(env.AWS, env.SSMEndpoint)
		f.Secrets, err = parameterstore.Open(ctx, env.Secrets, parameterstore.Options{Reader: reader})
		return err
	})
	group.Go(func() error {
		ctx, cancel := context.WithTimeout(ctx, tokenWithin)
		defer cancel()
		api.Token, _ = f.Store.AccessToken(ctx)
		return nil
	})
	if err := group.Wait(); err != nil {
		return err
	}
	api.Secrets = f.Secrets
	var err error
	f.API, err = wechatapi.New(api)
	return err
}
