# make run · make test · make bench · make help

SHELL := /bin/bash
.DEFAULT_GOAL := help

BUILD ?= release
PORT ?= 8080
HOST ?= 127.0.0.1
STATE ?= ./var
N ?= 1000000
VERSION := 0.1.0

OUT := build/$(BUILD)
CC ?= gcc
PG_INCLUDE := $(shell pg_config --includedir 2>/dev/null || echo /usr/include/postgresql)

WARNINGS := -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wvla -Wformat=2 -Wstrict-prototypes \
	-Wmissing-prototypes -Wno-overlength-strings
DEFINES := -D_GNU_SOURCE
INCLUDES := -Iservice -I$(OUT)/gen -isystem $(PG_INCLUDE)
HARDENING := -fstack-protector-strong -fPIE

FLAGS_release := -O2 -g -D_FORTIFY_SOURCE=2
FLAGS_debug := -O0 -g3
FLAGS_asan := -O1 -g -fno-omit-frame-pointer -fsanitize=address,undefined -fno-sanitize-recover=all -DARENA_WITHOUT_SPARES
FLAGS_tsan := -O1 -g -fno-omit-frame-pointer -fsanitize=thread -DARENA_WITHOUT_SPARES
FLAGS_fuzz := -O1 -g -fno-omit-frame-pointer -fsanitize=fuzzer-no-link,address,undefined -fno-sanitize-recover=all -DARENA_WITHOUT_SPARES
FLAGS := $(FLAGS_$(BUILD))

CFLAGS_ALL := -std=c11 $(WARNINGS) $(DEFINES) $(INCLUDES) $(HARDENING) $(FLAGS) -MMD -MP $(CFLAGS)
LDFLAGS_ALL := -pie -Wl,-z,relro,-z,now $(FLAGS) $(LDFLAGS)

SERVICE_LIBS := -lmicrohttpd -lcurl -lpq -lcrypto -ljansson -lunistring -lz -lpthread
TERMINAL_LIBS := -lcurl -ljansson -lcrypto -lp11
UNIT_LIBS := -lcmocka $(SERVICE_LIBS)

