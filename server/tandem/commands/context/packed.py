"""A large prompt as the next request would send it: the kept pack carried on, a focus, a task.

Preparing it sends nothing and does not count as sent.
"""

import asyncio
from dataclasses import dataclass, field

from tandem.app import World
from tandem.commands.context.repository import Repository
from tandem.core.model import Message
from tandem.index.pack import layout, state
from tandem.index.pack.compact import Rate
from tandem.index.pack.explain import Prompt
from tandem.index.pack.forecast import alive, shared
from tandem.index.pack.state import Moment
from tandem.spending import price_table
from tandem.workspace.packing import SYSTEM, Pack, Packing, folder_of, moment_of, sources


@dataclass(frozen=True, slots=True)
class Whole:
    """A whole prompt. `held` leading sections of it should be cached.

    `warm` tells whether the last prompt should still be in the cache at all.
    """

    prompt: Prompt = field(repr=False)
    messages: tuple[Message, ...] = field(repr=False)
    warm: bool
    held: int


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
        return Whole(prompt, state.messages(pack.state, block, task), warm, held)


async def packed(world: World, repository: Repository) -> Packed:
    """Read what a repository has to pack and carry its pack on, at the prices of now."""
    settings, root, now = repository.settings, repository.root, world.clock.now()
    model = settings.models.pro
    price = price_table(settings).rate(model, now)
    moment = moment_of(model, price, now)
    rate = None if price is None else moment.rate
    packing = Packing(root, repository.indexing.codebase, folder_of(world.paths, root))
    if not settings.context.pack:
        return Packed(packing, None, moment, rate)
    found = await asyncio.to_thread(sources, root, repository.inventory.files)
    return Packed(packing, await packing.prepare(found, moment), moment, rate)
