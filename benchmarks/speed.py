"""Where the time of a training step goes.

Notes. On an AMD EPYC (Zen 4), a step with 32 names of 7 letters, 256 units and products in bfloat16 takes
5.4 ms. 2.1 ms of it are matrix products: 1.3 the 16 recurrent ones, there and back, which come one after
another and have but 32 rows; 0.5 the gradient of their weights; 0.3 the output's. 1.5 ms are the gates,
slopes and conversions between the recurrent products, some 150 operations of a few microseconds each; 0.6 ms
clipping and the optimiser; 0.1 ms dropout; the rest is looking up, the loss, and Python and autograd between
all these. So half of the rate of large bfloat16 matrices, 3 ms, is out of reach for batches of 32:
the products alone take two thirds of that.

Larger batches come closer, but teach less in a name. On the tutorial's names, batches of 64 at twice the
rate of learning came as far in a sixth less time, being shown a fifth more names; batches of 128 didn't in
as much time. Of 3,000 names, which are shown 40 times in any case, batches of 64 learned 0.02 nats a letter
less. Memory that is given back to the system and asked for again would cost another fifth.
"""

import time
from collections.abc import Callable

import torch

from benchmarks import machine
from benchmarks.runs import Trainings
from benchmarks.tables import show
from model.encoding import Batch, Encoding
from model.memory import keep_freed
from model.networks import GruConfig, build
from model.networks.cells import product_precision
from model.recipes import Batched

_STEPS = 40
_BATCHES = (Batched().batch, 64, 128)


def run(trainings: Trainings) -> None:
    """Training steps of a GRU, as a share of what the machine multiplies in the same time."""
    torch.set_num_threads(1)
    keep_freed()
    encoding = Encoding(tuple(trainings.corpus.categories), trainings.corpus.alphabet)
    commonest = max(encoding.batches(trainings.corpus.pairs()), key=len)
    precision = product_precision(torch.device("cpu"))
    large = {one: machine.product_rate(1024, 1024, 1024, one) for one in (precision, torch.float32)}
    rows = []
    for size in _BATCHES:
        names = commonest.take(slice(size))
        seconds, operations = _step(encoding, names)
        reached = operations / seconds / 1e9
        hidden = GruConfig().hidden
        own = machine.product_rate(len(names), hidden, 3 * hidden, precision)
        shares = [f"{reached / rate:.0%}" for rate in (own, *large.values())]
        rows.append([len(names), f"{seconds * 1e3:.1f}", f"{reached:.0f}", *shares])
    show(
        f"Training steps of the GRU, their products in {_named(precision)}, as shares of a rate of products",
        [
            "names",
            "ms",
            "GFLOP/s",
            "recurrent step's",
            *(f"1,024³ {_named(one)}: {rate:.0f}" for one, rate in large.items()),
        ],
        rows,
    )


def _step(encoding: Encoding, names: Batch) -> tuple[float, int]:
    """Seconds of a training step, and how many operations its matrix products are."""
    config = GruConfig()
    network = build(config, len(encoding.categories), encoding.symbols)
    optimiser = torch.optim.AdamW(network.parameters(), fused=True)

    def step() -> None:
        optimiser.zero_grad()
        torch.autograd.backward(network.nats(names).mean())
        torch.nn.utils.clip_grad_norm_(network.parameters(), 1.0)
        optimiser.step()

    step()
    seconds = min(_seconds(step) for _ in range(_STEPS))
    letters = len(names) * (names.symbols.shape[1] - 1)
    multiplied = letters * config.hidden * (3 * config.hidden + encoding.symbols)
    return seconds, 3 * 2 * multiplied  # forward, and backward twice as much


def _named(precision: torch.dtype) -> str:
    return str(precision).removeprefix("torch.")


def _seconds(call: Callable[[], None]) -> float:
    began = time.process_time()
    call()
    return time.process_time() - began
