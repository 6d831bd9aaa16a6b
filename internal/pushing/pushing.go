// Package pushing does the platform's part of a push: it signs and seals requests to an account's endpoint, sends them, and
// opens the replies.
//
// It serves the commands and functions that examine an endpoint, and the simulated platform.
package pushing

import (
	"bytes"
	"context"
	"encoding/json"
	"encoding/xml"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"net/url"
	"regexp"
	"strconv"
	"time"

	"github.com/guanzhu/guanzhu/internal/bilingual"
	"github.com/guanzhu/guanzhu/pkg/wechat"
)

// Timeout is how long the platform waits for an answer.
const Timeout = 5 * time.Second

const maxAnswer = 64 << 10 // bytes that Send reads

// Mode is the account's setting for the form of its pushes.
type Mode int

const (
	Plain      Mode = iota // 明文: the fields in clear
	Compatible             // 兼容: the fields in clear and, beside them, the whole message encrypted
	Safe                   // 安全: only encrypted
)

// Account is the part of an Official Account that the platform needs to send pushes.
type Account struct {
	AppID          string
	Token          string
	EncodingAESKey string // 43 characters; required for Compatible, Safe and encrypted replies
}

// Check returns the request by which the platform checks the endpoint's URL. Its query has an echostr, which the endpoint
// must send back as the whole body.
func (a Account) Check(ctx context.Context, endpoint string, now time.Time) (*http.Request, error) {
	query := a.query(now)
	query.Set("echostr", strconv.FormatUint(1e18+rand.Uint64N(9e18), 10)) //nolint:gosec // a random value to compare, no secret
	return request(ctx, http.MethodGet, endpoint, query, nil)
}

// Push returns the request that delivers message, XML or JSON in clear, in the given mode. It is signed at the time now.
func (a Account) Push(ctx context.Context, endpoint string, mode Mode, message []byte, now time.Time) (*http.Request, error) {
	query := a.query(now)
	query.Set("openid", userName(message, "From"))
	if mode == Plain {
		return request(ctx, http.MethodPost, endpoint, query, message)
	}
	cipher, err := wechat.NewCipher(a.AppID, a.EncodingAESKey)
	if err != nil {
		return nil, err
	}
	encrypt := cipher.Encrypt(message)
	query.Set("encrypt_type", "aes")
	query.Set("msg_signature", wechat.Signature(a.Token, query.Get("timestamp"), query.Get("nonce"), encrypt))
	body, err := envelope(mode, message, encrypt)
	if err != nil {
		return nil, err
	}
	return request(ctx, http.MethodPost, endpoint, query, body)
}

// envelope returns the body of an encrypted push.
func envelope(mode Mode, message []byte, encrypt string) ([]byte, error) {
	to := userName(message, "To")
	if fields := members(message); fields != nil {
		if mode == Safe {
			fields = map[string]any{"ToUserName": to}
		}
		fields["Encrypt"] = encrypt
		return json.Marshal(fields)
	}
	fields := []byte("<xml><ToUserName><![CDATA[" + to + "]]></ToUserName>")
	if mode == Compatible {
		var found bool
		if fields, found = bytes.CutSuffix(bytes.TrimSpace(message), []byte("</xml>")); !found {
			return nil, bilingual.New("推送没有以 </xml> 结尾", "the push does not end with </xml>")
		}
	}
	return fmt.Appendf(nil, "%s<Encrypt><![CDATA[%s]]></Encrypt></xml>", fields, encrypt), nil
}

// members returns the fields of a message in the platform's JSON form, nil for XML. Numbers keep all their digits.
func members(message []byte) (fields map[string]any) {
	d := json.NewDecoder(bytes.NewReader(message))
	d.UseNumber()
	if d.Decode(&fields) != nil {
		return nil
	}
	return fields
}

func (a Account) query(now time.Time) url.Values {
	timestamp := strconv.FormatInt(now.Unix(), 10)
	nonce := strconv.FormatUint(uint64(rand.Uint32()), 10) //nolint:gosec // public, as the platform's nonces are
	return url.Values{
		"signature": {wechat.Signature(a.Token, timestamp, nonce)},
		"timestamp": {timestamp},
		"nonce":     {nonce},
	}
}

