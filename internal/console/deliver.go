package console

import (
	"bytes"
	"context"
	"encoding/json"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"time"

	"github.com/guanzhu/guanzhu/pkg/webhook"
	"github.com/guanzhu/guanzhu/pkg/wechat"
	"github.com/guanzhu/guanzhu/pkg/wechattest"
)

const pushPath = webhook.Path

// pusher returns the platform's side of pushes. They are signed at the console's time.
func (c *Console) pusher() (wechattest.Account, wechattest.Mode) {
	c.mu.Lock()
	mode := c.settings.Mode
	c.mu.Unlock()
	s := secretsOf(c.config.Secrets, mode)
	account := wechattest.Account{
		AppID: c.config.AppID, Token: s.Token, EncodingAESKey: s.EncodingAESKey, ID: accountID, Now: c.clock.Now,
	}
	return account, map[string]wechattest.Mode{
		modePlain: wechattest.Plain, modeCompatible: wechattest.Compatible, modeSafe: wechattest.Safe,
	}[mode]
}

// deliver sends a message as WeChat does, and records it. target is the endpoint; empty for the built-in account.
func (c *Console) deliver(ctx context.Context, rec *recording, message []byte, target string) {
	account, mode := c.pusher()
	client := &http.Client{Transport: &wire{c: c, rec: rec, account: account, target: target}}
	reply, _, err := account.Deliver(ctx, client, c.endpoint(target), mode, message)
	c.finish(rec, reply, err)
}

// finish ends a delivery: err says why the follower sees that the account is out of order.
func (c *Console) finish(rec *recording, reply []byte, err error) {
	shown := readReply(reply)
	if err == nil {
		err = c.refused(shown, rec.item.Target)
	}
	rec.done(func(i *Item) {
		if err != nil {
			i.Failed, i.Error = true, err.Error()
			return
		}
		i.Failed, i.Error, i.Reply = false, "", shown
	})
	c.transcribe(rec.item.ID)
}

// refused returns why WeChat would not show the reply. It knows the material of the simulated platform alone.
func (c *Console) refused(r *Reply, target string) error {
	platform := c.simulated()
	switch {
	case r == nil:
		return nil
	case len(r.Content) > wechat.MaxText:
		return fmt.Errorf("the text has %d bytes: WeChat shows %d at most", len(r.Content), wechat.MaxText)
	case r.MediaID != "" && platform != nil && target == "" && !platform.HasMaterial(r.MediaID) && c.media(r.MediaID) == nil:
		return errors.New("WeChat knows no material of this media_id: publish the file, or use the media_id of a picture that was sent")
	}
	return nil
}

// beginDelivery adds a delivery of the message that compose makes to the timeline.
func (c *Console) beginDelivery(from, target string, of int64, compose func(id int64) []byte) (*recording, []byte) {
	var message []byte
	rec := c.timeline.begin(func(i *Item) {
		message = compose(i.ID)
		i.Kind, i.From, i.Target, i.Of = Delivery, from, target, of
		if p := describe(i, message); p != nil && target == "" {
			i.Decided = c.decide(p)
			c.wrote(p)
		}
	})
	return rec, message
}

// beginRefused adds a push from outside that the endpoint refuses. It is nobody's act, and no handler gets it.
func (c *Console) beginRefused(message []byte) *recording {
	return c.timeline.begin(func(i *Item) {
		i.Kind, i.From = Delivery, "outside"
		describe(i, message)
	})
}

// describe sets what an Item says of its message. It returns the message's push, or nil if it is unreadable.
func describe(i *Item, message []byte) wechat.Push {
	i.Message, i.Title = string(message), "unreadable"
	p, err := wechat.ParsePush(message)
	if err != nil {
		return nil
	}
	i.Title, i.OpenID = p.Common().Kind(), p.Common().FromUserName
	i.Push, _ = json.Marshal(p)
	return p
}

