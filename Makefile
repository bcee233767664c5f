# Everything that one does with Holdpoint on one machine. `make help` lists it.
SHELL := bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help

PYTHON ?= python3
VENV := .venv
PY := $(VENV)/bin/python
PIP := $(PY) -m pip --disable-pip-version-check --no-input
PRODUCT := callbacks dashboard
TYPED := $(PRODUCT) tests/simulator
# The first is Debian's chromium without its window: the same pages for a third of the work.
BROWSERS := chromium-headless-shell chromium chromium-browser google-chrome google-chrome-stable
# Tests and checks need no installation's keys; the suite brings its own settings.
TEST_ENV := DJANGO_SETTINGS_MODULE=tests.settings
WORKERS ?= 2
PYTEST_ARGS ?=

.PHONY: help
help: ## Show what there is
	@grep -hE '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/^([a-z]+):.*## /\1\t/' | expand -t 14

# --- Run -----------------------------------------------------------------------------------------
.PHONY: demo
demo: $(VENV)/.demo-installed ## Run the product with sample workflows (PORT=8000, ENDPOINT=URL)
	@PORT="$(PORT)" ENDPOINT="$(ENDPOINT)" exec $(PY) manage.py up

# --- Check ---------------------------------------------------------------------------------------
.PHONY: test
test: $(VENV)/.dev-installed browser ## Run the tests (DATABASE_URL, CELERY_BROKER_URL, PYTEST_ARGS)
	$(TEST_ENV) $(PY) -m pytest -n $(WORKERS) --dist loadgroup $(PYTEST_ARGS)
	@$(have_browser) || $(warn_no_browser)

.PHONY: lint
lint: lint-style lint-types lint-layers lint-templates lint-django ## Run the static checks

.PHONY: lint-style lint-types lint-layers lint-templates lint-django
lint-style: $(VENV)/.dev-installed
	$(PY) -m ruff format --check .
	$(PY) -m ruff check .

lint-types: $(VENV)/.dev-installed
	$(PY) -m mypy $(TYPED)

lint-layers: $(VENV)/.dev-installed
	$(VENV)/bin/lint-imports --no-cache

lint-templates: $(VENV)/.dev-installed
	$(PY) -m djlint --lint --quiet templates

lint-django: $(VENV)/.dev-installed
	$(TEST_ENV) $(PY) manage.py check --fail-level WARNING
	$(TEST_ENV) $(PY) manage.py makemigrations --check --dry-run

.PHONY: format
format: $(VENV)/.dev-installed ## Format the code
	$(PY) -m ruff format .
	$(PY) -m ruff check --fix .

.PHONY: conformance
conformance: $(VENV)/.dev-installed ## Hold history reading against recordings (RECORDINGS=DIR)
	@test -n "$(RECORDINGS)" || { echo "Say which: make conformance RECORDINGS=DIR"; exit 2; }
	@$(TEST_ENV) $(PY) -m tests.conformance "$(RECORDINGS)"

