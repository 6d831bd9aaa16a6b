// Package publish brings an account on the platform in line with account.yaml: the files that it replies with, and
// the menu. The function menu and the command line use it.
package publish

import (
	"context"
	"fmt"
	"io/fs"

	"github.com/guanzhu/guanzhu/internal/autoreply"
	"github.com/guanzhu/guanzhu/internal/bilingual"
	"github.com/guanzhu/guanzhu/internal/errcode"
	"github.com/guanzhu/guanzhu/internal/media"
	"github.com/guanzhu/guanzhu/internal/menu"
)

// What Run does.
const (
	All          = ""              // publish the differences
	Plan         = "plan"          // only tell
	RemoveUnused = "remove-unused" // publish the differences, and delete the material that nothing uses any longer
)

// Publisher publishes for one account.
type Publisher struct {
	Account   *autoreply.Account
	PublicURL string // as for Account.Menu
	Menu      menu.Publisher
	API       media.API
	Media     media.Store // nil: not known, which is an error if there are files
	Files     fs.FS       // the folder account/media
}

// Summary is the menu's, with the changes of the files. Its Result is menu.Published or menu.Different for files alone, too.
type Summary struct {
	menu.Summary
	Files media.Summary `json:"files,omitzero"`
	// FilesErrcode and FilesReason tell that the platform refused to take files, for lack of permission (48001) or quota
	// (45009).
	FilesErrcode int    `json:"files_errcode,omitempty"`
	FilesReason  string `json:"files_reason,omitempty"`
}

// Run performs the action, first for the files, then for the menu. Refusals for lack of permission or quota are no errors.
func (p *Publisher) Run(ctx context.Context, action string) (Summary, error) {
	publish := p.Menu.Publish
	switch action {
	case All, RemoveUnused:
	case Plan:
		publish = p.Menu.Plan
	default:
		return Summary{}, fmt.Errorf("the action %q is unknown: use {} to publish, {\"action\":\"plan\"}, or {\"action\":\"remove-unused\"}", action)
	}
	wanted, err := p.Account.Menu(p.PublicURL)
	if err != nil {
		return Summary{}, err
	}
	var s Summary
	if err := p.files(ctx, action, &s); err != nil {
		return Summary{}, err
	}
	if s.Summary, err = publish(ctx, wanted); err != nil {
		return Summary{}, err
	}
	if uploads := len(s.Files.Uploads) > 0; uploads && (s.Result == menu.Unchanged || s.Result == menu.NoMenu) {
		s.Result = menu.Published
		if action == Plan {
			s.Result = menu.Different
		}
	}
	return s, nil
}

func (p *Publisher) files(ctx context.Context, action string, s *Summary) error {
	uses := media.All(p.Files, p.Account.Files())
	if p.Media == nil {
		if len(uses) > 0 {
			return ErrNoTable
		}
		return nil
	}
	publisher := media.Publisher{API: p.API, Store: p.Media, Files: p.Files}
	var err error
	if action == Plan {
		s.Files, err = publisher.Plan(ctx, uses)
	} else {
		s.Files, err = publisher.Publish(ctx, uses, action == RemoveUnused)
	}
	if code := errcode.Of(err); code == errcode.NoPermission || code == errcode.NoQuota {
		s.FilesErrcode, s.FilesReason, err = code, bilingual.Explain(err, p.Menu.Language), nil
	}
	return err
}

// ErrNoTable is the error for files whose media_ids have no place.
var ErrNoTable error = bilingual.New("account/media 里有文件，它们的 media_id 保存在堆栈的表里：用 --stack 给出堆栈，或用 --table 给出表名",
	"account/media has files, and their media_ids are kept in the stack's table: "+
		"give the stack with --stack, or the name of its table with --table")
