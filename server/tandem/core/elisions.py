"""Lines that stand for code instead of being code: ``# ... rest of the class``. Pure.

Models write them where they are too lazy to repeat what is there. Only a remark of its own on a
line is one; whether it was there before is the caller's to know.
"""

import re
from typing import Final

_LONGEST: Final = 120
_HINT: Final = re.compile(
    r"\.\.\.|…|(?i:rest of|remain|existing|keep|unchanged|same|here|brevity|omitted|changes)"
)
_REMARK: Final = re.compile(
    r"(?:[#/*;%-]{1,3}|<!--|\{/\*)\s*[\[(]?(?:\.{3}|…)(?:\W*$|.*\b(?:rest|existing|remain|same"
    r"|unchanged|previous|original|keep|omitted|other|more|code)).*"
    r"|[\[(]?(?:\.{3}|…)\s*\(?(?:the )?(?:rest of|existing|remaining|unchanged|same|previous).*"
    r"|(?:[#/*;%-]{1,3}|<!--|\{/\*)\s*(?:the )?(?:rest of|remaining|existing|keep)\b.*"
    r"(?:unchanged|same|as before|here|\.\.\.|…)\W*"
    r"|(?:[#/*;%-]{1,3}|<!--|\{/\*)\s*(?:the )?rest of (?:the )?(?:code|file|function|method"
    r"|class|implementation)\W*",
    re.IGNORECASE,
)
_STANDS_FOR: Final = re.compile(
    r"""(?ix)^(?:(?:\#|//|/\*|--|\*|<!--|;|%|"{3}|\{/\*)\s*[\[(<]?\s*(?:\.\.\.|…)?
      |[\[(<]?\s*(?:\.\.\.|…))\s*
    (?: (?:the\s+)?(?:rest|remainder|remaining)\s+(?:of\s+)?(?:the\s+|your\s+|this\s+)?
        (?:\w+\s+)?(?:code|file|function|method|class|implementation|body|logic|tests?)
      | (?:existing|previous|original|unchanged|other|same)\s+(?:\w+\s+)?
        (?:code|lines?|methods?|functions?|implementation|imports?|logic|content)
      | (?:code|everything|all)(?:\s+else)?(?=\s+(?:is\s+|remains?|stays?)\s*(?:the\s+same|unch))
      | (?=(?:unchanged|remains?|stays?)\b)
      | (?:no|without)\s+changes?(?:\s+needed)?
      | (?:your|add|insert|put)\s+(?:your\s+|the\s+)?(?:code|implementation|logic)\s+(?:goes\s+)?
        (?=here)
      | implement(?:ation)?\s+(?:goes\s+)?(?=here)
      | (?:omitted|truncated|snipped)(?:\s+for\s+brevity)?
      | same\s+as\s+(?:before|above|original)
      | keep\s+(?:the\s+)?(?:rest|existing\s+code|everything)\b.*
    )
    (?:\s*(?:(?:is\s+|remains?\s+|stays?\s+)?(?:unchanged|the\s+same|as\s+(?:it\s+is|before))
        |(?:goes\s+|continues?\s+|follows?\s*)?(?:here|above|below)?))?
    \s*(?:\.\.\.|…)?\s*(?:\]|\)|>|\.)?\s*(?:\*/|-->|"{3}|\*/\})?\s*$"""
)
_DOTS: Final = re.compile(r"(?:#|//|/\*|--)\s*(?:\.{3,}|…)\s*(?:\*/)?")


def may_hold_elisions(text: str) -> bool:
    """Tell cheaply whether a line of a text may be an elision."""
    return _HINT.search(text) is not None


def is_elision(line: str) -> bool:
    """Tell whether a line stands for code that was left out."""
    line = line.strip()
    if len(line) > _LONGEST:
        return False
    return any(pattern.fullmatch(line) for pattern in (_REMARK, _STANDS_FOR, _DOTS))