func request(ctx context.Context, method, endpoint string, query url.Values, body []byte) (*http.Request, error) {
	r, err := http.NewRequestWithContext(ctx, method, endpoint, bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	all := r.URL.Query()
	for name, values := range query {
		all[name] = values
	}
	r.URL.RawQuery = all.Encode()
	r.Header.Set("User-Agent", "Mozilla/4.0")
	r.Header.Set("Accept", "*/*")
	if method == http.MethodPost {
		r.Header.Set("Content-Type", "text/xml")
		if members(body) != nil {
			r.Header.Set("Content-Type", "application/json")
		}
	}
	return r, nil
}

var userNames = regexp.MustCompile(`<(To|From)UserName>\s*(?:<!\[CDATA\[)?([^<\]\s]*)`)

// userName returns the ToUserName or FromUserName of message. It does not parse the XML, because users' texts may break it.
func userName(message []byte, which string) string {
	if name, ok := members(message)[which+"UserName"].(string); ok {
		return name
	}
	for _, match := range userNames.FindAllSubmatch(message, -1) {
		if string(match[1]) == which {
			return string(match[2])
		}
	}
	return ""
}

var (
	createTime = regexp.MustCompile(`<CreateTime>[^<]*</CreateTime>`)
	msgID      = regexp.MustCompile(`<MsgId>[^<]*</MsgId>`)
)

// AsOf returns message, XML or JSON in clear, with the time at and, if it has a MsgId, that one.
func AsOf(message []byte, at time.Time, id int64) []byte {
	if fields := members(message); fields != nil {
		fields["CreateTime"] = at.Unix()
		if fields["MsgId"] != nil {
			fields["MsgId"] = id
		}
		message, _ = json.Marshal(fields) // what was decoded can be encoded
		return message
	}
	message = createTime.ReplaceAll(message, []byte("<CreateTime>"+strconv.FormatInt(at.Unix(), 10)+"</CreateTime>"))
	return msgID.ReplaceAll(message, []byte("<MsgId>"+strconv.FormatInt(id, 10)+"</MsgId>"))
}

// Answer is the endpoint's answer to a request.
type Answer struct {
	Status int
	Header http.Header
	Body   []byte // 64 KiB at most
}

// Send sends r as the platform does: it waits for 5 s in all and follows no redirect. If the body cannot be read to its
// end, the answer has the status and the header, and err says why.
func Send(client *http.Client, r *http.Request) (answer Answer, err error) {
	ctx, cancel := context.WithTimeout(r.Context(), Timeout)
	defer cancel()
	direct := *client
	direct.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	response, err := direct.Do(r.WithContext(ctx)) //nolint:gosec // the owner names the endpoint
	if err != nil {
		return Answer{}, err
	}
	defer response.Body.Close()
	body, err := io.ReadAll(io.LimitReader(response.Body, maxAnswer))
	return Answer{response.StatusCode, response.Header, body}, err
}

// Open returns the content of body, the answer to a push of message in the given mode, as the platform reads it: what is inside
// an encrypted reply, a reply in clear as it is, and success or an empty body as they are. It returns an error if the user would see that
// the account is out of order. An encrypted reply to a push in Plain mode is such an error, and a reply in clear to a push in
// Safe mode; in Compatible mode, both are understood. A reply to XML must be XML, and a reply to JSON must be JSON.
func (a Account) Open(mode Mode, message, body []byte) ([]byte, error) {
	if len(body) == 0 || string(body) == wechat.Success {
		return body, nil
	}
	var envelope struct {
		XMLName             xml.Name `xml:"xml" json:"-"`
		Encrypt             *string
		MsgSignature, Nonce string
		TimeStamp           json.Number
	}
	form, decode := "XML", xml.Unmarshal
	if members(message) != nil {
		form, decode = "JSON", json.Unmarshal
	}
	if err := decode(body, &envelope); err != nil {
		return nil, bilingual.Errorf("回复既不是 success，也不是 %s：%w", "the reply is neither success nor %s: %w", form, err)
	}
	switch {
	case envelope.Encrypt == nil && mode == Safe:
		return nil, bilingual.New("安全模式的推送，回复却是明文", "a reply in clear to a push in safe mode")
	case envelope.Encrypt == nil:
		return body, nil
	}
	if _, err := strconv.ParseInt(envelope.TimeStamp.String(), 10, 32); err != nil || envelope.Nonce == "" {
		return nil, bilingual.New("加密的回复缺少以秒计的 TimeStamp 或 Nonce", "the encrypted reply lacks a TimeStamp in seconds or a Nonce")
	}
	if !wechat.VerifySignature(envelope.MsgSignature, a.Token, envelope.TimeStamp.String(), envelope.Nonce, *envelope.Encrypt) {
		return nil, bilingual.New("回复的 MsgSignature 不对", "the reply's MsgSignature is wrong")
	}
	if mode == Plain {
		return nil, bilingual.New("明文模式的推送，回复却是加密的", "an encrypted reply to a push in clear")
	}
	cipher, err := wechat.NewCipher(a.AppID, a.EncodingAESKey)
	if err != nil {
		return nil, err
	}
	reply, err := cipher.Decrypt(*envelope.Encrypt)
	if err != nil {
		return nil, bilingual.Errorf("回复的 Encrypt：%w", "the reply's Encrypt: %w", err)
	}
	return reply, nil
}
