"""Where the time of a training step goes.

Notes. In a profile of steps with 32 and 64 names of 7 letters and 256 units, in bfloat16 on an AMD EPYC
(Zen 4), 35 to 38 % of the time is matrix products, 12 to 15 % multiplications of gates and slopes, 4 to 7 %
conversion to bfloat16 and back, 4 % the optimiser, and the rest small operations and Python between them.
Batches of 32 teach more in a name than those of 64, and reach less of the product rate. Memory that is
given back to the system and asked for again would cost another fifth.
"""

import time
from collections.abc import Callable

import torch

from benchmarks import machine
from benchmarks.runs import Trainings
from benchmarks.tables import show
from model.encoding import Encoding
from model.memory import keep_freed
from model.networks import GruConfig, build
from model.networks.cells import product_precision
from model.recipes import Batched

_STEPS = 40


def run(trainings: Trainings) -> None:
    """A training step of a GRU, as a share of what the machine multiplies in the same time."""
    torch.set_num_threads(1)
    keep_freed()
    corpus = trainings.corpus
    recipe, config = Batched(), GruConfig()
    encoding = Encoding(tuple(corpus.categories), corpus.alphabet)
    names = max(encoding.batches(corpus.pairs()), key=len).take(slice(recipe.batch))
    network = build(config, len(corpus.categories), encoding.symbols)
    optimiser = torch.optim.AdamW(network.parameters(), fused=True)

    def step() -> None:
        optimiser.zero_grad()
        torch.autograd.backward(network.nats(names).mean())
        torch.nn.utils.clip_grad_norm_(network.parameters(), 1.0)
        optimiser.step()

    step()
    seconds = min(_seconds(step) for _ in range(_STEPS))
    hidden, gates = config.hidden, 3 * config.hidden
    letters = len(names) * (names.symbols.shape[1] - 1)
    operations = 3 * 2 * letters * hidden * (gates + encoding.symbols)  # forward, and backward twice as much
    reached = operations / seconds / 1e9
    precision = product_precision(torch.device("cpu"))
    rows = []
    for name, rate in (
        ("the step's own products", machine.product_rate(len(names), hidden, gates, precision)),
        ("1,024³, same precision", machine.product_rate(1024, 1024, 1024, precision)),
        ("1,024³, float32", machine.product_rate(1024, 1024, 1024, torch.float32)),
    ):
        rows.append([name, f"{rate:.0f}", f"{reached / rate:.0%}"])
    show(
        f"A training step of the GRU, {seconds * 1e3:.1f} ms, {reached:.0f} GFLOP/s in {precision}",
        ["of the matrix products", "GFLOP/s", "share reached"],
        rows,
    )


def _seconds(call: Callable[[], None]) -> float:
    began = time.process_time()
    call()
    return time.process_time() - began
