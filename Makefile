# make test           everything that is checked, from a clean clone: tools, then the tests, then the tables as other programs read them, then
#                     the template, linted and deployed
# make lint           formatting and lints
# make lint-template  the template and what stands in infra/ alone, in a minute
# make athena         the tables as Trino, which Athena is made of, and Spark see them (Java 17, Maven)
# make fuzz           every way in under a fuzzer: MINUTES=30 each, two at a time; TARGET=decoder for one alone (a nightly toolchain, g++)
# make tools          what the tests need beside Rust, into .tools/ (Python 3 and a package index, the first time)

PYTHON ?= python3
VENV := .tools/venv
# Three environments, for their pins contradict each other.
STAMPS := $(VENV)/installed .tools/sam/installed .tools/lint/installed

.PHONY: test lint lint-template tools athena fuzz nightly

# The Rust tests have built the programs that the others start: built by themselves, with fewer features of what they depend on, they would
# take minutes more.
test: tools lint
	cargo test --locked --workspace --quiet
	$(VENV)/bin/pytest -q tests/readers
	$(VENV)/bin/pytest -q -rs tests/deploy

# The lints hold a part of the architecture (ARCHITECTURE.md), so the tests include them where the toolchain has them.
lint:
	@if cargo fmt --version >/dev/null 2>&1 && cargo clippy --version >/dev/null 2>&1; then \
	  cargo fmt --all --check && cargo clippy --locked --workspace --all-targets --quiet -- -D warnings; \
	else echo "SKIPPED: formatting and lints, for this toolchain has no rustfmt or no clippy (rustup component add rustfmt clippy)"; fi

lint-template: tools
	$(VENV)/bin/pytest -q tests/deploy/test_template.py

tools: $(STAMPS)

$(VENV)/installed: tests/tools/requirements.txt
.tools/sam/installed: tests/tools/requirements-sam.txt
.tools/lint/installed: tests/tools/requirements-lint.txt

# Made anew when the pins change. The stamp comes last, so that a broken download is not taken for a finished one.
$(STAMPS):
	@echo "installing test tools into $(@D)"
	@$(PYTHON) -m venv $(@D)
	@$(@D)/bin/pip install --quiet --disable-pip-version-check --requirement $<
	@touch $@

# The tables as Athena's own engine and as Spark see them: not in `make test`, for it needs Java 17 and Maven, fetches 0.8 GB and takes minutes.
athena: tools $(VENV)/athena
	cargo build --locked --workspace --bins --quiet
	$(VENV)/bin/pytest -q -rs tests/athena

$(VENV)/athena: $(VENV)/installed tests/athena/requirements.txt tests/athena/pom.xml
	@echo "installing Trino and Spark into .tools"
	@$(VENV)/bin/pip install --quiet --disable-pip-version-check --requirement tests/athena/requirements.txt
	@mvn --quiet --batch-mode --file tests/athena/pom.xml -Dinto="$(CURDIR)/.tools/trino" package
	@touch $@

# Not in `make test`, which fuzzes for a minute without all this (src/fuzz/minute.rs). What is found lies in fuzz/artifacts.
MINUTES ?= 30
TARGET ?= decoder scalars events settings state manifest
CARGO_FUZZ := $(CURDIR)/.tools/fuzz/bin/cargo-fuzz
# Without a sanitizer of memory: nothing here is `unsafe`, and it is twice as fast.
FUZZ := cargo +nightly fuzz
FUZZ_LIMITS := -max_total_time=$$(( $(MINUTES) * 60 )) -rss_limit_mb=512 -timeout=10 -max_len=65536 -dict=fuzz/dictionary.txt

fuzz: nightly $(CARGO_FUZZ)
	cargo test --locked --quiet -p xledger-spend --lib fuzz::seeds -- --ignored
	PATH="$(dir $(CARGO_FUZZ)):$$PATH" $(FUZZ) build --sanitizer none
	@printf '%s\n' $(TARGET) | PATH="$(dir $(CARGO_FUZZ)):$$PATH" xargs -P 2 -I @ $(FUZZ) run --sanitizer none @ -- $(FUZZ_LIMITS)

nightly:
	@cargo +nightly --version >/dev/null 2>&1 || { echo "MISSING: a nightly toolchain, for the fuzzers' instrumentation (rustup toolchain install nightly --profile minimal)"; exit 1; }
	@c++ --version >/dev/null 2>&1 || { echo "MISSING: a C++ compiler, for libFuzzer (g++ or clang++)"; exit 1; }

$(CARGO_FUZZ):
	cargo install --quiet --locked --version 0.13.2 --root .tools/fuzz cargo-fuzz
