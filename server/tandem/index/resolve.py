"""Where an import leads: from a module as written to a file of the codebase. Pure.

Two ways cover the languages: *relative* modules are paths from the importing file; all others are
matched by their last parts against the ends of file names, the longest match winning and an
ambiguous one losing. No build file is read: that finds what a compiler would in the usual layouts,
and nothing (rather than something wrong) in others.
"""

import sys
from collections import defaultdict
from collections.abc import Iterable, Sequence
from posixpath import dirname, join, normpath
from typing import Final

from tandem.index.code import Target
from tandem.index.facts import Import

# Files that stand for their folder.
_INDEX_STEMS: Final = frozenset(["__init__", "index", "mod", "lib", "main"])
_FOLDERS_ARE_PACKAGES: Final = frozenset(["go"])
_PACKAGES_APART: Final = frozenset(
    ["javascript", "javascriptreact", "typescript", "typescriptreact"]
)
_FILES_ARE_NAMED: Final = frozenset(["c", "cpp", "objective-c", "objective-cpp"])
# Their imports may name a member behind the module: `import static com.shop.Order.total`.
_IMPORT_MEMBERS: Final = frozenset(["java", "kotlin", "scala", "csharp", "php", "rust", "swift"])
_SEPARATORS: Final = str.maketrans({".": "/", ":": "/", "\\": "/"})
_JVM: Final = (".java", ".kt", ".kts", ".scala", ".groovy")
_SCRIPTS: Final = (
    *(".js", ".mjs", ".cjs", ".jsx", ".ts", ".mts", ".cts", ".tsx"),
    *(".vue", ".svelte", ".json"),
)
# What a language can import from: `java.io` is no `java.py`, and a `cart.cjs` beside `cart.py`
# makes no import of Python ambiguous.
_KIN: Final = {
    "python": (".py", ".pyi", ".pyx", ".so"),
    **dict.fromkeys(("java", "kotlin", "scala"), _JVM),
    **dict.fromkeys(_PACKAGES_APART, _SCRIPTS),
}
_ANY: Final = ("",)  # every name ends in it
_ROOTS: Final = ((), ("src",), ("lib",))  # where a top level is
_FEWEST_PARTS: Final = 1


