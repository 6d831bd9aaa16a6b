package follower

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"log/slog"
	"maps"
	"strings"
	"time"
	"unicode"

	"github.com/guanzhu/guanzhu/internal/telemetry"
	"github.com/guanzhu/guanzhu/pkg/wechat"
)

const (
	// profileTime is what of a request's time the profile fetch may take. Past it the follower is stored as pending
	// and the reply goes out: the platform hangs up after five seconds.
	profileTime = 2 * time.Second
	// writeTime is left for the store, whatever the fetch does.
	writeTime = time.Second
)

// Service does what follows from a follower's pushes. Its methods may be called any number of times for one push, in
// any order: the stored state ends as if each push had happened once, in the order of its time. An error means that
// nothing may be acknowledged; the platform then sends the push again.
type Service struct {
	Store    Store
	Profiler Profiler
	Hash     func(openid string) string // keyed; the same for the same follower
	Now      func() time.Time

	// LinkKey gives the key from which those of personal links are derived, as last read; only PersonalLink needs it.
	LinkKey func() string
}

// Follow records the follower and a new session.
func (s *Service) Follow(ctx context.Context, p *wechat.Subscribe) error {
	f := s.fetch(ctx, p)
	stored, applied, err := s.Store.Follow(ctx, f, Session{EstablishedAt: s.Now(), EventTime: f.EventTime})
	if err != nil || applied {
		return err
	}
	// A repeated delivery leaves the session as it is, but may know the profile by now.
	if stored.State == Pending && f.State != Pending && stored.EventTime.Equal(f.EventTime) {
		return s.Store.Complete(ctx, f)
	}
	return nil
}

// fetch makes the record of who sent p, with as much of the profile as could be had in time.
func (s *Service) fetch(ctx context.Context, p *wechat.Subscribe) Follower {
	f := Follower{OpenID: p.FromUserName, EventTime: p.Time(), State: Complete}

	end := time.Now().Add(profileTime)
	if deadline, ok := ctx.Deadline(); ok && deadline.Add(-writeTime).Before(end) {
		end = deadline.Add(-writeTime)
	}
	fetchCtx, cancel := context.WithDeadline(ctx, end)
	defer cancel()

	profile, err := s.Profiler.Profile(fetchCtx, f.OpenID)
	switch {
	case err == nil:
		f.Profile = profile
	case errors.Is(err, ErrNoPermission):
		f.State = Unavailable
	default:
		f.State = Pending
		f.PendingSince = s.Now()
		telemetry.Note(ctx, slog.String("profile", string(Pending)), slog.Any("profile_error", err),
			telemetry.ProfilesPending.Of(1))
	}
	if scene := p.Scene(); scene != "" {
		f.QRScene = scene // the push knows it even where the profile cannot be had
	}
	if f.SubscribedAt.IsZero() {
		f.SubscribedAt = f.EventTime
	}
	return f
}

// Unfollow deletes everything personal and the session.
func (s *Service) Unfollow(ctx context.Context, p *wechat.Unsubscribe) error {
	return s.unfollow(ctx, p.FromUserName, p.Time())
}

// Cancel is an unfollow: the user closed the WeChat account. FromUserName is the platform's own, so a push without the
// user's openid says nothing.
func (s *Service) Cancel(ctx context.Context, p *wechat.UserAuthorizationCancellation) error {
	if !wechat.IsOpenID(p.OpenID) {
		return nil
	}
	return s.unfollow(ctx, p.OpenID, p.Time())
}

func (s *Service) unfollow(ctx context.Context, openid string, at time.Time) error {
	return s.Store.Unfollow(ctx, openid, at, s.Now().Add(TombstoneFor))
}

var errNothingToRevoke = errors.New("no device was signed in at that time")

// Revoke removes what the user's authorisation of the pages has given: the devices that are signed in by it. Nothing else
// here comes from it: the profile comes with the follow. Devices signed in or renewed later stay, so that a push that
// comes late or again does not end them.
func (s *Service) Revoke(ctx context.Context, p *wechat.UserAuthorizationRevoke) error {
	if !wechat.IsOpenID(p.OpenID) {
		return nil
	}
	err := s.Store.ChangeSession(ctx, p.OpenID, func(session *Session) error {
		before := len(session.Devices)
		maps.DeleteFunc(session.Devices, func(_ string, until time.Time) bool {
			return !until.Add(-DeviceFor).After(p.Time())
		})
		if len(session.Devices) == before {
			return errNothingToRevoke
		}
		return nil
	})
	if errors.Is(err, ErrNotFound) || errors.Is(err, errNothingToRevoke) {
		return nil
	}
	return err
}

// Suggest keeps the text as a suggestion, without the white space before it, and reports whether it is kept: not if the
// writer has sent MaxSuggestions on that day.
func (s *Service) Suggest(ctx context.Context, p *wechat.Text) (kept bool, err error) {
	kept, err = s.Store.AddSuggestion(ctx, Suggestion{
		At:           p.Time(),
		MsgID:        s.messageID(p),
		FollowerHash: s.Hash(p.FromUserName),
		Text:         strings.TrimLeftFunc(p.Content, unicode.IsSpace),
		ExpiresAt:    p.Time().Add(SuggestionFor),
	})
	if kept && err == nil {
		telemetry.Note(ctx, telemetry.Suggestions.Of(1))
	}
	return kept, err
}

// messageID tells a text from its sender's others of the same second. One without a MsgId is known by its text, of which
// the keyed hash tells nothing.
func (s *Service) messageID(p *wechat.Text) uint64 {
	if p.MsgID != 0 {
		return p.MsgID
	}
	sum := sha256.Sum256([]byte(s.Hash("text " + p.Content))) // no openid has a space
	return binary.BigEndian.Uint64(sum[:])
}