SERVICE_SOURCES := $(wildcard service/*.c service/base/*.c service/rules/*.c service/store/*.c service/trust/*.c \
	service/net/*.c service/cases/*.c service/api/*.c service/jobs/*.c)
TERMINAL_SOURCES := $(wildcard service/terminal/*.c) service/base/calendar.c service/base/clock.c
UNIT_TESTS := $(patsubst tests/unit/%.c,%,$(wildcard tests/unit/test_*.c))
FUZZ_TARGETS := $(patsubst tests/fuzz/fuzz_%.c,%,$(wildcard tests/fuzz/fuzz_*.c))
UNIT_SHARED := $(filter-out tests/unit/test_%,$(wildcard tests/unit/*.c))

objects = $(patsubst %.c,$(OUT)/obj/%.o,$(1))
SERVICE_OBJECTS := $(call objects,$(SERVICE_SOURCES))
# Everything but the subcommands: what a unit test may link.
LIBRARY_OBJECTS := $(call objects,$(filter-out service/%_command.c service/main.c,$(SERVICE_SOURCES)))

.PHONY: help all build torture-tools run fmt clean demo-data deps-test deps-lint \
	test test-unit test-fuzz-corpus test-torture test-system test-sanitizers units fuzz fuzz-corpus \
	lint lint-floors lint-form lint-clang lint-tidy lint-cppcheck lint-contract \
	bench bench-cards bench-import bench-peers profile soak

help: ## this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-16s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

all: build

build: $(OUT)/shikakud $(OUT)/shikaku-terminal ## the service and the terminal, into build/$(BUILD)

$(OUT)/gen/sql_statements.inc: tools/embed_sql.awk $(wildcard service/store/sql/*.sql)
	@mkdir -p $(@D)
	@awk -f tools/embed_sql.awk $(sort $(wildcard service/store/sql/*.sql)) >$@.new && mv $@.new $@

$(OUT)/gen/build_info.h: Makefile
	@mkdir -p $(@D)
	@printf '#define SHIKAKU_VERSION "%s"\n#define OPENAPI_FILE "openapi/openapi.yaml"\n' '$(VERSION)' >$@

GENERATED := $(OUT)/gen/sql_statements.inc $(OUT)/gen/build_info.h

$(OUT)/obj/%.o: %.c $(GENERATED)
	@mkdir -p $(@D)
	$(CC) $(CFLAGS_ALL) -c $< -o $@

$(OUT)/obj/service/api/contract.o: openapi/openapi.yaml

$(OUT)/shikakud: $(SERVICE_OBJECTS)
	$(CC) $(LDFLAGS_ALL) $^ $(SERVICE_LIBS) -o $@

$(OUT)/shikaku-terminal: $(call objects,$(TERMINAL_SOURCES))
	$(CC) $(LDFLAGS_ALL) $^ $(TERMINAL_LIBS) -o $@

$(OUT)/unit/%: $(OUT)/obj/tests/unit/%.o $(call objects,$(UNIT_SHARED)) $(LIBRARY_OBJECTS)
	@mkdir -p $(@D)
	$(CC) $(LDFLAGS_ALL) $^ $(UNIT_LIBS) -o $@

$(OUT)/obj/tests/unit/%.o: INCLUDES += -Itests/unit

$(OUT)/bench/%: $(OUT)/obj/tests/bench/%.o $(LIBRARY_OBJECTS)
	@mkdir -p $(@D)
	$(CC) $(LDFLAGS_ALL) $^ $(SERVICE_LIBS) -o $@

FUZZ_SHARED := $(call objects,tests/fuzz/target.c tests/fuzz/strict_http.c tests/fuzz/der.c tests/fuzz/signer.c \
	tests/unit/authority.c)

$(OUT)/fuzz/replay_%: $(OUT)/obj/tests/fuzz/replay.o $(OUT)/obj/tests/fuzz/fuzz_%.o $(FUZZ_SHARED) $(LIBRARY_OBJECTS)
	@mkdir -p $(@D)
	$(CC) $(LDFLAGS_ALL) $^ $(SERVICE_LIBS) -o $@

$(OUT)/fuzz/fuzz_%: $(OUT)/obj/tests/fuzz/fuzz_%.o $(FUZZ_SHARED) $(LIBRARY_OBJECTS)
	@mkdir -p $(@D)
	$(CC) $(LDFLAGS_ALL) -fsanitize=fuzzer $^ $(SERVICE_LIBS) -o $@

$(addprefix $(OUT)/fuzz/fuzz_,signed_certificate signed_crl): $(call objects,tests/fuzz/der_mutator.c)

$(OUT)/fuzz/make_corpus: $(call objects,tests/fuzz/make_corpus.c) $(FUZZ_SHARED) $(LIBRARY_OBJECTS)
	@mkdir -p $(@D)
	$(CC) $(LDFLAGS_ALL) $^ $(SERVICE_LIBS) -o $@

# The service with arenas that ask for their memory each time, so that each may fail, and the library that makes it fail.
TORTURE_TOOLS := $(OUT)/torture/shikakud $(OUT)/torture/fail.so

$(OUT)/torture/arena.o: service/base/arena.c service/base/arena.h
	@mkdir -p $(@D)
	$(CC) $(CFLAGS_ALL) -DARENA_WITHOUT_SPARES -c $< -o $@

$(OUT)/torture/shikakud: $(OUT)/torture/arena.o $(filter-out %/arena.o,$(SERVICE_OBJECTS))
	$(CC) $(LDFLAGS_ALL) $^ $(SERVICE_LIBS) -o $@

# Without a sanitizer: it stands before the sanitizer's own functions.
$(OUT)/torture/fail.so: tests/torture/fail.c
	@mkdir -p $(@D)
	$(CC) -std=c11 $(WARNINGS) $(DEFINES) -O2 -g -fPIC -shared $< -o $@

-include $(wildcard $(OUT)/obj/*/*.d $(OUT)/obj/*/*/*.d $(OUT)/obj/*/*/*/*.d)

run: ## install, build, start a private database, serve, and perform one real check (HOST, PORT, STATE)
	@HOST="$(HOST)" PORT="$(PORT)" STATE="$(STATE)" MAKE="$(MAKE)" exec tools/run

bench: ## checks against pgbench on the same machine, interleaved (the first time fills 1,000,000 members)
	@tools/install-deps bench
	@$(MAKE) --no-print-directory -s -j$$(nproc) BUILD=release build
	/usr/bin/python3 -B tests/bench/typed_keys.py $(BENCH)

bench-cards: ## checks by card against checks by typed keys, interleaved, and a revocation list of 1,000,000 entries
	@tools/install-deps bench
	@$(MAKE) --no-print-directory -s -j$$(nproc) BUILD=release build build/release/bench/card_load build/release/bench/crl_bench
	/usr/bin/python3 -B tests/bench/cards.py $(BENCH)

bench-import: ## a file of 1,000,000 members over HTTP against a psql script with the same statements (BENCH="--members 100000 --rounds 1" for a look)
	@tools/install-deps bench
	@$(MAKE) --no-print-directory -s -j$$(nproc) BUILD=release build
	/usr/bin/python3 -B tests/bench/imports.py $(BENCH)

profile: ## where a check's time goes, by function and by floor
	@tools/install-deps bench
	@$(MAKE) --no-print-directory -s -j$$(nproc) BUILD=release build
	/usr/bin/python3 -B tests/bench/profile.py $(PROFILE)

bench-peers: ## checks against the same in Fastify + node-postgres and FastAPI + asyncpg, interleaved (BENCH="--members 10000 --quick")
	@tools/install-deps peers
	@cd tests/bench/peer && [ node_modules/.package-lock.json -nt package-lock.json ] || npm ci --ignore-scripts --no-audit --no-fund --silent
	@$(MAKE) --no-print-directory -s -j$$(nproc) BUILD=release build
	/usr/bin/python3 -B tests/bench/peers.py $(BENCH)

demo-data: ## N members for load tests into the database that MIGRATE_URL names
	@demo/fill $(N)

clean: ## everything that was built
	rm -rf build

fmt: ## clang-format in place
	clang-format -i $(shell git ls-files -co --exclude-standard '*.c' '*.h')

# --- Tests. Each part installs what it needs by `deps-test`; they may run side by side.

PYTEST := /usr/bin/python3 -B -m pytest -q -p no:cacheprovider
VECTORS ?= $(if $(wildcard ../shared/vectors),../shared/vectors,tests/unit/vectors)
SUITES := build/suites
export SHIKAKUD := $(CURDIR)/$(OUT)/shikakud
export TERMINAL := $(CURDIR)/$(OUT)/shikaku-terminal

deps-test:
	@tools/install-deps test
	@cd tests/clients/typescript && [ node_modules/.package-lock.json -nt package-lock.json ] || \
		npm ci --ignore-scripts --no-audit --no-fund --silent

test: ## everything: unit, contract, migrations, lint rules, API, terminal, faults
	@$(MAKE) --no-print-directory deps-test
	@$(MAKE) --no-print-directory -s -j$$(nproc) build units torture-tools
	@$(MAKE) --no-print-directory test-unit
	@$(MAKE) --no-print-directory test-fuzz-corpus
	@$(MAKE) --no-print-directory test-system

test-unit: units ## the rules and the small parts, by tables (VECTORS=DIR: another folder with the same columns)
	@failed=0; for test in $(UNIT_TESTS); do \
		VECTORS="$(VECTORS)" $(OUT)/unit/$$test || failed=1; \
	done; exit $$failed

test-fuzz-corpus: $(addprefix $(OUT)/fuzz/replay_,$(FUZZ_TARGETS)) ## what fuzzing starts from and has found, once more (needs no clang)
	@failed=0; for target in $(FUZZ_TARGETS); do \
		$(OUT)/fuzz/replay_$$target tests/fuzz/corpus/$$target || failed=1; \
	done; exit $$failed

SECONDS ?= 60

fuzz: ## each fuzz target for SECONDS, on the address sanitizer (SECONDS=n)
	@tools/install-deps run fuzz
	@$(MAKE) --no-print-directory -s -j$$(nproc) BUILD=fuzz CC=clang $(addprefix build/fuzz/fuzz/fuzz_,$(FUZZ_TARGETS))
	@for target in $(FUZZ_TARGETS); do \
		mkdir -p build/fuzz/corpus/$$target; echo "== $$target ($(SECONDS) s)"; \
		words=tests/fuzz/fuzz_$$target.dict; \
		build/fuzz/fuzz/fuzz_$$target -max_total_time=$(SECONDS) -max_len=16384 -timeout=60 -print_final_stats=1 \
			-verbosity=0 -artifact_prefix=build/fuzz/$$target- $$([ ! -f $$words ] || echo -dict=$$words) build/fuzz/corpus/$$target \
			tests/fuzz/corpus/$$target || exit 1; \
	done

fuzz-corpus: $(OUT)/fuzz/make_corpus ## the anchors and the corpora of tests/fuzz, made anew
	@mkdir -p tests/fuzz/anchors $(addprefix tests/fuzz/corpus/,$(FUZZ_TARGETS))
	@$(OUT)/fuzz/make_corpus tests/fuzz

MINUTES ?= 5

soak: deps-test build ## mixed traffic with faults at random for MINUTES; fails on leak, drift or a lost record (MINUTES=n, SEED=s)
	/usr/bin/python3 -B tests/soak/soak.py --minutes $(MINUTES) $(if $(SEED),--seed $(SEED)) $(SOAK)

units: $(addprefix $(OUT)/unit/,$(UNIT_TESTS))

torture-tools: $(TORTURE_TOOLS)

test-torture: build torture-tools ## each allocation of each kind of request fails once; sockets in small pieces
	@$(PYTEST) tests/torture

test-system: build torture-tools
	@rm -rf $(SUITES) && mkdir -p $(SUITES)
	@failed=0; printf '%s\n' $(SYSTEM_TESTS) | \
		PYTEST="$(PYTEST)" SUITES="$(CURDIR)/$(SUITES)" BUILD="$(BUILD)" xargs -P $(SUITES_AT_ONCE) -n 1 tools/test-suite || failed=1; \
	echo "== every exchange of this run against the contract"; \
	cat $(SUITES)/*.jsonl > $(SUITES)/exchanges 2>/dev/null; \
	[ ! -s $(SUITES)/exchanges ] || /usr/bin/python3 -B tests/contract/exchanges.py $(SUITES)/exchanges || failed=1; \
	echo "== summary ($(BUILD))"; grep -hE '^[0-9]+ (passed|failed|error).* in [0-9]' $(SUITES)/*.log; \
	exit $$failed

# Two at a time, the longest first: most of their time is waiting.
SUITES_AT_ONCE ?= 2
SYSTEM_TESTS ?= tests/api tests/faults tests/migrations tests/torture tests/terminal tests/plans tests/soak tests/contract tests/lint \
	tests/clients

test-sanitizers: ## unit, API and fault tests on address/undefined and thread builds
	@tools/install-deps test
	@for build in asan tsan; do \
		$(MAKE) --no-print-directory -s -j$$(nproc) BUILD=$$build build units torture-tools && \
		$(MAKE) --no-print-directory BUILD=$$build test-unit && \
		$(MAKE) --no-print-directory BUILD=$$build test-fuzz-corpus && \
		$(MAKE) --no-print-directory BUILD=$$build SYSTEM_TESTS="tests/api tests/faults tests/torture" test-system || exit 1; \
	done

# --- Lint: the floors, the form, and what three analysers find.

LINT_FLAGS := -std=c11 $(DEFINES) -Iservice -I$(OUT)/gen -isystem $(PG_INCLUDE)
C_FILES := $(shell find service tests/unit tests/bench tests/fuzz tests/torture -name '*.[ch]' 2>/dev/null)

deps-lint:
	@tools/install-deps lint

lint: deps-lint $(GENERATED) lint-floors lint-form lint-clang lint-tidy lint-cppcheck lint-contract ## floors, form, analysers, the contract

lint-floors: deps-lint
	@tools/lint-floors

lint-form: deps-lint
	@clang-format --dry-run -Werror $(C_FILES) && echo "clang-format: clean"

lint-clang: deps-lint $(GENERATED)
	@for file in $(SERVICE_SOURCES) $(TERMINAL_SOURCES); do \
		clang -fsyntax-only -Werror $(WARNINGS) $(LINT_FLAGS) $$file || exit 1; done; echo "clang: no warnings"

lint-tidy: deps-lint $(GENERATED)
	@printf '%s\n' $(sort $(SERVICE_SOURCES) $(TERMINAL_SOURCES)) | \
		xargs -P $$(nproc) -n 4 sh -c 'clang-tidy --quiet "$$@" -- $(LINT_FLAGS) 2>/dev/null' tidy && \
		echo "clang-tidy: clean"

lint-cppcheck: deps-lint $(GENERATED)
	@cppcheck -q --std=c11 --enable=warning,performance,portability --inline-suppr --error-exitcode=1 \
		--suppress=missingIncludeSystem -D_GNU_SOURCE -Iservice -I$(OUT)/gen service && \
		echo "cppcheck: clean"

lint-contract: deps-lint
	@cd tests && [ -d node_modules/@redocly ] || npm ci --ignore-scripts --no-audit --no-fund --silent
	@cd tests && npm run --silent lint:openapi
