"""An audit from its file to its folder, in order."""

import itertools
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Final
from uuid import UUID

import numpy as np

from core.audit import folder as folders
from core.audit import report, tables, words
from core.audit.findings import Findings, notable
from core.audit.folder import Audit, Basis, Facts, Manifest
from core.audit.parts import begun_at, part_rows, parts_of, read_parts, score_parts, unpacked
from core.audit.source import AuditSource
from core.clock import utc_now
from core.errors import InputError
from core.files import open_writer, printable
from core.predictions.columns import STORE_COLUMNS
from core.services.scoring import Scorer

AUDIT_VERSION: Final = "2"
"""Raised with any change that alters what an audit writes."""


def audit_id(scorer: Scorer, source: AuditSource) -> UUID:
    """Return the id that an audit has: the same content, columns and versions, the same id.

    Raises:
        InputError: the file cannot be read.
    """
    return _basis(scorer, source).id


def audit(
    scorer: Scorer,
    source: AuditSource,
    out: Path,
    on_rows: Callable[[int], None] = lambda rows: None,
    cancelled: Callable[[], bool] = lambda: False,
    *,
    now: Callable[[], datetime] = utc_now,
) -> Audit:
    """Audit a file of any size in bounded memory, and leave a whole folder in `out`, or none.

    What is there already is returned as it is. Interrupted in any way, the next run goes on from the rows that were
    scored; several runs at once do not harm each other.

    Args:
        out: made if it does not exist.
        on_rows: told how many rows are scored, those of earlier runs included.
        cancelled: asked before each batch.

    Raises:
        InputError: an expected emotion is none, the file changed meanwhile, or the disk refused.
        ModelError: the model fails on a text.
    """
    run = _Run(scorer, source, _basis(scorer, source), out)
    if done := folders.finished(run.folder):
        folders.sweep(out, run.basis.id)  # what a run left that was killed just after it had finished
        on_rows(done.rows)
        return done
    for _ in source.expectations():  # a wrong label should not come to light after an hour of scoring
        pass
    try:
        return run.make(on_rows, cancelled, now)
    except (InputError, OSError) as error:
        # Another run may have finished the same audit, and deleted what this one was working on.
        if done := folders.finished(run.folder):
            return done
        if isinstance(error, OSError):
            raise InputError(
                f"{out} cannot be written: {error.strerror or error}. Check your rights and the room on the disk."
            ) from error
        raise


def scored_rows(scorer: Scorer, source: AuditSource, out: Path) -> int:
    """Return how many rows an unfinished audit has scored, which the next run takes over.

    Raises:
        InputError: the file cannot be read.
    """
    return _Run(scorer, source, _basis(scorer, source), out).kept


def _basis(scorer: Scorer, source: AuditSource) -> Basis:
    info, table = scorer.predictor.classifier.info, source.table
    return Basis(
        audit_version=AUDIT_VERSION,
        sha256=source.sha256(),
        format=table.format,
        text_column=printable(table.text_column),
        expected_column=source.expected and printable(source.expected),
        posted_column=source.posted and printable(source.posted),
        model=info.name,
        model_version=info.version,
        normaliser_version=info.normaliser_version,
        threshold_version=info.threshold_version,
        rule_version=scorer.predictor.rule_version,
        private=scorer.private,
        reading=_reading(source),
    )


def _reading(source: AuditSource) -> str:
    table, times = source.table, source.times
    said = [*table.wrapping, table.sheet, "mended" if table.mend else None]
    if times is not None and times.day_first is not None:
        said.append("the day comes first" if times.day_first else "the month comes first")
    return printable("; ".join(filter(None, said)))


@dataclass(frozen=True, slots=True)
class _Run:
    """One run of an audit, which may find the parts of earlier ones."""

    scorer: Scorer
    source: AuditSource
    basis: Basis
    out: Path

    @property
    def folder(self) -> Path:
        return folders.folder_of(self.out, self.basis.id)

    @property
    def parts(self) -> Path:
        return folders.parts_folder(self.out, self.basis.id)

    @property
    def kept(self) -> int:
        """How many rows the parts hold."""
        return sum(map(part_rows, parts_of(self.parts)))

    def make(self, on_rows: Callable[[int], None], cancelled: Callable[[], bool], now: Callable[[], datetime]) -> Audit:
        """Score what is not scored, and put the folder in place."""
        self.parts.mkdir(parents=True, exist_ok=True)
        made_at = begun_at(self.parts) or now()
        if not score_parts(self.scorer, self.source, self.parts, made_at, on_rows=on_rows, cancelled=cancelled):
            return self._stopped(made_at)
        with folders.staging(self.out, self.basis.id) as staged:
            findings = self._count(staged, cancelled)
            if findings is None:
                return self._stopped(made_at)
            if findings.rows != self.source.table.rows or self.source.sha256() != self.basis.sha256:
                raise self._changed()
            self._tell(findings, made_at, staged)
            first = folders.publish(staged, self.folder)
        folders.sweep(self.out, self.basis.id)
        return replace(folders.read_audit(self.folder), reused=not first)

    def _stopped(self, made_at: datetime) -> Audit:
        return Audit(
            id=self.basis.id,
            folder=self.folder,
            made_at=made_at,
            source=self.source.name,
            basis=self.basis,
            facts=Facts(rows=self.kept),
            stopped=True,
        )

    def _changed(self) -> InputError:
        folders.sweep(self.out, self.basis.id)  # its parts are of two contents
        return InputError(f"{self.source.table.path} changed while it was audited. Run the audit again.")

    def _count(self, staged: Path, cancelled: Callable[[], bool]) -> Findings | None:
        """Count the scored rows, and write those to look at and all for the store; None if cancelled."""
        findings, expectations = Findings(), self.source.expectations()
        with (
            open_writer(staged / folders.ERRORS, tables.ERRORS_COLUMNS) as errors,
            open_writer(staged / folders.PREDICTIONS, STORE_COLUMNS) as predictions,
        ):
            for rows in read_parts(self.parts):
                if cancelled():
                    return None
                masks = np.fromiter(itertools.islice(expectations, len(rows)), np.uint32)
                if len(masks) < len(rows):
                    raise self._changed()
                expected = unpacked(masks)
                found = notable(rows, expected)
                findings.add(rows, expected, found)
                errors.write(tables.errors_cells(rows, expected, found))
                predictions.write(rows.cells)
        return findings

    def _tell(self, findings: Findings, made_at: datetime, staged: Path) -> None:
        """Write what follows from the findings, the manifest last."""
        with open_writer(staged / folders.STATS, tables.STATS_COLUMNS) as stats:
            stats.write(tables.stats_cells(findings, self.scorer.predictor.classifier.thresholds.values["emotion"]))
        said = words.sections(self.basis, self.source.name, made_at, findings)
        pages = {
            folders.SUMMARY: words.summary(self.basis.id, said),
            folders.REPORT: report.page(self.basis, self.source.name, said, findings),
        }
        for name, text in pages.items():
            (staged / name).write_text(text, encoding="utf-8", newline="\n")
        manifest = Manifest(
            id=self.basis.id,
            made_at=made_at,
            source=printable(self.source.name),
            basis=self.basis,
            facts=Facts.of(findings, expecting=self.source.expected is not None),
            files={name: folders.file_fact(staged / name) for name in folders.FILES},
        )
        (staged / folders.MANIFEST).write_text(manifest.model_dump_json(indent=1) + "\n", encoding="utf-8")
