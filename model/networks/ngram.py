"""Letter counts: how often each symbol followed each context of up to `order` symbols.

Contexts are counted within each category and over all. A distribution gives up a share of its
probability to that of the next shorter context: interpolated absolute discounting with a strength,
the predictive rule of the Pitman-Yor process with one table for each word (Teh, "A Hierarchical
Bayesian Language Model based on Pitman-Yor Processes", 2006). A category's empty context falls back on
the whole chain of all categories, whose own empty context falls back on the uniform distribution.

The parameters are the training names themselves: what is looked up is built from them in a fraction
of a second, and would take many times their room in a checkpoint.
"""

from collections.abc import Sequence
from typing import Any, Literal, NamedTuple, Self

import numpy as np
import torch
from pydantic import Field
from torch import Tensor, nn

from model.arrays import Floats, Integers
from model.encoding import Batch, Moved
from model.networks.contract import Config, Network, State


class NgramConfig(Config):
    """Context length, and how much each distribution leaves to the shorter context."""

    network: Literal["ngram"] = "ngram"
    order: int = Field(5, ge=1, le=8)
    discount: float = Field(0.75, ge=0, lt=1)
    strength: float = Field(1.0, gt=0)


class _Trie(NamedTuple):
    """Contexts as N nodes, and what followed them as E edges, sorted by node, then symbol.

    The first S nodes are the short contexts, of up to one symbol: the empty ones, of all categories, then
    of each category, and those of one symbol. Most of their edges exist, so that they are kept as tables,
    mixed with what they fall back on within their chain. The last node stands for every context that
    never occurred.

    They stay in the processor's memory wherever other networks learn.
    """

    nowhere: int
    """The last node."""
    backoff: Floats
    """(N,) the share that a context leaves to the shorter one; a short one, to what its chain leaves."""
    first: Integers
    """(N,) where each node's edges begin."""
    edges: Integers
    """(N,) how many there are."""
    key: Integers
    """(E + 1,) node * V + symbol, ascending."""
    symbol: Integers
    """(E,)"""
    share: Floats
    """(E,) the probability of the symbol beyond what is left to the shorter context."""
    child: Integers
    """(E + 1,) the node of the context made longer by the symbol, if that is a long one."""
    onward: Integers
    """(S * V,) the longest short context after each symbol."""
    short: Floats
    """(S, V) the shares of the short contexts; where all categories are counted, the probabilities."""


