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

import torch
from pydantic import Field
from torch import Tensor, nn

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

    The first nodes are the empty contexts: of all categories, then of each category. The last node
    stands for every context that never occurred.
    """

    backoff: Tensor
    """(N,) the share that a context leaves to the shorter one."""
    first: Tensor
    """(N + 1,) where each node's edges begin."""
    key: Tensor
    """(E,) node * V + symbol, ascending."""
    symbol: Tensor
    """(E,)"""
    share: Tensor
    """(E,) the probability of the symbol beyond what is left to the shorter context."""
    child: Tensor
    """(E,) the node of the context made longer by the symbol."""
    short: Tensor
    """(N', V) the shares again, of the contexts of up to one symbol, and of none: most of them are full."""


class NgramNetwork(Network):
    """Interpolated counts.

    The state is, for each name, the nodes of all contexts of what was written: (B, 2, order + 1), over
    all categories and within its own, the shortest first.
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
        (nodes,) = self.start(categories)
        every = [nodes := self._follow(letter, nodes) for letter in letters.unbind(1)]
        probabilities = self._probabilities(torch.stack(every, 1).flatten(0, 1))  # (B * T, V)
        return probabilities.log().view(*letters.shape, self.symbols)

    def start(self, categories: Tensor) -> State:
        shape = (len(categories), 2, self.config.order + 1)
        nodes = torch.full(shape, self._nowhere, device=categories.device)
        nodes[:, 0, 0] = 0
        nodes[:, 1, 0] = categories + 1
        return (nodes,)

    def step(self, letters: Tensor, state: State) -> tuple[Tensor, State]:
        nodes = self._follow(letters, state[0])
        return self._probabilities(nodes).log(), (nodes,)

    def adopt(self, donor: Self, moved: Moved) -> None:
        """Nothing: names are counted afresh."""

    @property
    def _nowhere(self) -> int:
        return len(self._trie.backoff) - 1

    def _follow(self, letters: Tensor, nodes: Tensor) -> Tensor:
        """Make each context longer by a letter, (B,): the longest drop out, the empty ones come again."""
        keys = nodes[:, :, :-1] * self.symbols + letters[:, None, None]  # (B, 2, order)
        edges = torch.searchsorted(self._trie.key, keys).clamp_(max=len(self._trie.key) - 1)
        longer = self._trie.child[edges].where(self._trie.key[edges] == keys, self._nowhere)
        return torch.cat((nodes[:, :, :1], longer), 2)

    def _probabilities(self, nodes: Tensor) -> Tensor:
        """Mix each row's contexts, (R, 2, order + 1) -> (R, V); each falls back on the one before."""
        left = self._trie.backoff[nodes.flatten(1)].flip(1).cumprod(1).flip(1)  # by it and all longer ones
        weights = nn.functional.pad(left[:, 1:], (0, 1), value=1.0).view(nodes.shape)
        none = len(self._trie.short) - 1
        short = self._trie.short[nodes[:, :, :2].clamp(max=none)]  # (R, 2, 2, V)
        mixed = left[:, :1] / self.symbols + torch.einsum("rcl,rclv->rv", weights[:, :, :2], short)
        return self._add_long(mixed, nodes[:, :, 2:].flatten(1), weights[:, :, 2:].flatten())

    def _add_long(self, mixed: Tensor, nodes: Tensor, weights: Tensor) -> Tensor:
        """Add the shares of nodes (R, D), by their weights (R * D,), to the rows (R, V)."""
        trie, every = self._trie, nodes.flatten()
        begins = trie.first.index_select(0, every)
        counts = trie.first.index_select(0, every + 1) - begins  # edges of each node
        context = torch.repeat_interleave(counts)  # (L,), for each edge in turn the context it belongs to
        offsets = (begins - counts.cumsum(0) + counts).index_select(0, context)
        edges = torch.arange(len(context), device=nodes.device) + offsets
        rows = torch.arange(len(nodes), device=nodes.device).repeat_interleave(nodes.shape[1])
        cells = (rows * self.symbols).index_select(0, context) + trie.symbol.index_select(0, edges)
        added = trie.share.index_select(0, edges) * weights.index_select(0, context)
        return mixed.flatten().index_add_(0, cells, added).view_as(mixed)

    def _built(self) -> _Trie:
        """The trie of the training names: contexts of one length after another, each from those before."""
        text, of = self.text.long(), self.of.long()
        ends = text == self.symbols - 1
        name = ends.cumsum(0) - ends.long()  # (M,) which name each symbol belongs to
        starts = nn.functional.pad(ends.nonzero()[:-1, 0] + 1, (1, 0))
        place = (torch.arange(len(text), device=text.device) - starts[name]).repeat(2)
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
        trie = self._weighed(torch.cat(node_keys), torch.cat(edge_keys), torch.cat(counts))
        return trie._replace(short=self._dense(trie, 1 + self.categories + len(node_keys[0])))

    def _dense(self, trie: _Trie, nodes: int) -> Tensor:
        """The shares of the first nodes as rows, (nodes + 1, V), the last of them empty."""
        dense = trie.share.new_zeros(nodes + 1, self.symbols)
        edges = slice(int(trie.first[nodes]))
        return dense.flatten().index_copy_(0, trie.key[edges], trie.share[edges]).view_as(dense)

    def _weighed(self, node_key: Tensor, edge_key: Tensor, count: Tensor) -> _Trie:
        """Turn counts into shares. `node_key` is how contexts are reached: node * V + symbol, ascending."""
        roots, discount, strength = 1 + self.categories, self.config.discount, self.config.strength
        nowhere = roots + len(node_key)
        node = edge_key // self.symbols
        types = torch.bincount(node, minlength=nowhere + 1)
        tokens = torch.zeros_like(types, dtype=torch.float32).index_add(0, node, count.float())
        reached = torch.searchsorted(node_key, edge_key).clamp_(max=len(node_key) - 1)
        return _Trie(
            backoff=(discount * types + strength) / (tokens + strength),
            first=nn.functional.pad(types.cumsum(0), (1, 0)),
            key=edge_key,
            symbol=edge_key % self.symbols,
            share=(count - discount) / (tokens[node] + strength),
            child=torch.where(node_key[reached] == edge_key, roots + reached, nowhere),
            short=tokens[:0],
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
