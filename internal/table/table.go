// Package table is the layout of the table: one struct for each kind of record, with its key and its attributes. Both
// stores write and read their records by these structs, so that owners and other programs find the same in both.
//
// Times are seconds since 1970. Attributes without a value are left out.
package table

import (
	"time"

	"github.com/guanzhu/guanzhu/internal/menu"
	"github.com/guanzhu/guanzhu/pkg/follower"
	"github.com/guanzhu/guanzhu/pkg/wechat"
)

// Key is the primary key with which each record begins. The partitions of followers are their openids; every other name
// contains a #, so no openid can name one.
type Key struct {
	PK string `json:"pk"`
	SK string `json:"sk"`
}

// The sort keys of the records of one openid.
const (
	FollowerSK = "follower"
	SessionSK  = "session"
	OwnSK      = "own"
)

// FollowerKey is the key of an openid's follower or tombstone.
func FollowerKey(openid string) Key { return Key{openid, FollowerSK} }

// SessionKey is the key of an openid's session.
func SessionKey(openid string) Key { return Key{openid, SessionSK} }

// OwnKey is the key of the owner's own data about an openid.
func OwnKey(openid string) Key { return Key{openid, OwnSK} }

// The keys of the records that exist once for the account.
var (
	AccessTokenKey = Key{"#account", "access-token"}
	MenuKey        = Key{"#account", "menu"}
	ReconcileKey   = Key{"#account", "reconcile"}
)

// Follower is a follower or, if ExpiresAt is set, the tombstone of one.
type Follower struct {
	Key
	OpenID       string `json:"openid,omitempty"`
	UnionID      string `json:"unionid,omitempty"`
	SubscribedAt int64  `json:"subscribed_at,omitempty"`
	EventTime    int64  `json:"event_time,omitempty"`
	Scene        string `json:"scene,omitempty"`
	QRScene      string `json:"qr_scene,omitempty"`
	Language     string `json:"language,omitempty"`
	Remark       string `json:"remark,omitempty"`
	Tags         []int  `json:"tags,omitempty"`
	Profile      string `json:"profile,omitempty"`
	PendingSince int64  `json:"pending_since,omitempty"`
	CheckedAt    int64  `json:"checked_at,omitempty"`
	ExpiresAt    int64  `json:"expires_at,omitempty"`
}

// ProfileAttributes are the attributes that a fetched profile replaces.
var ProfileAttributes = []string{
	"unionid", "language", "scene", "qr_scene", "remark", "tags", "subscribed_at", "profile",
}

// NewFollower returns the record of f, within the bounds of Follower.Bounded.
func NewFollower(f follower.Follower) Follower {
	f = f.Bounded()
	record := Follower{
		Key:          FollowerKey(f.OpenID),
		OpenID:       f.OpenID,
		UnionID:      f.UnionID,
		SubscribedAt: Seconds(f.SubscribedAt),
		EventTime:    Seconds(f.EventTime),
		Scene:        f.Scene,
		QRScene:      f.QRScene,
		Language:     f.Language,
		Remark:       f.Remark,
		Tags:         append([]int(nil), f.Tags...), // nil for none
		Profile:      string(f.State),
		CheckedAt:    Seconds(f.CheckedAt),
	}
	if f.State == follower.Pending {
		record.PendingSince = Seconds(f.PendingSince)
	}
	return record
}

// NewTombstone returns the record of an unfollow.
func NewTombstone(openid string, at, expires time.Time) Follower {
	return Follower{Key: FollowerKey(openid), EventTime: Seconds(at), ExpiresAt: Seconds(expires)}
}

// Tombstone reports whether the record is the tombstone of a follower.
func (r Follower) Tombstone() bool { return r.ExpiresAt != 0 }

// FromBefore reports whether a push of that time is from before the follow. The zero Time is that of no push.
func (r Follower) FromBefore(at time.Time) bool { return !at.IsZero() && Seconds(at) < r.followed() }

