package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"

	"github.com/guanzhu/guanzhu/internal/answers"
	"github.com/guanzhu/guanzhu/internal/sqsqueue"
	"github.com/guanzhu/guanzhu/pkg/wechat"
)

type answersCommand struct {
	Stack  string               `required:"" placeholder:"NAME" help:"Name of the deployed stack (GUANZHU_STACK)." zh:"已部署的堆栈名（GUANZHU_STACK）。"`
	Failed answersFailedCommand `cmd:"" help:"List the questions whose handler has failed three times. They are kept for 14 days." zh:"列出三次都处理失败的问题，保存 14 天。"`
	Retry  answersRetryCommand  `cmd:"" help:"Run the handlers of these questions again. Followers then get the answer after the apology." zh:"重新处理这些问题，关注者会在致歉之后收到回答。"`
}

// answersTime limits each command.
const answersTime = 5 * time.Minute

// deadLetters returns the stack, the configuration of AWS and the questions that have failed.
func (c *answersCommand) deadLetters(ctx context.Context) (stack, aws.Config, *sqsqueue.DeadLetters, error) {
	cfg, err := loadAWS(ctx)
	if err != nil {
		return stack{}, cfg, nil, err
	}
	s, err := describeStack(ctx, cfg, c.Stack)
	if err != nil {
		return s, cfg, nil, err
	}
	url, err := s.output("AnswersDeadLettersUrl")
	if err != nil {
		return s, cfg, nil, err
	}
	return s, cfg, sqsqueue.NewDeadLetters(cfg, url, endpointOf("SQS")), nil
}

type answersFailedCommand struct {
	JSON bool `name:"json" help:"Print the result as JSON." zh:"以 JSON 输出。"`
}

// Run lists the questions.
func (c *answersFailedCommand) Run(parent *answersCommand, lang language) error {
	ctx, cancel := context.WithTimeout(context.Background(), answersTime)
	defer cancel()
	_, _, dead, err := parent.deadLetters(ctx)
	if err != nil {
		return err
	}
	tasks, err := dead.List(ctx)
	if err != nil {
		return err
	}
	if c.JSON {
		return printFailedJSON(os.Stdout, tasks)
	}
	printFailed(os.Stdout, tasks, lang)
	return nil
}

// askedAt returns the time of the question, which begins the job's id.
func askedAt(t answers.Task) time.Time {
	at, _, _ := strings.Cut(t.Job, "#")
	seconds, _ := strconv.ParseInt(at, 10, 64)
	return time.Unix(seconds, 0).In(wechat.ChinaTime)
}

func printFailed(out io.Writer, tasks []answers.Task, lang language) {
	for _, t := range tasks {
		fmt.Fprintf(out, "%s  %s\n", askedAt(t).Format(time.DateTime), t.Job)
	}
	if len(tasks) == 0 {
		fmt.Fprintln(out, lang.say("没有处理失败的问题。", "No question has failed."))
		return
	}
	fmt.Fprintln(out, named(lang.say("%d 个问题处理失败，原因见 answer 函数的日志。排除原因后运行 guanzhu answers retry 重新处理。",
		"Failed questions: %d. The log of the function answer says why. Mend that, then run guanzhu answers retry.", len(tasks))))
}

func printFailedJSON(out io.Writer, tasks []answers.Task) error {
	type question struct {
		Job     string    `json:"job"`
		AskedAt time.Time `json:"asked_at"`
	}
	list := struct {
		Failed []question `json:"failed"`
	}{[]question{}}
	for _, t := range tasks {
		list.Failed = append(list.Failed, question{t.Job, askedAt(t)})
	}
	return printJSON(out, list)
}

type answersRetryCommand struct {
	JSON bool `name:"json" help:"Print the result as JSON." zh:"以 JSON 输出。"`
}

// Run runs the handlers again.
func (c *answersRetryCommand) Run(parent *answersCommand, lang language) error {
	ctx, cancel := context.WithTimeout(context.Background(), answersTime)
	defer cancel()
	s, cfg, dead, err := parent.deadLetters(ctx)
	if err != nil {
		return err
	}
	queue, err := s.output("AnswersQueueUrl")
	if err != nil {
		return err
	}
	table, err := s.output("TableName")
	if err != nil {
		return err
	}
	retried, gone, err := dead.Retry(ctx, openTable(cfg, table), sqsqueue.New(cfg, queue, endpointOf("SQS")))
	if err != nil {
		return err
	}
	if c.JSON {
		return printJSON(os.Stdout, map[string]int{"retried": retried, "gone": gone})
	}
	fmt.Println(lang.say("重新处理 %d 个问题；另有 %d 个已无人等待（超过 48 小时或已取消关注），已移除。",
		"Asked again: %d. Removed because nobody waits for the answer (older than 48 hours, or unfollowed): %d.", retried, gone))
	return nil
}
