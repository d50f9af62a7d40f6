package main

import (
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"sync"
)

// An outputFile is a file that a result is going to be written to. Until it is
// complete it has no name, or where that cannot be another one, so that nobody
// ever reads half a result, and the result of yesterday stays when today's
// check fails.
type outputFile struct {
	name    string   // as the user gave it
	w       *os.File // open from the start: what cannot be written is found before a frame is sent
	unnamed bool     // it has no name yet, and is gone when it is closed
	temp    string   // its name for now; empty, and not unnamed: w is no regular file and written to directly
	path    string   // its name in the end
}

// unfinished are the names of what is not complete, for a program that ends at
// once to remove.
var unfinished sync.Map

// outputFiles are the files of one run, by the name that the user gave.
type outputFiles map[string]*outputFile

// openOutputs opens the files among the outputs.
func openOutputs(outputs []output) (outputFiles, error) {
	files := make(outputFiles)
	for _, out := range outputs {
		if out.file == "" {
			continue
		}
		f, err := openOutput(out.file)
		if err != nil {
			files.discard()
			return nil, withHint(fmt.Errorf("--output: cannot write %s: %w", out.file, reason(err)), "name a file in a folder that you may write to")
		}
		files[out.file] = f
	}
	return files, nil
}

func openOutput(name string) (*outputFile, error) {
	f := &outputFile{name: name, path: name}
	mode := os.FileMode(0o666) // less the umask
	info, err := os.Stat(name)
	switch {
	case err == nil && info.IsDir():
		return nil, errors.New("it is a folder")
	case err == nil && !info.Mode().IsRegular():
		// /dev/stderr, a named pipe, >(a process): renaming a file over
		// it would destroy it.
		f.w, err = os.OpenFile(name, os.O_WRONLY, 0)
		return f, err
	case err == nil:
		mode = info.Mode().Perm()
		// Replace what a symbolic link leads to, not the link.
		if f.path, err = filepath.EvalSymlinks(name); err != nil {
			return nil, err
		}
	case !errors.Is(err, os.ErrNotExist):
		return nil, err
	}
	temp := fmt.Sprintf("%s.%08x.tmp", f.path, rand.Uint32())
	if f.w, err = openUnnamed(f.path, mode); err == nil {
		f.unnamed = true
	} else {
		f.temp = temp
		unfinished.Store(temp, nil)
		f.w, err = os.OpenFile(temp, os.O_WRONLY|os.O_CREATE|os.O_EXCL, mode)
	}
	if err == nil && info != nil {
		// What it replaces belongs to somebody, and others may be let read it.
		err = f.w.Chmod(mode)
		keepOwner(f.w, info)
	}
	if err != nil {
		f.discard()
	}
	return f, err
}

// write fills the file by render and gives it its name.
func (f *outputFile) write(render func(io.Writer) error) error {
	err := render(f.w)
	if err == nil && f.unnamed {
		// A name can only be given that nothing has: the last step is to
		// rename, as for any other.
		f.temp = fmt.Sprintf("%s.%08x.tmp", f.path, rand.Uint32())
		unfinished.Store(f.temp, nil)
		err = nameIt(f.w, f.temp)
	}
	if cerr := f.w.Close(); err == nil {
		err = cerr
	}
	if err == nil && f.temp != "" {
		err = os.Rename(f.temp, f.path)
	}
	if err != nil {
		f.discard()
		return fmt.Errorf("writing %s: %w", f.name, reason(err))
	}
	unfinished.Delete(f.temp)
	f.temp = ""
	return nil
}

// discard removes what is not complete. After write it does nothing, nor where
// there is no file.
func (f *outputFile) discard() {
	if f == nil {
		return
	}
	f.w.Close()
	if f.temp != "" {
		os.Remove(f.temp)
		unfinished.Delete(f.temp)
		f.temp = ""
	}
}

func (files outputFiles) discard() {
	for _, f := range files {
		f.discard()
	}
}

// reason is what err says without the path in it: the message has it already.
func reason(err error) error {
	if perr, ok := errors.AsType[*os.PathError](err); ok {
		return perr.Err
	}
	if lerr, ok := errors.AsType[*os.LinkError](err); ok {
		return lerr.Err
	}
	return err
}
