"""The System digital set, whose states any point may return instead of a value (AF SDK documentation)."""

from __future__ import annotations

from mock_pi.system.event import State

_NAMES = {
    210: "Access Denied", 211: "No Sample", 212: "No Result", 213: "Unit Down", 214: "Sample Bad",
    215: "Equip Fail", 216: "No Lab Data", 217: "Trace", 233: "DCS failed", 237: "Bad Output",
    238: "Scan Off", 239: "Scan On", 240: "Configure", 241: "Failed", 242: "Error", 243: "Execute",
    244: "Filtered", 245: "Calc Off", 246: "I/O Timeout", 247: "Set to Bad", 248: "No Data",
    249: "Calc Failed", 250: "Calc Overflow", 251: "Under Range", 252: "Over Range", 253: "Pt Created",
    254: "Shutdown", 255: "Bad Input", 256: "Bad Total", 257: "No Alarm", 258: "Over UCL", 259: "Under LCL",
}  # fmt: skip

#: Code to state.
SYSTEM_STATES = {code: State(name, code, True) for code, name in _NAMES.items()}

NO_DATA = SYSTEM_STATES[248]
IO_TIMEOUT = SYSTEM_STATES[246]
PT_CREATED = SYSTEM_STATES[253]

#: What non-dense shapes scatter among their values.
COMMON_STATES = tuple(SYSTEM_STATES[code] for code in (246, 255, 254, 248, 251, 253))
