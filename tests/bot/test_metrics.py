"""/metrics and /health, read over HTTP from the real bot."""

import asyncio
import socket
import time
from collections.abc import AsyncIterator

import aiohttp
import pytest
import pytest_asyncio
from prometheus_client.parser import text_string_to_metric_families

from bot import metrics
from bot.metrics import serve
from bot.naming import Naming
from bot.settings import Settings, SettingsError
from bot.store import StoreError
from bot.store.runs import Runs
from tests.bot.test_app import break_down
from tests.bot.world import World, close_world, open_world


@pytest.fixture
def port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


@pytest_asyncio.fixture
async def measured(ready: Settings, port: int) -> AsyncIterator[World]:
    opened = await open_world(ready.model_copy(update={"metrics_port": port}))
    yield opened
    await close_world(opened)


async def read(world: World, path: str = "/metrics") -> tuple[int, str]:
    address = f"http://127.0.0.1:{world.settings.metrics_port}{path}"
    async with aiohttp.ClientSession() as session, session.get(address) as answer:
        return answer.status, await answer.text()


async def figures(world: World) -> dict[tuple[str, ...], float]:
    """Each figure by its name and its labels' values."""
    status, text = await read(world)
    assert status == 200
    return {
        (sample.name.removeprefix("namesmith_"), *sample.labels.values()): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


async def test_interactions_by_command_and_outcome(measured: World, monkeypatch: pytest.MonkeyPatch) -> None:
    card = (await measured.alice.slash(measured.channel, "name", language="russian")).response
    await measured.alice.slash(measured.channel, "name", language="klingon")
    await measured.alice.click(card, label="Again")
    monkeypatch.setattr(Naming, "make", break_down)
    await measured.alice.slash(measured.channel, "name", language="russian")
    measured.expected_errors = 1

    found = await figures(measured)

    assert found["interactions_total", "/name", "answered"] == 1
    assert found["interactions_total", "/name", "refused"] == 1
    assert found["interactions_total", "/name", "failed"] == 1
    assert found["interactions_total", "Again", "answered"] == 1
    assert found["interaction_seconds_count", "/name"] == 3
    assert found["interaction_seconds_sum", "/name"] > 0


async def test_models_in_memory(measured: World) -> None:
    before = await figures(measured)
    await measured.alice.slash(measured.channel, "name", language="russian")
    found = await figures(measured)

    assert found["models_loaded",] == 1
    assert found["model_lookups_total", "no"] == 1
    assert found["model_lookups_total", "yes"] > before["model_lookups_total", "yes"]


@pytest.mark.usefixtures("training_in_a_thread")
async def test_trainings(measured: World) -> None:
    await measured.boss.slash(measured.channel, "retrain")
    found = await figures(measured)
    assert found["jobs", "queued"] + found["jobs", "running"] == 1

    await measured.until(measured.is_idle)

    found = await figures(measured)
    ended = "succeeded" if found["jobs", "succeeded"] else "rejected"
    assert found["jobs", ended] == 1
    assert found["jobs", "queued"] == found["jobs", "running"] == 0
    assert found["training_seconds_count", ended] == 1
    assert found["training_seconds_sum", ended] > 0


async def test_the_gateway(measured: World) -> None:
    for event in ("disconnect", "disconnect", "resumed", "disconnect", "ready"):
        measured.bot.dispatch(event)
        await measured.env.settle()

    found = await figures(measured)

    assert found["gateway_losses_total",] == 2
    assert found["gateway_connections_total", "resumed"] == 1
    assert found["gateway_connections_total", "new"] == 2
    assert found["gateway_latency_seconds",] == 0


async def test_the_lag_of_the_event_loop(measured: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(metrics, "_LAG_EVERY", 0.01)
    with measured.bot.metrics.watching_lag():
        time.sleep(0.3)  # noqa: ASYNC251 - what must not be done
    await asyncio.sleep(0)

    assert (await figures(measured))["event_loop_lag_seconds_sum",] >= 0.2


async def test_health(measured: World, monkeypatch: pytest.MonkeyPatch) -> None:
    assert await read(measured, "/health") == (200, "ok\n")

    measured.bot.dispatch("disconnect")
    await measured.env.settle()
    assert await read(measured, "/health") == (200, "ok\n"), "it comes back by itself"

    monkeypatch.setattr(metrics, "_PATIENCE", 0)
    assert await read(measured, "/health") == (503, "no connection to Discord\n")

    measured.bot.dispatch("resumed")
    await measured.env.settle()
    assert await read(measured, "/health") == (200, "ok\n")


async def test_health_without_a_database(measured: World, monkeypatch: pytest.MonkeyPatch) -> None:
    async def fail(_: Runs) -> None:
        raise StoreError("The database can't be read: disk I/O error.")

    monkeypatch.setattr(Runs, "counts", fail)

    assert await read(measured, "/health") == (
        503,
        "no database: The database can't be read: disk I/O error.\n",
    )


async def test_by_default_nobody_can_read_it(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    assert world.settings.metrics_port is None
    assert world.settings.metrics_host == "127.0.0.1"


async def test_a_port_in_use_is_told(measured: World, port: int) -> None:
    with pytest.raises(SettingsError, match=f"METRICS_PORT={port} can't be used: "):
        await serve(measured.bot.metrics, "127.0.0.1", port)
