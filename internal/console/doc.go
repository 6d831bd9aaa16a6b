// Package console runs an Official Account on a developer's machine: its endpoint and pages as they are deployed, over an
// embedded store and a simulated platform, with one clock for all. It records what happens, and serves a page and a JSON
// API (docs/console.md) that show and steer it.
//
// A push passes the files in this order: act.go makes the follower's message, deliver.go sends it as WeChat does,
// instance.go is the account that answers, record.go and timeline.go keep what happened, and api.go and stream.go show it.
//
// Deployed binaries must not link this package.
package console
