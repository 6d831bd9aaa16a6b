package aws

import (
	"context"
	"encoding/json"
	"testing"
	"time"

	"github.com/guanzhu/guanzhu/internal/answers"
	"github.com/guanzhu/guanzhu/internal/conversation"
	"github.com/guanzhu/guanzhu/internal/sqsqueue"
	"github.com/guanzhu/guanzhu/pkg/wechat"
)

// TestAnswers lists and retries two questions whose handler has failed. The follower of the second one has unfollowed.
func TestAnswers(t *testing.T) {
	t.Parallel()
	stack, _, store := records(t)
	cfg := config(t)
	queue, dead := outputs(t, cfg, stack)["AnswersQueueUrl"], outputs(t, cfg, stack)["AnswersDeadLettersUrl"]
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()

	asked := time.Now().Truncate(time.Second)
	var jobs []string
	for n, openid := range []string{"oWaits", "oUnfollowed"} {
		p := &wechat.Text{
			Message: wechat.Message{Head: wechat.Head{FromUserName: openid, CreateTime: asked.Unix()}, MsgID: uint64(n + 1)},
			Content: "a question that nobody must see",
		}
		job := conversation.ID(p)
		jobs = append(jobs, job)
		err := store.ChangeConversation(ctx, openid, asked, func(c *conversation.Conversation) error {
			if _, err := c.Ask(conversation.Question{Text: p, Sorry: "sorry"}, asked); err != nil {
				return err
			}
			_, err := c.Fail(job, asked)
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		if err := sqsqueue.New(cfg, dead, "").Send(ctx, answers.Task{OpenID: openid, Job: job}); err != nil {
			t.Fatal(err)
		}
	}
	if err := store.Unfollow(ctx, "oUnfollowed", asked.Add(time.Second), asked.Add(time.Hour)); err != nil {
		t.Fatal(err)
	}

	for range 2 { // a look changes nothing
		out, stderr, status := guanzhu(t, "", "answers", "failed", "--json", "--stack", stack)
		var list struct {
			Failed []struct {
				Job     string    `json:"job"`
				AskedAt time.Time `json:"asked_at"`
			}
		}
		if err := json.Unmarshal([]byte(out), &list); err != nil || status != 0 || len(list.Failed) != 2 {
			t.Fatalf("answers failed: status %d, %s%s", status, out, stderr)
		}
		for n, q := range list.Failed {
			if q.Job != jobs[n] || !q.AskedAt.Equal(asked) {
				t.Errorf("question %d is %+v, want %s", n, q, jobs[n])
			}
		}
	}
	wantRun(t, 0, "Asked again: 1. Removed because nobody waits for the answer (older than 48 hours, or unfollowed): 1.\n", "",
		"answers", "retry", "--lang", "en", "--stack", stack)
	wantRun(t, 0, "没有处理失败的问题。\n", "", "answers", "failed", "--lang", "zh", "--stack", stack)

	var out struct{ Messages []struct{ Body string } }
	in := map[string]any{"QueueUrl": queue, "MaxNumberOfMessages": 10}
	if err := sqsqueue.NewClient(cfg, "").Call(ctx, "ReceiveMessage", in, &out); err != nil || len(out.Messages) != 1 {
		t.Fatalf("%d messages in the queue, %v", len(out.Messages), err)
	}
	var task answers.Task
	if err := json.Unmarshal([]byte(out.Messages[0].Body), &task); err != nil || task.OpenID != "oWaits" || task.Job != jobs[0] {
		t.Errorf("the queue has %+v, %v", task, err)
	}
	c, err := store.Conversation(ctx, "oWaits")
	if err != nil || !c.Jobs[jobs[0]].Unstarted() {
		t.Errorf("the job is %+v, %v", c.Jobs[jobs[0]], err)
	}
}