// followed returns the time of the follow, 0 if it is not known, as for a record that a message began.
func (r Follower) followed() int64 { return min(r.SubscribedAt, r.EventTime) }

// Follower returns the follower, the zero Follower for a tombstone or no record.
func (r Follower) Follower() follower.Follower {
	if r.Tombstone() {
		return follower.Follower{}
	}
	return follower.Follower{
		OpenID: r.PK,
		Profile: follower.Profile{
			UnionID:      r.UnionID,
			Language:     r.Language,
			Scene:        r.Scene,
			QRScene:      r.QRScene,
			Remark:       r.Remark,
			Tags:         r.Tags,
			SubscribedAt: Time(r.SubscribedAt),
		},
		State:        follower.ProfileState(r.Profile),
		EventTime:    Time(r.EventTime),
		PendingSince: Time(r.PendingSince),
		CheckedAt:    Time(r.CheckedAt),
	}
}

// Own is the owner's own data about a follower. Applied is a set of strings in DynamoDB; see entries.
type Own struct {
	Key
	Version   int64             `json:"version"`
	Values    map[string]string `json:"values,omitempty"` // JSON by name
	Applied   []string          `json:"applied,omitempty" dynamodbav:"applied,stringset"`
	Forgotten int64             `json:"forgotten,omitempty"`
}

// NewOwn returns the record of openid's data.
func NewOwn(openid string, d follower.OwnData) Own {
	return Own{
		Key: OwnKey(openid), Version: d.Version, Values: d.Values, Applied: entries(d.Applied), Forgotten: Seconds(d.Forgotten),
	}
}

// Own returns the data.
func (r Own) Own() follower.OwnData {
	return follower.OwnData{
		Version: r.Version, Values: r.Values, Applied: parseEntries(r.Applied), Forgotten: Time(r.Forgotten),
	}
}

// AccessToken is the account's access token with the mark of its last forced refresh.
type AccessToken struct {
	Key
	Token       string `json:"token,omitempty"`
	ValidUntil  int64  `json:"valid_until,omitempty"`
	ForcedAt    int64  `json:"forced_at,omitempty"`
	ForcedCount int    `json:"forced_count,omitempty"`
}

// AccessToken returns the token.
func (r AccessToken) AccessToken() wechat.AccessToken {
	return wechat.AccessToken{
		Value: r.Token, ValidUntil: Time(r.ValidUntil), ForcedAt: Time(r.ForcedAt), ForcedCount: r.ForcedCount,
	}
}

// Menu is the record that menu.Store keeps.
type Menu struct {
	Key
	Hash     string `json:"hash,omitempty"`
	AskAgain int64  `json:"ask_again,omitempty"`
	Errcode  int    `json:"errcode,omitempty"`
}

// NewMenu returns the record of m.
func NewMenu(m menu.Record) Menu { return Menu{MenuKey, m.Hash, Seconds(m.AskAgain), m.Errcode} }

// Menu returns the record that menu.Store keeps.
func (r Menu) Menu() menu.Record {
	return menu.Record{Hash: r.Hash, AskAgain: Time(r.AskAgain), Errcode: r.Errcode}
}

// Reconcile is the record that reconcile.Checkpoints keeps.
type Reconcile struct {
	Key
	Holder     string `json:"holder,omitempty"`
	LeaseUntil int64  `json:"lease_until,omitempty"`
	Checkpoint string `json:"checkpoint,omitempty"`
}

// Saved returns the checkpoint, nil if there is none.
func (r Reconcile) Saved() []byte {
	if r.Checkpoint == "" {
		return nil
	}
	return []byte(r.Checkpoint)
}

// Seconds returns the stored form of a time, 0 for the zero Time.
func Seconds(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.Unix()
}

// Time is the inverse of Seconds. It returns times in UTC.
func Time(n int64) time.Time {
	if n == 0 {
		return time.Time{}
	}
	return time.Unix(n, 0).UTC()
}
