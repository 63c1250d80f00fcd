"""Whether the gateway said yes, and how its no is told."""

from paybus.cli.gateway.exit_code import NO_ANSWER, REFUSED, fail
from paybus.cli.terminal import passing
from paybus.gateway.account import AuthReply, LoginReply
from paybus.gateway.dictionary import RETURN_CODES
from paybus.gateway.reply import Reply


def check(reply: Reply | AuthReply | LoginReply) -> None:
    """Go on after a yes; after a no end the command, with the gateway's own words."""
    match reply:
        case Reply():
            _check_code(reply)
        case _ if not reply.success:
            fail(f"the gateway refused: {reply.message or 'without a word'}", code=REFUSED)


def _check_code(reply: Reply) -> None:
    if reply.unreadable:
        passing.print(f"cannot be read: {', '.join(reply.unreadable)}", markup=False)
    if not reply.code:
        fail("the gateway's answer says neither yes nor no", code=NO_ANSWER)
    if reply.code != "SUCCESS":
        told = f": {reply.info}" if reply.info else ""
        fail(f"the gateway refused, {RETURN_CODES.label_of(reply.code)}{told}", code=REFUSED)
