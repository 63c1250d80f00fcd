"""Events say what the trade is now; the same event has the same id and the same bytes, for ever."""

from datetime import UTC, datetime
import json

from hypothesis import given
from hypothesis import strategies as st
import msgspec
import pytest
from tests.contracts.trades import outcome, refund, trade
from tests.contracts.validator import validator_of

from paybus.contracts.asyncapi import asyncapi
from paybus.contracts.command import Identity
from paybus.contracts.event import (
    EVENTS,
    Announcement,
    CallbackUnmatched,
    RefundEvent,
    TradeEvent,
    announce,
    event_headers,
    reject,
    unmatched,
)
from paybus.contracts.message import event_message
from paybus.contracts.schema import document_of
from paybus.trades.happening import Happening
from paybus.trades.operation import Kind

OF_TRADES = [happening for happening in Happening if issubclass(EVENTS[happening], TradeEvent)]
NOT_OF_TRADES = [Happening.COMMAND_REJECTED, Happening.CALLBACK_UNMATCHED]
IDENTITY = Identity("0010000001", "A1", "R1")
OTHER_CALLBACK = CallbackUnmatched(
    merchant_id="0010000001", charge_code="A1", gateway_state=1, amount_fen=15800
)


def rejection(kind: Kind = Kind.REFUND, fingerprint: bytes = b"\1" * 16) -> Announcement:
    """Give the rejection of a command of *kind*."""
    return reject(kind, IDENTITY, reason="expired", message="It was too old.", fingerprint=fingerprint)


def test_every_happening_has_its_event() -> None:
    """What can happen can be told: each happening has a model, and only two are not about a trade we know."""
    assert EVENTS.keys() == set(Happening)
    assert set(Happening) - set(OF_TRADES) == set(NOT_OF_TRADES)


@pytest.mark.parametrize("happening", OF_TRADES)
def test_an_event_shows_the_trade_after_it(happening: Happening) -> None:
    """The value has the trade's books and version, is what its schema allows, and names no empty field."""
    announced = announce(happening, trade(version=3), operation=refund(), outcome=outcome(down_code="D1"))
    value = json.loads(announced.value)
    assert (announced.ce_type, announced.charge_code) == (happening.value, "A1")
    assert value.items() >= {
        "merchant_id": "0010000001", "charge_code": "A1", "version": 3, "state": "paid",
        "amount_fen": 15800, "paid_fen": 15800, "refunded_fen": 0,
        "source": "reply", "return_code": "SUCCESS",
    }.items()  # fmt: skip
    assert None not in value.values()
    validator_of(document_of(event_message(happening))).validate(value)
    assert isinstance(msgspec.json.decode(announced.value, type=EVENTS[happening]), EVENTS[happening])


def test_a_refund_event_names_the_refund() -> None:
    """Events about a refund carry its number and amount; events about the trade do not."""
    for happening in OF_TRADES:
        value = json.loads(announce(happening, trade(), operation=refund(), outcome=outcome()).value)
        named = value.get("out_refund_no"), value.get("refund_amount_fen")
        assert named == (("R1", 5000) if issubclass(EVENTS[happening], RefundEvent) else (None, None))


def test_an_order_shows_what_the_customer_needs() -> None:
    """`trade.created` carries the QR code's text or the bridge's parameters; no other event does."""
    facts = outcome(bar_code="https://wallet.example/1", jsapi={"appId": "wx1"})
    for happening in OF_TRADES:
        value = json.loads(announce(happening, trade(), operation=refund(), outcome=facts).value)
        shown = value.get("bar_code"), value.get("jsapi")
        created = happening is Happening.TRADE_CREATED
        assert shown == (("https://wallet.example/1", {"appId": "wx1"}) if created else (None, None))


@given(st.permutations(["appId", "nonceStr", "package", "paySign", "signType", "timeStamp"]))
def test_a_repeat_is_byte_identical(names: list[str]) -> None:
    """The same event written again has the same id and bytes, in whichever order the facts came."""
    one = outcome(jsapi=dict.fromkeys(names, "x"))
    again = outcome(jsapi=dict.fromkeys(sorted(names), "x"))
    written = [
        announce(Happening.TRADE_CREATED, trade(), operation=None, outcome=facts) for facts in (one, again)
    ]
    assert written[0] == written[1]


