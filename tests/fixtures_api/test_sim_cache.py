"""The prefix tree against the rules written down naively over sets of token prefixes."""

from __future__ import annotations

from dataclasses import dataclass, field

from hypothesis import given, settings
from hypothesis import strategies as st

from fixtures.api.cache import CacheRules, Prefill, PrefixCache
from fixtures.api.render import render_chat, render_fim
from fixtures.api.tokens import count, pieces

# Few, confusable characters: words and digits that go on, spaces that join the next word.
TEXTS = st.text(alphabet="ab 1_\n", min_size=1, max_size=14)


@dataclass
class Naive:
    rules: CacheRules
    born: dict[tuple[str, ...], float] = field(default_factory=dict)
    used: dict[tuple[str, ...], float] = field(default_factory=dict)
    units: dict[tuple[str, ...], float] = field(default_factory=dict)

    def read(self, text: str, now: float) -> tuple[int, int]:
        tokens = tuple(pieces(text))
        known = self._known(tokens, now)
        interval = 1 if self.rules.common_from == 2 else self.rules.interval
        hit = 0
        for length in range(1, known + 1):
            prefix = tokens[:length]
            at_interval = interval and length % interval == 0
            if self.units.get(prefix, now + 1) <= now or (
                at_interval and self.born[prefix] + self.rules.delay_s <= now
            ):
                hit = length
        if known and self.rules.common_from:
            self._unit(tokens[:known], now)
        self._touch(tokens, now)
        if self.rules.input_ends:
            self._unit(tokens, now)
        hit -= hit % self.rules.granularity
        return len(tokens), hit if hit >= self.rules.minimum else 0

    def wrote(self, text: str, now: float) -> None:
        tokens = tuple(pieces(text))
        self._known(tokens, now)
        self._touch(tokens, now)
        if self.rules.output_ends:
            self._unit(tokens, now)

    def _known(self, tokens: tuple[str, ...], now: float) -> int:
        for length in range(1, len(tokens) + 1):
            prefix = tokens[:length]
            if prefix not in self.used:
                return length - 1
            if self.used[prefix] + self.rules.ttl_s < now:
                for table in (self.used, self.born, self.units):
                    for other in [key for key in table if key[:length] == prefix]:
                        del table[other]
                return length - 1
        return len(tokens)

    def _touch(self, tokens: tuple[str, ...], now: float) -> None:
        for length in range(1, len(tokens) + 1):
            self.used[tokens[:length]] = now
            self.born.setdefault(tokens[:length], now)

    def _unit(self, prefix: tuple[str, ...], now: float) -> None:
        ready = now + self.rules.delay_s
        self.units[prefix] = min(self.units.get(prefix, ready), ready)


RULES = st.builds(
    CacheRules,
    granularity=st.sampled_from([1, 1, 2, 3]),
    minimum=st.sampled_from([0, 0, 2, 4]),
    interval=st.sampled_from([0, 0, 1, 2, 3]),
    input_ends=st.booleans(),
    output_ends=st.booleans(),
    common_from=st.sampled_from([3, 3, 2, 0]),
    ttl_s=st.sampled_from([float("inf"), 2.0, 5.0]),
    delay_s=st.sampled_from([0.0, 0.0, 1.0, 3.0]),
)
STEPS = st.lists(
    st.tuples(st.sampled_from(["read", "read", "wrote"]), TEXTS, st.integers(0, 3)), max_size=12
)


@settings(max_examples=300)
@given(RULES, STEPS)
def test_the_tree_is_the_naive_rules(rules, steps):
    tree, naive, now = PrefixCache(rules), Naive(rules), 0.0
    for kind, text, pause in steps:
        now += pause
        if kind == "read":
            prefill = tree.read("account", text, now)
            assert (prefill.tokens, prefill.hit) == naive.read(text, now)
        else:
            tree.wrote("account", text, now)
            naive.wrote(text, now)


def reads(cache: PrefixCache, *prompts: str, account: str = "a") -> list[int]:
    return [cache.read(account, prompt, 0).hit for prompt in prompts]


def test_the_third_request_hits_a_common_prefix():
    head = "import os\n"
    assert reads(PrefixCache(), head + "b()", head + "c()", head + "d()") == [0, 0, count(head)]


def test_appending_hits_at_once():
    assert reads(PrefixCache(), "one\n", "one\ntwo\n", "one\ntwo\nthree\n") == [
        0,
        count("one\n"),
        count("one\ntwo\n"),
    ]


def test_the_end_of_an_output_is_a_unit():
    cache = PrefixCache()
    assert reads(cache, "one\n") == [0]
    cache.wrote("a", "one\nanswer\n", 0)
    assert reads(cache, "one\nanswer\nnext") == [count("one\nanswer\n")]


def test_a_unit_that_ends_inside_a_token_is_no_prefix():
    assert reads(PrefixCache(), "foo", "foobar") == [0, 0]
    cache = PrefixCache()
    assert reads(cache, "1foo", "1foobar") == [0, 0]
    assert cache.read("a", "1foobar", 0) == Prefill(tokens=2, hit=2)


def test_accounts_share_nothing():
    cache = PrefixCache()
    assert reads(cache, "same\n", account="flash") == [0]
    assert reads(cache, "same\n", account="pro") == [0]
    assert reads(cache, "same\n", account="flash") == [count("same\n")]


def test_fixed_intervals_hit_at_the_second_request():
    head = "x " * 300
    cache = PrefixCache(CacheRules(interval=128))
    assert reads(cache, head + "a", head + "b") == [0, 256]


def test_fim_may_be_left_out_of_the_cache():
    cache = PrefixCache(CacheRules(fim=False))
    fim, chat = render_fim("same\n", ""), rendered_chat("same\n")
    assert reads(cache, fim, chat) == [0, 0]
    assert cache.read("a", fim, 0) == Prefill(count(fim), 0)
    cache.wrote("a", fim + "answer", 0)
    assert reads(cache, fim + "answer", chat) == [0, count(chat)]


def test_fim_and_chat_share_only_where_they_begin_alike():
    fim, chat = render_fim("same\n" * 9, ""), rendered_chat("same\n" * 9)
    assert reads(PrefixCache(), chat, fim) == [0, 0]
    cache = PrefixCache(CacheRules(fim_shares_chat=True))
    assert cache.read("a", chat, 0) == Prefill(count(chat), 0)
    assert cache.read("a", fim, 0) == Prefill(count(fim), count("same\n" * 9) + 1)


def rendered_chat(text: str) -> str:
    message: dict[str, object] = {"role": "user", "content": text}
    return render_chat([message], [], "", with_prefix=False)[0]


def test_memory_is_bounded_and_the_recent_survive():
    cache = PrefixCache(CacheRules(max_chars=10_000))
    for number in range(100):
        cache.read("a", f"{number}:" + "word " * 200, now=number)
        assert cache.chars <= 10_000
    assert cache.read("a", "99:" + "word " * 200, now=100).hit == count("99:" + "word " * 200)
    assert cache.read("a", "0:" + "word " * 200, now=100).hit == 0
