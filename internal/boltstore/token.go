package boltstore

import (
	"context"
	"time"

	"github.com/guanzhu/guanzhu/internal/table"
	"github.com/guanzhu/guanzhu/pkg/wechat"
)

// AccessToken returns the stored token, the zero AccessToken if there is none.
func (s *Store) AccessToken(ctx context.Context) (wechat.AccessToken, error) {
	var record table.AccessToken
	err := s.view(ctx, "read the access token", func(b records) error {
		_, err := b.get(table.AccessTokenKey, &record)
		return err
	})
	return record.AccessToken(), err
}

// SaveAccessToken stores the token and keeps the mark of the last forced refresh.
func (s *Store) SaveAccessToken(ctx context.Context, value string, validUntil time.Time) error {
	return s.update(ctx, "store the access token", func(b records) error {
		record := table.AccessToken{Key: table.AccessTokenKey}
		if _, err := b.get(record.Key, &record); err != nil {
			return err
		}
		record.Token, record.ValidUntil = value, table.Seconds(validUntil)
		return b.put(record.Key, record)
	})
}

// MarkForced stores mark's ForcedAt and ForcedCount if the stored ForcedAt still is was's, and reports whether it was.
// Of several callers with the same was, one gets true.
func (s *Store) MarkForced(ctx context.Context, was, mark wechat.AccessToken) (ok bool, err error) {
	err = s.update(ctx, "mark a forced refresh", func(b records) error {
		record := table.AccessToken{Key: table.AccessTokenKey}
		if _, err := b.get(record.Key, &record); err != nil || record.ForcedAt != table.Seconds(was.ForcedAt) {
			return err
		}
		ok = true
		record.ForcedAt, record.ForcedCount = table.Seconds(mark.ForcedAt), mark.ForcedCount
		return b.put(record.Key, record)
	})
	return ok && err == nil, err
}
