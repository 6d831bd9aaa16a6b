package follower

import (
	"context"
	"crypto/aes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/guanzhu/guanzhu/pkg/wechat"
)

// TicketFor is how long a personal link is valid, from the CreateTime of the push that asked for it.
const TicketFor = 10 * time.Minute

// Tickets seals and opens the tickets of personal links. A ticket contains the openid and the identity of the push, encrypted.
// The same push always gets the same ticket, so that every delivery gets the same reply.
//
// The encryption is AES-256-GCM. Its nonce is the HMAC of the plaintext, so it is deterministic, but no nonce is used for two
// plaintexts.
type Tickets struct {
	seal     cipher.AEAD
	nonceKey []byte
}

// NewTickets returns the Tickets of the account with that link key. It returns an error if the key is empty.
func NewTickets(linkKey string) (*Tickets, error) {
	if linkKey == "" {
		return nil, errors.New("follower: tickets need the link key or the app secret, and both are empty")
	}
	keys, err := hkdf.Key(sha256.New, []byte(linkKey), nil, "guanzhu ticket", 64)
	if err != nil {
		return nil, err
	}
	block, err := aes.NewCipher(keys[:32])
	if err != nil {
		return nil, err
	}
	seal, err := cipher.NewGCM(block)
	if err != nil {
		return nil, err
	}
	return &Tickets{seal, keys[32:]}, nil
}

// Seal returns the ticket for p's sender: about 120 characters of base64url.
func (t *Tickets) Seal(p wechat.Push) string {
	head := p.Common()
	text := []byte(fmt.Sprintf("%s %d %s", head.FromUserName, head.CreateTime, identity(p)))
	nonce := t.nonce(text)
	return base64.RawURLEncoding.EncodeToString(t.seal.Seal(nonce, nonce, text, nil))
}

// Open returns the openid of the ticket and when it expires. ok is false if Seal did not make the ticket.
func (t *Tickets) Open(ticket string) (openid string, until time.Time, ok bool) {
	sealed, err := base64.RawURLEncoding.Strict().DecodeString(ticket)
	if err != nil || len(sealed) < t.seal.NonceSize() || strings.ContainsAny(ticket, "\r\n") {
		return "", time.Time{}, false
	}
	nonce, sealed := sealed[:t.seal.NonceSize()], sealed[t.seal.NonceSize():]
	text, err := t.seal.Open(nil, nonce, sealed, nil)
	if err != nil {
		return "", time.Time{}, false
	}
	openid, rest, _ := strings.Cut(string(text), " ")
	at, _, _ := strings.Cut(rest, " ")
	seconds, err := strconv.ParseInt(at, 10, 64)
	if err != nil || !wechat.IsOpenID(openid) {
		return "", time.Time{}, false
	}
	return openid, time.Unix(seconds, 0).Add(TicketFor), true
}

func (t *Tickets) nonce(text []byte) []byte {
	mac := hmac.New(sha256.New, t.nonceKey)
	mac.Write(text)
	return mac.Sum(nil)[:t.seal.NonceSize()]
}

// PersonalLink returns a link that signs p's sender in to the pages at site, for example https://example.com. The link can
// be used once, until TicketFor after p's CreateTime.
//
// It returns "" if the sender has unfollowed or followed again since p; then do not reply. It also returns "" if the sender
// has used MaxTickets links within ten minutes.
//
// A sender without a record either followed before the deployment, or the follow was never delivered, because only
// followers can write. PersonalLink then records the sender with a pending profile.
func (s *Service) PersonalLink(ctx context.Context, p wechat.Push, site string) (string, error) {
	tickets, err := NewTickets(s.LinkKey())
	if err != nil {
		return "", err
	}
	ticket, head, now := tickets.Seal(p), p.Common(), s.Now()
	added, err := s.Store.AddTicket(ctx,
		Ticket{Hash: Hash(ticket), Until: head.Time().Add(TicketFor)},
		Follower{OpenID: head.FromUserName, State: Pending, EventTime: head.Time(), PendingSince: now},
		Session{EstablishedAt: now, EventTime: head.Time()})
	if err != nil || !added {
		return "", err
	}
	return strings.TrimSuffix(site, "/") + "/enter?ticket=" + ticket, nil
}
