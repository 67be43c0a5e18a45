"""What an instruction is about: the files and definitions that its words name. Pure.

Names are taken as people write them: a path or its end, a file's name, a dotted name, an identifier
by its shape or in quotes, the words of one ("select proxy" is `select_proxy`), and a module by its
bare name where the sentence says so ("from quoting"). What is only similar to a name is taken where
nothing else is named, and with nothing at all what has the rarest words of the instruction in its
name. Deliberately no model, and no opinion on what the instruction wants.

Invariant: every target is a file of the index or a definition in one; no text makes this raise.
"""

import re
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Iterator, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import replace
from difflib import SequenceMatcher
from math import log, sqrt
from typing import Final

from tandem.features.refactor.evidence import Target, target_at
from tandem.features.refactor.mentions import (
    COMMON,
    LONGEST,
    Mention,
    folded,
    is_common,
    is_shaped,
    mentions,
    runs,
    split,
)
from tandem.index.code import Code
from tandem.index.context.likely import is_test
from tandem.index.facts import Kind
from tandem.index.graph import resolve
from tandem.index.languages import is_prose, language_of

_MOST: Final = 16
_TYPES: Final = frozenset({Kind.CLASS, Kind.INTERFACE, Kind.STRUCT, Kind.ENUM, Kind.TYPE})
_DEFINERS: Final = 40  # of a name that are looked at; one with more names none of them
_KEPT: Final = 3  # definitions that one mention may mean, of those that fit as well
_KEPT_FILES: Final = 8
_WORDS: Final = 4  # that may make one name
_SIMILAR: Final = 0.87
_SHORTEST: Final = 8  # name that a similar one is looked for
_TRIED: Final = 3  # names that similar ones are looked for: all names are compared, 0.1 s
_LONGER: Final = 3  # characters by which it may differ in length
_GUESSES: Final = 4
_WORD: Final = 3  # characters of a word that may tell something
# How sure a reading is: beside a name that is written out.
_PLAIN, _SPOKEN, _SLIP, _ADJECTIVE, _GUESSED = 0.8, 0.7, 0.6, 0.55, 0.4


class _Files:
    """The files by their names."""

    def __init__(self, paths: Iterable[str]) -> None:
        self.named: defaultdict[str, list[str]] = defaultdict(list)
        self.stems: defaultdict[str, list[str]] = defaultdict(list)
        self.folders: set[str] = set()
        for path in sorted(paths):
            self.folders.update(map(folded, path.split("/")[:-1]))
            self.named[path.rpartition("/")[2].lower()].append(path)
            self.stems[folded(_module(path)[-1])].append(path)

    def ending(self, text: str) -> list[str]:
        """Return the files whose path ends so, with its suffix or without."""
        tail = text.strip("./").lower()
        name = tail.rpartition("/")[2]
        found = [p for p in self.named.get(name, ()) if f"/{p.lower()}".endswith(f"/{tail}")]
        return found or (self.modules(tail.split("/")) if "/" in tail else [])

    def modules(self, parts: Sequence[str]) -> list[str]:
        """Return the files whose module's name ends so."""
        wanted = [part.lower() for part in parts]
        return [
            path
            for path in self.stems.get(folded(parts[-1]), ())
            if [part.lower() for part in _module(path)][-len(wanted) :] == wanted
        ]

    def called(self, name: str) -> list[str]:
        """Return the files of a bare name; a folder's is not meant by it."""
        return [path for path in self.stems.get(folded(name), ()) if not _is_package(path)]


def named(code: Code, instruction: str) -> tuple[Target, ...]:
    """Return what an instruction names, the most specific first; nothing where that is unknown."""
    text = instruction[:LONGEST]
    files = _Files(code.paths)
    symbols: list[tuple[Mention, list[Target]]] = []
    places: list[tuple[Mention, list[str]]] = []
    unknown: list[Mention] = []
    for mention in mentions(text):
        if mention.is_aside or is_common(mention):
            continue
        found = _as_symbols(code, files, mention)
        paths = [] if found else _as_files(files, mention)
        if found:
            symbols.append((mention, found))
        elif paths:
            places.append((mention, paths))
        else:
            unknown.append(mention)
    near = {path for _, paths in places if len(paths) <= _KEPT_FILES for path in paths}
    symbols += _plain(code, unknown, near)
    chosen = [t for mention, found in symbols for t in _fitting(found, near, mention)]
    spoken = list(_spoken(code, files, text, {t.names[0] for t in chosen if t.names}))
    chosen += [t for found in spoken for t in found if t.definition is not None or not places]
    using: Counter[str] = Counter()
    for target in [t for t in chosen if t.definition is not None][:_GUESSES]:
        using.update({target.path, *code.users(target.names[0])})
    chosen += _places(code, places, using)
    chosen = chosen or _similar(code, files, unknown) or _guessed(code, text)
    return _ordered(chosen)


