package boltstore

import (
	"context"

	"github.com/guanzhu/guanzhu/internal/media"
	"github.com/guanzhu/guanzhu/internal/table"
)

// MediaRecord implements media.Store.
func (s *Store) MediaRecord(ctx context.Context) (media.Record, error) {
	var record table.Media
	err := s.view(ctx, "read the record of the files", func(b records) error {
		_, err := b.get(table.MediaKey, &record)
		return err
	})
	return record.Files, err
}

// SaveMediaRecord implements media.Store.
func (s *Store) SaveMediaRecord(ctx context.Context, r media.Record) error {
	return s.update(ctx, "store the record of the files", func(b records) error {
		return b.put(table.MediaKey, table.Media{Key: table.MediaKey, Files: r})
	})
}
