package stories

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/google/go-cmp/cmp"

	"github.com/guanzhu/guanzhu/internal/storetest"
	"github.com/guanzhu/guanzhu/internal/table"
	"github.com/guanzhu/guanzhu/pkg/follower"
	"github.com/guanzhu/guanzhu/pkg/wechat"
)

// check compares the whole stored state, every answer and the log with the story, and returns what is wrong.
func (r *run) check(ctx context.Context) string {
	r.checkAnswers()
	for i, times := range r.applied {
		if times > 1 {
			r.fault("push %d began a session %d times", i+1, times)
		}
	}
	items, err := r.store.All(ctx)
	if err != nil {
		return err.Error()
	}
	stored := map[string][]storetest.Item{}
	for _, item := range items {
		pk, _ := item["pk"].(string)
		stored[pk] = append(stored[pk], item)
	}
	followers := map[int]bool{}
	suggestions := map[string][]storetest.Item{}
	for i, p := range r.story.pushes {
		followers[p.who] = true
		if p.what == suggest && len(r.writes[i]) > 0 {
			item := suggestionItem(p)
			pk := item["pk"].(string)
			suggestions[pk] = append(suggestions[pk], item)
			count(suggestions, p)
		}
	}
	for pk, want := range suggestions {
		for _, item := range stored[pk] {
			if ids := texts(item["ids"]); ids != nil {
				item["ids"] = ids
			}
		}
		if diff := cmp.Diff(sorted(want), sorted(stored[pk])); diff != "" {
			r.fault("%s (-want +got):\n%s", pk, diff)
		}
		delete(stored, pk)
	}
	for who := range followers {
		r.checkFollower(who, stored[openid(who)])
		delete(stored, openid(who))
	}
	if len(stored) > 0 {
		r.fault("nobody wrote the records under %q", slices.Sorted(maps.Keys(stored)))
	}
	for who := range followers {
		for _, secret := range []string{openid(who), unionID, token, appSecret, hello, wish, "ticket="} {
			if strings.Contains(r.log.String(), secret) {
				r.fault("the log holds %q", secret)
			}
		}
	}
	return strings.Join(r.wrong, "\n")
}

// checkAnswers holds the answers to this: 200 exactly where all writes were made and known to be, and the same bytes to
// each delivery of a push. Only a personal link may be withheld, from a follower who has unfollowed meanwhile.
func (r *run) checkAnswers() {
	for _, w := range r.work {
		if w.killed || w.push == reconciles {
			continue // nobody got the answer
		}
		p := r.story.pushes[w.push]
		if p.what == lose {
			continue
		}
		want := 200
		if w.failed {
			want = 500
		}
		if w.status != want {
			r.fault("push %d (%v) was answered %d, want %d", w.push+1, p, w.status, want)
		}
		if reply := p.reply(); w.status == 200 && w.reply != reply && (p.what != ask || w.reply != wechat.Success) {
			r.fault("push %d (%v) was answered %q, want %q", w.push+1, p, w.reply, reply)
		}
	}
}

func (p push) reply() string {
	said := map[verb]string{follow: "欢迎", suggest: "谢谢", say: "收到", tap: "关于", earn: "已签到"}[p.what]
	parsed, ticket := p.ticket()
	if p.what == ask {
		said = "https://example.com/enter?ticket=" + ticket
	}
	return string(wechat.MarshalReply(parsed.Common(), wechat.TextReply(said)))
}

func (p push) ticket() (parsed wechat.Push, ticket string) {
	parsed, err := wechat.ParsePush(p.message())
	if err != nil {
		panic(err)
	}
	tickets, err := follower.NewTickets(appSecret)
	if err != nil {
		panic(err)
	}
	return parsed, tickets.Seal(parsed)
}

// checkFollower compares one follower's records with those that the pushes whose writes were made may leave behind.
//
// Without links and points there is one such state: that of the latest event. A link or a point of a follower without a
// record, or with an older unfollow, also begins the records. If that push arrived before the follow or unfollow that
// preceded it, the records may have begun in either way.
func (r *run) checkFollower(who int, got []storetest.Item) {
	f, u := r.latest(who, follow), r.latest(who, unfollow)
	if f <= u { // at equal times the unfollow wins
		f = never
	}
	// From here on the records can only stay or become those of a later event.
	settled := 0
	switch {
	case f != never:
		settled = r.firstEnd(who, follow, f)
	case u != never:
		settled = r.firstEnd(who, unfollow, u)
	}
	var possible [][]storetest.Item
	mustFollow := f != never
	if f != never {
		possible = append(possible, r.live(who, f)...)
	}
	for i, p := range r.story.pushes {
		if p.who != who || !p.what.begins() || p.at <= max(f, u) || len(r.writes[i]) == 0 {
			continue
		}
		if f == never || r.begunBefore(settled, i) {
			possible = append(possible, linked(who, p.at))
		}
		mustFollow = mustFollow || r.begunAfter(settled, i)
	}
	ownSettled := settled // a lost session takes no own data with it
	if lost := r.lost[who]; lost > 0 {
		for _, want := range possible { // the session is there only if it began again
			possible = append(possible, want[:1:1])
		}
		settled = max(settled, lost)
	}
	if !mustFollow {
		possible = append(possible, gone(who, u))
	}

	plain, tickets, own := r.plain(who, got)
	for _, want := range possible {
		if cmp.Diff(want, plain) != "" {
			continue
		}
		if len(want) > 0 && want[0]["openid"] != nil {
			event := want[0]["event_time"].(float64)
			r.checkTickets(who, event, settled, tickets)
			r.checkOwn(who, event, ownSettled, own)
		} else if own != nil {
			r.fault("own data about %c, who does not follow: %v", 'A'+who, own)
		}
		return
	}
	r.fault("the records of %c are not one of %d possible (-want +got):\n%s", 'A'+who, len(possible), cmp.Diff(possible[0], plain))
}

