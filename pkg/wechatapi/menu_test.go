package wechatapi_test

import (
	"errors"
	"io"
	"net/http"
	"testing"
	"testing/synctest"

	"github.com/google/go-cmp/cmp"

	"github.com/guanzhu/guanzhu/internal/errcode"
	"github.com/guanzhu/guanzhu/internal/menu"
	"github.com/guanzhu/guanzhu/pkg/follower"
)

const (
	menuGet       = "/cgi-bin/menu/get"
	delCond       = "/cgi-bin/menu/delconditional"
	noMenuAnswer  = `{"errcode":46003,"errmsg":"menu no exist"}`
	helpMenu      = `{"button":[{"type":"click","name":"帮助","key":"HELP","sub_button":[]}]}`
	selfmenuNone  = `{"is_menu_open":0}`
	selfmenuEmpty = `{"is_menu_open":1,"selfmenu_info":{"button":[]}}`
)

// TestGetMenu is about the forms that the platform's answers have.
func TestGetMenu(t *testing.T) {
	help := menu.Button{Type: "click", Name: "帮助", Key: "HELP", SubButton: []menu.Button{}}
	conditional := func(id, rule string) string {
		return `{"button":[` + helpMenu[len(`{"button":[`):len(helpMenu)-2] + `],"matchrule":` + rule + `,"menuid":` + id + `}`
	}
	tests := []struct {
		name, get, selfmenu string
		want                menu.Menu
		wantErr             error
	}{
		{name: "default menu", get: `{"menu":` + helpMenu + `}`, want: menu.Menu{Buttons: []menu.Button{help}}},
		{
			name: "conditional menus, the earlier one first",
			get: `{"menu":` + helpMenu + `,"conditionalmenu":[` + conditional("9", `{"tag_id":"100","sex":"","country":""}`) + `,` +
				conditional("10", `{"group_id":2,"client_platform_type":2}`) + `]}`,
			want: menu.Menu{Buttons: []menu.Button{help}, Conditional: []menu.Conditional{
				{Buttons: []menu.Button{help}, MatchRule: menu.MatchRule{"tag_id": "2", "client_platform_type": "2"}, MenuID: "10"},
				{Buttons: []menu.Button{help}, MatchRule: menu.MatchRule{"tag_id": "100"}, MenuID: "9"},
			}},
		},
		{name: "no menu", get: noMenuAnswer, selfmenu: selfmenuNone, wantErr: menu.ErrNoMenu},
		{name: "no buttons", get: noMenuAnswer, selfmenu: selfmenuEmpty, wantErr: menu.ErrNoMenu},
		{
			name: "a menu of the console", get: noMenuAnswer,
			selfmenu: `{"is_menu_open":0,"selfmenu_info":{"button":[{"name":"更多","sub_button":{"list":[` +
				`{"type":"news","name":"图文","value":"v","news_info":{"list":[{"title":"t"}]}}]}},{"type":"view","name":"页","url":"u"}]}}`,
			want: menu.Menu{Console: true, Buttons: []menu.Button{
				{Name: "更多", SubButton: []menu.Button{{Type: "news", Name: "图文"}}}, {Type: "view", Name: "页", URL: "u"},
			}},
		},
		{name: "no permission", get: `{"errcode":48001,"errmsg":"api unauthorized"}`, wantErr: follower.ErrNoPermission},
		{name: "no permission to ask again", get: noMenuAnswer, selfmenu: `{"errcode":48001,"errmsg":""}`,
			wantErr: follower.ErrNoPermission},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				a := newInstance(t, withToken("T", func(w http.ResponseWriter, r *http.Request) {
					if r.URL.Path == menuGet {
						io.WriteString(w, tt.get)
					} else {
						io.WriteString(w, tt.selfmenu)
					}
				}), &store{})
				got, err := a.GetMenu(t.Context())
				if !errors.Is(err, tt.wantErr) {
					t.Fatalf("error %v, want %v", err, tt.wantErr)
				}
				if diff := cmp.Diff(tt.want, got); diff != "" {
					t.Errorf("menu (-want +got):\n%s", diff)
				}
			})
		})
	}
}

// TestMenuCalls makes each call that changes something, on the simulated platform.
func TestMenuCalls(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := newAccount(t)
		button := menu.Button{Type: "view", Name: "页", URL: "https://example.com/?a=1&b=<2>"}
		conditional := menu.Conditional{Buttons: []menu.Button{button}, MatchRule: menu.MatchRule{"tag_id": "2"}}
		if err := a.AddConditionalMenu(t.Context(), conditional); errcode.Of(err) != 65303 {
			t.Errorf("a conditional menu without a default one: %v", err)
		}
		if err := a.CreateMenu(t.Context(), []menu.Button{button}); err != nil {
			t.Fatal(err)
		}
		if err := a.AddConditionalMenu(t.Context(), conditional); err != nil {
			t.Fatal(err)
		}
		got, err := a.GetMenu(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		want := menu.Menu{Buttons: []menu.Button{button}, Conditional: []menu.Conditional{conditional}}
		if got.Hash() != want.Hash() {
			t.Errorf("(-want +got):\n%s", cmp.Diff(want, got))
		}
		for range 2 { // the second time it is gone already
			if err := a.DeleteConditionalMenu(t.Context(), got.Conditional[0].MenuID); err != nil {
				t.Errorf("DeleteConditionalMenu: %v", err)
			}
		}
		if got, err = a.GetMenu(t.Context()); err != nil || len(got.Conditional) != 0 {
			t.Errorf("afterwards %+v, error %v", got, err)
		}
		a.platform.Fail(delCond, 50002, 1)
		if err := a.DeleteConditionalMenu(t.Context(), "1"); errcode.Of(err) != 50002 {
			t.Errorf("DeleteConditionalMenu refused: %v", err)
		}
	})
}
