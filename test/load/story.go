package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"strconv"
	"sync"
	"time"

	"github.com/guanzhu/guanzhu/internal/boltstore"
	"github.com/guanzhu/guanzhu/pkg/secrets"
	"github.com/guanzhu/guanzhu/pkg/wechattest"
)

// What the log is searched for.
const (
	openidPrefix     = "oSAMPLEload"
	suggestionPrefix = "@suggestion "
	greeting         = "你好" // is answered from account.yaml
)

// story makes up pushes and remembers which were acknowledged. It is safe for concurrent use.
//
// Of ten pushes five are texts that account.yaml answers, which touch no store; two are follows, one an unfollow and one a
// suggestion. The tenth delivers one of these a second time, as WeChat does.
type story struct {
	account wechattest.Account
	begun   time.Time

	mu         sync.Mutex
	deliveries int
	repeated   []*effect // to be delivered a second time
	all        []*effect
}

// effect is a push, and what it does to the store.
type effect struct {
	message      []byte
	makes        string // the record that is there afterwards, once; "" for none
	deletes      string // the record that is not there afterwards, even if it would be made later; "" for none
	acknowledged bool
}

func newStory(s secrets.Secrets) *story {
	return &story{
		account: wechattest.Account{AppID: appID, Token: s.Token, EncodingAESKey: s.EncodingAESKey, ID: "gh_0123456789ab"},
		begun:   time.Now().Truncate(time.Second),
	}
}

// next returns the push to be delivered next.
func (s *story) next() *effect {
	s.mu.Lock()
	defer s.mu.Unlock()
	n := s.deliveries
	s.deliveries++
	openid := func(n int) string { return fmt.Sprintf(openidPrefix+"%017d", n) }
	e := &effect{}
	switch n % 10 {
	case 1, 2:
		e.message, e.makes = s.account.Subscribe(openid(n), s.begun, ""), openid(n)+" session"
	case 3: // of the one before, whose follow may still be on its way
		e.message = s.account.Unsubscribe(openid(n-1), s.begun.Add(time.Second))
		e.makes, e.deletes = openid(n-1)+" follower", openid(n-1)+" session"
	case 4:
		e.makes = suggestionPrefix + strconv.Itoa(n)
		e.message = s.account.Text(openid(n), s.begun, int64(n), e.makes)
	case 9:
		if len(s.repeated) > 0 {
			e, s.repeated = s.repeated[0], s.repeated[1:]
			return e
		}
		fallthrough
	default:
		e.message = s.account.Text(openid(n), s.begun, int64(n), greeting)
		return e
	}
	s.all = append(s.all, e)
	s.repeated = append(s.repeated, e)
	return e
}

func (s *story) answered(e *effect, acknowledged bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	e.acknowledged = e.acknowledged || acknowledged
}

// check holds the store in file against the pushes that were acknowledged and returns how many of these change it.
func (s *story) check(file string) (checked int, err error) {
	stored, err := read(file)
	if err != nil {
		return 0, err
	}
	deleted := map[string]bool{}
	for _, e := range s.all {
		deleted[e.deletes] = true // or not, where that push was not acknowledged
	}
	var wrong []error
	for _, e := range s.all {
		if !e.acknowledged {
			continue
		}
		checked++
		if n := stored[e.makes]; n != 1 && !deleted[e.makes] {
			wrong = append(wrong, fmt.Errorf("%s is stored %d times, want once", e.makes, n))
		}
		if stored[e.deletes] > 0 {
			wrong = append(wrong, fmt.Errorf("%s is stored in spite of an unfollow", e.deletes))
		}
	}
	if len(wrong) > 10 {
		wrong = append(wrong[:10], fmt.Errorf("and %d more", len(wrong)-10))
	}
	return checked, errors.Join(wrong...)
}

// read counts the records in file: suggestions by their text, all others by their key.
func read(file string) (map[string]int, error) {
	store, err := boltstore.Open(file, time.Now)
	if err != nil {
		return nil, err
	}
	defer store.Close()
	records, err := store.Dump(context.Background())
	if err != nil {
		return nil, err
	}
	stored := map[string]int{}
	for _, record := range records {
		var item struct{ PK, SK, Text string }
		if err := json.Unmarshal(record, &item); err != nil {
			return nil, err
		}
		if item.Text != "" {
			stored[item.Text]++
		} else {
			stored[item.PK+" "+item.SK]++
		}
	}
	return stored, nil
}

// checkLog returns how many lines of pushes the log has, and an error where it tells what no log may.
func checkLog(file string, account secrets.Secrets) (pushes int, err error) {
	log, err := os.ReadFile(file) //nolint:gosec // load itself names the file
	if err != nil {
		return 0, err
	}
	for line := range bytes.Lines(log) {
		for what, told := range map[string]string{
			"the token": account.Token, "the app secret": account.AppSecret, "the EncodingAESKey": account.EncodingAESKey,
			"an access token": "access_token=", "an openid": openidPrefix, "a text": suggestionPrefix, "another text": greeting,
		} {
			if bytes.Contains(line, []byte(told)) {
				return 0, fmt.Errorf("the log holds %s: %s", what, line)
			}
		}
		if bytes.Contains(line, []byte(`"message":"push"`)) {
			pushes++
		}
	}
	return pushes, nil
}
