"""Text files: finding out how their bytes are to be decoded, and reading them line by line."""

import codecs
import itertools
import re
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final, NoReturn

from core.errors import InputError
from core.files.facts import Notice, NoticeKind

MAX_LINE_CHARS: Final = 16_000_000
"""The longest line, and the longest CSV field, that is read: a quote left open must not swallow a whole file."""

_CHUNK: Final = 1 << 20
_HEAD_BYTES: Final = 1 << 16

# UTF-32 before UTF-16: the little-endian mark of the one begins with that of the other.
_MARKS: Final = (
    (codecs.BOM_UTF8, "utf-8-sig", "UTF-8"),
    (codecs.BOM_UTF32_LE, "utf-32", "UTF-32"),
    (codecs.BOM_UTF32_BE, "utf-32", "UTF-32"),
    (codecs.BOM_UTF16_LE, "utf-16", "UTF-16"),
    (codecs.BOM_UTF16_BE, "utf-16", "UTF-16"),
)
_BINARY: Final = (
    (b"PK\x03\x04", "an Excel workbook or a ZIP archive"),
    (b"\xd0\xcf\x11\xe0", "an old Excel workbook"),
    (b"PAR1\x15", "a Parquet file"),
    (b"\x89PNG", "a PNG image"),
    (b"\xff\xd8\xff", "a JPEG image"),
    (b"GIF87a", "a GIF image"),
    (b"GIF89a", "a GIF image"),
    (b"%PDF-", "a PDF document"),
    (b"\x1f\x8b", "a gzip archive"),
    (b"\x28\xb5\x2f\xfd", "a Zstandard archive"),
    (b"SQLite format 3\x00", "an SQLite database"),
)
_PAGE: Final = re.compile(
    r"\s*(?:<!--.*?-->\s*)?<(?:!doctype\s+html|html[\s>]|head[\s>]|body[\s>])", re.IGNORECASE | re.DOTALL
)
_XML: Final = re.compile(r"\s*<\?xml\s")
_CONTROLS: Final = bytes({*range(0x20), 0x7F} - set(b"\t\n\v\f\r\x1b"))
_NOT_IN_CP1252: Final = b"\x81\x8d\x8f\x90\x9d"


@dataclass(frozen=True, slots=True)
class Encoding:
    """The codec by which a file is read, and what had to be guessed about it."""

    codec: str
    notices: tuple[Notice, ...] = ()


def find_encoding(path: Path) -> Encoding:
    """Decide how the bytes of a text file are to be decoded, reading it in chunks.

    A byte order mark is believed. Then UTF-8 is tried on the whole file, because nothing else passes it by chance
    (but ASCII in UTF-16, which half consists of NULs). Then comes UTF-16 without a mark, UTF-8 with a few damaged
    places (a text cut within an emoji), and at last Windows-1252, which anything passes.

    Raises:
        InputError: the file is empty, not of text, or a page of HTML.
    """
    found = _encoding(path)
    refuse_page(path, found.codec)
    return found


def _encoding(path: Path) -> Encoding:
    with path.open("rb") as file:
        head = file.read(_HEAD_BYTES)
    if not head:
        raise InputError(f"{path} is empty (0 bytes). Name a file with texts.")
    for start, looks in _BINARY:
        if head.startswith(start):
            _refuse_binary(path, f"it looks like {looks}")
    for mark, codec, label in _MARKS:
        if head.startswith(mark):
            return Encoding(codec, _damage_notices(label, _first_bad_byte(path, codec)))
    bad = _first_bad_byte(path, "utf-8")
    wide = _wide_without_mark(head, certain=bad is None)
    if wide:
        notice = "Read as UTF-16, because every other byte is NUL, although there is no byte order mark."
        return Encoding(
            wide, (Notice(NoticeKind.ENCODING, notice), *_damage_notices("UTF-16", _first_bad_byte(path, wide)))
        )
    if bad is None:
        return Encoding("utf-8")
    if len(head) - len(head.translate(None, _CONTROLS)) > len(head) * 0.02:
        _refuse_binary(path, "it has many control characters")
    return _find_narrow_encoding(path, bad)


