"""`tandem doctor --probe-fim`: the first dialect that reads the suffix, and what follows."""

import asyncio
import json
from pathlib import Path

import pytest

from fixtures.api.replies import Reply
from fixtures.api.server import SimulatedApi
from fixtures.servers.completions import CompletionsServer, MistralServer
from fixtures.servers.llama_cpp import LlamaCppServer
from fixtures.servers.ollama import OllamaServer
from tandem.app import World
from tandem.cli import main
from tandem.commands.probe_fim import order, probe
from tandem.core.model import Dialect, Usage
from tandem.core.money import Usd
from tandem.engine.budget import day_start
from tandem.spending import may_ask, open_accounts, price_table
from tandem.workspace.settings import Settings
from tests.support.clock import NOON


def world_at(folder: Path, base_url: str, **more: str) -> World:
    home = {"TANDEM_HOME": str(folder), "TANDEM_API__BASE_URL": base_url}
    return World(home | more, folder)


def settings_of(world: World) -> Settings:
    return world.configuration(None, {}).settings


async def probed(world: World):
    return await probe(world, settings_of(world))


@pytest.mark.parametrize(
    ("server", "fim", "tried"),
    [
        (LlamaCppServer(), "llama.cpp", ["no such path", "no such path"]),
        (OllamaServer(), "ollama", ["no such path"] * 3),
        (MistralServer("codestral", suffix="used"), "mistral", ["no such path"]),
        (CompletionsServer(suffix="used"), "openai", ["no such path"] * 4),
        (CompletionsServer("qwen", model="Qwen2.5-Coder-7B"), "template:qwen",
         ["no such path"] * 4 + ["refused"]),
        (CompletionsServer("deepseek", model="DeepSeek-V4-Flash", suffix="ignored"),
         "template:deepseek",
         ["no such path"] * 4 + ["answers, but not from the suffix"]),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)  # fmt: skip
async def test_the_first_dialect_that_reads_the_suffix_ends_it(tmp_path, server, fim, tried):
    async with server:
        world = world_at(tmp_path, server.base_url)
        found = await probed(world)

    assert found.fim == fim
    assert [*found.tried.values()] == [*tried, "answers from the suffix"]
    assert found.calls == len(found.tried)
    assert found.problems == []
    assert f'fim = "{fim}"' in found.configuration
    asked = [exchange for exchange in server.requests if exchange.method == "POST"]
    assert len(asked) == found.calls


async def test_what_is_found_is_what_auto_means_from_then_on(tmp_path):
    async with LlamaCppServer() as server:
        world = world_at(tmp_path, server.base_url)
        assert settings_of(world).api.dialect is Dialect.DEEPSEEK
        assert not may_ask(world, settings_of(world))
        await probed(world)

    configuration = world.configuration(None, {})
    assert configuration.settings.api.dialect is Dialect.LLAMA_CPP
    assert configuration.origins["api.fim"] == "tandem doctor --probe-fim"
    assert may_ask(world, configuration.settings)
    other = world_at(tmp_path, "http://127.0.0.1:1")
    assert settings_of(other).api.dialect is Dialect.DEEPSEEK
    said = world_at(tmp_path, server.base_url, TANDEM_API__FIM="openai")
    assert said.configuration(None, {}).origins["api.fim"] == "environment"


async def test_the_only_model_of_a_server_is_asked_and_named(tmp_path):
    async with OllamaServer(model="tiny:1b") as server:
        found = await probed(world_at(tmp_path, server.base_url))

    assert found.model == "tiny:1b"
    assert found.configuration.split("\n") == [
        "[api]", f'base_url = "{server.base_url}"', 'fim = "ollama"',
        "[models]", 'flash = "tiny:1b"', 'pro = "tiny:1b"',
    ]  # fmt: skip


async def test_what_a_probe_spends_is_in_the_ledger(tmp_path):
    async with CompletionsServer("codestral", model="codestral", suffix="ignored") as server:
        world = world_at(tmp_path, server.base_url)
        found = await probed(world)

    accounts = open_accounts(world, settings_of(world), None, "test")
    totals = await accounts.totals(day_start(world.clock.now()))
    accounts.close()
    assert (totals.calls, totals.spent) == (found.calls, Usd())
    asked = [json.loads(e.raw_body) for e in server.requests if e.path == "/v1/completions"]
    assert [body["max_tokens"] for body in asked] == [16, 16]
    assert 0 < found.tokens < 200


async def test_the_simulated_api_is_deepseeks_and_its_price_is_told(tmp_path):
    async with SimulatedApi() as api:
        api.script(Reply("return quokka_total"))
        world = world_at(tmp_path, api.base_url, DEEPSEEK_API_KEY="sk-sim-test")
        found = await probed(world)

    assert (found.fim, found.calls) == ("deepseek", 1)
    assert found.cost == str(Usd(api.bill.total_pico))
    assert api.bill.total_pico > 0


async def test_a_refused_key_and_a_closed_port_end_it_at_once(tmp_path):
    async with SimulatedApi() as api:
        found = await probed(world_at(tmp_path, api.base_url))
        assert [exchange.path for exchange in api.requests] == ["/models"]
    assert (found.fim, found.tried) == ("", {})
    assert "the API key was refused" in found.problems[0]

    found = await probed(world_at(tmp_path, "http://127.0.0.1:9"))
    assert "the API cannot be reached" in found.problems[0]


async def test_a_spent_budget_ends_it(tmp_path):
    async with CompletionsServer(model="deepseek-flash") as server:
        world = world_at(
            tmp_path, server.base_url, TANDEM_BUDGET__DAILY_USD="0.000001", DEEPSEEK_API_KEY="sk-x"
        )
        found = await probed(world)

    assert len(found.tried) == 1
    assert "budget" in found.tried["deepseek"]
    assert [exchange.method for exchange in server.requests if exchange.method == "POST"] == []


async def test_a_server_that_fills_in_nothing_is_told_so(tmp_path):
    async with LlamaCppServer(fim_tokens=False, model="qwen.gguf") as server:
        world = world_at(tmp_path, server.base_url)
        found = await probed(world)

    assert (found.fim, found.configuration) == ("", "")
    assert found.tried["llama.cpp"] == "refused"
    assert found.problems[0].startswith("api.fim: http://127.0.0.1:")
    assert settings_of(world).api.fim == "auto"


@pytest.mark.parametrize(
    ("model", "family"),
    [
        ("deepseek-ai/DeepSeek-V4-Flash", "deepseek"),
        ("Qwen/Qwen2.5-Coder-7B", "qwen"),
        ("bigcode/starcoder2-15b", "starcoder2"),
        ("codellama/CodeLlama-7b-hf", "codellama"),
        ("code_llama", "codellama"),
        ("mistralai/Codestral-22B-v0.1", "codestral"),
        ("ibm-granite/granite-4.0-h-small", "granite"),
    ],
)
def test_a_family_that_the_name_tells_is_the_only_one(model, family):
    assert [d.value for d in order(model)][4:] == ["openai", f"template:{family}"]


def test_without_a_family_every_dialect_is_tried_once():
    assert sorted(d.value for d in order("mine")) == sorted(d.value for d in Dialect)


# -- keys and prices -------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("base_url", "environment", "may"),
    [
        (
            "http://127.0.0.1:1",
            {},
            False,
        ),  # `auto`, nothing found: DeepSeek's, or a stand-in for it
        ("http://127.0.0.1:1", {"TANDEM_API__FIM": "deepseek"}, False),
        ("http://127.0.0.1:1", {"TANDEM_API__FIM": "ollama"}, True),
        ("http://localhost:1", {"TANDEM_API__FIM": "template:qwen"}, True),
        ("http://gpu-box:1", {"TANDEM_API__FIM": "template:qwen"}, False),
        ("http://gpu-box:1", {"TANDEM_API__FIM": "openai", "TANDEM_API__KEY_ENV": ""}, True),
        ("http://gpu-box:1", {"TANDEM_API__KEY_ENV": ""}, True),
        ("https://h.example", {"TANDEM_API__FIM": "openai", "DEEPSEEK_API_KEY": "k"}, True),
        ("https://h.example", {"TANDEM_API__FIM": "openai", "DEEPSEEK_API_KEY": " "}, False),
    ],
)
def test_who_is_asked_without_a_key(tmp_path, base_url, environment, may):
    world = world_at(tmp_path, base_url, **environment)

    assert may_ask(world, settings_of(world)) is may


