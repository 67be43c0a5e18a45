"""The import that an undefined name wants: from what the index defines and what others import.

Candidates are definitions at the outermost level of other files, and what other files bind to the
name; usual ones first, then near ones. Deliberately no guess about packages that nobody imports,
but for Python's own modules.

Invariant: at most eight definers are looked at.
"""

import re
import sys
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Final

from tandem.features.fixes.free.candidate import Asked, FreeFix
from tandem.features.fixes.free.exports import SCRIPTS, exported
from tandem.features.fixes.free.habits import Habit, apart, habits, nearest
from tandem.features.fixes.free.specifiers import family, module_of
from tandem.features.fixes.free.writing import Wanted, import_edit
from tandem.index.code import Code
from tandem.index.facts import Definition, FileFacts, Kind

_LOOKED_AT: Final = 8  # definers whose facts are read
_INCLUDING: Final = frozenset(["c", "cpp", "objective-c", "objective-cpp"])
_LANGUAGES: Final = frozenset(
    {*SCRIPTS, *_INCLUDING, "python", "go", "rust", "java", "kotlin", "scala", "csharp", "php"}
)
_TEST: Final = re.compile(r"(?:^|[/_.])(?:tests?|specs?|__tests__)(?:[/_.]|$)")
_NO_NAMES: Final = frozenset([Kind.MODULE, Kind.KEY])
# A namespace is a definition around the others.
_IN_NAMESPACES: Final = _INCLUDING | {"csharp", "php"}
_OF_MODULES: Final = frozenset({*SCRIPTS, "python", "go"})  # a module itself is imported as a name
_ALIASES: Final = frozenset(["@", "~", "#"])
_SUFFIX: Final = re.compile(r"(?:/index)?(?:\.d)?\.[cm]?[jt]sx?$")
_NAME: Final = re.compile(r"[^\W\d][\w$]*")


@dataclass(frozen=True, slots=True)
class _Candidate:
    wanted: Wanted
    count: int  # files that import it so
    far: tuple[bool, bool, int, str]  # of tests, private, folders away, where
    proven: bool


def missing_import(asked: Asked) -> list[FreeFix]:
    """Return the imports that would define a name, the likeliest first."""
    name = asked.cause.name
    if asked.language not in _LANGUAGES or _NAME.fullmatch(name) is None:
        return []
    ways = habits(asked.code, asked.path, name, family(asked.language))
    counts = {way.target: way.count for way in reversed(ways) if way.target}
    by_import: dict[tuple[str, str], _Candidate] = {}
    for candidate in _candidates(asked, ways):
        key = (candidate.wanted.module, candidate.wanted.name)
        known = by_import.get(key)
        if known is None or known.count < candidate.count:
            by_import[key] = candidate
    # What stands in the same folder is meant before what is imported more often elsewhere.
    ordered = sorted(
        by_import.values(),
        key=lambda c: (c.far[2] > 0, -max(c.count, counts.get(c.far[3], 0)), *c.far),
    )
    bound = asked.code.imports(asked.path)
    fixes = []
    for candidate in ordered:
        edit = import_edit(asked.source, asked.language, candidate.wanted, bound)
        if edit is not None:
            sure = candidate.proven and len(ordered) == 1
            fixes.append(FreeFix(_title(asked.language, candidate.wanted), (edit,), sure))
    return fixes


def _title(language: str, wanted: Wanted) -> str:
    if language in _INCLUDING:
        return f"Include `{wanted.module}`"
    if language == "csharp":
        return f"Use namespace `{wanted.module}`"
    if not wanted.name:
        renamed = wanted.local not in {wanted.module, wanted.module.rpartition("/")[2]}
        alias = f" as `{wanted.local}`" if renamed and language != "go" else ""
        return f"Import `{wanted.module}`{alias}"
    return f"Import `{wanted.local or wanted.name}` from `{wanted.module}`"


def _candidates(asked: Asked, ways: Sequence[Habit]) -> Iterator[_Candidate]:
    name = asked.cause.name
    defined = list(_defined(asked))
    own = {candidate.far[3] for candidate in defined}
    yield from (_by_alias(asked, candidate, ways) for candidate in defined)
    if asked.language in _INCLUDING:
        yield from _included(asked)
        return
    for way in ways:
        if way.target in own or way.target == asked.path or _is_alias(way, own):
            continue
        if way.name or asked.language in _OF_MODULES:
            yield from _as_others(asked, way)
    if asked.language == "python" and name in sys.stdlib_module_names and name != "this":
        # `datetime` may be the module or its class: a name of the library proves nothing.
        yield _Candidate(Wanted(name, "", name), 0, (False, False, 0, ""), proven=False)


def _is_alias(way: Habit, paths: Collection[str]) -> bool:
    """Tell whether a module that a bundler resolves (``@/shop/cart``) is one of the files."""
    prefix, _, rest = way.module.partition("/")
    if prefix not in _ALIASES or way.target:
        return False
    return any(_SUFFIX.sub("", path).endswith(rest) for path in paths)


