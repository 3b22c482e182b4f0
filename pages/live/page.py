"""Live: type a tweet, see its emotions; or score a whole file."""

from typing import Final

import streamlit as st

from core.charts import probabilities
from core.emotions import AT_LEVEL, EMOTIONS, INDEX, LABELS, SENTIMENTS, Level, names, roll_up
from core.errors import InputError, ModelError, SettingsError, StoreError
from core.inference.classifier import Classifier
from core.language import detect, is_read, language_name
from core.predictions.record import Prediction, Verdict
from core.services.feedback import MAX_COMMENT
from core.services.predictor import Predictor
from core.text import MAX_CHARS
from pages import runtime
from pages.components.decisions import describe_answer
from pages.components.enter_key import enter_presses
from pages.components.flagged import show_flags
from pages.components.frame import guarded, plain, reporting, say, show_problem, show_reported
from pages.components.levels import level_switch
from pages.components.prediction import Badge, show_verdict, show_words
from pages.live.file import file_tab

EXAMPLES: Final = {
    "Joy": "I got the job!! Calling mum right now, I can't stop smiling 😭🎉",
    "Sarcasm": "Oh great, another Monday meeting that could have been an email. Love that for us.",
    "Mixed": "So proud of her for moving abroad, but the house is far too quiet tonight 💔",
    "French": "Quel bonheur de vous retrouver tous ce soir, vous m'avez tellement manqué !",
    "Emoji only": "😂😂😂❤️",
    "Very long": (
        "I have been on hold with the airline for three hours now and I would like to tell the whole story. "
        "First the flight was moved, then it was cancelled, then somebody told us that it was never cancelled. "
        "My daughter slept on two chairs. A stranger gave us her sandwiches and would not take any money, and I "
        "nearly cried. The man at desk 14 was kind and could do nothing. The app said boarding, the board said "
        "delayed, the gate was dark. We are home now, a day late. I am still angry, I am so tired, and I keep "
        "thinking of the woman with the sandwiches. Thank you, whoever you are. " * 2
    ),
}
# Explains whichever label is the most probable. (Streamlit draws a string that stands alone in a page.)
STRONGEST: Final = "strongest"


def main() -> None:
    """Draw the page."""
    st.caption("**Affectra** · emotions in tweets, read on a plain CPU")
    st.title("Read tweets")
    one, many = st.tabs(["One tweet", "A file of tweets"], key="live_tab")
    # Both are drawn always: a hidden tab that is not drawn would lose its upload and the job that scores it.
    with one:
        one_tweet()
        _answers()
    with many:
        file_tab()


@st.fragment
@guarded
def one_tweet() -> None:
    """Draw the input, the verdict, the chart and the words; rerun alone while somebody types."""
    predictor = runtime.app().predictor
    if predictor.notice:
        st.warning(plain(predictor.notice), icon=":material/swap_horiz:")
    text = _input(predictor)
    show_reported()
    if (language := _not_read(text)) is not None:
        st.info(
            f"Not read: this looks like {language}, and the model was made for English.", icon=":material/translate:"
        )
        st.button("Read it anyway", key="read_anyway", on_click=_read_anyway, args=(text,))
        _recent(predictor)
        return
    try:
        reading = _predicted(predictor, text) if text.strip() else None
    except InputError as error:
        st.info(plain(str(error)), icon=":material/info:")
        _feedback(predictor)
    else:
        if reading is None:
            st.info("Type a tweet above, or try one of the examples. The bars move while you type.")
            _feedback(predictor)
        else:
            _reading(predictor, reading)
    _recent(predictor)


def _predicted(predictor: Predictor, text: str) -> Prediction:
    """Return what is drawn of a text: as long as text, model and rules stay the same, it is one prediction.

    What is drawn is what is recorded, so it must not be made again by the rerun that recording brings.

    Raises:
        InputError, ModelError: as `Predictor.predict` has it.
    """
    drawn: Prediction | None = st.session_state.get("drawn")
    if drawn is None or drawn.text != text or not predictor.would_say(drawn):
        drawn = st.session_state["drawn"] = predictor.predict(text)
    return drawn


def _input(predictor: Predictor) -> str:
    with st.container(horizontal=True, vertical_alignment="bottom"):
        text = st.text_input(
            "Tweet",
            key="tweet",
            live="150ms",
            placeholder="What is happening?",
            persist_state="session",
            help="Bars move as you type. Nothing is kept until you press Enter or Record.",
        )
        st.button(
            "Record",
            key="record",
            icon=":material/keyboard_return:",
            type="primary",
            on_click=_record,
            args=(predictor,),
        )
    enter_presses(input_key="tweet", button_key="record")
    with st.container(horizontal=True, gap="small", vertical_alignment="center"):
        st.markdown("Try one:", width="content")
        for name, example in EXAMPLES.items():
            st.button(name, key=f"example_{name}", on_click=_take_example, args=(example,))
    return text


