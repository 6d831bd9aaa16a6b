package ai

import "encoding/json"

// RequestBody returns what Ask sends.
func RequestBody(c *Client, q Question) string {
	body, err := json.Marshal(c.request(q))
	if err != nil {
		panic(err)
	}
	return string(body)
}
