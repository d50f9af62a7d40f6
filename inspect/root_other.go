//go:build !linux

package inspect

import (
	"io/fs"
	"os"
)

// A Root is an [fs.FS] of one folder.
type Root struct{ fs.FS }

// Close does nothing here.
func (Root) Close() error { return nil }

// OpenRoot opens a folder to read the files of another system below it.
func OpenRoot(dir string) (Root, error) { return Root{os.DirFS(dir)}, nil }
