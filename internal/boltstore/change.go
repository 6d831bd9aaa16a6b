package boltstore

import (
	"context"

	"github.com/guanzhu/guanzhu/internal/table"
	"github.com/guanzhu/guanzhu/pkg/follower"
)

// AddTicket implements follower.Store.
func (s *Store) AddTicket(
	ctx context.Context, t follower.Ticket, f follower.Follower, session follower.Session,
) (added bool, err error) {
	err = s.updateFor(ctx, "store a ticket", f.OpenID, func(b records) error {
		known, err := s.known(b, f.OpenID)
		if err != nil {
			return err
		}
		var write follower.LinkWrite
		session, write, added = known.AddTicket(t, f, session, s.now())
		switch write {
		case follower.WriteBoth:
			return b.begin(f, session)
		case follower.WriteSession:
			return b.put(table.SessionKey(f.OpenID), table.NewSession(f.OpenID, session))
		default:
			return nil
		}
	})
	return added && err == nil, err
}

// ChangeSession implements follower.Store.
func (s *Store) ChangeSession(ctx context.Context, openid string, change func(*follower.Session) error) error {
	return s.update(ctx, "change a session", func(b records) error {
		known, err := s.known(b, openid)
		if err != nil {
			return err
		}
		if known.Follower.EventTime.IsZero() || known.Session == nil {
			return follower.ErrNotFound
		}
		if err := change(known.Session); err != nil {
			return err
		}
		return b.put(table.SessionKey(openid), table.NewSession(openid, *known.Session))
	})
}

// Own implements follower.Store.
func (s *Store) Own(ctx context.Context, openid string) (data follower.OwnData, err error) {
	err = s.view(ctx, "read own data", func(b records) error {
		known, err := s.known(b, openid)
		data = known.OwnData()
		return err
	})
	return data, err
}

// ChangeOwn implements follower.Store.
func (s *Store) ChangeOwn(
	ctx context.Context, f follower.Follower, session *follower.Session, change func(*follower.OwnData) error,
) error {
	return s.updateFor(ctx, "change own data", f.OpenID, func(b records) error {
		known, err := s.known(b, f.OpenID)
		if err != nil {
			return err
		}
		data, begins, err := known.ChangeOwn(f, session, change)
		if err != nil {
			return err
		}
		if begins {
			if err := b.begin(f, *session); err != nil {
				return err
			}
		}
		return b.put(table.OwnKey(f.OpenID), table.NewOwn(f.OpenID, data))
	})
}
