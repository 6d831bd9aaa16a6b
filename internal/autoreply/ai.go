package autoreply

import "github.com/guanzhu/guanzhu/pkg/wechat"

// AI is the reply that a language model writes. It is not sent as it is: the account's routes promise the answer.
type AI struct {
	wechat.TextReply // empty

	BaseURL      string // of an OpenAI-compatible API; https, or http for this machine itself
	Model        string
	Instructions string // for the model, before all questions
	Memory       int    // how many earlier questions, with their answers, the model is given
	MaxTokens    int    // the longest answer
	DailyLimit   int    // questions of one follower a day in China time
	AccountLimit int    // questions of all followers a day in China time
	Wait         string // what the follower sees while the model works
	Sorry        string // the apology if there is no answer
	Full         string // what a follower sees beyond a limit
	Label        string // written below each answer; may be empty
}

// AIs returns every AI of the account: that of the default, and those of the keyword rules. All have the same BaseURL, because
// the account has one key.
func (a *Account) AIs() []*AI { return a.ais }

func ais(d Data) (all []*AI) {
	if ai, ok := d.Default.(*AI); ok {
		all = append(all, ai)
	}
	for _, rule := range d.Rules {
		if ai, ok := rule.Reply.(*AI); ok {
			all = append(all, ai)
		}
	}
	return all
}
