package wechattest

import (
	"bytes"
	"context"
	"encoding/xml"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"net/url"
	"regexp"
	"strconv"
	"time"

	"github.com/guanzhu/guanzhu/pkg/wechat"
)

// Mode is the account's setting for the form of its pushes.
type Mode int

const (
	Plain      Mode = iota // 明文: the fields in clear
	Compatible             // 兼容: the fields in clear and, beside them, all of it encrypted
	Safe                   // 安全: encrypted alone
)

// Account is an Official Account's side of the platform: it signs and sends pushes, and opens the replies.
type Account struct {
	AppID          string
	Token          string
	EncodingAESKey string // 43 characters; needed for Compatible and Safe, and for encrypted replies
	ID             string // the account's original id, gh_…
}

// Check returns the request by which the platform checks the server's URL: a GET whose echostr is to come back.
func (a Account) Check(ctx context.Context, serverURL string, now time.Time) (*http.Request, error) {
	query := a.query(now)
	query.Set("echostr", strconv.FormatUint(1e18+rand.Uint64N(9e18), 10))
	return a.request(ctx, http.MethodGet, serverURL, query, nil)
}

// Request returns one push of message, the XML in clear, as the platform sends it in mode, signed at the time now.
func (a Account) Request(
	ctx context.Context, serverURL string, mode Mode, message []byte, now time.Time,
) (*http.Request, error) {
	query := a.query(now)
	query.Set("openid", name(message, "From"))
	if mode == Plain {
		return a.request(ctx, http.MethodPost, serverURL, query, message)
	}
	cipher, err := wechat.NewCipher(a.AppID, a.EncodingAESKey)
	if err != nil {
		return nil, fmt.Errorf("wechattest: %w", err)
	}
	encrypt := cipher.Encrypt(message)
	query.Set("encrypt_type", "aes")
	query.Set("msg_signature", wechat.Signature(a.Token, query.Get("timestamp"), query.Get("nonce"), encrypt))
	fields := "<xml>" + cdata("ToUserName", name(message, "To"))
	if mode == Compatible {
		clearFields, ok := bytes.CutSuffix(bytes.TrimSpace(message), []byte("</xml>"))
		if !ok {
			return nil, errors.New("wechattest: a push ends with </xml>")
		}
		fields = string(clearFields)
	}
	body := fields + cdata("Encrypt", encrypt) + "</xml>"
	return a.request(ctx, http.MethodPost, serverURL, query, []byte(body))
}

func (a Account) query(now time.Time) url.Values {
	timestamp := strconv.FormatInt(now.Unix(), 10)
	nonce := strconv.FormatUint(uint64(rand.Uint32()), 10)
	return url.Values{
		"signature": {wechat.Signature(a.Token, timestamp, nonce)},
		"timestamp": {timestamp},
		"nonce":     {nonce},
	}
}

func (a Account) request(
	ctx context.Context, method, serverURL string, query url.Values, body []byte,
) (*http.Request, error) {
	r, err := http.NewRequestWithContext(ctx, method, serverURL, bytes.NewReader(body))
	if err != nil {
		return nil, fmt.Errorf("wechattest: %w", err)
	}
	all := r.URL.Query()
	for key, values := range query {
		all[key] = values
	}
	r.URL.RawQuery = all.Encode()
	r.Header.Set("User-Agent", "Mozilla/4.0")
	r.Header.Set("Accept", "*/*")
	if method == http.MethodPost {
		r.Header.Set("Content-Type", "text/xml")
	}
	return r, nil
}

var names = regexp.MustCompile(`<(To|From)UserName>\s*(?:<!\[CDATA\[)?([^<\]\s]*)`)

// name returns the value of the To- or FromUserName. It needs no XML parser, which would refuse what users type.
func name(message []byte, which string) string {
	for _, match := range names.FindAllSubmatch(message, -1) {
		if string(match[1]) == which {
			return string(match[2])
		}
	}
	return ""
}

// OpenReply returns what WeChat understands of the body of an answer to a push: the XML inside an encrypted reply, a
// reply in clear as it is, and `success` or nothing as they are. Where the user would read that the account is out of
// order, it returns an error.
func (a Account) OpenReply(body []byte) ([]byte, error) {
	if silent(body) {
		return body, nil
	}
	var envelope struct {
		XMLName      xml.Name `xml:"xml"`
		Encrypt      *string
		MsgSignature string
		TimeStamp    string
		Nonce        string
	}
	if err := xml.Unmarshal(body, &envelope); err != nil {
		return nil, fmt.Errorf("wechattest: the reply is neither success nor XML: %w", err)
	}
	if envelope.Encrypt == nil {
		return body, nil
	}
	if _, err := strconv.ParseInt(envelope.TimeStamp, 10, 32); err != nil || envelope.Nonce == "" {
		return nil, errors.New("wechattest: an encrypted reply has a TimeStamp in seconds and a Nonce")
	}
	if !wechat.VerifySignature(envelope.MsgSignature,
		a.Token, envelope.TimeStamp, envelope.Nonce, *envelope.Encrypt) {
		return nil, errors.New("wechattest: the reply's MsgSignature is wrong")
	}
	cipher, err := wechat.NewCipher(a.AppID, a.EncodingAESKey)
	if err != nil {
		return nil, fmt.Errorf("wechattest: %w", err)
	}
	reply, err := cipher.Decrypt(*envelope.Encrypt)
	if err != nil {
		return nil, fmt.Errorf("wechattest: the reply's Encrypt: %w", err)
	}
	return reply, nil
}

// silent reports whether body answers a push without saying anything to the user.
func silent(body []byte) bool { return len(body) == 0 || string(body) == "success" }
