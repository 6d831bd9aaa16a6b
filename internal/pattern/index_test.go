package pattern

import (
	"fmt"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

// matches and covers are the simplest implementations of what an Index finds.
func (p Pattern) matches(s string) bool {
	switch p.kind {
	case exact:
		return s == p.text
	case prefix:
		return strings.HasPrefix(s, p.text)
	case contains:
		return strings.Contains(s, p.text)
	}
	return p.regexp.MatchString(s)
}

func (p Pattern) covers(later Pattern) bool {
	switch later.kind {
	case exact:
		return p.matches(later.text)
	case prefix:
		return (p.kind == prefix || p.kind == contains) && p.matches(later.text)
	case contains:
		return p.kind == contains && p.matches(later.text)
	}
	return p.kind == matching && p.text == later.text
}

func first(patterns []Pattern, good func(Pattern) bool) (number int, ok bool) {
	for i, p := range patterns {
		if good(p) {
			return i, true
		}
	}
	return none, false
}

// TestIndex compares an Index of any patterns with trying one pattern after another. The strings have few different letters,
// so that many match, and parts of characters.
func TestIndex(t *testing.T) {
	t.Parallel()
	text := rapid.OneOf(rapid.StringMatching(`[ab]{1,4}`), rapid.StringMatching(`[a你好]{1,3}`),
		rapid.Map(rapid.SliceOfN(rapid.SampledFrom([]byte("a\xe4\xbd\xa0\xe5\xff")), 1, 4), func(b []byte) string { return string(b) }))
	expression := rapid.Map(rapid.SampledFrom([]string{"a", "^a", "b$", "a+b", "你", "^$", "[^a]"}), regexp.MustCompile)
	pattern := rapid.OneOf(rapid.Map(text, Exact), rapid.Map(text, Prefix), rapid.Map(text, Contains),
		rapid.Map(expression, Matching))
	rapid.Check(t, func(t *rapid.T) {
		var index Index
		var patterns []Pattern
		for _, p := range rapid.SliceOfN(pattern, 0, 20).Draw(t, "patterns") {
			number, covered := index.Add(p)
			wantNumber, want := first(patterns, func(earlier Pattern) bool { return earlier.covers(p) })
			if covered != want || want && number != wantNumber {
				t.Errorf("%v after %v: covered by %d (%t), want %d (%t)", p, patterns, number, covered, wantNumber, want)
			}
			patterns = append(patterns, p)
		}
		for _, s := range append(rapid.SliceOfN(rapid.StringMatching(`[ab你好]{0,12}`), 1, 5).Draw(t, "strings"),
			text.Draw(t, "part of a character"), "") {
			number, ok := index.First(s)
			wantNumber, want := first(patterns, func(p Pattern) bool { return p.matches(s) })
			if ok != want || want && number != wantNumber {
				t.Errorf("%q among %v: %d (%t), want %d (%t)", s, patterns, number, ok, wantNumber, want)
			}
		}
	})
}

// steps returns the number of steps that found takes for s.
func (x *Index) steps(s string) int {
	n := len(s)
	for range x.parts(s) {
		n++
	}
	return n
}

// TestSteps checks that First and Add take as many steps among 10,000 patterns as among 100.
func TestSteps(t *testing.T) {
	t.Parallel()
	text := strings.Repeat("请问关键词99999的价格？", 2000/len("请问关键词99999的价格？"))
	keyword := func(i int) string { return fmt.Sprintf("关键词%05d", i) }
	for name, kind := range map[string]func(string) Pattern{"exact": Exact, "prefix": Prefix, "contains": Contains} {
		counted := map[int][2]int{}
		for _, size := range []int{100, 10_000} {
			var index Index
			for i := range size {
				if earlier, covered := index.Add(kind(keyword(i))); covered {
					t.Fatalf("%s: %d is covered by %d", name, i, earlier)
				}
			}
			counted[size] = [2]int{index.steps(text), index.steps(keyword(size))}
		}
		// Numbers of 10,000 patterns share up to two more digits with the text than those of 100.
		small, large := counted[100], counted[10_000]
		if large[0] > 2*len(text) || large[1] > small[1]+2 {
			t.Errorf("%s: %d and %d steps among 100 patterns, %d and %d among 10,000", name, small[0], small[1], large[0], large[1])
		}
	}
}

func TestMatchesTrimmed(t *testing.T) {
	t.Parallel()
	got := map[string]bool{}
	for _, p := range []Pattern{Exact("a b"), Exact(" a"), Exact("a\u00a0"), Prefix("a\u3000"), Prefix("\na"), Prefix(" "),
		Contains(" a "), Matching(regexp.MustCompile("^ a"))} {
		got[p.String()] = p.MatchesTrimmed()
	}
	want := map[string]bool{
		`exactly "a b"`: true, `exactly " a"`: false, `exactly "a\u00a0"`: false,
		`prefix "a\u3000"`: true, `prefix "\na"`: false, `prefix " "`: false,
		`containing " a "`: true, `matching "^ a"`: true,
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}

func BenchmarkFirst(b *testing.B) {
	text := strings.Repeat("请问关键词的价格？", 2000/len("请问关键词的价格？"))
	for _, size := range []int{10, 1000, 10_000} {
		b.Run(fmt.Sprint(size), func(b *testing.B) {
			var index Index
			for i := range size {
				index.Add(Contains(fmt.Sprintf("关键词%05d", i)))
			}
			b.ReportAllocs()
			for b.Loop() {
				index.First(text)
			}
		})
	}
}
