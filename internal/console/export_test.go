package console

import "github.com/guanzhu/guanzhu/internal/replies"

// SetAssistant replaces the assistant that asks a language model.
func (c *Config) SetAssistant(a replies.Assistant) { c.assistant = a }
