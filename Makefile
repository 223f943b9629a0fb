# make test    everything that is checked, from a clean clone: tools, then the tests, then the tables as other programs read them
# make lint    formatting and lints
# make athena  the tables as Trino, which Athena is made of, and Spark see them (Java 17, Maven)
# make tools   what the tests need beside Rust, into .tools/ (Python 3 and a package index, the first time)

PYTHON ?= python3
VENV := .tools/venv
REQUIREMENTS := tests/tools/requirements.txt
STAMP := $(VENV)/installed

.PHONY: test lint tools athena

test: tools lint
	cargo test --locked --workspace --quiet
	cargo build --locked --workspace --bins --quiet
	@if [ -d tests/readers ]; then $(VENV)/bin/pytest -q tests/readers; fi

# The lints hold a part of the architecture (ARCHITECTURE.md), so the tests include them where the toolchain has them.
lint:
	@if cargo fmt --version >/dev/null 2>&1 && cargo clippy --version >/dev/null 2>&1; then \
	  cargo fmt --all --check && cargo clippy --locked --workspace --all-targets --quiet -- -D warnings; \
	else echo "SKIPPED: formatting and lints, for this toolchain has no rustfmt or no clippy (rustup component add rustfmt clippy)"; fi

tools: $(STAMP)

# Made anew when the pins change. The stamp comes last, so that a broken download is not taken for a finished one.
$(STAMP): $(REQUIREMENTS)
	@echo "installing the test tools into $(VENV)"
	@$(PYTHON) -m venv $(VENV)
	@$(VENV)/bin/pip install --quiet --disable-pip-version-check --requirement $(REQUIREMENTS)
	@touch $(STAMP)

# The tables as Athena's own engine and as Spark see them: not in `make test`, for it needs Java 17 and Maven, fetches 0.8 GB and takes minutes.
athena: tools $(VENV)/athena
	cargo build --locked --workspace --bins --quiet
	$(VENV)/bin/pytest -q tests/athena

$(VENV)/athena: $(STAMP) tests/athena/requirements.txt tests/athena/pom.xml
	@echo "installing Trino and Spark into .tools"
	@$(VENV)/bin/pip install --quiet --disable-pip-version-check --requirement tests/athena/requirements.txt
	@mvn --quiet --batch-mode --file tests/athena/pom.xml -Dinto="$(CURDIR)/.tools/trino" package
	@touch $@
