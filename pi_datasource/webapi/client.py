"""One request to PI Web API, all the way from a route to a decoded answer or a named error.

A round is "send, read all, decode", and it is the whole round that is tried again: a body that breaks off or cannot
be decoded is as good a reason as a refused connection.

The client can send two things only: GET, and POST to `/batch` with nothing but GETs inside. It cannot write.
"""

from __future__ import annotations

import contextlib
import logging
import re
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from typing import TypeVar

import msgspec
import requests
import urllib3

from pi_datasource.errors import (
    PIBadAnswerError,
    PIConnectionError,
    PIRateLimitError,
    PIRefusedError,
    PIRequestError,
    PIRetriableError,
    PITimeoutError,
)
from pi_datasource.options import Connection
from pi_datasource.times import to_ticks
from pi_datasource.webapi import endpoints
from pi_datasource.webapi.answers import check_answer, decode, error_for
from pi_datasource.webapi.bodies import read_body
from pi_datasource.webapi.compression import encoding_for
from pi_datasource.webapi.retry import SECONDS_AT_UNKNOWN_HOST, Patience, RetryRules
from pi_datasource.webapi.sessions import Session, host_answered, is_host_known, session
from pi_datasource.webapi.throttle import JobLimits, Throttle
from pi_datasource.webapi.traffic import Traffic
from pi_datasource.webapi.transport import proxies_for, proxy_secrets
from pi_datasource.webapi.wire import Answer, Decoder, SubAnswer, batch_decoder, decoder

__all__ = ["Client", "Effort", "Look"]

log = logging.getLogger("pi_datasource")

A = TypeVar("A", bound=Answer)
T = TypeVar("T")
E = TypeVar("E", bound=PIRequestError)

#: Seconds to wait for a connection to be made; the `timeout` option is for the answer.
CONNECT_SECONDS = 10.0
#: Seconds that all requests of a process pause at most after a 429; the request itself waits as it is told.
LONGEST_PAUSE = 600.0
#: Seconds that all requests of a process pause after a 429 that does not say how long.
PAUSE_AFTER_429 = 0.5
#: So many characters are enough to know a secret by its beginning.
LONG_SECRET = 16


class Sent(threading.local):
    """The secrets in the last request of this thread: another thread may have a newer token by now.

    Attributes:
        secrets: their texts.
    """

    secrets: tuple[str, ...] = ()


class Effort(threading.local):
    """What the last answer took that this thread got.

    Attributes:
        seconds: from sending the question to the last byte.
        bytes: of the body, inflated.
    """

    seconds: float = 0.0
    bytes: int = 0


@dataclass(frozen=True)
class Look:
    """An answer as it came, whatever its status.

    Attributes:
        status: HTTP status.
        headers: its headers, found without regard to case.
        body: inflated.
        seconds: from the request to the last byte.
    """

    status: int
    headers: Mapping[str, str]
    body: bytes
    seconds: float


