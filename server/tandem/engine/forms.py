"""The forms in which Pro hands in what it decided: a plan, a verdict, the findings of a review.

All of them are offered with every question, in this order: tools stand in front of the codebase,
and the prefix cache hits only what begins alike. Strict: every property is required.
"""

from typing import Any, Final

from tandem.core.model import Tool

_TEXT: Final = {"type": "string"}
_TEXTS: Final = {"type": "array", "items": _TEXT}


def _object(**properties: Any) -> dict[str, Any]:
    return {
        "type": "object",
        "properties": properties,
        "required": list(properties),
        "additionalProperties": False,
    }


def _list(**properties: Any) -> dict[str, Any]:
    return {"type": "array", "items": _object(**properties)}


SUBMIT_PLAN: Final = Tool(
    "submit_plan",
    "Hand in the plan.",
    _object(
        goal=_TEXT,
        steps=_list(
            id=_TEXT,
            title=_TEXT,
            files=_TEXTS,
            new_files=_TEXTS,
            removed_files=_TEXTS,
            anchors=_TEXTS,
            expects=_TEXTS,
            after=_TEXTS,
            check=_TEXT,
        ),
        risks=_TEXTS,
        untouched=_TEXTS,
    ),
    strict=True,
)
SUBMIT_VERDICT: Final = Tool(
    "submit_verdict",
    "Hand in what you think of a result.",
    _object(
        accept={"type": "boolean"},
        reason={"type": "string", "description": "one sentence"},
        redo=_list(step=_TEXT, why=_TEXT),
    ),
    strict=True,
)
SUBMIT_FINDINGS: Final = Tool(
    "submit_findings",
    "Hand in what you found in a change; an empty list if nothing is wrong with it.",
    _object(
        findings=_list(
            file=_TEXT,
            quote={"type": "string", "description": "the line it is about, word for word"},
            severity={"type": "string", "enum": ["error", "warning", "information"]},
            category={
                "type": "string",
                "enum": [
                    "correctness", "callers", "errors", "resources", "concurrency", "security",
                    "api", "data", "performance", "tests", "style",
                ],
            },
            claim={"type": "string", "description": "what is wrong, in one sentence"},
            why={"type": "string", "description": "what leads to it: names and places"},
            check={"type": "string", "description": "how to see that it is so"},
            symbols={**_TEXTS, "description": "names of the code that the claim stands on"},
            places={**_TEXTS, "description": "other places it stands on, as path:line"},
            suggestion={
                "type": "string",
                "description": "the text in the place of the quoted line; empty if there is none",
            },
            confidence={"type": "number", "description": "0 to 1"},
        ),
    ),
    strict=True,
)  # fmt: skip

FORMS: Final = (SUBMIT_PLAN, SUBMIT_VERDICT, SUBMIT_FINDINGS)
