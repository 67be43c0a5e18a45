"""What an address says: where the paths hang, whose the server is."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tandem.core.model import Dialect
from tandem.providers.address import Bases, bases, is_loopback, is_own

OTHERS = [dialect for dialect in Dialect if dialect is not Dialect.DEEPSEEK]
NATIVE = [Dialect.LLAMA_CPP, Dialect.OLLAMA]


@pytest.mark.parametrize("pasted", ["https://h", "https://h/beta", "https://h/v1/", " https://h "])
def test_deepseeks_paths_hang_on_the_root_and_the_beta(pasted):
    assert bases(pasted, Dialect.DEEPSEEK) == Bases("https://h", "https://h/beta", "https://h/beta")


@pytest.mark.parametrize("dialect", OTHERS)
@pytest.mark.parametrize("pasted", ["http://h:1", "http://h:1/", "http://h:1/v1", "http://h:1/v1/"])
def test_everybody_elses_hang_on_v1_and_own_ones_on_the_root(dialect, pasted):
    found = bases(pasted, dialect)

    assert (found.api, found.beta) == ("http://h:1/v1", "http://h:1/v1")
    assert found.fim == ("http://h:1" if dialect in NATIVE else "http://h:1/v1")


@pytest.mark.parametrize(
    ("pasted", "api", "native"),
    [
        ("https://h/api/v3", "https://h/api/v3", "https://h/api/v3"),
        ("https://h/proxy", "https://h/proxy", "https://h/proxy"),
        ("https://h/proxy/v1", "https://h/proxy/v1", "https://h/proxy"),
    ],
)
def test_another_path_is_left_as_it_is(pasted, api, native):
    assert bases(pasted, Dialect.OPENAI) == Bases(api, api, api)
    assert bases(pasted, Dialect.LLAMA_CPP) == Bases(api, api, native)


@pytest.mark.parametrize(
    ("host", "loopback", "own"),
    [
        ("localhost", True, True),
        ("api.localhost:3", True, True),
        ("127.0.0.1:8000", True, True),
        ("127.9.9.9", True, True),
        ("[::1]:8000", True, True),
        ("0.0.0.0", False, True),  # noqa: S104 - nothing is bound
        ("10.1.2.3", False, True),
        ("172.16.0.9", False, True),
        ("192.168.1.2:11434", False, True),
        ("100.64.0.7", False, True),  # a VPN's
        ("169.254.1.1", False, True),
        ("[fd00::1]", False, True),
        ("gpu-box", False, True),
        ("gpu.local", False, True),
        ("gpu.home.arpa", False, True),
        ("172.32.0.1", False, False),
        ("8.8.8.8", False, False),
        ("[2606:4700::1]", False, False),
        ("api.deepseek.com", False, False),
        ("localhost.example.com", False, False),
        ("local", False, True),
        ("127.0.0.1.example.com", False, False),
    ],
)
def test_whose_the_server_is(host, loopback, own):
    assert is_loopback(f"http://{host}/v1") is loopback
    assert is_own(f"http://{host}/v1") is own


@given(st.text(max_size=20), st.sampled_from(Dialect))
def test_no_address_is_an_error_here(text, dialect):
    for address in (text, f"http://{text}", "http://[::1"):
        assert bases(address, dialect).api is not None
        assert not (is_loopback(address) and not is_own(address))
