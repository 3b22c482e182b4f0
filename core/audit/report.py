"""`report.html`: the audit with charts, in one file that asks no network for anything."""

import html
from collections.abc import Iterable, Sequence
from string import Template
from typing import Final

import numpy as np
import pandas as pd
import plotly.graph_objects as go
import plotly.io
from plotly.offline import get_plotlyjs

from core.audit.findings import Findings, Flagged
from core.audit.folder import STATS, Basis
from core.audit.words import counted, percent, shown
from core.charts import distributions as charts
from core.charts import risk
from core.charts.probabilities import counts_frame
from core.emotions import EMOTIONS, LABELS
from core.rules.flags import CATEGORIES, SEVERITIES

FREQUENT: Final = 10
"""Emotions in the table."""
TOGETHER: Final = 7
"""Emotions whose co-occurrence is drawn: as many as have room for their numbers on a telephone."""

# The policy lets the browser load nothing at all, whatever a text might contain.
_PAGE: Final = Template("""<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; \
script-src 'unsafe-inline'; style-src 'unsafe-inline'; img-src data: blob:">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>$title</title>
<style>$style</style>
</head>
<body>
<main>
<h1>$title</h1>
<p class="quiet">Audit $id</p>
$body
</main>
$scripts
</body>
</html>
""")

_STYLE: Final = """
:root { --paper: #ffffff; --ink: #1c2330; --quiet: #566072; --line: #d5dae2; --band: #f4f6f9; }
@media (prefers-color-scheme: dark) {
  :root { --paper: #10141c; --ink: #e8ecf2; --quiet: #a5afbf; --line: #343c4a; --band: #19202b; }
}
* { box-sizing: border-box; }
body { margin: 0; background: var(--paper); color: var(--ink); font: 16px/1.55 system-ui, sans-serif; }
main { max-width: 60rem; margin: 0 auto; padding: 1.5rem 1rem 4rem; overflow-wrap: anywhere; }
h1 { font-size: 1.7rem; line-height: 1.25; margin: 0 0 .25rem; }
h2 { font-size: 1.25rem; margin: 2.5rem 0 .5rem; padding-top: .75rem; border-top: 1px solid var(--line); }
p { margin: .4rem 0; max-width: 46rem; }
.quiet, caption, figcaption { color: var(--quiet); font-size: .9rem; }
dl { display: grid; grid-template-columns: repeat(auto-fit, minmax(8rem, 1fr)); gap: .75rem; margin: 1.25rem 0; }
dl div { background: var(--band); border: 1px solid var(--line); border-radius: .5rem; padding: .6rem .8rem; }
dt { color: var(--quiet); font-size: .9rem; }
dd { margin: 0; font-size: 1.5rem; font-variant-numeric: tabular-nums; }
figure { margin: 1.25rem 0; }
.scroll { overflow-x: auto; margin: 1.25rem 0; }
.scroll:focus-visible { outline: 2px solid #3a86d4; outline-offset: 2px; }
table { border-collapse: collapse; width: 100%; overflow-wrap: normal; }
caption { text-align: left; padding-bottom: .4rem; }
th, td { padding: .4rem .6rem; text-align: left; vertical-align: top; border-bottom: 1px solid var(--line); }
thead th { border-bottom-width: 2px; }
tbody th { font-weight: 600; white-space: nowrap; }
td.number, th.number { text-align: right; white-space: nowrap; font-variant-numeric: tabular-nums; }
td.text { overflow-wrap: anywhere; min-width: 11rem; }
.why { display: block; color: var(--quiet); font-size: .9rem; }
.js-plotly-plot text { fill: var(--ink) !important; }
.js-plotly-plot .gridlayer path, .js-plotly-plot .zerolinelayer path { stroke: var(--line) !important; }
.js-plotly-plot .hoverlayer path { fill: var(--band) !important; stroke: var(--line) !important; }
@media (max-width: 30rem) {
  table { font-size: .82rem; } th, td { padding: .4rem .25rem; } th .emoji { display: none; }
}
@media print { h2 { break-after: avoid; } figure, tr { break-inside: avoid; } }
"""


