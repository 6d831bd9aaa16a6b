package storetest

import (
	"context"
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/guanzhu/guanzhu/internal/media"
)

func testMedia(t *testing.T, f fixture) {
	ctx, store := f.ctx, f.store
	if got, err := store.MediaRecord(ctx); err != nil || len(got) != 0 {
		t.Fatalf("before the first save: %v, error %v", got, err)
	}
	record := media.Record{
		{Kind: media.Image, Name: "地图.jpg", Hash: "9f86", MediaID: "id_1"},
		{Kind: media.Voice, Name: "a.mp3", Hash: "9f87", MediaID: "id_2"},
	}
	for _, want := range []media.Record{record[:1], record, nil} {
		must(t, store.SaveMediaRecord(ctx, want))
		got, err := store.MediaRecord(ctx)
		must(t, err)
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
	}
	must(t, store.SaveMediaRecord(ctx, record[:1]))
	items, err := f.items("#account")
	must(t, err)
	want := []Item{{"pk": "#account", "sk": "media", "files": []any{map[string]any{
		"kind": "image", "name": "地图.jpg", "hash": "9f86", "media_id": "id_1",
	}}}}
	if diff := cmp.Diff(want, items); diff != "" {
		t.Errorf("items (-want +got):\n%s", diff)
	}

	canceled, cancel := context.WithCancel(ctx)
	cancel()
	if _, err := store.MediaRecord(canceled); !errors.Is(err, context.Canceled) {
		t.Errorf("MediaRecord: error %v, want context.Canceled", err)
	}
	if err := store.SaveMediaRecord(canceled, nil); !errors.Is(err, context.Canceled) {
		t.Errorf("SaveMediaRecord: error %v, want context.Canceled", err)
	}
}
