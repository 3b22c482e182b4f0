"""The leaderboard: every run with its figures and its price, the trade-off, and what others published."""

from contextlib import suppress
from typing import Final

import pandas as pd
import streamlit as st

from core.charts import comparison
from core.emotions import Level
from core.errors import InputError
from core.experiments import published
from core.experiments.head_to_head import leading_rival, smallest_rival
from core.experiments.leaderboard import board_frame
from core.services.model_board import Board
from core.stats.metrics import RARE, RESAMPLES
from pages import runtime
from pages.components.frame import guarded, in_cell, plain, show_problem
from pages.components.levels import LEVELS

_EMPTY: Final = (
    "No run is recorded yet. `python -m models runs import` brings those of the shipped models, "
    "`python -m models train tfidf --data DIR` makes a new one."
)


def draw(board: Board, level: Level) -> None:
    """Draw the tab."""
    frame = board_frame(board.runs, board.registry, level)
    if frame.empty:
        st.info(_EMPTY, icon=":material/info:")
        _published(level)
        return
    families = sorted(frame["family"].unique())
    # None chosen means all: a family that comes later is then shown too.
    chosen = st.pills(
        "Families",
        families,
        selection_mode="multi",
        key="families",
        format_func=plain,
        persist_state="session",
    )
    shown = frame[frame["family"].isin(chosen)] if chosen else frame
    without = shown[shown["macro_f1"].isna()]
    _verdict(board, level)
    _table(shown, level)
    if len(without):
        listed = ", ".join(plain(name) for name in without["name"].head(5)) + (" …" if len(without) > 5 else "")
        st.caption(
            f"{len(without)} of these runs have no figures on test and stay out of the chart: {listed}. Measure them "
            f"with `python -m models evaluate MODEL --log`."
        )
    st.header("Quality and its cost")
    st.plotly_chart(
        comparison.trade_off(shown),
        key=f"trade_off_{level}",
        config={"displayModeBar": False},
        alt=comparison.describe_trade_off(shown),
    )
    st.caption(
        "Filled: no other run is at most as large and at least as good. Hollow and grey: another one is. The larger "
        "the bubble, the longer one tweet takes. Bars: 95 % intervals. ★: the champion."
    )
    _published(level)
    _how(shown)


@guarded
def _verdict(board: Board, level: Level) -> None:
    """Say how the champion stands beside the smallest model of another family, and beside the run that leads."""
    fingerprint = board.champion.fingerprint if board.champion else ""
    said = []
    for rivals in (smallest_rival(board.runs, fingerprint), leading_rival(board.runs, fingerprint, level)):
        if rivals is not None:
            with suppress(InputError):  # the tab that compares two runs says what is missing
                said.append(plain(runtime.app().model_board.compare_runs(*rivals).sentence(level)))
    if said:
        st.markdown(f"At **{LEVELS[level]}**: {' '.join(dict.fromkeys(said))}")


