"""The light body: fewer word pieces, and a narrow table of them, for the table is half of a small model.

Word pieces that the texts hardly use are left out; words that need them are spelt in smaller ones. The table that stays
is factorised as ELECTRA has it (Clark et al., ICLR 2020, `embedding_size` below `hidden_size`, `embeddings_project`
after it), starting from a singular value decomposition, so that the body reads nearly what it read before. A training
heals the rest.
"""

import json
from collections.abc import Sequence
from copy import deepcopy
from dataclasses import dataclass
from typing import Any, Final, TypeVar, cast

import numpy as np
import torch
from numpy.typing import NDArray
from tokenizers import Tokenizer
from transformers import ElectraPreTrainedModel

Model = TypeVar("Model", bound=ElectraPreTrainedModel)

SAMPLE: Final = 200_000
"""Word pieces by which the projection is fitted: some hundreds for each of its numbers' rows."""

_EMBEDDINGS: Final = "electra.embeddings."


@dataclass(frozen=True)
class Kept:
    """What a lighter body kept of the one it comes from, measured on the texts it was made for; all in 0..1.

    Attributes:
        pieces: the share of the word pieces of the texts that are read as before.
        variance: the share of the variance of what the first layer reads that the narrow table explains.
    """

    pieces: float
    variance: float


def lighten(
    model: Model, tokenizer: Tokenizer, texts: Sequence[str], *, vocabulary: int, width: int, positions: int
) -> tuple[Model, Tokenizer, Kept]:
    """Return a lighter model of the same kind, the tokenizer it reads through, and what they kept.

    Args:
        model: an ELECTRA whose table is as wide as its layers; it is left as it is.
        tokenizer: its own, a WordPiece.
        texts: normalised; which pieces stay, and how well they are told apart, follows from how often these use them.
        vocabulary: how many pieces stay at most; special, added and single-character ones always do.
        width: of the new table.
        positions: how many word pieces the new model can read of a text.
    """
    before = [encoding.ids for encoding in _plain(tokenizer).encode_batch(list(texts))]
    counts = np.bincount(np.concatenate(before), minlength=tokenizer.get_vocab_size())
    lighter, kept = prune(tokenizer, counts, vocabulary)
    ids = [encoding.ids[:positions] for encoding in _plain(lighter).encode_batch(list(texts))]

    narrow = _factorise(model, kept, ids, width=width, positions=positions)
    config = deepcopy(model.config)
    config.vocab_size, config.embedding_size, config.max_position_embeddings = len(kept), width, positions
    light = type(model)(config)
    left = {key: value for key, value in model.state_dict().items() if not key.startswith(_EMBEDDINGS)}
    light.load_state_dict(left | {key: torch.from_numpy(value) for key, value in narrow.state.items()})
    return light, lighter, Kept(float(counts[kept].sum() / counts.sum()), narrow.variance)


def prune(tokenizer: Tokenizer, counts: NDArray[np.int64], size: int) -> tuple[Tokenizer, NDArray[np.int64]]:
    """Return a WordPiece tokenizer with the most used pieces alone, and the old id of each of its pieces, in order.

    Args:
        counts: int [n_pieces], how often each is used.
        size: how many stay; special, added and single ASCII characters always do, so that no plain word is unknown.
    """
    stored: dict[str, Any] = json.loads(tokenizer.to_str())
    pieces = tokenizer.get_vocab(with_added_tokens=True)
    # After an accent is stripped every letter of a word in plain English is one of these.
    needed = {id_ for piece, id_ in pieces.items() if len(piece.removeprefix("##")) == 1 and piece.isascii()}
    needed |= {added["id"] for added in stored["added_tokens"]}
    often = [int(id_) for id_ in np.argsort(-counts, kind="stable") if counts[id_] and id_ not in needed]
    kept = np.array(sorted(needed | set(often[: max(0, size - len(needed))])), dtype=np.int64)
    new = {int(old): place for place, old in enumerate(kept)}

    stored["model"]["vocab"] = {
        piece: new[id_]
        for piece, id_ in sorted(stored["model"]["vocab"].items(), key=lambda item: cast(int, item[1]))
        if id_ in new
    }
    for added in stored["added_tokens"]:
        added["id"] = new[added["id"]]
    for special in stored["post_processor"]["special_tokens"].values():
        special["ids"] = [new[id_] for id_ in special["ids"]]
    return Tokenizer.from_str(json.dumps(stored)), kept


