"""A model that is asked again when it fails, and others that stand in for it."""

import asyncio
import logging
import random
from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from contextlib import aclosing
from dataclasses import dataclass, field, replace

from agents.errors import ModelFailed, Why
from agents.models.model import Delta, LanguageModel, Prompt, Reply, StartedAnew
from agents.models.resting import Resting
from agents.usage import Usage, together

log = logging.getLogger(__name__)

TRIES = 3
"""Of one model for one reply, before anything of it was heard."""
FIRST_WAIT = 0.5
"""Seconds, at most, before the second; twice that before the third."""
MOST_WAIT = 10.0
"""Seconds that a provider may ask to be left alone for while somebody waits; the next model is asked instead."""
_AGAIN: frozenset[Why] = frozenset({"rate_limited", "unreachable", "interrupted"})
"""Worth another try. Who was silent once would be silent as long again; who refused refuses again."""
_TELLING: frozenset[Why] = _AGAIN | {"timeout"}
"""What speaks against a model itself; the rest may be due to what it was asked."""


@dataclass(frozen=True)
class Link:
    """One model of a chain. What is known of it is shared by all chains it is in."""

    model: LanguageModel
    resting: Resting = field(default_factory=Resting)


class Chain:
    """Asks the first, again where that is worth it, and then the others in their order."""

    def __init__(
        self,
        links: Sequence[Link],
        *,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
        chance: Callable[[], float] = random.random,
    ) -> None:
        self.name = links[0].model.name
        self._links = tuple(links)
        self._sleep = sleep
        self._chance = chance

    async def reply(self, prompt: Prompt) -> AsyncGenerator[Delta | StartedAnew | Reply, None]:
        """Pieces as they come, then one Reply. Raises the failure of the first model when none has replied."""
        spent: list[Usage] = []
        try:
            async with aclosing(self._tried(prompt, spent)) as parts:
                async for part in parts:
                    yield part
        except (GeneratorExit, asyncio.CancelledError):
            prompt.broken_off(*spent)
            raise

    async def _tried(self, prompt: Prompt, spent: list[Usage]) -> AsyncGenerator[Delta | StartedAnew | Reply, None]:
        """The same; `spent` is what tries cost that nobody was told of yet."""
        first = ModelFailed(self.name, "budget") if prompt.most_calls < 1 else None
        tries = 0
        broken: Why | None = None
        for link in self._links:
            for number in range(TRIES):
                if tries >= prompt.most_calls:
                    break
                if not link.resting.begin():
                    first = first or ModelFailed(link.model.name, "resting")
                    break
                heard = False
                try:
                    allowed = replace(prompt, most_calls=prompt.most_calls - tries)
                    async with aclosing(_asked(link, allowed, broken)) as parts:
                        async for part in parts:
                            if isinstance(part, Reply):
                                whole = together((*spent, *part.usage))
                                spent.clear()
                                yield replace(part, usage=whole)
                                return
                            heard = heard or isinstance(part, Delta)
                            yield part
                except ModelFailed as error:
                    failed = error
                first = first or failed
                tries += max(1, sum(usage.calls for usage in failed.usage))
                spent.extend(failed.usage)
                broken = failed.why if heard else None
                wait = self._wait(failed, number)
                if wait is None or (heard and number > 0) or tries >= prompt.most_calls:
                    break
                await self._sleep(wait)
        assert first is not None, "a chain has at least one model"
        if len(self._links) > 1:
            log.warning("none of the models %s replied", ", ".join(link.model.name for link in self._links))
        raise ModelFailed(first.model, first.why, first.retry_after, together(spent))

    def _wait(self, failed: ModelFailed, number: int) -> float | None:
        """Seconds before the same model is asked again; None where another is."""
        if failed.why not in _AGAIN or number == TRIES - 1:
            return None
        if failed.retry_after is not None:
            return failed.retry_after if failed.retry_after <= MOST_WAIT else None
        # At random, so that who failed together does not come back together.
        return FIRST_WAIT * float(2**number) * (0.5 + self._chance() / 2)


async def _asked(link: Link, prompt: Prompt, broken: Why | None) -> AsyncGenerator[Delta | StartedAnew | Reply, None]:
    """Asks one model once, and keeps how that went. `broken`: why what was heard before no longer counts."""
    told = False
    try:
        if broken is not None:
            yield StartedAnew(link.model.name, broken)
        async with aclosing(link.model.reply(prompt)) as parts:
            async for part in parts:
                if isinstance(part, Reply):
                    link.resting.worked()
                    told = True
                yield part
                if told:
                    return
        raise ModelFailed(link.model.name, "interrupted")
    except ModelFailed as error:
        if error.why in _TELLING:
            wanted = error.retry_after or 0.0
            link.resting.failed(wanted if wanted > MOST_WAIT else 0.0)
            told = True
        raise
    finally:
        if not told:
            link.resting.left()
