"""A finished audit on disk: what its manifest says, how the folder is checked, and how it is put in place."""

import hashlib
import json
import secrets
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Final
from uuid import NAMESPACE_OID, UUID, uuid5

from pydantic import BaseModel, ConfigDict, ValidationError

from core.audit.findings import Findings
from core.errors import InputError
from core.inference.classifier import FileFact
from core.rules.flags import CATEGORIES, SEVERITIES

STATS: Final = "emotion_stats.csv"
ERRORS: Final = "emotion_errors_flagged.csv"
SUMMARY: Final = "summary.txt"
REPORT: Final = "report.html"
PREDICTIONS: Final = "predictions.parquet"
MANIFEST: Final = "audit.json"
FILES: Final = (STATS, ERRORS, SUMMARY, REPORT, PREDICTIONS)
"""What a manifest vouches for."""


class Basis(BaseModel):
    """What an audit's outcome follows from, and so its id: the same content, read in the same way.

    Attributes:
        sha256: of the file's content.
        format: as which it was read.
        private: whether texts are masked.
        reading: what else decides what was read: the part of the file, whether texts were mended, the order of dates.
    """

    model_config = ConfigDict(frozen=True)
    audit_version: str
    sha256: str
    format: str
    text_column: str
    expected_column: str | None
    posted_column: str | None
    model: str
    model_version: str
    normaliser_version: str
    threshold_version: str
    rule_version: str | None
    private: bool
    reading: str = ""

    @property
    def id(self) -> UUID:
        """The audit's id: from the sha256 over all of it."""
        content = json.dumps(self.model_dump(exclude_defaults=True), sort_keys=True)
        return uuid5(NAMESPACE_OID, hashlib.sha256(content.encode()).hexdigest())

    @property
    def model_label(self) -> str:
        """Name and version of the model, as pages show them."""
        return f"{self.model} {self.model_version}"


class Facts(BaseModel):
    """The numbers of an audit that a page shows.

    Attributes:
        flagged: rows by the severity of their gravest flag.
        categories: rows by the categories they are flagged in.
        with_expected, against_expected: rows of which emotions are expected, and those of them in which none of these
            was found; None where no column holds expected emotions.
    """

    model_config = ConfigDict(frozen=True)
    rows: int
    unreadable: int = 0
    truncated: int = 0
    undated: int = 0
    uncertain: int = 0
    flagged: dict[str, int] = {}
    categories: dict[str, int] = {}
    with_expected: int | None = None
    against_expected: int | None = None

    @classmethod
    def of(cls, findings: Findings, *, expecting: bool) -> "Facts":
        """Take the numbers out of the findings."""
        return cls(
            rows=findings.rows,
            unreadable=findings.unreadable,
            truncated=findings.truncated,
            undated=findings.undated,
            uncertain=findings.uncertain,
            flagged=dict(zip(SEVERITIES, findings.flagged.tolist(), strict=True)),
            categories=dict(zip(CATEGORIES, findings.flags.sum(axis=1).tolist(), strict=True)),
            with_expected=findings.with_expected if expecting else None,
            against_expected=findings.against if expecting else None,
        )


class Manifest(BaseModel):
    """What `audit.json` says.

    Attributes:
        made_at: when the rows were read, in UTC.
        source: the file's name.
        files: the checksum and the size of each of `FILES`.
    """

    model_config = ConfigDict(frozen=True)
    id: UUID
    made_at: datetime
    source: str
    basis: Basis
    facts: Facts
    files: dict[str, FileFact]


