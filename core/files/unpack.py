"""What files come wrapped in: gzip, Zstandard and ZIP, unpacked to a temporary file within bounds."""

import gzip
import re
import shutil
import tempfile
import weakref
import zipfile
import zlib
from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import IO, Final

from core.errors import InputError

MAX_UNPACKED: Final = 8 << 30
"""Bytes that an archive may unpack to."""

MAX_RATIO: Final = 100
"""How many times its own size an archive may unpack to, once that is more than `_BOMB_FROM`: text has about ten."""

_BOMB_FROM: Final = 256 << 20
_CHUNK: Final = 1 << 20
_MAX_LAYERS: Final = 3
_GZIP: Final = b"\x1f\x8b"
_ZSTD: Final = b"\x28\xb5\x2f\xfd"
_ZIP: Final = b"PK\x03\x04"
_PART: Final = re.compile(r"(?:^|/)tweets?(?:[-_]part(\d+))?\.js$", re.IGNORECASE)
_SHEETS: Final = (".xlsx", ".xlsm", ".xlsb", ".ods")


@dataclass(frozen=True, slots=True)
class Unpacked:
    """A file as it lies on the disk without what it was wrapped in.

    Attributes:
        path: the file itself if nothing wrapped it.
        suffix: in small letters, of the innermost name.
        wrapping: what it was taken out of, in words, the outermost first.
        scratch: must be held as long as `path` is read.
    """

    path: Path
    suffix: str
    wrapping: tuple[str, ...] = ()
    scratch: "Scratch | None" = None


class Scratch:
    """A temporary folder that is deleted when nobody holds it any more, or the process ends.

    A TemporaryDirectory does the same, but warns that nobody closed it.
    """

    def __init__(self) -> None:
        self.folder: Final = Path(tempfile.mkdtemp(prefix="affectra-"))
        weakref.finalize(self, shutil.rmtree, self.folder, ignore_errors=True)


def unpack(path: Path, readable: Sequence[str], part: str | None = None) -> Unpacked:
    """Take a file out of whatever it is wrapped in.

    Args:
        path: told by its content; the suffix counts for what is within.
        readable: suffixes of the files of an archive that can be read.
        part: the name of a file in a ZIP archive.

    Raises:
        InputError: it is damaged, unpacks to too much, names a place outside itself, or holds no file to read or
            several.
    """
    name, found, wrapping = path.name, path, list[str]()
    scratch: Scratch | None = None
    for _ in range(_MAX_LAYERS):
        with found.open("rb") as file:
            head = file.read(4)
        suffix = Path(name).suffix.lower()
        if head.startswith(_GZIP) or head == _ZSTD:
            kind = "gzip" if head.startswith(_GZIP) else "Zstandard"
            if suffix in {".gz", ".gzip", ".zst", ".zstd", ".tgz"}:
                name = Path(name).stem
            with _decompressing(found, path, kind) as source:
                scratch, found = _to_disk([source], found.stat().st_size, path)
            wrapping.append(kind)
        elif head == _ZIP and suffix not in _SHEETS and (suffix in {".zip", ""} or suffix not in readable):
            with _archive(found, path) as archive:
                members = _members(archive, path, readable, part)
                if members is None:
                    return Unpacked(found, _office_suffix(archive), tuple(wrapping), scratch)
                sources = (archive.open(member) for member in members)
                scratch, found = _to_disk(sources, found.stat().st_size, path)
            name = members[0].filename
            more = f" and {len(members) - 1} more parts" if len(members) > 1 else ""
            wrapping.append(f"{name}{more} in a ZIP archive")
        else:
            break
    return Unpacked(found, Path(name).suffix.lower(), tuple(wrapping), scratch)


def files_to_choose(path: Path, readable: Sequence[str]) -> tuple[str, ...]:
    """Return the files of a ZIP archive of which `unpack` must be told one; none where it needs no word.

    Raises:
        InputError: it is damaged, unpacks to too much, or names a place outside itself.
    """
    with path.open("rb") as file:
        zipped = file.read(4) == _ZIP
    if not zipped or path.suffix.lower() in readable:
        return ()
    with _archive(path, path) as archive:
        _check(archive, path)
        files = _files(archive)
        if _office_suffix(archive) or any(_PART.search(info.filename) for info in files):
            return ()
        some = _readable(files, readable)
    return tuple(info.filename for info in some) if len(some) > 1 else ()


def check_workbook(path: Path) -> None:
    """Raise an InputError if a workbook, which is a ZIP archive, unpacks to too much or names an outside place."""
    with _archive(path, path) as archive:
        _check(archive, path)


