"""What a host's instruments read: figures in Prometheus's format, and whether all is well, over HTTP."""

import asyncio
import math
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from aiohttp import web
from discord.ext import commands
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.exposition import choose_encoder
from prometheus_client.registry import Collector

from bot.answering import Outcome
from bot.settings import SettingsError
from bot.store import ENDS, Run, RunStatus, StoreError

if TYPE_CHECKING:
    from bot.app import NameBot

_LAG_EVERY = 0.25  # seconds between measurements
_PATIENCE = 60.0  # seconds without the gateway that are no illness: discord.py comes back by itself
_DATABASE_PATIENCE = 5.0  # seconds

_QUICK = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 15)  # seconds
_LONG = (15, 30, 60, 120, 300, 600, 1200, 3600)


class Metrics(commands.Cog):
    """Counts from the start; `serve` lets it be read."""

    def __init__(self, bot: "NameBot") -> None:
        self._bot = bot
        self._registry = registry = CollectorRegistry()
        self._lost_at: float | None = 0.0  # it has yet to be found for the first time
        self._interactions = Counter(
            "namesmith_interactions",
            "Commands, buttons and forms, by how they ended.",
            ["command", "outcome"],
            registry=registry,
        )
        self._seconds = Histogram(
            "namesmith_interaction_seconds",
            "From the arrival of an interaction to its answer.",
            ["command"],
            registry=registry,
            buckets=_QUICK,
        )
        self._lag = Histogram(
            "namesmith_event_loop_lag_seconds",
            "How much later than due the event loop comes to something.",
            registry=registry,
            buckets=_QUICK,
        )
        self._jobs = Gauge("namesmith_jobs", "Trainings, by state.", ["state"], registry=registry)
        self._training = Histogram(
            "namesmith_training_seconds",
            "How long trainings took, by how they ended.",
            ["outcome"],
            registry=registry,
            buckets=_LONG,
        )
        self._connections = Counter(
            "namesmith_gateway_connections",
            "Sessions with Discord's gateway that were begun or resumed.",
            ["how"],
            registry=registry,
        )
        self._losses = Counter("namesmith_gateway_losses", "Times the gateway was lost.", registry=registry)
        registry.register(_OfParts(bot))

    def answered(self, command: str, outcome: Outcome, seconds: float) -> None:
        """Count an interaction that has ended."""
        self._interactions.labels(command, outcome).inc()
        self._seconds.labels(command).observe(seconds)

    def trained(self, run: Run) -> None:
        """Count a training that has ended."""
        if run.status in ENDS and run.started_at is not None and run.finished_at is not None:
            self._training.labels(run.status).observe((run.finished_at - run.started_at).total_seconds())

    @commands.Cog.listener()
    async def on_ready(self) -> None:
        self._connections.labels("new").inc()
        self._lost_at = None

    @commands.Cog.listener()
    async def on_resumed(self) -> None:
        self._connections.labels("resumed").inc()
        self._lost_at = None

    @commands.Cog.listener()
    async def on_disconnect(self) -> None:
        if self._lost_at is None:  # it is told of each attempt
            self._losses.inc()
            self._lost_at = time.perf_counter()

    @contextmanager
    def watching_lag(self) -> Iterator[None]:
        """Measure the event loop's lag meanwhile, from a thread, which no lag keeps from measuring it."""
        loop, ended = asyncio.get_running_loop(), threading.Event()

        def measure() -> None:
            while not ended.wait(_LAG_EVERY):
                loop.call_soon_threadsafe(self._come_to, time.perf_counter())

        thread = threading.Thread(target=measure, name="lag", daemon=True)
        thread.start()
        try:
            yield
        finally:
            ended.set()
            thread.join()

    def _come_to(self, asked_at: float) -> None:
        self._lag.observe(time.perf_counter() - asked_at)

    async def page(self, request: web.Request) -> web.Response:
        """The figures."""
        counts = await self._bot.store.runs.counts()
        for state in RunStatus:
            self._jobs.labels(state).set(counts.get(state, 0))
        encode, content_type = choose_encoder(request.headers.get("Accept", ""))
        return web.Response(body=encode(self._registry), headers={"Content-Type": content_type})

    async def health(self, _request: web.Request) -> web.Response:
        """200 if the bot can answer members, 503 with the reason if it can't."""
        reason = await self._illness()
        return web.Response(text=f"{reason or 'ok'}\n", status=503 if reason else 200)

    async def _illness(self) -> str | None:
        if self._lost_at is not None:
            if not self._bot.is_ready():
                return "starting"
            if time.perf_counter() - self._lost_at > _PATIENCE:
                return "no connection to Discord"
        try:
            async with asyncio.timeout(_DATABASE_PATIENCE):
                await self._bot.store.runs.counts()
        except (StoreError, TimeoutError) as error:
            return f"no database: {error or 'it does not answer'}"
        return None


async def serve(metrics: Metrics, host: str, port: int) -> web.AppRunner:
    """Let it be read at /metrics and /health, until the runner is cleaned up.

    Raises:
        SettingsError: where that can't be listened at.
    """
    app = web.Application()
    app.router.add_get("/metrics", metrics.page)
    app.router.add_get("/health", metrics.health)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.5)
    await runner.setup()
    try:
        await web.TCPSite(runner, host, port).start()
    except OSError as error:
        await runner.cleanup()
        raise SettingsError(f"METRICS_HOST={host}, METRICS_PORT={port} can't be used: {error}.") from error
    return runner


class _OfParts(Collector):
    """What the bot's parts know of themselves at the moment."""

    def __init__(self, bot: "NameBot") -> None:
        self._bot = bot

    def collect(self) -> Iterator[Metric]:
        generators, latency = self._bot.generators, self._bot.latency
        yield GaugeMetricFamily("namesmith_models_loaded", "Models in memory.", generators.loaded)
        looked_up = CounterMetricFamily(
            "namesmith_model_lookups", "Models asked for, by whether they were in memory.", labels=["found"]
        )
        looked_up.add_metric(["yes"], generators.hits)
        looked_up.add_metric(["no"], generators.misses)
        yield looked_up
        yield GaugeMetricFamily(
            "namesmith_gateway_latency_seconds",
            "From a heartbeat to its acknowledgement.",
            latency if math.isfinite(latency) else math.nan,
        )
