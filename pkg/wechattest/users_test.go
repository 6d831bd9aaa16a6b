package wechattest_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/guanzhu/guanzhu/pkg/wechattest"
)

func TestUserInfo(t *testing.T) {
	t.Parallel()
	p, _ := newPlatform()
	token, _ := stable(t, p, false)
	target := userInfo + "?lang=zh_CN&openid=" + openid + "&access_token=" + token
	p.Follow(openid, wechattest.User{
		UnionID: "u", Language: "zh_CN", SubscribedAt: time.Unix(1795305600, 0), Remark: "<友>", Tags: []int{2, 101},
		SubscribeScene: "ADD_SCENE_QR_CODE", QRScene: 7, QRSceneStr: "poster",
	})
	want := answer{
		"subscribe": 1.0, "openid": openid, "nickname": "", "sex": 0.0, "language": "zh_CN", "city": "", "province": "",
		"country": "", "headimgurl": "", "subscribe_time": 1795305600.0, "unionid": "u", "remark": "<友>",
		"groupid": 0.0, "tagid_list": []any{2.0, 101.0}, "subscribe_scene": "ADD_SCENE_QR_CODE", "qr_scene": 7.0,
		"qr_scene_str": "poster",
	}
	if diff := cmp.Diff(want, call(t, p, "GET", target, "")); diff != "" {
		t.Errorf("follower (-want +got):\n%s", diff)
	}
	p.Unfollow(openid)
	want = answer{"subscribe": 0.0, "openid": openid}
	if diff := cmp.Diff(want, call(t, p, "GET", target, "")); diff != "" {
		t.Errorf("after the unfollow (-want +got):\n%s", diff)
	}
}

func TestEveryoneFollows(t *testing.T) {
	t.Parallel()
	now := time.Unix(1795305600, 0)
	p := wechattest.New(wechattest.Config{
		AppID: appID, AppSecret: appSecret, Now: func() time.Time { return now }, EveryoneFollows: true,
	})
	token, _ := stable(t, p, false)
	target := userInfo + "?openid=" + openid + "&access_token=" + token
	a := call(t, p, "GET", target, "")
	if a["subscribe"] != 1.0 || a["openid"] != openid || a["subscribe_time"] != 1795305600.0 {
		t.Errorf("answer %v, want a new follower's", a)
	}
	p.Unfollow(openid)
	if a := call(t, p, "GET", target, ""); a["subscribe"] != 0.0 {
		t.Errorf("answer %v, want that of one who left", a)
	}
}

const userBatch, userGet = "/cgi-bin/user/info/batchget", "/cgi-bin/user/get"

// batch returns the body of a batchget.
func batch(openids ...string) string {
	var users []string
	for _, openid := range openids {
		users = append(users, fmt.Sprintf(`{"openid":%q,"lang":"zh_CN"}`, openid))
	}
	return `{"user_list":[` + strings.Join(users, ",") + `]}`
}

func openids(n int) []string {
	all := make([]string, n)
	for i := range all {
		all[i] = fmt.Sprintf("oTEST-%022d", i)
	}
	return all
}

func TestUserRefusals(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, method, target, body string
		want                       int
	}{
		{"batchget by GET", "GET", userBatch, "", 43002},
		{"batchget without a body", "POST", userBatch, "", 44002},
		{"batchget of something else", "POST", userBatch, "openid", 47001},
		{"batchget of nobody", "POST", userBatch, batch(), 40032},
		{"batchget of 100", "POST", userBatch, batch(openids(100)...), 0},
		{"batchget of 101", "POST", userBatch, batch(openids(101)...), 40032},
		{"batchget of what is no openid", "POST", userBatch, batch(openid, "["+openid), 40003},
		{"batchget of an empty openid", "POST", userBatch, batch(openid, ""), 40003},
		{"user/get by POST", "POST", userGet, "{}", 43001},
		{"user/get after nobody", "GET", userGet + "?next_openid=o", "", 40003},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			c := newClient(t, wechattest.Config{})
			c.Follow(openid, wechattest.User{})
			c.wantCode(test.want, c.call(test.method, test.target, test.body))
		})
	}
}

func TestUserBatch(t *testing.T) {
	t.Parallel()
	c := newClient(t, wechattest.Config{})
	c.Follow(openid, wechattest.User{Language: "zh_CN", SubscribedAt: time.Unix(1795305600, 0)})
	c.Follow("o=LEFT", wechattest.User{Language: "zh_CN"})
	c.Unfollow("o=LEFT")
	c.want(`{"user_info_list":[
		{"subscribe":0,"openid":"oUNKNOWN"},
		{"subscribe":1,"openid":"`+openid+`","nickname":"","sex":0,"language":"zh_CN","city":"","province":"","country":"",
			"headimgurl":"","subscribe_time":1795305600,"unionid":"","remark":"","groupid":0,"tagid_list":[],
			"subscribe_scene":"","qr_scene":0,"qr_scene_str":""},
		{"subscribe":0,"openid":"o=LEFT"}
	]}`, c.post(userBatch, batch("oUNKNOWN", openid, "o=LEFT")))
}

func TestUserBatchWhereEveryoneFollows(t *testing.T) {
	t.Parallel()
	c := newClient(t, wechattest.Config{EveryoneFollows: true})
	a := c.post(userBatch, batch("oUNKNOWN"))
	infos, _ := a["user_info_list"].([]any)
	if info, _ := infos[0].(map[string]any); info["subscribe"] != 1.0 {
		t.Errorf("answer %v, want a follower's", a)
	}
}

func TestUserGet(t *testing.T) {
	t.Parallel()
	c := newClient(t, wechattest.Config{PageSize: 2})
	c.want(`{"total":0,"count":0,"next_openid":""}`, c.get(userGet))

	for _, openid := range []string{"oC", "oA", "oLEFT", "oB"} {
		c.Follow(openid, wechattest.User{})
	}
	c.Unfollow("oLEFT")
	c.want(`{"total":3,"count":2,"data":{"openid":["oC","oA"]},"next_openid":"oA"}`, c.get(userGet))
	c.want(`{"total":3,"count":1,"data":{"openid":["oB"]},"next_openid":"oB"}`, c.get(userGet+"?next_openid=oA"))
	c.want(`{"total":3,"count":0,"next_openid":""}`, c.get(userGet+"?next_openid=oB"))

	// If a user unfollows between two pages, no other one is left out. A new follower is on the last page.
	c.Unfollow("oA")
	c.Follow("oC", wechattest.User{})
	c.Follow("oD", wechattest.User{})
	c.want(`{"total":3,"count":2,"data":{"openid":["oB","oD"]},"next_openid":"oD"}`, c.get(userGet+"?next_openid=oA"))
}

func TestUserGetHasPagesOf10000(t *testing.T) {
	t.Parallel()
	c := newClient(t, wechattest.Config{})
	for _, openid := range openids(10_001) {
		c.Follow(openid, wechattest.User{})
	}
	first := c.get(userGet)
	if first["count"] != 10000.0 || first["total"] != 10001.0 {
		t.Errorf("%v of %v, want 10000 of 10001", first["count"], first["total"])
	}
	last := openids(10_001)[10_000]
	c.want(`{"total":10001,"count":1,"data":{"openid":["`+last+`"]},"next_openid":"`+last+`"}`,
		c.get(fmt.Sprint(userGet, "?next_openid=", first["next_openid"])))
}
