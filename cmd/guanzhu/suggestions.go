package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/guanzhu/guanzhu/internal/bilingual"
	"github.com/guanzhu/guanzhu/pkg/follower"
	"github.com/guanzhu/guanzhu/pkg/wechat"
)

type suggestionsCommand struct {
	tableFlags `embed:""`
	List       suggestionsListCommand    `cmd:"" default:"withargs" help:"List the suggestions that are not handled yet, oldest first. They are kept for 180 days." zh:"列出还没有处理的建议，旧的在前，保存 180 天。"`
	Handled    suggestionsHandledCommand `cmd:"" help:"Mark suggestions as handled." zh:"把建议标为已处理。"`
}

// Detail is shown by --help.
func (*suggestionsCommand) Detail() bilingual.Text {
	return bilingual.New("不写命令时列出建议：--all 包括已处理的，--month 2026-11 只列出一个月。",
		"Without a command it lists suggestions: --all includes the handled ones, --month 2026-11 selects one month.")
}

// suggestionStore is the part of the table that the commands use. Both stores implement it.
type suggestionStore interface {
	Suggestions(ctx context.Context, month time.Time) (all []follower.Suggestion, unreadable int, err error)
	MarkHandled(ctx context.Context, s follower.Suggestion) (found bool, err error)
}

// suggestionsTime limits each command: reading seven months, or some writes.
const suggestionsTime = time.Minute

// with opens the table and calls do.
func (c *suggestionsCommand) with(do func(context.Context, suggestionStore) error) error {
	ctx, cancel := context.WithTimeout(context.Background(), suggestionsTime)
	defer cancel()
	store, err := c.open(ctx)
	if err != nil {
		return err
	}
	return do(ctx, store)
}

type suggestionsListCommand struct {
	All   bool   `help:"Include the handled ones." zh:"包括已处理的。"`
	Month string `placeholder:"YYYY-MM" help:"List one month only, in China time, for example 2026-11." zh:"只列出一个月（中国时间），例如 2026-11。"`
	JSON  bool   `name:"json" help:"Print the result as JSON." zh:"以 JSON 输出。"`
}

// Validate refuses a month in another form.
func (c *suggestionsListCommand) Validate() error {
	_, err := c.months(time.Now())
	return err
}

// months returns the months to list.
func (c *suggestionsListCommand) months(now time.Time) ([]time.Time, error) {
	if c.Month == "" {
		return keptMonths(now), nil
	}
	month, err := time.ParseInLocation("2006-01", c.Month, wechat.ChinaTime)
	if err != nil {
		return nil, bilingual.Errorf("--month：%q 不是月份，写成 2026-11 这样", "--month: %q is not a month: write it as 2026-11", c.Month)
	}
	return []time.Time{month}, nil
}

// Run lists the suggestions of all kept months, or of one.
func (c *suggestionsListCommand) Run(parent *suggestionsCommand, lang language) error {
	months, err := c.months(time.Now())
	if err != nil {
		return err
	}
	return parent.with(func(ctx context.Context, store suggestionStore) error {
		list, err := findSuggestions(ctx, store, months, c.All)
		if err != nil {
			return err
		}
		list.note(os.Stderr, lang)
		if c.JSON {
			return list.printJSON(os.Stdout)
		}
		return list.print(os.Stdout, lang)
	})
}

// keptMonths returns the months, in China time, whose suggestions may still be kept. The oldest comes first.
func keptMonths(now time.Time) []time.Time {
	oldest := now.Add(-follower.SuggestionFor).In(wechat.ChinaTime)
	var months []time.Time
	for month := time.Date(oldest.Year(), oldest.Month(), 1, 0, 0, 0, 0, wechat.ChinaTime); !month.After(now); month = month.AddDate(0, 1, 0) {
		months = append(months, month)
	}
	return months
}

// suggestionList is what a command lists, and how many suggestions there are.
type suggestionList struct {
	shown                     []follower.Suggestion
	all                       bool // shown has the handled ones too
	open, handled, unreadable int
}

// findSuggestions reads the suggestions of the months. Without all, it leaves out the handled ones.
func findSuggestions(ctx context.Context, store suggestionStore, months []time.Time, all bool) (suggestionList, error) {
	list := suggestionList{all: all}
	for _, month := range months {
		suggestions, unreadable, err := store.Suggestions(ctx, month)
		if err != nil {
			return list, err
		}
		list.unreadable += unreadable
		for _, s := range suggestions {
			if s.Handled {
				list.handled++
			} else {
				list.open++
			}
			if all || !s.Handled {
				list.shown = append(list.shown, s)
			}
		}
	}
	return list, nil
}

func (l suggestionList) print(out io.Writer, lang language) error {
	buffered := bufio.NewWriter(out)
	for _, s := range l.shown {
		printSuggestion(buffered, s, lang)
	}
	return buffered.Flush()
}

