"""A trained ELECTRA classifier as a small ONNX model: int8 weights, laid out for ONNX Runtime on a plain CPU.

The graph is written out node by node rather than traced. That keeps it deterministic and free of what a classifier
never reads:

* Weights are int8, a scale per output channel; embeddings int8, a scale per row. Activations are quantised on the fly,
  a scale per word piece, so that a text's scores do not depend on the texts it shares a batch with.
* Weights use 7 of the 8 bits. Without VNNI the processor adds two products in 16 bits, which 8-bit weights overflow;
  with 7 the sums are exact, and equal on every processor.
* In the last layer only the first position ([CLS]) asks, attends and passes the feed-forward block, for it alone is
  classified.
* Add and LayerNormalization stay two nodes: ONNX Runtime's fused SkipLayerNormalization is the slower on a CPU.

Initialisers keep the names of the checkpoint's parameters; the scale of `x` is named `x_scale`.
"""

import json
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper
from tokenizers import Tokenizer
from transformers import ElectraConfig, ElectraForSequenceClassification, PreTrainedModel

from core.errors import ModelError
from core.inference.engines.onnx_engine import MODEL_FILE

OPSET: Final = 18
_CONTRIB: Final = "com.microsoft"
WEIGHT_STEPS: Final = 63
"""The largest int8 weight: 2 * 255 * 63 still fits into 16 bits."""
EMBEDDING_STEPS: Final = 127
"""The same of an embedding, which nothing is multiplied with."""
_GELU_MINIMUM: Final = -0.17
_SPECIAL: Final = {"pad": "[PAD]", "unk": "[UNK]", "cls": "[CLS]", "sep": "[SEP]", "mask": "[MASK]"}


def export(model: ElectraForSequenceClassification, folder: Path) -> Path:
    """Write `model.onnx`: `input_ids`, `attention_mask` (int64 [n, length]) to `probabilities` (float32 [n, n_labels]).

    The labels are the 28 emotions, and after them the risks if the model was trained for them, too. The same weights
    give the same bytes.

    Args:
        model: its `config.problem_type` must be `multi_label_classification`.
        folder: made if need be.

    Raises:
        ModelError: the configuration asks for a computation that the graph does not have.
    """
    _check(model.config)
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / MODEL_FILE
    onnx.save_model(_Graph(model).build(), path)
    return path


def write_tokenizer(
    tokenizer: Tokenizer,
    model: PreTrainedModel,
    max_length: int,
    folder: Path,
    special: Mapping[str, str] = MappingProxyType(_SPECIAL),
) -> list[Path]:
    """Write `tokenizer.json`, `tokenizer_config.json` and `config.json`, as `tokenizers` and `transformers` read them.

    Args:
        tokenizer: written without padding, cutting at `max_length`.
        model: the trained model, whose configuration has `id2label`.
        max_length: word pieces that are read, the special ones included.
        folder: made if need be.
        special: the pieces without a text of their own, by what they are for; BERT's, if they are not named.
    """
    folder.mkdir(parents=True, exist_ok=True)
    stored = Tokenizer.from_str(tokenizer.to_str())
    stored.no_padding()
    stored.enable_truncation(max_length)
    # The generic class: a BERT or ELECTRA one would build its own normaliser and lose the masks' words.
    settings = {
        "tokenizer_class": "PreTrainedTokenizerFast",
        "model_max_length": max_length,
        "model_input_names": ["input_ids", "attention_mask"],
    } | {f"{role}_token": piece for role, piece in special.items()}
    described = model.config.to_dict() | {"architectures": [type(model).__name__]}
    described.pop("_name_or_path", None)
    texts = {
        "tokenizer.json": stored.to_str(),
        "tokenizer_config.json": json.dumps(settings, indent=1) + "\n",
        "config.json": json.dumps(described, indent=1, sort_keys=True) + "\n",
    }
    for name, text in texts.items():
        (folder / name).write_text(text, encoding="utf-8")
    return [folder / name for name in texts]


def _check(config: ElectraConfig) -> None:
    if config.hidden_act != "gelu":
        raise ModelError(f"hidden_act is {config.hidden_act!r}; only 'gelu' can be exported.")
    if config.problem_type != "multi_label_classification":
        raise ModelError(f"problem_type is {config.problem_type!r}; only 'multi_label_classification' can be exported.")


