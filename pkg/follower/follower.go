// Package follower is the story of an Official Account's followers, from follow to unfollow: what is kept of them, what
// happens at each event, and the Store that keeps it.
//
// The platform delivers each push up to three times, possibly in parallel, late and out of order, and the process may
// die at any line. All effects here are therefore idempotent and ordered by the time the platform gives the event
// (CreateTime), not by the time of arrival; see Store for the conditions that make it so.
package follower

import (
	"context"
	"errors"
	"time"
)

// ProfileState says how much of a follower's profile is known.
type ProfileState string

const (
	Complete    ProfileState = "complete"    // fetched from the platform
	Pending     ProfileState = "pending"     // not fetched in time, to be completed later
	Unavailable ProfileState = "unavailable" // the account has no permission to fetch profiles (errcode 48001)
)

// Profile is what the platform tells of a follower (user/info). Nickname and avatar are not among it: the platform
// stopped giving them on 2021-12-27. Values stand as the platform gives them.
type Profile struct {
	UnionID      string
	Language     string    // zh_CN, zh_TW, en, …
	Scene        string    // subscribe_scene, for example ADD_SCENE_QR_CODE; an open set
	QRScene      string    // scene of the QR code that led to the follow
	Remark       string    // the owner's private note
	Tags         []int     // the owner's tag ids
	SubscribedAt time.Time // subscribe_time, the last follow
}

// Follower is one who follows the account.
type Follower struct {
	OpenID string
	Profile
	State        ProfileState
	EventTime    time.Time // CreateTime of the follow, whole seconds: the order of events
	PendingSince time.Time // set exactly while State is Pending
	CheckedAt    time.Time // when a reconcile last fetched the profile; the zero Time if none has
}

// Suggestion is a text that a follower sent to be kept. It holds no openid, so that an unfollow leaves nothing personal.
type Suggestion struct {
	At           time.Time // CreateTime of the message
	MsgID        uint64    // or, of a message without one, a number made of the keyed hash of its text
	FollowerHash string    // keyed hash of the writer's openid: two writers' equal MsgId stay two suggestions
	Text         string    // as sent, the leading @ included
	Handled      bool
	ExpiresAt    time.Time
}

// How long what is no longer needed is kept.
const (
	TombstoneFor  = 30 * 24 * time.Hour
	SuggestionFor = 180 * 24 * time.Hour
)

// ErrNotFound is what a Store returns for one who does not follow.
var ErrNotFound = errors.New("not a follower")

// Store keeps followers, sessions and suggestions. Every write is atomic and durable when it returns nil. A write that
// returns an error may or may not have been made; making it again is always safe. Stores retry by themselves what is
// worth retrying (throttling, transaction conflicts, cut connections) until ctx ends or its retries are used up
// (WithRetries).
//
// Times are stored as whole seconds, and texts from outside up to a limit (Follower.Bounded, Suggestion.Bounded). Records
// whose expiry has passed count as absent, whether or not the store has deleted them yet. A write for what is no openid
// is refused with ErrOpenID.
type Store interface {
	// Follow records f together with its new session s, both at once, if nothing is known of the openid or what is
	// known is older than f.EventTime: then a session before it ends, its devices with it.
	// At an equal time the record that stands stays as it is (a repeated delivery; and an unfollow of the same second
	// wins). Follow returns the follower that is stored after the call and whether it is f that was stored by this
	// call. The zero Follower is returned where an unfollow stands.
	Follow(ctx context.Context, f Follower, s Session) (stored Follower, applied bool, err error)

	// Complete replaces the profile of a follower that is still pending since the follow at eventTime by f's profile
	// and state. It changes nothing else, and nothing at all where that is no longer so.
	Complete(ctx context.Context, f Follower) error

	// Unfollow deletes the session and everything personal of openid and leaves a tombstone with the event's time at,
	// until expires, so that a late follow cannot bring the profile back; unless a later follow stands. At an equal
	// time the unfollow wins.
	Unfollow(ctx context.Context, openid string, at, expires time.Time) error

	// AddTicket keeps the ticket t of a push of f.OpenID in the follower's session; f.EventTime is the push's time. It
	// reports whether the follower may have the link: not if an unfollow of that time or later is stored, nor if the
	// follow or the session is later (see Session.AddTicket for the last reason). A ticket that is there, used or not,
	// stays as it is.
	//
	// If nothing is known of the openid, or an unfollow before f.EventTime, f and its session s are stored with the
	// ticket in one: a follower from before, or one whose follow was missed. A follower's record that is there is never
	// changed; if only its session is lost, s is stored as that follow's.
	AddTicket(ctx context.Context, t Ticket, f Follower, s Session) (added bool, err error)

	// ChangeSession lets change alter the session of openid and stores what it leaves, if nothing was written meanwhile;
	// change may be called several times for that. Its error is returned (errors.Is), nothing stored then. It is
	// ErrNotFound for one who does not follow or has no session.
	ChangeSession(ctx context.Context, openid string, change func(*Session) error) error

	// Own returns the owner's own data about the follower, the zero OwnData if there is none or nobody of that openid
	// follows.
	Own(ctx context.Context, openid string) (OwnData, error)

	// ChangeOwn lets change alter the owner's own data about f.OpenID, and stores the result if neither that data nor the
	// follower's record was written meanwhile; change may be called several times for that. If change returns an error,
	// nothing is stored and ChangeOwn returns that error (errors.Is).
	//
	// f.EventTime is the time of the push, or the zero Time if there is none. As in AddTicket, an unfollow of that time or
	// later, or a later follow, refuses the change. If nothing is known of the openid, or an unfollow before that time, f
	// and s are stored with the data in one; not if s is nil or there is no push. ChangeOwn then returns ErrNotFound.
	ChangeOwn(ctx context.Context, f Follower, s *Session, change func(*OwnData) error) error

	// AddSuggestion keeps s and reports whether it is kept: not if MaxSuggestions others of its writer are, of that day
	// in China time. A suggestion that is there already (same time, MsgID and writer) stays as it is, so that a repeated
	// delivery does not undo its being handled.
	AddSuggestion(ctx context.Context, s Suggestion) (kept bool, err error)
}

// Profiler fetches a follower's profile from the platform. It returns an error that is ErrNoPermission where the
// account may not ask, for good. A profile of one who no longer follows is an error too.
type Profiler interface {
	Profile(ctx context.Context, openid string) (Profile, error)
}

// ErrNoPermission is what a Profiler's error is (errors.Is) where the account's type has no permission for the
// profile API (errcode 48001).
var ErrNoPermission = errors.New("the account has no permission to fetch profiles")
