// Command compile writes account/account.yaml as Go source, for functions that are built with the tag compiled. Run it in the
// repository's root, as `make build` does.
package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"

	"github.com/guanzhu/guanzhu/internal/accountyaml"
	"github.com/guanzhu/guanzhu/internal/bilingual"
)

func main() {
	if err := compile("account/account.yaml", "internal/compiled/data.go"); err != nil {
		fmt.Fprintln(os.Stderr, bilingual.Explain(err, bilingual.Locale(os.Getenv)))
		os.Exit(1)
	}
}

// compile writes the account.yaml named from as the Go file to. After an error there is no such file, so that no build has the
// account of an earlier one.
func compile(from, to string) error {
	if err := os.Remove(to); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	text, err := os.ReadFile(from) //nolint:gosec // the caller names the file
	if err != nil {
		return err
	}
	file, err := accountyaml.Read(from, text)
	if err != nil {
		return err
	}
	source, err := sourceOf(file.Data)
	if err != nil {
		return err
	}
	return os.WriteFile(to, source, 0o644) //nolint:gosec // source code, which everyone may read
}
