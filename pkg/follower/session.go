package follower

import (
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"time"
)

const (
	// SessionFor is how long a session lasts, even if it is used every day. The next sign-in begins it again, without its
	// devices.
	SessionFor = 180 * 24 * time.Hour
	// DeviceFor is how long a device stays signed in after its last renewal.
	DeviceFor = 30 * 24 * time.Hour
	// MaxDevices limits the devices that a follower has signed in.
	MaxDevices = 10
	// MaxTickets limits the tickets that a follower has waiting.
	MaxTickets = 20

	renewAfter = 24 * time.Hour
)

// Session has the devices and tickets of a follower. It begins with the follow and ends with the unfollow. After SessionFor
// its devices are signed out.
//
// The maps have the end of each device key or ticket by its Hash. Expired entries count as absent. Changes drop them, so
// that the record stays below 4 KB, the unit in which DynamoDB counts reads.
type Session struct {
	EstablishedAt time.Time // when it began by our clock: at the follow, or at the first sign-in after SessionFor
	EventTime     time.Time // of the follow that began it
	Devices       map[string]time.Time
	Tickets       map[string]time.Time // not used yet
	UsedTickets   map[string]time.Time // kept until they expire, so that a repeated delivery does not revive them
}

// Ticket is the stored form of a personal link.
type Ticket struct {
	Hash  string
	Until time.Time
}

// NewKey returns a device key: 256 random bits in base64url. Whoever has it is signed in, so only its Hash is stored.
func NewKey() string {
	var key [32]byte
	rand.Read(key[:])
	return base64.RawURLEncoding.EncodeToString(key[:])
}

// IsKey reports whether s has the form of a device key.
func IsKey(s string) bool {
	raw, err := base64.RawURLEncoding.Strict().DecodeString(s)
	return err == nil && len(raw) == 32 && len(s) == 43 // the decoder skips line breaks
}

// Hash returns the form in which a device key or a ticket is stored: SHA-256 in base64url, 43 characters.
func Hash(secret string) string {
	sum := sha256.Sum256([]byte(secret))
	return base64.RawURLEncoding.EncodeToString(sum[:])
}

// HasDevice reports whether the device of that hash is signed in at the time now, and whether to renew it, which is at most
// once a day.
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

// SignIn signs in the device of that hash, or renews it, for DeviceFor from now. If there are MaxDevices others, it signs out
// the one whose last renewal is the oldest. A session that has ended begins again.
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

// SignOut signs out the device of that hash.
func (s *Session) SignOut(hash string) { delete(s.Devices, hash) }

// HasTicket reports whether the session has the ticket of that hash, used or not.
func (s *Session) HasTicket(hash string) bool {
	_, waits := s.Tickets[hash]
	_, used := s.UsedTickets[hash]
	return waits || used
}

// AddTicket adds t and reports whether the session has it, used or not. If there are MaxTickets others, it drops the one that
// expires first. It adds none while MaxTickets used ones have not expired, because those must not be dropped.
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

// Enter signs in the device by the ticket, both given as hashes, and reports whether it is signed in. The ticket must be
// waiting; Enter marks it as used. It may also have been used by this device before, because a store repeats a write whose
// answer was lost.
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

// first returns the entry with the earliest time, of equal times the lesser hash.
func first(entries map[string]time.Time) (hash string) {
	for h, until := range entries {
		if hash == "" || until.Before(entries[hash]) || until.Equal(entries[hash]) && h < hash {
			hash = h
		}
	}
	return hash
}