// decide says which handler takes p.
func (c *Console) decide(p wechat.Push) *Decision {
	instance := c.instance()
	d := &Decision{Route: instance.router.Explain(p)}
	switch p := p.(type) {
	case *wechat.Text:
		if d.Route == "On *wechat.Text" {
			d.Rule = instance.replies.Explain(p.Content)
		}
	case *wechat.Click:
		if _, ok := instance.replies.Click(p.EventKey); ok && d.Route == "On *wechat.Click" {
			d.Rule = "clicks: " + p.EventKey
		}
	default:
		if d.Route == "Default" {
			d.Rule = instance.replies.ExplainMessage(p)
		}
	}
	return d
}

// wire carries the attempts of one delivery, to the account in this process or elsewhere.
type wire struct {
	c       *Console
	rec     *recording
	account wechattest.Account
	target  string
}

// RoundTrip implements http.RoundTripper.
func (w *wire) RoundTrip(r *http.Request) (*http.Response, error) {
	request := requestExchange(r)
	n, end := w.rec.attempt(request)
	response, err := w.send(r, n)
	if err != nil {
		if errors.Is(err, context.DeadlineExceeded) {
			err = errors.New("no answer within 5 seconds: WeChat hangs up")
		}
		end(nil, err)
		return nil, err
	}
	answer := responseExchange(response)
	answer.Opened = opened(w.account, answer.Body)
	end(answer, statusError(response.StatusCode))
	return response, nil
}

func (w *wire) send(r *http.Request, n int) (*http.Response, error) {
	if w.target != "" {
		return http.DefaultTransport.RoundTrip(r)
	}
	i := w.c.instance()
	return inProcess(i.pushes, r.WithContext(withSpan(r.Context(), &span{w.rec, n, i})), i)
}

func statusError(status int) error {
	if status == http.StatusOK {
		return nil
	}
	return fmt.Errorf("HTTP status %d %s", status, http.StatusText(status))
}

// opened returns what is inside a sealed reply, or nothing.
func opened(account wechattest.Account, body string) string {
	inside, err := account.OpenReply([]byte(body))
	if err != nil || string(inside) == body {
		return ""
	}
	return string(inside)
}

type material struct {
	MediaID            string `xml:"MediaId"`
	Title, Description string
}

// readReply returns the reply in the body that WeChat understands, nil for none.
func readReply(body []byte) *Reply {
	var x struct {
		MsgType, Content string
		Image, Voice     material
		Video            material
		Music            struct {
			Title, Description string
			URL                string `xml:"MusicUrl"`
		}
		Articles []struct {
			Title, Description string
			PicURL             string `xml:"PicUrl"`
			URL                string `xml:"Url"`
		} `xml:"Articles>item"`
	}
	if err := xml.Unmarshal(body, &x); err != nil || x.MsgType == "" {
		return nil
	}
	r := &Reply{Type: x.MsgType, Content: x.Content}
	switch x.MsgType {
	case "image":
		r.MediaID = x.Image.MediaID
	case "voice":
		r.MediaID = x.Voice.MediaID
	case "video":
		r.MediaID, r.Title, r.Description = x.Video.MediaID, x.Video.Title, x.Video.Description
	case "music":
		r.Title, r.Description, r.MusicURL = x.Music.Title, x.Music.Description, x.Music.URL
	case "news":
		for _, a := range x.Articles {
			r.Articles = append(r.Articles, Article(a))
		}
	}
	return r
}

// receive answers a push from outside: of guanzhu push, or of WeChat itself.
func (c *Console) receive(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(io.LimitReader(r.Body, webhook.MaxBody+1))
	if err != nil {
		http.Error(w, "unreadable body", http.StatusBadRequest)
		return
	}
	r.Body = io.NopCloser(bytes.NewReader(body))
	account, _ := c.pusher()
	message := openPush(account, body)
	genuine := c.instance().accepts(r, body)
	rec := c.retried(message, genuine)
	switch {
	case rec != nil:
	case genuine:
		rec, _ = c.beginDelivery("outside", "", 0, func(int64) []byte { return message })
		c.follow(message)
	default:
		rec = c.beginRefused(message)
	}
	_, answer, err := c.serveAttempt(w, r, rec, func(i *instance) http.Handler { return i.pushes })
	if err == nil {
		err = statusError(answer.Status)
	}
	var reply []byte
	if err == nil {
		reply, err = account.OpenReply([]byte(answer.Body))
	}
	c.finish(rec, reply, err)
}

