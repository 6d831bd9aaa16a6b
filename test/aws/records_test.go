package aws

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/google/go-cmp/cmp"

	"github.com/guanzhu/guanzhu/internal/dynamostore"
	"github.com/guanzhu/guanzhu/pkg/follower"
	"github.com/guanzhu/guanzhu/pkg/wechat"
)

// records deploys a stack and returns its name, its table's and the table's store.
func records(t *testing.T) (stack, table string, store *dynamostore.Store) {
	t.Helper()
	stack = deploy(t, nil)
	cfg := config(t)
	table = outputs(t, cfg, stack)["TableName"]
	if table == "" {
		t.Fatal("the stack has no table")
	}
	return stack, table, dynamostore.New(cfg, dynamostore.Options{Table: table, Endpoint: moto(t), Now: time.Now})
}

// wantRun runs the command line, and holds its exit status, its whole standard output and a part of its standard error
// to what is wanted.
func wantRun(t *testing.T, wantStatus int, wantOut, wantErr string, args ...string) {
	t.Helper()
	stdout, stderr, status := guanzhu(t, "", args...)
	if diff := cmp.Diff(wantOut, stdout); diff != "" {
		t.Errorf("guanzhu %s: standard output (-want +got):\n%s", strings.Join(args, " "), diff)
	}
	if status != wantStatus || !strings.Contains(stderr, wantErr) {
		t.Errorf("guanzhu %s: status %d, want %d; standard error %q, want %q in it",
			strings.Join(args, " "), status, wantStatus, stderr, wantErr)
	}
}

func TestFollowers(t *testing.T) {
	t.Parallel()
	stack, table, store := records(t)
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	at := time.Date(2026, time.November, 1, 16, 30, 0, 0, time.UTC)
	const openid = "oFollower-0000000000000000001"
	follow := func(f follower.Follower) {
		t.Helper()
		f.EventTime = at
		if _, _, err := store.Follow(ctx, f, follower.Session{EstablishedAt: at, EventTime: at}); err != nil {
			t.Fatal(err)
		}
	}
	follow(follower.Follower{OpenID: openid, State: follower.Complete, Profile: follower.Profile{
		UnionID: "oUnion", Language: "zh_CN", Scene: "ADD_SCENE_QR_CODE", QRScene: "spring", Remark: "=老朋友",
		Tags: []int{2, 128}, SubscribedAt: at,
	}})
	follow(follower.Follower{OpenID: "oGone", State: follower.Complete})
	if err := store.Unfollow(ctx, "oGone", at, time.Now().Add(follower.TombstoneFor)); err != nil {
		t.Fatal(err)
	}

	const header = "\ufeffopenid,unionid,subscribed_at,scene,qr_scene,language,remark,tags,profile\n"
	const row = openid + ",oUnion,2026-11-02T00:30:00+08:00,ADD_SCENE_QR_CODE,spring,zh_CN,'=老朋友,2|128,complete\n"
	const line = `{"openid":"` + openid + `","unionid":"oUnion","subscribed_at":"2026-11-02T00:30:00+08:00",` +
		`"scene":"ADD_SCENE_QR_CODE","qr_scene":"spring","language":"zh_CN","remark":"=老朋友","tags":[2,128],"profile":"complete"}` + "\n"
	wantRun(t, 0, header+row, "Followers exported: 1\n", "followers", "export", "--stack", stack)
	wantRun(t, 0, line, "Followers exported: 1\n", "followers", "export", "--table", table, "--format", "jsonl")
	file := filepath.Join(t.TempDir(), "followers.jsonl")
	wantRun(t, 0, "", "Followers exported: 1\n", "followers", "export", "--stack", stack, "--format", "jsonl", "-o", file)
	if got, err := os.ReadFile(file); err != nil || string(got) != line {
		t.Errorf("the file holds %q, error %v", got, err)
	}

	shown, stderr, status := guanzhu(t, "", "followers", "show", "--stack", stack, openid)
	if status != 0 || stderr != "" || !strings.Contains(shown, `"remark": "=老朋友"`) || !strings.Contains(shown, `"established_at": "`) {
		t.Errorf("status %d, %s\n%s", status, stderr, shown)
	}
	wantRun(t, 1, "", "this is no follower's openid", "followers", "show", "--table", table, "oGone")
	wantRun(t, 1, "", "this is no follower's openid", "followers", "delete", "--stack", stack, "--yes", "oGone")
	wantRun(t, 1, "", "with --yes", "followers", "delete", "--stack", stack, openid)
	wantRun(t, 0, header+row, "Followers exported: 1\n", "followers", "export", "--stack", stack)
	wantRun(t, 0, "Follows since 2026-11-02 00:30:00 (China time). Profile: complete.\n"+
		"Deleted. Suggestions and the table's backups are not: see guanzhu followers delete --help.\n", "",
		"followers", "delete", "--stack", stack, "--yes", openid)
	wantRun(t, 0, header, "Followers exported: 0\n", "followers", "export", "--stack", stack)
	wantRun(t, 1, "", "this is no follower's openid", "followers", "delete", "--stack", stack, "--yes", openid)
	follow(follower.Follower{OpenID: openid, State: follower.Complete}) // a push that comes late
	wantRun(t, 0, header, "Followers exported: 0\n", "followers", "export", "--stack", stack)
}