FLASH = Usage(0, 10**6, 0)


@pytest.mark.parametrize(
    ("base_url", "environment", "cost"),
    [
        ("http://127.0.0.1:1", {}, Usd.of("0.15")),  # the simulated API, or a proxy
        ("http://127.0.0.1:1", {"TANDEM_API__FIM": "llama.cpp"}, Usd()),
        ("http://10.0.0.2:1", {"TANDEM_API__FIM": "template:deepseek"}, Usd()),
        ("http://gpu-box:1", {"TANDEM_API__FIM": "ollama"}, Usd()),
        ("https://h.example", {"TANDEM_API__FIM": "openai", "TANDEM_MODELS__FLASH": "x"}, None),
    ],
)
def test_what_a_model_without_an_own_price_costs(tmp_path, base_url, environment, cost):
    settings = settings_of(world_at(tmp_path, base_url, **environment))

    assert price_table(settings).cost(settings.models.flash, FLASH, NOON) == cost


def test_an_own_price_holds_on_an_own_server(tmp_path):
    world = world_at(tmp_path, "http://127.0.0.1:1", TANDEM_API__FIM="openai")
    rate = {"hit": "0", "miss": "0.10", "output": "0.40"}
    settings = world.configuration(None, {"prices": {"deepseek-flash": rate}}).settings

    assert price_table(settings).cost("deepseek-flash", FLASH, NOON) == Usd.of("0.10")
    assert price_table(settings).cost("deepseek-v4-pro", FLASH, NOON) == Usd()


