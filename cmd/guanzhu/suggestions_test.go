package main

import (
	"bytes"
	"context"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/guanzhu/guanzhu/internal/boltstore"
	"github.com/guanzhu/guanzhu/pkg/follower"
	"github.com/guanzhu/guanzhu/pkg/wechat"
)

// Both stores pass one suite, so the embedded one stands for the table here.
var (
	_ suggestionStore = (*boltstore.Store)(nil)
	_ followerStore   = (*boltstore.Store)(nil)
)

// present is when the tests take place: noon of a day in China.
var present = time.Date(2026, time.November, 22, 12, 0, 0, 0, wechat.ChinaTime)

func openStore(t *testing.T) *boltstore.Store {
	t.Helper()
	store, err := boltstore.Open(filepath.Join(t.TempDir(), "store.db"), func() time.Time { return present })
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { store.Close() })
	return store
}

func suggest(t *testing.T, store *boltstore.Store, at time.Time, msgID uint64, text string) {
	t.Helper()
	s := follower.Suggestion{
		At: at, MsgID: msgID, FollowerHash: "9f86d081884c7d65", Text: text, ExpiresAt: at.Add(follower.SuggestionFor),
	}
	if kept, err := store.AddSuggestion(t.Context(), s); err != nil || !kept {
		t.Fatal(kept, err)
	}
}

func storeSuggestions(t *testing.T) *boltstore.Store {
	t.Helper()
	store := openStore(t)
	at := func(month time.Month, day, hour int) time.Time {
		return time.Date(2026, month, day, hour, 0, 0, 0, wechat.ChinaTime)
	}
	suggest(t, store, at(time.November, 20, 9), 24567, "@开放时间写在首页吧")
	suggest(t, store, at(time.November, 1, 0), 24566, "@line one\r\nline two\n\nthe end\n") // October in UTC
	suggest(t, store, at(time.October, 31, 23), 24565, "@\x1b[2J\x07\u202e\u2028\tnot \xff 👨‍👩‍👧　宽 \\x1b")
	suggest(t, store, at(time.May, 27, 12), 24564, "@the oldest that is kept")
	suggest(t, store, at(time.May, 26, 12), 24563, "@expired")
	return store
}

const (
	oldest  = "1779854400#24564#9f86d081884c7d65  2026-05-27 12:00:00\n    @the oldest that is kept\n\n"
	october = "1793458800#24565#9f86d081884c7d65  2026-10-31 23:00:00\n" +
		`    @\x1b[2J\a\u202e\u2028\tnot ` + "\ufffd 👨‍👩‍👧　宽 \\x1b\n\n"
	november = "1793462400#24566#9f86d081884c7d65  2026-11-01 00:00:00\n    @line one\n    line two\n    \n    the end\n\n"
	newest   = "1795136400#24567#9f86d081884c7d65  2026-11-20 09:00:00\n    @开放时间写在首页吧\n\n"
)

