"""The light body of ELECTRA, pre-trained on tweets and on the corpus's comments: a `--base` for its recipe."""

from collections.abc import Callable
from dataclasses import asdict
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Final

from transformers import ElectraForPreTraining

from core.experiments.tracking import Dataset, Measurement, Run, log_run
from core.machine import machine_kind
from models import goemotions, tweets
from models.light import lighten
from models.pretrain import Pretraining, pretrain
from models.publish import BUILD
from models.recipes.electra import from_packaged
from models.recipes.transformer import PACKAGED_BASE, begin, read_history, start_from

HELD_OUT: Final = 64
"""One in so many texts is not learned from; by these an epoch is measured."""


def train(
    file: Path,
    data: Path,
    settings: Pretraining,
    now: datetime,
    say: Callable[[str], None],
    *,
    work: Path = BUILD,
    tracking_uri: str | None = None,
) -> Path:
    """Pre-train a body, record the run, and return the folder of the checkpoint.

    A run lives in `work/pretrain-seedN`; called again after a stop it goes on from there.

    Args:
        file: of tweets, see `models.tweets`.
        data: the corpus's folder; its training split alone is read.
        settings: of the pre-training; the seed also names the run.
        now: the time, with a time zone.
        say: takes lines for the person who waits.
        work: the folder of runs.
        tracking_uri: the tracker; None takes the settings' one.

    Raises:
        AffectraError: the tweets, the corpus, the packaged base or the tracker cannot be used, or the run in the folder
            was begun otherwise.
    """
    found, corpus = tweets.load(file), goemotions.load("train", data)
    folder = work / f"pretrain-seed{settings.seed}"
    revision = begin(folder, PACKAGED_BASE, settings, now)
    texts = [*corpus.texts, *found.texts]
    wide, pieces = start_from(PACKAGED_BASE, ElectraForPreTraining, partial(from_packaged, ElectraForPreTraining))
    body, tokenizer, kept = lighten(
        wide, pieces, texts, vocabulary=settings.vocabulary, width=settings.width, positions=settings.positions
    )
    say(
        f"{body.config.vocab_size:,} word pieces, {kept.pieces:.1%} of those that the texts use; "
        f"{settings.width} wide, {kept.variance:.1%} of the variance"
    )
    trained = pretrain(
        body,
        tokenizer,
        texts=[text for number, text in enumerate(texts) if number % HELD_OUT],
        held_out=texts[::HELD_OUT],
        settings=settings,
        folder=folder,
    )
    history = folder / "history.jsonl"
    run_id = log_run(
        Run(
            name=f"electra body, seed {settings.seed}",
            params=tuple((name, str(value)) for name, value in asdict(settings).items()),
            metrics=(
                Measurement("kept_pieces", kept.pieces),
                Measurement("kept_variance", kept.variance),
                *read_history(history),
            ),
            tags=(
                ("base", PACKAGED_BASE),
                ("code_revision", revision),
                ("family", "ELECTRA, replaced-token detection"),
                ("machine", machine_kind()),
                ("metrics_of", f"held_out_*: every {HELD_OUT}th text, n = {len(texts[::HELD_OUT])}"),
            ),
            datasets=(
                Dataset("tweets", found.md5, file.name, "unlabelled"),
                Dataset("goemotions-train", corpus.md5, "goemotions/train.tsv", "unlabelled"),
            ),
            files=(history, folder / "run.json"),
        ),
        tracking_uri,
    )
    say(f"the body is in {trained}, tracked as run {run_id}")
    return trained