# -- the command -----------------------------------------------------------------------------


@pytest.fixture
def doctor(tmp_path, monkeypatch, capsys):
    """Return a function that runs `tandem doctor` against an address, in this process."""
    monkeypatch.setenv("TANDEM_HOME", str(tmp_path))
    monkeypatch.delenv("DEEPSEEK_API_KEY", raising=False)
    monkeypatch.chdir(tmp_path)

    async def run(base_url: str, *words: str) -> tuple[int, str]:
        monkeypatch.setenv("TANDEM_API__BASE_URL", base_url)
        status = await asyncio.to_thread(main, ["doctor", *words])
        return status, capsys.readouterr().out

    return run


async def test_the_doctor_prints_what_to_put_where_and_asks_in_the_way_found(doctor, tmp_path):
    async with LlamaCppServer() as server:
        status, text = await doctor(server.base_url, "--probe-fim")
        again = json.loads((await doctor(server.base_url, "--json"))[1])

    assert status == 1  # models.flash is not what it serves, and the doctor says so
    lines = text.split("\n")
    assert "fim        asked coder.gguf for 16 tokens in each dialect" in lines
    assert "  llama.cpp            answers from the suffix" in lines
    config = tmp_path / "config" / "config.toml"
    assert f"remembered for this address; to pin it, put into {config}:" in lines
    assert '  fim = "llama.cpp"' in lines
    assert "api        answers: coder.gguf" in lines
    assert again["fim"] == {}
    assert again["configuration"]["api.fim"]["value"] == "llama.cpp"
    assert again["key"] == {"variable": "DEEPSEEK_API_KEY", "present": False, "needed": False}


async def test_the_doctors_json_tells_what_was_tried(doctor):
    async with CompletionsServer("granite", model="granite-4") as server:
        status, text = await doctor(server.base_url, "--probe-fim", "--json")

    found = json.loads(text)["fim"]
    assert (found["fim"], found["model"]) == ("template:granite", "granite-4")
    assert [*found["tried"]] == ["deepseek", "mistral", "llama.cpp", "ollama", "openai",
                                 "template:granite"]  # fmt: skip
    assert status == 1
