package doctor

import (
	"time"

	"github.com/guanzhu/guanzhu/internal/bilingual"
)

// Model is the finding about a language model that answered.
func Model(name string, took time.Duration) Finding {
	return modelFine.of("model", "{model}", name, "{took}", took.Round(100*time.Millisecond).String())
}

// ModelFailure is the finding about a language model that did not answer. reason says why, and what to do. A passing
// failure may be one of this machine, or of this minute.
func ModelFailure(name string, reason bilingual.Text, passing bool) Finding {
	row := modelFailed
	if passing {
		row = modelAway
	}
	row.what = bilingual.New(row.what.ZH+"："+reason.ZH, row.what.EN+": "+reason.EN)
	return row.of("model", "{model}", name)
}