def _by_alias(asked: Asked, candidate: _Candidate, ways: Sequence[Habit]) -> _Candidate:
    """Return the candidate by a bundler's alias, where others and this file use that."""
    for way in ways if asked.language in SCRIPTS else ():
        prefix = way.module.partition("/")[0]
        if _is_alias(way, [candidate.far[3]]) and re.search(rf"[\"']{prefix}/", asked.source):
            wanted = replace(candidate.wanted, module=way.module)
            return replace(candidate, wanted=wanted, count=way.count)
    return candidate


def _defined(asked: Asked) -> Iterator[_Candidate]:
    """Yield the definitions of the name at the outermost level of other files."""
    code, language, name = asked.code, asked.language, asked.cause.name
    if language == "go":  # the package is what is imported
        return
    definers = [other for other in code.definers(name) if other != asked.path]
    ranked = nearest(definers, asked.path, family(language))
    ranked.sort(key=lambda other: _is_far_test(asked, other))
    for definer in ranked[:_LOOKED_AT]:
        definition = _outermost(code.facts(definer), name, language)
        taken = _taken(code, definer, name, language, definition) if definition else ""
        module = module_of(code, asked.path, language, definer, asked.source) if taken else ""
        if definition is None or not module:
            continue
        private, testing = name.startswith("_"), _is_far_test(asked, definer)
        local = "" if language in _INCLUDING or language == "csharp" else name
        yield _Candidate(
            Wanted(module, taken, local, own=True, require=_requires(asked)),
            0,
            (testing, private, apart(asked.path, definer), definer),
            definition.kind is not Kind.VARIABLE and not private and not testing,
        )


def _is_far_test(asked: Asked, path: str) -> bool:
    """Tell whether a file is a test where the asking one is none."""
    return _TEST.search(path) is not None and _TEST.search(asked.path) is None


def _outermost(facts: FileFacts | None, name: str, language: str) -> Definition | None:
    """Return the definition of a name that can be imported: in no class and no function."""
    for found in facts.definitions if facts is not None else ():
        if found.name != name or found.kind in _NO_NAMES or facts is None:
            continue
        around = facts.definitions[found.parent].kind if found.parent >= 0 else None
        if around is None or (around is Kind.MODULE and language in _IN_NAMESPACES):
            return found
    return None


def _taken(code: Code, path: str, name: str, language: str, definition: Definition) -> str:
    """Return under which name a file gives a definition away, empty where it does not."""
    if language == "rust":
        return name if definition.signature.startswith("pub") else ""
    if language in {"java", "kotlin", "scala"}:
        modifiers = definition.signature.partition("(")[0]  # a constructor's may be private
        return "" if re.search(r"\bprivate\b", modifiers) else name
    return exported(code.text(path) or "", name) if language in SCRIPTS else name


def _requires(asked: Asked) -> bool:
    """Tell whether a script imports by `require` alone."""
    if asked.language not in {"javascript", "javascriptreact"} or "require(" not in asked.source:
        return False
    return re.search(r"^import\b", asked.source, re.MULTILINE) is None


def _as_others(asked: Asked, way: Habit) -> Iterator[_Candidate]:
    """Yield what another file does, in the words of this one."""
    name, module, taken = asked.cause.name, way.module, way.name
    if not module:  # relative there
        module = module_of(asked.code, asked.path, asked.language, way.target, asked.source)
        target = asked.code.imports(way.example).get(name)
        if asked.language == "python" and target is not None and not target.name:
            stem = module.lstrip(".")
            parent, _, last = stem.rpartition(".")
            module = "." * (len(module) - len(stem)) + parent
            module, taken = (module, last) if module else (last, "")
    if not module:
        return
    if asked.language in SCRIPTS and not taken and _is_required(asked.code, way, name):
        taken = "default"
    yield _Candidate(
        Wanted(module, taken, name, own=bool(way.target), require=_requires(asked)),
        way.count,
        (
            _is_far_test(asked, way.target),
            False,
            apart(asked.path, way.target) if way.target else 0,
            way.target,
        ),
        proven=True,
    )


def _is_required(code: Code, way: Habit, name: str) -> bool:
    text = code.text(way.example) or ""
    return re.search(rf"(?:const|let|var)\s+{re.escape(name)}\s*=\s*require\(", text) is not None


def _included(asked: Asked) -> Iterator[_Candidate]:
    """Yield the header that is called as the name, where a file that has the name has it."""
    code, name = asked.code, asked.cause.name
    for other in nearest(code.users(name), asked.path, family(asked.language))[:_LOOKED_AT]:
        facts = code.facts(other) if other != asked.path else None
        for item in facts.imports if facts is not None else ():
            stem = item.module.strip("<>").rpartition("/")[2].partition(".")[0]
            if stem == name and not item.names:
                wanted = Wanted(item.module, "", "")
                far = (False, False, 0, "")
                yield _Candidate(wanted, 1, far, proven=item.module.startswith("<"))
                return
