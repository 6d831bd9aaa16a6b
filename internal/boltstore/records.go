package boltstore

import (
	"bytes"
	"encoding/json"

	"go.etcd.io/bbolt"

	"github.com/guanzhu/guanzhu/internal/table"
	"github.com/guanzhu/guanzhu/pkg/follower"
)

// records is the bucket within a transaction: JSON objects by primary key.
type records struct {
	b       *bbolt.Bucket
	changes *[]Change // the writes, for a Watcher; nil without one
}

func bytesOf(k table.Key) []byte { return []byte(k.PK + "\x00" + k.SK) }

// get reads the record at k into v and reports whether there is one. Its error is follower.ErrUnreadable.
func (r records) get(k table.Key, v any) (bool, error) {
	value := r.b.Get(bytesOf(k))
	if value == nil {
		return false, nil
	}
	return true, unpack(value, v)
}

func unpack(value []byte, v any) error {
	if err := json.Unmarshal(value, v); err != nil {
		return follower.ErrUnreadable
	}
	return nil
}

func (r records) put(k table.Key, v any) error {
	value, err := json.Marshal(v)
	if err != nil {
		return err
	}
	r.note(k, value)
	return r.b.Put(bytesOf(k), value)
}

func (r records) delete(k table.Key) error {
	r.note(k, nil)
	return r.b.Delete(bytesOf(k))
}

// each calls do with the records whose key begins with prefix, in the order of the keys.
func (r records) each(prefix []byte, do func(value []byte) error) error {
	c := r.b.Cursor()
	for k, v := c.Seek(prefix); bytes.HasPrefix(k, prefix) && k != nil; k, v = c.Next() {
		if err := do(v); err != nil {
			return err
		}
	}
	return nil
}
