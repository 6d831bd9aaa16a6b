// Package bilingual has the texts that owners read in Chinese or in English.
package bilingual

import (
	"errors"
	"fmt"
	"slices"
	"strings"
)

// Chinese is the name of Chinese in In. Any other name means English.
const Chinese = "zh"

// Text is one text in both languages.
type Text struct {
	ZH string `json:"zh"`
	EN string `json:"en"`
}

// Locale returns the language of the locale, from the variables LC_ALL, LC_MESSAGES and LANG: Chinese, or else en.
func Locale(getenv func(string) string) string {
	for _, name := range []string{"LC_ALL", "LC_MESSAGES", "LANG"} {
		if locale := getenv(name); locale != "" {
			if strings.HasPrefix(locale, Chinese) {
				return Chinese
			}
			break
		}
	}
	return "en"
}

// New returns a Text.
func New(zh, en string) Text { return Text{ZH: zh, EN: en} }

// In returns the text in the language.
func (t Text) In(language string) string {
	if language == Chinese {
		return t.ZH
	}
	return t.EN
}

// Format returns the Text that fmt.Sprintf makes of the two formats and the values. An error among the values, such as a
// Text, is in the same language.
func Format(zh, en string, values ...any) Text {
	return Text{ZH: fmt.Sprintf(zh, inChinese(values)...), EN: fmt.Sprintf(en, values...)}
}

// inChinese returns the values with an error that explains each error among them in Chinese.
func inChinese(values []any) []any {
	explained := slices.Clone(values)
	for i, value := range values {
		if err, ok := value.(error); ok {
			explained[i] = errors.New(Explain(err, Chinese))
		}
	}
	return explained
}

// Error returns the English text. So a Text is an Error.
func (t Text) Error() string { return t.EN }

// Error is an error that has a text in both languages. Its Error method returns the English one.
type Error interface {
	error
	In(language string) string
}

// Explain returns the text of err in the language. In Chinese, that is the text of the first error in err's tree that is
// an Error, and of several that errors.Join has joined a line each; without one, and in English, it is err.Error().
func Explain(err error, language string) string {
	if language != Chinese {
		return err.Error()
	}
	if all := Joined(err); len(all) > 1 {
		lines := make([]string, len(all))
		for i, one := range all {
			lines[i] = Explain(one, language)
		}
		return strings.Join(lines, "\n")
	}
	if explained, ok := errors.AsType[Error](err); ok {
		return explained.In(language)
	}
	return err.Error()
}

// TextOf returns the text of err in both languages, as Explain gives it.
func TextOf(err error) Text { return New(Explain(err, Chinese), err.Error()) }

// Joined returns the errors that errors.Join has joined, and those that are joined in them; otherwise err alone.
func Joined(err error) []error {
	joined, ok := err.(interface{ Unwrap() []error })
	if !ok {
		return []error{err}
	}
	var all []error
	var lines []string
	for _, one := range joined.Unwrap() {
		all = append(all, Joined(one)...)
		lines = append(lines, one.Error())
	}
	if strings.Join(lines, "\n") != err.Error() {
		return []error{err} // fmt.Errorf, whose text is its own
	}
	return all
}

// Errorf returns an Error with the texts that fmt.Errorf makes of the two formats and the values. An error among the values,
// such as a Text, is in the same language.
func Errorf(zh, en string, values ...any) error {
	return failure{fmt.Errorf(en, values...), fmt.Errorf(zh, inChinese(values)...).Error()}
}

type failure struct {
	error // in English
	zh    string
}

func (f failure) In(language string) string { return New(f.zh, f.Error()).In(language) }

func (f failure) Unwrap() error { return f.error }
