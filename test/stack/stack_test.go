// Package stack looks at the template as AWS transforms it, and runs the functions as they are deployed, on the real
// parts around them: AWS's runtime interface emulator, the SAM CLI with its containers, and DynamoDB Local. Only the
// WeChat platform is simulated.
//
// `make test-stack` and `make test-sam-local` run it. A test whose part is not there is skipped and says what it needs; with
// GUANZHU_REQUIRE_STACK=1 it fails.
package stack

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/json"
	"os"
	"os/exec"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/feature/dynamodb/attributevalue"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/goccy/go-yaml"
	"github.com/google/go-cmp/cmp"

	owner "github.com/guanzhu/guanzhu/account"
	"github.com/guanzhu/guanzhu/internal/autoreply"
	"github.com/guanzhu/guanzhu/pkg/wechat"
	"github.com/guanzhu/guanzhu/pkg/wechattest"
	"github.com/guanzhu/guanzhu/test/localdb"
)

// root is the repository's top folder.
const root = "../.."

// The variables that name the parts.
const (
	dynamoDB  = "GUANZHU_TEST_DYNAMODB" // URL of DynamoDB Local
	emulator  = "GUANZHU_RIE"           // path of AWS's runtime interface emulator
	amazonSQS = "GUANZHU_TEST_AWS"      // URL of moto's server
	samCLI    = "GUANZHU_SAM"           // path of the SAM CLI
	samLocal  = "GUANZHU_SAM_LOCAL"     // URL of sam local start-api
)

// part returns the value of the variable that names a part of the stack.
func part(t *testing.T, name string) string {
	t.Helper()
	value := os.Getenv(name)
	if value != "" {
		return value
	}
	message := map[string]string{
		dynamoDB: "needs DynamoDB Local: run `make test-stack`, or set " + dynamoDB + " to its URL",
		emulator: "needs AWS's runtime interface emulator (aws-lambda-rie, from the GitHub repository " +
			"aws/aws-lambda-runtime-interface-emulator): set " + emulator + " to its path and run `make test-stack`",
		amazonSQS: "needs moto's server (pip install 'moto[server]'): run `make test-stack`, or set " + amazonSQS + " to its URL",
		samCLI:    "needs the SAM CLI: run `make test-stack`, or set " + samCLI + " to the path of sam",
		samLocal:  "needs the SAM CLI and Docker: run `make test-sam-local`",
	}[name]
	if os.Getenv("GUANZHU_REQUIRE_STACK") == "1" {
		t.Fatal(message)
	}
	t.Skip(message)
	return ""
}

// What the SAM CLI gives to containers that have no credentials, so that all see one table even in a DynamoDB Local
// that keeps those of each access key apart.
const (
	region    = "us-east-1"
	accessKey = "defaultkey"
	secretKey = "defaultsecret"
)

// table is a table of its own in DynamoDB Local.
type table struct {
	name string
	db   *dynamodb.Client
}

// createTable makes the table as template.yaml declares it.
func createTable(t *testing.T, endpoint string) table {
	t.Helper()
	db, name := localdb.Client(endpoint), "guanzhu-"+rand.Text()
	if err := localdb.CreateTable(t.Context(), db, name); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
		defer cancel()
		if _, err := db.DeleteTable(ctx, &dynamodb.DeleteTableInput{TableName: &name}); err != nil {
			t.Error(err)
		}
	})
	return table{name, db}
}

// readTemplate is template.yaml as it is written; of its short intrinsic functions only the values are left.
func readTemplate(t *testing.T) (all map[string]any) {
	t.Helper()
	file, err := os.ReadFile(root + "/template.yaml")
	if err != nil {
		t.Fatal(err)
	}
	text, err := yaml.YAMLToJSON(file)
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(text, &all); err != nil {
		t.Fatal(err)
	}
	return all
}

// items returns the stored items under pk, in the order of sk.
func (tab table) items(t *testing.T, pk string) (items []map[string]any) {
	t.Helper()
	out, err := tab.db.Query(t.Context(), &dynamodb.QueryInput{
		TableName:                 &tab.name,
		KeyConditionExpression:    aws.String("pk = :pk"),
		ExpressionAttributeValues: map[string]types.AttributeValue{":pk": &types.AttributeValueMemberS{Value: pk}},
		ConsistentRead:            aws.Bool(true),
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := attributevalue.UnmarshalListOfMaps(out.Items, &items); err != nil {
		t.Fatal(err)
	}
	slices.SortFunc(items, func(a, b map[string]any) int { return strings.Compare(a["sk"].(string), b["sk"].(string)) })
	return items
}

// wantFollower checks the records of a follow at a time, of one whose profile is that of profile.
func (tab table) wantFollower(t *testing.T, openid string, at time.Time) {
	t.Helper()
	got := tab.items(t, openid)
	if len(got) == 2 {
		established, _ := got[1]["established_at"].(float64)
		if now := time.Now().Unix(); int64(established) < now-60 || int64(established) > now {
			t.Errorf("the session is established at %v, now it is %d", got[1]["established_at"], now)
		}
		delete(got[1], "established_at") // by the function's clock
	}
	eventTime := float64(at.Unix())
	want := []map[string]any{
		{
			"pk": openid, "sk": "follower", "openid": openid, "event_time": eventTime, "subscribed_at": eventTime,
			"profile": "complete", "unionid": "uSAMPLE0000000000000000000001", "language": "zh_CN", "tags": []any{2.0},
			"scene": "ADD_SCENE_QR_CODE", "qr_scene": "spring",
		},
		{"pk": openid, "sk": "session", "event_time": eventTime},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("after the follow (-want +got):\n%s", diff)
	}
}

// marshalled is reply as it is to come back for message.
func marshalled(t *testing.T, message []byte, reply wechat.Reply) string {
	t.Helper()
	push, err := wechat.ParsePush(message)
	if err != nil {
		t.Fatal(err)
	}
	return string(wechat.MarshalReply(push.Common(), reply))
}

func ownersAccount(t *testing.T) *autoreply.Account {
	t.Helper()
	a, err := owner.Load()
	if err != nil {
		t.Fatal(err)
	}
	return a
}

// profile is the platform's profile of the follower.
func profile(at time.Time) wechattest.User {
	return wechattest.User{
		UnionID:        "uSAMPLE0000000000000000000001",
		Language:       "zh_CN",
		SubscribedAt:   at,
		Tags:           []int{2},
		SubscribeScene: "ADD_SCENE_QR_CODE",
	}
}

// run runs a command in the top folder and returns what it prints to its standard output.
func run(t *testing.T, env []string, name string, args ...string) []byte {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Minute)
	defer cancel()
	command := exec.CommandContext(ctx, name, args...)
	command.Dir = root
	command.Env = append(os.Environ(), env...)
	var stderr bytes.Buffer
	command.Stderr = &stderr
	out, err := command.Output()
	if err != nil {
		t.Fatalf("%s: %v\n%s%s", command, err, stderr.Bytes(), out)
	}
	return out
}

// output keeps what a running program prints.
type output struct {
	mu  sync.Mutex
	all bytes.Buffer
}

func (o *output) Write(p []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.all.Write(p)
}

func (o *output) String() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.all.String()
}
