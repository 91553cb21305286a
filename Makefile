# The tasks of this project. `make help` lists them; .ci/run calls the same targets.

SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
MAKEFLAGS += --no-print-directory --no-builtin-rules
.NOTPARALLEL:

# Settings for the command line: make test SWIFTFLAGS="-j 1", make soak MINUTES=60, make bench BENCHFLAGS="--stage parse",
# make bench-compare BENCHFLAGS="--only single latency", make crashes POINTS=1000000, make fuzz SECONDS=600,
# make client-kills KILLS=1000, make install PREFIX=/usr/local
SWIFTFLAGS ?=
PYTESTFLAGS ?=
BENCHFLAGS ?=
SOAKFLAGS ?=
MINUTES ?= 5
KILLS ?= 200
PAIRS ?= 1000000
POINTS ?= 100000
SECONDS ?= 60
FUZZFLAGS ?=
CRASHFLAGS ?=
DESTDIR ?=
PREFIX ?= /usr
SYSCONFDIR ?= /etc

# The build of everything for production, so that what programs share is built once. Swift's own libraries are linked
# statically: the programs run without a toolchain. lld does not warn about an unused function of Foundation. The rest
# is hardening: no writable table of functions, no search path for libraries, and C and C++ with checked calls, stack
# protection and marked jump targets.
HARDENED := -D_FORTIFY_SOURCE=2 -fstack-protector-strong $(if $(filter x86_64,$(shell uname -m)),-fcf-protection)
RELEASE_BUILD := swift build -c release --static-swift-stdlib --disable-local-rpath \
	-Xswiftc -use-ld=lld -Xlinker -z -Xlinker now \
	$(foreach flag,$(HARDENED),-Xcc $(flag) -Xcxx $(flag))

PROGRAMS := touchpointd touchpointctl touchpoint-send
SWIFT_SOURCES := Package.swift Sources Tests Benchmarks
VENV := .build/venv
LAKE_VENV := .build/lake
RELEASE := .build/release
PYTHON_CLIENT := clients/python
STEP := scripts/step
BENCH := .build/bench
TEST_PACKAGES := prometheus libczmq4 nginx-light haproxy caddy curl nghttp2-client openssl chromium chromium-driver \
	slowhttptest testssl.sh wrk
FAULT_PACKAGES := strace xfsprogs e2fsprogs eatmydata
# Required by the programs and recipes of the pages: Java's client, Spark, and jq.
PAGE_PACKAGES := default-jdk-headless libjeromq-java jq
# Required by the tests of the installation: readelf and strip, network and mount namespaces, a system to boot.
INSTALL_PACKAGES := binutils iproute2 util-linux systemd-container
# The end-to-end tests that run with the other engine, too: those that send to a source over ZeroMQ.
OTHER_ENGINE := clients clock connections control dealer dedup descriptors envelopes history interop kill \
	many_partitions push_pull quarantine second_daemon send start sub
COMPARED := $(addprefix $(BENCH)/,sender bare_pull bare_parts bare_fdatasync idle_connections)
COMPARED_PACKAGES := g++ rsyslog rsyslog-czmq redis-server redis-tools postgresql-15 wrk nginx-light

##@ Start
help: ## List what there is to do
	@awk 'BEGIN { FS = ":.*## " } \
		/^##@ / { printf "\n%s\n", substr($$0, 5) } \
		/^[a-z][a-z0-9-]*:.*## / { printf "  %-16s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

setup: ## Check the Swift toolchain, install the missing system libraries (Debian)
	@scripts/setup

build: setup ## Build the three programs for production, into .build/release
	@for program in $(PROGRAMS); do \
		$(STEP) "Building $$program (release)" $(RELEASE_BUILD) $(SWIFTFLAGS) --product $$program; \
	done

run: build venv ## Start a collector on loopback, send it sample events, show what comes out
	@scripts/setup curl
	@scripts/demo

