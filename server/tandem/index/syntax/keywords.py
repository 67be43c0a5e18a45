"""The words of each language that are syntax and never a name, by the table that a language has.

Apart from the tables, which take 3-8 ms to import: the fast tier wants the words and no table.
"""

from collections.abc import Mapping
from typing import Final

_SQL: Final = """
    add all alter and as asc begin between by case check column constraint create cross database
    default delete desc distinct drop else end exists foreign from full function group having if in
    index inner insert into is join key left like limit materialized not null offset on or order
    outer primary references replace returns right schema select set table then trigger type union
    unique update using values view when where with
"""
_WORDS: Final = {
    "python": """
        False None True and as assert async await break class continue def del elif else except
        finally for from global if import in is lambda nonlocal not or pass raise return try while
        with yield
    """,
    "javascript": """
        await break case catch class const continue debugger default delete do else export extends
        false finally for function if import in instanceof let new null of return static super
        switch this throw true try typeof undefined var void while with yield async from as
    """,
    "go": """
        break case chan const continue default defer else fallthrough for func go goto if import
        interface map package range return select struct switch type var nil true false iota
    """,
    "rust": """
        as async await break const continue crate dyn else enum extern false fn for if impl in let
        loop match mod move mut pub ref return self Self static struct super trait true type unsafe
        use where while
    """,
    "java": """
        abstract assert boolean break byte case catch char class const continue default do double
        else enum extends final finally float for goto if implements import instanceof int interface
        long native new package private protected public return short static strictfp super switch
        synchronized this throw throws transient try void volatile while true false null
    """,
    "kotlin": """
        as break class continue do else false for fun if in interface is null object package return
        super this throw true try typealias val var when while import companion
    """,
    "c": """
        alignas alignof asm auto bool break case catch char class const const_cast consteval
        constexpr constinit continue co_await co_return co_yield decltype default define defined
        delete do double dynamic_cast elif else endif enum explicit export extern false float for
        friend goto if ifdef ifndef include inline int long mutable namespace new noexcept nullptr
        operator pragma private protected public register reinterpret_cast requires restrict return
        short signed sizeof static static_assert static_cast struct switch template this throw true
        try typedef typeid typename undef union unsigned using virtual void volatile while
    """,
    "csharp": """
        abstract as async await base bool break byte case catch char checked class const continue
        decimal default delegate do double else enum event explicit extern false finally fixed float
        for foreach get goto if implicit in init int interface internal is lock long namespace new
        null object operator out override params private protected public readonly record ref return
        sbyte sealed set short sizeof stackalloc static string struct switch this throw true try
        typeof uint ulong unchecked unsafe ushort using var virtual void volatile when where while
        yield
    """,
    "ruby": """
        BEGIN END alias and begin break case class def defined? do else elsif end ensure false for
        if in module next nil not or redo rescue retry return self super then true undef unless
        until when while yield __FILE__ __LINE__ __method__
    """,
    "php": """
        abstract and array as break callable case catch class clone const continue declare default
        do echo else elseif empty enddeclare endfor endforeach endif endswitch endwhile enum eval
        exit extends final finally fn for foreach function global goto if implements include
        include_once instanceof insteadof interface isset list match namespace new or print private
        protected public readonly require require_once return static switch this throw trait try
        unset use var while xor yield true false null php
    """,
    "swift": """
        actor any as associatedtype async await break case catch class continue default defer deinit
        do else enum extension fallthrough false fileprivate for func get guard if import in
        indirect init inout internal is lazy let mutating nil open operator override private
        protocol public repeat required rethrows return self Self set some static struct subscript
        super switch throw throws true try typealias unowned var weak where while
    """,
    "scala": """
        abstract as case catch class def derives do else enum export extends extension false final
        finally for forSome given if implicit import infix inline lazy match new null object opaque
        open override package private protected return sealed super then this throw trait
        transparent true try type using val var while with yield
    """,
    "shell": """
        if then else elif fi case esac for select while until do done in function time coproc return
        break continue exit local export readonly declare typeset unset shift echo eval exec set
        source true false test
    """,
    "lua": """
        and break do else elseif end false for function goto if in local nil not or repeat return
        then true until while
    """,
    "elixir": """
        after and catch def defmodule defp defmacro do else end false fn for if import in nil not or
        quote raise require rescue true unless unquote use when with alias case cond
    """,
    "sql": _SQL + _SQL.upper(),
}
KEYWORDS: Final[Mapping[str, frozenset[str]]] = {
    table: frozenset(words.split()) for table, words in _WORDS.items()
}
