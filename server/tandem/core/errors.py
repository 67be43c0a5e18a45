"""The closed tree of what can go wrong with the outside world.

Every message is a sentence for the user that says what to do. None holds document text, a key,
a path of the machine or a traceback: they may be shown, logged and sent to the editor as they are.
"""

from enum import Enum


class TandemError(Exception):
    """The root. ``str(error)`` is the sentence to show."""


class ConfigurationError(TandemError):
    """The user's configuration cannot be used; the sentence names file, key and fix."""


class BudgetError(TandemError):
    """The budget does not allow the call; nothing was spent."""


class InstallError(TandemError):
    """A model cannot be installed, used or removed; what was there is as it was."""


class Failure(Enum):
    """Why a call to a model failed; decides about retries and about the sentence."""

    AUTHENTICATION = "the API key was refused: check DEEPSEEK_API_KEY, or run `tandem doctor`"
    BALANCE = "the account has no balance left: top it up to go on"
    REQUEST = "the API refused the request as invalid: `tandem doctor` shows what it supports"
    MODEL = "the API does not know the model: set models.flash or models.pro to one it lists"
    RATE = "the API is limiting the rate: Tandem slows down by itself"
    SERVER = "the API had an internal error or is overloaded"
    NETWORK = "the API cannot be reached: check the network and api.base_url"
    BROKEN = "the connection broke before the answer was complete"
    STALLED = "the API stopped answering in the middle"
    TIMEOUT = "the API did not answer in time"
    MALFORMED = "what answered is not the API: check api.base_url and any proxy"
    EMPTY = "the API answered with nothing"
    FILTERED = "the API's content filter withheld the answer"
    LOCAL_ENGINE = "no engine for models on this machine: pip install 'tandem-ls[local]'"
    LOCAL_MODEL = "the model on this machine ended twice and is given up: see `tandem model list`"
    LOCAL_LOST = "the model on this machine ended in the middle and is started again"


class ModelError(TandemError):
    """A call to a model failed. `status` is HTTP's, 0 where none came."""

    def __init__(self, failure: Failure, *, status: int = 0, retry_after_s: float = 0.0) -> None:
        """Keep the kind of failure; the API's own words are not kept, they can quote the prompt."""
        super().__init__(failure.value)
        self.failure = failure
        self.status = status
        self.retry_after_s = retry_after_s


class RefusedError(TandemError):
    """Nothing that came of an action may be shown; the sentence says why. The text is as it was."""


class StaleError(TandemError):
    """The document changed in a way that makes the answer useless."""
