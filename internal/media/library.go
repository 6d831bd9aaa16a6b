package media

import (
	"context"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/guanzhu/guanzhu/pkg/wechat"
)

// Store keeps the record of the published files. Reads see earlier writes. It is safe for concurrent use.
type Store interface {
	// MediaRecord returns the stored record, an empty one if there is none.
	MediaRecord(ctx context.Context) (Record, error)
	// SaveMediaRecord replaces it.
	SaveMediaRecord(ctx context.Context, r Record) error
}

// How long a record is used before it is read again, and how soon at the earliest if a file is missing in it.
const (
	goodFor  = 10 * time.Minute
	askAgain = 30 * time.Second
)

// Library gives replies with files their media_ids. It reads the record when a reply first needs it, and again after ten
// minutes, or after half a minute if a file is missing in it. Other pushes cost no read. It is safe for concurrent use.
type Library struct {
	Store Store
	Now   func() time.Time
	Log   *slog.Logger

	mu     sync.Mutex
	record Record
	readAt time.Time
}

// Complete returns the reply to send to the push p for reply: the chosen one of several, and a file's reply with its media_id. If
// the file is not published, it is fallback (which itself must not need a file), and the log says which command to run.
func (l *Library) Complete(ctx context.Context, p wechat.Push, reply, fallback wechat.Reply) (wechat.Reply, error) {
	reply = chosen(reply, p)
	file, ok := reply.(wechat.FileReply)
	if !ok {
		return reply, nil
	}
	return l.published(ctx, p, file, fallback)
}

// published returns the reply with a file as it is sent to the push p, or fallback if the file is not published.
func (l *Library) published(ctx context.Context, p wechat.Push, file wechat.FileReply, fallback wechat.Reply) (wechat.Reply, error) {
	use := UseOf(file)
	mediaID, err := l.mediaID(ctx, use)
	if err != nil {
		return nil, err
	}
	if mediaID != "" {
		return file.With(mediaID), nil
	}
	l.Log.LogAttrs(ctx, slog.LevelWarn, "file not published",
		slog.String("file", use.Name), slog.String("advice", "run guanzhu publish"))
	if fallback = chosen(fallback, p); isFile(fallback) {
		return nil, nil
	}
	return fallback, nil
}

func chosen(reply wechat.Reply, p wechat.Push) wechat.Reply {
	if several, ok := reply.(wechat.OneOf); ok {
		return several.Choose(p.Common())
	}
	return reply
}

func isFile(reply wechat.Reply) bool {
	_, ok := reply.(wechat.FileReply)
	return ok
}

// mediaID returns the media_id of a file, "" if it is not published.
func (l *Library) mediaID(ctx context.Context, u Use) (string, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	age := l.Now().Sub(l.readAt)
	material, ok := l.record.find(u.Kind, u.Name)
	if ok && age < goodFor || !ok && age < askAgain {
		return material.MediaID, nil
	}
	record, err := l.Store.MediaRecord(ctx)
	if err != nil {
		if ok {
			return material.MediaID, nil // permanent material stays valid
		}
		return "", fmt.Errorf("look up the media_id of a file: %w", err)
	}
	l.record, l.readAt = record, l.Now()
	material, _ = record.find(u.Kind, u.Name)
	return material.MediaID, nil
}