class Turn:
    """One thread at a time has a decoded answer in hand.

    Decoded events take ten times the memory of the columns made of them. Inside of `held` a thread waits for its turn
    before it decodes, and keeps it until it leaves, or goes to the network again. Outside nothing waits.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._mine = threading.local()

    @contextlib.contextmanager
    def held(self) -> Iterator[None]:
        """The time from the first answer decoded to the end of the body."""
        self._mine.inside = True
        try:
            yield
        finally:
            self.give_back()
            self._mine.inside = False

    def take(self) -> None:
        """Waits for the turn, if this thread is inside of `held` and does not have it."""
        if getattr(self._mine, "inside", False) and not getattr(self._mine, "has", False):
            self._lock.acquire()
            self._mine.has = True

    def give_back(self) -> None:
        """Ends the turn, if this thread has it."""
        if getattr(self._mine, "has", False):
            self._mine.has = False
            self._lock.release()


class Client:
    """Asks one PI Web API; safe to use from several threads.

    Args:
        connection: where and as whom.
        throttle: makes requests wait for the job's ceilings.
        host_known: the host has answered someone before (the driver, say), so silence is worth waiting out.
        rules: how patient to be; by default as the connection says.
        sleep: waits, for tests.
    """

    def __init__(
        self,
        connection: Connection,
        throttle: Throttle | None = None,
        *,
        host_known: bool = False,
        rules: RetryRules | None = None,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self.connection = connection
        self.throttle = throttle or Throttle(JobLimits("none"))
        self.traffic = Traffic()
        self.effort = Effort()
        self.rules = rules or RetryRules(connection.max_retries, connection.retry_timeout)
        self.decoding = Turn()
        self._encoding = encoding_for(connection.url, connection.compression)
        self._sleep = sleep
        self._host_known = host_known
        self._sent = Sent()
        self._date = ""

    @property
    def server_time(self) -> int | None:
        """The server's clock at its newest answer, in ticks of whole seconds; None where answers do not say."""
        try:
            return to_ticks(parsedate_to_datetime(self._date))
        except (TypeError, ValueError):
            return None

    def get(self, route: str, kind: type[A], asked: str, hand_back: tuple[type[PIRetriableError], ...] = ()) -> A:
        """Asks one route.

        Args:
            route: route and query, from `endpoints`.
            kind: what the answer is.
            asked: the request in words, for messages.
            hand_back: failures that are raised at once instead of asking the same again.

        Raises:
            PIRequestError: what went wrong in the end.
        """

        def attempt() -> A:
            answer = self._send("GET", route, b"", decoder(kind), asked)
            try:
                check_answer(answer, asked)
            except PIRequestError as error:
                raise self.without_secrets(error) from None
            return answer

        return self.patience(asked).run(attempt, hand_back)

    def post_batch(self, gets: Mapping[str, str], kind: type[A], asked: str) -> dict[str, SubAnswer[A]]:
        """Sends one batch request, once; its caller heals what fails (`batch.ask_all`).

        Args:
            gets: id → route and query of a GET.
            kind: what each sub-answer is.
            asked: the request in words, for messages.

        Raises:
            PIRequestError: the batch request as a whole failed.
        """
        base = self.connection.url
        body = msgspec.json.encode(
            {key: {"Method": "GET", "Resource": f"{base}/{route}"} for key, route in gets.items()}
        )
        return self._send("POST", endpoints.BATCH, body, batch_decoder(kind), asked)

    @property
    def sent_secrets(self) -> tuple[str, ...]:
        """The secrets that went along with the last request, in every form they had: no text may hold them."""
        return self._sent.secrets

    def look(self, route: str, asked: str) -> Look:
        """One GET, tried once, and whatever came: for those who judge status and headers themselves.

        Raises:
            PIRequestError: nothing came, or the login could not be prepared.
        """
        started = time.monotonic()
        try:
            status, headers, body, _ = self._logged_in("GET", route, b"", asked)
        except PIRequestError as error:
            raise self.without_secrets(error) from error.__cause__
        return Look(status, headers, bytes(body), time.monotonic() - started)

    def patience(self, asked: str) -> Patience:
        """The tries of one question, counted with this client's rules."""
        return Patience(self.rules, asked, self.is_host_known, sleep=self._pause_between_tries)

    def is_host_known(self) -> bool:
        """Whether this host has ever answered: then it is there, and silence will pass."""
        return self._host_known or is_host_known(self.connection.url)

    def _connect_seconds(self) -> float:
        return CONNECT_SECONDS if self.is_host_known() else SECONDS_AT_UNKNOWN_HOST

    def _pause_between_tries(self, seconds: float) -> None:
        self.traffic.add(retries=1, waiting=seconds)
        self.decoding.give_back()
        self._sleep(seconds)

    def _send(self, method: str, route: str, body: bytes, kind: Decoder[T], asked: str) -> T:
        """Send, read all, decode."""
        # The two lines by which this client cannot write.
        if method != "GET" and (method, route) != ("POST", endpoints.BATCH):
            raise AssertionError(f"{method} {route} is neither a GET nor a batch request")
        self.decoding.give_back()
        try:
            status, headers, content, why = self._logged_in(method, route, body, asked)
            self._date = headers.get("Date", "")
            # Out here a refusal is an answer like others: the connection and its login are good for the next request.
            if not 200 <= status < 300:
                host_answered(self.connection.url)
                raise error_for(status, content, headers, asked, time.time(), why)
            self.decoding.take()
            begun = time.monotonic()
            answer = decode(content, kind, headers.get("Content-Type", ""), asked)
            self.traffic.add(decoding=time.monotonic() - begun)
            host_answered(self.connection.url)
            return answer
        except PIRateLimitError as error:
            self.throttle.pause(min(error.retry_after or PAUSE_AFTER_429, LONGEST_PAUSE))
            raise self.without_secrets(error) from error.__cause__
        except PIRequestError as error:
            raise self.without_secrets(error) from error.__cause__

    def _logged_in(
        self, method: str, route: str, body: bytes, asked: str
    ) -> tuple[int, Mapping[str, str], bytearray, str]:
        """One request, sent again on the same connection while its login goes on; and why that was refused, if so."""
        queued = time.monotonic()
        with self.throttle.turn(), session(self.connection) as used:
            self.traffic.add(waiting=time.monotonic() - queued)
            try:
                for tries in range(1, used.auth.tries + 1):
                    if tries > 1:
                        self.throttle.wait()
                    status, headers, content = self._exchange(used, method, route, body, asked)
                    if status != 401 or tries == used.auth.tries or not used.auth.renew():
                        break
                    log.debug("%s: the login goes on after a 401", asked)
            finally:
                self._sent.secrets = (*used.auth.secrets(), *self._own_secrets)
            return status, headers, content, used.auth.explain() if status == 401 else ""

    @property
    def _own_secrets(self) -> list[str]:
        headers = [secret.reveal() for _, secret in self.connection.headers]
        return [*headers, *proxy_secrets(self.connection.url, self.connection.no_proxy)]

    def without_secrets(self, error: E) -> E:
        """The error with no secret in its text, should a server have echoed one."""
        for secret in filter(None, self._sent.secrets):
            # A long one may have been cut together with the server's words.
            shown = re.escape(secret)
            if len(secret) > LONG_SECRET:
                shown += "|" + re.escape(secret[:LONG_SECRET]) + r"\S*"
            error.args = tuple(re.sub(shown, "<secret>", str(part)) for part in error.args)
        return error

    def _exchange(
        self, used: Session, method: str, route: str, body: bytes, asked: str
    ) -> tuple[int, Mapping[str, str], bytearray]:
        """One HTTP request: its status, headers and whole body."""
        started = time.monotonic()
        headers = {"Accept-Encoding": self._encoding.accept()}
        headers |= {name: secret.reveal() for name, secret in self.connection.headers}
        if body:
            headers["Content-Type"] = "application/json"
        try:
            with used.http.request(
                method,
                f"{self.connection.url}/{route}",
                data=body or None,
                headers=headers,
                auth=used.auth,
                proxies=proxies_for(self.connection.url, self.connection.no_proxy),
                timeout=(min(self._connect_seconds(), self.connection.timeout), self.connection.timeout),
                stream=True,
                allow_redirects=False,
            ) as response:
                # Half of the time for all tries: after one that drips for ever there is a second.
                patience = max(self.rules.budget / 2, self.connection.timeout)
                begun = time.monotonic()
                content = read_body(response, self.connection.max_response_bytes, started + patience, asked)
                self._encoding.note(
                    response.headers.get("Content-Encoding", ""), len(content), time.monotonic() - begun
                )
        except PIRequestError:
            # From a login, in words that fit; it is an OSError, too.
            raise
        except (requests.exceptions.InvalidHeader, UnicodeError) as error:
            if error.args and isinstance(error.args[0], urllib3.exceptions.InvalidHeader):
                raise PIBadAnswerError(
                    f"{asked}: the answer has contradicting headers: {_short(str(error.args[0]))}"
                ) from error
            # Without its cause: that shows the header, which is a secret.
            raise PIRefusedError(
                f"{asked}: a login or a value of option headers holds what an HTTP header cannot hold: blanks in "
                "front, line breaks, or letters outside of Latin-1"
            ) from None
        except (requests.RequestException, urllib3.exceptions.HTTPError, OSError) as error:
            raise _connection_error(error, self.connection.url, asked, time.monotonic() - started) from error
        finally:
            self.effort.seconds = time.monotonic() - started
            self.traffic.add(requests=1, seconds=self.effort.seconds)
        self.effort.bytes = len(content)
        self.traffic.add(bytes=len(content))
        return response.status_code, response.headers, content