// TestFollowersOfPages exports more than a page.
func TestFollowersOfPages(t *testing.T) {
	t.Parallel()
	stack, _, store := records(t)
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	const followers = 300 // with their sessions 600 records; a page has 500
	want := map[string]int{}
	for n := range followers {
		f := follower.Follower{OpenID: fmt.Sprintf("oFollower-%03d", n), State: follower.Complete, EventTime: time.Now()}
		if _, _, err := store.Follow(ctx, f, follower.Session{EstablishedAt: f.EventTime, EventTime: f.EventTime}); err != nil {
			t.Fatal(err)
		}
		want[fmt.Sprintf(`{"openid":"oFollower-%03d","profile":"complete"}`, n)] = 1
	}
	stdout, stderr, status := guanzhu(t, "", "followers", "export", "--stack", stack, "--format", "jsonl")
	got := map[string]int{}
	for line := range strings.Lines(stdout) {
		got[strings.TrimSuffix(line, "\n")]++
	}
	if diff := cmp.Diff(want, got); status != 0 || stderr != "Followers exported: 300\n" || diff != "" {
		t.Errorf("status %d, standard error %q, exported (-want +got):\n%s", status, stderr, diff)
	}
}

func TestSuggestions(t *testing.T) {
	t.Parallel()
	stack, table, store := records(t)
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	now := time.Now()
	line := func(s follower.Suggestion) string {
		return s.Key() + "  " + s.At.In(time.FixedZone("UTC+8", 8*60*60)).Format(time.DateTime)
	}
	suggest := func(ago time.Duration, msgID uint64, text string) follower.Suggestion {
		t.Helper()
		s := follower.Suggestion{At: now.Add(-ago), MsgID: msgID, FollowerHash: "9f86d081884c7d65", Text: text}
		s.ExpiresAt = s.At.Add(follower.SuggestionFor)
		if _, err := store.AddSuggestion(ctx, s); err != nil {
			t.Fatal(err)
		}
		return s
	}
	const day = 24 * time.Hour
	recent := suggest(time.Minute, 3, "@新的\x1b[31m\n第二行")
	older := suggest(100*day, 2, "@old")
	expired := suggest(181*day, 1, "@expired")

	const recentText, olderText = "    @新的\\x1b[31m\n    第二行\n\n", "    @old\n\n"
	wantRun(t, 0, line(older)+"\n"+olderText+line(recent)+"\n"+recentText, "2 not handled yet, 0 handled.\n",
		"suggestions", "--stack", stack)
	wantRun(t, 0, older.Key()+"  handled\n", "", "suggestions", "handled", "--stack", stack, older.Key())
	wantRun(t, 0, line(recent)+"\n"+recentText, "1 not handled yet, 1 handled.", "suggestions", "--table", table)
	wantRun(t, 0, line(older)+"  handled\n"+olderText+line(recent)+"\n"+recentText, "1 not handled yet, 1 handled.",
		"suggestions", "--stack", stack, "--all")
	month := older.At.In(time.FixedZone("UTC+8", 8*60*60)).Format("2006-01")
	wantRun(t, 0, line(older)+"  handled\n"+olderText, "0 not handled yet, 1 handled.\n",
		"suggestions", "list", "--stack", stack, "--all", "--month", month)

	other := recent
	other.MsgID++
	wantRun(t, 1, expired.Key()+"  not found\n"+other.Key()+"  not found\n", "not all were found",
		"suggestions", "handled", "--stack", stack, expired.Key(), other.Key())
	wantRun(t, 0, line(recent)+"\n"+recentText, "1 not handled yet, 1 handled.", "suggestions", "--stack", stack)
	wantRun(t, 80, "", "id 2 of 2 is not the id of a suggestion", "suggestions", "handled", "--stack", stack, recent.Key(), "1#2")
	wantRun(t, 0, line(recent)+"\n"+recentText, "1 not handled yet, 1 handled.", "suggestions", "--stack", stack)
}

