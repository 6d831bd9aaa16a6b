package console

import (
	"path/filepath"
	"time"

	"github.com/fsnotify/fsnotify"
)

// settled is how long account.yaml must stay unchanged before it is read: editors write a file in several steps.
const settled = 50 * time.Millisecond

// Watch begins to watch account.yaml, until Close: it is read again whenever it changes. If that is impossible, Watch says so
// on the terminal.
func (c *Console) Watch() {
	if !c.state().Account.Watched {
		return
	}
	watcher, err := fsnotify.NewWatcher()
	if err == nil {
		// Editors replace a file by another, so its folder is watched.
		err = watcher.Add(filepath.Dir(c.config.AccountFile))
	}
	if err != nil {
		c.config.Printf("%s cannot be watched; start the console again after a change: %v\n", c.config.AccountFile, err)
		return
	}
	c.watching.Go(func() {
		c.watch(watcher)
		_ = watcher.Close() // nothing is watched any longer
	})
}

func (c *Console) watch(watcher *fsnotify.Watcher) {
	var changed <-chan time.Time
	for {
		select {
		case e := <-watcher.Events:
			if filepath.Base(e.Name) == filepath.Base(c.config.AccountFile) && e.Op&^fsnotify.Chmod != 0 {
				changed = time.After(settled)
			}
		case <-changed:
			changed = nil
			c.Reload()
		case err := <-watcher.Errors:
			c.config.Printf("A change of %s may have been missed: %v\n", c.config.AccountFile, err)
		case <-c.closed:
			return
		}
	}
}

// Reload reads account.yaml again. If it has mistakes, the last good one stays in use.
func (c *Console) Reload() {
	err := c.loadAccount()
	if err == nil && len(c.state().Account.Mistakes) == 0 {
		err = c.startInstance()
	}
	if err != nil {
		c.mu.Lock()
		c.file.Mistakes = mistakes(err)
		c.mu.Unlock()
	}
	c.changed()
	if len(c.state().Account.Mistakes) == 0 {
		c.publish()
	}
}
