"""A training on many sources at once: comments, unlabelled tweets, texts written for the project, corpora of risk.

Each source knows something: raters or writers named emotions, teachers have probabilities for any text, some texts come
with risks. A part says how much each of the 38 targets of each of its texts counts, and the loss leaves out what nobody
knows. So 28 emotions reach the domain of tweets (Hinton et al., "Distilling the Knowledge in a Neural Network", 2015),
and one trunk answers two questions.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
import torch
from numpy.typing import NDArray
from sklearn.metrics import average_precision_score
from tokenizers import Tokenizer
from torch import nn
from transformers import ElectraForSequenceClassification

from core.emotions import INDEX, LABELS
from core.errors import InputError
from core.experiments.tracking import Dataset
from core.risks import RISKS
from core.text import normaliser
from models import augment, risk_corpora, tweets, written
from models.finetune import Encoded, pieces
from models.goemotions import LabelledTexts
from models.thresholds import held_out_f1
from models.written import RiskTexts

Teach = Callable[[str, Sequence[str]], NDArray[np.float32] | None]
"""The name of a part and its raw texts, to what teachers say of them, float32 [n_texts, 28]; None without teachers."""

EMOTIONS: Final = len(LABELS)
WIDTH: Final = EMOTIONS + len(RISKS)

UNLABELLED: Final = 0.5
"""How much a teacher's word on a tweet counts beside a rater's on a comment."""
WRITTEN_TEACHER: Final = 0.2
"""The teachers' share in the targets of written tweets: these are there because teachers misread their like."""
WRITTEN_TIMES: Final = 3
"""How often an epoch reads what was written for the project: some thousand texts among more than a hundred thousand."""
RISK_WEIGHT: Final = 4.0
"""How much a known risk counts beside a known emotion: of ten outputs most texts know nothing."""
CHANGED_SHARE: Final = 0.1
"""The share of comments and written tweets that an epoch also reads changed in a way that leaves their labels."""


@dataclass(frozen=True)
class Sources:
    """Where texts beside the corpus come from, and how many are made.

    Attributes:
        tweets: a file of unlabelled tweets, see `models.tweets`; None for none.
        risk: a folder of corpora, see `models.risk_corpora`; None for none.
        pairs: how many sentences are made by program, see `models.augment`.
        written: the folder of the texts that were written for the project, see `models.written`.
    """

    tweets: Path | None = None
    risk: Path | None = None
    pairs: int = 8_000
    written: Path = written.FOLDER


LEARNED_FROM: Final = {
    "tweets": "unlabelled tweets (TweetEval; Barbieri et al., Findings of EMNLP 2020)",
    "written-tweets": "tweets written for this project (MIT)",
    "written-risk": "texts of risk written for this project (MIT)",
    "davidson": "Davidson et al., ICWSM 2017 (MIT)",
    "hatemoji": "HatemojiBuild (Kirk et al., NAACL 2022; CC BY 4.0)",
}
"""What model cards say of a source beside the corpus, by the name of its dataset."""


@dataclass(frozen=True)
class Part:
    """Texts of one source.

    Attributes:
        raw: as they were written.
        targets: float32 [n_texts, 38] in 0..1.
        known: float32 [n_texts, 38], how much each target counts; 0 where nothing is known.
    """

    name: str
    raw: list[str]
    targets: NDArray[np.float32]
    known: NDArray[np.float32]

    def __len__(self) -> int:
        return len(self.raw)


