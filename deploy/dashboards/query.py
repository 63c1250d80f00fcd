"""PromQL, put together: every selector has the namespace in it, every rate Grafana's own interval."""

from dataclasses import dataclass

NAMESPACE = 'namespace=~"$namespace"'
KIND = 'kind=~"$operation"'
TOPIC = 'topic=~".+[.]$operation[.]commands[.].+"'
REQUEST = 'operation=~"$request"'
MERCHANT_GROUP = 'merchant_group=~"$merchant_group"'

QUANTILES = (0.99, 0.95, 0.5)
WITH_EXEMPLARS = ("paybus_command_age_seconds", "paybus_gateway_call_duration_seconds")
"""Histograms whose buckets lead to traces (docs/metrics.md)."""


@dataclass(frozen=True, slots=True)
class Query:
    """One expression, and how its series are called: text, and `{{label}}` for a label's value."""

    expression: str
    name: str
    exemplars: bool = False


def series(metric: str, *matchers: str) -> str:
    """Select the series of *metric* in the chosen namespaces."""
    return f"{metric}{{{','.join((NAMESPACE, *matchers))}}}"


def total(metric: str, *matchers: str, by: str = "") -> str:
    """Add up what is there now."""
    return f"{_sum(by)}({series(metric, *matchers)})"


def rate(metric: str, *matchers: str, by: str = "") -> str:
    """Give how much a counter grows a second."""
    return f"{_sum(by)}(rate({series(metric, *matchers)}[$__rate_interval]))"


def growth(metric: str, *matchers: str, by: str = "") -> str:
    """Give how much a counter has grown in the time that the dashboard shows."""
    return f"{_sum(by)}(increase({series(metric, *matchers)}[$__range]))"


def share(part: str, whole: str) -> str:
    """Give a part of the whole as a number of 0 to 1; nothing where there is no whole."""
    return f"{part} / ({whole} > 0)"


def shares(metric: str, *matchers: str, by: str) -> str:
    """Give each part of a counter's growth, as a number of 0 to 1."""
    whole = rate(metric, *matchers)
    return f"{rate(metric, *matchers, by=by)} / ignoring ({by}) group_left () ({whole} > 0)"


def quantile(number: float, histogram: str, *matchers: str, by: str = "") -> str:
    """Give the value that the *number* of observations stay under."""
    labels = f"{by}, le" if by else "le"
    return f"histogram_quantile({number}, {rate(f'{histogram}_bucket', *matchers, by=labels)})"


def quantiles(histogram: str, *matchers: str) -> tuple[Query, ...]:
    """Give the usual three; the worst of them brings the exemplars, where there are any."""
    worst_first = [(quantile(number, histogram, *matchers), f"p{number * 100:.0f}") for number in QUANTILES]
    return tuple(
        Query(expression, name, exemplars=place == 0 and histogram in WITH_EXEMPLARS)
        for place, (expression, name) in enumerate(worst_first)
    )


def buckets(histogram: str, *matchers: str) -> Query:
    """Give what a heatmap is made of."""
    return Query(
        rate(f"{histogram}_bucket", *matchers, by="le"), "{{le}}", exemplars=histogram in WITH_EXEMPLARS
    )


def age(timestamp: str, *matchers: str) -> str:
    """Give the seconds since the oldest of some timestamps."""
    return f"time() - min({series(timestamp, *matchers)})"


def worst(metric: str, *matchers: str, by: str = "") -> str:
    """Give the greatest of some figures that are there now."""
    return f"{_over('max', by)}({series(metric, *matchers)})"


def all_chosen(metric: str) -> str:
    """Add up the chosen groups of merchants; of exporters that both say it, take the greater."""
    return f"max(sum without (merchant_group) ({series(metric, MERCHANT_GROUP)}))"


def _sum(by: str) -> str:
    return _over("sum", by)


def _over(operator: str, by: str) -> str:
    return f"{operator} by ({by}) " if by else operator
