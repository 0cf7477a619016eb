# Every target does its own set-up: it needs python3 (3.11 or newer), make and git, and nothing else.
#
#   make deploy                 a real MLflow behind a local AWS, on this machine
#   make deploy ENV=staging     inventories/staging, on AWS
#   make deploy ARGS='-e mlflow_server_size=Medium'

ENV ?= local
ARGS ?=
PYTHON ?= python3
# Where the local AWS of this clone keeps its state, and the port it asks for (a free one when that is taken).
export LOCAL_AWS_HOME ?= $(CURDIR)/.local_aws

# A profile of the user's shell must not win over the credentials of the local AWS.
ifeq ($(ENV),local)
unexport AWS_PROFILE AWS_DEFAULT_PROFILE
endif

# Where Python may not keep what it compiled, every process compiles all that it imports.
unexport PYTHONDONTWRITEBYTECODE

VENV := .venv
BIN := $(VENV)/bin
FOR_RUN := $(VENV)/requirements-run
FOR_TEST := $(VENV)/requirements-test
FOR_DOCS := $(VENV)/docs/requirements
# The AWS CLI and Galaxy's importer need older packages than the rest, so each has an environment of its own.
FOR_BENCH := $(VENV)/bench/requirements
# So has the tool that migrations are compared with.
FOR_BENCH_MIGRATION := $(VENV)/bench-migration/requirements
FOR_GALAXY := $(VENV)/galaxy/requirements
# What makes mutants runs in the process of the tests, so its packages are laid over theirs.
FOR_MUTATION := $(VENV)/mutation/requirements
PLAYBOOK := $(BIN)/ansible-playbook --inventory inventories/$(ENV) $(ARGS)

.DEFAULT_GOAL := help
.PHONY: help deploy check destroy stop start status verify audit ui clients up down test test-deep coverage mutation lint sanity units integration molecule galaxy policies faults build docs bench bench-migration migration-matrix requirements clean chromium

help: ## Say what there is
	@grep -E '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## (.*)/  make \1\t\2/' | expand -t 20

# ---- Environments ----

deploy: $(FOR_RUN) inventory $(if $(filter local,$(ENV)),up) ## Deploy inventories/$(ENV); on the local AWS also verify it and print the UI link
	$(PLAYBOOK) playbooks/deploy.yml
ifeq ($(ENV),local)
	@if ! test $(LOCAL_AWS_HOME)/verified -nt outputs/mlflow-local.json; then \
	  $(MAKE) --no-print-directory verify ui && touch $(LOCAL_AWS_HOME)/verified; \
	fi
	@printf '\nThe outputs are in outputs/. A link to the UI works once: make ui prints a new one.\n'
	@printf 'Next: make check ARGS="-e mlflow_server_automatic_model_registration=false" previews a change, make deploy with the same ARGS makes it, make down stops it all.\n'
endif

check: $(FOR_RUN) inventory $(if $(filter local,$(ENV)),up) ## Preview what deploy would change
	$(PLAYBOOK) --check --diff playbooks/deploy.yml

destroy: $(FOR_RUN) inventory $(if $(filter local,$(ENV)),up) ## Delete the environment (refused while mlflow_server_protect is true)
	$(PLAYBOOK) playbooks/destroy.yml

stop: $(FOR_RUN) inventory $(if $(filter local,$(ENV)),up) ## Stop the tracking server; its data stays
	$(PLAYBOOK) playbooks/stop.yml

start: $(FOR_RUN) inventory $(if $(filter local,$(ENV)),up) ## Start the tracking server
	$(PLAYBOOK) playbooks/start.yml

status: $(FOR_RUN) inventory ## Show what runs and where it differs from the inventory
	$(PLAYBOOK) playbooks/status.yml

verify: $(FOR_RUN) inventory ## Use MLflow with the real client: log, register, read back
	$(PLAYBOOK) playbooks/verify.yml

audit: $(FOR_RUN) inventory ## Judge what runs by its security controls; fails when one does
	$(PLAYBOOK) playbooks/audit.yml

ui: $(FOR_RUN) inventory ## Print a link to the MLflow UI
	$(PLAYBOOK) playbooks/open_ui.yml

clients: $(FOR_RUN) inventory ## Print and write the set-up for people: Python, shell, notebook, training job
	$(PLAYBOOK) playbooks/clients.yml

up: $(FOR_RUN) ## Start the local AWS
	$(BIN)/ansible-playbook --inventory inventories/local playbooks/local_up.yml

