package console

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"io/fs"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"time"

	ownerfiles "github.com/guanzhu/guanzhu/account/media"
	"github.com/guanzhu/guanzhu/internal/media"
	"github.com/guanzhu/guanzhu/internal/menu"
)

// publish publishes the files and the menu of account.yaml on the simulated platform. A real account keeps what it has.
// Whatever the platform refuses is on the timeline.
func (c *Console) publish() {
	if c.config.APIURL != "" {
		return
	}
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	if uses := media.All(c.mediaFiles(), c.instance().replies.Files()); len(uses) > 0 {
		_ = c.task(ctx, "publish the files", "", func(ctx context.Context, i *instance) error { // its error is on the timeline
			publisher := media.Publisher{API: i.api, Store: c.store, Files: c.mediaFiles()}
			_, err := publisher.Publish(ctx, uses, false)
			return err
		})
	}
	_ = c.task(ctx, "publish the menu", "", func(ctx context.Context, i *instance) error {
		wanted, err := i.replies.Menu(c.publicURL())
		if err != nil {
			return err
		}
		publisher := menu.Publisher{API: i.api, Now: c.clock.Now}
		summary, err := publisher.Publish(ctx, wanted)
		if err == nil && summary.Result == menu.Refused {
			err = errors.New(summary.Reason)
		}
		return err
	})
	c.mu.Lock()
	c.menus++
	c.mu.Unlock()
	c.changed()
}

// mediaFiles returns the folder media beside account.yaml, or that of the program.
func (c *Console) mediaFiles() fs.FS {
	dir := filepath.Join(filepath.Dir(c.config.AccountFile), "media")
	if _, err := os.Stat(dir); err != nil {
		return ownerfiles.Files
	}
	return os.DirFS(dir)
}

// menuOf asks the simulated platform which menu a user sees. A real platform's menu is the one of account.yaml.
func (c *Console) menuOf(ctx context.Context, openid string) (any, error) {
	none := map[string]any{"button": []any{}}
	platform := c.simulated()
	if platform == nil {
		wanted, err := c.instance().replies.Menu(c.publicURL())
		return map[string]any{"button": append([]menu.Button{}, wanted.Buttons...)}, err
	}
	client := &http.Client{Transport: handlerTransport(func() http.Handler { return platform })}
	var token struct {
		AccessToken string `json:"access_token"`
	}
	credentials := map[string]string{
		"grant_type": "client_credential", "appid": c.config.AppID, "secret": c.config.Secrets.AppSecret,
	}
	if err := ask(ctx, client, "/cgi-bin/stable_token", nil, credentials, &token); err != nil {
		return nil, err
	}
	var answer map[string]json.RawMessage
	query := url.Values{"access_token": {token.AccessToken}}
	if err := ask(ctx, client, "/cgi-bin/menu/trymatch", query, map[string]string{"user_id": openid}, &answer); err != nil {
		return nil, err
	}
	if answer["button"] == nil {
		return none, nil // the user does not follow, or there is no menu
	}
	return map[string]any{"button": answer["button"]}, nil
}

// ask makes a call of the simulated platform that is not the account's, and so is on no timeline.
func ask(ctx context.Context, client *http.Client, path string, query url.Values, body, answer any) error {
	encoded, err := json.Marshal(body)
	if err != nil {
		return err
	}
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, "http://platform"+path+"?"+query.Encode(), bytes.NewReader(encoded))
	if err != nil {
		return err
	}
	response, err := client.Do(r)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	all, err := io.ReadAll(response.Body)
	if err != nil {
		return err
	}
	return json.Unmarshal(all, answer)
}
