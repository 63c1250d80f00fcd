"""I4: a trade's events as a subscriber sees them."""

from collections.abc import Iterator

from paybus.cli.reconciliation.evidence import Evidence, Told
from paybus.cli.reconciliation.finding import Finding, Invariant, Violation, at, finding


def check_sequence(evidence: Evidence) -> Finding:
    """Hold I4 against the records of the events topic, repeats included."""
    repeats = len(evidence.told) - len(evidence.events)
    compared = f"{len(evidence.events)} events of {len(evidence.history)} trades, {repeats} repeats"
    violations = [*_wrong_versions(evidence), *_altered_repeats(evidence)]
    return finding(Invariant.ORDERED_EVENTS, compared, violations)


def _wrong_versions(evidence: Evidence) -> Iterator[Violation]:
    for place, events in evidence.history.items():
        versioned = [event for event in events if event.content.version is not None]
        versions = [event.content.version for event in versioned]
        if versions != list(range(1, len(versions) + 1)):
            yield at(place, f"versions {', '.join(map(str, versions))}")
        for event in versioned:
            if event.ce_id != f"{place[0]}/{place[1]}/{event.content.version}":
                yield at(place, f"{event.ce_id} says that it is version {event.content.version}")


def _altered_repeats(evidence: Evidence) -> Iterator[Violation]:
    for told in evidence.told:
        if _bytes_of(told) != _bytes_of(evidence.events[told.ce_id]):
            yield at(told.place, f"{told.ce_id} came again with other bytes")


def _bytes_of(told: Told) -> tuple[bytes, tuple[tuple[str, bytes | None], ...]]:
    return told.value, told.headers
