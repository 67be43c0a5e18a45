"""The bench's models of the cache against the simulated API's, over the same token stream."""

from hypothesis import given
from hypothesis import strategies as st

from fixtures.api.cache import CacheRules, PrefixCache
from fixtures.api.tokens import pieces
from tests.bench.economy import BlockCache, Estimated, UnitCache

texts = st.text(alphabet="ab 1_\n", min_size=1, max_size=14)


class Single:
    """Every part is one token."""

    def tokens(self, _part):
        return 1

    def shared(self, _part, _other):
        return 0


class Letters:
    """Every letter is one token, so parts may begin alike."""

    def tokens(self, part):
        return len(part)

    def shared(self, part, other):
        return next(
            (n for n, (a, b) in enumerate(zip(part, other, strict=False)) if a != b),
            min(len(part), len(other)),
        )


@given(st.lists(texts, max_size=8), st.sampled_from([0, 2, 3]))
def test_units_hit_as_in_the_simulated_api(prompts, interval):
    ours = UnitCache(Single(), interval)
    theirs = PrefixCache(CacheRules(interval=interval))
    for text in prompts:
        prefill = theirs.read("", text, 0)
        assert ours.read(tuple(pieces(text))) == (prefill.tokens, prefill.hit)


@given(st.lists(st.lists(st.sampled_from("abc"), min_size=1, max_size=9), max_size=8))
def test_blocks_hit_as_far_as_any_earlier_request_agrees(prompts):
    ours = BlockCache(Single(), 2)
    for n, prompt in enumerate(prompts):
        agreed = [
            next((k for k, pair in enumerate(zip(prompt, old, strict=False)) if len(set(pair)) > 1),
                 min(len(prompt), len(old)))
            for old in prompts[:n]
        ]  # fmt: skip
        most = max(agreed, default=0)
        assert ours.read(tuple(prompt)) == (len(prompt), most - most % 2)


@given(st.lists(st.lists(st.sampled_from(["xab", "xac", "xad", "yab"]), max_size=3), max_size=8))
def test_units_inside_a_part_are_as_good_as_between_parts(prompts):
    coarse, fine = UnitCache(Letters()), UnitCache(Single())
    for prompt in prompts:
        if prompt:
            assert coarse.read(tuple(prompt)) == fine.read(tuple("".join(prompt)))


def test_the_estimate_of_a_shared_part_is_in_proportion():
    measure = Estimated()
    one, other = "x = 1\n" * 100 + "a", "x = 1\n" * 100 + "b" * 600

    assert measure.shared(one, other) == measure.tokens(one) * 600 // 601