def _not_read(text: str) -> str | None:
    """Return the language of a text that is not read, None for one that is, or that somebody wants read anyway."""
    (code,) = detect([text])
    if code is None or is_read(code) or text == st.session_state.get("wanted_anyway"):
        return None
    return language_name(code)


def _read_anyway(text: str) -> None:
    st.session_state["wanted_anyway"] = text


def _take_example(example: str) -> None:
    st.session_state["tweet"] = example


@reporting
def _record(predictor: Predictor) -> None:
    text = st.session_state["tweet"]
    last: Prediction | None = st.session_state.get("recorded")
    if not text.strip():
        say("Type a tweet first.")
        return
    if _not_read(text) is not None:
        return  # the page says it, in the place of the verdict
    try:
        prediction = _predicted(predictor, text)
    except InputError:
        return  # the page says it, in the place of the verdict
    if last is not None and (last.id == prediction.id or (last.text == text and predictor.would_say(last))):
        say("This tweet is recorded already.")
        return
    runtime.app().intake.record(prediction, runtime.app().actor)
    st.session_state["recorded"] = prediction
    say("Recorded.")


def _reading(predictor: Predictor, prediction: Prediction) -> None:
    if prediction.truncated:
        words = predictor.classifier.info.max_length
        read = f"{MAX_CHARS:,} characters" + (f", and of those {words} word pieces" if words else "")
        st.warning(f"This text is long: at most its first {read} are read.", icon=":material/content_cut:")
    with st.container(horizontal=True, vertical_alignment="bottom", horizontal_alignment="distribute"):
        level = level_switch("level")
        beside = st.toggle("Beside the baseline (TF-IDF)", key="beside", persist_state="session")
    # Loaded before anything is drawn: the first time takes a while.
    baseline = _baseline(predictor) if beside else None
    if baseline is not None:
        left, right = st.columns(2, gap="medium")
        with left:
            st.header(plain(predictor.classifier.info.label))
            _verdict(predictor.classifier, prediction)
            _bars(predictor.classifier, prediction, level, "serving")
        with right:
            st.header(plain(baseline.info.label))
            by_baseline = predictor.predict(prediction.text, classifier=baseline)
            _verdict(baseline, by_baseline)
            _bars(baseline, by_baseline, level, "baseline")
        _words(predictor, prediction, level)
        _feedback(predictor)
        return
    _verdict(predictor.classifier, prediction)
    left, right = st.columns([3, 2], gap="medium")
    with left:
        _bars(predictor.classifier, prediction, level, "serving")
    with right:
        _words(predictor, prediction, level)
        _feedback(predictor)


def _baseline(predictor: Predictor) -> Classifier | None:
    try:
        return predictor.baseline
    except ModelError as error:
        show_problem(error)
        return None


def _bars(model: Classifier, reading: Prediction, level: Level, side: str) -> None:
    frame = probabilities.bars_frame(reading.scores, model.thresholds, level)
    st.plotly_chart(
        probabilities.emotion_bars(frame),
        key=f"bars_{side}_{level}",
        config={"displayModeBar": False},
        alt=probabilities.describe_bars(frame),
    )
    st.caption("Bar: probability. Tick: the label's threshold, tuned on the dev split. ✓: reaches it.")


def _verdict(model: Classifier, reading: Prediction) -> None:
    sentiment = next(label for label in SENTIMENTS if label.name == reading.sentiment)
    by_sentiment = roll_up(reading.scores, "sentiment")[0]
    show_verdict(
        f"Prediction by {model.info.label}",
        [Badge(EMOTIONS[INDEX[label]], reading.probabilities[INDEX[label]]) for label in reading.labels],
        Badge(sentiment, float(by_sentiment[names("sentiment").index(reading.sentiment)])),
        Badge(EMOTIONS[INDEX[reading.top]], reading.probabilities[INDEX[reading.top]]),
        f"{model.info.label} · {reading.latency_ms:.1f} ms on this machine",
    )
    show_flags(reading.flags)


def _words(predictor: Predictor, prediction: Prediction, level: Level) -> None:
    st.header("Words that moved it")
    chosen = st.selectbox(
        "Emotion to explain",
        [STRONGEST, *(label.name for label in AT_LEVEL[level])],
        key=f"explain_{level}",
        format_func=lambda one: "the strongest" if one == STRONGEST else one,
        width=260,
        persist_state="session",
    )
    explanation = predictor.explain(prediction, None if chosen == STRONGEST else chosen, level)
    st.caption(
        f"Contribution to **{explanation.label}** ({explanation.probability:.0%}): how far its log-odds fall "
        f"when the word is left out. Solid with +: raises it. Dashed with −: lowers it."
    )
    show_words(explanation)