##@ Check
test: setup debug build venv gates crashes clients ## Run all tests: units, gates, crashes, the real programs end to end
	@$(STEP) --show '^. Test run|^house:' "Running the unit tests" swift test --skip-build --no-parallel $(SWIFTFLAGS)
	@scripts/setup $(PAGE_PACKAGES) $(TEST_PACKAGES) $(INSTALL_PACKAGES)
	@echo "==> Running the end-to-end tests against $(RELEASE)"
	@TOUCHPOINT_BIN=$(CURDIR)/$(RELEASE) $(VENV)/bin/python -B -m pytest Tests/EndToEnd $(PYTESTFLAGS)
	@echo "==> Running the end-to-end tests with libzmq as the sources' engine"
	@TOUCHPOINT_ENGINE=libzmq TOUCHPOINT_BIN=$(CURDIR)/$(RELEASE) $(VENV)/bin/python -B -m pytest \
		$(OTHER_ENGINE:%=Tests/EndToEnd/test_%.py) $(PYTESTFLAGS)
	@echo "==> Running the tests of the client for Python"
	@TOUCHPOINT_BIN=$(CURDIR)/$(RELEASE) $(VENV)/bin/python -B -m pytest $(PYTHON_CLIENT)/tests $(PYTESTFLAGS)
	@$(MAKE) faults

# `TOUCHPOINT_ENGINE=libzmq make faults` runs them with the other engine.
# Without root, tests that need loop devices are left out, and the run reports that at its end.
faults: build venv ## Cut the power, kill, fail calls, fill the disk: the real daemon on real file systems (root)
	@((EUID != 0)) || scripts/setup $(FAULT_PACKAGES)
	@echo "==> Running the fault tests against $(RELEASE) (some 3 minutes)"
	@TOUCHPOINT_BIN=$(CURDIR)/$(RELEASE) $(VENV)/bin/python -B -m pytest Tests/Faults $(PYTESTFLAGS)

clients: venv ## Check the types of the client for Python, build its wheel into .build/clients, install that once
	@$(STEP) "Checking the types of the client for Python" $(VENV)/bin/mypy --config-file $(PYTHON_CLIENT)/pyproject.toml \
		--cache-dir .build/mypy $(PYTHON_CLIENT)/src
	@$(STEP) "Building the wheel of the client for Python" scripts/client-wheel $(PYTHON_CLIENT) .build/clients

check: lint floors house ## Everything that needs no running program: lint, floors, house rules

lint: ## Check the formatting of all Swift sources
	@$(STEP) "Checking the formatting" \
		swift format lint --strict --recursive --parallel $(wildcard $(SWIFT_SOURCES))

format: ## Format all Swift sources in place
	@$(STEP) "Formatting" swift format --in-place --recursive --parallel $(wildcard $(SWIFT_SOURCES))

# This is also the debug build of the tests, so that nothing is built twice. The compiler prints "Build complete!"
# even if an import is not declared; only the exit code shows it.
floors: debug ## Refuse imports of targets that the manifest does not grant

debug: setup ## Build programs and tests for debugging, with every import checked
	@$(STEP) "Building for debugging, with imports checked against the manifest" \
		swift build --build-tests --explicit-target-dependency-import-check error $(SWIFTFLAGS)

house: debug ## Hold the sources against the rules of the house
	@$(STEP) --show '^. Test run|^house:' "Checking the house rules" \
		swift test --skip-build --filter HouseTests $(SWIFTFLAGS)

crashes: crash-explorer ## Crash a collector on a simulated disk at POINTS (100000) moments, and damage files
	@echo "==> Exploring crashes"
	@$(RELEASE)/crash-explorer --points $(POINTS) $(CRASHFLAGS)

# Built into the programs' folder, so that what they share is built once.
crash-explorer: setup ## Build the program that explores crashes, into .build/release
	@export TOUCHPOINT_SIMULATION=1; \
	$(STEP) "Building the crash explorer (release)" $(RELEASE_BUILD) $(SWIFTFLAGS) --product crash-explorer

