"""The papers of a model folder: manifest.json and the model card README.md, both written from measured values."""

import importlib.metadata
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from hashlib import file_digest
from pathlib import Path
from typing import Final

from core.emotions import LABELS, LEVEL_TITLES
from core.errors import ModelError
from core.experiments.evidence import LABEL_COLUMNS
from core.experiments.tracking import Dataset
from core.inference.classifier import EngineName, FileFact, Manifest, read_manifest
from core.machine import machine_kind
from core.stats.metrics import RARE
from core.text import NORMALISER_VERSION
from models.evaluate import Evaluation, LevelFigures

_PAPERS: Final = {"manifest.json", "README.md"}
_LIBRARIES: Final = ("numpy", "onnxruntime", "scikit-learn", "skops", "tokenizers", "torch", "transformers")


@dataclass(frozen=True, slots=True)
class Origin:
    """What a recipe knows of its model before anything is measured.

    Attributes:
        name: `electra` or `tfidf`; the folder and the command line call it so.
        base: the pre-trained weights, empty if none.
        base_licence: theirs, empty if none.
        max_length: word pieces that are read, None if there is no limit.
        summary: what it is, in a sentence or two for the model card.
        parameters: (name, value) of everything set in training.
        code_revision: of the code at the moment training began.
        options: of the command that trained it, where they differ from the recipe's own.
        learned_from: beside the corpus, in a few words; empty if nothing was.
        tuned_on: what thresholds were tuned on.
        command: that makes it again, if that is not `train`.
        normaliser_version: of the texts that it learned from.
        risks: what it gives beside the emotions.
    """

    name: str
    family: str
    engine: EngineName
    base: str
    base_licence: str
    max_length: int | None
    summary: str
    parameters: tuple[tuple[str, str], ...]
    seed: int
    code_revision: str
    options: str = ""
    learned_from: str = ""
    tuned_on: str = "dev"
    command: str = ""
    normaliser_version: str = NORMALISER_VERSION
    risks: tuple[str, ...] = ()


def next_version(folder: Path) -> str:
    """Return the version of a model trained now: one more than the highest in `folder` and beside it, else 1.

    Raises:
        ModelError: a manifest that is there is damaged, or `folder` exists and holds none.
    """
    if folder.exists() and not (folder / "manifest.json").exists():
        raise ModelError(f"{folder} is there and holds no manifest.json. Move it away, or restore it.")
    highest = 0
    for path in (folder, *folder.parent.glob(f"{folder.name}_v*")):
        if (path / "manifest.json").exists():
            version = read_manifest(path).version
            if not version.isdecimal():
                raise ModelError(
                    f"{path / 'manifest.json'}: version {version!r} is no number to count on from. Mend it."
                )
            highest = max(highest, int(version))
    return str(highest + 1)


def write_manifest(
    folder: Path,
    origin: Origin,
    *,
    version: str,
    datasets: tuple[Dataset, ...],
    now: datetime,
    metrics: list[tuple[str, float]],
) -> Manifest:
    """Write `manifest.json` over every file that lies in `folder`, and return it.

    Args:
        folder: with the engine's files and `thresholds.json`.
        origin: where the model comes from.
        version: of its weights.
        datasets: what was read in training and evaluation.
        now: when it was trained, with a time zone.
        metrics: measured on test; empty before the evaluation.
    """
    installed = {distribution.name.lower() for distribution in importlib.metadata.distributions()}
    manifest = Manifest(
        name=origin.name,
        version=version,
        family=origin.family,
        engine=origin.engine,
        base=origin.base,
        normaliser_version=origin.normaliser_version,
        max_length=origin.max_length,
        labels=LABELS,
        risks=origin.risks,
        files={path.name: _fact(path) for path in sorted(folder.iterdir()) if path.name not in _PAPERS},
        training={
            "trained_at": now.isoformat(timespec="seconds"),
            "code_revision": origin.code_revision,
            "seed": origin.seed,
            "parameters": dict(origin.parameters),
            "base_licence": origin.base_licence,
            "datasets": {data.context: {"name": data.name, "md5": data.md5} for data in datasets},
            "libraries": {name: importlib.metadata.version(name) for name in _LIBRARIES if name in installed},
            "measured_on": machine_kind(),
        },
        metrics={name: round(value, 6) for name, value in metrics},
    )
    text = manifest.model_dump_json(indent=1)
    (folder / "manifest.json").write_text(text + "\n", encoding="utf-8")
    return manifest


def labels_csv(evaluation: Evaluation) -> str:
    """Return the figures of every label at every level as CSV; names are ours, so nothing needs quoting."""
    lines = [",".join(LABEL_COLUMNS)]
    for at in evaluation.levels:
        for label in at.labels:
            values = (
                *(label.threshold, label.precision, label.recall, label.f1),
                *(label.average_precision, label.roc_auc, label.calibration_error),
            )
            lines.append(
                f"{evaluation.split},{evaluation.n},{at.level},{label.name},{label.support},{str(label.rare).lower()},"
                f"{label.decided}," + ",".join(f"{value:.4f}" for value in values)
            )
    return "\n".join(lines) + "\n"


