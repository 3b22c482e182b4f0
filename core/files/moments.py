"""One cell, one moment: the notations in which tools, spreadsheets and people write when something was posted."""

import re
from datetime import UTC, datetime, timedelta, timezone, tzinfo
from typing import Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

_EPOCH: Final = re.compile(r"[0-9]{9,10}(?:\.[0-9]+)?|[0-9]{12,13}|[0-9]{15,16}")
_DIGITS: Final = re.compile(r"(?:19|20)[0-9]{12}")
_EARLIEST: Final = datetime(1970, 1, 1, tzinfo=UTC)
_LATEST: Final = datetime(2200, 1, 1, tzinfo=UTC)
_LONGEST: Final = 80

_CLOCK: Final = re.compile(
    r"(?<![0-9:.])([0-9]{1,2})(?::|h(?=[0-9]))([0-9]{2})(?::([0-9]{2})(?:[.,]([0-9]{1,9}))?)?(?:\s*([ap])\.?\s?m\b\.?)?(?![0-9:])"
    r"|(?<![0-9:.])([0-9]{1,2})\s*([ap])\.?m\b\.?",
    re.IGNORECASE,
)
_OFFSET: Final = re.compile(r"(?:\b(?:UTC|GMT)\s?)?([+\-−])([0-9]{1,2}):?([0-9]{2})?\s*(?:\([A-Za-z ]{2,40}\))?\Z")
_ZONE: Final = re.compile(r"\(?\b([A-Za-z]{1,4}T?)\)?\Z")
_NUMBERS: Final = re.compile(r"([0-9]{1,4})\s?([./-])\s?([0-9]{1,2})\s?\2\s?([0-9]{2,4})\.?")
_PLACE: Final = re.compile(r"[A-Z][A-Za-z]+/[A-Z][A-Za-z_]+(?:/[A-Z][A-Za-z_]+)?")
_WEEKDAY: Final = re.compile(r"[^\W\d_]{2,12}\.?,?\s+(?=\S)")
_DAY_MONTH: Final = re.compile(
    r"([0-9]{1,2})(?:st|nd|rd|th|\.|er|º)?[\s\-]+(?:de\s+|of\s+)?([^\W\d_]{3,12})\.?,?[\s\-]+(?:de\s+)?([0-9]{4}|[0-9]{2})"
)
_MONTH_DAY: Final = re.compile(r"([^\W\d_]{3,12})\.?[\s\-]+([0-9]{1,2})(?:st|nd|rd|th)?,?[\s\-]+([0-9]{4})")
_EAST_ASIAN: Final = re.compile(r"([0-9]{4})\s?[年년]\s?([0-9]{1,2})\s?[月월]\s?([0-9]{1,2})\s?[日일]")

ZONES: Final = {
    **{"Z": 0, "UTC": 0, "GMT": 0, "UT": 0, "WET": 0, "WEST": 1, "BST": 1, "CET": 1, "MEZ": 1, "CEST": 2, "MESZ": 2},
    **{
        "EET": 2,
        "SAST": 2,
        "CAT": 2,
        "WAT": 1,
        "EEST": 3,
        "MSK": 3,
        "TRT": 3,
        "EAT": 3,
        "GST": 4,
        "PKT": 5,
        "IST": 5.5,
    },
    **{"WIB": 7, "ICT": 7, "SGT": 8, "HKT": 8, "PHT": 8, "AWST": 8, "JST": 9, "KST": 9, "ACST": 9.5, "ACDT": 10.5},
    **{"AEST": 10, "AEDT": 11, "NZST": 12, "NZDT": 13, "NST": -3.5, "NDT": -2.5, "BRT": -3, "ART": -3, "CLST": -3},
    **{"CLT": -4, "AST": -4, "ADT": -3, "EST": -5, "EDT": -4, "COT": -5, "PET": -5, "CST": -6, "CDT": -5, "MST": -7},
    **{"MDT": -6, "PST": -8, "PDT": -7, "AKST": -9, "AKDT": -8, "HST": -10},
}
"""Hours east of UTC by the names that are usual. Where two zones share one, the one that tools write more often."""

