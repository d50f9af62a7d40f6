# GNU make. None of the targets but install needs root.

GO     ?= go
PREFIX ?= /usr/local

STATICCHECK := honnef.co/go/tools/cmd/staticcheck@v0.8.2
GOVULNCHECK := golang.org/x/vuln/cmd/govulncheck@v1.9.0
FUZZTIME    ?= 30s
FUZZJOBS    ?= 2
LOADRUNS    ?= 100
TRUTHS      ?= 1
BENCH       ?= -scale 0.1 -rounds 3

# The version comes from git where git can tell, which it refuses to do in a
# checkout of another user's.
buildvcs = $(shell git status >/dev/null 2>&1 && echo auto || echo false)

.PHONY: help build demo test test-lvs truth race lint fuzz load vuln bench-replay readme install clean

help: ## list the targets
	@sed -n 's/^\([a-z-]*\):.*## /  make \1@/p' $(firstword $(MAKEFILE_LIST)) | awk -F@ '{ printf "%-21s%s\n", $$1, $$2 }'

build: ## build ./arpcheck
	CGO_ENABLED=0 $(GO) build -trimpath -buildvcs=$(buildvcs) -o arpcheck ./cmd/arpcheck

demo: build ## show a leak, its cure and a missing director in a lab of its own
	./arpcheck demo

test: ## run all tests
	$(GO) test -count=1 ./...

test-lvs: ## run arpcheck in a real LVS-DR cluster, in user-mode-linux (3 minutes)
	$(GO) test -tags lvs -count=1 -timeout 15m -v ./scenarios/lvs

truth: ## compare the model with this machine's kernel, TRUTHS (1) times; TRUTH_SEED repeats a walk
	cd scenarios && TRUTH_PART=1 $(GO) test -count=$(TRUTHS) -timeout 0 -run '^TestTruth$$'

race: ## run all tests with the race detector (needs a C compiler)
	CGO_ENABLED=1 $(GO) test -race -count=1 ./...

lint: ## gofmt, go vet, staticcheck, go mod tidy
	@bad=$$(gofmt -l .) && test -z "$$bad" || { gofmt -d .; echo "gofmt -w $$bad" >&2; exit 1; }
	$(GO) vet ./...
	$(GO) run $(STATICCHECK) ./...
	$(GO) vet -tags lvs ./scenarios/lvs
	$(GO) run $(STATICCHECK) -tags lvs ./scenarios/lvs
	$(GO) mod tidy -diff

fuzz: ## run each fuzz target for FUZZTIME (30s), FUZZJOBS (2) at a time
	@grep -r --include='*_test.go' '^func Fuzz' . | sed 's,/[^/]*:func \(Fuzz[A-Za-z]*\).*, \1,' | sort | xargs -P $(FUZZJOBS) -n 2 sh -c ' \
		out=$$($(GO) test -run "^$$" -fuzz "^$$1\$$" -fuzztime $(FUZZTIME) -fuzzminimizetime 20x -parallel 1 $$0 2>&1) || { echo "FAILED $$0 $$1"; echo "$$out"; exit 1; }; \
		echo "ok $$0 $$1: $$(echo "$$out" | grep execs | tail -1)"'

load: ## ask LOADRUNS (100) times on a segment with 300,000 foreign frames a second
	ARPCHECK_LOAD_RUNS=$(LOADRUNS) $(GO) test -count=1 -timeout 0 -run '^TestUnderLoad$$' -v ./cmd/arpcheck

vuln: ## look for known vulnerabilities (needs https://vuln.go.dev, or VULNDB=file:///…)
	$(GO) run $(GOVULNCHECK) $(if $(VULNDB),-db $(VULNDB)) ./...

bench-replay: build ## measure arpcheck replay against cat, tcpdump, tshark and gzip (BENCH="-scale 1 -rounds 7": in full)
	$(GO) run ./capture/benchreplay -program ./arpcheck $(BENCH)

readme: ## write fresh output into README.md, and beside the captures of testdata/pcaps
	$(GO) test -count=1 -run '^TestRecorded$$' ./cmd/arpcheck -update-recorded
	$(GO) test -count=1 -run '^TestREADME' ./cmd/arpcheck -update

install: ## install to PREFIX/bin (/usr/local/bin); as root, grant CAP_NET_RAW
	@test -x arpcheck || $(MAKE) build
	install -D -m 0755 arpcheck $(DESTDIR)$(PREFIX)/bin/arpcheck
	@if [ "$$(id -u)" = 0 ] && [ -z "$(DESTDIR)" ]; then \
		PATH="$$PATH:/usr/sbin:/sbin"; set -x; setcap cap_net_raw+ep $(PREFIX)/bin/arpcheck; \
	else \
		echo "as root: setcap cap_net_raw+ep $(PREFIX)/bin/arpcheck"; \
	fi

clean: ## remove ./arpcheck
	rm -f arpcheck
