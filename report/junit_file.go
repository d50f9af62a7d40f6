package report

import (
	"encoding/xml"
	"fmt"
	"io"
	"strconv"
)

// A JUnit is a file of test results as GitLab, Jenkins and GitHub's actions
// read it.
type (
	JUnit struct {
		XMLName xml.Name     `xml:"testsuites"`
		Name    string       `xml:"name,attr"`
		Time    string       `xml:"time,attr"` // seconds, here and below
		Suites  []JUnitSuite `xml:"testsuite"`
		junitCount
	}
	JUnitSuite struct {
		Name      string `xml:"name,attr"`
		Timestamp string `xml:"timestamp,attr"` // UTC; the schema knows no time zone and no fractions
		Time      string `xml:"time,attr"`
		junitCount
		Properties []JUnitProperty `xml:"properties>property,omitempty"`
		Cases      []JUnitCase     `xml:"testcase"`
		Out        *JUnitText      `xml:"system-out"`
	}
	JUnitProperty struct {
		Name  string `xml:"name,attr"`
		Value string `xml:"value,attr"`
	}
	// A JUnitCase has passed if it has neither Failure, Error nor Skipped.
	JUnitCase struct {
		Class   string     `xml:"classname,attr"`
		Name    string     `xml:"name,attr"`
		File    string     `xml:"file,attr,omitempty"`
		Line    int        `xml:"line,attr,omitempty"`
		Time    string     `xml:"time,attr"`
		Failure *JUnitText `xml:"failure"`
		Error   *JUnitText `xml:"error"`
		Skipped *JUnitText `xml:"skipped"`
	}
	JUnitText struct {
		Message string `xml:"message,attr,omitempty"`
		Type    string `xml:"type,attr,omitempty"`
		Body    string `xml:",cdata"`
	}
	junitCount struct {
		Tests    int `xml:"tests,attr"`
		Failures int `xml:"failures,attr"`
		Errors   int `xml:"errors,attr"`
		Skipped  int `xml:"skipped,attr"`
	}
)

// JUnitTime is the form of Timestamp.
const JUnitTime = "2006-01-02T15:04:05"

// Add appends a suite and counts its cases.
func (j *JUnit) Add(s JUnitSuite) {
	j.Suites = append(j.Suites, s)
	j.add(s.junitCount)
}

// Add appends a case and counts it.
func (s *JUnitSuite) Add(c JUnitCase) {
	s.Cases = append(s.Cases, c)
	n := junitCount{Tests: 1}
	switch {
	case c.Failure != nil:
		n.Failures = 1
	case c.Error != nil:
		n.Errors = 1
	case c.Skipped != nil:
		n.Skipped = 1
	}
	s.add(n)
}

func (c *junitCount) add(n junitCount) {
	c.Tests += n.Tests
	c.Failures += n.Failures
	c.Errors += n.Errors
	c.Skipped += n.Skipped
}

// Write writes the file.
func (j *JUnit) Write(w io.Writer) error {
	data, err := xml.MarshalIndent(j, "", "  ")
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(w, "%s%s\n", xml.Header, data)
	return err
}

// JUnitSeconds prints milliseconds as the schema has it: in seconds, never in
// exponents.
func JUnitSeconds(ms float64) string { return strconv.FormatFloat(ms/1000, 'f', 3, 64) }