def _connection_error(error: Exception, url: str, asked: str, seconds: float) -> PIRetriableError:
    """What a failure below HTTP means, in words; the library's own text names hosts and ports and no secret."""
    text = _root_words(error)
    if "WRONG_VERSION_NUMBER" in text or "record layer failure" in text:
        return PIConnectionError(
            f"{asked}: no TLS at {url} (option url): {_short(text)}\n"
            "if PI Web API is reached without TLS there, url begins with http://"
        )
    if isinstance(error, requests.exceptions.ProxyError):
        return PIConnectionError(
            f"{asked}: the proxy that the environment names (HTTPS_PROXY, HTTP_PROXY) does not reach {url}: "
            f"{_short(text)}\nif it is to be asked directly, name its host in option noProxy"
        )
    if isinstance(error, requests.exceptions.SSLError) or "CERTIFICATE_VERIFY_FAILED" in text:
        return PIConnectionError(
            f"{asked}: no trusted TLS connection to {url}: {_short(text)}\n"
            "if the certificate comes from your own authority, give its file with option caBundle"
        )
    if isinstance(error, requests.Timeout | urllib3.exceptions.TimeoutError | TimeoutError) or "timed out" in text:
        return PITimeoutError(f"{asked}: no answer from {url} within {seconds:.1f} s (option timeout): {_short(text)}")
    if isinstance(error, requests.exceptions.ContentDecodingError | urllib3.exceptions.DecodeError):
        return PIBadAnswerError(f"{asked}: the answer is damaged: {_short(text)}")
    if isinstance(error, urllib3.exceptions.IncompleteRead) or "IncompleteRead" in text:
        return PIBadAnswerError(f"{asked}: the answer broke off: {_short(text)}")
    return PIConnectionError(f"{asked}: no connection to {url} (option url): {_short(text)}")


def _root_words(error: Exception) -> str:
    """The words of what happened below, without the request that `requests` and urllib3 wrap around it."""
    inner = error.args[0] if error.args else None
    reason = getattr(inner, "reason", None)
    return str(reason if isinstance(reason, Exception) else error)


def _short(text: str) -> str:
    return text if len(text) <= 300 else text[:300] + " …"
