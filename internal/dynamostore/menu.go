package dynamostore

import (
	"context"
	"fmt"

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
	if _, err := s.putItem(ctx, table.NewMenu(r), "", nil); err != nil {
		return fmt.Errorf("store the menu's record: %w", err)
	}
	return nil
}