// openPush returns the message of a push's body, which is the body itself if it is in clear or cannot be opened.
func openPush(account wechattest.Account, body []byte) []byte {
	envelope, err := wechat.ReadEnvelope(body)
	if err != nil || envelope.Encrypt == "" {
		return body
	}
	cipher, err := wechat.NewCipher(account.AppID, account.EncodingAESKey)
	if err != nil {
		return body
	}
	message, err := cipher.Decrypt(envelope.Encrypt)
	if err != nil {
		return body
	}
	return message
}

// retriedWithin is how long after a failed delivery WeChat may send it again.
const retriedWithin = time.Minute

// retried returns the recording of a delivery of the same message that has failed a moment ago, or nil. The endpoint has refused
// that one, too, unless this one is genuine.
func (c *Console) retried(message []byte, genuine bool) *recording {
	t := c.timeline
	t.mu.Lock()
	defer t.mu.Unlock()
	for _, i := range slices.Backward(t.items) {
		if t.now().Sub(i.At) > retriedWithin {
			return nil
		}
		if i.From == "outside" && i.Kind == Delivery && i.Message == string(message) && (i.Decided != nil) == genuine &&
			(i.Failed || !i.Done) && len(i.Attempts) < 3 {
			return &recording{timeline: t, item: i, begun: time.Now().Add(-t.now().Sub(i.At))}
		}
	}
	return nil
}

// follow keeps the phones and the platform in step with a push from outside.
func (c *Console) follow(message []byte) {
	p, err := wechat.ParsePush(message)
	if err != nil {
		return
	}
	openid := p.Common().FromUserName
	known := c.phone(openid) != nil
	if !known {
		if _, err := c.addPhone(Follower{OpenID: openid}); err != nil {
			return
		}
	}
	switch p := p.(type) {
	case *wechat.Subscribe:
		c.setFollows(openid, true, p.Time(), p.Scene())
	case *wechat.Unsubscribe:
		c.setFollows(openid, false, time.Time{}, "")
	default:
		if !known {
			c.setFollows(openid, true, p.Common().Time(), "")
		}
	}
}

// receiveCheck answers the platform's check of the server's URL.
func (c *Console) receiveCheck(w http.ResponseWriter, r *http.Request) {
	rec := c.timeline.begin(func(i *Item) { i.Kind, i.From, i.Title = Visit, "outside", "GET "+pushPath })
	_, _, err := c.serveAttempt(w, r, rec, func(i *instance) http.Handler { return i.pushes })
	c.finishVisit(rec, err)
}

// visit answers a request for a page, in the browser of this machine.
func (c *Console) visit(w http.ResponseWriter, r *http.Request) {
	r.Header.Set("User-Agent", r.UserAgent()+" MicroMessenger/8.0")
	c.visitBy(w, r, "")
}

func (c *Console) visitBy(w http.ResponseWriter, r *http.Request, openid string) {
	rec := c.timeline.begin(func(i *Item) {
		i.Kind, i.From, i.OpenID, i.Title = Visit, "browser", openid, r.Method+" "+r.URL.Path
	})
	_, _, err := c.serveAttempt(w, r, rec, func(i *instance) http.Handler { return i.pages })
	c.finishVisit(rec, err)
}

func (c *Console) finishVisit(rec *recording, err error) {
	rec.done(func(i *Item) {
		if err != nil {
			i.Failed, i.Error = true, err.Error()
		}
	})
}
