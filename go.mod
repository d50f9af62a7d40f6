module github.com/arpcheck/arpcheck

go 1.25.0
