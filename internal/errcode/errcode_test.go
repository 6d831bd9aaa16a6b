package errcode

import (
	"maps"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/guanzhu/guanzhu/internal/bilingual"
)

func TestTable(t *testing.T) {
	want := []int{-1, 40001, 40002, 40003, 40004, 40005, 40006, 40007, 40009, 40010, 40011, 40012, 40013, 40014, 40015,
		40016, 40017, 40018, 40019, 40020, 40021, 40022, 40023, 40024, 40025, 40026, 40027, 40028, 40029,
		40032, 40033, 40054, 40055, 40066, 40119, 40120, 40125, 40155, 40163, 40164, 40165, 40166, 40243,
		41001, 41002, 41004, 41005, 41008, 41009, 42001, 42003, 43001, 43002, 43019, 44001, 44002, 44004,
		45001, 45002, 45007, 45009, 45010, 45011, 45015, 45047, 45064, 45072, 45080, 45081, 46002, 46003,
		47001, 48001, 48002, 48005, 50002, 53600, 61004, 65301, 65302, 65303, 65304, 65305, 65306, 65307,
		65308, 65309, 65310, 65311, 65312, 65313, 65314, 65316, 65317, 65320, 70000, 76003, 76021, 76022,
		89501, 89503, 89506, 89507}
	if diff := cmp.Diff(want, slices.Sorted(maps.Keys(table()))); diff != "" {
		t.Errorf("errcodes (-want +got):\n%s", diff)
	}
	fields := []string{"", "name", "type", "key", "url", "media_id", "article_id", "appid", "sub_button"}
	for code, row := range table() {
		for _, text := range []bilingual.Text{row.Meaning, row.Remedy} {
			if !partOfSentence(text) {
				t.Errorf("errcode %d: %+v is not a part of a sentence in both languages", code, text)
			}
		}
		if !slices.Contains(fields, row.Buttons.Top) || !slices.Contains(fields, row.Buttons.Below) {
			t.Errorf("errcode %d: a button has no field %+v", code, row.Buttons)
		}
	}
}

var (
	han   = regexp.MustCompile(`\p{Han}`)
	latin = regexp.MustCompile(`^[a-z].*[a-z]{3}`)
)

func partOfSentence(text bilingual.Text) bool {
	return han.MatchString(text.ZH) && latin.MatchString(text.EN) &&
		!strings.HasSuffix(text.ZH, "。") && !strings.HasSuffix(text.EN, ".") && !strings.Contains(text.ZH, "帐号")
}

func TestExplain(t *testing.T) {
	tests := []struct {
		code           int
		language, want string
	}{
		{45011, "zh", "调用太频繁；等一分钟以上再试"},
		{45011, "en", "the API is called too often; wait for more than a minute and try again"},
		{12345, "zh", "含义见 https://developers.weixin.qq.com/doc/oplatform/developers/errCode/errCode.html"},
		{12345, "en", "look it up in https://developers.weixin.qq.com/doc/oplatform/developers/errCode/errCode.html"},
	}
	for _, tt := range tests {
		if got := Explain(tt.code).In(tt.language); got != tt.want {
			t.Errorf("%d in %s: %q, want %q", tt.code, tt.language, got, tt.want)
		}
	}
}
