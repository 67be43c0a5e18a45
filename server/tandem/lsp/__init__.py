"""The only package that knows the protocol: pygls and lsprotocol end here.

Importing it imports lsprotocol's 554 classes, two thirds of the server's start. A third of that
time goes into generating each one's ``__repr__``, which nothing of ours ever shows (a message in a
log would be document text): 0.19 CPU-s instead of 0.30 without.
"""

import functools

import attrs


def _import_protocol() -> None:
    define = attrs.define
    attrs.define = functools.partial(define, repr=False)
    try:
        import lsprotocol.types  # noqa: F401, PLC0415 - while `define` is ours
    finally:
        attrs.define = define


_import_protocol()