class Modules:
    """The files of a codebase by the names under which they can be imported."""

    def __init__(self, paths: Iterable[str]) -> None:
        """Index paths by the last part of their module names. O(files)."""
        self._paths: set[str] = set()
        self._by_last: dict[str, list[tuple[tuple[str, ...], str]]] = defaultdict(list)
        self._folders: dict[str, list[str]] = defaultdict(list)
        # Answers by parts and suffixes: the same modules come often.
        self._known: dict[tuple[tuple[str, ...], tuple[str, ...]], str | None] = {}
        for path in paths:
            self.add(path)

    def add(self, path: str) -> None:
        """Take in a file."""
        if path in self._paths:
            return
        self._paths.add(path)
        self._known.clear()
        self._folders[dirname(path)].append(path)
        parts = _module_parts(path)
        if parts:
            self._by_last[parts[-1]].append((parts, path))

    def remove(self, path: str) -> None:
        """Forget a file."""
        if path not in self._paths:
            return
        self._paths.discard(path)
        self._known.clear()
        self._folders[dirname(path)].remove(path)
        parts = _module_parts(path)
        if parts:
            self._by_last[parts[-1]].remove((parts, path))

    def resolve(self, path: str, language: str, imports: Sequence[Import]) -> dict[str, Target]:
        """Return what a file's imports bind, by local name, as far as it leads into the code."""
        bound: dict[str, Target] = {}
        for item in imports:
            for local, target in self._bindings(path, language, item):
                bound.setdefault(local, target)
        return bound

    def _bindings(self, path: str, language: str, item: Import) -> Iterable[tuple[str, Target]]:
        module = self._find(path, language, item.module)
        for name, local in item.names:
            # `from package import module` names a file, not a definition.
            inner = self._find(path, language, _below(item.module, name))
            if inner is not None and inner != module:
                yield local, Target(inner)
            elif module is not None:
                yield local, Target(module, name)
        if not item.names and module is not None:
            yield item.local or f"*{module}", Target(module)

    def _find(self, path: str, language: str, module: str) -> str | None:
        kin = _KIN.get(language, _ANY)
        if module.startswith((".", "/")):
            return self._relative(path, module, kin)
        if language in _FOLDERS_ARE_PACKAGES:
            return self._folder(module.split("/"))
        if language in _FILES_ARE_NAMED:
            return self._named(path, module.strip('"<>'))
        if "/" in module:  # a path with a suffix
            module = module.partition(".")[0]
        parts = tuple(p for p in module.translate(_SEPARATORS).split("/") if p and p != "crate")
        if language == "python" and parts:
            return self._absolute(path, parts, kin)
        return self._apart(language, parts) if parts else None

    def _apart(self, language: str, parts: tuple[str, ...]) -> str | None:
        """Resolve a module that is named by its parts, whatever file asks."""
        kin = _KIN.get(language, _ANY)
        found = self._suffix(parts, kin)
        if found is None and language in _IMPORT_MEMBERS and len(parts) > 1:
            return self._suffix(parts[:-1], kin)
        # `vitest` is a package, `vitest.config.ts` is no module of that name.
        is_other = found is not None and language in _PACKAGES_APART and _is_inner(found, parts)
        return None if is_other else found

    def _absolute(self, path: str, parts: tuple[str, ...], kin: tuple[str, ...]) -> str | None:
        """Resolve an absolute import of Python: not into the middle of a package.

        `types` is the library's, whatever `structlog/types.py` is called; but a script finds the
        files beside it.
        """
        found = self._suffix(parts, kin)
        if parts[0] in sys.stdlib_module_names:
            above = _module_parts(found)[: -len(parts)] if found is not None else ()
            return found if above in _ROOTS else None
        if found is None or self._is_top(found, len(parts)):
            return found
        named = [p for _, p in self._by_last.get(parts[-1], ()) if p.endswith(kin)]
        named = [p for p in named if _module_parts(p)[-len(parts) :] == parts]
        tops = [p for p in named if self._is_top(p, len(parts))]
        if len(tops) == 1:
            return tops[0]
        return found if dirname(found) == dirname(path) and not tops else None

    def _is_top(self, path: str, parts: int) -> bool:
        """Tell whether a module of so many parts begins at a top level: in no package above."""
        above = _module_parts(path)[:-parts]
        return not above or f"{'/'.join(above)}/__init__.py" not in self._paths

    def _relative(self, path: str, module: str, kin: tuple[str, ...]) -> str | None:
        """Resolve ``./x``, ``../x`` (paths) and ``.x``, ``..x`` (Python's dots)."""
        rest = module.lstrip(".")
        dots = len(module) - len(rest)
        if module == rest or rest.startswith("/") or not rest.strip("."):
            base = dirname(path) if module.startswith(".") else ""
            target = normpath(join(base, module)) if rest else _up(path, dots - 1)
        else:
            target = join(_up(path, dots - 1), rest.replace(".", "/"))
        return self._file(target, kin)

    def _file(self, target: str, kin: tuple[str, ...]) -> str | None:
        """Return the file a path without (or with) suffix means, its folder's index included."""
        if target in self._paths:
            return target
        folder, _, stem = target.rpartition("/")
        for path in self._folders.get(folder, ()):
            if path.endswith(kin) and _stem(path) == stem:
                return path
        for path in self._folders.get(target, ()):
            if path.endswith(kin) and _stem(path) in _INDEX_STEMS:
                return path
        return None

    def _named(self, path: str, name: str) -> str | None:
        """Return the file an include names: beside the including one, else the only one so called.

        Not by its stem alone: `cart.c` includes `cart.h`.
        """
        beside = normpath(join(dirname(path), name))
        if beside in self._paths:
            return beside
        stem = _stem(name)
        tail = f"/{name}"
        found = [p for _, p in self._by_last.get(stem, ()) if p == name or p.endswith(tail)]
        return found[0] if len(found) == 1 else None

    def _suffix(self, parts: tuple[str, ...], kin: tuple[str, ...]) -> str | None:
        """Return the file whose module name ends in `parts`, or in most of them, if only one."""
        if (parts, kin) not in self._known:
            self._known[parts, kin] = self._searched(parts, kin)
        return self._known[parts, kin]

    def _searched(self, parts: tuple[str, ...], kin: tuple[str, ...]) -> str | None:
        best: list[str] = []
        longest = _FEWEST_PARTS - 1
        for candidate, path in self._by_last.get(parts[-1], ()):
            if not path.endswith(kin):
                continue
            common = _common_tail(candidate, parts)
            whole = common in {len(parts), len(candidate)}
            if whole and common > longest:
                best, longest = [path], common
            elif whole and common == longest:
                best.append(path)
        return best[0] if len(best) == 1 else None

    def _folder(self, parts: Sequence[str]) -> str | None:
        """Return the first file of the folder whose path ends in most of `parts` (Go packages)."""
        for begin in range(len(parts)):
            tail = "/".join(parts[begin:])
            found = self._folders.get(tail)
            if found:
                return min(found)
        return None


def _is_inner(path: str, parts: Sequence[str]) -> bool:
    """Tell whether a file's name says more than the module: `vitest.config.ts` for `vitest`."""
    name = path.rpartition("/")[2]
    return name.count(".") > 1 and name.startswith(f"{parts[-1]}.")


def _stem(path: str) -> str:
    return path.rpartition("/")[2].partition(".")[0]


def _module_parts(path: str) -> tuple[str, ...]:
    folder, _, name = path.rpartition("/")
    stem = name.partition(".")[0]
    parts = [*folder.split("/"), stem] if folder else [stem]
    # Of Python only `__init__` is the package: `tests/bench/index.py` is a module of its own.
    is_folder = stem == "__init__" if name.endswith((".py", ".pyi")) else stem in _INDEX_STEMS
    if is_folder and folder:
        parts.pop()
    return tuple(part for part in parts if part)


def _common_tail(one: Sequence[str], other: Sequence[str]) -> int:
    count = 0
    for a, b in zip(reversed(one), reversed(other), strict=False):
        if a != b:
            break
        count += 1
    return count


def _up(path: str, levels: int) -> str:
    folder = dirname(path)
    for _ in range(levels):
        folder = dirname(folder)
    return folder


def _below(module: str, name: str) -> str:
    return f"{module}{name}" if module.endswith((".", "/")) else f"{module}.{name}"
