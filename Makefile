# make test           all tests, from a clean clone: the Rust tests, the tables as other programs read them, the template, linted and deployed;
#                     with ALSO=lints the lints beside them, and with COMPILE=1 around a function that SAM compiles, as .ci/run has it
# make check          what most changes break, while they are made: formatting, lints, the tests beside the code and those of payroll, in three
#                     minutes once the dependencies are built; needs nothing but Rust
# make lint           formatting and lints
# make lint-template  the template, what stands in infra/ and what the pages name and tell to type, in two minutes
# make deny           what the dependencies may be: licences, sources, what is banned (deny.toml; cargo-deny)
# make athena         the tables as Trino, which Athena is made of, and Spark see them (a JDK of 17 or later, Maven)
# make page           the report page in a headless Chromium: widths, dark, print, accessibility; screenshots in target/page
# make fuzz           every way in under a fuzzer: MINUTES=30 each, two at a time; TARGET=decoder for one alone (a nightly toolchain, g++)
# make bench          the program beside its peers, into bench/RESULTS.md, in an hour; SIZES=100000 DELAYS=0 ROUNDS=1 for a part, PEERS= for the program alone
# make package        what a release consists of, into target/dist (packaging/README.md): ARCHITECTURES="x86_64 arm64" for both or nothing, TAG=v1.2.3 for a tag
# make package-twice  the same commit packaged in two folders, which must give the same bytes; two builds of a release from nothing
# make tools          what the tests need beside Rust, into .tools/ (Python 3 and a package index, the first time)
# make pins           pins what these tools depend on, after a change of tests/tools/*.txt

# A build from nothing is quicker without what makes the next one quicker.
export CARGO_INCREMENTAL ?= 0
# The integration tests wait for servers more than they work.
export RUST_TEST_THREADS ?= 6
# The tests start the AWS CLI and SAM some hundred times: each start would compile them anew.
unexport PYTHONDONTWRITEBYTECODE

PYTHON ?= python3
UV := .tools/uv/bin/uv
# Its files are linked from here, not copied.
export UV_CACHE_DIR ?= $(CURDIR)/.tools/uv/cache
VENV := .tools/venv
# Four environments, for their pins contradict each other.
STAMPS := $(VENV)/installed .tools/sam/installed .tools/lint/installed .tools/reading/installed

.PHONY: test check deny rust-build rust-tests function deployment readers lints lint lint-template tools pins athena engines page browser fuzz nightly bench
.PHONY: package package-twice package-tools

ALSO ?=

# Side by side, for a build works both cores only in parts and tests wait for servers more than they work. What fails
# stops only what needs it. The Rust tests are seen as they go, the rest as it ends.
test:
	@$(MAKE) --no-print-directory --jobs --keep-going --output-sync=target rust-tests deployment lint-template readers $(ALSO)

# The programs too, which other tests start: built by themselves, they would have fewer features of what they depend on, and take minutes more.
rust-build:
	+@$(ALONE) cargo test --locked --workspace --quiet --no-run

# Some start servers of the tools.
rust-tests: tools rust-build
	+@$(ALONE) cargo test --locked --workspace --quiet --no-fail-fast

# By SAM, around the program that rust-build has made. With COMPILE=1, as .ci/run has it, SAM has it compiled as users do, and all that it depends on once
# more: with fewer features, by another linker.
export COMPILE ?=
function: tools $(if $(COMPILE),,rust-build)
	@$(ALONE) $(VENV)/bin/python tests/deploy/stack.py

# Three files at a time, each with accounts of its own.
deployment: function rust-build
	@FUNCTION_IS_BUILT=1 $(VENV)/bin/pytest -q -rs --numprocesses 3 --dist loadfile tests/deploy $(patsubst %,--ignore=%,$(NOT_DEPLOYED))

readers: tools rust-build
	@$(VENV)/bin/pytest -q -rs tests/readers

