"""One tweet in full: its prediction, its flags and why, its feedback, and what the serving model predicts now."""

from typing import Final
from uuid import UUID

import pandas as pd
import streamlit as st

from core.charts import probabilities
from core.emotions import AT_LEVEL, EMOTIONS, INDEX, SENTIMENTS, Level, names, roll_up
from core.errors import InputError, ModelError
from core.explore.time_buckets import naive_or_none
from core.inference.classifier import Thresholds
from core.inference.serving import installed
from core.rules.flags import Flag
from core.services.explorer import Detail
from core.services.predictor import Predictor
from core.settings import settings
from pages import runtime
from pages.components.charts import draw_chart
from pages.components.flagged import show_flagged
from pages.components.frame import guarded, in_cell, plain, show_problem
from pages.components.origin import show_origin
from pages.components.prediction import Badge, show_verdict

_MOVED: Final = 10
"""Labels that are drawn when two readings are compared."""


def draw_detail(prediction_id: UUID, level: Level) -> None:
    """Draw a prediction with everything that belongs to it."""
    found = runtime.app().explorer.detail(prediction_id)
    with st.container(border=True, key="detail"):
        with st.container(horizontal=True, vertical_alignment="center", horizontal_alignment="distribute"):
            st.subheader("One tweet")
            st.page_link(
                "feedback/page.py",
                label="Review it",
                icon=":material/rate_review:",
                query_params={"item": str(prediction_id)},
            )
            st.button("Close", key="close_detail", icon=":material/close:", type="tertiary", on_click=_close)
        if found is None:
            st.warning("This tweet is not in the store (any more). It may have been deleted because of its age.")
            return
        _draw(found, level)


def _close() -> None:
    st.query_params.pop("tweet", None)


def _draw(found: Detail, level: Level) -> None:
    predictor, listed = runtime.app().predictor, found.listed
    show_flagged(listed.text, found.flags)
    sentiment = next(one for one in SENTIMENTS if one.name == listed.sentiment)
    by_sentiment = roll_up(found.scores, "sentiment")[0]
    show_verdict(
        f"Prediction by {listed.model} {listed.model_version}",
        [Badge(EMOTIONS[INDEX[label]], float(found.scores[0, INDEX[label]])) for label in _ranked(found)],
        Badge(sentiment, float(by_sentiment[names("sentiment").index(listed.sentiment)])),
        Badge(EMOTIONS[INDEX[listed.top]], float(found.scores[0, INDEX[listed.top]])),
        f"{listed.model} {listed.model_version}, predicted {found.made_at:%Y-%m-%d %H:%M} UTC",
    )
    show_origin(found.origin, "detail")
    _flags(predictor, found)
    left, right = st.columns([3, 2], gap="medium")
    with left:
        _scores(predictor, found, level)
    with right:
        _facts(found)
        _tokens(predictor, found)
        _said(predictor, found)
    _today(predictor, found, level)
    _near(found)


def _ranked(found: Detail) -> list[str]:
    return sorted(found.listed.labels, key=lambda label: -found.scores[0, INDEX[label]])


def _flags(predictor: Predictor, found: Detail) -> None:
    if not found.flags:
        judged = f"by the rules {plain(found.listed.rule_version)}" if found.listed.rule_version else "by no rules yet"
        st.caption(f"Not flagged ({judged}).")
        return
    with st.expander("What if the flagged words were masked?", key="what_if", on_change="rerun") as opened:
        if opened.open:
            for number, flag in enumerate(found.flags):
                _what_if(predictor, found, number, flag)


@guarded
def _what_if(predictor: Predictor, found: Detail, number: int, flag: Flag) -> None:
    before = predictor.predict(found.listed.text)
    after = predictor.counterfactual(found.listed.text, flag)
    span = plain(in_cell(found.listed.text[flag.start : flag.stop])[:60])
    if pd.isna(after[0, 0]):
        st.caption(f"Without “{span}” no text is left.")
        return
    frame = _moved(before.probabilities, after[0].tolist())
    st.markdown(f"Without “{span}” ({plain(flag.category)}), by {plain(predictor.classifier.info.label)}:")
    both = ("with it", "without it")
    draw_chart(probabilities.rescored(frame, both), f"what_if_{number}", probabilities.describe_rescored(frame, both))


def _moved(before: tuple[float, ...] | list[float], after: list[float]) -> pd.DataFrame:
    """Return the labels that moved most, as `probabilities.rescored` takes them."""
    frame = pd.DataFrame(
        {
            "name": [emotion.name for emotion in EMOTIONS],
            "emoji": [emotion.emoji for emotion in EMOTIONS],
            "colour": [emotion.colour for emotion in EMOTIONS],
            "before": list(before),
            "after": list(after),
        }
    )
    far = (frame["after"] - frame["before"]).abs().nlargest(_MOVED).index
    return frame.loc[far].reset_index(drop=True)


