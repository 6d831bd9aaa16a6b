package movein_test

import (
	"bytes"
	"os"
	"testing"

	"github.com/guanzhu/guanzhu/internal/accountyaml"
	"github.com/guanzhu/guanzhu/internal/movein"
)

// FuzzImport holds that any answer is imported into a good file or refused, and that a second time changes nothing.
func FuzzImport(f *testing.F) {
	for _, name := range []string{"autoreply.json", "selfmenu.json", "menu.json"} {
		saved, err := os.ReadFile("testdata/" + name)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(saved)
	}
	f.Add([]byte(`{"is_autoreply_open":1,"keyword_autoreply_info":{"list":[{"rule_name":"\u0000","reply_mode":"reply_all","keyword_list_info":[{"type":"text","match_mode":"equal","content":" a\n"}],"reply_list_info":[{"type":"text","content":"\u0007\n#x: y\n\n"}]}]}}`))
	f.Add([]byte(`{"selfmenu_info":{"button":[{"name":"a","sub_button":{"list":[{"name":"a","type":"text","value":"{personal_link}"},{"name":"","type":"news"}]}}]}}`))
	f.Fuzz(func(t *testing.T, answer []byte) {
		var a movein.Answers
		if a.Add("answer.json", answer) != nil {
			return
		}
		owner := movein.Owner{Name: "account.yaml"}
		result, err := movein.Import(t.Context(), owner, a, nil)
		if err != nil {
			return
		}
		if _, err := accountyaml.Parse("account.yaml", result.File); err != nil {
			t.Fatalf("%v\n%s", err, result.File)
		}
		owner.File = result.File
		again, err := movein.Import(t.Context(), owner, a, nil)
		if err != nil || !bytes.Equal(again.File, result.File) {
			t.Fatalf("the second time: %v\n%s\nbefore:\n%s", err, again.File, result.File)
		}
	})
}
