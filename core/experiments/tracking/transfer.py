"""Runs as text files, so that what was trained travels with the project."""

import hashlib
import re
from collections.abc import Container, Iterator
from contextlib import suppress
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Final

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from core.errors import TrackingError
from core.experiments.tracking.client import EXPERIMENT, connect, experiment
from core.experiments.tracking.runs import (
    CONTEXT,
    ORIGIN,
    Dataset,
    Measurement,
    Run,
    finished,
    origin,
    own_tags,
    record,
)
from core.settings import settings

if TYPE_CHECKING:
    from mlflow import MlflowClient
    from mlflow.entities import Metric
    from mlflow.entities import Run as MlflowRun

_SHORT_BYTES: Final = 400_000


class RunFile(BaseModel):
    """A run as a text file, so that it can travel with the project: what `export_runs` writes.

    Attributes:
        id: the run's where it was made; an import keeps it as a tag, and takes no run twice.
        started_at, ended_at: milliseconds since 1970, UTC.
        metrics: (name, value, step).
        texts: the artefacts that are short texts, by name.
        checksum: over all else, so that figures changed by hand do not pass for measured ones.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", ser_json_inf_nan="constants")
    id: str = Field(pattern="^[0-9a-f]{32}$")
    name: str
    started_at: int
    ended_at: int
    params: dict[str, str]
    tags: dict[str, str]
    datasets: list[Dataset]
    metrics: list[tuple[str, float, int]]
    texts: dict[str, str]
    checksum: str

    @classmethod
    def seal(cls, **facts: object) -> "RunFile":
        """Return a record with the checksum over all else in it."""
        unsealed = cls(**facts, checksum="")
        return unsealed.model_copy(update={"checksum": unsealed.expected_checksum()})

    def expected_checksum(self) -> str:
        """Return the sha256 over everything but the checksum itself."""
        return hashlib.sha256(self.model_dump_json(exclude={"checksum"}).encode()).hexdigest()


def export_runs(folder: Path, uri: str | None = None, group: str = EXPERIMENT) -> list[Path]:
    """Write every finished run to `folder`, a JSON file each, and return the files; the same run gives the same bytes.

    Raises:
        TrackingError: the store cannot be used or reached, or the folder not be written.
    """
    with connect(uri or settings().tracking_uri) as client:
        records = [_to_file(client, run) for run in finished(client, group)]
        folder.mkdir(parents=True, exist_ok=True)
        paths = []
        for one in records:
            slug = re.sub(r"[^a-z0-9]+", "-", one.name.lower()).strip("-") or "run"
            path = folder / f"{slug}-{one.id[:8]}.json"
            path.write_text(one.model_dump_json(indent=1) + "\n", encoding="utf-8")
            paths.append(path)
    return paths


def import_runs(
    folder: Path, uri: str | None = None, group: str = EXPERIMENT, *, known: Container[str] | None = None
) -> int:
    """Record the runs of `folder` that the store does not hold yet, and return how many those were.

    All files are read before the first is recorded.

    Args:
        folder: with the files that `export_runs` wrote.
        known: the origins of the runs that the store holds, if they were just read; None has them read.

    Raises:
        TrackingError: a file is damaged or was changed by hand, or the store cannot be used.
    """
    records = [_read(path) for path in sorted(folder.glob("*.json"))]
    uri = uri or settings().tracking_uri
    with connect(uri) as client:
        there = {origin(run) for run in finished(client, group)} if known is None else known
        new = [one for one in records if one.id not in there]
        group_id = experiment(client, uri, group) if new else ""
        for one in new:
            run = Run(
                name=one.name,
                params=tuple(one.params.items()),
                metrics=tuple(Measurement(*metric) for metric in one.metrics),
                tags=(*one.tags.items(), (ORIGIN, one.id)),
                datasets=tuple(one.datasets),
                texts=tuple(one.texts.items()),
            )
            record(client, group_id, run, one.started_at, one.ended_at)
    return len(new)


def _read(path: Path) -> RunFile:
    try:
        found = RunFile.model_validate_json(path.read_bytes())
    except OSError as error:
        raise TrackingError(f"{path} cannot be read ({error}). Give this user read access to it.") from error
    except ValidationError as error:
        said = "; ".join(f"{'.'.join(map(str, one['loc'])) or 'JSON'}: {one['msg']}" for one in error.errors()[:3])
        raise TrackingError(f"{path} is no exported run ({said}). Restore it from the repository.") from error
    if found.checksum != found.expected_checksum():
        raise TrackingError(
            f"{path} was changed after it was exported: its checksum does not fit. Restore it from the repository, or "
            f"export the run again with `python -m models runs export`."
        )
    return found


def _to_file(client: "MlflowClient", run: "MlflowRun") -> RunFile:
    history = [client.get_metric_history(run.info.run_id, name) for name in sorted(run.data.metrics)]
    return RunFile.seal(
        id=origin(run),
        name=run.info.run_name,
        started_at=run.info.start_time,
        ended_at=run.info.end_time,
        params=dict(sorted(run.data.params.items())),
        tags=dict(sorted(own_tags(run).items())),
        datasets=[
            Dataset(
                used.dataset.name,
                used.dataset.digest,
                used.dataset.source,
                next((tag.value for tag in used.tags if tag.key == CONTEXT), ""),
            )
            for used in sorted(run.inputs.dataset_inputs if run.inputs else [], key=lambda used: used.dataset.name)
        ],
        metrics=[(name, value, step) for ones in history for name, step, value in _last_by_step(ones)],
        texts=dict(_short_texts(client, run.info.run_id)),
    )


def _last_by_step(history: "list[Metric]") -> list[tuple[str, int, float]]:
    """Return a metric's values in the order of their steps; what was measured twice has the later value."""
    latest = {(one.key, one.step): one.value for one in sorted(history, key=lambda one: one.timestamp)}
    return sorted((name, step, value) for (name, step), value in latest.items())


def _short_texts(client: "MlflowClient", run_id: str) -> Iterator[tuple[str, str]]:
    for found in sorted(client.list_artifacts(run_id), key=lambda found: found.path):
        if found.is_dir or (found.file_size or 0) > _SHORT_BYTES:
            continue
        with TemporaryDirectory() as scratch:
            raw = Path(client.download_artifacts(run_id, found.path, scratch)).read_bytes()
        with suppress(UnicodeDecodeError):
            yield found.path, raw.decode("utf-8")
