package boltstore

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"go.etcd.io/bbolt"

	"github.com/guanzhu/guanzhu/internal/table"
)

// DB returns the file, in whose other buckets the console keeps its own things.
func (s *Store) DB() *bbolt.DB { return s.db }

// Dump returns all records that have not expired, each a JSON object with its pk and sk, in the order of these. It
// holds data that logs must not: openids, texts, the access token.
func (s *Store) Dump(ctx context.Context) ([]json.RawMessage, error) {
	var dump []json.RawMessage
	err := s.view(ctx, "dump the store", func(b records) error {
		return b.each(nil, func(value []byte) error {
			var item struct {
				ExpiresAt int64 `json:"expires_at"`
			}
			if err := json.Unmarshal(value, &item); err != nil || s.expired(item.ExpiresAt) {
				return err
			}
			dump = append(dump, bytes.Clone(value)) // value is valid within the transaction only
			return nil
		})
	})
	return dump, err
}

// Restore replaces all records by dump, which Dump returned. It makes no operation for the Watcher.
func (s *Store) Restore(dump []json.RawMessage) error {
	err := s.db.Update(func(tx *bbolt.Tx) error {
		if err := tx.DeleteBucket(bucket); err != nil {
			return err
		}
		b, err := tx.CreateBucket(bucket)
		if err != nil {
			return err
		}
		for _, record := range dump {
			k, err := keyOf(record)
			if err != nil {
				return err
			}
			if err := b.Put(bytesOf(k), record); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("restore records: %w", err)
	}
	return nil
}

var errNoRecord = errors.New("a record is not a JSON object with pk and sk")

func keyOf(record []byte) (table.Key, error) {
	var k table.Key
	if err := json.Unmarshal(record, &k); err != nil || k.PK == "" || k.SK == "" || strings.ContainsRune(k.PK, 0) {
		return k, errNoRecord
	}
	return k, nil
}