def refuse_page(path: Path, codec: str) -> None:
    """Raise an InputError if the file is a page of HTML, as a download that needed a sign-in often is, or XML."""
    with path.open(encoding=codec, errors="replace") as file:
        head = file.read(2_000)
    if _PAGE.match(head.removeprefix("\ufeff")):
        raise InputError(
            f"{path} is a web page (HTML), not a table of texts. Use the export of the site or tool, as CSV, JSON or "
            f".xlsx; a page that asks to sign in may have been saved in its place."
        )
    if _XML.match(head.removeprefix("\ufeff")):
        raise InputError(f"{path} is an XML document, which is not read. Export it as CSV, JSON or .xlsx.")


def lines(path: Path, codec: str, newline: str | None = None) -> Generator[str, None, None]:
    r"""Yield the lines of a file with their ends; damage, told when the encoding was found, is U+FFFD.

    Args:
        newline: as for `open`: None makes every line end "\n", "" leaves it as it is.

    Raises:
        InputError: a line is longer than `MAX_LINE_CHARS`, or the file cannot be read.
    """
    with disk_errors(path), path.open(encoding=codec, errors="replace", newline=newline) as file:
        number = 1
        while line := file.readline(MAX_LINE_CHARS + 1):
            if len(line) > MAX_LINE_CHARS:
                raise InputError(
                    f"{path}, line {number}: longer than {MAX_LINE_CHARS:,} characters. "
                    f"Put each row on a line of its own."
                )
            yield line
            number += 1


@contextmanager
def disk_errors(path: Path) -> Iterator[None]:
    """Turn what the disk refuses into an InputError."""
    try:
        yield
    except OSError as error:
        raise InputError(
            f"{path} cannot be read: {error.strerror or error}. Check the file and your rights."
        ) from error


def _find_narrow_encoding(path: Path, bad: int) -> Encoding:
    decoder = codecs.getincrementaldecoder("utf-8")("replace")
    good_chars = bad_chars = 0
    undefined = False
    for chunk in _chunks(path):
        text = decoder.decode(chunk)
        replaced = text.count("\ufffd")
        bad_chars += replaced
        good_chars += len(text) - len(text.encode("ascii", "ignore")) - replaced
        undefined = undefined or len(chunk) != len(chunk.translate(None, _NOT_IN_CP1252))
    # In Windows-1252, bytes that happen to form UTF-8 sequences are rarer than lone letters with an accent.
    if good_chars > bad_chars:
        return Encoding("utf-8", _damage_notices("UTF-8", bad))
    codec, label = ("latin-1", "Latin-1") if undefined else ("cp1252", "Windows-1252")
    said = f"Read as {label}, because byte {bad:,} is not UTF-8."
    return Encoding(codec, (Notice(NoticeKind.ENCODING, said),))


def _wide_without_mark(head: bytes, *, certain: bool) -> str | None:
    """Tell UTF-16 by its NULs, which all are at odd or all at even places. `certain`: the bytes are UTF-8 as well."""
    even, odd = head[0::2].count(0), head[1::2].count(0)
    # Text in UTF-8 may hold some NULs too, so that much more is asked there.
    many = max(8, len(head) * 0.35) if certain else max(1, len(head) * 0.01)
    if odd >= many and even * 20 <= odd:
        return "utf-16-le"
    if even >= many and odd * 20 <= even:
        return "utf-16-be"
    return None


def _first_bad_byte(path: Path, codec: str) -> int | None:
    """Return the offset of the first byte that the codec cannot decode, None if there is none."""
    decoder = codecs.getincrementaldecoder(codec)("strict")
    done = 0
    for chunk in itertools.chain(_chunks(path), [b""]):
        pending = len(decoder.getstate()[0])
        try:
            decoder.decode(chunk, final=not chunk)
        except UnicodeDecodeError as error:
            return done - pending + error.start
        done += len(chunk)
    return None


def _chunks(path: Path) -> Iterator[bytes]:
    with path.open("rb") as file:
        while chunk := file.read(_CHUNK):
            yield chunk


def _refuse_binary(path: Path, why: str) -> NoReturn:
    raise InputError(
        f"{path} does not look like text: {why}. Export it as CSV (UTF-8), or give it the suffix it should have."
    )


def _damage_notices(label: str, bad: int | None) -> tuple[Notice, ...]:
    if bad is None:
        return ()
    said = f"Read as {label}, but byte {bad:,} is damaged; what cannot be read was replaced by U+FFFD."
    return (Notice(NoticeKind.ENCODING, said),)