gates: build stage-bench ## Count what the hot path does: instructions, allocations, reference counts
	@scripts/setup valgrind binutils
	@$(STEP) "Checking that the check of the hot loops sees" scripts/hot-loops --self-test $(RELEASE)/touchpointd
	@$(STEP) --show 'findings$$' "Looking for reference counts and allocations in the hot loops" \
		scripts/hot-loops $(RELEASE)/touchpointd
	@echo "==> Comparing with the thresholds in Benchmarks/gates.json"
	@python3 -B Benchmarks/gates/gates.py --programs $(RELEASE) --bench $(RELEASE)/stage-bench

gates-update: stage-bench ## Write the thresholds of the gates as they are counted now
	@scripts/setup valgrind binutils
	@python3 -B Benchmarks/gates/gates.py --update --bench $(RELEASE)/stage-bench

##@ Long runs
tsan: setup ## Run the tests of concurrency under ThreadSanitizer
	@export TSAN_OPTIONS=suppressions=$(CURDIR)/Tests/tsan-suppressions.txt; \
	$(STEP) --show '^. Test run' "Running the stress tests under ThreadSanitizer" \
		swift test --no-parallel --sanitize=thread --scratch-path .build-tsan $(SWIFTFLAGS) \
		--filter '(Ring|Pipeline|IdentityWindow)StressTests'

fuzz: fuzzer ## Feed random bytes to all readers of foreign bytes, for SECONDS (60) each (FUZZFLAGS="frames curve")
	@echo "==> Fuzzing for $(SECONDS) s a target"
	@scripts/fuzz .build-fuzz/release/fuzz $(SECONDS) $(FUZZFLAGS)

# In a folder of its own: everything is built once more, with counters of what was run.
fuzzer: setup ## Build the program that feeds random bytes, into .build-fuzz/release
	@export TOUCHPOINT_FUZZ=1; \
	$(STEP) "Building the fuzz targets (release)" swift build -c release -Xswiftc -use-ld=lld \
		-Xswiftc -sanitize=fuzzer -Xswiftc -enable-testing --scratch-path .build-fuzz $(SWIFTFLAGS) --product fuzz

bench: stage-bench ## Measure each stage of an event's way, and the ring against its alternatives
	@$(RELEASE)/stage-bench $(BENCHFLAGS)

# Built into the programs' folder, so that what they share is built once.
stage-bench: setup ## Build the benchmarks of the stages, into .build/release
	@export TOUCHPOINT_BENCHMARKS=1; \
	$(STEP) "Building the benchmarks (release)" $(RELEASE_BUILD) $(SWIFTFLAGS) --product stage-bench

bench-compare: build ## Measure the daemon beside its bare parts, rsyslog, Redis, PostgreSQL and nginx, which it installs
	@scripts/setup $(COMPARED_PACKAGES)
	@$(STEP) "Building the programs to compare with" $(MAKE) $(COMPARED)
	@echo "==> Comparing (some 12 minutes)"
	@python3 -B Benchmarks/compare/compare.py --bin $(RELEASE) $(BENCHFLAGS)

$(BENCH)/%: Benchmarks/compare/%.c
	@mkdir -p $(@D)
	cc -O2 -Wall -Wextra -o $@ $< -lzmq -lz

$(BENCH)/%: Benchmarks/compare/%.cpp
	@mkdir -p $(@D)
	c++ -std=c++17 -O2 -Wall -Wextra -o $@ $< -lzmq -lisal -lz -lsimdjson

bench-questions: build ## Measure the questions behind the defaults, some ten minutes (BENCHFLAGS="--only NAME")
	@python3 -B Benchmarks/questions/questions.py --bin $(RELEASE) $(BENCHFLAGS)

soak: build venv ## Mix loads and faults by dice for MINUTES (5), then POINTS simulated crashes; record the run (root)
	@scripts/setup $(FAULT_PACKAGES)
	@echo "==> Mixing loads and faults for $(MINUTES) minutes"
	@$(VENV)/bin/python -B Tests/Faults/soak.py --programs $(RELEASE) --minutes $(MINUTES) --points $(POINTS) \
		--record docs/reliability-record.md $(SOAKFLAGS)

