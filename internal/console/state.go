package console

import (
	"cmp"
	"encoding/json"
	"time"

	"go.etcd.io/bbolt"

	"github.com/guanzhu/guanzhu/internal/bilingual"
)

// state returns the State now.
func (c *Console) state() State {
	last := c.lastItem() // before c.mu is held: the timeline asks for the state of the Console while it is locked
	c.mu.Lock()
	defer c.mu.Unlock()
	s := State{
		Run: c.run, AppID: c.config.AppID, AccountURL: c.config.AccountURL, PublicURL: c.config.PublicURL, Simulated: c.platform != nil,
		Mode: c.settings.Mode, Kind: c.settings.Kind, Instance: c.instances, Menu: c.menus,
		Clock:     ClockState{c.clock.Now(), c.clock.Offset().Seconds()},
		Faults:    Faults{append([]PlatformFault{}, c.faults.Platform...), append([]TableFault{}, c.faults.Table...)},
		Followers: []Follower{},
		Account:   c.file,
		LastItem:  last,
	}
	for _, p := range c.followers {
		s.Followers = append(s.Followers, p.Follower)
	}
	return s
}

// lastItem returns the ID of the newest Item, 0 if there is none or the Console is still opening.
func (c *Console) lastItem() int64 {
	if c.timeline == nil {
		return 0
	}
	return c.timeline.lastID()
}

// changed keeps and shows the State after a change. c.mu must not be held.
func (c *Console) changed() {
	if err := c.save(); err != nil {
		c.config.Printf("The state cannot be saved: %v\n", err)
	}
	c.stream.send("state", c.state())
}

var (
	stateBucket = []byte("console state")
	stateKey    = []byte("state")
	mediaBucket = []byte("console media")
)

// kept is what the file has beside the records, the timeline and the pictures.
type kept struct {
	settings
	APIURL    string        `json:"api_url,omitempty"` // Config.APIURL: the state is that of one platform
	Offset    time.Duration `json:"offset"`
	Followers []*phone      `json:"followers"`
}

func (c *Console) encodeKept() ([]byte, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return json.Marshal(kept{c.settings, c.config.APIURL, c.clock.Offset(), c.followers})
}

func (c *Console) save() error {
	c.saving.Lock()
	defer c.saving.Unlock()
	value, err := c.encodeKept()
	if err != nil {
		return err
	}
	return c.store.DB().Update(func(tx *bbolt.Tx) error { return tx.Bucket(stateBucket).Put(stateKey, value) })
}

// loadSaved reads what save has written.
func (c *Console) loadSaved() error {
	var k kept
	err := c.store.DB().Update(func(tx *bbolt.Tx) error {
		if _, err := tx.CreateBucketIfNotExists(mediaBucket); err != nil {
			return err
		}
		b, err := tx.CreateBucketIfNotExists(stateBucket)
		if err != nil {
			return err
		}
		value := b.Get(stateKey)
		if value == nil {
			return nil
		}
		if err := json.Unmarshal(value, &k); err != nil {
			return err
		}
		if k.APIURL != c.config.APIURL {
			return bilingual.Errorf("里面是%s的关注者，不是%s的；要保留它们，先把文件移走",
				"it has the followers of %s, not those of %s; to keep them, move the file away",
				platformName(k.APIURL), platformName(c.config.APIURL))
		}
		return nil
	})
	if err != nil {
		return err
	}
	return c.adopt(k)
}

func platformName(apiURL string) bilingual.Text {
	if apiURL == "" {
		return bilingual.New("模拟平台", "the simulated platform")
	}
	return bilingual.New(" "+apiURL+" ", apiURL)
}

// adopt makes k the state.
func (c *Console) adopt(k kept) error {
	if k.Mode == "" {
		k.Mode = modePlain
		if c.config.Secrets.EncodingAESKey != "" {
			k.Mode = modeSafe
		}
	}
	k.Kind = cmp.Or(k.Kind, kindVerified)
	for _, p := range c.phones() {
		p.close()
	}
	c.mu.Lock()
	c.settings, c.followers, c.faults = k.settings, nil, Faults{}
	c.mu.Unlock()
	c.clock.SetOffset(k.Offset)
	for _, p := range k.Followers {
		if err := c.connect(p); err != nil {
			return err
		}
	}
	return nil
}
