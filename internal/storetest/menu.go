package storetest

import (
	"context"
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/guanzhu/guanzhu/internal/menu"
)

func testMenu(t *testing.T, f fixture) {
	ctx, store := f.ctx, f.store
	if got, err := store.MenuRecord(ctx); err != nil || got != (menu.Record{}) {
		t.Fatalf("before the first save: %v, error %v", got, err)
	}
	n := func(s int) float64 { return float64(second(s).Unix()) }
	for _, tt := range []struct {
		name   string
		record menu.Record
		want   Item
	}{
		{"refused", menu.Record{AskAgain: second(10), Errcode: 48001}, Item{"ask_again": n(10), "errcode": 48001.0}},
		{"all", menu.Record{Hash: "9f86", AskAgain: second(20), Errcode: 45009},
			Item{"hash": "9f86", "ask_again": n(20), "errcode": 45009.0}},
		{"published", menu.Record{Hash: "9f87"}, Item{"hash": "9f87"}},
		{"nothing", menu.Record{}, Item{}},
	} {
		must(t, store.SaveMenuRecord(ctx, tt.record))
		got, err := store.MenuRecord(ctx)
		must(t, err)
		if diff := cmp.Diff(tt.record, got); diff != "" {
			t.Errorf("%s: (-want +got):\n%s", tt.name, diff)
		}
		tt.want["pk"], tt.want["sk"] = "#account", "menu"
		items, err := f.items("#account")
		must(t, err)
		if diff := cmp.Diff([]Item{tt.want}, items); diff != "" {
			t.Errorf("%s: items (-want +got):\n%s", tt.name, diff)
		}
	}

	canceled, cancel := context.WithCancel(ctx)
	cancel()
	if _, err := store.MenuRecord(canceled); !errors.Is(err, context.Canceled) {
		t.Errorf("MenuRecord: error %v, want context.Canceled", err)
	}
	if err := store.SaveMenuRecord(canceled, menu.Record{Hash: "no"}); !errors.Is(err, context.Canceled) {
		t.Errorf("SaveMenuRecord: error %v, want context.Canceled", err)
	}
	if got, err := store.MenuRecord(ctx); err != nil || got != (menu.Record{}) {
		t.Errorf("after a canceled save: %v, error %v", got, err)
	}
}
