package boltstore

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/guanzhu/guanzhu/internal/table"
	"github.com/guanzhu/guanzhu/pkg/follower"
)

// AddSuggestion implements follower.Store.
func (s *Store) AddSuggestion(ctx context.Context, suggestion follower.Suggestion) (kept bool, err error) {
	record, count := table.NewSuggestion(suggestion), table.NewSuggested(suggestion)
	err = s.update(ctx, "store a suggestion", func(b records) error {
		if kept, err = b.get(record.Key, &table.Suggestion{}); err != nil || kept {
			return err
		}
		if _, err := b.get(count.Key, &count); err != nil {
			return err
		}
		at, counted := slices.BinarySearch(count.IDs, suggestion.ID())
		if !counted {
			if len(count.IDs) >= follower.MaxSuggestions {
				return nil
			}
			count.IDs = slices.Insert(count.IDs, at, suggestion.ID())
		}
		kept = true
		return errors.Join(b.put(record.Key, record), b.put(count.Key, count))
	})
	return kept && err == nil, err
}

// Suggestions returns those of month's month in China time that have not expired, oldest first, and how many records
// there cannot be read.
func (s *Store) Suggestions(ctx context.Context, month time.Time) (all []follower.Suggestion, unreadable int, err error) {
	err = s.view(ctx, "list suggestions", func(b records) error {
		return b.each([]byte(table.SuggestionsPK(month)+"\x00"), func(value []byte) error {
			var record table.Suggestion
			err := unpack(value, &record)
			suggestion, notOne := record.Suggestion()
			switch {
			case err == nil && s.expired(record.ExpiresAt):
			case err == nil && notOne == nil:
				all = append(all, suggestion)
			default:
				unreadable++
			}
			return nil
		})
	})
	if err != nil {
		return nil, 0, err
	}
	return all, unreadable, nil
}

// MarkHandled marks the suggestion of s's time, MsgID and writer as handled, and reports whether there is one that has
// not expired; otherwise nothing is written. One that is handled already stays as it is.
func (s *Store) MarkHandled(ctx context.Context, suggestion follower.Suggestion) (found bool, err error) {
	err = s.update(ctx, "mark a suggestion", func(b records) error {
		var record table.Suggestion
		stored, err := b.get(table.SuggestionKey(suggestion), &record)
		if err != nil || !stored || s.expired(record.ExpiresAt) {
			return err
		}
		found, record.Handled = true, true
		return b.put(record.Key, record)
	})
	return found && err == nil, err
}
