"""`python -m paybus.sandbox`: the gateway's stand-in as a service."""

import gc
import signal
import sys
from types import FrameType

import uvloop

from paybus.sandbox.server import serve
from paybus.sandbox.settings import SettingsError, read_settings


def main() -> None:
    """Read the settings and serve until SIGTERM or SIGINT; wrong settings end with code 2."""
    try:
        settings = read_settings()
        conditions = settings.conditions()
    except SettingsError as error:
        sys.exit(_told(error.problems))
    # Orders live as long as the process: looking through a million of them for garbage, again and
    # again, would stop the gateway for seconds. What is young is still looked through.
    gc.set_threshold(10_000, 50, 1_000_000)
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, _end)  # uvicorn raises the signal again when it has stopped
    try:
        uvloop.run(serve(conditions, host=settings.host, port=settings.port, port_file=settings.port_file))
    except OSError as error:
        sys.exit(_told([f"PAYBUS_SANDBOX_HOST, _PORT or _PORT_FILE cannot be used: {error.strerror}"]))


def _told(problems: list[str]) -> int:
    sys.stderr.write("".join(f"{problem}\n" for problem in problems))
    return 2


def _end(_number: int, _frame: FrameType | None) -> None:
    sys.exit(0)


if __name__ == "__main__":
    main()