def write_card(
    folder: Path, origin: Origin, manifest: Manifest, evaluation: Evaluation, compared: Sequence[str] = ()
) -> None:
    """Write the model card `README.md` from the manifest and from what was measured on test.

    Args:
        compared: what was found beside other models, a sentence each.
    """
    size = manifest.bytes / 1e6
    base = f"{origin.base} ({origin.base_licence})" if origin.base else "none; every weight was learned from the corpus"
    read = f"{origin.max_length} word pieces" if origin.max_length else "whole texts"
    parameters = "\n".join(f"| {name} | {value.replace('|', '&#124;')} |" for name, value in origin.parameters)
    training = manifest.training
    learned_from = f", and {origin.learned_from}" if origin.learned_from else ""
    risks = f", and {len(origin.risks)} of risk, in the order of `risks`" if origin.risks else ""
    comparison = "\n## Compared\n\n" + "".join(f"* {sentence}\n" for sentence in compared) if compared else ""
    train = " ".join(filter(None, (f"train {origin.name} --data DIR --seed {origin.seed}", origin.options)))
    usual = f"python -m models {train}\npython -m models evaluate {origin.name} --data DIR"
    card = f"""# {origin.name}, version {manifest.version}

{origin.summary}

| | |
|---|---|
| family | {origin.family} |
| base | {base} |
| trained on | GoEmotions, 28-label split (Demszky et al., ACL 2020; CC BY 4.0, Google Research){learned_from} |
| reads | {read} of a normalised text (normaliser version {manifest.normaliser_version}) |
| gives | 28 independent probabilities, in the order of `labels` in manifest.json{risks} |
| size | {size:.2f} MB on disk |
| trained at | {training["trained_at"]}, seed {origin.seed}, code revision `{origin.code_revision}` |

## Intended use

Exploring which emotions short English posts express, and ordering a queue that people review. It serves as a second
opinion, with its certainty beside every label.

## Limits

* It learned from English Reddit comments of 2005 to 2019. Later slang, other languages and other places are outside
  of what was measured; tweets are close kin, not the same.
* Labels are raters' reading of a comment without its thread: perceived, not felt. Raters disagreed often.
* Labels with fewer than {RARE} test examples are marked *rare* below. Their figures may be luck.
* No decision about a person or their post should rest on it alone. It misreads irony, quotation and reclaimed words,
  and it has not been audited for equal errors across groups of people.

## Measured

GoEmotions test split, n = {evaluation.n:,}, on {training["measured_on"]}, with the files of this folder. Thresholds
were tuned on {origin.tuned_on} alone; in brackets 95 % bootstrap intervals over texts.

{_levels_table(evaluation)}

{_label_tables(evaluation)}

AP: average precision. Weighted F1, precision, recall, accuracy and calibration are in manifest.json.
{comparison}
## Reproduce

```
{origin.command or usual}
```

`DIR` holds the corpus's train.tsv, dev.tsv, test.tsv and labels.txt. Checksums: {_checksums(manifest)}.

| parameter | value |
|---|---|
{parameters}
"""
    (folder / "README.md").write_text(card, encoding="utf-8")


def _fact(path: Path) -> FileFact:
    with path.open("rb") as file:
        return FileFact(sha256=file_digest(file, "sha256").hexdigest(), bytes=path.stat().st_size)


def _levels_table(evaluation: Evaluation) -> str:
    lines = [
        "| level | macro-F1 | micro-F1 | macro-F1 at 0.5 | macro AP | macro ROC AUC |",
        "|---|---|---|---|---|---|",
    ]
    for at in evaluation.levels:
        macro, micro = (f"{f1.value:.3f} [{f1.low:.3f}, {f1.high:.3f}]" for f1 in (at.macro_f1, at.micro_f1))
        lines.append(
            f"| {LEVEL_TITLES[at.level]} | {macro} | {micro} | {at.flat.macro_f1:.3f} "
            f"| {at.ranking.average_precision:.3f} | {at.ranking.roc_auc:.3f} |"
        )
    return "\n".join(lines)


def _label_tables(evaluation: Evaluation) -> str:
    return "\n\n".join(_label_table(at) for at in evaluation.levels)


def _label_table(at: LevelFigures) -> str:
    lines = [
        f"| {at.level} | examples | threshold | precision | recall | F1 | AP |",
        "|---|---|---|---|---|---|---|",
    ]
    for label in at.labels:
        mark = " (rare)" if label.rare else ""
        lines.append(
            f"| {label.name}{mark} | {label.support} | {label.threshold:.3f} | {label.precision:.2f} "
            f"| {label.recall:.2f} | {label.f1:.2f} | {label.average_precision:.2f} |"
        )
    return "\n".join(lines)


def _checksums(manifest: Manifest) -> str:
    return ", ".join(f"{split} md5 `{data['md5']}`" for split, data in manifest.training["datasets"].items())
