"""`paybus auth` and `paybus login`: an operator's permissions. The password is never on the command line."""

import sys
from typing import Final

from rich.console import RenderableType
import typer

from paybus.cli.errors import CliError
from paybus.cli.gateway.display import Rows, facts, listing
from paybus.cli.gateway.question import Fields, Option, Question
from paybus.gateway.account import AuthReply, AuthRequest, LoginReply, LoginRequest
from paybus.gateway.dictionary import (
    CHANNELS,
    CHARGE_MODES,
    LOGIN_FLAGS,
    LOGIN_STATUSES,
    REFUNDS_AT_SCENE,
    REVIEWS,
    USER_TYPES,
)
from paybus.gateway.user import Company, User
from paybus.telemetry.redaction import register_secret

_LONGEST: Final = 1_000  # characters; more is not a password but the wrong file


def with_password(fields: Fields) -> Fields:
    """Add the password: from standard input where that was asked for, else typed unseen; raises CliError."""
    from_stdin = fields.pop("password_stdin")
    if from_stdin:
        password = sys.stdin.readline(_LONGEST).rstrip("\r\n")
    elif sys.stdin.isatty():
        password = str(typer.prompt("Password", hide_input=True, err=True))
    else:
        raise CliError("there is nobody to type a password: give it by --password-stdin")
    if not password.strip():
        raise CliError("the password is empty")
    register_secret(password)
    return {**fields, "password": password}


def _picture(reply: AuthReply) -> RenderableType:
    rows = [("may refund", "yes" if reply.may_refund else "no"), ("at merchant", reply.company_code)]
    user = reply.user
    if user is None:
        return facts(rows)
    return facts([*rows, *_of_user(user), *(_of_company(user.company) if user.company else ())])


def _of_user(user: User) -> Rows:
    return [
        ("login name", user.login_name),
        ("name", user.name),
        ("type", USER_TYPES.label_of(user.user_type)),
        ("account", LOGIN_FLAGS.label_of(user.login_flag)),
        ("status", LOGIN_STATUSES.label_of(user.login_status)),
        ("last login", user.login_date),
    ]


def _of_company(company: Company) -> Rows:
    return [
        ("company", company.name),
        ("review", REVIEWS.label_of(company.useable)),
        ("refunds at scene", REFUNDS_AT_SCENE.label_of(company.refund_at_scene)),
        ("charge mode", CHARGE_MODES.label_of(company.charge_mode)),
        ("amount limit", company.amount_limit),
    ]


def _channels(reply: LoginReply) -> RenderableType:
    rows = [(CHANNELS.label_of(channel.channel_type), channel.name) for channel in reply.channels]
    return listing(("channel", "the gateway's name"), rows)


def _text(flag: str, text: str) -> Option:
    return Option(str | None, typer.Option(None, flag, help=text))


_WHO: Final = {
    "username": Option(str, typer.Argument(..., metavar="USERNAME", help="Of a till: its device number.")),
    "password_stdin": Option(
        bool, typer.Option(False, "--password-stdin", help="Read the password from standard input.")
    ),
}
AUTH: Final = Question(
    name="auth",
    help="Ask what an operator may do. The password goes to the gateway in the address: use https.",
    options=_WHO,
    ask=lambda caller, fields: caller.client.auth(AuthRequest(**fields)),
    picture=_picture,
    prepare=with_password,
)
LOGIN: Final = Question(
    name="login",
    help="Log an operator in and list his channels. The password goes to the gateway in the address.",
    options={
        **_WHO,
        "imei": _text("--imei", "The device's number."),
        "app_version": _text("--app-version", "The version of its program."),
        "device_type": _text("--device-type", "What it is; 1 is Android."),
    },
    ask=lambda caller, fields: caller.client.login(LoginRequest(**fields)),
    picture=_channels,
    prepare=with_password,
)
