# Thin on purpose: each verb is a line or two. `make demo` and `make test` are all a newcomer needs.
# `TARGET` follows CARGO_TARGET_DIR; the demo and the tests share the dev profile and its output.
TARGET    := $(or $(CARGO_TARGET_DIR),$(CURDIR)/target)
TERMINALS := 4
PAGES     := $(dir $(wildcard dashboards/console/package.json agent/kiosk-ui/package.json))
DISTS     := $(addsuffix dist/index.html,$(PAGES))
export CARGO_TERM_PROGRESS_WHEN ?= never

.PHONY: demo build pages test lint fmt check unit e2e ui advisories packages bench

demo: ## A fleet of displays on this machine, with a console: make demo [TERMINALS=40]
	@deploy/dev/prerequisites.sh demo
	@$(MAKE) --no-print-directory build
	@$(TARGET)/debug/migrado-demo --terminals $(TERMINALS)

build: $(DISTS) ## Pages and programs, for development
	cargo build --quiet --workspace --bins

pages: $(DISTS)
.SECONDEXPANSION:
%/dist/index.html: $$(shell find $$*/src $$*/public $$*/index.html $$*/*.ts $$*/*.json -type f 2>/dev/null)
	cd $* && npm ci --no-audit --no-fund --loglevel=error && npm run --silent build
	@touch $@

test: ## Everything, from a fresh clone; `.ci/run` calls it
	@deploy/dev/prerequisites.sh
	@tests/run.sh

fmt:
	cargo fmt --all
lint:
	tests/run.sh format lint
unit:
	tests/run.sh unit
e2e:
	tests/run.sh e2e
ui:
	tests/run.sh ui

advisories: ## Known flaws, licenses and sources of dependencies; needs the network and builds cargo-deny once
	@command -v cargo-deny >/dev/null || cargo install --quiet --locked cargo-deny
	cargo deny --log-level error check

-include tests/bench/bench.mk deploy/packages.mk
