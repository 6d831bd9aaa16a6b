package dynamostore

import (
	"context"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb"

	"github.com/guanzhu/guanzhu/internal/menu"
	"github.com/guanzhu/guanzhu/internal/table"
)

// MenuRecord implements menu.Store.
func (s *Store) MenuRecord(ctx context.Context) (menu.Record, error) {
	var record table.Menu
	if err := s.get(ctx, table.MenuKey, &record); err != nil {
		return menu.Record{}, fmt.Errorf("read the menu's record: %w", err)
	}
	return record.Menu(), nil
}

// SaveMenuRecord implements menu.Store.
func (s *Store) SaveMenuRecord(ctx context.Context, r menu.Record) error {
	_, err := s.db.PutItem(ctx, &dynamodb.PutItemInput{TableName: s.table, Item: pack(table.NewMenu(r))})
	if err != nil {
		return fmt.Errorf("store the menu's record: %w", err)
	}
	return nil
}