const never = -1

// is reports whether the push has the effect of what.
func (p push) is(what verb) bool { return p.what == what || p.what.ends() && what.ends() }

// begins reports whether the push begins the records of a follower who has none.
func (v verb) begins() bool { return v == ask || v == earn }

// latest is the second of the latest push of that kind whose write was made.
func (r *run) latest(who int, what verb) int {
	at := never
	for i, p := range r.story.pushes {
		if p.who == who && p.is(what) && len(r.writes[i]) > 0 {
			at = max(at, p.at)
		}
	}
	return at
}

// firstEnd is when the first write of a push of that kind and second was over.
func (r *run) firstEnd(who int, what verb, at int) int {
	end := r.calls + 1
	for i, p := range r.story.pushes {
		if p.who == who && p.is(what) && p.at == at {
			for _, w := range r.writes[i] {
				end = min(end, w.ended)
			}
		}
	}
	return end
}

// begunBefore reports whether a write of the push began before that. Where deliveries run freely, the write that began
// first is not always the one that ended first.
func (r *run) begunBefore(at, push int) bool {
	return slices.ContainsFunc(r.writes[push], func(w span) bool { return w.begun < at })
}

// begunAfter reports whether a write of the push began after that.
func (r *run) begunAfter(at, push int) bool {
	return slices.ContainsFunc(r.writes[push], func(w span) bool { return w.begun > at })
}

// live returns the possible records of a user who follows since second at: with the profile if a delivery of the follow went
// well.
func (r *run) live(who, at int) (possible [][]storetest.Item) {
	known, maybe := false, false
	scenes := map[string]bool{}
	for _, w := range r.work {
		p := r.story.pushes[w.push]
		if p.who != who || p.what != follow || p.at != at || len(r.writes[w.push]) == 0 {
			continue
		}
		scenes[p.scene] = true
		maybe = maybe || w.fetched
		known = known || w.fetched && !w.faulted
	}
	for scene := range scenes {
		complete := followerItem(who, at, "complete")
		complete["unionid"], complete["language"], complete["scene"] = unionID+openid(who), "zh_CN", "ADD_SCENE_QR_CODE"
		pending := followerItem(who, at, "pending")
		for _, item := range []storetest.Item{complete, pending} {
			item["subscribed_at"] = unix(at)
			if scene != "" {
				item["qr_scene"] = scene
			}
		}
		if maybe {
			possible = append(possible, []storetest.Item{complete, sessionItem(who, at)})
		}
		if !known {
			possible = append(possible, []storetest.Item{pending, sessionItem(who, at)})
		}
	}
	if !known { // a link of the same second may have come first
		possible = append(possible, linked(who, at))
	}
	return possible
}

// linked are the records that begin with a personal link.
func linked(who, at int) []storetest.Item {
	return []storetest.Item{followerItem(who, at, "pending"), sessionItem(who, at)}
}

// gone is what an unfollow leaves: its time, and until when that is kept.
func gone(who, at int) []storetest.Item {
	if at == never {
		return []storetest.Item{}
	}
	return []storetest.Item{{"pk": openid(who), "sk": "follower", "event_time": unix(at), "expires_at": "30 days"}}
}

func followerItem(who, at int, profile string) storetest.Item {
	item := storetest.Item{"pk": openid(who), "sk": "follower", "openid": openid(who), "event_time": unix(at), "profile": profile}
	if profile == "pending" {
		item["pending_since"] = "the story's time"
	}
	return item
}

func sessionItem(who, at int) storetest.Item {
	return storetest.Item{"pk": openid(who), "sk": "session", "event_time": unix(at), "established_at": "as first seen"}
}

func suggestionItem(p push) storetest.Item {
	at := second(p.at)
	return storetest.Item{
		"pk":   "suggestions#" + at.In(wechat.ChinaTime).Format("2006-01"),
		"sk":   fmt.Sprintf("%d#%d#%s", at.Unix(), p.id, hash(openid(p.who))),
		"text": wish, "at": unix(p.at), "handled": false, "expires_at": unix(p.at) + follower.SuggestionFor.Seconds(),
	}
}

