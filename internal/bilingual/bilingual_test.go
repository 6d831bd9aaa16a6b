package bilingual_test

import (
	"errors"
	"io"
	"testing"

	"github.com/guanzhu/guanzhu/internal/bilingual"
)

func TestErrorf(t *testing.T) {
	t.Parallel()
	inner := bilingual.Errorf("里面（%d）：%w", "inside (%d): %w", 1, io.EOF)
	err := bilingual.Errorf("外面 %[2]s：%[1]w", "outside %[2]s: %[1]w", inner, bilingual.New("二", "two"))
	if got, want := err.Error(), "outside two: inside (1): EOF"; got != want {
		t.Errorf("in English %q, want %q", got, want)
	}
	if got, want := bilingual.Explain(err, bilingual.Chinese), "外面 二：里面（1）：EOF"; got != want {
		t.Errorf("in Chinese %q, want %q", got, want)
	}
	if !errors.Is(err, io.EOF) {
		t.Error("the cause is lost")
	}
}