def _ordered(chosen: Sequence[Target]) -> tuple[Target, ...]:
    best: dict[tuple[str, object], Target] = {}
    for target in sorted(chosen, key=lambda t: (t.sure < _SLIP, t.definition is None, -t.sure)):
        best.setdefault((target.path, target.definition), target)
    return tuple(best.values())[:_MOST]


def _as_files(files: _Files, mention: Mention) -> list[str]:
    text = mention.text
    if "/" in text or language_of(text) is not None:
        return files.ending(text)
    return files.called(text) if mention.is_file else []


def _as_symbols(code: Code, files: _Files, mention: Mention) -> list[Target]:
    text = mention.text
    if "/" in text or language_of(text) is not None:
        stem = text.rpartition(".")[0]  # a slip: `total.py` for what is in `cart.py`
        return _defined(code, stem) if is_shaped(stem) and not files.ending(text) else []
    parts = [part for part in re.split(r"[.:]+", text) if part]
    if len(parts) > 1:
        return _dotted(code, files, parts)
    if not mention.is_code or (folded(text) in files.folders and not _is_meant(mention)):
        return []
    return _defined(code, text)


def _is_meant(mention: Mention) -> bool:
    """Tell whether a name that a folder has too is meant as code, not as the project's name."""
    return mention.is_quoted or mention.is_symbol or "_" in mention.text


def _dotted(code: Code, files: _Files, parts: Sequence[str]) -> list[Target]:
    """Return what a dotted name means: the longest module that it begins with, what is in it."""
    whole = files.modules(parts)[:_KEPT_FILES]
    modules = [target_at(code, path, None) for path in whole]
    if modules and _module(whole[0])[-1] == parts[-1]:  # `shop.Cart` is rather the class in `shop`
        return modules
    for cut in range(len(parts) - 1, 0, -1):
        for path in files.modules(parts[:cut])[:_KEPT_FILES]:
            found = _inside(code, path, parts[cut:])
            if found:
                return found
    if modules:
        return modules
    known = _defined(code, parts[-1])
    owned = [t for t in known if _owner(code, t) == parts[-2]]
    return owned or (known if is_shaped(parts[-1]) else [])


def _inside(code: Code, path: str, rest: Sequence[str]) -> list[Target]:
    """Return what a name behind a module's means there, be it defined or imported."""
    found = [
        Target(place.path, place.definition, (rest[0],))
        for place in resolve(code, path, rest[0])
        if place.certain
    ]
    for target in found if len(rest) > 1 else ():
        inner = [t for t in _defined(code, rest[-1], [target.path]) if _owner(code, t) == rest[0]]
        if inner:
            return inner[:1]
    return [t for t in found if len(rest) == 1 or _is_type(t)][:1]


def _defined(code: Code, name: str, paths: Sequence[str] = ()) -> list[Target]:
    definers = paths or code.definers(name)
    found = []
    for path in definers if len(definers) <= _DEFINERS else ():
        facts = code.facts(path)
        if facts is not None and not is_prose(path):
            found += [Target(path, d, (name,)) for d in facts.definitions if d.name == name]
    return found


def _is_type(target: Target) -> bool:
    return target.definition is not None and target.definition.kind in _TYPES


def _owner(code: Code, target: Target) -> str:
    facts, definition = code.facts(target.path), target.definition
    if facts is None or definition is None or definition.parent < 0:
        return ""
    return facts.definitions[definition.parent].name


def _plain(
    code: Code, unknown: Iterable[Mention], near: Collection[str]
) -> Iterator[tuple[Mention, list[Target]]]:
    """Yield what words name that only the sentence, or a file that it names, makes a name."""
    for mention in unknown:
        name = mention.text
        definers = code.definers(name)
        beside = [path for path in definers if path in near]
        if len(definers) > _DEFINERS or not (beside or mention.is_symbol):
            continue
        found = [
            replace(target, sure=_PLAIN if beside else _ADJECTIVE)
            for target in _defined(code, name, beside)
            if target.definition and (target.definition.parent < 0 or mention.is_symbol)
            if beside or not is_test(target.path)
        ]
        if found and len({target.path for target in found}) <= _KEPT:
            yield mention, found


def _spoken(
    code: Code, files: _Files, text: str, known: AbstractSet[str]
) -> Iterator[list[Target]]:
    """Yield what several words together name: "select proxy" is `select_proxy`."""
    grams = _grams(text)
    found: defaultdict[str, set[str]] = defaultdict(set)
    for path in code.paths:
        for name in code.names(path):
            if (key := folded(name)) in grams:
                found[key].add(name)
    taken: set[tuple[int, int]] = set()
    for key in sorted(grams, key=lambda gram: -len(grams[gram])):
        if not taken.isdisjoint(grams[key]):
            continue
        targets = [t for name in sorted(found[key]) for t in _defined(code, name)]
        targets = [target for target in targets if not is_test(target.path)][:_KEPT]
        paths = files.called(key) if not targets else ()
        targets = targets or [target_at(code, path, None) for path in paths[:_KEPT_FILES]]
        if targets:
            taken.update(grams[key])
            if known.isdisjoint(targets[0].names[:1]):
                yield [replace(t, sure=_SPOKEN / sqrt(len(targets))) for t in targets]


