package console

import (
	"cmp"
	"encoding/binary"
	"encoding/json"
	"slices"
	"sync"
	"time"

	"go.etcd.io/bbolt"

	"github.com/guanzhu/guanzhu/internal/telemetry"
)

// maxItems is how many Items the timeline keeps.
const maxItems = 2000

var timelineBucket = []byte("console timeline")

// timeline keeps the latest Items, in memory and in the file. It is safe for concurrent use.
type timeline struct {
	db     *bbolt.DB
	now    func() time.Time
	stream *stream

	mu    sync.Mutex // guards all below and every Item
	last  int64      // the latest ID that was used
	items []*Item    // by ascending ID
	saved int64      // the lowest ID that may be in the file
}

// openTimeline reads the Items that the file has.
func openTimeline(db *bbolt.DB, now func() time.Time, s *stream) (*timeline, error) {
	t := &timeline{db: db, now: now, stream: s}
	return t, t.load()
}

func (t *timeline) load() error {
	t.items, t.last, t.saved = nil, 0, 0
	return t.db.Update(func(tx *bbolt.Tx) error {
		b, err := tx.CreateBucketIfNotExists(timelineBucket)
		if err != nil {
			return err
		}
		return b.ForEach(func(_, value []byte) error {
			i := new(Item)
			if err := json.Unmarshal(value, i); err != nil {
				return err
			}
			t.items, t.last = append(t.items, i), i.ID
			return nil
		})
	})
}

// replace replaces all Items.
func (t *timeline) replace(items []*Item) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	err := t.db.Update(func(tx *bbolt.Tx) error {
		if err := tx.DeleteBucket(timelineBucket); err != nil {
			return err
		}
		b, err := tx.CreateBucket(timelineBucket)
		if err != nil {
			return err
		}
		for _, i := range items {
			if err := put(b, i); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	before := t.last + 1
	if err := t.load(); err != nil {
		return err
	}
	t.stream.send("removed", map[string]int64{"before": max(before, t.last+1)})
	return nil
}

func key(id int64) []byte { return binary.BigEndian.AppendUint64(nil, uint64(id)) } //nolint:gosec // IDs are positive

func put(b *bbolt.Bucket, i *Item) error {
	value, err := json.Marshal(i)
	if err != nil {
		return err
	}
	return b.Put(key(i.ID), value)
}

// begin adds an Item and returns what adds to it. fill may set its fields from its ID.
func (t *timeline) begin(fill func(*Item)) *recording {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.last++
	i := &Item{ID: t.last, At: t.now()}
	fill(i)
	t.items = append(t.items, i)
	if over := len(t.items) - maxItems; over > 0 {
		t.items = slices.Clone(t.items[over:])
		t.stream.send("removed", map[string]int64{"before": t.items[0].ID})
	}
	r := &recording{timeline: t, item: i, begun: time.Now()}
	t.stream.send("item", i.summary())
	return r
}

// save writes a finished Item to the file, and removes those that have left the timeline.
func (t *timeline) save(i *Item) error {
	return t.db.Update(func(tx *bbolt.Tx) error {
		b := tx.Bucket(timelineBucket)
		for c, first := b.Cursor(), key(t.items[0].ID); ; {
			k, _ := c.First()
			if k == nil || string(k) >= string(first) {
				break
			}
			if err := b.Delete(k); err != nil {
				return err
			}
		}
		return put(b, i)
	})
}

// find returns the Item with that ID, or nil.
func (t *timeline) find(id int64) *Item {
	n, found := slices.BinarySearchFunc(t.items, id, func(i *Item, id int64) int { return cmp.Compare(i.ID, id) })
	if !found {
		return nil
	}
	return t.items[n]
}

func (t *timeline) has(i *Item) bool { return t.find(i.ID) == i }

// get returns a copy of the Item, with its details, or nil.
func (t *timeline) get(id int64) *Item {
	t.mu.Lock()
	defer t.mu.Unlock()
	i := t.find(id)
	if i == nil {
		return nil
	}
	return i.clone()
}

// all returns copies of the Items that keep selects, with their details, in order.
func (t *timeline) all(keep func(*Item) bool) []*Item {
	t.mu.Lock()
	defer t.mu.Unlock()
	var kept []*Item
	for _, i := range t.items {
		if keep(i) {
			kept = append(kept, i.clone())
		}
	}
	return kept
}

// list returns the last n Items before an ID (0: the latest) that keep selects, without their details, and whether there
// are more.
func (t *timeline) list(before int64, n int, keep func(*Item) bool) (items []*Item, more bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	items = []*Item{}
	for _, i := range slices.Backward(t.items) {
		if before != 0 && i.ID >= before || !keep(i) {
			continue
		}
		if len(items) == n {
			more = true
			break
		}
		items = append(items, i.summary())
	}
	slices.Reverse(items)
	return items, more
}

func (t *timeline) lastID() int64 {
	t.mu.Lock()
	defer t.mu.Unlock()
	if len(t.items) == 0 {
		return 0
	}
	return t.last
}

// recording adds to one Item. It is safe for concurrent use.
type recording struct {
	timeline *timeline
	item     *Item
	begun    time.Time // by this machine's clock
}

// change changes the Item and shows it. What is added to a finished Item is saved as well.
func (r *recording) change(do func(*Item)) {
	t := r.timeline
	t.mu.Lock()
	defer t.mu.Unlock()
	do(r.item)
	if !t.has(r.item) {
		return // it has left the timeline meanwhile
	}
	if r.item.Done {
		_ = t.save(r.item) // the timeline in memory is what counts
	}
	t.stream.send("item", r.item.summary())
}

// since returns the milliseconds from the Item's begin until at.
func (r *recording) since(at time.Time) float64 { return telemetry.Milliseconds(at.Sub(r.begun)) }

// attempt adds an Attempt that begins now and returns its number and what ends it.
func (r *recording) attempt(request *Exchange) (n int, end func(response *Exchange, err error)) {
	begun := time.Now()
	a := &Attempt{StartMS: r.since(begun), Request: request}
	r.change(func(i *Item) {
		a.N = len(i.Attempts) + 1
		i.Attempts = append(i.Attempts, a)
	})
	return a.N, func(response *Exchange, err error) {
		r.change(func(*Item) {
			a.MS, a.Done, a.Response = telemetry.Milliseconds(time.Since(begun)), true, response
			if response != nil {
				a.Status = response.Status
			}
			if err != nil {
				a.Error = err.Error()
			}
		})
	}
}

// step adds a Step that began at begun and ends now.
func (r *recording) step(begun time.Time, s *Step) {
	s.StartMS, s.MS = r.since(begun), telemetry.Milliseconds(time.Since(begun))
	r.change(func(i *Item) {
		s.N = len(i.Steps) + 1
		i.Steps = append(i.Steps, s)
	})
}

// done ends the Item.
func (r *recording) done(fill func(*Item)) {
	r.change(func(i *Item) {
		fill(i)
		i.Done = true
	})
}