def page(basis: Basis, source: str, said: dict[str, list[str]], findings: Findings) -> str:
    """Return the page.

    Args:
        source: the file's name.
        said: the sentences of the summary by their headings.
    """
    figures = _Figures()
    shows = {
        "What was read": [_key_facts(basis, findings)],
        "Emotions": _emotions(findings, figures),
        "Flags": _flags(findings, figures),
        "Expected emotions": _expected(findings),
    }
    return _PAGE.substitute(
        title=html.escape(f"Emotions in {shown(source, 100)}"),
        id=basis.id,
        style=_STYLE,
        body="\n".join(_section(heading, said[heading], shows.get(heading, [])) for heading in said),
        scripts=figures.scripts(),
    )


class _Figures:
    """The charts of a page, drawn at its end by one copy of Plotly."""

    def __init__(self) -> None:
        self._drawn: list[str] = []

    def add(self, figure: go.Figure, alt: str, caption: str) -> str:
        """Return a place for a chart, with what it shows in words for those who cannot see it."""
        figure.update_layout(
            template="none",
            paper_bgcolor="rgba(0,0,0,0)",
            plot_bgcolor="rgba(0,0,0,0)",
            font={"family": "system-ui, sans-serif"},
        )
        name = f"chart{len(self._drawn) + 1}"
        # Plotly's JSON has no "<" in it that could end the script.
        self._drawn.append(f'draw("{name}", {plotly.io.to_json(figure)});')
        height = int(figure.layout.height)
        return (
            f'<figure><div id="{name}" role="img" aria-label="{html.escape(alt)}" style="height: {height}px">'
            f"<noscript>{html.escape(alt)}</noscript></div><figcaption>{html.escape(caption)}</figcaption></figure>"
        )

    def scripts(self) -> str:
        """Return Plotly and what draws the charts; nothing where there is no chart."""
        if not self._drawn:
            return ""
        draw = (
            "const draw = (name, figure) => Plotly.newPlot(name, figure.data, figure.layout, "
            "{displayModeBar: false, responsive: true});"
        )
        lines = "\n".join(self._drawn)
        return f"<script>{get_plotlyjs()}</script>\n<script>{draw}\n{lines}</script>"


def _section(heading: str, sentences: Iterable[str], shows: Iterable[str]) -> str:
    told = "\n".join(f"<p>{html.escape(sentence)}</p>" for sentence in sentences)
    return "\n".join([f"<section>\n<h2>{html.escape(heading)}</h2>", told, *shows, "</section>"])


def _key_facts(basis: Basis, findings: Findings) -> str:
    n = findings.readable
    facts = [("Rows", f"{findings.rows:,}")]
    if n:
        facts.append(("Top emotion, mean probability", percent(findings.top_sum / n)))
        facts.append(("Uncertain", percent(findings.uncertain / n)))
    facts.append(("Flagged", f"{findings.flagged.sum():,}"))
    facts.append(("of these urgent", f"{findings.flagged[-1]:,}"))
    if basis.expected_column is not None:
        facts.append(("Against the expected", f"{findings.against:,}"))
    told = "".join(f"<div><dt>{html.escape(name)}</dt><dd>{value}</dd></div>" for name, value in facts)
    return f"<dl>{told}</dl>"


def _emotions(findings: Findings, figures: _Figures) -> list[str]:
    n = findings.readable
    if not n:
        return []
    shares = counts_frame(findings.counts, n, "emotion")
    shares["previous"] = np.nan
    shows = [
        figures.add(
            charts.distribution(shares),
            charts.describe_distribution(shares),
            f"Share of {counted(n, 'row')} in which each emotion reaches its threshold.",
        ),
        _frequent(findings),
    ]
    together = co_occurrence_frame(findings, list(shares["name"][shares["count"] > 0])[:TOGETHER])
    if len(together) > 1:
        shows.append(
            figures.add(
                charts.co_occurrence(together),
                charts.describe_co_occurrence(together),
                f"Of the rows with the emotion at the left, how many also carry the one at the top. All 28 are in "
                f"{STATS}.",
            )
        )
    return shows


def co_occurrence_frame(findings: Findings, labels: Sequence[str]) -> pd.DataFrame:
    """Return a row for each pair of `labels`: what `core.charts.distributions.co_occurrence` draws."""
    pairs = [
        (row, column, findings.together[LABELS.index(row), LABELS.index(column)], findings.counts[LABELS.index(row)])
        for row in labels
        for column in labels
    ]
    frame = pd.DataFrame(pairs, columns=["row", "column", "count", "row_count"])
    frame["share"] = (frame["count"] / frame["row_count"]).where(
        (frame["row"] != frame["column"]) & (frame["row_count"] > 0)
    )
    return frame