def _feedback(predictor: Predictor) -> None:
    recorded: Prediction | None = st.session_state.get("recorded")
    if recorded is None:
        return
    with st.container(border=True):
        st.header("Was this right?")
        labels = ", ".join(recorded.labels) or f"no clear emotion (closest: {recorded.top})"
        st.markdown(f"“{plain(_short(recorded.text))}” was read as **{labels}**.")
        key = f"thumb_{recorded.id}"
        st.feedback("thumbs", key=key, on_change=_thumb, args=(predictor, recorded), persist_state="session")
        if st.session_state.get(key) == 0:
            _correction(predictor, recorded)
        if said := st.session_state.get(f"said_{recorded.id}"):
            st.caption(said)


@reporting
def _thumb(predictor: Predictor, recorded: Prediction) -> None:
    # A thumb down is 0, and a thumb that is cleared is None: a retraction, which is kept as such.
    verdicts: dict[int | None, Verdict] = {1: "up", 0: "down", None: "retracted"}
    verdict = verdicts[st.session_state[f"thumb_{recorded.id}"]]
    runtime.app().feedback.give(recorded.id, verdict, runtime.app().actor)
    said: dict[Verdict, str] = {
        "up": "Thank you: kept as right.",
        "down": "Kept as wrong. What should it have been?",
        "retracted": "Taken back: kept as a retraction.",
    }
    st.session_state[f"said_{recorded.id}"] = said[verdict]


def _correction(predictor: Predictor, recorded: Prediction) -> None:
    with st.form(f"correction_{recorded.id}", border=False):
        st.multiselect(
            "What should it have been?",
            LABELS,
            key=f"suggested_{recorded.id}",
            format_func=lambda label: f"{EMOTIONS[INDEX[label]].emoji} {label}",
            placeholder="Choose one or more emotions",
        )
        st.text_area(
            f"Why? (optional, up to {MAX_COMMENT:,} characters)",
            key=f"comment_{recorded.id}",
            max_chars=MAX_COMMENT,
            height=80,
        )
        st.form_submit_button(
            "Send the correction", key=f"send_{recorded.id}", on_click=_correct, args=(predictor, recorded)
        )


@reporting
def _correct(predictor: Predictor, recorded: Prediction) -> None:
    suggested, comment = (st.session_state[f"{part}_{recorded.id}"] for part in ("suggested", "comment"))
    if not suggested and not comment.strip():
        st.session_state[f"said_{recorded.id}"] = "Nothing was sent: choose an emotion, or write why it is wrong."
        return
    runtime.app().feedback.give(recorded.id, "down", runtime.app().actor, suggested=suggested, comment=comment)
    st.session_state[f"said_{recorded.id}"] = "Thank you: your correction is kept."


def _recent(predictor: Predictor) -> None:
    st.header("Recently recorded")
    explorer = runtime.app().explorer
    rows, stored = explorer.recent(20), explorer.stored()
    st.dataframe(
        {
            "When (UTC)": [row.made_at.replace(tzinfo=None) for row in rows],
            "Text": [row.text for row in rows],
            "Emotions": [", ".join(row.labels) or f"none (closest: {row.top})" for row in rows],
            "Sentiment": [row.sentiment for row in rows],
            "Thumbs": ["👍" * row.ups + "👎" * row.downs for row in rows],
            "Source": [row.source for row in rows],
            "Model": [f"{row.model} {row.model_version}" for row in rows],
        },
        key="recent",
        hide_index=True,
        column_config={
            "When (UTC)": st.column_config.DatetimeColumn(format="YYYY-MM-DD HH:mm:ss"),
            "Text": st.column_config.TextColumn(width="large"),
        },
        height=280,
        alt=f"The {len(rows)} newest of {stored:,} predictions in the store",
    )
    st.caption(f"The newest {len(rows)} of {stored:,} predictions in the store.")


@st.fragment
def _answers() -> None:
    """Tell a tester what came of their thumbs. A fragment of its own: typing does not draw it."""
    try:
        mine = runtime.app().feedback_insights.mine(runtime.app().actor)
    except (ModelError, SettingsError, StoreError):
        return  # what stands above asks for the same, and has said what is wrong with it
    if not mine.reviewed:
        return
    told = "; ".join(describe_answer(one.text, one.kind, one.emotions, one.decided_by) for one in mine.answers)
    st.caption(
        f"{mine.reviewed:,} of your {mine.thumbs:,} {'thumb' if mine.thumbs == 1 else 'thumbs'} "
        f"{'has' if mine.reviewed == 1 else 'have'} been reviewed. The last: {told}."
    )


def _short(text: str, limit: int = 140) -> str:
    return text if len(text) <= limit else text[: limit - 1] + "…"


main()
