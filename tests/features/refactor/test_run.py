"""Plans carried out against the simulated API: ends, money, death at any moment, cancellation."""

import asyncio
import json

import pytest

from fixtures.api.server import SimulatedApi
from tandem.commands.context.repository import indexed, site_for
from tandem.core.errors import RefusedError
from tandem.features.refactor.plan import Plan, Step
from tandem.features.refactor.state import Phase, Run, Status
from tandem.planning.book import opened, read_run
from tandem.planning.deliver import message_of
from tandem.workspace.plans import PlanFolder
from tests.support import refactor_models as models
from tests.support.refactor_cases import has_tools, scenarios, write_project
from tests.support.refactor_place import Place, killed_at_writes
from tests.support.refactor_runs import play, world_for
from tests.support.workers import InProcess

SCENARIOS = {one.name: one for one in scenarios()}
SMALL = SCENARIOS["postage-price-of-parcel"]


@pytest.fixture(autouse=True)
def _in_process(monkeypatch):
    monkeypatch.setattr("tandem.workspace.indexing.Workers", InProcess)


PYTHON = [name for name, one in SCENARIOS.items() if one.language == "python"]
OTHERS = ["booking-dates-without-vendor", "c-trim-to-text", "rust-stock-result"]
PLAYED = [  # `bench refactor` plays them all
    *((name, models.good) for name in (SMALL.name, *OTHERS)),
    *((name, models.partly_wrong) for name in PYTHON),
    *((name, models.hostile) for name in SCENARIOS),
]


@pytest.mark.parametrize(("name", "model"), PLAYED)
async def test_a_scenario_ends_well_or_leaves_everything_as_it_was(tmp_path, name, model):
    scenario = SCENARIOS[name]
    if not has_tools(scenario):
        pytest.skip("a program of its tests is not here")
    played = await play(scenario, model, tmp_path, check=model is models.partly_wrong)

    assert played.ok, played.reason
    assert played.applied == (model is not models.hostile), played.reason
    if played.run is not None:
        assert played.run.cost.pico == played.pico


# -- one small project -------------------------------------------------------------------------


@pytest.fixture
async def place(tmp_path):
    write_project(SMALL, tmp_path / "project")
    model = models.partly_wrong(SMALL)
    async with SimulatedApi(
        first_token_ms=0, tokens_per_second=0, empty_deltas=False, replies=model.reply
    ) as api:
        yield Place(tmp_path, SMALL, model, api)


async def test_a_run_that_is_killed_after_a_write_goes_on_and_pays_nothing_twice(tmp_path):
    killed = await killed_at_writes(SMALL, tmp_path, every=7)  # `bench refactor` kills at each

    assert killed.writes > 25
    assert killed.paid_twice == 0
    assert (len(killed.trees), len(killed.bills)) == (1, 1)


async def test_a_torn_line_is_as_if_it_had_never_been(place):
    folder = await place.plan()
    await place.carry(folder)
    path = folder.path / "journal.jsonl"
    whole = path.read_bytes()
    path.write_bytes(whole[: len(whole) - 40])
    assert (await place.carry(folder)).phase is Phase.READY
    assert place.paid_twice() == 0


async def test_a_run_that_is_cancelled_stops_spending_and_goes_on(place):
    folder = await place.plan()
    place.model.pace = 200
    task = asyncio.ensure_future(place.carry(folder))
    await place.api.wait_for(lambda: len(place.api.requests) > 4)
    loop = asyncio.get_running_loop()
    begun = loop.time()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    await place.api.wait_for(lambda: place.api.open_sockets == 0)
    assert loop.time() - begun < 2  # 0.1 s to stop; the index is closed in the same breath
    run = read_run(folder)
    assert run.halted == "it was stopped"
    kept = set(run.named(Status.DONE))
    place.model.pace = None
    after = await place.carry(folder)
    assert after.phase is Phase.READY
    assert kept <= set(after.named(Status.DONE))


async def test_a_plan_is_carried_on_by_one_process_at_a_time(place):
    folder = await place.plan()
    with folder.held(), pytest.raises(RefusedError, match="another process carries this plan on"):
        await place.carry(folder)


async def test_no_network_halts_and_the_run_goes_on_when_it_is_back(place):
    folder = await place.plan()
    async with place.api.refusing():
        run = await place.carry(folder)
    assert run.phase is Phase.RUNNING
    assert "cannot be reached" in run.halted
    assert (await place.carry(folder)).phase is Phase.READY