class _Graph:
    """The graph under construction: nodes and initialisers in order, and each value's quantised form, made once."""

    def __init__(self, model: ElectraForSequenceClassification) -> None:
        self._config = model.config
        self._state = {key: value.detach().float().numpy() for key, value in model.state_dict().items()}
        self._nodes: list[onnx.NodeProto] = []
        self._initialisers: dict[str, onnx.TensorProto] = {}
        self._quantised: dict[str, tuple[str, str, str]] = {}

    def build(self) -> onnx.ModelProto:
        ids, mask, probabilities = "input_ids", "attention_mask", "probabilities"
        padding = self._node("Cast", mask, to=TensorProto.INT32)
        hidden = self._embed(ids)
        layers = self._config.num_hidden_layers
        for number in range(layers):
            hidden = self._layer(f"electra.encoder.layer.{number}.", hidden, padding, last=number == layers - 1)
        hidden = self._node("Squeeze", hidden, self._constant("axis_1", np.array([1])))
        hidden = self._linear("classifier.dense", hidden)
        hidden = self._node("Gelu", self._biased("classifier.dense", hidden), domain=_CONTRIB)
        output = "classifier.out_proj"
        logits = self._node(
            "Gemm", hidden, self._parameter(f"{output}.weight"), self._parameter(f"{output}.bias"), transB=1
        )
        self._nodes.append(helper.make_node("Sigmoid", [logits], [probabilities]))
        labels = self._config.num_labels
        graph = helper.make_graph(
            self._nodes,
            "electra",
            [helper.make_tensor_value_info(name, TensorProto.INT64, ["n", "length"]) for name in (ids, mask)],
            [helper.make_tensor_value_info(probabilities, TensorProto.FLOAT, ["n", labels])],
            list(self._initialisers.values()),
        )
        opsets = [helper.make_opsetid("", OPSET), helper.make_opsetid(_CONTRIB, 1)]
        return helper.make_model(graph, opset_imports=opsets, ir_version=9, producer_name="affectra")

    def _embed(self, ids: str) -> str:
        """Word, position and type embeddings, normalised: [n, length, hidden]."""
        prefix = "electra.embeddings."
        words = self._rows(f"{prefix}word_embeddings.weight")
        word = self._node(
            "Mul",
            self._node("Cast", self._node("Gather", words[0], ids), to=TensorProto.FLOAT),
            self._node("Gather", words[1], ids),
        )
        # All texts are of type 0. What depends on constants alone is folded when the model is loaded.
        places = self._rows(f"{prefix}position_embeddings.weight")
        place = self._node("Mul", self._node("Cast", places[0], to=TensorProto.FLOAT), places[1])
        kind = self._node(
            "Gather", self._parameter(f"{prefix}token_type_embeddings.weight"), self._constant("row_0", np.array([0]))
        )
        place = self._node("Add", place, kind)
        length = self._node("Shape", ids, start=1)
        place = self._node("Slice", place, self._constant("start", np.array([0])), length)
        hidden = self._normalise(f"{prefix}LayerNorm", self._node("Add", word, place))
        if self._config.embedding_size != self._config.hidden_size:
            name = "electra.embeddings_project"
            hidden = self._biased(name, self._linear(name, hidden))
        return hidden

    def _layer(self, prefix: str, hidden: str, padding: str, *, last: bool) -> str:
        """One encoder block: [n, length, hidden], or [n, 1, hidden] if it is the last."""
        own = prefix + "attention.self."
        asking = self._node("Gather", hidden, self._constant("row_0", np.array([0])), axis=1) if last else hidden
        query = self._linear(own + "query", asking)
        key, value = self._linear(own + "key", hidden), self._linear(own + "value", hidden)
        biases = np.concatenate([self._state[f"{own}{part}.bias"] for part in ("query", "key", "value")])
        attended = self._node(
            "MultiHeadAttention",
            query,
            key,
            value,
            self._constant(f"{own}query_key_value.bias", biases),
            padding,
            domain=_CONTRIB,
            num_heads=self._config.num_attention_heads,
        )
        hidden = self._residual(prefix + "attention.output.", attended, asking)
        inner = self._linear(prefix + "intermediate.dense", hidden)
        inner = self._node("Gelu", self._biased(prefix + "intermediate.dense", inner), domain=_CONTRIB)
        return self._residual(prefix + "output.", inner, hidden, rectified=True)

    def _residual(self, prefix: str, inner: str, outer: str, *, rectified: bool = False) -> str:
        inner = self._biased(prefix + "dense", self._linear(prefix + "dense", inner, rectified=rectified))
        return self._normalise(prefix + "LayerNorm", self._node("Add", inner, outer))

    def _normalise(self, name: str, value: str) -> str:
        gain, bias = self._parameter(f"{name}.weight"), self._parameter(f"{name}.bias")
        return self._node("LayerNormalization", value, gain, bias, axis=-1, epsilon=self._config.layer_norm_eps)

    def _linear(self, name: str, value: str, *, rectified: bool = False) -> str:
        """Multiply with an int8 weight, stored [inputs, outputs] as the kernel wants it; without the bias."""
        weight = self._state[f"{name}.weight"].T
        scale = _scale(weight, 0, WEIGHT_STEPS)
        levels, row_scale, zero = self._quantise(value, rectified=rectified)
        product = self._node(
            "MatMulIntegerToFloat",
            levels,
            self._constant(f"{name}.weight", np.rint(weight / scale).astype(np.int8)),
            self._constant("one", np.float32(1)),
            self._constant(f"{name}.weight_scale", scale[0]),
            zero,
            domain=_CONTRIB,
        )
        return self._node("Mul", product, row_scale)

    def _quantise(self, value: str, *, rectified: bool) -> tuple[str, str, str]:
        """Quantise each row of a value to uint8; the same value is quantised once.

        Args:
            value: float32 [..., columns].
            rectified: it comes from GELU, so that nearly all levels can go to its positive side.

        Returns:
            the names of the levels, the rows' scales [..., 1] and the zero point.
        """
        if value not in self._quantised:
            zero, magnitude = (16, value) if rectified else (128, self._node("Abs", value))
            largest = self._node("ReduceMax", magnitude, self._constant("axis_last", np.array([-1])), keepdims=1)
            step = self._node("Mul", largest, self._constant(f"per_step_{zero}", np.float32(1 / (255 - zero))))
            floor = -_GELU_MINIMUM / zero if rectified else 1e-9
            step = self._node("Max", step, self._constant(f"floor_{zero}", np.float32(floor)))
            zero_point = self._constant(f"zero_{zero}", np.uint8(zero))
            scaled = self._node("Div", value, step)
            levels = self._node("QuantizeLinear", scaled, self._constant("one", np.float32(1)), zero_point)
            self._quantised[value] = levels, step, zero_point
        return self._quantised[value]

    def _rows(self, key: str) -> tuple[str, str]:
        """Store an embedding table as int8 [rows, columns] and its rows' scales [rows, 1]."""
        table = self._state[key]
        scale = _scale(table, 1, EMBEDDING_STEPS)
        levels = np.rint(table / scale).astype(np.int8)
        return self._constant(key, levels), self._constant(f"{key}_scale", scale)

    def _biased(self, name: str, value: str) -> str:
        return self._node("Add", value, self._parameter(f"{name}.bias"))

    def _parameter(self, key: str) -> str:
        return self._constant(key, self._state[key])

    def _constant(self, name: str, value: NDArray[Any] | np.generic) -> str:
        if name not in self._initialisers:
            self._initialisers[name] = numpy_helper.from_array(np.asarray(value, order="C"), name)
        return name

    def _node(self, operator: str, *inputs: str, domain: str = "", **attributes: Any) -> str:
        output = f"{operator}_{len(self._nodes)}"
        self._nodes.append(helper.make_node(operator, inputs, [output], output, domain=domain, **attributes))
        return output


def _scale(weight: NDArray[np.float32], axis: int, steps: int) -> NDArray[np.float32]:
    """Return the size of a step along `axis` (kept, of length 1); a slice of zeros gets 1."""
    largest = np.abs(weight).max(axis=axis, keepdims=True)
    return np.where(largest > 0, largest / steps, 1).astype(np.float32)
