"""Helm for the tests of the chart: fetched once; where it cannot be fetched they say so and skip."""

import os

import pytest
from tests.cluster.binaries import clients
from tests.cluster.errors import ClusterError


@pytest.fixture(scope="session", autouse=True)
def _helm() -> None:
    """Skip with the reason where there is no Helm; in CI that is a failure."""
    try:
        clients()
    except ClusterError as error:
        if os.environ.get("CI"):
            raise
        pytest.skip(f"no Helm: {error}")
