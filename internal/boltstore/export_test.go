package boltstore

import (
	"context"

	"github.com/guanzhu/guanzhu/internal/table"
)

// Put stores a record as it is.
func (s *Store) Put(ctx context.Context, record map[string]any) error {
	return s.update(ctx, "put", func(b records) error {
		return b.put(table.Key{PK: record["pk"].(string), SK: record["sk"].(string)}, record)
	})
}

// Delete deletes a record.
func (s *Store) Delete(ctx context.Context, pk, sk string) error {
	return s.update(ctx, "delete", func(b records) error { return b.delete(table.Key{PK: pk, SK: sk}) })
}
