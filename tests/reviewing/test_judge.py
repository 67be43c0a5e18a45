"""A whole review by Pro, against the simulated API: asked, priced, held up, refuted, remembered."""

import asyncio
import json
import subprocess
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from fixtures.api.faults import Fault
from fixtures.api.server import SimulatedApi
from tandem.app import RealClock, World
from tandem.commands.context.repository import indexed, site_for
from tandem.core.errors import ModelError
from tandem.features.review import groups
from tandem.features.review.result import Review
from tandem.reviewing.judge import Draft, drafted, judged
from tandem.reviewing.look import looked
from tandem.reviewing.shown import reviews_of, shown_of, unasked
from tandem.spending import open_gateway
from tandem.workspace.compared import Scope
from tests.support.review_models import Flash, Reviewer, claim_of, helpful, hostile
from tests.support.workers import InProcess

PRICES = "def price(item):\n    return item.net\n\n\ndef total(items):\n    return sum(items)\n"
NEW = PRICES.replace("item.net", "item.net - 1")
CART = "class Cart:\n    def __init__(self):\n        self.items = []\n\n"
CART += "    def add(self, item):\n        self.items += [item]\n"
TRUE = claim_of(
    "shop/prices.py", "    return item.net - 1", "`price` takes one away from it.",
    symbols=["price"], confidence=0.8,
)  # fmt: skip
OTHER = claim_of(
    "shop/cart.py", "        self.items += [item, item]", "`add` adds each item twice.",
    symbols=["add"], severity="warning",
)  # fmt: skip
INVENTED = claim_of("shop/none.py", "x", "It leaks.")


@dataclass
class Shop:
    """A repository of two files, and whoever reviews it."""

    root: Path
    reviewer: Reviewer
    api: SimulatedApi
    settings: dict[str, str] = field(default_factory=dict)
    told: list[str] = field(default_factory=list)

    def world(self) -> World:
        environment = {
            "TANDEM_HOME": str(self.root.parent / "home"),
            "DEEPSEEK_API_KEY": "sk-sim-test",
            "TANDEM_API__BASE_URL": self.api.base_url,
            **self.settings,
        }
        return World(environment, self.root.parent, RealClock())

    def write(self, path: str, text: str) -> None:
        (self.root / path).parent.mkdir(parents=True, exist_ok=True)
        (self.root / path).write_text(text, "utf-8")

    async def review(self, *, ask: bool = True) -> tuple[Review, Draft | None]:
        world = self.world()
        async with indexed(world, self.root) as repository:
            site = site_for(world, repository)
            seen = await looked(site, Scope())
            if not ask:
                return await unasked(site, seen), None
            draft = await drafted(world, site, seen)
            async with open_gateway(world, site.settings) as gateway:
                return await judged(site, draft, gateway, self.told.append), draft

    async def claims(self) -> list[str]:
        return [one.claim for one in (await self.review())[0].findings if one.by != "evidence"]


@pytest.fixture
async def shop(tmp_path, monkeypatch) -> AsyncIterator[Shop]:
    monkeypatch.setattr("tandem.workspace.indexing.Workers", InProcess)
    reviewer = Reviewer([TRUE, OTHER, INVENTED], by_file=False)
    async with SimulatedApi(first_token_ms=0, tokens_per_second=0, replies=reviewer.reply) as api:
        made = Shop(tmp_path / "shop", reviewer, api)
        made.write("shop/prices.py", PRICES)
        made.write("shop/cart.py", CART)
        git = ["git", "-C", str(made.root), "-c", "user.name=T", "-c", "user.email=t@example.org"]
        for words in (["init", "-q"], ["add", "."], ["commit", "-qm", "Begin"]):
            subprocess.run([*git, *words], check=True)
        made.write("shop/prices.py", NEW)
        made.write("shop/cart.py", CART.replace("[item]", "[item, item]"))
        yield made


def flash(shop: Shop, answer: Flash) -> None:
    shop.reviewer.flash = answer


async def test_without_asking_nothing_is_sent_and_nothing_paid(shop):
    found, _ = await shop.review(ask=False)
    assert not found.asked
    assert found.files == 2
    assert not shop.api.requests


async def test_pro_is_asked_once_and_what_is_so_is_shown(shop):
    found, draft = await shop.review()
    assert [one.claim for one in found.findings if one.by != "evidence"] == [
        TRUE["claim"], OTHER["claim"],
    ]  # fmt: skip
    assert [(gone.finding.claim, gone.why) for gone in found.dropped] == [
        ("It leaks.", "there is no file shop/none.py")
    ]
    (said,) = shop.reviewer.asked
    assert "+    return item.net - 1" in said
    assert "Review the change above: what is not committed." in said
    assert shop.reviewer.checked == [TRUE["claim"]]  # a warning is not worth it
    assert (found.asked, found.kept, found.left) == (True, 0, ())
    assert found.cost.pico == shop.api.bill.total_pico > 0
    assert draft is not None
    assert draft.quote.now is not None
    assert any("reviewing 2 files" in one for one in shop.told)


