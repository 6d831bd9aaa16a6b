package awsjson

import "net/http"

// HTTP returns the client by which c calls.
func (c *Client) HTTP() *http.Client { return c.http }

// URL returns where c calls.
func (c *Client) URL() string { return c.url }
