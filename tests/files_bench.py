"""What reading a file costs: rate and memory by format, beside DuckDB's own readers. `python -m tests.files_bench`."""

import csv
import gzip
import json
import random
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

from tests.workbooks import write_xlsx

ROWS: Final = 200_000
_WORDS: Final = (
    "so",
    "happy",
    "sad",
    "angry",
    "the",
    "garden",
    "train",
    "library",
    "cat",
    "rain",
    "we",
    "loved",
    "again",
)


def main() -> None:
    """Make the files, read each in a process of its own, and print."""
    print(f"\nFiles of {ROWS:,} tweets: read whole and in order by us; DuckDB reads alike into Arrow, on one thread")
    with tempfile.TemporaryDirectory() as folder:
        # In a process of its own too: a child's peak of memory begins with what its parent holds.
        _child("make", folder)
        base = _child("nothing", "")
        print("               MB  open, s    rows/s  survey, s  memory, MB  DuckDB, rows/s")
        for path in sorted(Path(folder).iterdir()):
            ours, theirs = _child("ours", str(path)), {}
            if path.suffix != ".xlsx":
                theirs = _child("duckdb", str(path))
            print(
                f"{path.name.removeprefix('a.'):10} {path.stat().st_size / 1e6:6.1f} {ours['open']:8.2f} "
                f"{ROWS / ours['read']:9,.0f} {ours['survey']:10.2f} {ours['memory'] - base['memory']:11.0f} "
                f"{ROWS / theirs['read'] if theirs else float('nan'):15,.0f}"
            )
        print("Memory is the peak of the process above that of one that only loads the modules.")


def _rows() -> Iterator[dict[str, Any]]:
    chance = random.Random(3)  # noqa: S311  (only made to be read)
    for number in range(ROWS):
        yield {
            "id": str(1_700_000_000_000_000_000 + number * 1_007),
            "created_at": f"2024-{1 + number % 12:02d}-{1 + number % 28:02d}T{number % 24:02d}:00:00Z",
            "author": f"user_{number % 5_000}",
            "lang": "en",
            "text": f"{number} {' '.join(chance.choices(_WORDS, k=18))}",
        }


def _make(folder: Path) -> dict[str, float]:
    with (folder / "a.csv").open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, next(_rows()))
        writer.writeheader()
        writer.writerows(_rows())
    with (folder / "a.json").open("w", encoding="utf-8") as file:
        for number, row in enumerate(_rows()):
            file.write(f"{',' if number else '['}\n{json.dumps(row)}")
        file.write("]\n")
    with gzip.open(folder / "a.jsonl.gz", "wt", compresslevel=4, encoding="utf-8") as file:
        file.writelines(json.dumps(row) + "\n" for row in _rows())
    write_xlsx(folder / "a.xlsx", [list(next(_rows())), *(list(row.values()) for row in _rows())])
    return {}


def _child(how: str, path: str) -> dict[str, float]:
    done = subprocess.run([sys.executable, "-m", __spec__.name, how, path], capture_output=True, text=True, check=True)
    measured: dict[str, float] = json.loads(done.stdout)
    return measured


def _read(path: Path) -> dict[str, float]:
    from core.files import open_table, survey  # noqa: PLC0415

    if not path.name:
        return {}
    started = time.perf_counter()
    table = open_table(path)
    opened = time.perf_counter()
    expected = 0
    for batch in table.batches(2_048):
        for text in batch.texts:
            assert text.startswith(f"{expected} ")
            expected += 1
    assert expected == ROWS
    read = time.perf_counter()
    survey(table, languages=False)
    return {"open": opened - started, "read": read - opened, "survey": time.perf_counter() - read}


def _read_by_duckdb(path: Path) -> dict[str, float]:
    import duckdb  # noqa: PLC0415

    reader = "read_csv" if path.suffix == ".csv" else "read_json"
    started = time.perf_counter()
    found = duckdb.connect(config={"threads": 1}).sql(f"SELECT * FROM {reader}('{path}')").to_arrow_table()  # noqa: S608
    assert found.num_rows == ROWS
    return {"read": time.perf_counter() - started}


if __name__ == "__main__":
    if len(sys.argv) > 1:
        ways = {"make": _make, "ours": _read, "duckdb": _read_by_duckdb, "nothing": lambda _: _read(Path())}
        found = ways[sys.argv[1]](Path(sys.argv[2]))
        found["memory"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        print(json.dumps(found))
    else:
        main()
