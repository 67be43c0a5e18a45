"""The official ``openai`` package as transport: the only module that reaches the network.

The package brings connections, TLS and the system's trust store. Its retries are off, because a
retry the ledger does not see is money the user does not see, and its timeouts only bound the gap
between two reads (keep-alive comments reset them), so the gateway holds a wall-clock deadline.
The stream is read as bytes and decoded by ``sse`` and ``codec``: 0.020 ms of CPU per chunk where
the package's own objects take 0.12-0.16 ms, and the API sends one token per chunk. Wires that are
not OpenAI's (``llama_cpp``, ``ollama``) go through the same client and pool, by its ``post``.

HTTP/1.1 only: over HTTP/2 a cancelled stream sends no RST_STREAM, the server goes on generating,
and after 100 cancels every request fails. Importing the package takes a second of CPU, so it is
imported on first use, in a thread.
"""

import asyncio
import contextlib
import functools
import json
from collections.abc import AsyncGenerator, Callable, Generator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from tandem.core.errors import Failure, ModelError
from tandem.core.model import Billed, ChatRequest, Dialect, Event, FimRequest, Request, Stopped
from tandem.providers import address, codec, dialects
from tandem.providers.dialects import Exchange
from tandem.providers.sse import EventStream, LineTooLongError

if TYPE_CHECKING:
    import ssl

    import httpx2
    from openai import AsyncOpenAI

_CONNECT_S: Final = 3.0
_WARM_S: Final = 5.0
_READ_S: Final = 60.0  # of silence; the gateway's deadline is the real bound
# The pool's default of 5 s means that a pause to think costs a new TLS handshake.
_KEEPALIVE_S: Final = 300.0
_DONE: Final = b"[DONE]"


class OpenAIProvider:
    """A provider over any server that speaks the API's wire, or fills in the middle in `dialect`.

    Chats are OpenAI's wire in every dialect.
    """

    def __init__(
        self,
        base_url: str,
        key: Callable[[], str],
        dialect: Dialect = Dialect.DEEPSEEK,
        fim: Callable[[FimRequest], Exchange] | None = None,
    ) -> None:
        """Take the API's root and a way to read the key, which is asked for at each request.

        An empty key is sent as the word `none`: the package demands one, a server without
        authentication does not look. `fim` puts requests other than the dialect does.
        """
        self._bases = address.bases(base_url, dialect)
        self._fim = fim or functools.partial(dialects.exchange, dialect)
        self._key = key
        self._clients: _Clients | None = None
        self._loading: asyncio.Task[_Clients] | None = None

    async def warm(self) -> None:
        """Import the package and open a connection with a free request."""
        # A courtesy: the real request reports, and does not wait for an API that is silent.
        with contextlib.suppress(ModelError, TimeoutError):
            async with asyncio.timeout(_WARM_S):
                await self.get("/models")

    async def get(self, path: str) -> Any:
        """Return the JSON of a free endpoint such as ``/models``. Raises ModelError."""
        with _translated():
            clients = await self._ready()
            page = await clients.api.get(path, cast_to=object)
        if not isinstance(page, dict | list):  # the package hands out text where it is no JSON
            raise ModelError(Failure.MALFORMED)
        return page

    async def stream(self, request: Request) -> AsyncGenerator[Event]:
        """Yield the answer as it comes; see `providers.base.Provider`."""
        exchange = self._exchange(request)
        decoder, events = EventStream(exchange.line_mark), exchange.events
        over = False
        with _translated():
            clients = await self._ready()
            async with _call(clients, request, exchange) as response:
                if exchange.media not in response.headers.get("content-type", ""):
                    raise ModelError(Failure.MALFORMED, status=response.status_code)
                async for data in response.aiter_bytes():
                    for payload in decoder.feed(data):
                        if payload == _DONE:
                            over = True
                            continue  # read on to the end, which keeps the connection warm
                        for event in events(json.loads(payload)):
                            over = over or isinstance(event, Stopped | Billed)
                            yield event
        if not over:  # a connection that closes early ends the bytes without an error
            raise ModelError(Failure.BROKEN)

    def _exchange(self, request: Request) -> Exchange:
        if isinstance(request, ChatRequest):
            return dialects.chat(request)
        return self._fim(request)

    async def _ready(self) -> "_Clients":
        if self._clients is None:
            if self._loading is None:
                self._loading = asyncio.ensure_future(asyncio.to_thread(_build, self._bases))
            self._clients = await asyncio.shield(self._loading)
        key = self._key()
        if not (key.isascii() and key.isprintable()):  # no header can hold it
            raise ModelError(Failure.AUTHENTICATION)
        self._clients.use(key)
        return self._clients

    async def aclose(self) -> None:
        """Close all connections."""
        if self._loading is not None:
            with contextlib.suppress(ModelError), _translated():
                await (await self._loading).api.close()


