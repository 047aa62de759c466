"""Whether to ask for compressed answers.

JSON of values shrinks to a tenth. On a slow network that is ten times the speed; on a fast one the server's compressing
and our inflating cost more than they save. With `compression=auto` answers come compressed, as far as the server does
that, and now and then one is asked for plain: how fast it comes says which way the next ones are asked.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass, field

__all__ = ["Encoding", "encoding_for"]

GZIP, PLAIN = "gzip, deflate", "identity"

#: Bytes a second from which on plain answers come soon enough: a compressing server gives about as many.
FAST = 40_000_000
#: Smaller bodies say nothing of the network.
TELLING = 100_000
#: Answers between two looks.
LOOK_AGAIN = 200


@dataclass
class Encoding:
    """What this process knows of one server's answers.

    Attributes:
        option: `auto`, `gzip` or `none`.
        plain: plain answers were seen to come fast.
    """

    option: str
    plain: bool = False
    _answers: int = 0
    _looking: bool = False
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def accept(self) -> str:
        """The value of the header Accept-Encoding of the next request."""
        if self.option != "auto":
            return GZIP if self.option == "gzip" else PLAIN
        return PLAIN if self.plain or self._looking else GZIP

    def note(self, came_as: str, size: int, seconds: float) -> None:
        """What came.

        Args:
            came_as: the header Content-Encoding; empty for a plain answer.
            size: bytes of the body, inflated.
            seconds: from its first byte to its last.
        """
        if self.option != "auto" or size < TELLING:
            return
        with self._lock:
            if came_as not in ("", "identity"):
                # Only a server that does compress can be asked not to.
                self._answers += 1
                self._looking = self._answers % LOOK_AGAIN == 1
            elif self._looking or self.plain:
                self.plain = size / max(seconds, 1e-6) >= FAST
                self._looking = False


_known: dict[tuple[str, str], Encoding] = {}


def encoding_for(url: str, option: str) -> Encoding:
    """What is known of a server; kept as long as the process lives."""
    return _known.setdefault((url, option), Encoding(option))