def _grams(text: str) -> dict[str, frozenset[tuple[int, int]]]:
    """Return the runs of 2 to 4 words, joined, each with where its words are.

    None that begins or ends with a common word.
    """
    grams: dict[str, frozenset[tuple[int, int]]] = {}
    for number, words in enumerate(runs(text)):
        for size in range(2, _WORDS + 1):
            for n in range(len(words) - size + 1):
                if words[n] not in COMMON and words[n + size - 1] not in COMMON:
                    places = frozenset((number, word) for word in range(n, n + size))
                    grams.setdefault("".join(words[n : n + size]), places)
    return grams


def _fitting(found: Sequence[Target], near: Collection[str], mention: Mention) -> Iterator[Target]:
    """Yield the definitions that fit best of those that a mention may mean; few are surer."""

    def fit(target: Target) -> float:
        return 4 * (target.path in near) + _hinted(target.path, mention)

    best = max(map(fit, found))
    kept = [target for target in found if fit(target) >= best]
    for target in kept[:_KEPT]:
        yield replace(target, sure=target.sure / sqrt(len(kept)))


def _places(
    code: Code, places: Sequence[tuple[Mention, list[str]]], using: Counter[str]
) -> Iterator[Target]:
    """Yield the files that fit best: those with what else is named, in folders that are.

    Of a name that is written several times, only where the fewest files fit.
    """
    meant: defaultdict[str, list[list[str]]] = defaultdict(list)
    for mention, paths in places:
        fits = {path: using[path] + _hinted(path, mention) for path in paths}
        best = max(fits.values())
        meant[mention.text].append([path for path in paths if fits[path] >= best])
    for groups in meant.values():
        fewest = min(map(len, groups))
        for path in dict.fromkeys(p for group in groups if len(group) == fewest for p in group):
            if fewest <= _KEPT_FILES:
                yield replace(target_at(code, path, None), sure=1 / fewest)


def _hinted(path: str, mention: Mention) -> float:
    """Return how many of a path's folders are named nearby; tests and depth only break ties."""
    folders = path.split("/")[:-1]
    named = sum(1 for folder in folders if mention.near.issuperset(split(folder)))
    return named - 0.5 * is_test(path) - 0.01 * len(folders)


def _similar(code: Code, files: _Files, unknown: Iterable[Mention]) -> list[Target]:
    """Return what is called nearly so: a slip, or a name that is yet to be."""
    tried = 0
    for mention in unknown:
        is_file = language_of(mention.text) is not None
        name = folded(mention.text.rpartition("/")[2].partition(".")[0])
        if len(name) < _SHORTEST or not (mention.is_code or is_file) or tried == _TRIED:
            continue
        tried += 1
        options = {stem: stem for stem in files.stems}
        if not is_file:
            initial = mention.text[0]
            options = {folded(n): n for p in code.paths for n in code.names(p) if n[:1] == initial}
        alike = [one for one in options if abs(len(one) - len(name)) <= _LONGER]
        ratios = [(SequenceMatcher(None, name, one).ratio(), one) for one in alike]
        ratio, best = max(ratios, default=(0.0, ""))
        if ratio < _SIMILAR:
            continue
        if is_file:
            paths = files.called(best)[:_KEPT]
            return [replace(target_at(code, path, None), sure=_SLIP) for path in paths]
        return [replace(t, sure=_SLIP) for t in _defined(code, options[best])[:_KEPT]]
    return []


def _guessed(code: Code, text: str) -> list[Target]:
    """Return the definitions and files whose names have the rarest words of the instruction."""
    asked = {word for word in split(text) if word.isalpha() and len(word) >= _WORD}
    words = asked - COMMON
    if not words:
        return []
    have: dict[tuple[str, str], set[str]] = {}  # of a name, or of a path
    count: Counter[str] = Counter()
    for path in code.paths:
        for key in (("", path), *((name, "") for name in code.names(path))):
            if key not in have:
                have[key] = words.intersection(split(key[0] or key[1]))
            count.update(have[key])
    total = sum(count.values()) + 1

    def weight(key: tuple[str, str]) -> float:
        rare = sum([log(total / count[word]) for word in have[key]])
        return rare / sqrt(1 + len(split(key[0] or key[1])))

    found = sorted((key for key in have if have[key]), key=lambda key: (-weight(key), key))
    chosen = [t for name, path in found[:_GUESSES] if name for t in _defined(code, name)[:_KEPT]]
    chosen += [target_at(code, path, None) for name, path in found[:_GUESSES] if not name]
    return [replace(target, sure=_GUESSED) for target in chosen]


def _module(path: str) -> list[str]:
    """Return the parts of a module's name; a package's file stands for its folder."""
    parts = [*path.split("/")[:-1], path.rpartition("/")[2].partition(".")[0]]
    return parts[:-1] if _is_package(path) and len(parts) > 1 else parts


def _is_package(path: str) -> bool:
    return path.rpartition("/")[2].startswith("__init__.")
