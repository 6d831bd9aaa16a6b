// Package bilingual has the texts that owners read in Chinese or in English.
package bilingual

import "errors"

// Chinese is the name of Chinese in In. Any other name stands for English.
const Chinese = "zh"

// Text is one text in both languages.
type Text struct {
	ZH string `json:"zh"`
	EN string `json:"en"`
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

// Error is an error that has a text in both languages. Its Error method returns the English one.
type Error interface {
	error
	In(language string) string
}

// Explain returns the text of err in the language. In Chinese, that is the text of the first error in err's tree that is
// an Error; without one, and in English, it is err.Error().
func Explain(err error, language string) string {
	if explained, ok := errors.AsType[Error](err); ok && language == Chinese {
		return explained.In(language)
	}
	return err.Error()
}
