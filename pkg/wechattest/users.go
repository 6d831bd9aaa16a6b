package wechattest

import (
	"net/url"
	"slices"
	"time"

	"github.com/guanzhu/guanzhu/pkg/wechat"
)

// User is the platform's record of a follower.
// https://developers.weixin.qq.com/doc/service/api/usermanage/userinfo/api_userinfo
type User struct {
	UnionID        string
	Language       string
	SubscribedAt   time.Time
	Remark         string
	Tags           []int // the latest one last
	SubscribeScene string
	QRScene        int
	QRSceneStr     string
	ClientPlatform int // selects a conditional menu: 1 iOS, 2 Android, 3 others; no API returns it
}

type user struct {
	User
	follows bool
}

// Follow makes openid a follower with the profile u.
func (p *Platform) Follow(openid string, u User) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.setUser(openid, user{User: u, follows: true})
}

// Unfollow ends the follow of openid. The platform still knows the openid.
func (p *Platform) Unfollow(openid string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.setUser(openid, user{})
}

func (p *Platform) setUser(openid string, u user) {
	if _, known := p.users[openid]; !known {
		p.order = append(p.order, openid)
	}
	p.users[openid] = u
}

// user returns the user with that openid. With EveryoneFollows, an openid that was never seen is a follower's.
func (p *Platform) user(openid string) (u user, known bool) {
	u, known = p.users[openid]
	if !known && p.config.EveryoneFollows {
		return user{User: User{Language: "zh_CN", SubscribedAt: p.config.Now()}, follows: true}, true
	}
	return u, known
}

func (p *Platform) userInfo(query url.Values, _ []byte) (any, int) {
	openid := query.Get("openid")
	u, known := p.user(openid)
	switch {
	case openid == "":
		return nil, 41009
	case !known:
		return nil, 40003
	}
	return u.info(openid), 0
}

func (u user) info(openid string) map[string]any {
	if !u.follows {
		return map[string]any{"subscribe": 0, "openid": openid}
	}
	return map[string]any{
		"subscribe":       1,
		"openid":          openid,
		"nickname":        "",
		"sex":             0,
		"language":        u.Language,
		"city":            "",
		"province":        "",
		"country":         "",
		"headimgurl":      "",
		"subscribe_time":  u.SubscribedAt.Unix(),
		"unionid":         u.UnionID,
		"remark":          u.Remark,
		"groupid":         0,
		"tagid_list":      append([]int{}, u.Tags...),
		"subscribe_scene": u.SubscribeScene,
		"qr_scene":        u.QRScene,
		"qr_scene_str":    u.QRSceneStr,
	}
}

const maxBatch = 100 // users per batchget

// userInfoBatch refuses the whole call if one of its values does not have the form of an openid. It answers for an
// unknown openid as for a user who does not follow.
// https://developers.weixin.qq.com/doc/service/api/usermanage/userinfo/api_batchuserinfo
// https://developers.weixin.qq.com/community/develop/doc/000026501ecb90068b1b5518952000
func (p *Platform) userInfoBatch(_ url.Values, body []byte) (any, int) {
	var in struct {
		Users []struct {
			OpenID string `json:"openid"`
		} `json:"user_list"`
	}
	if errcode := decode(body, &in); errcode != 0 {
		return nil, errcode
	}
	if len(in.Users) == 0 || len(in.Users) > maxBatch {
		return nil, 40032
	}
	infos := make([]any, len(in.Users))
	for i, asked := range in.Users {
		u, known := p.user(asked.OpenID)
		if !known && !wechat.IsOpenID(asked.OpenID) {
			return nil, 40003
		}
		infos[i] = u.info(asked.OpenID)
	}
	return map[string]any{"user_info_list": infos}, 0
}

// userGet lists the followers in the order in which the platform first saw them. A user who follows again keeps the old
// place, so a page can start after next_openid even if that user has unfollowed since.
// https://developers.weixin.qq.com/doc/service/api/usermanage/userinfo/api_getfans
func (p *Platform) userGet(query url.Values, _ []byte) (any, int) {
	begin := 0
	if next := query.Get("next_openid"); next != "" {
		if begin = slices.Index(p.order, next) + 1; begin == 0 {
			return nil, 40003
		}
	}
	total := 0
	page := []string{}
	for i, openid := range p.order {
		if !p.users[openid].follows {
			continue
		}
		total++
		if i >= begin && len(page) < p.config.PageSize {
			page = append(page, openid)
		}
	}
	reply := map[string]any{"total": total, "count": len(page), "next_openid": ""}
	if len(page) > 0 {
		reply["data"] = map[string]any{"openid": page}
		reply["next_openid"] = page[len(page)-1]
	}
	return reply, 0
}