_MONTHS: Final = {
    name: number
    for number, names in enumerate(
        (
            "jan january januar janv janvier ene enero gen gennaio janeiro januari ocak sty stycznia",
            "feb february februar feber fev fevr fevrier febrero febbraio fevereiro februari subat lut lutego",
            "mar march marz mrz maerz mars marzo marco maart maret mart mrt marca",
            "apr april avr avril abr abril aprile nisan kwi kwietnia",
            "may mai mayo mag maggio maio mei mayis maj maja",
            "jun june juni juin junio giu giugno junho haziran cze czerwca",
            "jul july juli juil juillet julio lug luglio julho temmuz lip lipca",
            "aug august aout ago agosto augustus agustus agu agustos sie sierpnia",
            "sep sept september septembre septiembre set settembre setembro eylul wrz wrzesnia",
            "oct october okt oktober octobre octubre ott ottobre out outubro ekim paz pazdziernika",
            "nov november novembre noviembre novembro kasim lis listopada",
            "dec december dez dezember decembre dic diciembre dicembre dezembro des desember aralik gru grudnia",
        ),
        1,
    )
    for name in names.split()
}
_FOLDED: Final = str.maketrans("äáàâãéèêëíìîïóòôõöúùûüçñşğışżźćńśłę", "aaaaaeeeeiiiiooooouuuucnsgiszzcnsle")


def parse_moment(cell: str, day_first: bool | None = None) -> datetime | None:
    """Return the moment in UTC that a cell names, None where it names none.

    Read are ISO 8601 ("2026-05-01", "2026-05-01T12:00:00Z", blanks before the zone), seconds, milliseconds or
    microseconds since 1970, RFC 2822, X's own ("Wed Oct 10 20:19:24 +0000 2018", "8:19 PM · Oct 10, 2018"), names of
    months and zones, and dates of three numbers. Without a zone it is taken for UTC.

    Args:
        day_first: whether 5/1/2026 is the fifth of January; None leaves such a date unread unless one of the two
            numbers is no month or both are the same. With dots, the day always comes first.
    """
    cell = cell.strip()
    if not cell or len(cell) > _LONGEST:
        return None
    try:
        found = _parsed(cell, day_first)
        if found is None:
            return None
        found = found.replace(tzinfo=UTC) if found.tzinfo is None else found.astimezone(UTC)
    except (ValueError, OverflowError, OSError):
        return None
    return found if _EARLIEST <= found < _LATEST else None


def order_of(cell: str) -> str:
    """Return what a date of three numbers says of the order: "day", "month", "open" where both fit, "" for other cells.

    >>> order_of("24/2/2015"), order_of("2/24/2015 9:05 PM"), order_of("5/1/2026"), order_of("2026-05-01")
    ('day', 'month', 'open', '')
    """
    match = _NUMBERS.search(cell[:_LONGEST])
    if match is None or match[2] == "." or len(match[1]) > 2:
        return ""
    one, two = int(match[1]), int(match[3])
    if one == two:
        return ""
    if one <= 12 and two <= 12:
        return "open"
    return "day" if two <= 12 else "month"


def parse_clock(cell: str) -> timedelta | None:
    """Return the time of day that a cell names and nothing beside it, as time since midnight."""
    match = _CLOCK.fullmatch(cell.strip())
    return None if match is None else _since_midnight(match)


def parse_zone(cell: str) -> tzinfo | None:
    """Return the zone that a cell names, as "+0200", "CEST", "UTC+2" or "Europe/Berlin", None where it names none."""
    cell = cell.strip()
    match = _OFFSET.fullmatch(cell) or (_OFFSET.search(cell) if cell[:3] in {"UTC", "GMT"} else None)
    if match:
        return _offset(match)
    if _PLACE.fullmatch(cell):
        try:
            return ZoneInfo(cell)
        except (ZoneInfoNotFoundError, ValueError, OSError):
            return None
    hours = ZONES.get(cell.upper())
    return None if hours is None else timezone(timedelta(hours=hours))


def _parsed(cell: str, day_first: bool | None) -> datetime | None:
    if _EPOCH.fullmatch(cell):
        digits = len(cell.partition(".")[0])
        return datetime.fromtimestamp(float(cell) / (1 if digits <= 10 else 1e3 if digits <= 13 else 1e6), UTC)
    if _DIGITS.fullmatch(cell):
        return datetime.strptime(cell, "%Y%m%d%H%M%S")
    if cell[0].isdigit():
        try:
            return datetime.fromisoformat(cell.removesuffix(" UTC"))
        except ValueError:
            pass
    return _by_parts(cell.removesuffix(" Uhr"), day_first)