# After these, for by then the Rust tests run, and need no cargo any more. What they leave is the lints'. They check each dependency once more, a tenth
# of all that a first `make test` would do, so that they are asked for.
lints: readers
	@nice $(MAKE) --no-print-directory lint

# Without this a cargo would ask make how much it may do at once.
ALONE := env -u MAKEFLAGS -u MFLAGS

# They hold a part of the architecture (ARCHITECTURE.md).
lint:
	@if cargo fmt --version >/dev/null 2>&1 && cargo clippy --version >/dev/null 2>&1; then \
	  cargo fmt --all --check && $(ALONE) cargo clippy --locked --workspace --all-targets --quiet -- -D warnings; \
	else echo "SKIPPED: formatting and lints, for this toolchain has no rustfmt or no clippy (rustup component add rustfmt clippy)"; fi

# Tests in tests/it of the product and of the simulator, by their names: nothing of payroll is asked for, the queries of the lists ask for index
# fields alone, and the simulator's journal, which says so, would notice.
PAYROLL_TESTS := payroll documents_fit_the_schema journal

# All of the workspace each time, though a part is run: with fewer packages dependencies have fewer features, and would be built once more.
check: lint
	@cargo test --locked --workspace --quiet --lib --bins
	@cargo test --locked --workspace --quiet --test it -- $(PAYROLL_TESTS)
	@echo "LEFT OUT, and a part of make test: the other tests of tests/it, tests/incremental, tests/scenarios and the command line; the tables in"
	@echo "DuckDB, pyarrow and Polars; the template, its deployment, the pages and the workflows."

# Without the advisories, whose database is fetched: the workflow has them, and DENY="advisories bans licenses sources".
DENY ?= bans licenses sources

deny:
	@if cargo deny --version >/dev/null 2>&1; then cargo deny --locked --workspace check $(DENY); \
	else echo "SKIPPED: licences, sources and bans of the dependencies, for there is no cargo-deny (cargo install --locked cargo-deny)"; fi

# Of the tests of the deployment, those that deploy nothing.
NOT_DEPLOYED := $(patsubst %,tests/deploy/test_%.py,template policies alarm_model docs workflows)

lint-template: tools
	@$(VENV)/bin/pytest -q $(NOT_DEPLOYED)

tools: $(STAMPS)

$(VENV)/installed: tests/tools/requirements.lock
.tools/sam/installed: tests/tools/requirements-sam.lock
.tools/lint/installed: tests/tools/requirements-lint.lock
.tools/reading/installed: tests/tools/requirements-reading.lock

# Made anew when the pins change. The stamp comes last, so that a broken download is not taken for a finished one. uv does in seconds what
# takes pip minutes, but knows nothing of pip's configuration: where it finds no packages, pip looks for them.
$(STAMPS): | $(UV)
	@echo "installing test tools into $(@D)"
	@$(PYTHON) -m venv --clear $(@D)
	@$(UV) pip sync --quiet --python $(@D)/bin/python $< || \
	  $(@D)/bin/pip install --quiet --disable-pip-version-check --no-deps --requirement $<
	@touch $@

$(UV):
	@$(PYTHON) -m venv --clear .tools/uv
	@.tools/uv/bin/pip install --quiet --disable-pip-version-check uv==0.13.9

PINS := tests/tools/requirements $(addprefix tests/tools/requirements,-sam -lint -reading) bench/peers/requirements

# Pins all that the named versions depend on, as far as they are not pinned yet.
pins: $(UV)
	@for pins in $(PINS); do $(UV) pip compile --quiet --universal --python-version 3.11 \
	  --no-annotate --custom-compile-command "make pins" $$pins.txt --output-file $$pins.lock >/dev/null; done

# The tables as Athena's own engine and as Spark see them: not in `make test`, for it needs Java and Maven, fetches 0.8 GB and takes minutes.
athena: engines tools $(VENV)/athena rust-build
	@$(VENV)/bin/pytest -q -rs tests/athena

