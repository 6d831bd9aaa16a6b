package console

import owner "github.com/guanzhu/guanzhu/account"

// SetAssistant replaces the assistant that asks a language model.
func (c *Config) SetAssistant(a owner.Assistant) { c.assistant = a }