func wantList(t *testing.T, store suggestionStore, months []time.Time, all bool, wantOut, wantNotes string) {
	t.Helper()
	var out, notes bytes.Buffer
	list, err := findSuggestions(t.Context(), store, months, all)
	if err != nil {
		t.Fatal(err)
	}
	list.note(&notes, "en")
	if err := list.print(&out, "en"); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(wantOut, out.String()); diff != "" {
		t.Errorf("list (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(wantNotes, notes.String()); diff != "" {
		t.Errorf("notes (-want +got):\n%s", diff)
	}
}

func TestSuggestions(t *testing.T) {
	t.Parallel()
	store := storeSuggestions(t)
	kept := keptMonths(present)
	wantList(t, store, kept, false, oldest+october+november+newest, "4 not handled yet, 0 handled.\n")

	marked := []string{"1779854400#24564#9f86d081884c7d65", "1793462400#24566#9f86d081884c7d65"}
	wantMarked(t, store, "", strings.Join(marked, "  handled\n")+"  handled\n", marked...)
	wantList(t, store, kept, false, october+newest,
		"2 not handled yet, 2 handled. --all lists the handled ones too.\n")
	handled := func(block string) string { return strings.Replace(block, ":00:00\n", ":00:00  handled\n", 1) }
	wantList(t, store, kept, true, handled(oldest)+october+handled(november)+newest, "2 not handled yet, 2 handled.\n")

	ofOctober := []time.Time{time.Date(2026, time.October, 1, 0, 0, 0, 0, wechat.ChinaTime)}
	wantList(t, store, ofOctober, false, october, "1 not handled yet, 0 handled.\n")
}

func TestSuggestionsAsJSON(t *testing.T) {
	t.Parallel()
	store := openStore(t)
	suggest(t, store, present, 24567, "@<a> 1\n2")
	list, err := findSuggestions(t.Context(), store, []time.Time{present}, false)
	if err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	if err := list.printJSON(&out); err != nil {
		t.Fatal(err)
	}
	want := `{
  "suggestions": [
    {
      "id": "1795320000#24567#9f86d081884c7d65",
      "at": "2026-11-22T12:00:00+08:00",
      "text": "@<a> 1\n2",
      "handled": false
    }
  ]
}
`
	if diff := cmp.Diff(want, out.String()); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestSuggestionsInChinese(t *testing.T) {
	t.Parallel()
	list, err := findSuggestions(t.Context(), brokenStore{storeFollowers(t)}, []time.Time{present}, false)
	if err != nil {
		t.Fatal(err)
	}
	var notes bytes.Buffer
	list.note(&notes, "zh")
	if want := "未处理 1 条，已处理 0 条。\n略过 1 条无法读取的记录，它们不是本程序写入的。\n"; notes.String() != want {
		t.Errorf("got %q, want %q", &notes, want)
	}
}

// TestUnreadableSuggestions lists the others, and says how many it left out.
func TestUnreadableSuggestions(t *testing.T) {
	t.Parallel()
	november := []time.Time{present}
	wantList(t, brokenStore{storeFollowers(t)}, november, false, "1795320000#1#9f86d081884c7d65  2026-11-22 12:00:00\n    @text\n\n",
		"1 not handled yet, 0 handled.\nRecords left out because they cannot be read: 1. This program did not write them.\n")
}

func TestNoSuggestions(t *testing.T) {
	t.Parallel()
	wantList(t, openStore(t), keptMonths(present), true, "", "0 not handled yet, 0 handled.\n")
}

func wantMarked(t *testing.T, store suggestionStore, wantErr, wantOut string, ids ...string) {
	t.Helper()
	suggestions, err := parseSuggestions(ids)
	if err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	err = markHandled(t.Context(), store, suggestions, &out, "en")
	if wantErr == "" && err != nil || wantErr != "" && (err == nil || !strings.Contains(err.Error(), wantErr)) {
		t.Errorf("error %v, want %q", err, wantErr)
	}
	if diff := cmp.Diff(wantOut, out.String()); diff != "" {
		t.Errorf("output (-want +got):\n%s", diff)
	}
}

func TestHandledUnknown(t *testing.T) {
	t.Parallel()
	store := storeSuggestions(t)
	before := dump(t, store)
	const expired, otherWriter = "1779768000#24563#9f86d081884c7d65", "1795136400#24567#9f86d081884c7d66"
	wantMarked(t, store, "not all were found", expired+"  not found\n"+otherWriter+"  not found\n", expired, otherWriter)
	if diff := cmp.Diff(before, dump(t, store)); diff != "" {
		t.Errorf("records (-before +after):\n%s", diff)
	}

	const known = "1795136400#24567#9f86d081884c7d65"
	wantMarked(t, store, "not all were found", expired+"  not found\n"+known+"  handled\n", expired, known)
	wantMarked(t, store, "", known+"  handled\n", known) // again
}

func dump(t *testing.T, store *boltstore.Store) []string {
	t.Helper()
	records, err := store.Dump(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	var lines []string
	for _, record := range records {
		lines = append(lines, string(record))
	}
	return lines
}

func TestParseSuggestions(t *testing.T) {
	t.Parallel()
	for name, id := range map[string]string{
		"empty":            "",
		"an openid":        "oSAMPLEfollower0000000000001",
		"no time":          "#24567#0123456789abcdef",
		"no MsgId":         "1795136400##0123456789abcdef",
		"no hash":          "1795136400#24567",
		"other digits":     "01795136400#24567#0123456789abcdef",
		"other digits, id": "1795136400#+24567#0123456789abcdef",
		"a time too large": "99999999999999999999#24567#0123456789abcdef",
		"spaces":           " 1795136400#24567#0123456789abcdef",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, err := parseSuggestions([]string{"1795136400#24567#0123456789abcdef", id})
			if err == nil || !strings.Contains(err.Error(), "id 2 of 2 is not the id of a suggestion") || id != "" && strings.Contains(err.Error(), id) {
				t.Errorf("parsed to %v, error %v", got, err)
			}
		})
	}
}

func TestKeptMonths(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ now, first, last string }{
		{"2026-11-22T12:00:00+08:00", "2026-05", "2026-11"},
		{"2026-10-31T15:59:59Z", "2026-05", "2026-10"},
		{"2026-10-31T16:00:00Z", "2026-05", "2026-11"}, // November in China
		{"2026-11-28T00:00:00+08:00", "2026-06", "2026-11"},
		{"2027-03-01T00:00:00+08:00", "2026-09", "2027-03"},
	} {
		now, err := time.Parse(time.RFC3339, tt.now)
		if err != nil {
			t.Fatal(err)
		}
		months := keptMonths(now)
		first, last := months[0], months[len(months)-1]
		if got := first.Format("2006-01"); got != tt.first {
			t.Errorf("%s: the first month is %s, want %s", tt.now, got, tt.first)
		}
		if got := last.Format("2006-01"); got != tt.last {
			t.Errorf("%s: the last month is %s, want %s", tt.now, got, tt.last)
		}
		for n := 1; n < len(months); n++ {
			if want := months[n-1].AddDate(0, 1, 0); !months[n].Equal(want) || months[n].Day() != 1 {
				t.Errorf("%s: %v follows %v", tt.now, months[n], months[n-1])
			}
		}
	}
}