@dataclass(frozen=True, slots=True)
class _Clients:
    """One connection pool under three bases: a copy per request would cost 0.1 ms each."""

    api: "AsyncOpenAI"
    beta: "AsyncOpenAI"
    fim: "AsyncOpenAI"

    def use(self, key: str) -> None:
        self.api.api_key = self.beta.api_key = self.fim.api_key = key or "none"


def _build(bases: address.Bases) -> _Clients:
    import httpx2  # noqa: PLC0415 - a second of CPU, off the start-up path
    import openai  # noqa: PLC0415

    http = openai.DefaultAsyncHttpxClient(
        limits=httpx2.Limits(
            max_connections=64, max_keepalive_connections=8, keepalive_expiry=_KEEPALIVE_S
        ),
        timeout=httpx2.Timeout(_READ_S, connect=_CONNECT_S),
        verify=_trust_store(),
        follow_redirects=False,  # a redirect elsewhere would carry the prompt elsewhere
    )
    client = openai.AsyncOpenAI(api_key="none", base_url=bases.api, max_retries=0, http_client=http)
    beta = client.with_options(base_url=bases.beta)
    return _Clients(client, beta, client.with_options(base_url=bases.fim))


@functools.cache
def _trust_store() -> "ssl.SSLContext":
    """Return the system's trust store; reading it takes 29 of the 33 ms that a client takes."""
    import httpx2  # noqa: PLC0415 - loaded by now

    return httpx2.create_ssl_context()


@contextlib.asynccontextmanager
async def _call(
    clients: _Clients, request: Request, exchange: Exchange
) -> AsyncGenerator["httpx2.Response"]:
    """Send a request; yield the response before its body was read, and close it at the end."""
    import httpx2  # noqa: PLC0415 - loaded by now

    arguments: dict[str, Any] = {**exchange.body, "extra_body": exchange.unlisted}
    if isinstance(request, ChatRequest):
        client = clients.beta if codec.needs_beta(request) else clients.api
        async with client.chat.completions.with_streaming_response.create(**arguments) as answer:
            yield answer.http_response
    elif exchange.path == dialects.COMPLETIONS:
        async with clients.fim.completions.with_streaming_response.create(**arguments) as answer:
            yield answer.http_response
    else:
        path, body = exchange.path, exchange.body
        options: Any = {"headers": exchange.headers}  # of a type that is the package's own
        response = await clients.fim.post(
            path, cast_to=httpx2.Response, body=body, options=options, stream=True
        )
        try:
            yield response
        finally:
            await response.aclose()


@contextlib.contextmanager
def _translated() -> Generator[None]:
    """Turn the package's exceptions into ModelError where they enter, without their words."""
    try:
        yield
    except ModelError:
        raise
    except Exception as error:
        translated = _translate(error)
        if translated is None:
            raise
        raise translated from None


def _translate(error: Exception) -> ModelError | None:
    import httpx2  # noqa: PLC0415 - loaded by now
    import openai  # noqa: PLC0415

    if isinstance(error, openai.APIStatusError):
        headers = error.response.headers
        return codec.failure_of(
            error.status_code,
            json_body="json" in headers.get("content-type", ""),
            retry_after=headers.get("retry-after", ""),
            message=f"{error.message} {error.body}",  # the first has only a field of the second
        )
    kinds: tuple[tuple[Failure, tuple[type[Exception], ...]], ...] = (
        (Failure.NETWORK, (httpx2.ConnectTimeout,)),
        (Failure.STALLED, (openai.APITimeoutError, httpx2.TimeoutException)),
        # Never arrived, so it is free; an ExceptionGroup is an impossible port.
        (Failure.NETWORK, (httpx2.ConnectError, httpx2.UnsupportedProtocol)),
        (Failure.NETWORK, (httpx2.InvalidURL, ExceptionGroup)),
        (Failure.BROKEN, (openai.APIConnectionError, httpx2.HTTPError)),
        (Failure.MALFORMED, (ValueError, RecursionError, LineTooLongError, openai.APIError)),
    )
    # The package wraps what really happened: a connection refused is not one that broke.
    cause = error.__cause__ if isinstance(error, openai.APIConnectionError) else None
    for one in (cause, error):
        for failure, types in kinds:
            if isinstance(one, types):
                return ModelError(failure)
    return None
