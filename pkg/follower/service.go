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
	// profileTime limits the fetch of a profile. After it the follower is stored as pending and the reply is sent, because
	// the platform waits for five seconds only.
	profileTime = 2 * time.Second
	// writeTime is the part of a request's time that the fetch leaves to the store.
	writeTime = time.Second
)

// Service keeps the followers' records as their pushes say.
//
// Its methods may be called any number of times for one push, in any order: the stored state ends as if each push had
// happened once, in the order of its time. If a method returns an error, the push must not be acknowledged, so that the
// platform sends it again. A Service is safe for concurrent use.
type Service struct {
	Store    Store
	Profiler Profiler                   // for Follow
	Hash     func(openid string) string // a keyed hash, for Suggest
	Now      func() time.Time
	LinkKey  func() string // returns the current link key, for PersonalLink
}

// Follow records the follower and a new session.
func (s *Service) Follow(ctx context.Context, p *wechat.Subscribe) error {
	f := s.fetch(ctx, p)
	stored, applied, err := s.Store.Follow(ctx, f, Session{EstablishedAt: s.Now(), EventTime: f.EventTime})
	if err != nil || applied {
		return err
	}
	// A repeated delivery does not change the session, but may have fetched the profile.
	if stored.State == Pending && f.State != Pending && stored.EventTime.Equal(f.EventTime) {
		return s.Store.Complete(ctx, f)
	}
	return nil
}

// fetch returns the record of p's sender, with the profile if it could be fetched in time.
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
		f.QRScene = scene // the push has it even if the profile cannot be fetched
	}
	if f.SubscribedAt.IsZero() {
		f.SubscribedAt = f.EventTime
	}
	return f
}

// Unfollow deletes everything personal.
func (s *Service) Unfollow(ctx context.Context, p *wechat.Unsubscribe) error {
	return s.unfollow(ctx, p.FromUserName, p.Time())
}

// Cancel has the effect of Unfollow: the user closed the WeChat account. It ignores a push without the user's openid, because
// FromUserName is the platform's own.
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

// Revoke signs out the devices that the user's authorization of the pages signed in. Nothing else depends on it: the profile
// comes with the follow. Devices that were signed in or renewed after the push's time stay, so that a late or repeated
// delivery does not sign them out.
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

// Suggest stores the text as a suggestion, without leading white space, and reports whether it is stored: not if the writer
// has sent MaxSuggestions on that day.
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

// messageID is unique among the sender's texts of one second. A text without a MsgId gets a number made of its keyed hash,
// which does not reveal the text.
func (s *Service) messageID(p *wechat.Text) uint64 {
	if p.MsgID != 0 {
		return p.MsgID
	}
	sum := sha256.Sum256([]byte(s.Hash("text " + p.Content))) // no openid has a space
	return binary.BigEndian.Uint64(sum[:])
}
