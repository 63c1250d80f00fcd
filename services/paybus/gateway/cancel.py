"""cancel: revoke an order (`GET cancelTrade/{code}/{merchant}`, docs/protocol.md §5.5)."""

from dataclasses import dataclass

from paybus.gateway.endpoint import Endpoint
from paybus.gateway.merchant import Merchant
from paybus.gateway.parameters import path_segment, present, require
from paybus.gateway.reply import Answer, Reply
from paybus.gateway.target import Get

CANCEL = Endpoint(name="cancel", path="cancelTrade", root="CANCELTRADE_RESP", moves_money=True)


@dataclass(frozen=True, slots=True, kw_only=True)
class CancelRequest:
    """Ask to revoke the order at once, or (`application_only`, opType=ACO) only apply for it."""

    charge_code: str
    application_only: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class CancelReply(Reply):
    """SUCCESS means revoked, or that the application was taken; AREADY_REVOKED that it was before."""


def write(request: CancelRequest, merchant: Merchant) -> Get:
    """Give the request; raises MissingParametersError or InvalidParameterError."""
    require(present({"chargeCode": request.charge_code}), ["chargeCode"])
    application = {"opType": "ACO"} if request.application_only else {}
    return Get(
        path=f"{CANCEL.path}/{path_segment(request.charge_code)}/{path_segment(merchant.merchant_id)}",
        signed=f"chargeCode={request.charge_code}&busiCode={merchant.merchant_id}",
        parameters={"BUSI_ID": merchant.merchant_id, **application},
    )


def read(answer: Answer) -> CancelReply:
    """Read the reply; it has no members of its own."""
    return CancelReply(**answer.head())
