// Package doctor examines an account: its endpoint as the platform reaches it (endpoint.go), the follower's pages
// (pages.go), the platform's API as the functions reach it (platform.go), and what AWS tells of the stack (stack.go).
// Each check ends in a Finding, which says in Chinese and in English what was found and what to do. All texts are in
// texts.go.
//
// What it does is harmless: it stores nothing, publishes nothing and forces no access token. No finding holds a secret,
// a token or a follower's openid.
package doctor

import (
	"strings"
	"time"
	"unicode"

	"github.com/guanzhu/guanzhu/internal/bilingual"
)

// Status is how a check ended.
type Status string

const (
	OK      Status = "ok"
	Warning Status = "warning" // it works, or may not be the account's fault, but the owner should know
	Failure Status = "failure"
	Skipped Status = "skipped" // it could not be examined
)

// Finding is what one check found. As JSON it is what the function doctor answers.
type Finding struct {
	Check  string         `json:"check"` // a name that does not change, for programs: "token"
	Status Status         `json:"status"`
	Name   bilingual.Text `json:"name"` // the check's name for people
	What   bilingual.Text `json:"what"`
	Do     bilingual.Text `json:"do,omitzero"` // what to do; there with a Warning or Failure
}

// found is a row of texts.go: a finding as it is written down, with places like {ip} to be filled in.
type found struct {
	status Status
	what   bilingual.Text
	do     bilingual.Text
}

// of makes the row check's finding. places are a place and its value, in turn: "{ip}", "192.0.2.1".
func (f found) of(check string, places ...string) Finding {
	for i := range places {
		places[i] = printable(places[i])
	}
	replacer := strings.NewReplacer(places...)
	fill := func(t bilingual.Text) bilingual.Text {
		return bilingual.Text{ZH: replacer.Replace(t.ZH), EN: replacer.Replace(t.EN)}
	}
	return Finding{Check: check, Status: f.status, Name: names[check], What: fill(f.what), Do: fill(f.do)}
}

// printable keeps on one line what comes from elsewhere, and leaves out what could play tricks on a terminal.
func printable(s string) string {
	return strings.Map(func(r rune) rune {
		if !unicode.IsGraphic(r) {
			return ' '
		}
		return r
	}, s)
}

// skip is the finding of a check that cannot be made while the check cause fails.
func skip(check, cause string) Finding {
	return Finding{Check: check, Status: Skipped, Name: names[check], What: bilingual.Text{
		ZH: strings.ReplaceAll(notExamined.ZH, "{cause}", names[cause].ZH),
		EN: strings.ReplaceAll(notExamined.EN, "{cause}", names[cause].EN),
	}}
}

// report collects findings. Once a step has failed, the later steps are skipped.
type report struct {
	findings []Finding
	failed   string // the step that has, or ""
}

// step makes a check that the later ones build on.
func (r *report) step(check string, examine func() Finding) {
	if r.failed != "" {
		r.findings = append(r.findings, skip(check, r.failed))
		return
	}
	f := examine()
	r.findings = append(r.findings, f)
	if f.Status == Failure || f.Status == Skipped {
		r.failed = check
	}
}

// check makes a check that no other one builds on.
func (r *report) check(check string, examine func() Finding) {
	failed := r.failed
	r.step(check, examine)
	r.failed = failed
}

// How far clocks may differ: signatures are good for ten minutes.
const (
	clockWarning = time.Minute
	clockFailure = 9 * time.Minute
)

// clock compares the time of an answer's Date header, which has whole seconds, with this machine's.
func clock(check string, date, now time.Time) Finding {
	if date.IsZero() {
		return clockUnknown.of(check)
	}
	off := now.Sub(date).Round(time.Second)
	apart := off.Abs().String()
	switch {
	case off.Abs() > clockFailure:
		return clockWrong.of(check, "{apart}", apart)
	case off.Abs() > clockWarning:
		return clockOff.of(check, "{apart}", apart)
	}
	return clockRight.of(check)
}
