package menu

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/guanzhu/guanzhu/internal/bilingual"
	"github.com/guanzhu/guanzhu/internal/errcode"
	"github.com/guanzhu/guanzhu/pkg/wechat"
)

// API is the platform's part. Where the platform refuses a call, the error has its errcode (wechatapi.Error).
type API interface {
	// GetMenu returns what is live, ErrNoMenu where nothing is. Without a menu that was set by a call, it returns the
	// one of the platform's console.
	GetMenu(ctx context.Context) (Menu, error)
	// CreateMenu replaces the default menu.
	CreateMenu(ctx context.Context, buttons []Button) error
	// AddConditionalMenu adds a menu that precedes all earlier ones.
	AddConditionalMenu(ctx context.Context, c Conditional) error
	// DeleteConditionalMenu deletes one. It is no error if there is none with this id any more.
	DeleteConditionalMenu(ctx context.Context, menuID string) error
}

// ErrNoMenu is the error of GetMenu where the account has no menu.
var ErrNoMenu = errors.New("the account has no menu")

// Store remembers what was published. Reads see earlier writes.
type Store interface {
	// MenuRecord returns the stored Record, the zero Record if there is none.
	MenuRecord(ctx context.Context) (Record, error)
	// SaveMenuRecord replaces it.
	SaveMenuRecord(ctx context.Context, r Record) error
}

// Record is what one run leaves for the next.
type Record struct {
	Hash     string    // of the menu that was live after the last run that published, or found nothing to publish
	AskAgain time.Time // nothing is asked of the platform before it; zero: no limit
	Errcode  int       // why not
}

// What a run came to.
const (
	Published = "published" // the file's menu is live now
	Unchanged = "unchanged" // it was already
	Different = "different" // it is not, and only a plan was asked for
	NoMenu    = "no menu"   // the file has none: whatever is live stays
	Refused   = "refused"   // for lack of permission or quota
	Waiting   = "not asked" // an earlier run was refused so
)

// planOnly is the action that publishes nothing.
const planOnly = "plan"

// Summary is what a run came to, for the owner's eyes.
type Summary struct {
	Result  string   `json:"result"`             // Published, Unchanged, …
	Diff    Diff     `json:"diff,omitempty"`     // from the live menu to the file's, the buttons that stay included
	LeftOut []string `json:"left_out,omitempty"` // buttons of the file that are not part of it, and why
	// Drift says that the live menu is not the one that was published last, though the file is: someone else has
	// changed it.
	Drift    bool   `json:"drift,omitempty"`
	Errcode  int    `json:"errcode,omitempty"`   // of a refusal
	Reason   string `json:"reason,omitempty"`    // what the errcode means and what to do
	AskAgain string `json:"ask_again,omitempty"` // when the platform is asked again, in China time
}

// Publisher publishes menus for one account.
type Publisher struct {
	API      API
	Store    Store // nil: nothing is remembered, and every run asks the platform
	Now      func() time.Time
	Language string // of the texts in a Summary: zh, or English for any other
}

// Run does what action says: "" publishes wanted if it is not live, "plan" only tells. What is live and equal is not
// sent again. A refusal for lack of permission (48001) or of quota (45009) is no error; after it the platform is not
// asked for a day, or until 00:00 in China. The error of any other refusal names the errcode, what it means, and the
// lines of the file that it is about.
func (p *Publisher) Run(ctx context.Context, action string, wanted Menu) (Summary, error) {
	if action != "" && action != planOnly {
		return Summary{}, fmt.Errorf("the action %q is unknown: use {} to publish, or {\"action\":\"plan\"}", action)
	}
	s := Summary{Result: NoMenu}
	for _, text := range wanted.LeftOut {
		s.LeftOut = append(s.LeftOut, text.In(p.Language))
	}
	if len(wanted.Buttons) == 0 {
		return s, nil
	}
	var was Record
	if p.Store != nil {
		var err error
		if was, err = p.Store.MenuRecord(ctx); err != nil {
			return Summary{}, err
		}
	}
	if p.Now().Before(was.AskAgain) {
		s.Result, s.Errcode, s.AskAgain = Waiting, was.Errcode, inChina(was.AskAgain)
		recently := bilingual.New("微信不久前拒绝了：errcode %d", "the platform refused recently with errcode %d")
		s.Reason = fmt.Sprintf(recently.In(p.Language), was.Errcode)
		return s, nil
	}
	is, err := p.run(ctx, action, wanted, was, &s)
	if code := errcode.Of(err); code == errcode.NoPermission || code == errcode.NoQuota {
		is = Record{Hash: was.Hash, AskAgain: p.askAgain(code), Errcode: code}
		s.Result, s.Errcode, s.Reason, s.AskAgain = Refused, code, bilingual.Explain(err, p.Language), inChina(is.AskAgain)
	} else if err != nil {
		return Summary{}, err
	}
	if p.Store != nil && is != was {
		if err := p.Store.SaveMenuRecord(ctx, is); err != nil {
			return Summary{}, err
		}
	}
	return s, nil
}

// run asks the platform. It completes s and returns what is to be remembered.
func (p *Publisher) run(ctx context.Context, action string, wanted Menu, was Record, s *Summary) (Record, error) {
	live, err := p.API.GetMenu(ctx)
	if err != nil && !errors.Is(err, ErrNoMenu) {
		return was, err
	}
	s.Diff = Compare(live, wanted)
	is := Record{Hash: wanted.Hash()}
	switch {
	case same(live, wanted):
		s.Result = Unchanged
		return is, nil
	case action == planOnly:
		s.Result, s.Drift = Different, was.Hash == is.Hash
		return Record{Hash: was.Hash}, nil
	}
	s.Drift = was.Hash == is.Hash
	if err := p.publish(ctx, live, wanted); err != nil {
		return was, err
	}
	s.Result = Published
	return is, nil
}

// publish replaces live by wanted. The default menu comes first: if the platform refuses it, nothing has changed.
// Conditional menus cannot be edited or reordered, so all are added anew, and the last one added precedes the others.
// Another run repeats whatever of this was not done.
func (p *Publisher) publish(ctx context.Context, live, wanted Menu) error {
	refused := func(err error, before bilingual.Text, line int, buttons []Button) error {
		return &refusal{before, about(errcode.Of(err), wanted.File, line, buttons), err}
	}
	if err := p.API.CreateMenu(ctx, wanted.Buttons); err != nil {
		return refused(err, bilingual.Text{}, wanted.Buttons[0].Line, wanted.Buttons)
	}
	for _, c := range live.Conditional {
		if err := p.API.DeleteConditionalMenu(ctx, c.MenuID); err != nil {
			return &refusal{before: noConditional, err: err}
		}
	}
	for _, c := range slices.Backward(wanted.Conditional) {
		if err := p.API.AddConditionalMenu(ctx, c); err != nil {
			return refused(err, someConditional, c.Line, c.Buttons)
		}
	}
	return nil
}

// What is published when a call for a conditional menu fails.
var (
	noConditional = bilingual.New("默认菜单已发布，个性化菜单没有发布",
		"the default menu is published, the conditional ones are not")
	someConditional = bilingual.New("默认菜单已发布，个性化菜单没有全部发布",
		"the default menu is published, not all conditional ones are")
)

// askAgain is when the platform may answer otherwise.
func (p *Publisher) askAgain(code int) time.Time {
	now := p.Now()
	if code == errcode.NoPermission {
		return now.Add(24 * time.Hour).Truncate(time.Second)
	}
	return wechat.QuotaReset(now)
}

func inChina(t time.Time) string { return t.In(wechat.ChinaTime).Format(time.RFC3339) }