def _by_parts(cell: str, day_first: bool | None) -> datetime | None:
    """Take clock and zone out of the cell; what is left must be a date."""
    clock = _CLOCK.search(cell)
    zone: tzinfo | None = None
    since = timedelta()
    before, behind = cell, ""
    if clock is not None:
        found = _since_midnight(clock)
        if found is None:
            return None
        since, before, behind = found, cell[: clock.start()], cell[clock.end() :]
    rest = f"{before} {behind}".strip() if behind.strip() else before
    zone, rest = _zone_at_end(rest) if clock is None or behind.strip() else (None, rest)
    if zone is None and behind.strip() and before.strip():
        # X's own has the zone between the clock and the year.
        year = re.fullmatch(r"\s*(\S+)\s+([0-9]{4})\s*", behind)
        if year:
            zone = parse_zone(year[1])
            if zone is None:
                return None
            rest = f"{before} {year[2]}"
        elif re.fullmatch(r"\s*[0-9]{4}\s*", behind):
            return None  # a moment without a zone that only C's asctime writes: nobody knows whose clock it was
    date = _date(rest.replace("·", " ").replace("|", " "), day_first)
    return None if date is None else date.replace(tzinfo=zone) + since


def _zone_at_end(text: str) -> tuple[timezone | None, str]:
    text = text.rstrip()
    match = _OFFSET.search(text)
    if (
        match
        and (not match.start() or not text[match.start() - 1].isdigit())
        and (match[3] or text[: match.start()].strip())
    ):
        zone = _offset(match)
        if zone is not None:
            return zone, text[: match.start()]
    match = _ZONE.search(text)
    if match and match[1].upper() in ZONES and match[1].isupper():
        return timezone(timedelta(hours=ZONES[match[1]])), text[: match.start()]
    return None, text


def _date(text: str, day_first: bool | None) -> datetime | None:
    text = re.sub(r"\s+(?:at|um|à|a las|alle|om|às)\s*\Z|(?<=[0-9])T\Z", "", text.strip(" ,\t-")).strip(" ,")
    match = _NUMBERS.fullmatch(text) or _NUMBERS.fullmatch(_WEEKDAY.sub("", text, count=1))
    if match:
        return _of_numbers(match, day_first)
    match = _EAST_ASIAN.fullmatch(text)
    if match:
        return datetime(int(match[1]), int(match[2]), int(match[3]))
    for candidate in (text, _WEEKDAY.sub("", text, count=1)):
        match = _DAY_MONTH.fullmatch(candidate)
        if match and (month := _month(match[2])):
            return datetime(_year(match[3]), month, int(match[1]))
        match = _MONTH_DAY.fullmatch(candidate)
        if match and (month := _month(match[1])):
            return datetime(_year(match[3]), month, int(match[2]))
    return None


def _of_numbers(match: re.Match[str], day_first: bool | None) -> datetime | None:
    one, two, three = match[1], int(match[3]), match[4]
    if len(one) == 4:
        return datetime(int(one), two, int(three))
    if len(one) == 3 or len(three) == 3:
        return None
    first = int(one)
    if match[2] == "." or first > 12 or first == two:
        day_first = True
    elif two > 12:
        day_first = False
    if day_first is None:
        return None
    day, month = (first, two) if day_first else (two, first)
    return datetime(_year(three), month, day)


def _since_midnight(match: re.Match[str]) -> timedelta | None:
    hour, minute = int(match[1] or match[6]), int(match[2] or 0)
    half = (match[5] or match[7] or "").lower()
    second, fraction = int(match[3] or 0), (match[4] or "")[:6].ljust(6, "0")
    if hour > 23 or minute > 59 or second > 59 or (half and not 1 <= hour <= 12):
        return None
    if half:
        hour = hour % 12 + (12 if half == "p" else 0)
    return timedelta(hours=hour, minutes=minute, seconds=second, microseconds=int(fraction))


def _offset(match: re.Match[str]) -> timezone | None:
    hours, minutes = int(match[2]), int(match[3] or 0)
    if hours > 14 or minutes > 59:
        return None
    away = timedelta(hours=hours, minutes=minutes)
    return timezone(away if match[1] == "+" else -away)


def _month(name: str) -> int | None:
    return _MONTHS.get(name.casefold().translate(_FOLDED))


def _year(digits: str) -> int:
    return int(digits) if len(digits) == 4 else 2000 + int(digits)
