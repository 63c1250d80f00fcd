# Every target is one line calling one tool; `make help` prints them from their `## ` comments.
.DEFAULT_GOAL := help
PYTHON ?= python3
BIN := .venv/bin
.PHONY: help install browser monitoring clock cluster run up down test test-chart test-cluster simulate prove mutations fuzz check bench recovery soak schemas dashboards dashboards-preview chart sbom audit publish fmt lock

help:  ## List the targets
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 20

install: .venv/installed  ## Make .venv from requirements-dev.lock (hashes enforced)

.venv/installed: requirements-dev.lock pyproject.toml
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install -q --disable-pip-version-check --require-hashes -r requirements-dev.lock
	$(BIN)/python -m pip install -q --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $@

browser:  ## Install Chromium for the tests of pages; Debian or Ubuntu, as root
	apt-get update -q && apt-get install -q -y --no-install-recommends chromium fonts-dejavu-core

monitoring:  ## Install Prometheus and Alertmanager for the tests of rules and routes; Debian or Ubuntu, as root
	apt-get update -q && apt-get install -q -y --no-install-recommends prometheus prometheus-alertmanager

cluster:  ## Install what builds images and runs containers for `make test-cluster`; Debian or Ubuntu, as root
	apt-get update -q && apt-get install -q -y --no-install-recommends buildah containerd containernetworking-plugins iptables iproute2 mmdebstrap runc

clock:  ## Install libfaketime for the tests of moved clocks; Debian or Ubuntu, as root
	apt-get update -q && apt-get install -q -y --no-install-recommends libfaketime

run: install  ## Everything embedded: 1 000 and more commands, reconciled against the sandbox's books
	$(BIN)/paybus run

up: install  ## Start everything embedded and leave it running
	$(BIN)/paybus up

down: install  ## Stop what `make up` started
	$(BIN)/paybus down

test: install  ## Every test, on real PostgreSQL and real Apache Kafka
	$(BIN)/python -m pytest

test-chart: install  ## The chart on a real control plane without nodes; needs Go, and 15 minutes the first time
	$(BIN)/python -m tests.cluster.chart

test-cluster: install  ## Image and chart on a real node, under load; as root, after `make cluster`
	$(BIN)/python -m tests.cluster.system

simulate: install  ## Ten thousand simulated worlds, each from its seed; a seed that fails can be replayed
	$(BIN)/python -m tests.simulation --seeds 10000

prove: install  ## Services killed with -9 at every seam, one after the other, and judged by the gateway's books
	$(BIN)/paybus prove

mutations: install  ## The guards that matter most taken out, one at a time: the proof must notice
	$(BIN)/python -m tests.mutations

fuzz: install  ## Damaged and forged messages, 132 000 of them, at everything that reads the gateway's wire
	$(BIN)/python -m tests.fuzz

check: install  ## Linters, types, the order of rooms, the chart, drift of schemas and dashboards
	$(BIN)/python -m tests.check

bench: install  ## Commands per second and CPU beside plain FastStream and aiokafka + aiohttp
	$(BIN)/python -m tests.bench

recovery: install  ## Seconds from the kill -9 of a pay worker until another has taken over, and finished, its work
	$(BIN)/python -m tests.bench.recovery

soak: install  ## Ten minutes at 200 commands a second under every fault and kill -9, judged by the gateway's books
	$(BIN)/python -m tests.soak

schemas: install  ## Write schemas/ from services/paybus/contracts
	$(BIN)/paybus schemas write schemas

dashboards: install  ## Write deploy/helm/paybus/dashboards from deploy/dashboards
	$(BIN)/python -m deploy.dashboards write

dashboards-preview: install  ## Draw the dashboards under an outage, with Grafana's components; needs npm, Prometheus, Chromium
	$(BIN)/python -m tests.monitoring.preview

chart: install  ## Write the chart's schema, settings and README from values.yaml and the settings classes
	$(BIN)/python -m tests.deploy.generated

sbom: install  ## What the image is made of, as CycloneDX: dist/paybus.cdx.json
	@mkdir -p dist && $(BIN)/cyclonedx-py requirements --pyproject pyproject.toml --mc-type application --output-reproducible -o dist/paybus.cdx.json requirements.lock

audit: install  ## Known vulnerabilities of what the image is made of; fails as well where it cannot find out
	$(BIN)/pip-audit --strict --disable-pip --require-hashes -r requirements.lock $(OPTIONS)

publish: sbom  ## Image and signed chart to REGISTRY=oci://host/path, by KEY=name of KEYRING=file; more: OPTIONS=--help
	$(BIN)/python -m deploy.publish --registry "$(REGISTRY)" --key "$(KEY)" --keyring "$(KEYRING)" $(OPTIONS)

fmt: install  ## Format and mend what ruff can mend
	$(BIN)/ruff format . && $(BIN)/ruff check --fix-only .

lock: install  ## Renew the lock files within the bounds of pyproject.toml
	$(BIN)/uv pip compile -q --upgrade --generate-hashes --universal --python-version 3.11 -o requirements.lock pyproject.toml
	$(BIN)/uv pip compile -q --upgrade --generate-hashes --universal --python-version 3.11 --all-extras --group dev -c requirements.lock -o requirements-dev.lock pyproject.toml
	echo hatchling | $(BIN)/uv pip compile -q --upgrade --generate-hashes --universal --python-version 3.11 --no-annotate -c requirements-dev.lock -o deploy/requirements-build.lock -