.PHONY: faults
faults: $(VENV)/.dev-installed ## Run the whole fault matrix, takes long; its table goes into docs/reliability.md
	$(TEST_ENV) HOLDPOINT_FAULT_TABLE=docs/reliability.md \
	  HOLDPOINT_FAULT_RUNS="$${HOLDPOINT_FAULT_RUNS:-15}" \
	  HOLDPOINT_FAULT_ANSWERS="$${HOLDPOINT_FAULT_ANSWERS:-1000}" \
	  HOLDPOINT_FAULT_SCHEDULES="$${HOLDPOINT_FAULT_SCHEDULES:-10000}" \
	  HOLDPOINT_FAULT_CHURN_SECONDS="$${HOLDPOINT_FAULT_CHURN_SECONDS:-600}" \
	  HOLDPOINT_FAULT_AWAY_SECONDS="$${HOLDPOINT_FAULT_AWAY_SECONDS:-60}" \
	  HOLDPOINT_FAULT_SILENT_SECONDS="$${HOLDPOINT_FAULT_SILENT_SECONDS:-45}" \
	  HOLDPOINT_FAULT_BEATS_SECONDS="$${HOLDPOINT_FAULT_BEATS_SECONDS:-300}" \
	  HOLDPOINT_FAULT_WAITS="$${HOLDPOINT_FAULT_WAITS:-10000}" \
	  HOLDPOINT_FAULT_ACCOUNT_SECONDS="$${HOLDPOINT_FAULT_ACCOUNT_SECONDS:-120}" \
	  HOLDPOINT_SYNC_COURSES="$${HOLDPOINT_SYNC_COURSES:-200}" \
	  HOLDPOINT_RECORDED_COURSES="$${HOLDPOINT_RECORDED_COURSES:-3}" \
	  HOLDPOINT_RECORDED_STEPS="$${HOLDPOINT_RECORDED_STEPS:-4}" \
	  HOLDPOINT_TAMPERINGS="$${HOLDPOINT_TAMPERINGS:-1000}" \
	  HOLDPOINT_HONEST_ENTRIES="$${HOLDPOINT_HONEST_ENTRIES:-100000}" \
	  $(PY) -m pytest -n $(WORKERS) --dist loadgroup $(PYTEST_ARGS) \
	  tests/faults tests/audit/test_tampering.py tests/audit/test_false_alarms.py \
	  tests/decisions/test_bad_days.py tests/sync/test_truth.py tests/sync/test_recordings.py

.PHONY: bench
bench: $(VENV)/.dev-installed ## Run the benchmarks; tables also go to var/bench/
	$(TEST_ENV) $(PY) -m tests.benchmarks

# --- Set up --------------------------------------------------------------------------------------
$(PY):
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || { \
	  echo "Holdpoint needs Python 3.11 or newer, and \"$(PYTHON)\" is not one:" \
	       "$$($(PYTHON) --version 2>&1). Name another: make PYTHON=python3.12 ..."; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || { \
	  echo "This Python cannot make virtual environments. On Debian and Ubuntu:" \
	       "apt-get install python3-venv"; exit 1; }
	@echo "Making the virtual environment in $(VENV)/ ..."
	@$(PYTHON) -m venv $(VENV) || { rm -rf $(VENV); exit 1; }

# The stamps are older than a changed list of requirements, and only then is anything installed.
$(VENV)/.demo-installed: requirements.txt requirements-demo.txt constraints.txt | $(PY)
	@echo "Installing what Holdpoint needs ..."
	@$(PIP) install --quiet -r requirements-demo.txt -c constraints.txt
	@touch $@

$(VENV)/.dev-installed: requirements.txt requirements-demo.txt requirements-dev.txt constraints.txt | $(PY)
	@echo "Installing what Holdpoint, its tests and its checks need ..."
	@$(PIP) install --quiet -r requirements-dev.txt -c constraints.txt
	@touch $@ $(VENV)/.demo-installed

.PHONY: constraints
constraints: $(VENV)/.dev-installed ## Pin again what is installed now
	@{ echo "# The whole tree, pinned: direct dependencies and what they bring. Renewed by \`make constraints\`."; \
	   $(PIP) freeze; } > constraints.txt

# CHROMIUM names one; else the system's, else one that playwright has installed.
have_browser := (test -n "$${CHROMIUM:-}" && exit 0; \
  for name in $(BROWSERS); do command -v $$name >/dev/null && exit 0; done; \
  ls -d "$$HOME"/.cache/ms-playwright/chromium-* >/dev/null 2>&1)
define warn_no_browser
{ echo; \
  echo "*** LEFT OUT: the browser journeys (tests marked \"browser\") and all that they prove."; \
  echo "*** No Chromium was found ($(BROWSERS)); install one and run again."; \
  echo; }
endef

.PHONY: browser
browser:
	@$(have_browser) || $(MAKE) --no-print-directory install-browser || $(warn_no_browser)

.PHONY: install-browser
install-browser:
	@test "$$(id -u)" = 0 && command -v apt-get >/dev/null
	@echo "No Chromium found: installing Debian's ..."
	@apt-get update -qq
	@for name in chromium-headless-shell chromium; do \
	  DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $$name </dev/null && exit 0; \
	done; exit 1