// TestRestore restores the table to an earlier time, as docs/operations.md has it, and puts back what was lost since.
func TestRestore(t *testing.T) {
	t.Parallel()
	stack, table, store := records(t)
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	at := time.Now().Add(-time.Hour).Truncate(time.Second)
	follow := func(openid string, at time.Time) {
		t.Helper()
		f := follower.Follower{OpenID: openid, State: follower.Complete, EventTime: at}
		if _, _, err := store.Follow(ctx, f, follower.Session{EstablishedAt: at, EventTime: at}); err != nil {
			t.Fatal(err)
		}
	}
	for _, openid := range []string{"oLost", "oStays", "oUnfollows"} {
		follow(openid, at)
	}
	suggestion := follower.Suggestion{At: at, MsgID: 1, FollowerHash: "9f86d081884c7d65", Text: "@lost",
		ExpiresAt: at.Add(follower.SuggestionFor)}
	if _, err := store.AddSuggestion(ctx, suggestion); err != nil {
		t.Fatal(err)
	}
	db := dynamodb.NewFromConfig(config(t), func(o *dynamodb.Options) { o.BaseEndpoint = aws.String(moto(t)) })
	_, err := db.RestoreTableToPointInTime(ctx, &dynamodb.RestoreTableToPointInTimeInput{
		SourceTableName: &table, TargetTableName: aws.String(table + "-restored"), UseLatestRestorableTime: aws.Bool(true),
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, pk := range []string{"oLost", "suggestions#" + at.In(wechat.ChinaTime).Format("2006-01")} { // an accident
		out, err := db.Query(ctx, &dynamodb.QueryInput{TableName: &table, KeyConditionExpression: aws.String("pk = :pk"),
			ExpressionAttributeValues: map[string]types.AttributeValue{":pk": &types.AttributeValueMemberS{Value: pk}}})
		if err != nil {
			t.Fatal(err)
		}
		for _, item := range out.Items {
			key := map[string]types.AttributeValue{"pk": item["pk"], "sk": item["sk"]}
			if _, err := db.DeleteItem(ctx, &dynamodb.DeleteItemInput{TableName: &table, Key: key}); err != nil {
				t.Fatal(err)
			}
		}
	}
	if err := store.Unfollow(ctx, "oUnfollows", at.Add(time.Minute), time.Now().Add(follower.TombstoneFor)); err != nil {
		t.Fatal(err)
	}

	wantRun(t, 0, "Of 3 followers, 1 were put back. The others are in the table or have unfollowed since then.\nSuggestions in the table: 1\n", "",
		"restore", "--from", table+"-restored", "--stack", stack)
	for openid, want := range map[string]error{"oLost": nil, "oStays": nil, "oUnfollows": follower.ErrNotFound} {
		if _, _, err := store.Lookup(ctx, openid); !errors.Is(err, want) {
			t.Errorf("%s: error %v, want %v", openid, err, want)
		}
	}
	wantRun(t, 0, suggestion.Key()+"  "+at.In(time.FixedZone("UTC+8", 8*60*60)).Format(time.DateTime)+"\n    @lost\n\n",
		"1 not handled yet", "suggestions", "--stack", stack)
	wantRun(t, 1, "", "there is no such table", "restore", "--from", "nowhere", "--stack", stack)
	wantRun(t, 1, "", "--from is the present table itself", "restore", "--from", table, "--stack", stack)
}

// TestNoStack is what a wrong name is answered.
func TestNoStack(t *testing.T) {
	t.Parallel()
	wantRun(t, 1, "", "there is no stack nowhere in us-east-1", "suggestions", "--stack", "nowhere")
	const noTable = "there is no such table: check its name"
	wantRun(t, 1, "", noTable, "followers", "export", "--table", "nowhere", "--format", "jsonl")
	wantRun(t, 1, "", noTable, "followers", "delete", "--table", "nowhere", "--yes", "oSomeone")
	wantRun(t, 1, "", noTable, "suggestions", "--table", "nowhere")
	wantRun(t, 1, "", noTable, "suggestions", "handled", "--table", "nowhere", "1795136400#24567#9f86d081884c7d65")
}