@contextmanager
def _archive(found: Path, path: Path) -> Iterator[zipfile.ZipFile]:
    try:
        with zipfile.ZipFile(found) as archive:
            yield archive
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError) as error:
        raise InputError(f"{path} cannot be unpacked: {error}. It is damaged or locked; export it again.") from error


@contextmanager
def _decompressing(found: Path, path: Path, kind: str) -> Iterator[IO[bytes]]:
    import zstandard  # noqa: PLC0415  (few files need it)

    try:
        if kind == "gzip":
            with gzip.open(found) as source:
                yield source  # type: ignore[misc]
        else:
            with (
                found.open("rb") as raw,
                zstandard.ZstdDecompressor().stream_reader(raw, read_across_frames=True) as source,
            ):
                yield source
    except (gzip.BadGzipFile, zlib.error, EOFError, zstandard.ZstdError) as error:
        raise InputError(f"{path} cannot be unpacked: {error}. It is damaged; fetch it again.") from error


def _check(archive: zipfile.ZipFile, path: Path) -> None:
    infos = archive.infolist()
    for info in infos:
        place = PurePosixPath(info.filename.replace("\\", "/"))
        if ".." in place.parts or place.is_absolute() or re.match(r"[A-Za-z]:", info.filename):
            raise InputError(
                f"{path} holds a file named {info.filename!r}, a place outside the archive. It was not unpacked."
            )
    _bound(sum(info.file_size for info in infos), path.stat().st_size, path)


def _members(
    archive: zipfile.ZipFile, path: Path, readable: Sequence[str], part: str | None
) -> list[zipfile.ZipInfo] | None:
    """Return the files to read, one after the other; None if the archive is a workbook."""
    _check(archive, path)
    files = _files(archive)
    names = [info.filename for info in files]
    if _office_suffix(archive):
        return None
    if part is not None:
        chosen = [info for info in files if part in {info.filename, PurePosixPath(info.filename).name}]
        if not chosen:
            raise InputError(f"{path} holds no file {part!r}. It holds {', '.join(map(repr, names[:20]))}.")
        return chosen[:1]
    tweets = sorted((int(match[1] or 0), index) for index, name in enumerate(names) if (match := _PART.search(name)))
    if tweets:
        return [files[index] for _, index in tweets]
    some = _readable(files, readable)
    if len(some) == 1:
        return some
    if not some:
        raise InputError(f"{path} holds no file that can be read. Those end in {', '.join(readable)}.")
    listed = ", ".join(repr(info.filename) for info in some[:20])
    raise InputError(f"{path} holds {len(some):,} files: {listed}. Say which (--part NAME), or unpack it.")


def _files(archive: zipfile.ZipFile) -> list[zipfile.ZipInfo]:
    return [info for info in archive.infolist() if not info.is_dir() and not info.filename.startswith("__MACOSX/")]


def _readable(files: Sequence[zipfile.ZipInfo], readable: Sequence[str]) -> list[zipfile.ZipInfo]:
    some = [
        info
        for info in files
        if info.filename.lower().removesuffix(".gz").removesuffix(".zst").endswith(tuple(readable))
    ]
    if len(some) > 1:
        some = [
            info for info in some if PurePosixPath(info.filename).name.lower() not in {"manifest.js", "readme.txt"}
        ] or some
    return some


def _office_suffix(archive: zipfile.ZipFile) -> str:
    names = set(archive.namelist())
    if "[Content_Types].xml" in names and any(name.startswith("xl/") for name in names):
        return ".xlsx"
    if "mimetype" in names and archive.read("mimetype")[:60].endswith(b"spreadsheet"):
        return ".ods"
    return ""


def _to_disk(sources: Iterable[IO[bytes]], packed: int, path: Path) -> tuple[Scratch, Path]:
    scratch = Scratch()
    target = scratch.folder / "unpacked"
    done = 0
    with target.open("wb") as file:
        for number, source in enumerate(sources):
            if number:
                file.write(b"\n")
            with closing(source):
                while chunk := source.read(_CHUNK):
                    done += len(chunk)
                    _bound(done, packed, path)
                    file.write(chunk)
    return scratch, target


def _bound(size: int, packed: int, path: Path) -> None:
    if size > MAX_UNPACKED or (size > _BOMB_FROM and size > MAX_RATIO * max(packed, 1)):
        raise InputError(
            f"{path} unpacks to more than {size / (1 << 30):.1f} GiB out of {packed:,} bytes: that is no file of "
            f"tweets. Unpack it yourself if you trust it."
        )
