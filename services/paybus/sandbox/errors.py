"""What ends a call to the sandbox early.

SandboxError
├── RefusalError        the request is answered with a return code other than SUCCESS
│   └── BooksFullError  the books hold as much as they may
└── CutError            the sandbox stops or starts afresh while a call waits: it gets no answer
"""

from paybus.sandbox.fault import Fault


class SandboxError(Exception):
    """Something ended a call to the sandbox."""


class RefusalError(SandboxError):
    """The request is answered with this return code (docs/protocol.md §7.5)."""

    def __init__(self, code: str, info: str) -> None:
        super().__init__(f"{code}: {info}")
        self.code = code
        self.info = info


class BooksFullError(RefusalError):
    """The books hold as much as they may; `POST /admin/reset` empties them."""

    def __init__(self, limit: str) -> None:
        super().__init__("SERVICE_UNAVAILABLE", f"the sandbox's books are full: {limit}")


class SpoiltError(SandboxError):
    """Nothing is carried out, and this fault is all that the caller sees."""

    def __init__(self, fault: Fault) -> None:
        super().__init__(fault.value)
        self.fault = fault


class CutError(SandboxError):
    """The sandbox gave up this call."""
