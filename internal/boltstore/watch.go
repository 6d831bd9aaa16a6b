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

// Watcher is called with every operation of a Store. It calls o.Do once, or not at all to keep the operation from being
// done, and returns the operation's error, which may be another one than Do's.
type Watcher func(ctx context.Context, o Operation) error

// Operation is one transaction of a Store.
type Operation struct {
	Name  string
	Write bool // whether it may write
	// Do runs the operation and returns the records that it has written, in their order.
	Do func() ([]Change, error)
}

// Change is one record that was written.
type Change struct {
	PK, SK        string
	Before, After json.RawMessage // nil: there was or is none
}

// Watch makes watch the Store's Watcher. Call it before any operation.
func (s *Store) Watch(watch Watcher) { s.watch = watch }

func (s *Store) watched(ctx context.Context, operation string, write bool, do func(*[]Change) error) error {
	if s.watch == nil {
		return do(nil)
	}
	return s.watch(ctx, Operation{operation, write, func() ([]Change, error) {
		var changes []Change
		if err := do(&changes); err != nil {
			return nil, err
		}
		return changes, nil
	}})
}

// note keeps the write at k that comes next.
func (r records) note(k table.Key, value []byte) {
	if r.changes == nil {
		return
	}
	before := bytes.Clone(r.b.Get(bytesOf(k)))
	if before != nil || value != nil {
		*r.changes = append(*r.changes, Change{k.PK, k.SK, before, value})
	}
}

// DB returns the file, in whose other buckets the console keeps its own things.
func (s *Store) DB() *bbolt.DB { return s.db }

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
