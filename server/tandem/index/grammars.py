"""Load grammars: the official wheel, else a collection that is installed, else nothing.

A grammar is loaded when the first file of its language comes (1-3 ms each) and kept. Deliberately
no download: collections that fetch grammars at run time are not asked. `tree_sitter_languages` is
never imported, its own ``get_language`` being broken under every tree-sitter since 0.22: its one
shared library is opened and each grammar wrapped in a capsule.

Invariant: never raises; a grammar that cannot be loaded is None, and is asked for once.
"""

import ctypes
import importlib
import importlib.util
from functools import cache
from importlib import metadata
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING, Any, Final

from tandem.index.languages import Language

if TYPE_CHECKING:
    from collections.abc import Callable

    import tree_sitter

_PACK: Final = "tree_sitter_language_pack"
_LEGACY: Final = "tree_sitter_languages"
_CAPSULE: Final = b"tree_sitter.Language"  # kept: a capsule does not copy its name

_lock: Final = Lock()
_loaded: Final[dict[str, "tuple[tree_sitter.Language | None, str]"]] = {}


def grammar(language: Language) -> "tree_sitter.Language | None":
    """Return a language's grammar, loading it at first use; None where there is none."""
    return _load(language)[0]


def version(language: Language) -> str:
    """Say which grammar it is, with its ABI: facts of another version are other facts."""
    return _load(language)[1]


def _load(language: Language) -> "tuple[tree_sitter.Language | None, str]":
    with _lock:  # reentrant loads do not happen: loading imports grammars only
        found = _loaded.get(language.id)
        if found is None:
            found = _loaded[language.id] = _find(language)
        return found


def _find(language: Language) -> "tuple[tree_sitter.Language | None, str]":
    if language.grammar is None:
        return None, ""
    name = language.grammar.name
    chain: tuple[tuple[str, Callable[[], tree_sitter.Language | None]], ...] = (
        (language.grammar.module, lambda: _official(language)),
        (_PACK, lambda: _from_pack(name)),
        (_LEGACY, lambda: _from_legacy(name)),
    )
    for source, load in chain:
        try:
            found = load()
        except Exception:  # noqa: BLE001, S112 - foreign code; the next source may do
            continue
        if found is not None:
            return found, f"{source} {_installed(source)} abi {found.abi_version}"
    return None, ""


def _official(language: Language) -> "tree_sitter.Language | None":
    place = language.grammar
    if place is None or not place.module:
        return None
    make: Any = getattr(importlib.import_module(place.module), place.function)
    return _wrapped(make())


def _wrapped(capsule: object) -> "tree_sitter.Language":
    from tree_sitter import Language as Wrapped  # noqa: PLC0415 - 20 ms that `languages` must not pay

    return Wrapped(capsule)


def _from_pack(name: str) -> "tree_sitter.Language | None":
    """Ask a 0.x collection, whose grammars lie inside it; 1.x downloads them and is not asked."""
    if not _installed(_PACK).startswith("0."):
        return None
    pack: Any = importlib.import_module(_PACK)
    for spelling in (name, name.replace("_", "")):
        try:
            return _wrapped(pack.get_binding(spelling))
        except LookupError:
            continue
    return None


def _from_legacy(name: str) -> "tree_sitter.Language | None":
    library = _legacy_library()
    if library is None:
        return None
    entry = getattr(library, f"tree_sitter_{name}")
    entry.restype = ctypes.c_void_p
    wrap = ctypes.pythonapi.PyCapsule_New
    wrap.restype = ctypes.py_object
    wrap.argtypes = [ctypes.c_void_p, ctypes.c_char_p, ctypes.c_void_p]
    return _wrapped(wrap(entry(), _CAPSULE, None))


@cache
def _legacy_library() -> ctypes.CDLL | None:
    """Open the collection's library: it links no Python, so any version of Python may."""
    found = importlib.util.find_spec(_LEGACY)  # finds it, and does not run it
    for folder in (found.submodule_search_locations or ()) if found else ():
        for suffix in (".so", ".dylib", ".dll"):
            path = Path(folder, f"languages{suffix}")
            if path.exists():
                return ctypes.CDLL(str(path))
    return None


@cache
def _installed(module: str) -> str:
    try:
        return metadata.version(module.replace("_", "-"))
    except metadata.PackageNotFoundError:
        return ""
