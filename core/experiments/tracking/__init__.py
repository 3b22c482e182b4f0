"""The only room that speaks MLflow: runs, their export, and the registry, in a local SQLite store or on a server."""

from core.experiments.tracking.client import EXPERIMENT, connect
from core.experiments.tracking.registry import Promotion, Registry, Version, promote, read_registry, register
from core.experiments.tracking.runs import Dataset, Measurement, Run, extend, log_run, read_runs, read_text
from core.experiments.tracking.transfer import RunFile, export_runs, import_runs

__all__ = [
    "EXPERIMENT",
    "Dataset",
    "Measurement",
    "Promotion",
    "Registry",
    "Run",
    "RunFile",
    "Version",
    "connect",
    "export_runs",
    "extend",
    "import_runs",
    "log_run",
    "promote",
    "read_registry",
    "read_runs",
    "read_text",
    "register",
]
