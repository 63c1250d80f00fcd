"""A tap on the wire: what we say to the gateway and it to us passes through here, and is written down."""

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.client import HTTPConnection, HTTPException
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Lock, Thread
from urllib.parse import parse_qs, urlsplit

Port = Callable[[], int]


@dataclass
class Tap:
    """What has passed: request lines, bodies and answers, as text; and the signs among them."""

    port: int = 0
    texts: list[str] = field(default_factory=list)
    signs: set[str] = field(default_factory=set)
    lock: Lock = field(default_factory=Lock)

    @property
    def address(self) -> str:
        """Where it listens."""
        return f"http://127.0.0.1:{self.port}"

    def note(self, path: str, *bodies: bytes) -> None:
        """Write down one exchange."""
        with self.lock:
            self.texts += [path, *(body.decode("utf-8", "replace") for body in bodies)]
            for sign in parse_qs(urlsplit(path).query).get("sign", []):
                self.signs.add(sign.partition(":")[0])


@contextmanager
def tapped(*, gateway: Port, notifier: Port) -> Iterator[Tap]:
    """Listen while the block runs; callbacks go to *notifier*, everything else to *gateway*."""
    tap = Tap()

    class Handler(BaseHTTPRequestHandler):
        def _pass_on(self) -> None:
            port = (notifier if self.path.startswith("/callbacks") else gateway)()
            body = self.rfile.read(int(self.headers.get("content-length") or 0))
            tap.note(self.path, body)
            connection = HTTPConnection("127.0.0.1", port, timeout=30)
            try:
                connection.request(self.command, self.path, body, _ours(self.headers.items()))
                answer = connection.getresponse()
                content = answer.read()
            except (OSError, HTTPException):
                return  # whoever asked gets no answer either
            finally:
                connection.close()
            tap.note("", content)
            self.send_response(answer.status)
            for name, value in _ours(answer.getheaders()).items():
                self.send_header(name, value)
            self.send_header("content-length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def do_GET(self) -> None:
            self._pass_on()

        def do_POST(self) -> None:
            self._pass_on()

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    tap.port = server.server_address[1]
    serving = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    serving.start()
    try:
        yield tap
    finally:
        server.shutdown()
        serving.join()
        server.server_close()


def _ours(headers: Iterable[tuple[str, str]]) -> dict[str, str]:
    """Leave out what belongs to one connection, and the length, which is known here."""
    dropped = {"connection", "keep-alive", "transfer-encoding", "content-length", "host"}
    return {name: value for name, value in headers if name.lower() not in dropped}
