"""Lets aiokafka notice on uvloop that a connection is closed, as it does on the standard library's loop.

Writing to a closed connection raises RuntimeError on uvloop, and aiokafka 0.14 expects nothing but OSError
(https://github.com/aio-libs/aiokafka/issues/1038). The task that refreshes its metadata dies of that, unseen:
when the broker is back, consumers go on waiting for the coordinator's address for ever. When a broker was
killed under 30 consumers, 8 of them never read again.
"""

from typing import Any

from aiokafka.conn import AIOKafkaConnection, CloseReason
from aiokafka.errors import KafkaConnectionError

_send = AIOKafkaConnection.send


def send(connection: AIOKafkaConnection, request: Any, expect_response: bool = True) -> Any:  # noqa: FBT001, FBT002 -- aiokafka's signature
    """Send a request as aiokafka does; raises KafkaConnectionError if the connection is closed."""
    try:
        return _send(connection, request, expect_response)
    except RuntimeError as error:
        connection.close(reason=CloseReason.CONNECTION_BROKEN)
        message = f"The connection to {connection.host}:{connection.port} is closed"
        raise KafkaConnectionError(message) from error


def notice_closed_connections() -> None:
    """Have every connection of this process notice it; doing so again changes nothing."""
    AIOKafkaConnection.send = send
