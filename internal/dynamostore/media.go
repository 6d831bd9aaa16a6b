package dynamostore

import (
	"context"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb"

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
	if _, err := s.db.PutItem(ctx, &dynamodb.PutItemInput{TableName: s.table, Item: pack(record)}); err != nil {
		return fmt.Errorf("store the record of the files: %w", err)
	}
	return nil
}
