"""All options of one read, parsed once. Past this, nobody sees Spark's dict of texts."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass, field

from pi_datasource.options.assets import ASSET_OPTIONS, Assets
from pi_datasource.options.connection import CONNECTION_OPTIONS, Connection, overruled_trust
from pi_datasource.options.declare import Option
from pi_datasource.options.frames import FRAME_OPTIONS, OF_FRAMES, Frames
from pi_datasource.options.gather import gather, refuse_strangers, values_of
from pi_datasource.options.login import TokenProvider, overruled_logins
from pi_datasource.options.planned import PLANNED_OPTIONS
from pi_datasource.options.reading import READING_OPTIONS, Reading, overruled_columns
from pi_datasource.options.sampling import SAMPLING_OPTIONS, Sampling
from pi_datasource.options.selection import SELECTION_OPTIONS, Selection, overruled_selections
from pi_datasource.options.streaming import STREAMING_OPTIONS, Streaming

TABLE_OPTION = Option("table", "text", "recorded", "What to read; see the list of tables.", group="What")

#: Every option there is, in the order of the documentation.
DECLARED = (
    *CONNECTION_OPTIONS,
    TABLE_OPTION,
    *SELECTION_OPTIONS,
    *ASSET_OPTIONS,
    *FRAME_OPTIONS,
    *READING_OPTIONS,
    *SAMPLING_OPTIONS,
    *STREAMING_OPTIONS,
    *PLANNED_OPTIONS,
)


@dataclass(frozen=True)
class PIOptions:
    """The options of one read. Pickles; its repr shows no secret.

    Attributes:
        table: name of the table in lower case; whether there is such a table is checked by the registry.
        given: names of the options that the reader was given, without those from the environment or by default.
    """

    table: str
    connection: Connection
    selection: Selection
    reading: Reading
    sampling: Sampling
    streaming: Streaming
    assets: Assets = field(default_factory=Assets)
    frames: Frames = field(default_factory=Frames)
    given: frozenset[str] = frozenset()

    @classmethod
    def parse(
        cls,
        raw: Mapping[str, str],
        *,
        now: int,
        environ: Mapping[str, str],
        known_table: Callable[[str], object] | None = None,
        token_provider: TokenProvider | None = None,
    ) -> PIOptions:
        """Parse Spark's options and the environment; options win.

        Args:
            raw: Spark's options; names in any case, with or without underscores.
            now: what `*` means in times, in ticks.
            environ: the process environment, for `OSIPI_…` variables and `env:NAME` secrets.
            known_table: raises when there is no such table, before options are refused that it does not take.
            token_provider: what `register` was given.

        Raises:
            PIOptionError: an option is missing, wrong, misspelt or contradicts another.
            PITimeError: a time that cannot be read.
        """
        given = gather(raw, DECLARED, environ)
        lost = overruled_logins(given) | overruled_trust(given) | overruled_selections(given) | overruled_columns(given)
        given = {name: found for name, found in given.items() if name not in lost}
        values = values_of(given, DECLARED, environ)
        table = values["table"].lower()
        if known_table is not None:
            known_table(table)
        refuse_strangers(given, table)
        reading = Reading.from_values(values, now)
        names = frozenset(name for name, found in given.items() if not found.variable)
        return cls(
            table=table,
            connection=Connection.from_values(values, environ, token_provider),
            selection=Selection.from_values(values),
            reading=reading,
            sampling=Sampling.from_values(values, now, reading.tz),
            streaming=Streaming.from_values(values, now, reading.tz),
            assets=Assets.from_values(values),
            frames=Frames.from_values(values, names if table in OF_FRAMES else ()),
            given=names,
        )


def options_table(tables: Collection[str] | None = None) -> str:
    """The options of this version as Markdown, one table a group, for the README and the manual.

    Args:
        tables: list only options that one of these tables takes; None for all.
    """
    shown = [
        option
        for option in DECLARED
        if not option.planned and (tables is None or option.tables is None or set(option.tables) & set(tables))
    ]
    groups = dict.fromkeys(option.group for option in shown)
    return "\n".join(
        line for group in groups for line in _group(group, [option for option in shown if option.group == group])
    )


def _group(group: str, options: list[Option]) -> Iterator[str]:
    yield from (f"**{group}**", "", "| option | default | meaning |", "|---|---|---|")
    for option in options:
        default = f"`{option.default}`" if option.default is not None else ""
        yield f"| `{option.name}` | {default} | {_cell(option.meaning)} |"
    yield ""


def _cell(text: str) -> str:
    return text.replace("\\", "\\\\").replace("|", "\\|").replace("*", "\\*")