@dataclass(frozen=True)
class Mixture:
    """What a training reads, by what it is chosen, and what it came from."""

    train: tuple[Part, ...]
    dev: tuple[Part, ...]
    datasets: tuple[Dataset, ...]

    def judge(self, scores: NDArray[np.float32]) -> tuple[float, float, float]:
        """Return three figures of scores, float32 [n_dev, 38], that lie in the order of the parts of dev.

        They are the cross-validated macro-F1 of emotions on comments and on tweets, and the average precision of
        risks, a mean over the categories, each over the texts of which it is known.
        """
        ends = np.cumsum([len(part) for part in self.dev])[:-1]
        comments, own, *risky = zip(self.dev, np.split(scores, ends), strict=True)
        found = [
            held_out_f1(part.targets[:, :EMOTIONS] > 0, said[:, :EMOTIONS], np.random.default_rng(0)).macro
            for part, said in (comments, own)
        ]
        targets, known, said = (
            np.concatenate([rows[:, EMOTIONS:] for rows in several])
            for several in zip(*((part.targets, part.known, said) for part, said in risky), strict=True)
        )
        precision = [
            average_precision_score(targets[rows, place] > 0, said[rows, place])
            for place, rows in enumerate((known > 0).T)
        ]
        return found[0], found[1], float(np.mean(precision))


def mix(
    sources: Sources, corpus: LabelledTexts, dev: LabelledTexts, teach: Teach, *, teacher_weight: float, seed: int
) -> Mixture:
    """Return the parts of a training; the dev splits of the corpus, the written tweets and the risks are its dev.

    Args:
        sources: beside the corpus.
        corpus: the training split.
        dev: the corpus's.
        teach: asks the teachers.
        teacher_weight: 0..1, how much theirs count beside the raters' labels on comments.
        seed: of what is made by program.

    Raises:
        DatasetError: a source cannot be read.
        InputError: there are unlabelled tweets and no teachers.
    """
    rng = np.random.default_rng(seed)
    own, risky = written.tweets("train", sources.written), written.risky("train", sources.written)
    comments = labelled("comments", corpus, teach("comments", corpus.raw), teacher_weight)
    tweeted = labelled("written tweets", own, teach("written tweets", own.raw), WRITTEN_TEACHER)
    parts = [
        comments,
        *changed(comments, rng),
        *[tweeted] * WRITTEN_TIMES,
        *changed(tweeted, rng),
        *[of_risk(risky, teach("written risk", risky.raw))] * WRITTEN_TIMES,
        *made(sources.pairs, corpus, rng),
    ]
    datasets = [
        Dataset(f"written-{kind}", one.md5, f"data/training/{kind}.csv", f"written-{kind}")
        for kind, one in (("tweets", own), ("risk", risky))
    ]
    developed = [
        labelled(dev.split, dev, None, 0),
        labelled("written tweets", written.tweets("dev", sources.written), None, 0),
    ]
    developed.append(of_risk(written.risky("dev", sources.written), None))
    if sources.tweets:
        found = tweets.load(sources.tweets)
        said = teach("tweets", found.raw)
        if said is None:
            raise InputError(
                f"{sources.tweets}: of unlabelled tweets only what teachers say is learned. Name some with --teachers."
            )
        parts.append(_part("tweets", found.raw, said, UNLABELLED))
        datasets.append(Dataset("tweets", found.md5, sources.tweets.name, "tweets"))
    if sources.risk:
        for one in risk_corpora.load(sources.risk, "train"):
            parts.append(of_risk(one, teach(one.name, one.raw)))
            datasets.append(Dataset(one.name, one.md5, f"{one.name}.csv.gz", one.name))
        developed += [of_risk(one, None) for one in risk_corpora.load(sources.risk, "dev")]
    chosen_by = {text for part in developed for text in part.raw}
    # The corpus's own split stays as it was published; the rest came from elsewhere, and may hold what chooses.
    learned = [comments, *(_without(part, chosen_by) for part in parts[1:])]
    return Mixture(tuple(learned), tuple(developed), tuple(datasets))


def labelled(name: str, texts: LabelledTexts, taught: NDArray[np.float32] | None, weight: float) -> Part:
    """Return texts whose emotions somebody named, mixed with what teachers say of them by `weight`."""
    named = texts.targets.astype(np.float32)
    return _part(name, texts.raw, named if taught is None else (1 - weight) * named + weight * taught, 1)


