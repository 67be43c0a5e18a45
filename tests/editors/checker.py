"""A language server of one rule: a name that a file uses is one it imports. `checker.py NAME`.

For the proofs of quick fixes: what is fixed is said by another server than the one that fixes it.
Standard library only, since an editor runs it outside of the project's environment.
"""

import json
import re
import sys
from typing import Any, BinaryIO


def main(name: str) -> None:
    """Serve on the standard streams until `exit`, or until the input ends."""
    while message := _read(sys.stdin.buffer):
        method, params = message.get("method"), message.get("params") or {}
        if method == "initialize":
            _send({"id": message["id"], "result": {"capabilities": {"textDocumentSync": 1}}})
        elif method == "shutdown":
            _send({"id": message["id"], "result": None})
        elif method == "exit":
            return
        elif method in {"textDocument/didOpen", "textDocument/didChange"}:
            document = params["textDocument"]
            text = document.get("text") or params["contentChanges"][-1]["text"]
            said = {"uri": document["uri"], "diagnostics": diagnostics(text, name)}
            _send({"method": "textDocument/publishDiagnostics", "params": said})


def diagnostics(text: str, name: str) -> list[dict[str, Any]]:
    """Return what Pyright says of a name that is not imported; the text is ASCII."""
    if re.search(rf"^from .* import .*\b{name}\b", text, re.MULTILINE):
        return []
    return [
        {
            "range": {
                "start": {"line": number, "character": use.start()},
                "end": {"line": number, "character": use.end()},
            },
            "severity": 1,
            "source": "Pyright",
            "code": "reportUndefinedVariable",
            "message": f'"{name}" is not defined',
        }
        for number, line in enumerate(text.splitlines())
        for use in re.finditer(rf"\b{name}\b", line)
    ]


def _read(stream: BinaryIO) -> dict[str, Any] | None:
    length = 0
    while (line := stream.readline()).strip():
        field, _, value = line.partition(b":")
        if field.lower() == b"content-length":
            length = int(value)
    return json.loads(stream.read(length)) if length else None


def _send(message: dict[str, Any]) -> None:
    body = json.dumps({"jsonrpc": "2.0", **message}).encode()
    sys.stdout.buffer.write(b"Content-Length: %d\r\n\r\n%s" % (len(body), body))
    sys.stdout.buffer.flush()


if __name__ == "__main__":
    main(sys.argv[1])
