package console

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"

	"go.etcd.io/bbolt"
)

// backupVersion is the form of a Backup. Another form has another number.
const backupVersion = 1

// Backup is a whole state: everything except the access token, which a restarted platform does not know.
type Backup struct {
	Version int               `json:"version"`
	State   json.RawMessage   `json:"state"`
	Records []json.RawMessage `json:"records"`
	Items   []*Item           `json:"items"`
	Media   map[string][]byte `json:"media"`
}

// getExport returns a Backup.
func (c *Console) getExport(r *http.Request) (any, error) {
	state, err := c.encodeKept()
	if err != nil {
		return nil, err
	}
	b := Backup{Version: backupVersion, State: state, Media: map[string][]byte{}}
	if b.Records, err = c.records(r.Context()); err != nil {
		return nil, err
	}
	b.Items = c.timeline.all(func(i *Item) bool { return i.Done })
	err = c.store.DB().View(func(tx *bbolt.Tx) error {
		return tx.Bucket(mediaBucket).ForEach(func(id, picture []byte) error {
			b.Media[string(id)] = bytes.Clone(picture)
			return nil
		})
	})
	return b, err
}

func (c *Console) postImport(r *http.Request) (any, error) {
	var b Backup
	if err := readJSON(r, maxState, &b); err != nil {
		return nil, err
	}
	if b.Version != backupVersion {
		return nil, refuse(fmt.Sprintf("这不是本版本导出的状态文件：version 应为 %d", backupVersion),
			fmt.Sprintf("this is no state that this version exports: version must be %d", backupVersion))
	}
	if err := c.restore(b); err != nil {
		return nil, err
	}
	return c.state(), nil
}

func (c *Console) postReset(*http.Request) (any, error) {
	if err := c.restore(Backup{State: json.RawMessage("{}")}); err != nil {
		return nil, err
	}
	return c.state(), nil
}

// restore replaces the whole state, and starts the platform and the account again.
func (c *Console) restore(b Backup) error {
	var k kept
	if err := json.Unmarshal(b.State, &k); err != nil {
		return refuse("state 不完整", "the state in it is broken")
	}
	c.instance().kill()
	if err := c.store.Restore(b.Records); err != nil {
		return refuse("records 里有一条不是记录", "one of the records is none")
	}
	err := c.store.DB().Update(func(tx *bbolt.Tx) error {
		if err := tx.DeleteBucket(mediaBucket); err != nil {
			return err
		}
		bucket, err := tx.CreateBucket(mediaBucket)
		if err != nil {
			return err
		}
		for id, picture := range b.Media {
			if err := bucket.Put([]byte(id), picture); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	if err := c.adopt(k); err != nil {
		return err
	}
	if err := c.timeline.replace(b.Items); err != nil {
		return err
	}
	return c.begin()
}
