package conversation_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/guanzhu/guanzhu/internal/conversation"
)

// TestMemoryIsBounded: long texts and many turns take a bounded part of the record.
func TestMemoryIsBounded(t *testing.T) {
	t.Parallel()
	var c conversation.Conversation
	now := time.Unix(1_795_391_674, 0)
	for n := range 30 {
		c.Remember(conversation.Turn{
			ID: fmt.Sprint(n), Question: strings.Repeat("问", 10_000), Answer: strings.Repeat("答", 10_000),
		}, 10, now)
	}
	size := 0
	for _, turn := range c.Recent("", 100, now) {
		size += len(turn.Question) + len(turn.Answer)
	}
	if len(c.Turns) != 10 || c.Turns[0].ID != "20" || size > 41_000 {
		t.Errorf("%d turns from %s on, %d bytes", len(c.Turns), c.Turns[0].ID, size)
	}
}

// TestMemoryOfOneQuestion: a question that is answered again replaces its turn, and is not told to itself.
func TestMemoryOfOneQuestion(t *testing.T) {
	t.Parallel()
	var c conversation.Conversation
	now := time.Unix(1_795_391_674, 0)
	c.Remember(conversation.Turn{ID: "1", Question: "甲", Answer: "一"}, 5, now)
	c.Remember(conversation.Turn{ID: "2", Question: "乙", Answer: "二"}, 5, now)
	c.Remember(conversation.Turn{ID: "2", Question: "乙", Answer: "又二"}, 5, now)
	if len(c.Turns) != 2 || c.Turns[1].Answer != "又二" {
		t.Errorf("turns %v", c.Turns)
	}
	if got := c.Recent("2", 5, now); len(got) != 1 || got[0].ID != "1" {
		t.Errorf("before the second question: %v", got)
	}
	if !c.Expires().Equal(now.Add(conversation.For)) {
		t.Errorf("expires %v", c.Expires())
	}
}