down: $(FOR_RUN) ## Stop the local AWS and every MLflow behind it; its state stays
	$(BIN)/ansible-playbook --inventory inventories/local playbooks/local_down.yml

.PHONY: inventory
inventory:
	@test -f inventories/$(ENV)/hosts.yml || { echo "There is no inventories/$(ENV). Copy inventories/staging to it, or choose one of: $(notdir $(wildcard inventories/*))." >&2; exit 2; }

# ---- What CI gates ----

test: lint sanity-installed chromium ## Everything that CI gates
	$(BIN)/python -m pytest -n 2 --dist worksteal --durations 10 tests

test-deep: $(FOR_TEST) ## 50,000 property examples a resource, others each time (hours)
	MLFLOW_TEST_PROPERTIES=deep $(BIN)/python -m pytest -n 2 --dist worksteal tests/properties $(ARGS)

coverage: $(FOR_TEST) ## How much of plugins/ the tests go through (twice as long as the tests)
	@mkdir -p build/coverage && rm -f build/coverage/data*
	$(BIN)/coverage run -m pytest -n 2 --dist worksteal $(or $(ARGS),tests)
	@# A process that was killed leaves a file behind that says nothing.
	$(BIN)/coverage combine --quiet
	$(BIN)/coverage report --skip-covered

mutation: $(FOR_TEST) $(FOR_MUTATION) ## Mutate the decisions: the unit tests must notice 90 % of the mutants (ARGS=--survivors: those again)
	PYTHONPATH=$(abspath $(dir $(FOR_MUTATION))):$(CURDIR)/tests $(BIN)/python -m mutation $(ARGS)

lint: $(FOR_TEST) ## Formatters, linters and types
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy plugins roles tests benchmarks
	PYTHONPATH=tests $(BIN)/python -m structure.check
	$(BIN)/yamllint --strict .
	$(BIN)/reuse lint --quiet || $(BIN)/reuse lint
	$(BIN)/antsibull-changelog lint
	@# It takes from other collections what git knows of them: the repository around the environment must not count.
	GIT_CEILING_DIRECTORIES=$(abspath $(VENV)) PATH=$(abspath $(BIN)):$$PATH \
	  $(BIN)/antsibull-docs lint-collection-docs --plugin-docs --validate-collection-refs=self .
	ANSIBLE_COLLECTIONS_PATH=playbooks/collections $(BIN)/ansible-lint --offline --profile production --strict

sanity: $(FOR_TEST) ## ansible-test sanity with every supported ansible-core that a Python of this machine runs
	tests/sanity/matrix.sh $(BIN)

units: $(FOR_TEST) ## The unit tests as ansible-test runs them, in a collection tree
	tests/ansible-test.sh $(BIN) units --python default

integration: $(FOR_TEST) ## The targets of tests/integration as ansible-test runs them
	tests/ansible-test.sh $(BIN) integration --python default

molecule: $(FOR_TEST) ## The scenarios of extensions/molecule, each with an account of its own
	PATH=$(abspath $(BIN)):$$PATH $(BIN)/molecule test --all --report

galaxy: $(FOR_TEST) $(FOR_GALAXY) ## What Galaxy's importer and ansible-builder make of the tarball; a warning fails
	tests/galaxy/check.sh $(dir $(FOR_GALAXY))bin $(BIN)

.PHONY: sanity-installed
sanity-installed: $(FOR_TEST)
	tests/ansible-test.sh $(BIN) sanity

chromium:
	@command -v chromium >/dev/null || { $(if $(filter 0,$(shell id -u)),,sudo )apt-get update -qq && $(if $(filter 0,$(shell id -u)),,sudo )apt-get install -y -qq --no-install-recommends chromium >/dev/null; } \
	  || { echo "The UI tests need chromium in PATH: install it and repeat." >&2; exit 2; }

policies: $(FOR_TEST) ## Record which rights the playbooks take, and write docs/security.md from that
	PYTHONPATH=tests $(BIN)/python tests/deployer_runs.py

faults: $(FOR_TEST) ## Run every call with every fault, and write docs/faults.md from that
	PYTHONPATH=playbooks/collections:roles/local_aws/files:tests:. $(BIN)/python tests/fault_runs.py $(ARGS)

build: $(FOR_RUN) ## The Galaxy tarball, in build/
	$(BIN)/ansible-galaxy collection build --force --output-path build .

docs: $(FOR_RUN) $(FOR_DOCS) ## The documentation site, in build/site/html
	docs/site/build.sh $(dir $(FOR_DOCS))bin $(BIN)

# ---- What is measured, and never gates ----

