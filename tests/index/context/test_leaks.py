"""Nothing hidden may reach the context: by the bench's way of hiding, on a history made here."""

import random
import string
import subprocess
from dataclasses import replace

import pytest

from tandem.core.text import Text
from tandem.index.context.assemble import context_for
from tandem.index.context.ring import Ring
from tandem.index.context.visit import Entered, enter, render
from tests.bench.recall import OURS, Bench
from tests.bench.recall_cases import WORD, Blob, Case, hunks
from tests.index.context.small import BASKET, SHOP, place

HIDDEN = "amount = self.price_list.discounted(code, RATE)\n        return rounded_up(amount)"
LATER = "\n\n    def receipt(self):\n        return secret_formatter(self.codes)\n"


def files(hidden: str) -> dict[str, str]:
    """Return the files behind the commit that types `hidden`."""
    typed = BASKET.replace("$0", hidden)
    return {**SHOP, "shop/basket.py": typed, "tests/test_basket.py": SHOP["tests/test_basket.py"]}


@pytest.fixture
def history(tmp_path):
    def make(hidden: str) -> str:
        folder = tmp_path / f"work{len(list(tmp_path.iterdir()))}"
        folder.mkdir()

        def git(*arguments: str) -> None:
            identity = ["-c", "user.name=n", "-c", "user.email=e@example.org"]
            command = ["git", *identity, "-C", str(folder), *arguments]
            subprocess.run(command, check=True, capture_output=True)

        git("init", "-q")
        before = {**SHOP, "shop/basket.py": BASKET.replace("$0", "return 0")}
        after = files(hidden) | {"shop/money.py": SHOP["shop/money.py"] + "\nEURO = 1\n"}
        for tree in (before, after):
            for path, text in tree.items():
                target = folder / path
                target.parent.mkdir(parents=True, exist_ok=True)
                target.write_text(text, encoding="utf-8")
            git("add", ".")
            git("commit", "-q", "-m", "step")
        return str(folder / ".git")

    return make


def cases(directory: str) -> tuple[Bench, list[Case]]:
    bench = Bench(directory)
    found = list(hunks(bench.world, 5))
    bench.follow()
    return bench, found


def blocks(bench: Bench, found: list[Case]) -> list[str]:
    texts = []
    for case in found:
        bench.world.code.open(case.path, case.visible.facts, case.visible.text)
        texts.append(bench.context(case, 2000).text)
        bench.world.code.close(case.path)
    return texts


def test_the_hidden_hunk_is_found_and_its_names_are_recalled(history):
    bench, found = cases(history(HIDDEN))
    (case,) = found
    assert {"discounted", "rounded_up", "RATE"} <= case.gold
    table = bench.run(found, with_baselines=True)
    bench.world.repository.close()
    assert table[OURS, 2000].shares()["def"] == 1


def test_what_is_hidden_does_not_move_the_context(history):
    """The same place with the hidden names shuffled to fresh ones: not a byte may differ."""
    rnd = random.Random(3)  # noqa: S311 - reproducible, not secret
    fresh = {
        name: "".join(rnd.choices(string.ascii_lowercase, k=12))
        for name in sorted(set(WORD.findall(HIDDEN)) - {"self", "return"})
    }
    shuffled = WORD.sub(lambda match: fresh.get(match.group(), match.group()), HIDDEN)
    one, found = cases(history(HIDDEN))
    other, hidden = cases(history(shuffled))
    assert not hidden, "fresh names are nobody's definitions, so no gold is left"
    visible = replace(found[0], gold=frozenset(fresh.values()), known=frozenset())
    told = blocks(one, [replace(found[0], known=frozenset())])
    table = other.run([visible], with_baselines=False)
    assert blocks(other, [visible]) == told
    assert table[OURS, 2000].shares() == {"def": 0, "unseen": 0, "all": 0}
    for bench in (one, other):
        bench.world.repository.close()


def test_the_facts_of_the_open_file_are_those_of_its_visible_text(history):
    bench, (case,) = cases(history(HIDDEN))
    assert "discounted" not in case.visible.text
    assert "discounted" not in case.visible.facts.identifiers
    bench.world.repository.close()


def test_later_hunks_are_invisible_when_a_file_is_entered():
    here = place(SHOP, "shop/basket.py", BASKET)
    visit = enter(Entered(here.path, here.text, here.offset, here.context()))
    prompt, suffix = render(visit, here.text, here.offset)
    assert "secret_formatter" not in prompt + suffix
    text = Text.of(BASKET.replace("$0", "") + LATER)
    late = enter(Entered(here.path, text, here.offset, here.context()))
    assert "secret_formatter" in "".join(render(late, text, here.offset)), "the check can fail"


def test_an_open_file_hides_its_older_self_on_disk():
    on_disk = {**SHOP, "shop/basket.py": BASKET.replace("$0", HIDDEN) + "\nleaked_name = 1\n"}
    here = place(on_disk, "shop/basket.py", BASKET)
    block = context_for(
        here.code,
        here.path,
        here.text,
        here.offset,
        Ring(),
        windows=here.windows,
        budget_tokens=4000,
    )
    assert "leaked_name" not in block.text
    assert Blob(block.text).lines
