"""Runs: what is recorded of a training or a measurement, and how it is read back."""

import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Final
from urllib.parse import unquote, urlsplit

from core.errors import TrackingError
from core.experiments.run import RunFacts
from core.experiments.tracking.client import EXPERIMENT, connect, experiment
from core.settings import settings

if TYPE_CHECKING:
    from mlflow import MlflowClient
    from mlflow.entities import Run as MlflowRun

ORIGIN: Final = "affectra.run"
"""The tag that keeps the id a run had where it was made."""
CONTEXT: Final = "mlflow.data.context"

_METRICS_AT_ONCE: Final = 1_000  # MLflow's limit


@dataclass(frozen=True, slots=True)
class Dataset:
    """A file that a run read, and what for (`train`, `dev`, `test`). The source is a public name, not a local path."""

    name: str
    md5: str
    source: str
    context: str


@dataclass(frozen=True, slots=True)
class Measurement:
    """A number that a run measured; `step` counts epochs, 0 for what holds for the whole run."""

    name: str
    value: float
    step: int = 0


@dataclass(frozen=True, slots=True)
class Run:
    """What is kept of a training run.

    Attributes:
        name: as lists of runs show it.
        params: what was set, as (name, value).
        metrics: what was measured.
        tags: what it is of: family, base, code revision, split and n, machine.
        datasets: what it read.
        files: copied to the run's artefacts as they are.
        texts: (file name, content) written to the run's artefacts.
    """

    name: str
    params: tuple[tuple[str, str], ...]
    metrics: tuple[Measurement, ...]
    tags: tuple[tuple[str, str], ...]
    datasets: tuple[Dataset, ...] = ()
    files: tuple[Path, ...] = ()
    texts: tuple[tuple[str, str], ...] = ()


def log_run(run: Run, uri: str | None = None, group: str = EXPERIMENT) -> str:
    """Record a finished run and return its id.

    Args:
        run: what to record.
        uri: `sqlite:///FILE` or `http(s)://SERVER`; None takes the settings' one. A new SQLite store is created, and
            keeps its artefacts in a folder beside the file.
        group: the name of the experiment under which runs are gathered; made when it is new.

    Raises:
        TrackingError: the store cannot be used or reached; the message names it.
    """
    uri = uri or settings().tracking_uri
    with connect(uri) as client:
        return record(client, experiment(client, uri, group), run)


def record(client: "MlflowClient", group: str, run: Run, started: int | None = None, ended: int | None = None) -> str:
    """Record a run in the experiment with id `group`; its times are milliseconds since 1970, None for now."""
    from mlflow.entities import Dataset as MlflowDataset  # noqa: PLC0415
    from mlflow.entities import DatasetInput, InputTag, Param  # noqa: PLC0415

    run_id: str = client.create_run(group, start_time=started, run_name=run.name).info.run_id
    try:
        client.log_batch(run_id, params=[Param(name, value) for name, value in run.params])
        client.log_inputs(
            run_id,
            datasets=[
                DatasetInput(
                    MlflowDataset(data.name, data.md5, "local", data.source),
                    [InputTag(CONTEXT, data.context)],
                )
                for data in run.datasets
            ],
        )
        _write(client, run_id, run.metrics, run.tags, run.files, run.texts, ended)
    except BaseException:
        client.set_terminated(run_id, status="FAILED")
        raise
    client.set_terminated(run_id, end_time=ended)
    return run_id


def extend(
    run_id: str,
    *,
    metrics: tuple[Measurement, ...] = (),
    tags: tuple[tuple[str, str], ...] = (),
    files: tuple[Path, ...] = (),
    texts: tuple[tuple[str, str], ...] = (),
    uri: str | None = None,
) -> None:
    """Add to a finished run what was measured of it later; what has the same name takes the new value.

    Raises:
        TrackingError: the store cannot be used or reached, or has no such run.
    """
    with connect(uri or settings().tracking_uri) as client:
        _write(client, run_id, metrics, tags, files, texts)


def _write(  # noqa: PLR0917  (what a run is made of)
    client: "MlflowClient",
    run_id: str,
    metrics: tuple[Measurement, ...],
    tags: tuple[tuple[str, str], ...],
    files: tuple[Path, ...],
    texts: tuple[tuple[str, str], ...],
    measured: int | None = None,
) -> None:
    from mlflow.entities import Metric, RunTag  # noqa: PLC0415

    at = measured or int(time.time() * 1000)
    client.log_batch(run_id, tags=[RunTag(name, value) for name, value in tags])
    for start in range(0, len(metrics), _METRICS_AT_ONCE):
        some = metrics[start : start + _METRICS_AT_ONCE]
        client.log_batch(run_id, metrics=[Metric(m.name, m.value, at, m.step) for m in some])
    for path in files:
        client.log_artifact(run_id, str(path))
    for name, content in texts:
        client.log_text(run_id, content, name)


def read_runs(client: "MlflowClient", group: str = EXPERIMENT) -> list[RunFacts]:
    """Return every finished run, oldest first."""
    return [
        RunFacts(
            id=run.info.run_id,
            origin=origin(run),
            name=run.info.run_name or run.info.run_id,
            started_at=datetime.fromtimestamp(run.info.start_time / 1000, UTC),
            params=dict(run.data.params),
            tags=own_tags(run),
            metrics=dict(run.data.metrics),
            artefacts=run.info.artifact_uri or "",
        )
        for run in finished(client, group)
    ]


def read_text(run: RunFacts, name: str, uri: str | None = None) -> str | None:
    """Return a file of a run, None if it has none of that name.

    Files on this machine are read as they lie, without MLflow.

    Raises:
        TrackingError: the store cannot be reached, or the file is no text.
    """
    where = urlsplit(run.artefacts)
    if where.scheme in {"", "file"}:
        path = Path(unquote(where.path)) / name
        try:
            return path.read_text(encoding="utf-8")
        except FileNotFoundError:
            return None
        except (OSError, ValueError) as error:
            raise TrackingError(f"{path} cannot be read ({error}). Restore it, or measure the model again.") from error
    with connect(uri or settings().tracking_uri) as client, TemporaryDirectory() as scratch:
        if name not in {found.path for found in client.list_artifacts(run.id)}:
            return None
        try:
            return Path(client.download_artifacts(run.id, name, scratch)).read_text(encoding="utf-8")
        except ValueError as error:
            raise TrackingError(f"{name} of run {run.name} is no text ({error}). Measure the model again.") from error


def finished(client: "MlflowClient", group: str) -> "Iterator[MlflowRun]":
    """Yield the finished runs of the experiment called `group`, oldest first."""
    found = client.get_experiment_by_name(group)
    if found is None:
        return
    token: str | None = ""
    while token is not None:
        page = client.search_runs(
            [found.experiment_id],
            "attributes.status = 'FINISHED'",
            order_by=["attributes.start_time ASC"],
            page_token=token or None,
        )
        yield from page
        token = page.token or None


def origin(run: "MlflowRun") -> str:
    """Return the id that a run had where it was made."""
    found: str = run.data.tags.get(ORIGIN, run.info.run_id)
    return found


def own_tags(run: "MlflowRun") -> dict[str, str]:
    """Return a run's tags without MLflow's and without the one that an import adds."""
    return {name: value for name, value in run.data.tags.items() if name != ORIGIN and not name.startswith("mlflow.")}
