# make test           everything that is checked, from a clean clone: tools, then the tests, then the tables as other programs read them, then
#                     the template, linted and deployed
# make lint           formatting and lints
# make lint-template  the template and what stands in infra/ alone, in a minute
# make athena         the tables as Trino, which Athena is made of, and Spark see them (Java 17, Maven)
# make tools          what the tests need beside Rust, into .tools/ (Python 3 and a package index, the first time)

PYTHON ?= python3
VENV := .tools/venv
# Three environments, for their pins contradict each other.
STAMPS := $(VENV)/installed .tools/sam/installed .tools/lint/installed

.PHONY: test lint lint-template tools athena

test: tools lint
	cargo test --locked --workspace --quiet
	cargo build --locked --workspace --bins --quiet
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
