"""Time zones by name: IANA's, and the Windows names that PI servers show."""

from __future__ import annotations

import difflib
from datetime import timezone, tzinfo
from functools import lru_cache
from zoneinfo import ZoneInfo, available_timezones

from pi_datasource.errors import PIOptionError

#: Names of UTC itself, which must work where no zone database is installed.
_UTC_NAMES = frozenset({"utc", "z", "zulu", "gmt", "etc/utc", "etc/gmt"})

#: Windows zone name → IANA name, for the zones in which most PI servers stand (Unicode CLDR, territory 001).
WINDOWS_ZONES = {
    "AUS Eastern Standard Time": "Australia/Sydney",
    "Alaskan Standard Time": "America/Anchorage",
    "Arab Standard Time": "Asia/Riyadh",
    "Arabian Standard Time": "Asia/Dubai",
    "Argentina Standard Time": "America/Buenos_Aires",
    "Atlantic Standard Time": "America/Halifax",
    "Canada Central Standard Time": "America/Regina",
    "Cen. Australia Standard Time": "Australia/Adelaide",
    "Central America Standard Time": "America/Guatemala",
    "Central Europe Standard Time": "Europe/Budapest",
    "Central European Standard Time": "Europe/Warsaw",
    "Central Standard Time": "America/Chicago",
    "Central Standard Time (Mexico)": "America/Mexico_City",
    "China Standard Time": "Asia/Shanghai",
    "E. Africa Standard Time": "Africa/Nairobi",
    "E. Australia Standard Time": "Australia/Brisbane",
    "E. South America Standard Time": "America/Sao_Paulo",
    "Eastern Standard Time": "America/New_York",
    "Egypt Standard Time": "Africa/Cairo",
    "FLE Standard Time": "Europe/Kiev",
    "GMT Standard Time": "Europe/London",
    "GTB Standard Time": "Europe/Bucharest",
    "Hawaiian Standard Time": "Pacific/Honolulu",
    "India Standard Time": "Asia/Calcutta",
    "Israel Standard Time": "Asia/Jerusalem",
    "Korea Standard Time": "Asia/Seoul",
    "Mountain Standard Time": "America/Denver",
    "New Zealand Standard Time": "Pacific/Auckland",
    "Newfoundland Standard Time": "America/St_Johns",
    "Pacific SA Standard Time": "America/Santiago",
    "Pacific Standard Time": "America/Los_Angeles",
    "Romance Standard Time": "Europe/Paris",
    "Russian Standard Time": "Europe/Moscow",
    "SA Pacific Standard Time": "America/Bogota",
    "SE Asia Standard Time": "Asia/Bangkok",
    "Singapore Standard Time": "Asia/Singapore",
    "South Africa Standard Time": "Africa/Johannesburg",
    "Taipei Standard Time": "Asia/Taipei",
    "Tokyo Standard Time": "Asia/Tokyo",
    "Turkey Standard Time": "Europe/Istanbul",
    "US Mountain Standard Time": "America/Phoenix",
    "Venezuela Standard Time": "America/Caracas",
    "W. Australia Standard Time": "Australia/Perth",
    "W. Central Africa Standard Time": "Africa/Lagos",
    "W. Europe Standard Time": "Europe/Berlin",
    "West Asia Standard Time": "Asia/Tashkent",
}
#: No zone has a longer name; it bounds the search for those that resemble a wrong one.
MAX_LENGTH = 60

_WINDOWS_LOWER = {windows.lower(): iana for windows, iana in WINDOWS_ZONES.items()}


def zone_of(name: str) -> tzinfo:
    """The zone of that name: `Europe/Berlin`, `UTC`, or a Windows name such as `W. Europe Standard Time`.

    Case is ignored. The result pickles.

    Raises:
        PIOptionError: no such zone; names those that resemble it.
    """
    wanted = name.strip().lower()
    if wanted in _UTC_NAMES:
        return timezone.utc
    wanted = _WINDOWS_LOWER.get(wanted, wanted).lower()
    known = _iana_names()
    if wanted in known:
        return ZoneInfo(known[wanted])
    near = difflib.get_close_matches(wanted[:MAX_LENGTH], [*known, *_WINDOWS_LOWER], n=3, cutoff=0.75)
    canonical = {**known, **{windows.lower(): windows for windows in WINDOWS_ZONES}}
    hint = f"Did you mean {' or '.join(canonical[found] for found in near)}? " if near else ""
    missing = "" if known else "; no zone database was found on this machine: install tzdata"
    raise PIOptionError(
        f"{name[:MAX_LENGTH]!r} is no time zone known here. {hint}Accepted are IANA names such as Europe/Berlin, "
        f"UTC, and the usual Windows names such as 'W. Europe Standard Time'{missing}"
    )


@lru_cache(maxsize=1)
def _iana_names() -> dict[str, str]:
    """Lower-case name → name as the database spells it."""
    return {name.lower(): name for name in available_timezones()}
