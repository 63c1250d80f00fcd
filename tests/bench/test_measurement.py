"""The benchmark's figures mean what their headings say."""

from collections import Counter
import os
import subprocess
from urllib.parse import parse_qs, urlsplit

from tests.bench.accounting import cpu_seconds, tree_cpu_seconds
from tests.bench.measurement import Measurement, judge
from tests.bench.peers.job import Job, signed_pay

from paybus.gateway.signature import verify


def test_the_books_tell_doubles_from_losses() -> None:
    """Every effect beyond a code's first is a double, a code without one is lost, strangers do not count."""
    books = Counter({"once": 1, "thrice": 3, "stranger": 9})
    assert judge(books, ["once", "thrice", "never"]) == (2, 1)


def test_only_answers_are_counted() -> None:
    """Rate and cost are per answered command, so an unanswered one makes nobody look better."""
    run = Measurement(
        contender="any", repeat=0, commands=10, answered=5, seconds=2.0, worker_cpu_seconds=0.001,
        other_cpu_seconds={}, doubles=0, lost=5,
    )  # fmt: skip
    assert run.rate == 2.5
    assert run.micros(run.worker_cpu_seconds) == 200.0


def test_nothing_answered_is_zero_and_no_error() -> None:
    """A contender that never answers is a line of zeros, not the end of the benchmark."""
    run = Measurement(
        contender="any", repeat=0, commands=10, answered=0, seconds=0.0, worker_cpu_seconds=1.0,
        other_cpu_seconds={}, doubles=0, lost=10,
    )  # fmt: skip
    assert (run.rate, run.micros(1.0)) == (0.0, 0.0)


def test_processor_time_is_the_kernels() -> None:
    """Time read from /proc agrees with what the kernel tells a process about itself."""
    before = os.times()
    read = cpu_seconds(os.getpid())
    after = os.times()
    tick = 1 / os.sysconf("SC_CLK_TCK")
    assert before.user + before.system - 2 * tick <= read <= after.user + after.system + 2 * tick


def test_a_tree_counts_children_that_have_ended() -> None:
    """PostgreSQL's backends come and go; the time of those that went is still the server's."""
    before = tree_cpu_seconds(os.getpid())
    started = os.times()
    subprocess.run(["sh", "-c", "i=0; while [ $i -lt 200000 ]; do i=$((i+1)); done"], check=True)
    ended = os.times()
    spent = ended.children_user + ended.children_system - started.children_user - started.children_system
    assert spent > 0
    assert tree_cpu_seconds(os.getpid()) >= before + spent - 0.05


def test_peers_send_requests_the_gateway_accepts() -> None:
    """Every contender's request is signed as the protocol says, so none is spared a refusal."""
    job = Job("", "", "", "http://127.0.0.1/openGateway/openService/", "0010000001", "KEY")
    url, body = signed_pay(job, charge_code="A1", amount_fen=105, auth_code="28", subject="绿茶 tea")
    sign = parse_qs(urlsplit(url).query)["sign"][0]
    assert verify(body, sign, key="KEY")
    assert b'"AMT":"1.05"' in body
