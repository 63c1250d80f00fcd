"""auth and login: an operator's permissions and channels (docs/protocol.md §5.8, §5.9).

Every operator is known here and every password but `wrong` is right. Operators whose names begin
with `clerk` may not refund.
"""

from collections.abc import Mapping
from typing import Any, Final

from paybus.gateway.members import Members
from paybus.gateway.signature import verify
from paybus.sandbox.admission import Asked, Merchants, find_merchant
from paybus.sandbox.errors import RefusalError
from paybus.sandbox.gateway import Gateway
from paybus.sandbox.operations.attendance import inform
from paybus.sandbox.operations.channels import CHANNELS
from paybus.sandbox.operations.wish import text
from paybus.sandbox.reply import Answer
from paybus.sandbox.request import Request

_WRONG_PASSWORD: Final = "wrong"  # noqa: S105 - what a test gives to be refused
_MAY_NOT_REFUND: Final = "clerk"


def admit(request: Request, merchants: Merchants) -> Asked:
    """Believe an unsigned request, and a signed one if its sign is right; raises RefusalError.

    The vendor's client signs auth over `busiCode=null`, a slip that everybody has to repeat.
    """
    parameters = request.parameters
    merchant_id = parameters.get("busiCode")
    merchant = find_merchant(merchant_id, merchants) if merchant_id else None
    made = parameters.get("sign")
    if made is not None:
        if merchant is None:
            raise RefusalError("ILLEGAL_PARAMETER", "a signed request needs busiCode")
        texts = ("busiCode=null", f"busiCode={merchant_id}", f"username={parameters.get('username')}")
        if not any(verify(each, made, key=merchant.key) for each in texts):
            raise RefusalError("INVALID_SIGN", "the sign is malformed or wrong")
    return Asked(merchant=merchant, members=Members(dict(parameters)), request=request)


async def auth(gateway: Gateway, asked: Asked) -> Answer:
    """Tell what an operator may do."""
    return await inform(gateway, asked, _tell_user)


async def login(gateway: Gateway, asked: Asked) -> Answer:
    """Let an operator in and list his channels."""
    return await inform(gateway, asked, _tell_channels)


def write(answer: Answer) -> Mapping[str, Any]:
    """Give the reply's members: no RESULT, but success and a message."""
    if answer.code != "SUCCESS":
        return {"success": False, "message": f"{answer.code}: {answer.info}"}
    return {"success": True, "message": "", **answer.members}


def _tell_user(_gateway: Gateway, asked: Asked) -> Answer:
    username = _checked(asked)
    user = {
        "id": "1",
        "companyId": "9",
        "loginName": username,
        "name": "Cashier",
        "userType": "1" if username.startswith(_MAY_NOT_REFUND) else "2",
        "loginFlag": "1",
        "delFlag": "0",
        "teType": "1",
        "loginStatus": "1",
        "company": _company(asked.merchant_id),
    }
    return Answer("SUCCESS", members={"user": user})


def _company(merchant_id: str) -> dict[str, str]:
    return {
        "id": "9",
        "name": "Sandbox shop",
        "code": merchant_id,
        "useable": "1",
        "delFlag": "0",
        "amountLimit": "100000",
        "refundAtScene": "0",
        "chargeMode": "1",
        "profit": "0.6",
        "timeLimit": "5",
        "isUploadGoods": "0",
        "privateUrl": "",
    }


def _tell_channels(_gateway: Gateway, asked: Asked) -> Answer:
    _checked(asked)
    listed = [
        {"sortNo": place, "channel": {"paymentType": number, "paymentName": name}}
        for place, (number, name) in enumerate(CHANNELS, start=1)
    ]
    return Answer("SUCCESS", members={"channels": listed})


def _checked(asked: Asked) -> str:
    username, password = text(asked.members, "USERNAME"), text(asked.members, "PASSWORD")
    if username is None or password is None:
        raise RefusalError("ILLEGAL_PARAMETER", "username and password are required")
    if password == _WRONG_PASSWORD:
        raise RefusalError("FAIL", "user name or password is wrong")
    return username
