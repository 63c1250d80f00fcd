"""What can go wrong at the gateway's wire, and whether money may have moved.

    GatewayError
    ├── NotSentError                  not a byte of the request left: safe to send again
    │   ├── MissingParametersError    a required parameter is absent or blank
    │   ├── InvalidParameterError     a parameter cannot be put on the wire
    │   └── ConnectFailedError        refused, DNS, TLS or connect timeout
    ├── NoAnswerError                 sent, and the gateway's word is missing: ask before anything else
    │   ├── ReplyTimeoutError         no complete reply in time
    │   ├── ConnectionLostError       the connection ended while we waited
    │   ├── HttpStatusError           an HTTP status that is no answer (carries `http_status`)
    │   ├── OversizedReplyError       the reply is larger than we are willing to hold
    │   └── ReplyError                a reply came and cannot be used (carries `http_status`)
    │       ├── UndecodableReplyError     not a document of the expected shape
    │       └── UndecryptableReplyError   does not decrypt with the merchant's key
    ├── DocumentError                 a text is not one well-formed JSON or XML document
    ├── DecryptionError               a ciphertext does not decrypt
    ├── UnknownMerchantError          no such merchant is configured
    ├── MerchantFileError             merchant files that cannot be used (carries `problems`)
    ├── ProfileFileError              a profile that cannot be used (carries `problems`)
    └── CallbackRefusedError          a callback we do not believe (carries `http_status`, `reason`)

`may_have_moved_money` is true only for a NoAnswerError of an operation that moves money.
No text here ever contains a key, a sign or a body.
"""

from collections.abc import Sequence


class GatewayError(Exception):
    """Something at the gateway's wire went wrong."""

    may_have_moved_money: bool = False


class NotSentError(GatewayError):
    """The request was not sent, so nothing can have happened at the gateway."""


class MissingParametersError(NotSentError):
    """Required parameters are missing; `names` lists them in the protocol's order (docs/protocol.md §5.2)."""

    code = "99999"

    def __init__(self, names: Sequence[str]) -> None:
        super().__init__(f"{self.code}:参数【{','.join(names)}】必须填写。")
        self.names = tuple(names)


class InvalidParameterError(NotSentError):
    """A parameter cannot be put on the wire."""


class ConnectFailedError(NotSentError):
    """No connection to the gateway could be made."""


class NoAnswerError(GatewayError):
    """The request was sent and the gateway's answer is not known."""

    def __init__(self, message: str, *, moves_money: bool) -> None:
        super().__init__(message)
        self.may_have_moved_money = moves_money


class ReplyTimeoutError(NoAnswerError):
    """No complete reply came in time."""


class ConnectionLostError(NoAnswerError):
    """The connection ended before a complete reply had come."""


class HttpStatusError(NoAnswerError):
    """The reply has an HTTP status that is not an answer, and no readable document."""

    def __init__(self, http_status: int, *, moves_money: bool) -> None:
        super().__init__(f"HTTP status {http_status} without a readable answer", moves_money=moves_money)
        self.http_status = http_status


class OversizedReplyError(NoAnswerError):
    """The reply is larger than we are willing to hold."""


class ReplyError(NoAnswerError):
    """A reply came that cannot be used; `http_status` is the status it came with."""

    def __init__(self, message: str, *, http_status: int, moves_money: bool) -> None:
        super().__init__(f"{message} (HTTP status {http_status})", moves_money=moves_money)
        self.http_status = http_status


class UndecodableReplyError(ReplyError):
    """The reply is not a document of the operation's shape."""


class UndecryptableReplyError(ReplyError):
    """The reply does not decrypt with the merchant's key."""


class DocumentError(GatewayError):
    """The text is not exactly one well-formed document, or a value cannot be written into one."""


class DecryptionError(GatewayError):
    """The ciphertext does not decrypt with this key."""


class UnknownMerchantError(GatewayError):
    """No such merchant is configured."""

    def __init__(self, merchant_id: str) -> None:
        super().__init__(f"no merchant {merchant_id!r} is configured")
        self.merchant_id = merchant_id


class MerchantFileError(GatewayError):
    """One or more merchant files cannot be used; `problems` has one sentence for each fault."""

    def __init__(self, problems: Sequence[str]) -> None:
        super().__init__("\n".join(problems))
        self.problems = tuple(problems)


class ProfileFileError(GatewayError):
    """The gateway's profile cannot be used; `problems` has one sentence for each fault."""

    def __init__(self, problems: Sequence[str]) -> None:
        super().__init__("\n".join(problems))
        self.problems = tuple(problems)


class CallbackRefusedError(GatewayError):
    """The callback is not believed; answer it with `http_status`, so that the gateway repeats it.

    `reason` is a fixed word for logs and metrics.
    """

    def __init__(self, reason: str, *, http_status: int) -> None:
        super().__init__(f"callback refused: {reason}")
        self.reason = reason
        self.http_status = http_status
