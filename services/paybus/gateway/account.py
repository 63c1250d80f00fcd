"""auth and login: an operator's permissions and channels (docs/protocol.md §5.8, §5.9).

Both put the password into the URL, in clear text: use TLS, and never log the URL.
"""

from dataclasses import dataclass, field
from typing import Any

from paybus.gateway.channels import Channel
from paybus.gateway.endpoint import Endpoint
from paybus.gateway.members import Members
from paybus.gateway.merchant import Merchant
from paybus.gateway.parameters import present, require
from paybus.gateway.reply import Answer
from paybus.gateway.target import Get

AUTH = Endpoint(name="auth", path="auth", root="")
LOGIN = Endpoint(name="login", path="login", root="")
AUTH_REQUIRED = ("username", "password", "busiCode")
LOGIN_REQUIRED = ("username", "password")


@dataclass(frozen=True, slots=True, kw_only=True)
class AuthRequest:
    """Ask what *username* (of a terminal: the device number) may do."""

    username: str
    password: str = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class LoginRequest:
    """Ask to log *username* in from a device."""

    username: str
    password: str = field(repr=False)
    imei: str | None = None
    app_version: str | None = None
    device_type: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class AuthReply:
    """`user` and `company` as they came, names in upper case; empty if there were none.

    `may_refund` is user type 2; `company_code` must be the order's merchant before a refund.
    """

    success: bool
    message: str | None
    http_status: int
    may_refund: bool
    company_code: str | None
    user: dict[str, Any]
    company: dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class LoginReply:
    """The operator's channels in the gateway's order."""

    success: bool
    message: str | None
    http_status: int
    channels: tuple[Channel, ...]


def write_auth(request: AuthRequest, merchant: Merchant) -> Get:
    """Give the request; raises MissingParametersError. The signed text is the vendor's own slip."""
    parameters = present(
        {
            "username": request.username,
            "password": request.password,
            "busiCode": merchant.merchant_id,
        }
    )
    require(parameters, AUTH_REQUIRED)
    return Get(path=AUTH.path, signed="busiCode=null", parameters=parameters)


def write_login(request: LoginRequest, merchant: Merchant) -> Get:
    """Give the request; raises MissingParametersError."""
    parameters = present(
        {
            "username": request.username,
            "password": request.password,
            "imei": request.imei,
            "appVer": request.app_version,
            "teType": request.device_type,
            "busiCode": merchant.merchant_id,
        }
    )
    require(parameters, LOGIN_REQUIRED)
    return Get(path=LOGIN.path, signed=f"username={request.username}", parameters=parameters)


def read_auth(answer: Answer) -> AuthReply:
    """Read the reply's members."""
    members = answer.members
    user = _upper(members.value("USER"))
    company = _upper(user.pop("COMPANY", None))
    code = company.get("CODE")
    return AuthReply(
        success=_truth(members.value("SUCCESS")),
        message=members.text("MESSAGE"),
        http_status=answer.http_status,
        may_refund=str(user.get("USERTYPE")) == "2",
        company_code=None if code is None else str(code),
        user=user,
        company=company,
    )


def read_login(answer: Answer) -> LoginReply:
    """Read the reply's members."""
    members = answer.members
    return LoginReply(
        success=_truth(members.value("SUCCESS")),
        message=members.text("MESSAGE"),
        http_status=answer.http_status,
        channels=tuple(map(_channel, members.records("CHANNELS"))),
    )


def _channel(record: dict[str, Any]) -> Channel:
    members = Members(record)
    channel = Members(_upper(members.value("CHANNEL")))
    return Channel(
        channel_type=channel.integer("PAYMENTTYPE"),
        name=channel.text("PAYMENTNAME"),
        sort_number=members.integer("SORTNO"),
    )


def _upper(value: object) -> dict[str, Any]:
    return {name.upper(): below for name, below in value.items()} if isinstance(value, dict) else {}


def _truth(value: object) -> bool:
    return value is True or (isinstance(value, str) and value.strip().lower() == "true")
