"""One self-describing file: the weights as safetensors, the card as JSON in its metadata.

Nothing is ever unpickled, so a file from a stranger can be wrong but not dangerous.
"""

import json
import os
import tempfile
from collections.abc import Mapping
from pathlib import Path

from pydantic import BaseModel, ValidationError
from safetensors import SafetensorError
from safetensors.torch import load, save
from torch import Tensor

from model.card import FORMAT_VERSION, Card
from model.errors import CheckpointError
from model.networks import Network, build

_KEY = "namesmith"
"""The one key: safetensors writes several in any order, and equal models should be equal bytes."""

_UNFINISHED = "unfinished."


class _Version(BaseModel):
    """The one field that every format has, read before the others."""

    format_version: int


def to_bytes(network: Network, card: Card, unfinished: Mapping[str, Tensor] | None = None) -> bytes:
    """The weights, the card and what a stopped training needs to go on, as one safetensors file."""
    weights = {name: tensor.contiguous() for name, tensor in network.state_dict().items()}
    weights |= {f"{_UNFINISHED}{name}": tensor for name, tensor in (unfinished or {}).items()}
    return save(weights, {_KEY: card.model_dump_json()})


def from_bytes(content: bytes) -> tuple[Network, Card, Mapping[str, Tensor] | None]:
    """The network, its card, and what a stopped training needs to go on.

    Raises:
        CheckpointError: with a sentence, for a file that isn't ours, is damaged, or is newer.
    """
    try:
        weights = load(content)
    except (SafetensorError, ValueError) as error:
        raise CheckpointError("This is not a whole model file: {reason}.", reason=error) from error
    description = _metadata(content).get(_KEY)
    if description is None:
        raise CheckpointError("This safetensors file isn't a Namesmith model: train one, or choose another.")
    try:
        version = _Version.model_validate_json(description).format_version
        if version > FORMAT_VERSION:
            raise CheckpointError(
                "This model has format {version}, this program reads up to {newest}: update the program.",
                version=version,
                newest=FORMAT_VERSION,
            )
        card = Card.model_validate_json(description)
        network = build(card.network, len(card.categories), len(card.alphabet) + 1)
        unfinished = {
            name.removeprefix(_UNFINISHED): weights.pop(name)
            for name in list(weights)
            if name.startswith(_UNFINISHED)
        }
        network.load_state_dict(weights)
    except (ValidationError, RuntimeError) as error:
        raise CheckpointError(
            "The model's weights and description don't fit together: it is damaged."
        ) from error
    if not all(tensor.isfinite().all() for tensor in (*weights.values(), *unfinished.values())):
        raise CheckpointError("The model has weights that are no numbers: it is damaged.")
    return network, card, unfinished or None


def write(path: Path, content: bytes) -> None:
    """Replace the file at once: it is written beside, synced, then renamed over the old one."""
    with tempfile.NamedTemporaryFile(dir=path.parent, prefix=f".{path.name}.", delete=False) as beside:
        try:
            beside.write(content)
            beside.flush()
            os.fsync(beside.fileno())
            Path(beside.name).replace(path)
        except BaseException:
            Path(beside.name).unlink()
            raise


def _metadata(content: bytes) -> dict[str, str]:
    """The metadata of a file that safetensors has accepted; its Python part reads it only from a path.

    Layout: the header's length in 8 bytes, little-endian, then the header as JSON
    (https://github.com/huggingface/safetensors#format).
    """
    header = json.loads(content[8 : 8 + int.from_bytes(content[:8], "little")])
    return dict(header.get("__metadata__", {}))