class NgramNetwork(Network):
    """Interpolated counts.

    The state is, for each name, the nodes of the contexts of what was written: within its category and
    then over all, in each the longest first, (B, 2 * order). The last of each is the longest short context
    that occurred, the others are there or not.
    """

    has_start = True
    of: Tensor
    """(names,) each training name's category."""
    text: Tensor
    """(letters and boundaries,) each training name, followed by the boundary."""

    def __init__(self, config: NgramConfig, categories: int, symbols: int) -> None:
        super().__init__()
        self.config, self.categories, self.symbols = config, categories, symbols
        self.register_buffer("of", torch.zeros(1, dtype=torch.int16))
        self.register_buffer("text", torch.tensor([symbols - 1], dtype=torch.int16))
        self._trie = self._built()

    def count(self, names: Sequence[Batch]) -> None:
        self.of = torch.cat([batch.categories for batch in names]).to(self.of)
        self.text = torch.cat([batch.symbols[:, 1:].flatten() for batch in names]).to(self.text)
        self._trie = self._built()

    def forward(self, categories: Tensor, letters: Tensor) -> Tensor:
        (nodes,) = self.start(categories.cpu().numpy())
        each = [nodes := self._follow(letter, nodes) for letter in letters.t().cpu().numpy()]
        probabilities = self._probabilities(np.concatenate(each))  # (T * B, V)
        log_probs = torch.from_numpy(np.log(probabilities)).to(letters.device)
        return log_probs.view(*letters.t().shape, self.symbols).transpose(0, 1)

    def start(self, categories: Integers) -> State:
        """The empty contexts."""
        order = self.config.order
        nodes = np.full((len(categories), 2 * order), self._trie.nowhere, self._trie.key.dtype)
        nodes[:, order - 1] = categories + 1
        nodes[:, -1] = 0
        return (nodes,)

    def step(self, letters: Integers, state: State) -> tuple[Floats, State]:
        nodes = self._follow(letters, state[0])
        return np.log(self._probabilities(nodes)), (nodes,)

    def adopt(self, donor: Self, moved: Moved) -> None:
        """Nothing: names are counted afresh."""

    def _follow(self, letters: Integers, nodes: Integers) -> Integers:
        """Make each context longer by a letter, (B,): the longest drop out, the shortest come again."""
        trie, order = self._trie, self.config.order
        keys = nodes * self.symbols
        keys += letters[:, None].astype(keys.dtype)
        keys = keys.reshape(-1, 2, order)
        wanted = keys[:, :, 1:]
        edges = trie.key.searchsorted(wanted)
        longer = np.empty_like(keys)
        longer[:, :, :-1] = np.where(trie.key.take(edges) == wanted, trie.child.take(edges), trie.nowhere)
        longer[:, :, -1] = trie.onward.take(keys[:, :, -1])
        return longer.reshape(nodes.shape)

    def _probabilities(self, nodes: Integers) -> Floats:
        """Mix each row's contexts, (R, 2 * order) -> (R, V); each falls back on the one after it."""
        order = self.config.order
        weights = np.ones(nodes.shape, np.float32)
        self._trie.backoff.take(nodes[:, :-1]).cumprod(1, out=weights[:, 1:])
        mixed = self._trie.short.take(nodes[:, order - 1], 0) * weights[:, order - 1, None]
        mixed += self._trie.short.take(nodes[:, -1], 0) * weights[:, -1:]
        if order > 1:
            self._add_long(mixed, nodes, weights)
        return mixed

    def _add_long(self, mixed: Floats, nodes: Integers, weights: Floats) -> None:
        """Add the shares of the long contexts among nodes (R, 2 * order), by weights, to the rows (R, V)."""
        trie, order = self._trie, self.config.order
        nodes = nodes.reshape(-1, 2, order)[:, :, :-1].ravel()  # (R * D,)
        weights = weights.reshape(-1, 2, order)[:, :, :-1].ravel()
        counts = trie.edges.take(nodes)
        context = np.arange(len(counts)).repeat(counts)  # (L,), for each edge in turn the one it belongs to
        before = trie.first.take(nodes) - counts.cumsum() + counts
        edges = np.arange(len(context)) + before.take(context)
        cells = context // (2 * order - 2) * self.symbols + trie.symbol.take(edges)
        added = trie.share.take(edges) * weights.take(context)
        mixed += np.bincount(cells, added, mixed.size).reshape(mixed.shape)

    def _built(self) -> _Trie:
        """The trie of the training names: contexts of one length after another, each from those before."""
        text, of = self.text.long().cpu(), self.of.long().cpu()
        ends = text == self.symbols - 1
        name = ends.cumsum(0) - ends.long()  # (M,) which name each symbol belongs to
        starts = nn.functional.pad(ends.nonzero()[:-1, 0] + 1, (1, 0))
        place = (torch.arange(len(text)) - starts[name]).repeat(2)
        said, before = text.repeat(2), text.roll(1).repeat(2)  # what comes before a name is a boundary too
        node = torch.cat((torch.zeros_like(text), of[name] + 1))
        total = 1 + self.categories
        node_keys, edge_keys, counts = [], [], []
        for length in range(self.config.order + 1):
            long_enough = place >= length - 1
            if length:
                shorter = node.roll(1) if length > 1 else node
                keys, numbers = torch.unique(
                    (shorter * self.symbols + before)[long_enough], return_inverse=True
                )
                node = node.masked_scatter(long_enough, total + numbers)
                total += len(keys)
                node_keys.append(keys)
            keys, count = torch.unique((node * self.symbols + said)[long_enough], return_counts=True)
            edge_keys.append(keys)
            counts.append(count)
        short = 1 + self.categories + len(node_keys[0])
        return self._weighed(torch.cat(node_keys), torch.cat(edge_keys), torch.cat(counts), short)

    def _weighed(self, node_key: Tensor, edge_key: Tensor, count: Tensor, short: int) -> _Trie:
        """Turn counts into shares; the first nodes are short.

        `node_key` is how contexts are reached: node * V + symbol, ascending.
        """
        roots, discount, strength = 1 + self.categories, self.config.discount, self.config.strength
        nowhere = roots + len(node_key)
        node, symbol = edge_key // self.symbols, edge_key % self.symbols
        types = torch.bincount(node, minlength=nowhere + 1)
        tokens = torch.zeros_like(types, dtype=torch.float32).index_add(0, node, count.float())
        backoff = (discount * types + strength) / (tokens + strength)
        share = (count - discount) / (tokens[node] + strength)
        root_of = node_key[: short - roots] // self.symbols  # what a context of one symbol falls back on
        table = share.new_zeros(short, self.symbols)
        few = slice(int(types[:short].sum()))
        table.view(-1).index_copy_(0, edge_key[few], share[few])
        table[0] += backoff[0] / self.symbols
        table[roots:] += backoff[roots:short, None] * table[root_of]
        backoff[roots:short] *= backoff[root_of]
        onward = torch.arange(roots)[:, None].repeat(1, self.symbols)
        onward.view(-1)[node_key[: short - roots]] = torch.arange(roots, short)
        reached = torch.searchsorted(node_key, edge_key).clamp_(max=len(node_key) - 1)
        is_long = (node_key[reached] == edge_key) & (node >= roots)
        beyond = (nowhere + 1) * self.symbols
        # Half the memory of a model in use are these numbers; only of millions of names are any larger.
        number = torch.int32 if beyond < 2**31 else torch.int64
        return _Trie(
            nowhere=nowhere,
            backoff=backoff.numpy(),
            first=(types.cumsum(0) - types).to(number).numpy(),
            edges=types.to(number).numpy(),
            key=nn.functional.pad(edge_key, (0, 1), value=beyond).to(number).numpy(),
            symbol=symbol.to(torch.int16).numpy(),
            share=share.numpy(),
            child=nn.functional.pad(torch.where(is_long, roots + reached, nowhere), (0, 1), value=nowhere)
            .to(number)
            .numpy(),
            onward=torch.cat((onward, onward[root_of])).flatten().to(number).numpy(),
            short=table.numpy(),
        )

    def _load_from_state_dict(self, state_dict: dict[str, Tensor], prefix: str, *rest: Any) -> None:
        """As any module, for any number of names; `rest` ends with the list of what was wrong."""
        of, text = state_dict.get(f"{prefix}of"), state_dict.get(f"{prefix}text")
        if of is not None and text is not None:
            if not self._are_names(of, text):
                rest[-1].append(f"{prefix}text is not a list of names")
                return
            self.of, self.text = torch.empty_like(of), torch.empty_like(text)
        super()._load_from_state_dict(state_dict, prefix, *rest)
        self._trie = self._built()

    def _are_names(self, of: Tensor, text: Tensor) -> bool:
        boundary = self.symbols - 1
        return bool(
            of.dtype == text.dtype == torch.int16
            and len(of) == int((text == boundary).sum()) > 0
            and 0 <= int(of.min()) <= int(of.max()) < self.categories
            and 0 <= int(text.min()) <= int(text.max()) == int(text[-1]) == boundary
        )