def _scores(predictor: Predictor, found: Detail, level: Level) -> None:
    thresholds = _thresholds_of(predictor, found)
    if thresholds is None:
        st.caption("The thresholds of this prediction are not on this machine, so the bars are drawn without them.")
        labels = AT_LEVEL[level]
        frame = pd.DataFrame(
            {
                "name": [label.name for label in labels],
                "emoji": [label.emoji for label in labels],
                "colour": [label.colour for label in labels],
                "probability": roll_up(found.scores, level)[0].astype(float),
                "threshold": float("nan"),
                "decided": False,
            }
        )
    else:
        frame = probabilities.bars_frame(found.scores, thresholds, level)
    draw_chart(probabilities.emotion_bars(frame), f"detail_bars_{level}", probabilities.describe_bars(frame))


def _thresholds_of(predictor: Predictor, found: Detail) -> Thresholds | None:
    """Return the thresholds by which a prediction was decided, where a model of this machine has them."""
    if predictor.classifier.info.threshold_version == found.threshold_version:
        return predictor.classifier.thresholds
    for one in installed(settings().models_dir):
        if (one.manifest.name, one.manifest.version) == (found.listed.model, found.listed.model_version):
            try:
                own = Thresholds.read(one.folder / "thresholds.json")
            except ModelError as error:
                show_problem(error)
                continue
            if own.version == found.threshold_version:
                return own
    return None


def _facts(found: Detail) -> None:
    listed = found.listed
    facts = {
        "Posted": f"{listed.moment:%Y-%m-%d %H:%M:%S} UTC" if listed.moment else "unknown",
        "Predicted": f"{found.made_at:%Y-%m-%d %H:%M:%S} UTC by {plain(found.actor)}",
        "Source": plain(listed.source) + (f" ({plain(found.batch)})" if found.batch else ""),
        "Model": plain(f"{listed.model} {listed.model_version}"),
        "Normaliser": plain(found.normaliser_version),
        "Thresholds": plain(found.threshold_version),
        "Rules": plain(listed.rule_version or "none"),
        "Margin": "unknown" if listed.margin is None else f"{listed.margin:+.3f}",
        "Id": plain(str(listed.id)),
    }
    st.table(facts, border="horizontal", alt="Facts of this prediction")
    if found.truncated:
        st.caption("The text is longer than the model's input: only its beginning was used.")


def _tokens(predictor: Predictor, found: Detail) -> None:
    with st.expander("Word pieces of the model", key="tokens"):
        pieces = predictor.classifier.tokens(predictor.classifier.normaliser.normalise(found.listed.text))
        st.caption(f"{len(pieces)} pieces, by {plain(predictor.classifier.info.label)}:")
        st.code(" ".join(map(in_cell, pieces)), language=None, wrap_lines=True)


def _said(predictor: Predictor, found: Detail) -> None:
    events = runtime.app().feedback.history(found.listed.id)
    with st.expander(f"Feedback and history ({len(events)})", key="said"):
        if not events:
            st.caption("No thumbs yet.")
        for event in events:
            verdict = {"up": "👍 right", "down": "👎 wrong", "retracted": "↩ taken back"}[event.verdict]
            wished = f", should be {', '.join(event.suggested)}" if event.suggested else ""
            comment = f": “{plain(event.comment)}”" if event.comment else ""
            st.markdown(f"{event.made_at:%Y-%m-%d %H:%M} · {plain(event.actor)} · {verdict}{wished}{comment}")


def _today(predictor: Predictor, found: Detail, level: Level) -> None:
    del level
    if not st.toggle(
        f"Predict again with {plain(predictor.classifier.info.label)}, which serves now", key=f"again_{found.listed.id}"
    ):
        return
    try:
        today = predictor.predict(found.listed.text)
    except (InputError, ModelError) as error:
        show_problem(error)
        return
    gained = [label for label in today.labels if label not in found.listed.labels]
    lost = [label for label in found.listed.labels if label not in today.labels]
    if not gained and not lost:
        st.markdown("Its emotions are the same.")
    else:
        parts = [f"**now** {', '.join(gained)}"] * bool(gained) + [f"**no longer** {', '.join(lost)}"] * bool(lost)
        st.markdown("Its emotions differ: " + "; ".join(parts) + ".")
    frame = _moved(found.scores[0].tolist(), list(today.probabilities))
    draw_chart(probabilities.rescored(frame), "rescored", probabilities.describe_rescored(frame))
    st.caption("The probabilities that moved most. Hollow: as stored. Filled: as predicted now. Nothing is recorded.")


def _near(found: Detail) -> None:
    near = runtime.app().explorer.near(found.listed.id)
    with st.expander(f"Similar texts (the {len(near)} most similar)", key="near"):
        if not near:
            st.caption("No other text of the store shares most of its words.")
            return
        st.dataframe(
            {
                "Similarity": [one.likeness for one in near],
                "Text": [in_cell(one.listed.text)[:400] for one in near],
                "Emotions": [", ".join(one.listed.labels) or "none" for one in near],
                "When (UTC)": [naive_or_none(one.listed.moment) for one in near],
                "Model": [f"{one.listed.model} {one.listed.model_version}" for one in near],
            },
            key=f"near_{found.listed.id}",
            hide_index=True,
            column_config={
                "Similarity": st.column_config.NumberColumn(format="percent", width=80),
                "Text": st.column_config.TextColumn(width="large"),
                "When (UTC)": st.column_config.DatetimeColumn(format="YYYY-MM-DD HH:mm"),
            },
            alt=f"{len(near)} texts that share most of their words with this one",
        )
