"""A review without a model, and what of any review is shown: not what was dismissed or muted."""

import asyncio
from collections.abc import Sequence
from typing import Final

from tandem.features.review.findings import Finding, merged, ordered
from tandem.features.review.result import Dropped, Review
from tandem.reviewing.look import Looked
from tandem.site import Site
from tandem.workspace.reviews import Reviews

_STYLE: Final = "style"


def reviews_of(site: Site) -> Reviews:
    """Return what is kept of a workspace's reviews."""
    return Reviews(site.paths.reviews(site.root))


async def unasked(site: Site, seen: Looked) -> Review:
    """Return a review by evidence alone."""
    shown, dropped = await shown_of(site, seen.findings)
    return Review(seen.change.title, count(seen), shown, seen.notes, dropped)


def count(seen: Looked) -> int:
    """Return how many files a change is of."""
    return len({one.path for one in seen.change.files} | seen.change.notes.keys())


async def shown_of(
    site: Site, found: Sequence[Finding]
) -> tuple[tuple[Finding, ...], tuple[Dropped, ...]]:
    """Return the findings that are shown, in order, and those that are not, with the reason."""
    dismissed = await asyncio.to_thread(reviews_of(site).dismissed)
    settings = site.settings.review
    muted = {*settings.mute, *(() if settings.style else (_STYLE,))}
    dropped = []
    kept = []
    for one in found:
        if one.key in dismissed:
            dropped.append(Dropped(one, "dismissed"))
        elif one.rule in muted:
            dropped.append(Dropped(one, f"`{one.rule}` is muted"))
        else:
            kept.append(one)
    return ordered(merged(kept)[0]), tuple(dropped)