func (l suggestionList) printJSON(out io.Writer) error {
	type suggestion struct {
		ID      string    `json:"id"`
		At      time.Time `json:"at"`
		Text    string    `json:"text"`
		Handled bool      `json:"handled"`
	}
	list := struct {
		Suggestions []suggestion `json:"suggestions"`
	}{[]suggestion{}}
	for _, s := range l.shown {
		list.Suggestions = append(list.Suggestions, suggestion{s.Key(), s.At.In(wechat.ChinaTime), s.Text, s.Handled})
	}
	return printJSON(out, list)
}

// note prints how many suggestions there are.
func (l suggestionList) note(notes io.Writer, lang language) {
	fmt.Fprint(notes, lang.say("未处理 %d 条，已处理 %d 条。", "%d not handled yet, %d handled.", l.open, l.handled))
	if l.handled > 0 && !l.all {
		fmt.Fprint(notes, lang.say("加上 --all 也列出已处理的。", " --all lists the handled ones too."))
	}
	fmt.Fprintln(notes)
	noteUnreadable(notes, l.unreadable, lang)
}

// noteUnreadable prints how many records were left out, if any.
func noteUnreadable(notes io.Writer, n int, lang language) {
	if n > 0 {
		fmt.Fprintln(notes, lang.say("略过 %d 条无法读取的记录，它们不是本程序写入的。",
			"Records left out because they cannot be read: %d. This program did not write them.", n))
	}
}

// printSuggestion prints a line that begins with the id, and below it the text.
func printSuggestion(w io.Writer, s follower.Suggestion, lang language) {
	state := ""
	if s.Handled {
		state = "  " + lang.say("已处理", "handled")
	}
	fmt.Fprintf(w, "%s  %s%s\n", s.Key(), s.At.In(wechat.ChinaTime).Format(time.DateTime), state)
	for line := range strings.Lines(strings.ReplaceAll(s.Text, "\r\n", "\n")) {
		fmt.Fprintf(w, "    %s\n", visible(strings.TrimSuffix(line, "\n")))
	}
	fmt.Fprintln(w)
}

// visible returns the text with invisible characters written as escapes, such as \x1b. Followers may type characters that
// control a terminal or turn the direction of writing.
func visible(text string) string {
	var b strings.Builder
	for len(text) > 0 {
		r, size := utf8.DecodeRuneInString(text)
		const joiner = '\u200d' // joins emoji into one
		switch {
		case r == utf8.RuneError && size == 1:
			fmt.Fprintf(&b, `\x%02x`, text[0])
		case unicode.IsGraphic(r), r == joiner:
			b.WriteRune(r)
		default:
			b.WriteString(strings.Trim(strconv.QuoteRuneToASCII(r), "'"))
		}
		text = text[size:]
	}
	return b.String()
}

type suggestionsHandledCommand struct {
	ID []string `arg:"" zhname:"编号" help:"The suggestions, each by the id that begins its line in the list." zh:"建议的编号，即列表里每行开头的那一段。"`
}

// Validate refuses a value that is not the id of a suggestion.
func (c *suggestionsHandledCommand) Validate() error {
	_, err := parseSuggestions(c.ID)
	return err
}

// Run marks the suggestions as handled.
func (c *suggestionsHandledCommand) Run(parent *suggestionsCommand, lang language) error {
	suggestions, err := parseSuggestions(c.ID)
	if err != nil {
		return err
	}
	return parent.with(func(ctx context.Context, store suggestionStore) error {
		return markHandled(ctx, store, suggestions, os.Stdout, lang)
	})
}

// parseSuggestions returns what each id says of its suggestion: time, MsgId and writer.
func parseSuggestions(ids []string) ([]follower.Suggestion, error) {
	var suggestions []follower.Suggestion
	for n, id := range ids {
		s, err := follower.ParseSuggestionKey(id)
		if err != nil {
			return nil, bilingual.Errorf("第 %d 个（共 %d 个）不是建议的编号：从列表里复制那一行的开头，例如 1795312800#24567#9f86d081884c7d65",
				"id %d of %d is not the id of a suggestion: paste the beginning of its line in the list, such as 1795312800#24567#9f86d081884c7d65", n+1, len(ids))
		}
		suggestions = append(suggestions, s)
	}
	return suggestions, nil
}

// markHandled marks those that it finds, and returns an error if any is missing.
func markHandled(ctx context.Context, store suggestionStore, suggestions []follower.Suggestion, out io.Writer, lang language) error {
	missing := 0
	for _, s := range suggestions {
		found, err := store.MarkHandled(ctx, s)
		if err != nil {
			return err
		}
		if found {
			fmt.Fprintln(out, s.Key()+"  "+lang.say("已处理", "handled"))
		} else {
			missing++
			fmt.Fprintln(out, s.Key()+"  "+lang.say("没有找到", "not found"))
		}
	}
	if missing > 0 {
		return errors.New(lang.say("有些没有找到：请重新列出。建议保存 180 天", "not all were found: list them again. A suggestion is kept for 180 days"))
	}
	return nil
}
