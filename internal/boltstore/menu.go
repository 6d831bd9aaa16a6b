package boltstore

import (
	"context"

	"github.com/guanzhu/guanzhu/internal/menu"
	"github.com/guanzhu/guanzhu/internal/table"
)

// MenuRecord implements menu.Store.
func (s *Store) MenuRecord(ctx context.Context) (menu.Record, error) {
	var record table.Menu
	err := s.view(ctx, "read the menu's record", func(b records) error {
		_, err := b.get(table.MenuKey, &record)
		return err
	})
	return record.Menu(), err
}

// SaveMenuRecord implements menu.Store.
func (s *Store) SaveMenuRecord(ctx context.Context, r menu.Record) error {
	return s.update(ctx, "store the menu's record", func(b records) error {
		return b.put(table.MenuKey, table.NewMenu(r))
	})
}
