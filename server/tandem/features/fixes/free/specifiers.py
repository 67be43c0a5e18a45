"""Under what module a file is imported from another: the way others do it, else by its path.

Deliberately no build file is read: a package's root is where the ``__init__`` files end, a crate's
where its ``src`` is, and what other files write goes before all that.

Invariant: an empty answer means that the file cannot be imported from there, or that it is not
known how.
"""

import re
from collections.abc import Iterable, Iterator
from posixpath import basename, dirname, relpath
from typing import Final

from tandem.index.code import Code
from tandem.index.facts import Import, Kind
from tandem.index.languages import language_of

_SCRIPTS: Final = frozenset(["javascript", "javascriptreact", "typescript", "typescriptreact"])
_ASKED: Final = 6  # importers whose imports are read
_SUFFIX: Final = re.compile(r"(?:\.d)?\.[cm]?[jt]sx?$")
_HEADERS: Final = (".h", ".hpp", ".hh", ".hxx", ".inl")
_ROOTS: Final = ("src/", "lib/", "python/")
_INCLUDES: Final = re.compile(r"^(?:.*/)?(?:include|inc)/")
_PACKAGE: Final = re.compile(r"^[ \t]*package[ \t]+([\w.]+)", re.MULTILINE)
_NAMESPACE: Final = re.compile(r"^[ \t]*namespace[ \t]+([\w.\\]+)", re.MULTILINE)
_CLAUSES: Final = {
    **dict.fromkeys(("java", "kotlin", "scala"), _PACKAGE),
    **dict.fromkeys(("csharp", "php"), _NAMESPACE),
}
_INCLUDING: Final = frozenset(["c", "cpp", "objective-c", "objective-cpp"])


_FAMILIES: Final = (
    _SCRIPTS,
    _INCLUDING,
    frozenset(["java", "kotlin"]),
)


def family(language: str) -> frozenset[str]:
    """Return the languages whose files can import each other."""
    return next((found for found in _FAMILIES if language in found), frozenset([language]))


def speaks(path: str, languages: frozenset[str]) -> bool:
    """Tell whether a file is of one of the languages, by its name."""
    language = language_of(path)
    return language is not None and language.id in languages


def module_of(code: Code, path: str, language: str, target: str, source: str) -> str:
    """Return the module by which a file (with its text as it is) imports the file `target`."""
    clause = _CLAUSES.get(language)
    if clause is not None:
        found = clause.search(code.text(target) or "")
        return found[1] if found is not None and found[1] != _own(clause, source) else ""
    if language == "python":
        return _python(code, path, target, source)
    if language in _SCRIPTS:
        return _script(code, path, target, source)
    if language == "rust":
        return _rust(path, target)
    return _include(code, path, target) if language in _INCLUDING else ""


def _own(pattern: re.Pattern[str], source: str) -> str:
    found = pattern.search(source)
    return found[1] if found is not None else ""


def _modules_by_others(code: Code, target: str, path: str) -> Iterable[str]:
    """Yield how other files than `path` write the module that leads to a file."""
    for importer, item in _imports_of(code, target):
        if importer == path:
            continue
        bound = code.imports(importer)
        for name, local in item.names:
            to = bound.get(local)
            if to is not None and to.path == target:
                yield item.module if to.name else f"{item.module}.{name}"
        to = bound.get(item.local or f"*{target}")
        if not item.names and to is not None and to.path == target:
            yield item.module


def _imports_of(code: Code, target: str) -> Iterator[tuple[str, Import]]:
    """Yield imports that may lead to a file, each with the file that has it."""
    if target.endswith(_HEADERS):  # an include binds no name
        for importer in code.importers(target)[:_ASKED]:
            known = code.facts(importer)
            yield from ((importer, item) for item in (known.imports if known is not None else ()))
        return
    # Who imports from the file is known only once all imports are resolved, 0.4 s after a new file.
    facts = code.facts(target)
    definitions = facts.definitions if facts is not None else ()
    names = [d.name for d in definitions if d.parent < 0 and d.kind is not Kind.VARIABLE]
    stem = basename(target).partition(".")[0]
    for name in (*names[:_ASKED], stem, basename(dirname(target))):
        yield from code.bindings(name)[:_ASKED]


def _as_others(code: Code, target: str, path: str) -> str:
    counts: dict[str, int] = {}
    for module in _modules_by_others(code, target, path):
        if not module.startswith("."):
            counts[module] = counts.get(module, 0) + 1
    return max(counts, key=lambda module: counts[module]) if counts else ""


def _python(code: Code, path: str, target: str, source: str) -> str:
    absolute = _as_others(code, target, path)
    last = basename(target).partition(".")[0]
    if absolute.rpartition(".")[2] not in {last, basename(dirname(target))}:
        absolute = ""
    absolute = absolute or _dotted(code, target)
    package = dirname(path)
    same_top = target.split("/")[:1] == path.split("/")[:1] and "/" in path and "/" in target
    relative = len(re.findall(r"^from \.", source, re.MULTILINE))
    if same_top and relative:
        top = absolute.partition(".")[0]
        written = len(re.findall(rf"^from {re.escape(top)}\b", source, re.MULTILINE)) if top else 0
        if relative > written:
            return _relative(package, target)
    return absolute


def _dotted(code: Code, target: str) -> str:
    """Return the dotted path from the outermost folder that is a package."""
    parts = target.rpartition(".")[0].split("/")
    if parts[-1] == "__init__":
        parts.pop()
    known = code.paths
    begin = len(target.split("/")) - 1
    while begin > 0 and "/".join([*target.split("/")[:begin], "__init__.py"]) in known:
        begin -= 1
    if begin == len(target.split("/")) - 1:  # no packages: from the root, or from its source folder
        root = next((root for root in _ROOTS if target.startswith(root)), "")
        begin = root.count("/")
    dotted = ".".join(parts[begin:])
    return dotted if all(part.isidentifier() for part in parts[begin:]) else ""


def _relative(package: str, target: str) -> str:
    stem = target.rpartition(".")[0].removesuffix("/__init__")
    steps = relpath(stem, package or ".").split("/")
    ups = len([step for step in steps if step == ".."])
    return "." * (ups + 1) + ".".join(step for step in steps if step not in {"..", "."})


def _script(code: Code, path: str, target: str, source: str) -> str:
    alias = next((m for m in _modules_by_others(code, target, path) if not m.startswith(".")), "")
    if alias and re.search(rf"[\"']{re.escape(alias.partition('/')[0])}/", source):
        return alias
    stem = _SUFFIX.sub("", target)
    if re.search(r"from [\"']\.[^\"']*\.js[\"']", source):  # as ES modules want it
        stem += ".js"
    else:
        stem = stem.removesuffix("/index")
    written = relpath(stem, dirname(path) or ".")
    return written if written.startswith(".") else f"./{written}"


def _rust(path: str, target: str) -> str:
    root, _, inside = target.rpartition("src/")
    own = path.rpartition("src/")[0]
    parts = inside.removesuffix(".rs").split("/")
    if parts[-1] in {"mod", "lib", "main"}:
        if parts[-1] == "main" and path != target and root != own:
            return ""
        parts.pop()
    crate = "crate" if root == own else basename(root.rstrip("/")).replace("-", "_")
    return "::".join([crate, *parts]) if crate else ""


def _include(code: Code, path: str, target: str) -> str:
    if not target.endswith(_HEADERS):
        return ""
    written = _as_others(code, target, path)
    if written:
        return written
    if dirname(target) == dirname(path):
        return basename(target)
    shorter = _INCLUDES.sub("", target)
    return shorter if shorter != target else relpath(target, dirname(path) or ".")