async def test_a_plan_can_be_edited_before_it_is_carried_out(place):
    folder = await place.plan()
    text = folder.text.read_text("utf-8")
    last = SMALL.steps[-1]
    at = text.index(f"### {last.id}:")
    folder.text.write_text(text[:at] + text[text.index("## ", at + 5) :], "utf-8")
    run = await place.carry(folder)
    assert last.id not in run.steps
    assert len(run.plan.steps) == len(SMALL.steps) - 1


async def test_a_plan_with_problems_is_not_carried_out(place):
    folder = await place.plan()
    text = folder.text.read_text("utf-8").replace("`postage/rates.py`", "`postage/none.py`")
    folder.text.write_text(text, "utf-8")
    with pytest.raises(RefusedError, match=r"there is no file 'postage/none\.py'"):
        await place.carry(folder)


async def test_what_was_wrong_with_a_plan_may_be_mended_in_the_code(place):
    def missing(_number: int, good: str) -> str:
        value = json.loads(good)
        value["steps"][0]["files"] = [*value["steps"][0]["files"], "notes.py"]
        return json.dumps(value)

    place.model.plan = missing
    folder = await place.plan()
    with pytest.raises(RefusedError, match=r"there is no file 'notes\.py'"):
        await place.carry(folder)
    (place.root / "notes.py").write_text("NOTE = 1\n", "utf-8")
    assert (await place.carry(folder)).phase is Phase.READY


async def test_a_journal_that_makes_no_sense_is_a_sentence(place):
    folder = await place.plan()
    folder.append(folder.lines()[0])
    with pytest.raises(RefusedError, match="the journal of plan 1 is damaged"):
        read_run(folder)


async def test_a_disk_that_refuses_is_a_sentence(place, monkeypatch):
    folder = await place.plan()

    def full(_folder: PlanFolder, _line: str) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(PlanFolder, "append", full)
    with pytest.raises(RefusedError, match="cannot be written: No space left on device"):
        await place.carry(folder)


async def test_what_the_user_wrote_meanwhile_stays(place):
    folder = await place.plan()
    await place.carry(folder)
    rates = place.root / "postage" / "rates.py"
    rates.write_text(f"{rates.read_text('utf-8')}\n\nNOTE = 'mine'\n", "utf-8")
    await place.write(folder)
    assert "NOTE = 'mine'" in rates.read_text("utf-8")


async def test_what_cannot_be_joined_is_said_and_nothing_is_written(place):
    folder = await place.plan()
    await place.carry(folder)
    rates = place.root / "postage" / "rates.py"
    rates.write_text(rates.read_text("utf-8").replace("def price(", "def cost("), "utf-8")
    before = place.tree()
    with pytest.raises(RefusedError, match=r"postage/rates\.py was changed meanwhile in the same"):
        await place.write(folder)
    assert place.tree() == before
    assert read_run(folder).phase is Phase.READY
    assert folder.patch.read_text("utf-8").startswith("--- a/")


async def test_the_money_of_a_plan_is_capped(tmp_path, place):
    place.world = world_for(
        tmp_path, place.api.base_url, None, {"TANDEM_REFACTOR__MOST_USD": "0.0005"}
    )
    folder = await place.plan()
    run = await place.carry(folder)
    assert run.phase in {Phase.FAILED, Phase.READY}
    aside = [run.steps[name].reason for name in run.named(Status.ASIDE)]
    assert any("are spent" in reason or "would cost about" in reason for reason in aside)


async def test_a_file_that_is_kept_out_is_not_touched(place):
    folder = await place.plan()
    book = await opened(folder)
    async with indexed(place.world, place.root) as repository:
        site = site_for(place.world, repository)
        (place.root / ".env").write_text("SECRET=1\n", "utf-8")
        for path in (".env", "deploy/id_rsa"):
            with pytest.raises(RefusedError, match="kept out"):
                site.text(path)
        assert site.text("postage/new.py") is None
    assert book.run.phase is Phase.PROPOSED


def test_a_commit_says_the_goal_and_the_steps():
    run = Run("x", "", "", plan=Plan("Goal", (Step("s1", "First"),)))
    assert message_of(run) == "Goal\n\n- First\n"