// TestSuggestionsFail: a month that cannot be read is an error, not an empty one.
func TestSuggestionsFail(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := findSuggestions(ctx, openStore(t), keptMonths(present), false); err == nil {
		t.Error("no error")
	}
}

func TestRecordsUsage(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		args       string
		wantErr    string
		wantStatus int
	}{
		"no table":          {"suggestions", "missing: --stack=NAME or --table=NAME", 80},
		"both":              {"suggestions --stack a --table b", "can't be used together", 80},
		"no month":          {"suggestions --table t --month 11", `"11" is not a month: write it as 2026-11`, 80},
		"no id":             {"suggestions handled --table t 1#2", "id 1 of 1 is not the id of a suggestion", 80},
		"flag first":        {"suggestions --table t handled 1#2", "id 1 of 1 is not the id of a suggestion", 80},
		"no format":         {"followers export --table t --format xml", `--format must be one of "csv","jsonl"`, 80},
		"nobody to ask":     {"followers delete --table t oSAMPLEfollower0000000000001", "with --yes", 1},
		"no region":         {"suggestions --table t", "no AWS region is set", 1},
		"no region, export": {"followers export --table t", "no AWS region is set", 1},
		"no openid":         {"followers delete --table t suggestions#2026-11 --yes", "this is not an openid", 80},
		"odd openid":        {"followers delete --table t --yes -- =", "this is not an openid", 80},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			stdout, stderr, status := guanzhu(t, nil, strings.Fields(tt.args)...)
			if !strings.Contains(stderr, tt.wantErr) || status != tt.wantStatus || strings.Contains(stderr, "oSAMPLE") {
				t.Errorf("standard error is %q, want %q in it; status %d, want %d; standard output %q", stderr, tt.wantErr, status, tt.wantStatus, stdout)
			}
		})
	}
}