bench: $(FOR_RUN) $(FOR_BENCH) ## Compare speed with amazon.aws and the AWS CLI (a quarter to half an hour; ARGS=--quick: 3 to 7 minutes)
	PYTHONPATH=playbooks/collections:roles/local_aws/files:tests:. $(BIN)/python -m benchmarks $(ARGS)

# Between real MLflow servers on this machine, whose own CPU is the floor. ARGS=--quick: a tenth; ARGS=--without-peer: only this collection.
bench-migration: $(FOR_TEST) $(FOR_BENCH_MIGRATION) ## Compare migrations with mlflow-export-import (1 hour)
	PYTHONPATH=playbooks/collections:roles/local_aws/files:tests:. $(BIN)/python -m benchmarks.migration $(ARGS)

# Old versions of MLflow have environments of their own, which take minutes to make.
MATRIX_VERSIONS := 2.8.1 2.16.2 3.0.0 3.4.0 3.10.0
migration-matrix: $(FOR_TEST) $(MATRIX_VERSIONS:%=$(VENV)/mlflow-%/ready) ## Migrate every version of MLflow into every kind of target
	$(BIN)/python -m pytest tests/matrix/migration_matrix.py $(ARGS)

# ---- Set-up ----

$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "$(PYTHON) is Python %d.%d; 3.11 or newer is needed: make PYTHON=python3.12 ..." % sys.version_info[:2])'
	$(PYTHON) -m venv $(VENV)

$(FOR_RUN): requirements/run.txt $(BIN)/python
	@echo "Installing what a deployment needs (about a minute, once) ..."
	@$(BIN)/python -m pip install -qq --no-compile --disable-pip-version-check -r requirements/run.txt
	@touch $@

$(FOR_TEST): requirements/test.txt $(FOR_RUN)
	@echo "Installing what the tests need ..."
	@$(BIN)/python -m pip install -qq --no-compile --disable-pip-version-check -r requirements/test.txt
	@touch $@

$(FOR_DOCS): requirements/docs.txt $(BIN)/python
	@echo "Installing what the documentation needs ..."
	@$(BIN)/python -m venv $(@D)
	@$(@D)/bin/python -m pip install -qq --no-compile --disable-pip-version-check -r requirements/docs.txt
	@touch $@

$(FOR_BENCH): requirements/bench.txt $(BIN)/python
	@echo "Installing the AWS CLI to compare with ..."
	@$(PYTHON) -m venv $(VENV)/bench
	@$(VENV)/bench/bin/python -m pip install -qq --no-compile --disable-pip-version-check -r requirements/bench.txt
	@touch $@

$(FOR_BENCH_MIGRATION): requirements/bench-migration.txt $(BIN)/python
	@echo "Installing the tool to compare migrations with ..."
	@$(PYTHON) -m venv $(VENV)/bench-migration
	@$(VENV)/bench-migration/bin/python -m pip install -qq --no-compile --disable-pip-version-check -r requirements/bench-migration.txt
	@touch $@

# What old versions of MLflow need, newer setuptools and SQLAlchemy have not.
$(VENV)/mlflow-%/ready: $(BIN)/python
	@echo "Installing MLflow $* ..."
	@$(PYTHON) -m venv $(@D)
	@$(@D)/bin/python -m pip install -qq --no-compile --disable-pip-version-check mlflow==$* 'setuptools<81' 'sqlalchemy<2.1'
	@touch $@

$(FOR_GALAXY): requirements/galaxy.txt $(BIN)/python
	@echo "Installing Galaxy's importer ..."
	@$(BIN)/python -m venv $(@D)
	@$(@D)/bin/python -m pip install -qq --no-compile --disable-pip-version-check -r requirements/galaxy.txt
	@touch $@

$(FOR_MUTATION): requirements/mutation.txt $(FOR_TEST)
	@echo "Installing what makes mutants ..."
	@rm -rf $(@D)
	@$(BIN)/python -m pip install -qq --no-compile --disable-pip-version-check --target $(@D) -r requirements/mutation.txt
	@touch $@

requirements: $(FOR_TEST) ## Pin anew what requirements/*.in and the local AWS ask for
	$(BIN)/python -m pip install -qq --disable-pip-version-check uv
	requirements/pin.sh $(BIN)/uv

clean: ## Stop the local AWS and remove everything that these targets made
	@if test -x $(BIN)/ansible-playbook; then $(MAKE) --no-print-directory down; fi
	rm -rf $(VENV) $(LOCAL_AWS_HOME) build outputs .ansible .mypy_cache .ruff_cache .hypothesis
