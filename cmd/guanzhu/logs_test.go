package main

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestReadableLog prints what `sam logs --output json` makes of a follow and what is around it.
func TestReadableLog(t *testing.T) {
	t.Parallel()
	const push = `{"timestamp":"2026-11-23T03:00:36.940625622Z","level":"INFO","message":"push","appid":"wx0123456789abcdef","method":"POST",` +
		`"outcome":"replied","status":200,"kind":"event/subscribe","follower":"509ea4b05b4de21c","platform_calls":2,"platform_ms":1.742,` +
		`"table_calls":3,"table_ms":177.292,"ms":180.6,"Pushes":1,"ReplyLatency":180.6,"_aws":{"Timestamp":1795402836940,"CloudWatchMetrics":` +
		`[{"Namespace":"Guanzhu","Dimensions":[["appid"]],"Metrics":[{"Name":"Pushes"},{"Name":"ReplyLatency","Unit":"Milliseconds"}]}]},` +
		`"requestId":"8448ab5c-c6f8-40b2-89f7-ece9cbcec454"}`
	const pushLine = "2026-11-23 11:00:36 push method=POST outcome=replied status=200 kind=event/subscribe follower=509ea4b05b4de21c " +
		"platform_calls=2 platform_ms=1.742 table_calls=3 table_ms=177.292 ms=180.6"
	tests := []struct {
		name, message, want string // want without a time is of a line that is no event
	}{
		{"push", push, pushLine},
		{"Chinese", `{"level":"WARN","message":"platform call failed","api":"/cgi-bin/user/info","errcode":"40164","error":"add it under 基础信息, 开发密钥"}`,
			`2026-11-23 11:00:36 WARN platform call failed api=/cgi-bin/user/info errcode=40164 error="add it under 基础信息, 开发密钥"`},
		{"several lines in one value", `{"level":"ERROR","message":"handler panicked","stack":"a\n\tb\u001b[2J"}`,
			`2026-11-23 11:00:36 ERROR handler panicked stack="a\n\tb\x1b[2J"`},
		{"values of all kinds", `{"message":"m","empty":"","ok":true,"list":[1, "关注"]}`, `2026-11-23 11:00:36 m empty="" ok=true list=[1, "关注"]`},
		{"a call begins", `{"time":"t","type":"platform.start","record":{"requestId":"r","version":"3"}}`, ""},
		{"a call went well", `{"time":"t","type":"platform.report","record":{"requestId":"r","status":"success","metrics":{"durationMs":1}}}`, ""},
		{"a call was cut off", `{"time":"t","type":"platform.report","record":{"requestId":"r","status":"timeout"}}`,
			`2026-11-23 11:00:36 platform.report record={"requestId":"r","status":"timeout"}`},
		{"no JSON", "panic: boom\tgoroutine 1", `2026-11-23 11:00:36 panic: boom\tgoroutine 1`},
		{"not quite JSON", `{"message":"m"`, `2026-11-23 11:00:36 {"message":"m"`},
	}
	var in strings.Builder
	var want []string
	for _, tt := range tests {
		event := map[string]any{"logStreamName": "s", "timestamp": 1795402836940, "message": tt.message + "\n", "eventId": "e"}
		line, err := json.Marshal(event)
		if err != nil {
			t.Fatal(err)
		}
		in.Write(line)
		in.WriteByte('\n')
		if tt.want != "" {
			want = append(want, tt.want)
		}
	}
	in.WriteString("sam says something\n\nand ends")
	want = append(want, "sam says something", "and ends", "")
	var out strings.Builder
	if err := readableLog(strings.NewReader(in.String()), &out); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, strings.Split(out.String(), "\n")); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}