def test_an_event_id_is_the_version_of_its_trade() -> None:
    """Each version of each trade of each merchant has one id, whatever is told of it."""
    trades = [trade(), trade(version=2), trade(charge_code="A2"), trade(merchant_id="0010000002")]
    ids = [announce(Happening.TRADE_PAID, one, operation=None, outcome=outcome()).ce_id for one in trades]
    assert ids == ["0010000001/A1/1", "0010000001/A1/2", "0010000001/A2/1", "0010000002/A1/1"]
    other = announce(Happening.TRADE_DISCREPANCY, trade(), operation=None, outcome=outcome())
    assert other.ce_id == ids[0]


def test_a_rejection_is_what_its_schema_allows() -> None:
    """`command.rejected` says which command, why for programs and why for people."""
    value = json.loads(rejection().value)
    assert value == {
        "merchant_id": "0010000001",
        "charge_code": "A1",
        "kind": "refund",
        "out_refund_no": "R1",
        "reason": "expired",
        "message": "It was too old.",
    }
    validator_of(document_of(event_message(Happening.COMMAND_REJECTED))).validate(value)


@pytest.mark.parametrize("kind", [Kind.PAY, Kind.CANCEL])
def test_a_rejection_of_a_pay_or_cancel_has_no_refund_number(kind: Kind) -> None:
    """A number that the record happened to carry is not the operation's."""
    announced = rejection(kind)
    assert "out_refund_no" not in json.loads(announced.value)
    assert "R1" not in announced.ce_id


def test_rejections_have_ids_of_their_own() -> None:
    """A repeat of a refused command has the id of before; another command under that key has another."""
    assert rejection() == rejection()
    several = [rejection(), rejection(fingerprint=b"\2" * 16), rejection(Kind.PAY), rejection(Kind.CANCEL)]
    assert len({one.ce_id for one in several}) == len(several)
    assert {one.charge_code for one in several} == {"A1"}


def test_an_unmatched_callback_is_what_its_schema_allows() -> None:
    """`callback.unmatched` says what the gateway told; another callback about the code has another id."""
    told, other = unmatched(OTHER_CALLBACK, digest="ab"), unmatched(OTHER_CALLBACK, digest="cd")
    value = json.loads(told.value)
    assert value == {
        "merchant_id": "0010000001", "charge_code": "A1", "gateway_state": 1, "amount_fen": 15800
    }  # fmt: skip
    validator_of(document_of(event_message(Happening.CALLBACK_UNMATCHED))).validate(value)
    assert told.ce_id != other.ce_id
    assert told == unmatched(OTHER_CALLBACK, digest="ab")


@pytest.mark.parametrize("traceparent", [None, "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"])
def test_event_headers_are_cloudevents(traceparent: str | None) -> None:
    """The headers are those of CloudEvents' binary mode, each once, and the trace if there is one."""
    headers = event_headers(
        ce_id="0010000001/A1/1",
        ce_type="trade.paid",
        charge_code="A1",
        occurred_at=datetime(2026, 1, 31, 8, tzinfo=UTC),
        traceparent=traceparent,
    )
    texts = {name: value.decode() for name, value in headers}
    assert len(texts) == len(headers)
    assert texts == {
        "ce_specversion": "1.0",
        "ce_id": "0010000001/A1/1",
        "ce_type": "trade.paid",
        "ce_source": "/paybus/notifier",
        "ce_time": "2026-01-31T08:00:00+00:00",
        "ce_subject": "A1",
        "content-type": "application/json",
        **({"traceparent": traceparent} if traceparent else {}),
    }
    schema = asyncapi()["components"]["schemas"]["EventHeaderTexts"]
    validator_of(schema).validate(texts)
    assert texts.keys() | {"traceparent"} == schema["properties"].keys()
