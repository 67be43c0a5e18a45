"""How servers say what is wrong: one table of patterns a family of servers.

From their own sources, or from their output on small files. ``<N>`` and the like are the places of
names, see `HOLES`. Deliberately no code: `causes` reads them.
"""

from collections.abc import Sequence
from enum import Enum
from typing import Final, TypeAlias


class CauseKind(Enum):
    """What is wrong."""

    UNDEFINED_NAME = "undefined name"
    UNRESOLVED_MODULE = "unresolved module"
    MISSING_EXPORT = "missing export"  # the module is there, the name is not in it
    UNKNOWN_MEMBER = "unknown member"
    UNKNOWN_ARGUMENT = "unknown argument"  # also a field of a literal
    MISSING_ARGUMENT = "missing argument"
    UNUSED_IMPORT = "unused import"
    UNUSED_VARIABLE = "unused variable"
    SYNTAX = "syntax"


Table: TypeAlias = Sequence[tuple[CauseKind, str]]
_UNDEFINED: Final = CauseKind.UNDEFINED_NAME
_MODULE: Final = CauseKind.UNRESOLVED_MODULE
_EXPORT: Final = CauseKind.MISSING_EXPORT
_MEMBER: Final = CauseKind.UNKNOWN_MEMBER
_ARGUMENT: Final = CauseKind.UNKNOWN_ARGUMENT
_MISSING: Final = CauseKind.MISSING_ARGUMENT
_UNUSED: Final = CauseKind.UNUSED_IMPORT  # a variable where it is not in an import
_VARIABLE: Final = CauseKind.UNUSED_VARIABLE
_SYNTAX: Final = CauseKind.SYNTAX

