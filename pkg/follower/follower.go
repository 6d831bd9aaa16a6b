// Package follower keeps the records of an Official Account's followers. Service applies their pushes, Own
// stores your own data about each follower, and Store is the interface that the tables implement.
//
// The platform delivers each push up to three times, at the same time, late and out of order, and the process may die at
// any line. So every effect is idempotent and ordered by the time of the event (CreateTime), not by the time of arrival.
package follower

import (
	"context"
	"errors"
	"time"
)

// ProfileState says whether a follower's profile was fetched.
type ProfileState string

const (
	Complete    ProfileState = "complete"    // fetched from the platform
	Pending     ProfileState = "pending"     // not fetched in time; reconcile completes it
	Unavailable ProfileState = "unavailable" // the account has no permission to fetch profiles (errcode 48001)
)

// Profile has the platform's user/info about a follower, unchanged. It has had no nickname and no avatar since
// 2021-12-27.
//
// See https://developers.weixin.qq.com/doc/service/api/usermanage/userinfo/api_userinfo
type Profile struct {
	UnionID      string
	Language     string    // zh_CN, zh_TW, en, …
	Scene        string    // subscribe_scene, for example ADD_SCENE_QR_CODE; an open set
	QRScene      string    // scene of the QR code that led to the follow
	Remark       string    // the owner's private note
	Tags         []int     // the owner's tag ids
	SubscribedAt time.Time // subscribe_time, the last follow
}

// Follower is a user who follows the account.
type Follower struct {
	OpenID string
	Profile
	State        ProfileState
	EventTime    time.Time // CreateTime of the follow, in whole seconds; it orders the events
	PendingSince time.Time // set if State is Pending
	CheckedAt    time.Time // when reconcile last fetched the profile; the zero Time if it never did
}

// How long records are kept after an unfollow, and suggestions after their message.
const (
	TombstoneFor  = 30 * 24 * time.Hour
	SuggestionFor = 180 * 24 * time.Hour
)

// ErrNotFound is what a Store returns for a user who does not follow.
var ErrNotFound = errors.New("not a follower")

// Store keeps followers, sessions, own data and suggestions.
//
// Reads see every write that has returned before. Every write is atomic, and durable when it returns nil; one that
// returns an error may or may not have been made, and repeating it is safe. A Store retries transient failures until ctx
// ends or its retries are used up (WithRetries). It is safe for concurrent use.
//
// Times are stored as whole seconds, and texts from outside up to a limit (Follower.Bounded, Suggestion.Bounded). Expired
// records count as absent, even if they are still stored. Writes under a text that is not an openid return ErrOpenID.
type Store interface {
	// Follow stores f and its new session s in one write, if the openid has no record or an older one. An older follower's
	// session, devices and own data end with that record. At an equal time the stored record stays: it is a repeated
	// delivery, or an unfollow of the same second, which wins.
	//
	// Follow returns the follower that is stored after the call, and whether this call stored it. It returns the zero
	// Follower if an unfollow wins.
	Follow(ctx context.Context, f Follower, s Session) (stored Follower, applied bool, err error)

	// Complete replaces the profile and the state of a follower by f's, if the profile is still pending and the follow is
	// that of f.EventTime. It changes nothing else.
	Complete(ctx context.Context, f Follower) error

	// Unfollow deletes everything personal of openid and leaves a tombstone with the event's time at until expires, so
	// that a late follow cannot bring the profile back. It changes nothing if a later follow is stored. At an equal time the
	// unfollow wins.
	Unfollow(ctx context.Context, openid string, at, expires time.Time) error

	// AddTicket adds the ticket of a push to the follower's session and reports whether the follower may have the link.
	// f.EventTime is the time of the push. An unfollow of that time or later, a later follow and a later session refuse the
	// link, and so does Session.AddTicket if there are too many. A ticket that is there already stays as it is, used or not.
	//
	// If the openid has no record, or an unfollow before f.EventTime, AddTicket stores f, s and the ticket in one write.
	// Such a sender either followed before the deployment, or the follow was never delivered. If only the session is
	// lost, AddTicket stores s as the session of the stored follow. It never changes a stored follower.
	AddTicket(ctx context.Context, t Ticket, f Follower, s Session) (added bool, err error)

	// ChangeSession calls change with the session of openid and stores the result, if nothing was written meanwhile;
	// otherwise it calls change again. If change returns an error, ChangeSession stores nothing and returns that error
	// (errors.Is). It returns ErrNotFound if the openid does not follow or has no session.
	ChangeSession(ctx context.Context, openid string, change func(*Session) error) error

	// Own returns the own data about the follower. It returns the zero OwnData if there is none or the openid does not
	// follow.
	Own(ctx context.Context, openid string) (OwnData, error)

	// ChangeOwn calls change with the own data about f.OpenID and stores the result, if neither the data nor the
	// follower's record was written meanwhile; otherwise it calls change again. If change returns an error, ChangeOwn stores
	// nothing and returns that error (errors.Is).
	//
	// f.EventTime is the time of the push, the zero Time for a change without one. An unfollow of that time or later and a
	// later follow refuse the change with ErrNotFound. If the openid has no record, or an unfollow before f.EventTime,
	// ChangeOwn stores f, s and the data in one write; it returns ErrNotFound instead if s is nil or there is no push.
	ChangeOwn(ctx context.Context, f Follower, s *Session, change func(*OwnData) error) error

	// AddSuggestion stores s and reports whether it is stored: not if MaxSuggestions others of its writer are, of that day
	// in China time. A suggestion with the same time, MsgID and writer stays as it is, so that a repeated delivery does not
	// reset Handled.
	AddSuggestion(ctx context.Context, s Suggestion) (kept bool, err error)
}

// Profiler fetches a follower's profile from the platform. Its error is ErrNoPermission (errors.Is) if the account may not
// fetch profiles. A user who does not follow is an error, too. Profile is called concurrently.
type Profiler interface {
	Profile(ctx context.Context, openid string) (Profile, error)
}

// ErrNoPermission says that accounts of this type may not fetch profiles (errcode 48001).
var ErrNoPermission = errors.New("the account has no permission to fetch profiles")