// count adds p to the count of its writer's suggestions of the day.
func count(items map[string][]storetest.Item, p push) {
	at := second(p.at)
	day := table.NewSuggested(follower.Suggestion{At: at})
	pk, id := day.PK, fmt.Sprintf("%d#%d", at.Unix(), p.id)
	for _, item := range items[pk] {
		if item["sk"] == hash(openid(p.who)) {
			item["ids"] = slices.Sorted(slices.Values(append(item["ids"].([]string), id)))
			return
		}
	}
	items[pk] = append(items[pk], storetest.Item{
		"pk": pk, "sk": hash(openid(p.who)), "ids": []string{id}, "expires_at": float64(day.ExpiresAt),
	})
}

// texts returns a list or a set of strings, sorted.
func texts(v any) (list []string) {
	switch v := v.(type) {
	case []string:
		list = slices.Clone(v)
	case []any:
		for _, text := range v {
			list = append(list, fmt.Sprint(text))
		}
	}
	slices.Sort(list)
	return list
}

func unix(n int) float64 { return float64(second(n).Unix()) }

// plain returns the stored records of one follower, with words in place of right times that depend on the run. It returns the
// tickets and the own data, nil for none, by themselves.
func (r *run) plain(who int, stored []storetest.Item) (items []storetest.Item, tickets []string, own storetest.Item) {
	items = []storetest.Item{}
	during := func(v any, after float64) bool {
		at, _ := v.(float64)
		return at >= unix(30)+after && at <= unix(r.now)+after
	}
	for _, item := range sorted(stored) {
		if item["sk"] == "own" {
			own = item
			continue
		}
		item = maps.Clone(item)
		if during(item["pending_since"], 0) {
			item["pending_since"] = "the story's time"
		}
		if during(item["expires_at"], follower.TombstoneFor.Seconds()) {
			item["expires_at"] = "30 days"
		}
		event, _ := item["event_time"].(float64)
		if began, seen := r.begun[sessionOf{openid(who), int64(event)}]; seen && item["established_at"] == float64(began.Unix()) {
			item["established_at"] = "as first seen"
		} else if r.loses(who) && during(item["established_at"], 0) {
			item["established_at"] = "as first seen"
		}
		tickets = append(tickets, texts(item["tickets"])...)
		delete(item, "tickets")
		items = append(items, item)
	}
	return items, tickets, own
}

// checkTickets compares the tickets of a session that began with the event at that time. A ticket is there once, if its
// push is not older than that; it may be missing only if it was stored before the follow was, or the unfollow.
func (r *run) checkTickets(who int, event float64, settled int, got []string) {
	for i, p := range r.story.pushes {
		if p.who != who || p.what != ask || unix(p.at) < event || len(r.writes[i]) == 0 {
			continue
		}
		_, ticket := p.ticket()
		entry := fmt.Sprintf("%d#%s", second(p.at).Add(follower.TicketFor).Unix(), follower.Hash(ticket))
		n := slices.Index(got, entry)
		if n >= 0 {
			got = slices.Delete(got, n, n+1)
			continue
		}
		if r.begunAfter(settled, i) {
			r.fault("the ticket of push %d (%v) is missing", i+1, p)
		}
	}
	if len(got) > 0 {
		r.fault("the session of %c has %d tickets too many", 'A'+who, len(got))
	}
}

// checkOwn compares the own data of a follower whose records began with the event at that time. The point of a push is
// there once, if the push is not older than that; it may be missing only if it was stored before the follow was, or the
// unfollow.
func (r *run) checkOwn(who int, event float64, settled int, own storetest.Item) {
	got := counts{}
	if own != nil {
		values, _ := own["values"].(map[string]any)
		if err := json.Unmarshal([]byte(fmt.Sprint(values["test-earned"])), &got); err != nil {
			r.fault("the own data about %c: %v", 'A'+who, own)
		}
		if own["version"] != float64(len(got)) || len(texts(own["applied"])) != len(got) {
			r.fault("%d points of %c, but version %v and applied %v", len(got), 'A'+who, own["version"], own["applied"])
		}
	}
	for i, p := range r.story.pushes {
		if p.who != who || p.what != earn || unix(p.at) < event || len(r.writes[i]) == 0 {
			continue
		}
		key := fmt.Sprintf("%d#%d", second(p.at).Unix(), p.id)
		switch n := got[key]; {
		case n > 1:
			r.fault("push %d (%v) was applied %d times", i+1, p, n)
		case n == 0 && r.begunAfter(settled, i):
			r.fault("the point of push %d (%v) is missing", i+1, p)
		}
		delete(got, key)
	}
	if len(got) > 0 {
		r.fault("%c has %d points too many", 'A'+who, len(got))
	}
}

func sorted(items []storetest.Item) []storetest.Item {
	return slices.SortedFunc(slices.Values(items), func(a, b storetest.Item) int {
		return strings.Compare(fmt.Sprint(a["pk"], a["sk"]), fmt.Sprint(b["pk"], b["sk"]))
	})
}