# What the engines need that nothing here installs. A JDK, for Trino is started from a file of source.
engines:
	@version=$$(javac -version 2>&1 | sed -n 's/^javac \([0-9]*\).*/\1/p'); [ "$${version:-0}" -ge 17 ] || \
	  { echo "MISSING: a JDK of 17 or later, for Trino and Spark (Debian: openjdk-17-jdk-headless)"; exit 1; }
	@mvn --version >/dev/null 2>&1 || { echo "MISSING: Maven, which fetches Trino (Debian: maven)"; exit 1; }

$(VENV)/athena: $(VENV)/installed tests/athena/requirements.txt tests/athena/pom.xml
	@echo "installing Trino and Spark into .tools"
	@$(VENV)/bin/pip install --quiet --disable-pip-version-check --requirement tests/athena/requirements.txt
	@mvn --quiet --batch-mode --file tests/athena/pom.xml -Dinto="$(CURDIR)/.tools/trino" package
	@touch $@

# The report page in a browser: not in `make test`, for it needs Chromium. An environment of its own, for none of the others needs its driver.
page: browser .tools/page/installed rust-build
	@.tools/page/bin/pytest -q -rs tests/page
	@echo "screenshots: target/page"

browser:
	@"$${CHROMIUM:-chromium}" --version >/dev/null 2>&1 || { echo "MISSING: Chromium (Debian: chromium), or CHROMIUM with the name of its program"; exit 1; }

.tools/page/installed: tests/page/requirements.txt
	@echo "installing the browser's driver into $(@D)"
	@$(PYTHON) -m venv --clear $(@D)
	@$(@D)/bin/pip install --quiet --disable-pip-version-check --requirement $<
	@touch $@

# Not in `make test`, which fuzzes for a minute without all this (fuzz/bodies/minute.rs). What is found lies in fuzz/artifacts.
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

# Not in `make test`, for it takes an hour and other work on the machine spoils its figures. An environment of its own, as for its peers' users.
BENCH ?= .tools/bench

bench: $(BENCH)/installed
	@$(ALONE) $(BENCH)/bin/python bench/run.py

$(BENCH)/installed: bench/peers/requirements.lock | $(UV)
	@echo "installing the peers into $(@D)"
	@$(PYTHON) -m venv --clear $(@D)
	@$(UV) pip sync --quiet --python $(@D)/bin/python $< || \
	  $(@D)/bin/pip install --quiet --disable-pip-version-check --no-deps --requirement $<
	@touch $@

# What a release consists of. `make test` deploys one around the function that SAM has built (tests/deploy/test_release.py); this builds it, which takes a quarter of
# an hour and more.
ARCHITECTURES ?=
TAG ?=
PACKAGE := PATH="$(CURDIR)/.tools/package/bin:$(CURDIR)/.tools/sbom/bin:$$PATH" .tools/package/bin/python

package: package-tools
	@$(ALONE) $(PACKAGE) packaging/package.py --architectures $(ARCHITECTURES) $(if $(TAG),--tag $(TAG))

package-twice: package-tools
	@$(ALONE) $(PACKAGE) packaging/twice.py $(ARCHITECTURES)

package-tools: .tools/package/installed .tools/sbom/bin/cargo-cyclonedx .tools/sbom/bin/cargo-about

.tools/package/installed: packaging/requirements.txt
	@echo "installing a linker and C compiler for each processor into $(@D)"
	@$(PYTHON) -m venv --clear $(@D)
	@$(@D)/bin/pip install --quiet --disable-pip-version-check --requirement $<
	@touch $@

.tools/sbom/bin/cargo-cyclonedx:
	cargo install --quiet --locked --version 0.5.9 --root .tools/sbom cargo-cyclonedx

.tools/sbom/bin/cargo-about:
	cargo install --quiet --locked --version 0.9.3 --features cli --root .tools/sbom cargo-about