def _plain(tokenizer: Tokenizer) -> Tokenizer:
    tokenizer.no_padding()
    tokenizer.no_truncation()
    return tokenizer


@dataclass(frozen=True)
class _Narrow:
    """The weights of narrow embeddings by their names, and the share of variance that they explain."""

    state: dict[str, NDArray[Any]]
    variance: float


def _factorise(
    model: ElectraPreTrainedModel, kept: NDArray[np.int64], ids: Sequence[list[int]], *, width: int, positions: int
) -> _Narrow:
    """Decompose the table of the pieces `kept`, as the texts `ids` use them.

    What is decomposed is not the table but what its layer norm makes of it, for that is what the first layer reads.
    """
    before = {
        key.removeprefix(_EMBEDDINGS): value.detach().double().numpy()
        for key, value in model.state_dict().items()
        if key.startswith(_EMBEDDINGS)
    }
    epsilon = model.config.layer_norm_eps
    words = before["word_embeddings.weight"][kept]
    places = before["position_embeddings.weight"][:positions]
    kind = before["token_type_embeddings.weight"][0]
    gain, shift = before["LayerNorm.weight"], before["LayerNorm.bias"]

    used = np.concatenate(ids)
    at = np.concatenate([np.arange(len(row)) for row in ids])
    share = np.bincount(used, minlength=len(kept)) + 0.1  # what is not used has to lie somewhere, too
    share = (share / share.sum())[:, None]
    place = np.bincount(at, minlength=positions) @ places / len(at)

    summed = words + place + kind
    read = _normalise(summed, epsilon) * gain + shift
    centred = read - (share * read).sum(axis=0)
    _, basis = np.linalg.eigh(centred.T @ (share * centred))
    # The least of the directions goes where all coordinates are alike, for that is what a layer norm takes away.
    basis = basis[:, ::-1][:, :width] @ _turn_last_into_ones(width)
    slope = gain * (share / summed.std(axis=1, keepdims=True)).sum()
    moved = places - place
    narrow = centred @ basis
    # The layer norm after it knows no scale, but a training does: its steps suit a table like the one it had.
    scale = words.std() / narrow.std()
    narrow *= scale
    narrow_places = ((moved - moved.mean(axis=1, keepdims=True)) * slope) @ basis * scale

    sample = np.random.default_rng(0).choice(len(used), min(SAMPLE, len(used)), replace=False)
    used, at = used[sample], at[sample]
    target = _normalise(words[used] + places[at] + kind, epsilon) * gain + shift
    given = np.hstack([_normalise(narrow[used] + narrow_places[at], epsilon), np.ones((len(used), 1))])
    # A whisper of a ridge: a few texts alone would leave directions undecided.
    found = np.linalg.solve(given.T @ given + 1e-6 * len(used) * np.eye(width + 1), given.T @ target)
    left = ((target - given @ found) ** 2).sum() / ((target - target.mean(axis=0)) ** 2).sum()
    state = {
        f"{_EMBEDDINGS}word_embeddings.weight": narrow,
        f"{_EMBEDDINGS}position_embeddings.weight": narrow_places,
        f"{_EMBEDDINGS}token_type_embeddings.weight": np.zeros((model.config.type_vocab_size, width)),
        f"{_EMBEDDINGS}LayerNorm.weight": np.ones(width),
        f"{_EMBEDDINGS}LayerNorm.bias": np.zeros(width),
        "electra.embeddings_project.weight": found[:-1].T,
        "electra.embeddings_project.bias": found[-1],
    }
    return _Narrow({key: value.astype(np.float32) for key, value in state.items()}, float(1 - left))


def _normalise(values: NDArray[np.float64], epsilon: float) -> NDArray[np.float64]:
    centred = values - values.mean(axis=1, keepdims=True)
    normalised: NDArray[np.float64] = centred / np.sqrt((centred**2).mean(axis=1, keepdims=True) + epsilon)
    return normalised


def _turn_last_into_ones(width: int) -> NDArray[np.float64]:
    """Return the Householder reflection that carries the last axis onto the diagonal."""
    axis = np.full(width, -(width**-0.5))
    axis[-1] += 1
    reflection: NDArray[np.float64] = np.eye(width) - 2 * np.outer(axis, axis) / (axis @ axis)
    return reflection
