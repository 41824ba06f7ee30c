# Every target installs what it needs. Only Python 3.11 or newer and make must be there.
#   make run          everything on this machine: http://localhost:8000 (PORT=8001 make run)
#   make test         all tests (T=tests/engine narrows)        make lint   what CI checks
#   make demo-data    a demonstration account in the local run  make bench  timings as a table

PYTHON ?= $(shell for p in python3 python3.14 python3.13 python3.12 python3.11; do \
	$$p -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo $$p && break; done)
BIN := .venv/bin
PY := $(BIN)/python
T ?= tests
export PIP_DISABLE_PIP_VERSION_CHECK := 1

SERVERS := .venv/.installed
DEV := .venv/.installed-dev
STATIC := build/.built
# The programs that judge exports, each in an environment of its own: their needs exclude each other.
JUDGES := $(patsubst requirements-judges/%.txt,.venv-judges/%/.installed,$(wildcard requirements-judges/*.txt))

random = $(shell od -An -N 32 -tx1 /dev/urandom | tr -d ' \n')

.PHONY: run test lint type bench demo-data screenshots messages lock clean
.DELETE_ON_ERROR:

run: $(SERVERS) $(STATIC)
	@exec $(PY) manage.py up

test: $(DEV) $(STATIC) $(JUDGES)
	@./bin/ensure-chromium
	@./bin/ensure-ledgers
	$(PY) -m pytest -n $(or $(WORKERS),2) --dist loadfile --no-loadscope-reorder $(T)

lint: $(DEV) $(STATIC) type
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	PATH="$(BIN):$$PATH" $(BIN)/lint-imports
	$(BIN)/bandit --quiet --severity-level medium --recursive accounts config portfolio sandbox
	$(BIN)/djlint --lint --quiet templates
	$(PY) manage.py makemigrations --check --dry-run
	DEBUG=0 SECURE=1 SECRET_KEY=$(call random) CREDENTIALS_KEY=$(call random) \
		$(PY) manage.py check --deploy --fail-level WARNING

type: $(DEV)
	$(BIN)/mypy .

bench: $(DEV) $(STATIC)
	$(PY) -m bench.transfers
	$(PY) -m bench.locating
	$(PY) -m bench.imports_speed --rows 3000,15000 --layouts kraken
	$(PY) -m bench
	$(PY) -m bench.tax

demo-data: $(SERVERS) $(STATIC)
	$(PY) manage.py demo_data

screenshots: $(DEV) $(STATIC)
	@./bin/ensure-chromium
	SCREENSHOTS=docs/screenshots $(PY) -m pytest -m browser tests/browser

messages: $(SERVERS)
	@command -v xgettext >/dev/null || { \
		echo "make messages needs GNU gettext (Debian: apt-get install gettext)" >&2; exit 1; }
	$(PY) manage.py makemessages --all --ignore node_modules --ignore build --ignore static
	$(PY) manage.py compilemessages --ignore .venv --ignore node_modules

# Pins everything again from requirements*.in and package.json.
lock: $(SERVERS)
	$(PY) -m pip install --quiet uv
	for name in requirements-server requirements requirements-dev \
			$(basename $(wildcard requirements-judges/*.in)); do \
		$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --upgrade --no-header \
			--no-annotate --no-emit-index-url $$name.in -o $$name.txt || exit 1; done
	PATH="$(CURDIR)/$(BIN):$$PATH" npm install --package-lock-only

clean:
	rm -rf .venv .venv-judges node_modules build static .mypy_cache .ruff_cache .pytest_cache

.venv/bin/python:
	@test -n "$(PYTHON)" || { echo "Python 3.11 or newer is needed (PYTHON=/path/to/python3)" >&2; exit 1; }
	@$(PYTHON) -c 'import venv, ensurepip' 2>/dev/null || { \
		echo "$(PYTHON) has no venv module (Debian: apt-get install python3-venv)" >&2; exit 1; }
	@echo "Making .venv with $$($(PYTHON) --version) ..."
	@$(PYTHON) -m venv .venv

$(SERVERS): requirements.txt | .venv/bin/python
	@echo "Installing requirements.txt (a minute or two the first time) ..."
	@$(PY) -m pip install --quiet --requirement requirements.txt
	@touch $@

$(DEV): requirements-dev.txt $(SERVERS)
	@echo "Installing requirements-dev.txt ..."
	@$(PY) -m pip install --quiet --requirement requirements-dev.txt
	@touch $@

.venv-judges/%/.installed: requirements-judges/%.txt | .venv/bin/python
	@echo "Installing the judge of exports $* ..."
	@$(PY) -m venv --clear $(@D)
	@$(@D)/bin/python -m pip install --quiet --requirement $<
	@touch $@

node_modules/.installed: package-lock.json .npmrc $(SERVERS)
	@echo "Installing what package-lock.json names ..."
	@PATH="$(CURDIR)/$(BIN):$$PATH" npm ci --silent
	@touch $@

$(STATIC): node_modules/.installed package.json $(wildcard assets/*.js)
	@echo "Building the static files ..."
	@PATH="$(CURDIR)/$(BIN):$$PATH" npm run build --silent
	@touch $@
