package boltstore

import (
	"bytes"
	"context"
	"encoding/json"

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
