// Package media holds the pictures, sounds and videos that account.yaml names with file. Put them beside this file.
//
// Only the programs that publish them contain them: the function menu and the command line. The other functions know their media_ids.
package media

import "embed"

// Files are all files of this folder.
//
//go:embed *
var Files embed.FS