client-kills: build venv ## Kill collector and client for Python KILLS (200) times each, under load
	@echo "==> Killing $(KILLS) times"
	@TOUCHPOINT_KILLS=$(KILLS) TOUCHPOINT_BIN=$(CURDIR)/$(RELEASE) $(VENV)/bin/python -B -m pytest -rP --show-capture=stdout \
		$(PYTHON_CLIENT)/tests/test_kills.py $(PYTESTFLAGS)

# Its kills are 50, or TOUCHPOINT_KILLS.
lake-test: build $(LAKE_VENV)/.complete ## Test lake/compact.py with real collectors, DuckDB and Spark (some 6 minutes)
	@scripts/setup default-jdk-headless
	@$(STEP) "Checking the types of the job" $(LAKE_VENV)/bin/mypy --config-file lake/mypy.ini --cache-dir .build/mypy
	@echo "==> Testing lake/compact.py"
	@TOUCHPOINT_BIN=$(CURDIR)/$(RELEASE) $(LAKE_VENV)/bin/python -B -m pytest Tests/Lake $(PYTESTFLAGS)

schema-pairs: build venv ## Compare PAIRS (1000000) verdicts of `touchpointctl plan validate` with another implementation's
	@echo "==> Comparing verdicts"
	@TOUCHPOINT_PAIRS=$(PAIRS) TOUCHPOINT_BIN=$(CURDIR)/$(RELEASE) $(VENV)/bin/python -B -m pytest -rP --show-capture=stdout \
		Tests/EndToEnd/test_plan_schemas.py $(PYTESTFLAGS)

##@ Else
venv: $(VENV)/.complete ## Make the Python environment of the tests of whole programs

$(VENV)/.complete: Tests/Harness/requirements.txt Tests/Harness/sdks.txt
	@$(STEP) "Making the Python environment in $(VENV)" scripts/venv $(VENV) $<
	@$(STEP) "Installing clients of other projects in $(VENV)/sdk" scripts/sdks $(VENV) Tests/Harness/sdks.txt
	@touch $@

$(LAKE_VENV)/.complete: lake/requirements.txt Tests/Lake/requirements.txt
	@$(STEP) "Making the Python environment in $(LAKE_VENV)" scripts/venv $(LAKE_VENV) Tests/Lake/requirements.txt
	@touch $@

# It needs no toolchain, and builds nothing: run as root, a build would leave root's files in the tree.
install: ## Install what `make build` has built, with configuration, unit and user, below DESTDIR and PREFIX (/usr)
	@scripts/install "$(DESTDIR)" "$(PREFIX)" "$(SYSCONFDIR)" $(RELEASE) $(PROGRAMS)

recording: build venv ## Record the demonstration of `make run` as docs/images/demo.svg
	@scripts/setup asciinema termtosvg
	@$(STEP) --show 'recorded to' "Recording the demonstration" scripts/recording docs/images/demo.svg

screenshots: build venv ## Picture the test page of browsers as docs/images/browser.png
	@scripts/setup chromium chromium-driver
	@$(STEP) --show '^made ' "Picturing the page" $(VENV)/bin/python -B Tests/Harness/screenshots.py $(RELEASE) docs/images

chart: ## Draw docs/images/rates.svg from the most recent result of the comparison
	@python3 -B Benchmarks/compare/chart.py

loc: ## Count the lines of code
	@scripts/loc

clean: ## Remove everything that was built
	rm -rf .build .build-tsan .build-fuzz

.PHONY: help setup build run test faults check lint format floors debug house crashes crash-explorer gates \
	gates-update tsan fuzz fuzzer bench stage-bench bench-compare bench-questions soak clients client-kills lake-test schema-pairs venv install \
	recording screenshots chart loc clean
