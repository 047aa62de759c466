"""Options: declared one by one, parsed once into frozen dataclasses, and never seen as texts again.

declare.py     what an option is: its declaration gives parsing, errors, environment variable and README line
values.py      text to value, one function a kind
gather.py      names in any spelling, misspellings, environment
secrets.py     secrets, which are used and never shown
connection.py  selection.py  assets.py  frames.py  reading.py  sampling.py  streaming.py  planned.py
               the options themselves
settings.py    PIOptions: all of one read
"""

from __future__ import annotations

from pi_datasource.options.assets import Assets
from pi_datasource.options.connection import Connection
from pi_datasource.options.declare import Option
from pi_datasource.options.gather import read_options
from pi_datasource.options.reading import Reading
from pi_datasource.options.sampling import Sampling
from pi_datasource.options.secrets import Secret
from pi_datasource.options.selection import Selection
from pi_datasource.options.settings import PIOptions, options_table
from pi_datasource.options.streaming import Streaming

__all__ = [
    "Assets",
    "Connection",
    "Option",
    "PIOptions",
    "Reading",
    "Sampling",
    "Secret",
    "Selection",
    "Streaming",
    "options_table",
    "read_options",
]
