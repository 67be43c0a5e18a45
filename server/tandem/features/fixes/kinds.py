"""The kinds of action that are offered, by the protocol's hierarchy. Light: read at start-up."""

from typing import Final

QUICK: Final = "quickfix"
FIX_ALL: Final = "source.fixAll.tandem"
EXTRACT: Final = "refactor.extract"
REWRITE: Final = "refactor.rewrite"
PLAN: Final = "refactor"
REVIEW: Final = "source.review.tandem"
KINDS: Final = (QUICK, FIX_ALL, EXTRACT, REWRITE, PLAN, REVIEW)
