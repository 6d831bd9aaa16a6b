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

// API has the platform's calls for menus. If the platform refuses a call, the error has an Errcode method (wechatapi.Error).
// The client repeats failed calls if that can help, so a Publisher does not.
type API interface {
	// GetMenu returns the live menu. The error is ErrNoMenu if there is none. If no call has set a menu, it returns the one
	// of WeChat's console.
	GetMenu(ctx context.Context) (Menu, error)
	// CreateMenu replaces the default menu.
	CreateMenu(ctx context.Context, buttons []Button) error
	// AddConditionalMenu adds a menu that has precedence over all earlier ones.
	AddConditionalMenu(ctx context.Context, c Conditional) error
	// DeleteConditionalMenu deletes the menu with this id. A missing menu is no error.
	DeleteConditionalMenu(ctx context.Context, menuID string) error
}

// ErrNoMenu is the error of GetMenu if the account has no menu.
var ErrNoMenu = errors.New("the account has no menu")

// Store keeps the record of the last run. Reads are strongly consistent. Methods retry by themselves until ctx ends.
type Store interface {
	// MenuRecord returns the stored Record, or the zero Record if there is none.
	MenuRecord(ctx context.Context) (Record, error)
	// SaveMenuRecord replaces the stored Record.
	SaveMenuRecord(ctx context.Context, r Record) error
}

// Record is the record that a run stores for the next one.
type Record struct {
	Hash     string    // of the menu that was live after the last run that published or had nothing to publish
	AskAgain time.Time // no call is made before it; zero: no limit
	Errcode  int       // the reason for AskAgain
}

// The results of a run.
const (
	Published = "published" // the file's menu is live now
	Unchanged = "unchanged" // it was already
	Different = "different" // it is not, as Plan has found
	NoMenu    = "no menu"   // the file has none; the live menu stays
	Refused   = "refused"   // for lack of permission or quota
	Waiting   = "not asked" // an earlier run was refused, and it is too early to try again
)

// Summary describes the result of a run for the owner.
type Summary struct {
	Result  string   `json:"result"`             // Published, Unchanged, …
	Diff    Diff     `json:"diff,omitempty"`     // from the live menu to the file's, with the buttons that stay
	LeftOut []string `json:"left_out,omitempty"` // Menu.LeftOut
	// Drift means that someone else has changed the live menu: the file still is what was published last, but the live menu
	// is not.
	Drift    bool   `json:"drift,omitempty"`
	Errcode  int    `json:"errcode,omitempty"`   // of Refused and Waiting
	Reason   string `json:"reason,omitempty"`    // the meaning of the errcode and what to do
	AskAgain string `json:"ask_again,omitempty"` // the time of the next attempt, China time
}

// Publisher publishes menus of one account. Several may run at the same time: the last one wins.
type Publisher struct {
	API      API
	Store    Store // nil: nothing is stored, and every run makes calls
	Now      func() time.Time
	Language string // of the texts in a Summary: zh, or English for any other
}

// Publish publishes wanted if it is not live.
//
// A refusal for lack of permission (48001) or quota (45009) is not an error. After it, no call is made for a day, or until
// 00:00 China time. The error of any other refusal is a bilingual.Error with the errcode, its meaning and remedy, and the
// lines in the file that it is about.
func (p *Publisher) Publish(ctx context.Context, wanted Menu) (Summary, error) {
	return p.run(ctx, wanted, false)
}

// Plan shows the changes that Publish would make. All else is as in Publish.
func (p *Publisher) Plan(ctx context.Context, wanted Menu) (Summary, error) {
	return p.run(ctx, wanted, true)
}

func (p *Publisher) run(ctx context.Context, wanted Menu, planOnly bool) (Summary, error) {
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
	is, err := p.compare(ctx, wanted, planOnly, was, &s)
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

// compare makes the calls. It completes s and returns the record to store.
func (p *Publisher) compare(ctx context.Context, wanted Menu, planOnly bool, was Record, s *Summary) (Record, error) {
	live, err := p.API.GetMenu(ctx)
	if err != nil && !errors.Is(err, ErrNoMenu) {
		return was, err
	}
	s.Diff = Compare(live, wanted)
	is := Record{Hash: wanted.Hash()}
	if same(live, wanted) {
		s.Result = Unchanged
		return is, nil
	}
	s.Drift = was.Hash == is.Hash
	if planOnly {
		s.Result = Different
		return Record{Hash: was.Hash}, nil
	}
	if err := p.publish(ctx, live, wanted); err != nil {
		return was, err
	}
	s.Result = Published
	return is, nil
}

// publish replaces live by wanted. The default menu comes first: if the platform refuses it, nothing has changed.
// Conditional menus cannot be edited or reordered, so all are deleted and added again. The last one added has precedence.
// If publish fails, the next run completes the work.
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

// askAgain returns the earliest time at which the platform may answer differently.
func (p *Publisher) askAgain(code int) time.Time {
	now := p.Now()
	if code == errcode.NoPermission {
		return now.Add(24 * time.Hour).Truncate(time.Second)
	}
	return wechat.QuotaReset(now)
}

func inChina(t time.Time) string { return t.In(wechat.ChinaTime).Format(time.RFC3339) }
