package dynamostore

import (
	"context"
	"fmt"

	"github.com/guanzhu/guanzhu/internal/media"
	"github.com/guanzhu/guanzhu/internal/table"
)

// MediaRecord implements media.Store.
func (s *Store) MediaRecord(ctx context.Context) (media.Record, error) {
	var record table.Media
	if err := s.get(ctx, table.MediaKey, &record); err != nil {
		return nil, fmt.Errorf("read the record of the files: %w", err)
	}
	return record.Files, nil
}

// SaveMediaRecord implements media.Store.
func (s *Store) SaveMediaRecord(ctx context.Context, r media.Record) error {
	record := table.Media{Key: table.MediaKey, Files: r}
	if _, err := s.putItem(ctx, record, "", nil); err != nil {
		return fmt.Errorf("store the record of the files: %w", err)
	}
	return nil
}