def severity_frame(findings: Findings) -> pd.DataFrame:
    """Return a row for each category and severity that occurs: what `severity_by_category` draws."""
    return pd.DataFrame(
        [
            (category, severity, count)
            for category, counts in zip(CATEGORIES, findings.flags.tolist(), strict=True)
            for severity, count in zip(SEVERITIES, counts, strict=True)
            if count
        ],
        columns=["category", "severity", "count"],
    )


def _flags(findings: Findings, figures: _Figures) -> list[str]:
    gravest = findings.first_flagged
    if not gravest:
        return []
    frame = severity_frame(findings)
    return [
        figures.add(
            risk.severity_by_category(frame),
            risk.describe_severity_by_category(frame),
            f"Flags by category and severity, in {counted(findings.rows, 'row')}.",
        ),
        _table(
            f"The gravest of {counted(int(findings.flagged.sum()), 'flagged row')}: the first {len(gravest)}, urgent "
            f"ones first. Long texts are shortened.",
            [("Row", "number"), ("Flag", ""), ("Text and reason", "text")],
            map(_flagged_cells, gravest),
        ),
    ]


def _flagged_cells(row: Flagged) -> list[str]:
    reasons = "; ".join(shown(flag.reason) for flag in row.flags)
    categories = ", ".join(flag.category for flag in row.flags)
    return [
        f"{row.row:,}",
        f'<strong>{row.flags[0].severity}</strong><span class="why">{html.escape(categories)}</span>',
        # Isolated: a text that runs from right to left must not turn around what stands beside it.
        f'<bdi>{html.escape(shown(row.text))}</bdi><span class="why"><bdi>{html.escape(reasons)}</bdi></span>',
    ]


def _frequent(findings: Findings) -> str:
    order = [label for label in np.argsort(-findings.counts, kind="stable")[:FREQUENT] if findings.counts[label]]
    partners = findings.most_often_with()
    return _table(
        f"The most frequent emotions of {counted(findings.readable, 'row')}, their mean probability over all of these, "
        f"and the emotion that each occurs with most often.",
        [("Emotion", ""), ("Rows", "number"), ("Share", "number"), ("Mean", "number"), ("Often with", "")],
        (
            [
                _named(label),
                f"{findings.counts[label]:,}",
                percent(findings.shares[label]),
                percent(findings.means[label]),
                partners[label] or "–",
            ]
            for label in order
        ),
    )


def _expected(findings: Findings) -> list[str]:
    order = [label for label in np.argsort(-findings.missed, kind="stable") if findings.expected[label]]
    if not order:
        return []
    return [
        _table(
            f"Expected emotions that were found and missed, in {counted(findings.with_expected, 'row')}.",
            [("Emotion", ""), ("Expected", "number"), ("Found", "number"), ("Missed", "number")],
            (
                [
                    _named(label),
                    f"{findings.expected[label]:,}",
                    f"{findings.expected[label] - findings.missed[label]:,}",
                    f"{findings.missed[label]:,}",
                ]
                for label in order
            ),
        )
    ]


def _named(label: int) -> str:
    return f'<span class="emoji" aria-hidden="true">{EMOTIONS[label].emoji}</span> {LABELS[label]}'


def _table(caption: str, columns: Sequence[tuple[str, str]], rows: Iterable[Sequence[str]]) -> str:
    """Return a table that can be scrolled by keyboard where it is too wide.

    Args:
        columns: heading and class of each.
        rows: cells as HTML; the first of a row names it.
    """
    head = "".join(f'<th scope="col"{_class(kind)}>{html.escape(name)}</th>' for name, kind in columns)
    body = "\n".join(
        "<tr>"
        + "".join(
            f'<th scope="row"{_class(kind)}>{cell}</th>' if number == 0 else f"<td{_class(kind)}>{cell}</td>"
            for number, (cell, (_, kind)) in enumerate(zip(row, columns, strict=True))
        )
        + "</tr>"
        for row in rows
    )
    return (
        f'<div class="scroll" role="region" tabindex="0" aria-label="{html.escape(caption)}"><table>'
        f"<caption>{html.escape(caption)}</caption>\n<thead><tr>{head}</tr></thead>\n<tbody>\n{body}\n</tbody>"
        f"</table></div>"
    )


def _class(kind: str) -> str:
    return f' class="{kind}"' if kind else ""
