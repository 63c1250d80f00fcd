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
from paybus.gateway.user import User, read_user

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
    """What the gateway knows of the operator, who has no `user` if he is not let in.

    `may_refund` is user type 2; `company_code` must be the order's merchant before a refund.
    """

    success: bool
    message: str | None
    http_status: int
    user: User | None

    @property
    def may_refund(self) -> bool:
        """Whether the operator may refund at all."""
        return self.user is not None and self.user.user_type == 2

    @property
    def company_code(self) -> str | None:
        """The merchant whom the operator works for."""
        return self.user.company.code if self.user and self.user.company else None


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
    user = members.below("USER")
    return AuthReply(
        success=members.truth("SUCCESS"),
        message=members.text("MESSAGE"),
        http_status=answer.http_status,
        user=None if user is None else read_user(user),
    )


def read_login(answer: Answer) -> LoginReply:
    """Read the reply's members."""
    members = answer.members
    return LoginReply(
        success=members.truth("SUCCESS"),
        message=members.text("MESSAGE"),
        http_status=answer.http_status,
        channels=tuple(map(_channel, members.records("CHANNELS"))),
    )


def _channel(record: dict[str, Any]) -> Channel:
    members = Members(record)
    channel = members.below("CHANNEL") or Members({})
    return Channel(
        channel_type=channel.integer("PAYMENTTYPE"),
        name=channel.text("PAYMENTNAME"),
        sort_number=members.integer("SORTNO"),
    )
