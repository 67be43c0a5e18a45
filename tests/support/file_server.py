"""One file over HTTP on loopback, as hubs serve it: redirects, ranges, and what goes wrong."""

import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

COMMIT = "0123456789abcdef0123456789abcdef01234567"
PATH = f"/owner/model/resolve/{COMMIT}/Toy.Q4.gguf"


@dataclass
class Hub:
    """What is served and how; `asked` are the paths and ranges that came.

    `breaks_after` so many bytes of an answer the connection is closed. `headers` go with the
    first answer, which is a redirect to where the bytes are. `says_size`: else it is chunked.
    """

    data: bytes
    status: int = 200
    ranges: bool = True
    says_size: bool = True
    breaks_after: int | None = None
    headers: dict[str, str] = field(default_factory=dict)
    leads_to: str = "/bytes"
    asked: list[tuple[str, str]] = field(default_factory=list)
    url: str = ""


@contextmanager
def serving(hub: Hub) -> Iterator[Hub]:
    """Serve until the block is left."""
    handler = type("Handler", (_Handler,), {"hub": hub})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    hub.url = f"http://127.0.0.1:{server.server_port}{PATH}"
    try:
        yield hub
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


class _Handler(BaseHTTPRequestHandler):
    hub: Hub

    def log_message(self, format: str, *arguments: Any) -> None:  # noqa: A002
        """Say nothing."""

    def do_GET(self) -> None:
        hub, wanted = self.hub, self.headers.get("Range", "")
        hub.asked.append((self.path, wanted))
        if self.path == PATH and hub.status == 200:
            self.send_response(302)
            self.send_header("Location", hub.leads_to)
            for name, value in hub.headers.items():
                self.send_header(name, value)
            self.end_headers()
            return
        self._bytes(hub, wanted)

    def _bytes(self, hub: Hub, wanted: str) -> None:
        found = re.fullmatch(r"bytes=(\d+)-", wanted) if hub.ranges else None
        start = int(found[1]) if found else 0
        if start >= len(hub.data):
            self.send_response(416)
            self.send_header("Content-Range", f"bytes */{len(hub.data)}")
            self.end_headers()
            return
        self.send_response(hub.status if hub.status != 200 else 206 if found else 200)
        if found:
            last = len(hub.data) - 1
            self.send_header("Content-Range", f"bytes {start}-{last}/{len(hub.data)}")
        if hub.says_size:
            self.send_header("Content-Length", str(len(hub.data) - start))
        self.end_headers()
        self.wfile.write(hub.data[start:][: hub.breaks_after])