def _table(frame: pd.DataFrame, level: Level) -> None:
    shown = pd.DataFrame(
        {
            "Run": [
                f"{'★ ' if champion else ''}{in_cell(name)}"
                for name, champion in zip(frame["name"], frame["champion"], strict=True)
            ],
            "Macro-F1": frame["macro_f1"],
            "95 % interval": _spans(frame, "macro_f1"),
            "Micro-F1": frame["micro_f1"],
            "95 % interval ": _spans(frame, "micro_f1"),
            "MB": frame["mb"],
            "ms a tweet": frame["median_ms"],
            "ms, p95": frame["p95_ms"],
            "Tweets/s": frame["tweets_per_second"],
            "Peak MiB": frame["peak_mib"],
            "Family": frame["family"].map(in_cell),
            "Base": frame["base"].map(in_cell),
            "Parameters, M": frame["parameters"] / 1e6,
            "AP": frame["average_precision"],
            "ROC AUC": frame["roc_auc"],
            "Macro-F1 at 0.5": frame["macro_f1_flat"],
            "Weighted F1": frame["weighted_f1"],
            "Precision": frame["macro_precision"],
            "Recall": frame["macro_recall"],
            "All labels right": frame["subset_accuracy"],
            "Hamming loss": frame["hamming_loss"],
            "Calibration error": frame["calibration_error"],
            "Trained (UTC)": frame["started_at"],
            "Test texts": frame["n"],
        }
    )
    number = st.column_config.NumberColumn
    three, one, whole = (number(format=form) for form in ("%.3f", "%.1f", "%.0f"))
    st.dataframe(
        shown,
        key=f"leaderboard_{level}",
        hide_index=True,
        placeholder="–",
        height=min(35 * (len(shown) + 1) + 3, 460),
        column_config={
            "Run": st.column_config.TextColumn(pinned=True, help="★ the champion"),
            "Macro-F1": number(format="%.3f", help="Mean over labels, thresholds tuned on dev"),
            **dict.fromkeys(
                (
                    *("Micro-F1", "AP", "ROC AUC", "Macro-F1 at 0.5", "Weighted F1", "Precision", "Recall"),
                    *("All labels right", "Hamming loss", "Calibration error"),
                ),
                three,
            ),
            **dict.fromkeys(("MB", "ms a tweet", "ms, p95", "Parameters, M"), one),
            **dict.fromkeys(("Tweets/s", "Peak MiB", "Test texts"), whole),
            "Trained (UTC)": st.column_config.DatetimeColumn(format="YYYY-MM-DD HH:mm"),
        },
        alt=f"{len(shown)} runs with their figures at level {LEVELS[level]}, the best macro-F1 first",
    )
    sizes = sorted({int(n) for n in frame["n"].dropna()})
    machines = sorted({machine for machine in frame["machine"] if machine})
    st.caption(
        f"{len(shown)} runs. GoEmotions test split, n = {', '.join(f'{n:,}' for n in sizes) or 'unknown'}. Speed: on "
        f"{'; '.join(plain(machine) for machine in machines) or 'nothing yet'}, raw text in, labels out. Click a "
        f"column's head to sort."
    )


def _spans(frame: pd.DataFrame, name: str) -> list[str]:
    return [
        "–" if pd.isna(low) else f"{low:.3f} – {high:.3f}"
        for low, high in zip(frame[f"{name}_low"], frame[f"{name}_high"], strict=True)
    ]


def _published(level: Level) -> None:
    with st.expander("Published by others (not measured here)", icon=":material/menu_book:"):
        try:
            results = published.read()
        except InputError as error:
            show_problem(error)
            return
        own = results.dropna(subset=[level]).sort_values(level, ascending=False)
        st.markdown(
            "Macro-F1 on GoEmotions' test split as their authors state it. Thresholds differ, and matter as much as "
            "models do, so these rows are not ranked among ours."
        )
        st.dataframe(
            pd.DataFrame(
                {
                    "Model": own["model"],
                    "Macro-F1": own[level],
                    "MB": own["mb"],
                    "Threshold": own["threshold"],
                    "Source": own["source"],
                    "Link": own["url"],
                }
            ),
            key=f"published_{level}",
            hide_index=True,
            placeholder="–",
            column_config={
                "Macro-F1": st.column_config.NumberColumn(format="%.3f"),
                "MB": st.column_config.NumberColumn(format="%.0f"),
                "Threshold": st.column_config.TextColumn(width="medium"),
                "Link": st.column_config.LinkColumn(display_text="open"),
            },
            alt=f"{len(own)} published results at level {LEVELS[level]}",
        )


def _how(frame: pd.DataFrame) -> None:
    with st.expander("How we measured", icon=":material/science:"):
        bases = ", ".join(sorted({plain(base) for base in frame["base"] if base not in {"none", "unknown"}}))
        st.markdown(
            f"""
* **Data**: GoEmotions (Demszky et al., ACL 2020): English Reddit comments, 28 labels, several may hold at once. 43,410
  train, 5,426 dev, 5,427 test, the authors' own split. Each model reads these as it learned to (its normaliser).
* **Thresholds**: tuned per label and level on dev, never on test. *At 0.5* shows what comes of not tuning.
* **Levels**: an Ekman group or a sentiment has the highest probability among its members, and thresholds of its own.
* **Intervals**: 95 %, by bootstrap over the test texts ({RESAMPLES:,} resamples, one seed for all runs). Two runs are
  compared on the same resamples, so their difference is paired. Seeds of training are not in the interval.
* **Cost**: each model in a process of its own on the machine named under the table: up to 200 tweets one by one, then
  files of 512. Peak MiB is that whole process, Python and libraries included.
* **Bases**: {bases or "none"}. A run says which; other bases give other figures.
* **Limits**: labels with fewer than {RARE} test examples are marked rare, and weigh as much in macro-F1 as the others:
  six texts of grief can move it by a point. Comments are not tweets; the README says how much is lost between them.
"""
        )
