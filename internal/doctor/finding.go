// Package doctor examines an account: its endpoint from outside (endpoint.go), the follower's pages (pages.go), the
// platform's API (platform.go), and the stack in AWS (stack.go). Each check returns a Finding, which says in Chinese and
// English what was found and what to do. texts.go has all texts, and package errcode those about errcodes.
//
// An examination changes nothing: it stores nothing, publishes nothing and forces no access token. No finding holds a
// secret, a token or a follower's openid.
package doctor

import (
	"strings"
	"time"
	"unicode"

	"github.com/guanzhu/guanzhu/internal/bilingual"
)

// Status is the result of a check.
type Status string

const (
	OK      Status = "ok"
	Warning Status = "warning" // it works, or may not be the account's fault, but needs attention
	Failure Status = "failure"
	Skipped Status = "skipped" // it could not be examined
)

// Finding is the result of one check. The function doctor returns findings as JSON.
type Finding struct {
	Check  string         `json:"check"` // a stable name for programs, such as "token"
	Status Status         `json:"status"`
	Name   bilingual.Text `json:"name"` // the name for people
	What   bilingual.Text `json:"what"`
	Do     bilingual.Text `json:"do,omitzero"` // what to do about a Warning or Failure
}

// found is a row of texts.go: the texts of a finding, with places such as {ip} for values.
type found struct {
	status Status
	what   bilingual.Text
	do     bilingual.Text
}

// of returns the row as a finding of a check. places alternates places and values: "{ip}", "192.0.2.1".
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

// printable replaces line ends, and characters that could control a terminal, by spaces.
func printable(s string) string {
	return strings.Map(func(r rune) rune {
		if !unicode.IsGraphic(r) {
			return ' '
		}
		return r
	}, s)
}

// skip returns the finding of a check that cannot be made because the check cause fails.
func skip(check, cause string) Finding {
	return Finding{Check: check, Status: Skipped, Name: names[check], What: bilingual.Text{
		ZH: strings.ReplaceAll(notExamined.ZH, "{cause}", names[cause].ZH),
		EN: strings.ReplaceAll(notExamined.EN, "{cause}", names[cause].EN),
	}}
}

// report collects findings. After a failed step, it skips the later steps.
type report struct {
	findings []Finding
	failed   string // the failed step, or ""
}

// step makes a check that later checks depend on.
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

// check makes a check that no other check depends on.
func (r *report) check(check string, examine func() Finding) {
	failed := r.failed
	r.step(check, examine)
	r.failed = failed
}

// How far clocks may differ. Signatures are valid for ten minutes.
const (
	clockWarning = time.Minute
	clockFailure = 9 * time.Minute
)

// clock compares the time in an answer's Date header, in whole seconds, with this machine's.
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
