package console

import (
	"context"
	"path/filepath"

	"github.com/fsnotify/fsnotify"
)

// Watch reads account.yaml again whenever it changes, until ctx ends. The error says why that is impossible; the console
// can go on without.
func (c *Console) Watch(ctx context.Context) error {
	c.mu.Lock()
	watched := c.file.Watched
	c.mu.Unlock()
	if !watched {
		<-ctx.Done()
		return nil
	}
	watcher, err := fsnotify.NewWatcher()
	if err != nil {
		return err
	}
	defer func() { _ = watcher.Close() }() // nothing is watched any longer
	// Editors replace a file by another, so its folder is watched.
	if err := watcher.Add(filepath.Dir(c.config.AccountFile)); err != nil {
		return err
	}
	for {
		select {
		case e := <-watcher.Events:
			if filepath.Base(e.Name) == filepath.Base(c.config.AccountFile) && e.Op&^fsnotify.Chmod != 0 {
				c.Reload()
			}
		case err := <-watcher.Errors:
			c.config.Printf("account.yaml is watched no longer: %v\n", err)
		case <-ctx.Done():
			return nil
		}
	}
}

// Reload reads account.yaml again. If it has mistakes, the last good one stays in use.
func (c *Console) Reload() {
	if err := c.loadAccount(); err != nil {
		return // there was a good one before
	}
	if err := c.startInstance(); err != nil {
		c.mu.Lock()
		c.file.Mistakes = mistakes(err)
		c.mu.Unlock()
		c.changed()
		return
	}
	c.publish()
}