def of_risk(texts: RiskTexts, taught: NDArray[np.float32] | None) -> Part:
    """Return texts whose risks are known; their emotions are what teachers say, if there are any."""
    part = _part(texts.name, texts.raw, taught, UNLABELLED)
    part.targets[:, EMOTIONS:] = texts.targets
    part.known[:, EMOTIONS:] = texts.known * RISK_WEIGHT
    return part


def changed(part: Part, rng: np.random.Generator) -> list[Part]:
    """Return some texts of a part once more, changed so that their labels hold, a part for each kind of change."""
    found = []
    for kind, change in augment.KEPT:
        rows: list[int] = []
        raw: list[str] = []
        for row in rng.permutation(len(part))[: round(len(part) * CHANGED_SHARE * 10)]:
            if len(rows) >= len(part) * CHANGED_SHARE / len(augment.KEPT):
                break
            text = change(part.raw[row], rng)
            if text is not None:
                rows.append(int(row))
                raw.append(text)
        found.append(Part(f"{part.name}, {kind}", raw, part.targets[rows], part.known[rows]))
    return found


def made(number: int, corpus: LabelledTexts, rng: np.random.Generator) -> list[Part]:
    """Return sentences made by program, and a quarter as many neutral comments with an emoji that says a feeling."""
    sentences = list(augment.sentences(number, rng))
    alone = corpus.targets[:, INDEX["neutral"]] & (corpus.targets.sum(axis=1) == 1)
    neutral = rng.permutation(np.flatnonzero(alone))[: number // 4]
    with_emoji = [augment.with_emoji(corpus.raw[row], rng) for row in neutral]
    return [
        _part(name, [one.text for one in texts], augment.targets(texts).astype(np.float32), 1)
        for name, texts in (("made sentences", sentences), ("emoji added", with_emoji))
    ]


def encode(parts: Sequence[Part], tokenizer: Tokenizer, max_length: int) -> Encoded:
    """Tokenise the parts, one after the other; of an empty text the two special pieces are left."""
    texts = [normaliser().normalise(text) for part in parts for text in part.raw]
    return Encoded(
        pieces(tokenizer, texts, max_length),
        np.concatenate([part.targets for part in parts]),
        np.concatenate([part.known for part in parts]),
    )


def widen(model: ElectraForSequenceClassification, parts: Sequence[Part]) -> None:
    """Give a classifier of emotions ten outputs of risk, which start from how often each is known to hold."""
    old = model.classifier.out_proj
    counts = sum((part.known[:, EMOTIONS:] > 0).sum(axis=0) for part in parts)
    risky = sum(((part.known[:, EMOTIONS:] > 0) * part.targets[:, EMOTIONS:]).sum(axis=0) for part in parts)
    share = (np.asarray(risky) + 1) / (np.asarray(counts) + 2)
    new = nn.Linear(old.in_features, WIDTH)
    with torch.no_grad():
        new.weight[EMOTIONS:].normal_(0, model.config.initializer_range)
        new.weight[:EMOTIONS], new.bias[:EMOTIONS] = old.weight, old.bias
        new.bias[EMOTIONS:] = torch.from_numpy(np.log(share / (1 - share)))
    model.classifier.out_proj = new
    names = (*LABELS, *RISKS)
    model.config.id2label = dict(enumerate(names))
    model.config.label2id = {name: place for place, name in enumerate(names)}
    model.num_labels = WIDTH


def _without(part: Part, texts: set[str]) -> Part:
    rows = [row for row, text in enumerate(part.raw) if text not in texts]
    return Part(part.name, [part.raw[row] for row in rows], part.targets[rows], part.known[rows])


def _part(name: str, raw: Sequence[str], emotions: NDArray[np.float32] | None, weight: float) -> Part:
    targets, known = np.zeros((2, len(raw), WIDTH), dtype=np.float32)
    if emotions is not None:
        targets[:, :EMOTIONS] = emotions
        known[:, :EMOTIONS] = weight
    return Part(name, list(raw), targets, known)
