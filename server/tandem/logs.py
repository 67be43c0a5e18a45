"""Tandem's log: one JSON object per line, an event name and fields, never document text or a key.

Rotated at two megabytes. Foreign libraries' loggers stay silent below an error and are redacted:
pygls logs whole messages, ``openai`` whole requests.
"""

import json
import logging
import logging.handlers
from pathlib import Path
from typing import Final

from tandem.core.redact import redact

_BYTES: Final = 2_000_000


class _JsonLines(logging.Formatter):
    def __init__(self, secrets: tuple[str, ...]) -> None:
        super().__init__()
        self._secrets = secrets

    def format(self, record: logging.LogRecord) -> str:
        entry: dict[str, object] = {
            "at": self.formatTime(record, "%Y-%m-%dT%H:%M:%S") + f".{record.msecs:03.0f}",
            "level": record.levelname.lower(),
            "event": record.getMessage(),
        }
        entry.update(getattr(record, "fields", {}))
        if record.exc_info and record.exc_info[0] is not None:
            entry["error"] = record.exc_info[0].__name__
            entry["trace"] = _places(record)
        return redact(json.dumps(entry, default=str), self._secrets)


def _places(record: logging.LogRecord) -> list[str]:
    """Return where an exception passed, without its message: that may quote a document."""
    places = []
    trace = record.exc_info[2] if record.exc_info else None
    while trace is not None:
        code = trace.tb_frame.f_code
        places.append(f"{Path(code.co_filename).name}:{trace.tb_lineno}:{code.co_name}")
        trace = trace.tb_next
    return places


def configure(path: Path, level: str, secrets: tuple[str, ...]) -> None:
    """Send the log to a file. A file that cannot be opened is no reason not to serve."""
    root = logging.getLogger()
    for handler in list(root.handlers):
        root.removeHandler(handler)
        handler.close()
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        new: logging.Handler = logging.handlers.RotatingFileHandler(
            path, maxBytes=_BYTES, backupCount=1, encoding="utf-8"
        )
    except OSError:
        new = logging.NullHandler()
    new.setFormatter(_JsonLines(secrets))
    root.addHandler(new)
    root.setLevel(logging.ERROR)
    logging.getLogger("tandem").setLevel(level.upper())
    logging.getLogger("pygls").setLevel(logging.CRITICAL)  # its messages quote parameters