_PYRIGHT: Final[Table] = (  # en.json of pyright 1.1.414; basedpyright and Pylance share it
    (_UNDEFINED, r'^"<N>" is not defined'),
    (_UNDEFINED, r'^"<N>" is unbound'),
    (_EXPORT, r'^"<N>" is unknown import symbol'),
    (_EXPORT, r'^"<N>" is not a known attribute of module "<M>"'),
    (_MODULE, r'^(?:Import "<N>" could not be resolved|Stub file not found for "(?P<also>[^"]+)")'),
    (_MEMBER, r'^Cannot (?:access|assign to|delete) (?:attribute|member) "<N>" for class "<O>"'),
    (_MEMBER, r'^"<N>" is not a known (?:attribute|member) of "<O>"'),
    (_ARGUMENT, r'^No parameter named "<N>"'),
    (_MISSING, r'^Arguments? missing for parameters? "<N>"'),
    (_UNUSED, r'^(?:Import |Variable )?"<N>" is not accessed'),
    (
        _SYNTAX,
        r'^"[([{]" was not closed|^Expected (?:expression|indented block|parameter name|":")',
    ),
    (_SYNTAX, r"^(?:Unindent not expected|Unexpected indentation|Statements must be separated by)"),
)
_MYPY: Final[Table] = (  # mypy/messages.py and the output of mypy 1.18
    (_UNDEFINED, r'^Name "<N>" (?:is not defined|is used before definition)'),
    (_EXPORT, r'^Module "<M>" (?:has no attribute|does not explicitly export attribute) "<N>"'),
    (_EXPORT, r'^Module has no attribute "<N>"'),
    (_MODULE, r'^Cannot find implementation or library stub for module named "<N>"'),
    (_MODULE, r'^(?:Library stubs not installed for|Skipping analyzing) "<N>"'),
    (_MEMBER, r'^"<O>" has no attribute "<N>"'),
    (_MEMBER, r'^Item "<O>" of "[^"]*" has no attribute "<N>"'),
    (_ARGUMENT, r'^Unexpected keyword argument "<N>"(?: for "<O>")?'),
    (_MISSING, r'^Missing (?:positional|named) arguments? "<N>"(?:.*? in call to "<O>")?'),
)
_RUFF: Final[Table] = (  # ruff's rules F401, F811, F821, F841 and ty, by their output
    (_UNUSED, r"^`(?:[\w.]*\.)?<T>`(?: as `?<L>`?)? imported but unused"),
    (_UNUSED, r"^`<N>`.{0,80}imported but unused"),
    (_UNDEFINED, r"^Undefined name `<N>`"),
    (_UNDEFINED, r"^Name `<N>` used when (?:possibly )?not defined"),
    (_VARIABLE, r"^Local variable `<N>` is assigned to but never used"),
    (_UNUSED, r"^Redefinition of unused `<N>` from line \d+"),
    (_EXPORT, r"^Module `<M>` has no member `<N>`"),
    (_MODULE, r"^Cannot resolve imported module `<N>`"),
    (_MEMBER, r"^(?:Object of type|Class|Type) `<O>` has no attribute `<N>`"),
    (_MEMBER, r"^Unresolved attribute `<N>` on type `<O>`"),
    (_ARGUMENT, r"^Argument `<N>` does not match any known parameter(?: of [\w -]*?`<O>`)?"),
    (_MISSING, r"^No arguments? provided for required parameters? `<N>`(?:.*? of [\w -]*?`<O>`)?"),
    (_SYNTAX, r"^(?:SyntaxError|Expected (?:a |an |one )|Unexpected indentation|unexpected EOF)"),
    (_SYNTAX, r"^(?:invalid syntax|Simple statements must be separated|Expected .*, found)"),
)
_PYLINT: Final[Table] = (  # pylint 4 and pyflakes 3, by their output
    (_UNDEFINED, r"^Undefined variable '<N>'"),
    (_EXPORT, r"^No name '<N>' in module '<M>'"),
    (_MODULE, r"^Unable to import '<N>'"),
    (_EXPORT, r"^Module '<M>' has no '<N>' member"),
    (_MEMBER, r"^(?:Instance of|Class) '<O>' has no '<N>' member"),
    (_ARGUMENT, r"^Unexpected keyword argument '<N>' in"),
    (_MISSING, r"^No value for argument '<N>' in"),
    (_UNUSED, r"^Unused (?:import )?(?:[\w.]+) imported (?:from [\w.]+ )?as <N>"),
    (_UNUSED, r"^Unused <N> imported from <M>"),
    (_UNUSED, r"^Unused import <N>"),
    (_VARIABLE, r"^Unused (?:variable|argument) '<N>'"),
    (_UNDEFINED, r"^undefined name '<N>'"),
    (_UNUSED, r"^'(?:[\w.]+ as |[\w.]*\.)?<T>' imported but unused"),
    (_UNUSED, r"^redefinition of unused '<N>' from line \d+"),
    (_VARIABLE, r"^local variable '<N>' is assigned to but never used"),
    (_SYNTAX, r"^(?:Parsing failed|(?:E999 )?SyntaxError|IndentationError|invalid syntax)"),
)
_TSC: Final[Table] = (  # diagnosticMessages of TypeScript 5.9: 2304 2552 2580-2593 18004 ...
    (_UNDEFINED, r"^Cannot find (?:name|namespace) '<N>'"),
    (_UNDEFINED, r"^No value exists in scope for the shorthand property '<N>'"),
    (_UNDEFINED, r"^'<N>' refers to a UMD global, but the current file is a module"),
    (_EXPORT, r"^Module '\"<M>\"' has no exported member '<N>'"),
    (_EXPORT, r"^'\"<M>\"' has no exported member named '<N>'"),
    (_EXPORT, r"^Module '\"<M>\"' declares '<N>' locally, but it is (?:not )?exported"),
    (_EXPORT, r"^Module '\"<M>\"' has no default export"),
    (_MODULE, r"^Cannot find module '<N>'"),
    (_MODULE, r"^Could not find a declaration file for module '<N>'"),
    (
        _ARGUMENT,
        (
            r"^Object literal may only specify known properties, (?:and|but) '<N>' does not "
            r"exist in type '<O>'"
        ),
    ),
    (_MEMBER, r"^Property '<N>' (?:may not|does not) exist on type '<O>'"),
    (_MISSING, r"^Expected (?:at least )?[\d-]+ arguments?, but got \d+"),
    (_MISSING, r"^Property '<N>' is missing in type"),
    (_UNUSED, r"^All imports in import declaration are unused"),
    (_UNUSED, r"^'<N>' is declared but (?:its value is never read|never used)"),
    (_UNUSED, r"^Property '<N>' is declared but its value is never read"),
    (
        _SYNTAX,
        r"^(?:'[^']{1,8}' expected|(?:Expression|Identifier|Declaration or statement) expected)",
    ),
    (_SYNTAX, r"^(?:Unterminated|Unexpected token|Invalid character|Property assignment expected)"),
)
_ESLINT: Final[Table] = (  # messages of eslint 9, typescript-eslint, eslint-plugin-import, react
    (_UNDEFINED, r"^'<N>' is not defined\.?"),
    (_UNUSED, r"^'<N>' is (?:defined|assigned a value) but (?:never used|only used as a type)"),
    (_EXPORT, r"^<N> not found in '<M>'"),
    (_EXPORT, r"^No (?:default|named) export(?: '?<N>'?)? found in (?:imported )?module"),
    (_MODULE, r"^Unable to resolve path to module '<N>'"),
    (_SYNTAX, r"^Parsing error: "),
)
_GOPLS: Final[Table] = (  # go/types, as in golang/go's issues about gopls
    (_MEMBER, r"^[\w.()\[\]*]*?\.<N> undefined \(type <O> has no field or method "),
    (_EXPORT, r"^undefined: <M>\.<N>$"),
    (_EXPORT, r"^(?:name )?<N> not (?:declared|exported) by package <M>"),
    (_UNDEFINED, r"^(?:undefined|undeclared name): <N>"),
    (_UNUSED, r"^\"<M>\" imported (?:as <L> )?and not used"),
    (_UNUSED, r"^imported and not used: \"<M>\"(?: as <L>)?"),
    (_MODULE, r"^could not import <N> \("),
    (_MODULE, r"^(?:no required module provides package|package) \"?<N>\"?(?: is not in|;|$)"),
    (_ARGUMENT, r"^unknown field '?<N>'? in struct literal(?: of type <O>)?"),
    (_VARIABLE, r"^declared and not used: <N>|^<K> declared (?:and|but) not used"),
    (_MISSING, r"^not enough arguments in call to <O>"),
    (_SYNTAX, r"^(?:syntax error: |expected ['\w]|missing '|illegal character)"),
)
_RUSTC: Final[Table] = (  # rustc 1.9x by its output; rust-analyzer's own where they differ
    (_UNUSED, r"^unused imports?: `(?:<M>::)?<T>`(?:(?:,| and) `<N2>`)?"),
    (_VARIABLE, r"^(?:unused variable|value assigned to|variable): `<N>`"),
    (_EXPORT, r"^failed to resolve: could not find `<N>` in `<M>`"),
    (
        _MODULE,
        (
            r"^failed to resolve: use of (?:undeclared|unresolved) (?:crate or )?module(?: or "
            r"unlinked crate)? `<N>`"
        ),
    ),
    (_UNDEFINED, r"^failed to resolve: use of undeclared type `<N>`"),
    (_UNDEFINED, r"^cannot find type `<N>` in this scope"),
    (
        _UNDEFINED,
        (
            r"^cannot find (?:\w+|struct, variant or union type|tuple struct[^`]*|function, "
            r"[^`]*|derive macro|attribute) `<N>` in this scope"
        ),
    ),
    (_EXPORT, r"^cannot find [\w, /]+ `<N>` in (?:module|crate|enum|struct|trait) `<M>`"),
    (_MODULE, r"^cannot find (?:module or crate|crate) `<N>`"),
    (_EXPORT, r"^unresolved import `<M>::<T>`(?!: use of)"),
    (_MODULE, r"^unresolved import `<N>`: "),
    (_MODULE, r"^(?:unresolved import|unresolved extern crate|unresolved module)"),
    (
        _MEMBER,
        (
            r"^no (?:method|function or associated item|associated item|variant)"
            r"(?: or associated item)? named `<N>` found for [\w' ]*?`<R>`"
        ),
    ),
    (_MEMBER, r"^no field `<N>` on type `<R>`"),
    (_MEMBER, r"^no (?:field|method) `<N>` on type <O>$"),
    (_ARGUMENT, r"^(?:struct|variant|union) `<O>`(?:::`?\w+`?)? has no field named `<N>`"),
    (_MISSING, r"^this (?:function|method|struct|enum variant) takes \d+ arguments? but"),
    (_MISSING, r"^expected \d+ arguments?, found \d+"),
    (_MISSING, r"^missing (?:structure )?fields?:? `<N>`(?:.*? in initializer of `<O>`)?"),
    (_UNDEFINED, r"^(?:no such value in this scope|unresolved macro)"),
    (_SYNTAX, r"^(?:Syntax Error: |expected .*, found |this file contains an un|unclosed delim)"),
)
_CLANG: Final[Table] = (  # clang's DiagnosticSemaKinds.td; clangd writes a capital; gcc's last
    (_UNDEFINED, r"^use of undeclared identifier '(?:<M>::)?<N>'"),
    (_UNDEFINED, r"^unknown type name '<N>'"),
    (
        _UNDEFINED,
        (
            r"^(?:implicit declaration of function|call to undeclared (?:library )?function) "
            r"'<N>'"
        ),
    ),
    (_UNDEFINED, r"^no (?:type|member|template) named '<N>' in namespace '<M>'"),
    (_UNDEFINED, r"^(?:undeclared identifier|unknown class name) '<N>'"),
    (_MEMBER, r"^no (?:type |template )?member named '<N>' in '<O>'"),
    (_MEMBER, r"^no type named '<N>' in '<O>'"),
    (_ARGUMENT, r"^field designator '<N>' does not refer to any field in type '<O>'"),
    (_MODULE, r"^'<N>' file not found"),
    (_MODULE, r"^(?P<name>[\w./+-]+): No such file or directory"),
    (_UNUSED, r"^included header <N> is not used directly"),
    (_VARIABLE, r"^unused (?:variable|parameter|function) '<N>'"),
    (_MISSING, r"^too few arguments to function call"),
    (_MISSING, r"^no matching (?:function|constructor) for (?:call to|initialization of) '<O>'"),
    (_UNDEFINED, r"^'<N>' (?:was not declared in this scope|undeclared)"),
    (_MEMBER, r"^'[^']*?<O>' has no member named '<N>'"),
    (_SYNTAX, r"^expected (?:expression|unqualified-id|'[^']+'|identifier|member name|\w+ or)"),
    (_SYNTAX, r"^(?:extraneous closing brace|invalid preprocessing directive)"),
)
_JAVA: Final[Table] = (  # Eclipse JDT's messages.properties (jdtls), javac 21 by its output
    (_UNDEFINED, r"^<N> cannot be resolved(?: to a (?:type|variable))?(?: or is not a field)?$"),
    (_MEMBER, r"^The method <N>\([^)]*\) is undefined for the type <O>$"),
    (_MODULE, r"^The import <N> cannot be resolved"),
    (_UNUSED, r"^The import (?:<M>\.)?<T> is never used"),
    (_VARIABLE, r"^The value of the (?:local variable|field|parameter) (?:\w+\.)*<N> is not used"),
    (_MISSING, r"^The (?:method|constructor) <O>\([^)]*\).* is not applicable for the arguments"),
    (_MISSING, r"^The constructor <O>\([^)]*\) is undefined"),
    (
        _MEMBER,
        (
            r"^cannot find symbol\s+symbol:\s+method <N>\([^)]*\)\s+location:\s+"
            r"(?:variable \w+ of type|class|interface) <O>"
        ),
    ),
    (
        _MEMBER,
        (
            r"^cannot find symbol\s+symbol:\s+(?:variable|method) <N>\b.*\s+location:\s+"
            r"variable \w+ of type <O>"
        ),
    ),
    (_UNDEFINED, r"^cannot find symbol\s+symbol:\s+(?:class|variable|method|static) <N>"),
    (_UNDEFINED, r"^cannot find symbol$"),
    (_MODULE, r"^package <N> does not exist"),
    (_MISSING, r"^(?:method|constructor) <O> in \w+ \S+ cannot be applied to given types"),
    (_SYNTAX, r"^Syntax error(?: on token|, insert)|^'[^']{1,4}' expected|^illegal start of"),
    (
        _SYNTAX,
        r"^(?:class, interface, enum, or record expected|reached end of file|not a statement)",
    ),
)
_KOTLIN: Final[Table] = (  # kotlinc 1 and 2; Metals has scalac's: `not found: type X`
    (_UNDEFINED, r"^unresolved reference:? '?<N>'?"),
    (_UNUSED, r"^Unused import"),
    (_UNUSED, r"^Variable '<N>' is never used"),
    (_ARGUMENT, r"^(?:Cannot find a parameter with this name|No parameter with name '<N>' found)"),
    (_MISSING, r"^No value passed for parameter '<N>'"),
    (_UNDEFINED, r"^not found: (?:type |value |object )?<N>"),
    (_MEMBER, r"^value <N> is not a member of (?:object )?<O>"),
    (_EXPORT, r"^(?:object|type|value) <N> is not a member of package <M>"),
    (_SYNTAX, r"^(?:Expecting |Syntax error|Unexpected tokens|illegal start of|'.' expected)"),
)
_CSHARP: Final[Table] = (  # Roslyn's CS0103, CS0246, CS0234, CS1061, CS0117, CS1739, CS8019 ...
    (_UNDEFINED, r"^The name '<N>' does not exist in the current context"),
    (_UNDEFINED, r"^The type or namespace name '<T>(?:<[^']*>)?' could not be found"),
    (
        _EXPORT,
        r"^The type or namespace name '<T>(?:<[^']*>)?' does not exist in the namespace '<M>'",
    ),
    (_MEMBER, r"^'<O>' does not contain a definition for '<N>'"),
    (_ARGUMENT, r"^The best overload for '<O>' does not have a parameter named '<N>'"),
    (
        _MISSING,
        (
            r"^There is no argument given that corresponds to the required (?:formal )?parameter "
            r"'<N>'"
        ),
    ),
    (_UNUSED, r"^(?:Unnecessary using directive|Using directive is unnecessary)"),
    (_VARIABLE, r"^The variable '<N>' is (?:declared|assigned) but"),
    (_SYNTAX, r"^(?:; expected|\) expected|\} expected|Invalid expression term|Syntax error)"),
)
_PHP: Final[Table] = (  # Intelephense's P1008-P1014 and P1003, PHPStan's
    (_UNDEFINED, r"^Undefined (?:type|function|constant|variable) '(?:[\w\\]*\\)?<N>'"),
    (_MEMBER, r"^Undefined (?:method|property|class constant) '\$?<N>'"),
    (_UNUSED, r"^Symbol '<N>' is declared but not used"),
    (_MISSING, r"^Expected \d+ arguments?\. Found \d+"),
    (_UNDEFINED, r"^(?:Instantiated class|Function|Class) (?:[\w\\]*\\)?<N> not found"),
    (_MEMBER, r"^Call to an undefined method <O>::<N>\(\)"),
    (_SYNTAX, r"^(?:syntax error|Unexpected '[^']*')"),
)
_SCRIPTS: Final = (*_TSC, *_ESLINT)
TABLES: Final[dict[str, Table]] = {
    "python": (*_PYRIGHT, *_MYPY, *_RUFF, *_PYLINT),
    **dict.fromkeys(("javascript", "javascriptreact", "typescript", "typescriptreact"), _SCRIPTS),
    "go": _GOPLS,
    "rust": _RUSTC,
    **dict.fromkeys(("c", "cpp", "objective-c", "objective-cpp"), _CLANG),
    "java": _JAVA,
    **dict.fromkeys(("kotlin", "scala"), _KOTLIN),
    "csharp": _CSHARP,
    "php": _PHP,
}
HOLES: Final = {
    "<N>": r"(?P<name>[^\"'`\s(){},;]+)",
    "<N2>": r"(?P<second>[^`]+)",
    "<T>": r"(?P<name>\w+|\*)",  # the last part of a path
    "<M>": r"(?P<module>[^\"'`\s]+)",
    "<O>": r"(?P<owner>[^\"'`\n]+)",
    "<R>": r"(?P<owner>[^`\n]+)",
    "<L>": r"(?P<local>\w+)",
    "<K>": r"(?P<also>\w+)",
}
