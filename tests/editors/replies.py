"""What the simulated model says in the proofs: fixed answers to the places that the proofs type.

Given to `fixtures.api` as its reply function, so it runs in that process. By the prompt, not in
turn: an editor may ask once more than the proof does. Everything else gets an empty answer.
"""

import json
from typing import Final

from fixtures.api.replies import Reply, ToolCall, default_reply
from fixtures.api.requests import Request
from tests.editors import plans, reviews

HEADER: Final = "def quote(parcel: Parcel, *, express: bool) -> float:"
BLOCK: Final = (
    "    fee = shipping_fee(parcel.weight)",
    "    if express:",
    "        fee *= 2",
    "    return fee",
)
PLACE: Final = "standard = "
FIRST: Final = "quote(parcel, express=False)"
SECOND: Final = "shipping_fee(parcel.weight)"
SIGNATURE: Final = (
    "def label(name: str, weight: float) -> str:",
    '    """Return the line that is printed on a parcel."""',
)
BODY: Final = '    return f"{name}: {weight:.1f} kg"'
CHAT_MS: Final = 4_000  # To the first token, so that the progress can be seen meanwhile.


def reply(request: Request) -> Reply:
    """Answer a block below its header, two ways to go on at `PLACE` (the second when warm), `BODY`.

    The last is the function that is to be implemented: the answer to a beginning of code.
    """
    if request.prefix == "```python\n" and "Task: Write the body" in request.rendered:
        return Reply("\n".join([*SIGNATURE, BODY, "```"]), first_token_ms=CHAT_MS)
    if request.kind != "fim":
        return _planned(request) or _reviewed(request) or default_reply(request)
    block = "\n".join(BLOCK) + "\n"
    if request.prompt.endswith(HEADER):
        return Reply(f"\n{block}")
    if request.prompt.endswith(f"{HEADER}\n    "):
        return Reply(block.removeprefix("    "))
    line = request.prompt.rpartition("\n")[2].lstrip()
    answer = SECOND if request.body.get("temperature") else FIRST
    if (PLACE + answer).startswith(line) and line.startswith(PLACE):
        return Reply((PLACE + answer).removeprefix(line) + "\n")
    return Reply()


def _planned(request: Request) -> Reply | None:
    """Answer as Pro plans and judges, and as Flash carries out a step; None for other questions."""
    users = "\n".join(str(one["content"]) for one in request.messages if one["role"] == "user")
    if request.max_tokens == 1:  # To have the codebase in the cache.
        return Reply("OK")
    if "This plan was carried out" in users:
        return Reply(tool_calls=(ToolCall("submit_verdict", json.dumps(plans.VERDICT)),))
    if "Plan this change" in users:
        return Reply(tool_calls=(ToolCall("submit_plan", json.dumps(plans.PLAN)),))
    steps = (edit for step, edit in plans.EDITS.items() if f"Your step is {step}" in users)
    return next(map(Reply, steps), None)


def _reviewed(request: Request) -> Reply | None:
    """Answer as Pro reviews a change; None for other questions."""
    users = "\n".join(str(one["content"]) for one in request.messages if one["role"] == "user")
    if "Review the change above" not in users:
        return None
    handed_in = json.dumps({"findings": [reviews.FINDING]})
    return Reply(tool_calls=(ToolCall("submit_findings", handed_in),), first_token_ms=CHAT_MS)
