"""What users are told: a sentence of ours, never the API's words, a path or a key."""

import re

import pytest

from tandem.core.errors import (
    BudgetError,
    ConfigurationError,
    Failure,
    ModelError,
    StaleError,
    TandemError,
)
from tandem.core.redact import redact


@pytest.mark.parametrize("failure", Failure)
def test_the_sentence_of_a_failure_can_be_shown_as_it_is(failure):
    sentence = str(ModelError(failure))

    assert sentence == failure.value
    assert redact(sentence) == sentence
    assert not re.search(r"[/\\{}%]|sk-|Traceback|\n", sentence)
    assert 20 < len(sentence) < 120
    assert not sentence.endswith(".")
    assert sentence[0].islower()


def test_no_two_failures_sound_alike():
    assert len({failure.value for failure in Failure}) == len(list(Failure))


@pytest.mark.parametrize(
    ("failure", "hint"),
    [
        (Failure.AUTHENTICATION, "DEEPSEEK_API_KEY"),
        (Failure.MODEL, "models.flash"),
        (Failure.NETWORK, "api.base_url"),
        (Failure.MALFORMED, "api.base_url"),
        (Failure.BALANCE, "top it up"),
    ],
)
def test_what_the_user_can_change_is_named(failure, hint):
    assert hint in failure.value


def test_a_model_error_keeps_what_retries_need():
    error = ModelError(Failure.RATE, status=429, retry_after_s=2.5)

    assert (error.failure, error.status, error.retry_after_s) == (Failure.RATE, 429, 2.5)
    assert (ModelError(Failure.NETWORK).status, ModelError(Failure.NETWORK).retry_after_s) == (0, 0)


@pytest.mark.parametrize("kind", [ConfigurationError, BudgetError, StaleError, ModelError])
def test_the_tree_has_one_root(kind):
    assert issubclass(kind, TandemError)
