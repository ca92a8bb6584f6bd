# A thin front for Meson and the scripts in tools/. `make help` lists what there is.
SHELL := /bin/sh
PREFIX ?= /usr/local
BUILD ?= build
OPTIONS ?=
DEMO ?=
ARGS ?=
SECONDS ?= 10
SERVERS := $(CURDIR)/build/servers
ROLLCALL := $(CURDIR)/build/src/cmd/rollcall

.PHONY: help build run test bench fuzz install setup format clean

help: ## this list
	@echo "rollcall: who is ready when a DNSSEC trust anchor changes"
	@echo
	@sed -n 's/^\([a-z]*\):.*## /  make \1	/p' Makefile | expand -t 18
	@echo
	@echo "  make run DEMO=postponed    the other demonstration; ARGS='--web 127.0.0.1:9000 …' adds options"
	@echo "  make install PREFIX=/usr DESTDIR=/tmp/package"
	@echo "  make fuzz SECONDS=60       seconds for each target; TARGETS='dns_name …' for some of them"

run: ## install what is needed, build, and run the demonstration (DEMO=postponed for the other one)
	@tools/setup run
	@tools/build build
	@tools/fetch_servers '$(SERVERS)' named unbound
	@ROLLCALL_SERVERS='$(SERVERS)' '$(ROLLCALL)' serve --demo $(DEMO) $(ARGS)

build: ## install what is needed, and build below build/
	@tools/setup run
	@tools/build build

test: ## everything: builds, unit and system tests, sanitizers, fuzz corpora, checks of the architecture
	@tools/setup test
	@tools/test --fetch '$(SERVERS)' $(ARGS)

bench: ## speed beside others in the same run: serve (ARGS), observe (OBSERVE='--scale 0.1'), report (REPORT), twins, clock, rehearse
	@tools/setup bench
	@tools/build build-bench -Dbuildtype=release
	@tools/fetch_servers '$(SERVERS)' named nsd knotd clickhouse-server unbound kresd pdns_recursor dnsmasq delv unbound-host drill
	@export ROLLCALL_SERVERS='$(SERVERS)' ROLLCALL='$(CURDIR)/build-bench/src/cmd/rollcall'; missed=0; \
	tests/bench/run $(ARGS) || missed=1; tests/bench/observe --rounds 3 $(OBSERVE) || missed=1; \
	tests/bench/readiness $(REPORT) || missed=1; tests/bench/twins || missed=1; tests/bench/clock || missed=1; \
	tests/bench/rehearse $(REHEARSE) || missed=1; exit $$missed

fuzz: ## every fuzz target with libFuzzer (clang), SECONDS=10 for each
	@tools/setup test
	@SECONDS_EACH='$(SECONDS)' tools/fuzz $(TARGETS)

install: ## build, and install the program and its manual pages (PREFIX, DESTDIR; OPTIONS='-Dtests=disabled' of Meson)
	@tools/build '$(BUILD)' --prefix '$(abspath $(PREFIX))' $(OPTIONS)
	@DESTDIR='$(DESTDIR)' meson install -C '$(BUILD)' --no-rebuild --quiet

setup: ## install all that building and testing need (never a service)
	@tools/setup test

format: ## clang-format every C file in place
	@find src tests tools -name '*.[ch]' -exec clang-format -i {} +

clean: ## remove everything that was built or fetched
	@rm -rf build build-asan build-bench build-fuzz
