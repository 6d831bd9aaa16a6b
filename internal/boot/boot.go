// Package boot starts the functions: it reads the environment and opens what their requests need.
package boot

import (
	"context"
	"log/slog"
	"os"
	"time"

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

// Up reads the environment by lookup, loads account.yaml, and opens the table, the secrets and the platform's API. The
// error names every variable that is missing or wrong.
func Up(ctx context.Context, lookup func(string) (string, bool)) (*Function, error) {
	env, err := readEnv(lookup)
	if err != nil {
		return nil, err
	}
	if err := readRootsOnce(lookup, amazonRoots); err != nil {
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

// open opens the table, the secrets and the platform's API. It reads the secrets alone, which every request needs. The table
// is first asked by what needs it: the access token by the first call of the platform's API.
func (f *Function) open(ctx context.Context) (err error) {
	env := f.Env
	f.Store = dynamostore.New(env.AWS, dynamostore.Options{Table: env.Table, Endpoint: env.DynamoDBEndpoint, Now: time.Now})
	reader := parameterstore.NewClient(env.AWS, env.SSMEndpoint)
	if f.Secrets, err = parameterstore.Open(ctx, env.Secrets, parameterstore.Options{Reader: reader}); err != nil {
		return err
	}
	f.API, err = wechatapi.New(wechatapi.Config{
		AppID: env.AppID, Secrets: f.Secrets, BaseURL: env.APIURL, Tokens: f.Store, Log: f.Log,
	})
	return err
}