async def test_a_refutation_with_a_line_of_the_code_keeps_a_finding_away(shop):
    flash(shop, helpful([TRUE["claim"]]))
    found, _ = await shop.review()
    assert [one.claim for one in found.findings if one.by != "evidence"] == [OTHER["claim"]]
    assert any(gone.why.startswith("refuted by `") for gone in found.dropped)
    assert found.cost.pico == shop.api.bill.total_pico


async def test_a_refutation_without_one_does_not(shop):
    flash(shop, hostile)
    assert TRUE["claim"] in await shop.claims()
    assert shop.reviewer.checked


async def test_flash_is_not_asked_if_it_is_not_wanted(shop):
    shop.settings["TANDEM_REVIEW__REFUTE"] = "false"
    assert TRUE["claim"] in await shop.claims()
    assert shop.reviewer.checked == []


async def test_the_same_change_is_not_asked_about_twice(shop):
    first = await shop.claims()
    bill = shop.api.bill.total_pico
    found, draft = await shop.review()
    assert [one.claim for one in found.findings if one.by != "evidence"] == first
    assert shop.api.bill.total_pico == bill
    assert (found.kept, found.cost.pico, found.asked) == (2, 0, True)
    assert draft is not None
    assert draft.parts == ()


async def test_after_a_change_only_its_file_is_asked_about(shop):
    await shop.review()
    bill = shop.api.bill.total_pico
    shop.reviewer.asked.clear()
    shop.reviewer.claims = [TRUE]
    shop.write("shop/cart.py", CART.replace("[item]", "[*item]"))
    found, draft = await shop.review()
    assert draft is not None
    assert [asking.part.paths for asking in draft.parts] == [("shop/cart.py",)]
    (said,) = shop.reviewer.asked
    focus = said[said.index("<focus>") :]
    assert "+++ b/shop/cart.py" in focus
    assert "+++ b/shop/prices.py" not in focus
    assert "it also touches shop/prices.py." in focus
    claims = [one.claim for one in found.findings if one.by != "evidence"]
    assert claims == [TRUE["claim"]]  # the one of before and the one of now are one
    assert found.kept == 1
    assert 0 < shop.api.bill.total_pico - bill < bill


async def test_what_was_found_moves_along_with_its_line(shop):
    await shop.review()
    shop.reviewer.claims = []
    shop.write("shop/prices.py", NEW)
    async with indexed(shop.world(), shop.root) as repository:
        site = site_for(shop.world(), repository)
        kept = reviews_of(site)
        moved = json.loads(json.dumps(kept.judged()).replace('"line": 1', '"line": 0'))
        kept.remember(moved)
    found, _ = await shop.review()
    (one,) = [f for f in found.findings if f.claim == TRUE["claim"]]
    assert one.line == 1


async def test_what_is_dismissed_stays_away_until_it_is_wanted_again(shop):
    found, _ = await shop.review()
    one = next(f for f in found.findings if f.claim == TRUE["claim"])
    async with indexed(shop.world(), shop.root) as repository:
        site = site_for(shop.world(), repository)
        await asyncio.to_thread(reviews_of(site).dismiss, one.key, {"claim": one.claim})
        shown, dropped = await shown_of(site, [one])
        assert (shown, [gone.why for gone in dropped]) == ((), ["dismissed"])
        again, _ = await shop.review()
        assert TRUE["claim"] not in [f.claim for f in again.findings]
        assert ("dismissed") in [gone.why for gone in again.dropped]
        assert reviews_of(site).restore() == 1
    assert TRUE["claim"] in await shop.claims()


async def test_what_is_muted_or_style_is_not_shown(shop):
    shop.reviewer.claims = [{**TRUE, "category": "style"}, OTHER]
    shop.settings["TANDEM_REVIEW__MUTE"] = "correctness"
    found, _ = await shop.review()
    assert [f for f in found.findings if f.by != "evidence"] == []
    assert {gone.why for gone in found.dropped} == {"`style` is muted", "`correctness` is muted"}
    shop.settings["TANDEM_REVIEW__STYLE"] = "true"
    assert await shop.claims() == [TRUE["claim"]]


