"""Who is asked, at what price: a key, a server that needs none, or a model on this machine."""

from pathlib import Path

import pytest

from tandem.app import World
from tandem.core.model import Usage
from tandem.core.money import Usd
from tandem.models import store
from tandem.models.store import Installed
from tandem.providers.local_model import LocalModelProvider
from tandem.providers.openai_api import OpenAIProvider
from tandem.spending import local_model, make_gateway, open_accounts, price_table, with_local_model
from tests.support.clock import NOON

TOY = Installed("toy", Path("toy.gguf"), 4, "ab" * 32, "toy.gguf", "", fetched=False)


@pytest.fixture
def world(tmp_path):
    def make(**environment: str) -> World:
        return World({"TANDEM_HOME": str(tmp_path), **environment}, tmp_path)

    store.add(make().paths.state, TOY)
    store.add(make().paths.state, Installed("other", Path("o"), 4, "", "", "", fetched=False))
    return make


@pytest.mark.parametrize(
    ("used", "environment", "name"),
    [
        ("none", {}, None),
        ("toy", {}, "toy"),
        ("toy", {"TANDEM_LOCAL__MODEL": "other"}, "other"),
        ("toy", {"TANDEM_LOCAL__MODEL": "none"}, None),
        ("toy", {"TANDEM_LOCAL__MODEL": "missing"}, None),
        ("toy", {"DEEPSEEK_API_KEY": "sk-x"}, None),
        ("toy", {"TANDEM_API__KEY_ENV": ""}, None),
    ],
)
def test_the_chosen_model_completes_where_no_api_can_be_asked(world, used, environment, name):
    here = world(**environment)
    store.use(here.paths.state, used)
    found = local_model(here, here.configuration(None, {}).settings)

    assert (found.name if found else None) == name


def test_completions_ask_it_by_a_name_that_is_free(world):
    plain = world().configuration(None, {})
    found = with_local_model(plain, TOY)

    assert with_local_model(plain, None) is plain
    assert found.settings.models.flash == "local/toy"
    assert found.settings.models.pro == plain.settings.models.pro
    assert found.origins["models.flash"] == "tandem model use"
    usage = Usage(miss=10**6, output=10**6)
    assert price_table(found.settings).cost("local/toy", usage, NOON) == Usd()
    assert price_table(plain.settings).cost("local/toy", usage, NOON) is None
    flash = price_table(found.settings).cost(plain.settings.models.flash, usage, NOON)
    assert flash is not None
    assert flash > Usd()


def test_it_has_more_time_unless_the_user_said_how_much(world):
    assert (
        with_local_model(world().configuration(None, {}), TOY).settings.completion.timeout_ms
        == 10_000
    )
    said = world(TANDEM_COMPLETION__TIMEOUT_MS="2500").configuration(None, {})
    assert with_local_model(said, TOY).settings.completion.timeout_ms == 2_500


async def test_the_gateway_is_over_the_one_that_was_chosen(world):
    here = world()
    settings = here.configuration(None, {}).settings
    accounts = open_accounts(here, settings, None, "test")
    for local, kind in ((TOY, LocalModelProvider), (None, OpenAIProvider)):
        gateway = make_gateway(here, settings, accounts, local)
        assert isinstance(gateway._provider, kind)
        await gateway.aclose()
    accounts.close()
