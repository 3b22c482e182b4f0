"""The way back: an fp32 PyTorch checkpoint, as transformers reads it, from the int8 ONNX file of a model folder.

Needed where a model must be run by PyTorch (the comparison in `core.bench.models`), for the artefact holds int8 alone.
It needs the packages of training (onnx, torch, safetensors).
"""

import shutil
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from core.errors import ModelError
from core.inference.engines.onnx_engine import MODEL_FILE

_SCALE = "_scale"
_COPIED = ("config.json", "tokenizer.json", "tokenizer_config.json")


def recover(folder: Path, into: Path) -> Path:
    """Write config, tokenizer and model.safetensors of the model in `folder` to the folder `into`, and return it.

    Its outputs differ from the ONNX model's only by what quantising the activations changes.

    Raises:
        ModelError: `folder` does not hold a model that `models.export_onnx` wrote.
    """
    import onnx  # noqa: PLC0415  (packages of training, needed here alone)
    from safetensors.numpy import save_file  # noqa: PLC0415

    missing = [name for name in (MODEL_FILE, *_COPIED) if not (folder / name).is_file()]
    if missing:
        raise ModelError(f"{folder} lacks {', '.join(missing)}. Restore it from the repository.")
    stored = {
        value.name: onnx.numpy_helper.to_array(value)
        for value in onnx.load_model(folder / MODEL_FILE).graph.initializer
    }
    state = _state(stored)
    if not any(name.startswith("classifier.") for name in state):
        raise ModelError(f"{folder / MODEL_FILE} does not name its weights as a checkpoint does. Export it again.")
    into.mkdir(parents=True, exist_ok=True)
    for name in _COPIED:
        shutil.copyfile(folder / name, into / name)
    save_file(state, into / "model.safetensors", metadata={"format": "pt"})
    return into


def _state(stored: dict[str, NDArray[np.generic]]) -> dict[str, NDArray[np.float32]]:
    """Return the checkpoint's parameters, float32, out of the graph's initialisers."""
    state: dict[str, NDArray[np.float32]] = {}
    for name, value in stored.items():
        if not name.startswith(("electra.", "classifier.")) or name.endswith(_SCALE):
            continue
        if name.endswith("query_key_value.bias"):
            own = name.removesuffix("query_key_value.bias")
            for part, bias in zip(("query", "key", "value"), np.split(value, 3), strict=True):
                state[f"{own}{part}.bias"] = bias.astype(np.float32)
        elif value.dtype == np.int8:
            scale = stored[name + _SCALE]
            weight = value.astype(np.float32) * scale.astype(np.float32)
            # A linear layer is stored [inputs, outputs] with a scale for each output, an embedding row by row.
            state[name] = np.ascontiguousarray(weight.T if scale.ndim == 1 else weight)
        else:
            state[name] = value.astype(np.float32)
    return state
