package boltstore

import (
	"bytes"
	"encoding/json"
	"errors"

	"go.etcd.io/bbolt"
)

// records are the bucket within a transaction: JSON objects by primary key.
type records struct{ b *bbolt.Bucket }

func (k key) bytes() []byte { return []byte(k.PK + "\x00" + k.SK) }

// get reads the record at k into v and reports whether there is one.
func (r records) get(k key, v any) (bool, error) {
	value := r.b.Get(k.bytes())
	if value == nil {
		return false, nil
	}
	return true, json.Unmarshal(value, v)
}

func (r records) put(k key, v any) error {
	if k.PK == "" {
		return errors.New("the partition key is empty") // as DynamoDB refuses it
	}
	value, err := json.Marshal(v)
	if err != nil {
		return err
	}
	return r.b.Put(k.bytes(), value)
}

func (r records) delete(k key) error { return r.b.Delete(k.bytes()) }

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
