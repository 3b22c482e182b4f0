"""What ran a measurement: the machine's kind and the code's revision."""

import os
import platform
import shutil
import subprocess
import sys
from pathlib import Path

from core.errors import ModelError
from core.settings import ROOT


def code_revision() -> str:
    """Return the commit of the project's folder, with `-dirty` where files differ from it; `unknown` without git."""
    git = shutil.which("git")
    if git is None:
        return "unknown"
    try:
        head, changes = (
            subprocess.run([git, "-C", ROOT, *args], capture_output=True, text=True, check=True).stdout.strip()  # noqa: S603
            for args in (("rev-parse", "HEAD"), ("status", "--porcelain", "--", "core", "models"))
        )
    except (OSError, subprocess.CalledProcessError):
        return "unknown"
    return f"{head}-dirty" if changes else head


def machine_kind() -> str:
    """Return what a speed or a rounding was measured on, such as `2 cores x86_64 AVX2`; no host name."""
    words = [f"{os.cpu_count()} cores", platform.machine()]
    try:
        flags = set(Path("/proc/cpuinfo").read_text(encoding="utf-8").split())
    except OSError:
        return " ".join(words)
    known = (("avx512_vnni", "AVX512-VNNI"), ("avx_vnni", "AVX-VNNI"), ("avx512f", "AVX512"), ("avx2", "AVX2"))
    return " ".join(words + [name for flag, name in known if flag in flags][:1])


def run_python(*arguments: str) -> str:
    """Run this Python in a process of its own, in the project's folder, and return what it printed.

    Raises:
        ModelError: it failed; the message carries its last words.
    """
    done = subprocess.run(  # noqa: S603  (this very Python)
        [sys.executable, *arguments], cwd=ROOT, capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise ModelError(f"A process of the bench failed: {done.stderr[-500:]}")
    return done.stdout
