package boot

import (
	"context"
	"log/slog"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/guanzhu/guanzhu/internal/dynamostore"
	"github.com/guanzhu/guanzhu/internal/parameterstore"
	"github.com/guanzhu/guanzhu/pkg/wechatapi"
)

// tokenTime is what the start waits for the stored access token, which the first call can still read.
const tokenTime = 1500 * time.Millisecond

// Start opens the table, the secrets and the platform's API. Secrets and the stored access token are read at the same
// time, which also opens the connections to both services.
func Start(ctx context.Context, env Env) (*dynamostore.Store, *parameterstore.Keeper, *wechatapi.Client, error) {
	store := dynamostore.New(env.AWS, dynamostore.Options{Table: env.Table, Endpoint: env.DynamoDBEndpoint, Now: time.Now})
	config := wechatapi.Config{AppID: env.AppID, BaseURL: env.APIURL, Tokens: store, Log: slog.Default()}

	var keeper *parameterstore.Keeper
	var group errgroup.Group
	group.Go(func() (err error) {
		keeper, err = parameterstore.Open(ctx, env.Secrets, parameterstore.Options{Reader: parameterstore.NewSSM(env.AWS, env.SSMEndpoint), Now: time.Now})
		return err
	})
	group.Go(func() error {
		ctx, cancel := context.WithTimeout(ctx, tokenTime)
		defer cancel()
		config.Token, _ = store.AccessToken(ctx)
		return nil
	})
	if err := group.Wait(); err != nil {
		return nil, nil, nil, err
	}
	config.Secrets = keeper
	api, err := wechatapi.New(config)
	return store, keeper, api, err
}
