package goroutines

import (
	"strings"
	"testing"
	"time"
)

func TestLeft(t *testing.T) {
	if left := Left(func() { go func() {}() }); len(left) > 0 {
		t.Errorf("one that ends was left: %v", left)
	}
	patience = 100 * time.Millisecond
	forever := make(chan bool)
	defer close(forever)
	if left := Left(func() { go func() { <-forever }() }); len(left) != 1 || !strings.Contains(left[0], "TestLeft") {
		t.Errorf("one that does not end: %v", left)
	}
}
