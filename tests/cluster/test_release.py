"""Which pods count as ready, and what may outlive a release."""

from typing import Any

import pytest
from tests.cluster.release import is_kept, ready_pods


def _pod(ready: str, **metadata: str) -> dict[str, Any]:
    return {"metadata": metadata, "status": {"conditions": [{"type": "Ready", "status": ready}]}}


def test_a_pod_that_is_being_deleted_is_not_ready() -> None:
    """It still answers, and is on its way out."""
    going = _pod("True", deletionTimestamp="2026-08-01T00:00:00Z")
    assert ready_pods([_pod("True"), _pod("False"), going, {"metadata": {}, "status": {}}]) == [_pod("True")]


@pytest.mark.parametrize(
    ("annotations", "kept"),
    [({"helm.sh/resource-policy": "keep"}, True), ({"helm.sh/hook": "pre-install"}, False), ({}, False)],
)
def test_only_what_the_chart_wants_to_keep_is_kept(annotations: dict[str, str], *, kept: bool) -> None:
    """Anything else that is left after an uninstall is a finding."""
    assert is_kept({"metadata": {"annotations": annotations}}) is kept
