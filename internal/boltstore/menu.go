package boltstore

import (
	"context"

	"github.com/guanzhu/guanzhu/internal/menu"
)

var menuKey = key{"#account", "menu"}

type menuItem struct {
	key
	Hash     string `json:"hash,omitempty"`
	AskAgain int64  `json:"ask_again,omitempty"`
	Errcode  int    `json:"errcode,omitempty"`
}

// MenuRecord implements menu.Store.
func (s *Store) MenuRecord(ctx context.Context) (menu.Record, error) {
	var item menuItem
	err := s.view(ctx, "read the menu's record", func(b records) error {
		_, err := b.get(menuKey, &item)
		return err
	})
	if err != nil {
		return menu.Record{}, err
	}
	return menu.Record{Hash: item.Hash, AskAgain: fromSeconds(item.AskAgain), Errcode: item.Errcode}, nil
}

// SaveMenuRecord implements menu.Store.
func (s *Store) SaveMenuRecord(ctx context.Context, r menu.Record) error {
	return s.update(ctx, "store the menu's record", func(b records) error {
		return b.put(menuKey, menuItem{menuKey, r.Hash, seconds(r.AskAgain), r.Errcode})
	})
}
