"""A large prompt as the next request would send it: the kept pack carried on, a focus, a task.

Preparing it sends nothing and does not count as sent.
"""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field

from tandem.core.model import Message
from tandem.index.pack import layout, state
from tandem.index.pack.compact import Rate
from tandem.index.pack.explain import Prompt
from tandem.index.pack.forecast import alive, forecast, shared
from tandem.index.pack.state import Moment
from tandem.workspace.packing import SYSTEM, Pack, Packing, Sources


@dataclass(frozen=True, slots=True)
class Whole:
    """A whole prompt. `held` leading sections of it should be cached.

    `warm` tells whether the last prompt should still be in the cache at all; `primes` are the calls
    that leave a cache unit at the end of each turn that is not.
    """

    prompt: Prompt = field(repr=False)
    messages: tuple[Message, ...] = field(repr=False)
    warm: bool
    held: int
    primes: tuple[tuple[Message, ...], ...] = field(default=(), repr=False)


@dataclass(frozen=True, slots=True)
class Packed:
    """What the next request to Pro begins with; `pack` is None where the settings leave it out.

    `rate` is None where no price is known; `moment` then has one to decide by.
    """

    packing: Packing
    pack: Pack | None
    moment: Moment
    rate: Rate | None

    def ending(self, block: str, task: str) -> Whole:
        """Return the prompt that ends with a focus block and a task."""
        pack, options = self.pack, self.packing.options
        if pack is None:
            head = layout.snapshot_sections(SYSTEM, (), options.estimate)
            prompt = Prompt((*head, *layout.tail_sections(block, task, options.estimate)))
            return Whole(prompt, layout.without_pack(SYSTEM, block, task), warm=False, held=0)
        prompt = pack.prompt(block, task, options)
        warm = pack.before is not None and alive(pack.before, self.moment, options)
        held = shared(pack.before.prompt, prompt) if pack.before is not None and warm else 0
        missing = forecast(prompt.sections, held, None).primes
        turns = layout.snapshot_messages(pack.state.system, pack.state.turns)
        ends = range(len(turns) - 2 * missing + 1, len(turns), 2)
        primes = tuple(turns[:end] for end in ends)
        return Whole(prompt, state.messages(pack.state, block, task), warm, held, primes)

    async def sent(self) -> None:
        """Keep the pack as the one that the API has."""
        if self.pack is not None:
            await self.packing.sent(self.pack, self.moment)


async def packed(
    packing: Packing, read: Callable[[], Sources] | None, moment: Moment, rate: Rate | None
) -> Packed:
    """Carry a pack on with what there is to pack; `read` is None where the settings want none."""
    if read is None:
        return Packed(packing, None, moment, rate)
    found = await asyncio.to_thread(read)
    return Packed(packing, await packing.prepare(found, moment), moment, rate)
