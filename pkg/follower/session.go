package follower

import (
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"time"
)

const (
	// SessionFor is how long a session lasts, however much it is used. The next sign-in begins it again, without its
	// devices.
	SessionFor = 180 * 24 * time.Hour
	// DeviceFor is how long a device stays signed in after it was last renewed.
	DeviceFor = 30 * 24 * time.Hour
	// MaxDevices is how many devices a follower may have signed in.
	MaxDevices = 10
	// MaxTickets is how many tickets a follower may have waiting.
	MaxTickets = 20

	renewAfter = 24 * time.Hour
)

// Session is a follower's standing login: it begins with the follow and ends with the unfollow, and its devices and
// tickets with it. SessionFor after EstablishedAt its devices end as well. Its maps hold, by the hash of a device's key or of a ticket, until when that is good. Expired entries
// count as absent; changes drop them, so that the record stays below 4 KB, the unit in which DynamoDB counts reads.
type Session struct {
	EstablishedAt time.Time // when it began, by our clock: at the follow, or at the first sign-in after SessionFor
	EventTime     time.Time // of the follow that began it
	Devices       map[string]time.Time
	Tickets       map[string]time.Time // not used yet
	UsedTickets   map[string]time.Time // kept until they end, so that a push delivered again does not revive them
}

// Ticket is what a personal link is remembered by.
type Ticket struct {
	Hash  string
	Until time.Time
}

// NewKey returns a device's key: 256 random bits in base64url. Whoever holds it is signed in, so only its Hash is kept.
func NewKey() string {
	var key [32]byte
	rand.Read(key[:])
	return base64.RawURLEncoding.EncodeToString(key[:])
}

// IsKey reports whether s has the form of a device's key.
func IsKey(s string) bool {
	raw, err := base64.RawURLEncoding.Strict().DecodeString(s)
	return err == nil && len(raw) == 32 && len(s) == 43 // the decoder skips line breaks
}

// Hash is what of a device's key or a ticket is kept: SHA-256 in base64url, 43 characters.
func Hash(secret string) string {
	sum := sha256.Sum256([]byte(secret))
	return base64.RawURLEncoding.EncodeToString(sum[:])
}

// HasDevice reports whether the device of that hash is signed in at the time now, and whether it is time to renew it:
// at most once a day.
func (s *Session) HasDevice(hash string, now time.Time) (signedIn, renew bool) {
	if s.ended(now) {
		return false, false
	}
	for device, until := range s.Devices {
		if subtle.ConstantTimeCompare([]byte(device), []byte(hash)) == 1 && now.Before(until) {
			return true, until.Sub(now) <= DeviceFor-renewAfter
		}
	}
	return false, false
}

// SignIn signs the device of that hash in, or renews it, for DeviceFor from now. Of more than MaxDevices the oldest
// leaves: the one that was not renewed for the longest time. A session that has ended begins again.
func (s *Session) SignIn(hash string, now time.Time) {
	if s.ended(now) {
		s.EstablishedAt, s.Devices = now, nil
	}
	s.prune(now)
	delete(s.Devices, hash)
	for len(s.Devices) >= MaxDevices {
		delete(s.Devices, first(s.Devices))
	}
	if s.Devices == nil {
		s.Devices = map[string]time.Time{}
	}
	s.Devices[hash] = now.Add(DeviceFor)
}

// SignOut ends the device of that hash.
func (s *Session) SignOut(hash string) { delete(s.Devices, hash) }

// HasTicket reports whether the ticket of that hash is there, used or not.
func (s *Session) HasTicket(hash string) bool {
	_, waits := s.Tickets[hash]
	_, used := s.UsedTickets[hash]
	return waits || used
}

// AddTicket adds t and reports whether it is there, used or not. Of more than MaxTickets the one that ends first leaves.
// No ticket is added while as many used ones have yet to end: those cannot leave.
func (s *Session) AddTicket(t Ticket, now time.Time) bool {
	if s.HasTicket(t.Hash) {
		return true
	}
	s.prune(now)
	if len(s.UsedTickets) >= MaxTickets {
		return false
	}
	for len(s.Tickets) >= MaxTickets {
		delete(s.Tickets, first(s.Tickets))
	}
	if s.Tickets == nil {
		s.Tickets = map[string]time.Time{}
	}
	s.Tickets[t.Hash] = t.Until
	return true
}

// Enter signs the device in by the ticket, both given by their hashes, and reports whether that is so: the ticket waits
// and is used up now, or it was by this very device, as where a store's write is made again after a lost answer.
func (s *Session) Enter(ticket, device string, now time.Time) bool {
	until, waits := s.Tickets[ticket]
	if !waits || !now.Before(until) {
		_, used := s.UsedTickets[ticket]
		signedIn, _ := s.HasDevice(device, now)
		return used && signedIn
	}
	delete(s.Tickets, ticket)
	if s.UsedTickets == nil {
		s.UsedTickets = map[string]time.Time{}
	}
	s.UsedTickets[ticket] = until
	s.SignIn(device, now)
	return true
}

func (s *Session) ended(now time.Time) bool { return !now.Before(s.EstablishedAt.Add(SessionFor)) }

func (s *Session) prune(now time.Time) {
	for _, entries := range []map[string]time.Time{s.Devices, s.Tickets, s.UsedTickets} {
		for hash, until := range entries {
			if !now.Before(until) {
				delete(entries, hash)
			}
		}
	}
}

// first is the entry that ends first, of two that end together the lesser hash.
func first(entries map[string]time.Time) (hash string) {
	for h, until := range entries {
		if hash == "" || until.Before(entries[hash]) || until.Equal(entries[hash]) && h < hash {
			hash = h
		}
	}
	return hash
}
