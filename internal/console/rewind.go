package console

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"maps"
	"slices"
	"time"
)

// rewind makes the records, and who follows, as they were before the Item of that ID.
func (c *Console) rewind(ctx context.Context, id int64) error {
	records, err := c.recordsBefore(ctx, id)
	if err != nil {
		return err
	}
	for _, i := range slices.Backward(c.timeline.all(func(i *Item) bool { return i.ID >= id && i.Kind == Delivery })) {
		switch i.Title {
		case "event/subscribe":
			c.setFollows(i.OpenID, false, time.Time{}, "")
		case "event/unsubscribe":
			c.setFollows(i.OpenID, true, i.At, "")
		}
	}
	present, err := c.placed(ctx)
	if err != nil {
		return err
	}
	// It is on the timeline as well, so that what is taken back later ends with the records of that time.
	return c.task(ctx, "rewind the records", "", func(ctx context.Context, _ *instance) error {
		begun := time.Now()
		err := c.store.Restore(slices.Collect(maps.Values(records)))
		spanOf(ctx).step(begun, &Step{Kind: Table, Name: "rewind the records", Write: true, Changes: difference(present, records)})
		return err
	})
}

// place is where a record is in the table.
type place struct{ PK, SK string }

// placed returns the records of the store.
func (c *Console) placed(ctx context.Context) (map[place]json.RawMessage, error) {
	dump, err := c.store.Dump(ctx)
	if err != nil {
		return nil, err
	}
	records := map[place]json.RawMessage{}
	for _, record := range dump {
		var at place
		if err := json.Unmarshal(record, &at); err != nil {
			return nil, err
		}
		records[at] = record
	}
	return records, nil
}

// difference returns the changes that lead from the records before to those after.
func difference(before, after map[place]json.RawMessage) (changes []Change) {
	places := maps.Clone(before)
	maps.Copy(places, after)
	for at := range places {
		if !bytes.Equal(before[at], after[at]) {
			changes = append(changes, Change{PK: at.PK, SK: at.SK, Before: before[at], After: after[at]})
		}
	}
	slices.SortFunc(changes, func(a, b Change) int { return cmp.Or(cmp.Compare(a.PK, b.PK), cmp.Compare(a.SK, b.SK)) })
	return changes
}

// recordsBefore returns the records as they were before the Item of that ID: it takes back what was written since.
func (c *Console) recordsBefore(ctx context.Context, id int64) (map[place]json.RawMessage, error) {
	records, err := c.placed(ctx)
	if err != nil {
		return nil, err
	}
	for _, i := range slices.Backward(c.timeline.all(func(i *Item) bool { return i.ID >= id })) {
		for _, step := range slices.Backward(i.Steps) {
			for _, change := range slices.Backward(step.Changes) {
				switch {
				case change.PK == accountPK:
				case !isRecord(change.Before):
					delete(records, place{change.PK, change.SK})
				default:
					records[place{change.PK, change.SK}] = change.Before
				}
			}
		}
	}
	return records, nil
}
