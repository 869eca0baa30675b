"""What is being answered is followed to its end, and finished before the bot closes."""

import asyncio

import pytest

from bot.answering import Answering, Outcome
from bot.errors import Refusal


async def test_finishing_waits_for_what_is_being_answered_and_refuses_more() -> None:
    ended: list[tuple[str, Outcome]] = []
    answering = Answering(lambda what, outcome, _seconds: ended.append((what, outcome)))
    may_end = asyncio.Event()

    async def answer() -> None:
        with answering.follow("/name"):
            await may_end.wait()

    running = asyncio.create_task(answer())
    await asyncio.sleep(0)
    finishing = asyncio.create_task(answering.finish(60))
    for _ in range(3):  # turns of the event loop, in which it would end if it did not wait
        await asyncio.sleep(0)

    assert not finishing.done()
    with pytest.raises(Refusal, match="restarted"), answering.follow("/name"):
        pass

    may_end.set()
    await finishing
    assert running.done()
    assert ended == [("/name", Outcome.ANSWERED)]


async def test_finishing_does_not_wait_forever() -> None:
    answering = Answering(lambda *_: None)

    async def answer() -> None:
        with answering.follow("/name"):
            await asyncio.Event().wait()

    running = asyncio.create_task(answer())
    await asyncio.sleep(0)

    await answering.finish(0)

    running.cancel()
