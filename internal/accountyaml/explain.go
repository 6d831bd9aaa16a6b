package accountyaml

import "fmt"

// Explain names the keyword rule that answers text, such as `account.yaml:58 exact "登录"`. It returns "default" if no rule
// does. The local console shows it.
func (a *Account) Explain(text string) string {
	first, ok := a.index.First(fold(text))
	if !ok {
		return "default"
	}
	r := a.rules[first]
	return fmt.Sprintf("account.yaml:%d %s %q", r.line, r.kind, r.keyword)
}
