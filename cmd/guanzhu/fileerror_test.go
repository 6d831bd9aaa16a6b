package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestFilesThatCannotBeUsed holds that the command line says in the reader's language what is wrong with a file and what to do,
// without the texts of Go.
func TestFilesThatCannotBeUsed(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	for _, name := range []string{"account/account.yaml", ".guanzhu", "file"} { // .guanzhu is a folder elsewhere
		path := filepath.Join(folder, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte("welcome: w\n"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	table := []string{"AWS_REGION=us-east-1", "AWS_ACCESS_KEY_ID=a", "AWS_SECRET_ACCESS_KEY=b"}
	for args, want := range map[string][2]string{
		"import --from nosuch.json":                    {"没有 nosuch.json：检查路径", "there is no nosuch.json: check the path"},
		"import --from account":                        {"account 是文件夹：请给出文件", "account is a folder: name a file"},
		"import --from file/nosuch.json":               {"file/nosuch.json 中有一级是文件", "in file/nosuch.json, what should be a folder is a file"},
		"check nosuch.yaml":                            {"没有 nosuch.yaml：检查路径", "there is no nosuch.yaml: check the path"},
		"check account":                                {"account 是文件夹", "account is a folder"},
		"import --from x nosuch/account.yaml":          {"没有 nosuch：检查路径", "there is no nosuch: check the path"},
		"import --from x account":                      {"account 是文件夹", "account is a folder"},
		"followers --table t export -o nosuch/f":       {"没有 nosuch：检查路径", "there is no nosuch: check the path"},
		"followers --table t export -o file/f":         {"file 中有一级是文件", "in file, what should be a folder is a file"},
		"console --addr 127.0.0.1:0 --account-addr :0": {".guanzhu 中有一级是文件", "in .guanzhu, what should be a folder is a file"},
	} {
		for i, lang := range []string{"zh", "en"} {
			stdout, stderr, status := guanzhuIn(t, folder, table, append([]string{"--lang", lang}, strings.Fields(args)...)...)
			if status != 1 || !strings.Contains(stderr, want[i]) {
				t.Errorf("%s, %s: status %d\n%s%s", args, lang, status, stdout, stderr)
			}
			for _, text := range []string{"no such file", "is a directory", "not a directory"} {
				if strings.Contains(stderr, text) {
					t.Errorf("%s, %s: %s", args, lang, stderr)
				}
			}
		}
	}
}