@dataclass(frozen=True, slots=True)
class Audit:
    """An audit that was asked for.

    Attributes:
        folder: where it lies, or will lie once it is finished.
        made_at: when its rows were read, in UTC; of a stopped one, when that began.
        reused: whether it was there already.
        stopped: whether it was cancelled. Then there is no folder yet, and of the facts only the rows: those that are
            kept for the next run.
        summary: `summary.txt`.
    """

    id: UUID
    folder: Path
    made_at: datetime
    source: str
    basis: Basis
    facts: Facts
    summary: str = ""
    reused: bool = False
    stopped: bool = False

    @property
    def rows(self) -> int:
        """How many rows the file has; of a stopped audit, how many are kept."""
        return self.facts.rows

    @property
    def unreadable(self) -> int:
        """Rows with nothing to read."""
        return self.facts.unreadable

    @property
    def flagged(self) -> dict[str, int]:
        """Rows by the severity of their gravest flag."""
        return self.facts.flagged

    @property
    def categories(self) -> dict[str, int]:
        """Rows by the categories they are flagged in."""
        return self.facts.categories

    @property
    def uncertain(self) -> int:
        """Rows whose surest emotion is hardly above its threshold, or below it."""
        return self.facts.uncertain

    @property
    def against_expected(self) -> int | None:
        """Rows in which none of the expected emotions was found; None where none are expected."""
        return self.facts.against_expected

    @property
    def stats(self) -> Path:
        """The table of emotions."""
        return self.folder / STATS

    @property
    def errors(self) -> Path:
        """The rows to look at."""
        return self.folder / ERRORS

    @property
    def report(self) -> Path:
        """The report with charts."""
        return self.folder / REPORT

    @property
    def predictions(self) -> Path:
        """The rows as the store takes them in."""
        return self.folder / PREDICTIONS

    @property
    def files(self) -> dict[str, Path]:
        """Every file of the folder by its name, the manifest last."""
        return {name: self.folder / name for name in (*FILES, MANIFEST)}


def folder_of(out: Path, audit: UUID) -> Path:
    """Return the folder of a finished audit."""
    return out / f"audit-{audit}"


def parts_folder(out: Path, audit: UUID) -> Path:
    """Return the folder in which an audit keeps its scored rows until it is finished."""
    return out / f".audit-{audit}.parts"


@contextmanager
def staging(out: Path, audit: UUID) -> Iterator[Path]:
    """Make a folder of a random name beside the final one; what is left of it at the end is deleted."""
    folder = out / f".audit-{audit}.{secrets.token_hex(4)}.partial"
    folder.mkdir()
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def file_fact(path: Path) -> FileFact:
    """Return the checksum and the size of a file.

    Raises:
        OSError: it cannot be read.
    """
    with path.open("rb") as file:
        return FileFact(sha256=hashlib.file_digest(file, "sha256").hexdigest(), bytes=path.stat().st_size)


def read_audit(folder: Path) -> Audit:
    """Return a finished audit, every file of it compared with its checksum.

    Raises:
        InputError: the folder is missing, incomplete or damaged; the message names the file.
    """
    mend = "Run the audit again: it makes the folder again."
    try:
        manifest = Manifest.model_validate_json((folder / MANIFEST).read_bytes())
        for name in FILES:
            # What the manifest does not vouch for is as good as missing.
            if manifest.files.get(name) != file_fact(folder / name):
                raise InputError(f"{folder / name} is damaged: it is not the file that {MANIFEST} tells of. {mend}")
        summary = (folder / SUMMARY).read_text(encoding="utf-8")
    except OSError as error:
        raise InputError(f"{folder} is no whole audit ({error.strerror}: {error.filename}). {mend}") from None
    except ValidationError as error:
        raise InputError(f"{folder / MANIFEST} is damaged ({error.error_count()} faults). {mend}") from None
    return Audit(
        manifest.id, folder, manifest.made_at, manifest.source, manifest.basis, manifest.facts, summary, reused=True
    )


def finished(folder: Path) -> Audit | None:
    """Return the audit in a folder, None where it is not whole."""
    try:
        return read_audit(folder)
    except InputError:
        return None


def publish(staged: Path, folder: Path) -> bool:
    """Give a whole folder its final name; return False if another run was first, whose folder then stays.

    A damaged folder of that name makes room.

    Raises:
        OSError: the disk refused.
    """
    while True:
        try:
            staged.rename(folder)
        except OSError:
            if finished(folder):
                return False
            if not folder.exists() or not staged.exists():
                raise
            with suppress(FileNotFoundError):  # another run made room
                folder.rename(staged.with_name(f"{staged.name}.{secrets.token_hex(4)}.partial"))
        else:
            return True


def sweep(out: Path, audit: UUID) -> None:
    """Delete what runs of a finished audit left behind; one that still goes on finds it finished, and takes it."""
    for left in (parts_folder(out, audit), *out.glob(f".audit-{audit}.*.partial")):
        shutil.rmtree(left, ignore_errors=True)