@pytest.fixture(autouse=True)
def _tenth(monkeypatch):
    """Cut by a tenth, so that small files are a large change."""
    monkeypatch.setattr(groups, "BUDGET", groups.BUDGET // 10)


def grow(shop: Shop, files: int = 60) -> list[str]:
    """Change many files, enough for some parts."""
    body = "".join(f"value_{n} = {n} * len('something long')\n" for n in range(12))
    for number in range(files):
        shop.write(f"more/m{number:02}.py", f"own_{number} = 1\n{body}")
    return [f"more/m{number:02}.py" for number in range(files)]


async def test_a_large_change_is_judged_in_parts_each_file_once(shop):
    paths = grow(shop)
    found, draft = await shop.review()
    assert draft is not None
    assert len(draft.parts) > 3
    assert found.left == ()
    for path in paths:
        assert sum(f"+++ b/{path}\n" in said for said in shop.reviewer.asked) == 1
    own = [one for one in shop.api.requests if one.path.endswith("completions")]
    asked = [one.body for one in own if one.body["max_tokens"] != 1]
    primed = [one.body for one in own if one.body["max_tokens"] == 1]
    assert primed
    assert own.index(own[len(primed)]) == len(primed)  # nobody asks before the codebase is read
    assert len([body for body in asked if "pro" in str(body["model"])]) == len(draft.parts)


async def test_what_the_budget_does_not_pay_for_is_named(shop):
    paths = grow(shop)
    world = shop.world()
    async with indexed(world, shop.root) as repository:
        site = site_for(world, repository)
        whole = await drafted(world, site, await looked(site, Scope()))
    assert whole.quote.now is not None
    shop.settings["TANDEM_REVIEW__MOST_USD"] = f"{whole.quote.now.pico / 1e12 * 0.7:.4f}"
    found, draft = await shop.review()
    assert draft is not None
    assert 0 < len(draft.parts) < len(whole.parts)
    named = {path for path, _ in found.left}
    told = {path for asking in draft.parts for path in asking.part.paths}
    assert named
    assert not named & told
    assert named | told == {*paths, "shop/prices.py", "shop/cart.py"}
    assert all(why.startswith("over review.most_usd, $") for _, why in found.left)
    assert len(shop.reviewer.asked) == len(draft.parts)


def _forget(site: Any) -> None:
    (reviews_of(site).folder / "judged.json").unlink()


async def test_what_comes_dearer_than_was_thought_ends_the_review(shop):
    grow(shop)
    world = shop.world()
    async with indexed(world, shop.root) as repository:
        site = site_for(world, repository)
        draft = await drafted(world, site, await looked(site, Scope()))
    shop.settings["TANDEM_REVIEW__MOST_USD"] = "0.000001"
    world = shop.world()
    async with indexed(world, shop.root) as repository:
        site = site_for(world, repository)
        async with open_gateway(world, site.settings) as gateway:
            found = await judged(site, draft, gateway, shop.told.append)
    assert len(shop.reviewer.asked) == 1
    assert len(found.left) == sum(len(one.part.files) for one in draft.parts[1:])


async def test_a_part_that_cannot_be_asked_is_named_and_asked_again(shop):
    grow(shop)
    _, draft = await shop.review()
    assert draft is not None
    async with indexed(shop.world(), shop.root) as repository:
        await asyncio.to_thread(_forget, site_for(shop.world(), repository))
    shop.reviewer.asked.clear()
    shop.reviewer.claims = []
    first = shop.reviewer.reply
    shop.api.script(first, Fault.status(402))
    found, _ = await shop.review()
    assert found.left
    assert len(shop.reviewer.asked) == len(draft.parts) - 1
    shop.reviewer.asked.clear()
    again, _ = await shop.review()
    assert again.left == ()
    assert again.kept == again.files - len(found.left)
    for path, _ in found.left:
        assert sum(f"+++ b/{path}\n" in said for said in shop.reviewer.asked) == 1


async def test_if_nobody_answers_at_all_it_is_said(shop):
    shop.api.script(*[Fault.status(402)] * 3)
    with pytest.raises(ModelError):
        await shop.review()


async def test_a_review_that_is_stopped_leaves_nothing_under_way_and_keeps_what_was_paid(shop):
    grow(shop)
    before = asyncio.all_tasks()
    task = asyncio.ensure_future(shop.review())

    def is_second() -> bool:
        if len(shop.reviewer.asked) < 2:
            return False
        task.cancel()
        return True

    await shop.api.wait_for(is_second, 60)
    with pytest.raises(asyncio.CancelledError):
        await task
    sent = len(shop.api.requests)
    async with asyncio.timeout(1):  # the gateway's own settling ends in its next turn
        while asyncio.all_tasks() - before:  # noqa: ASYNC110 - nobody tells
            await asyncio.sleep(0)
    await shop.api.wait_for(lambda: all(one.outcome != "pending" for one in shop.api.requests))
    asked = len(shop.reviewer.asked)
    assert len(shop.api.requests) == sent
    shop.reviewer.asked.clear()
    found, draft = await shop.review()
    assert found.kept > 0
    assert draft is not None
    assert len(shop.reviewer.asked) == len(draft.parts)
    assert asked >= 2


async def test_what_is_kept_and_damaged_is_judged_again(shop):
    first = await shop.claims()
    async with indexed(shop.world(), shop.root) as repository:
        site = site_for(shop.world(), repository)
        kept = reviews_of(site)
        known = kept.judged()
        assert len(known) == 2
        values: list[Any] = [3, [{"path": "x"}]]
        kept.remember(dict(zip(known, values, strict=True)))
    shop.reviewer.asked.clear()
    assert await shop.claims() == first
    assert len(shop.reviewer.asked) == 1
