"""deploy/compose.yaml: from a figure to its trace, by exemplars that Prometheus keeps and Grafana follows."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from deploy.dashboards.query import WITH_EXEMPLARS
from prometheus_client import CollectorRegistry, Histogram, start_http_server
import pytest
from tests.deploy.places import DEPLOY
from tests.monitoring.hurry import await_seconds
from tests.monitoring.prometheus import Prometheus
from tests.plugins.monitors import Monitors
from tests.telemetry.notebook import SAMPLED, TRACE
import yaml

from paybus.telemetry.metrics.family import exemplar_of

FOLDER = DEPLOY / "compose"
SERVICES: Mapping[str, Any] = yaml.safe_load((DEPLOY / "compose.yaml").read_text())["services"]
PLACES = ("--config.file=", "--storage.tsdb.path=")


def source(name: str) -> Mapping[str, Any]:
    """Give a data source of Grafana as it is provisioned."""
    (made,) = yaml.safe_load((FOLDER / f"grafana/datasources/{name}.yaml").read_text())["datasources"]
    assert made["uid"] == made["type"] == name
    return made


def test_prometheus_keeps_exemplars(monitors: Monitors, tmp_path: Path) -> None:
    """A real one, with the flags and settings of the file, gives back the trace that a page named."""
    registry = CollectorRegistry()
    (name, *_) = sorted(WITH_EXEMPLARS)
    Histogram(name, "A histogram.", registry=registry).observe(1.0, exemplar_of(SAMPLED))
    server, thread = start_http_server(0, "127.0.0.1", registry)
    try:
        with _prometheus(monitors.prometheus, tmp_path, f"127.0.0.1:{server.server_port}") as prometheus:
            ask = {"query": f"{name}_bucket", "start": "0", "end": "9999999999"}
            await_seconds(lambda: prometheus.get("/api/v1/query_exemplars", **ask)["data"])
            (series,) = prometheus.get("/api/v1/query_exemplars", **ask)["data"]
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
    (destination,) = source("prometheus")["jsonData"]["exemplarTraceIdDestinations"]
    assert series["exemplars"][0]["labels"][destination["name"]] == TRACE


def test_grafana_looks_for_traces_where_spans_are_kept() -> None:
    """An exemplar leads to the data source of Tempo, and that to the port at which Tempo listens."""
    (destination,) = source("prometheus")["jsonData"]["exemplarTraceIdDestinations"]
    tempo = yaml.safe_load((FOLDER / "tempo.yaml").read_text())
    assert destination["datasourceUid"] == source("tempo")["uid"]
    assert source("tempo")["url"] == f"http://tempo:{tempo['server']['http_listen_port']}"
    (flag,) = SERVICES["tempo"]["command"]
    assert SERVICES["tempo"]["volumes"] == [f"./compose/tempo.yaml:{flag.partition('=')[2]}:ro"]
    kept = tempo["storage"]["trace"]
    assert {Path(kept[one]["path"]).parts[1] for one in ("local", "wal")} == {"tmp"}
    assert SERVICES["tempo"]["tmpfs"] == ["/tmp"]  # noqa: S108


@pytest.mark.parametrize("name", ["pay", "refund", "cancel", "notifier", "reconciler"])
def test_spans_are_sent_where_whoever_starts_it_says(name: str) -> None:
    """Nowhere by default; the address in the file's comment is the one at which Tempo takes them."""
    tempo = yaml.safe_load((FOLDER / "tempo.yaml").read_text())
    (port,) = {
        one["endpoint"].partition(":")[2]
        for one in tempo["distributor"]["receivers"]["otlp"]["protocols"].values()
    }
    variable = "OTEL_EXPORTER_OTLP_ENDPOINT"
    assert SERVICES[name]["environment"][variable] == f"${{{variable}:-}}"
    assert (
        f"{variable}:-}}  # http://tempo:{port} with --profile traces"
        in (DEPLOY / "compose.yaml").read_text()
    )


def _prometheus(program: str, folder: Path, target: str) -> Prometheus:
    """Give one with the flags and the settings of the file; only what it reads is another, and how often."""
    flags = [one for one in SERVICES["prometheus"]["command"] if not one.startswith(PLACES)]
    made = Prometheus(program, folder, {}, flags)
    config = folder / "prometheus.yml"
    ours = yaml.safe_load(config.read_text())
    theirs = yaml.safe_load((FOLDER / "prometheus.yaml").read_text())
    (job,) = theirs["scrape_configs"]
    job["static_configs"] = [{"targets": [target]}]
    theirs["global"] |= ours["global"]
    config.write_text(yaml.safe_dump(theirs | {"alerting": {}, "rule_files": []}))
    return made
