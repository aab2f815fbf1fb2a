"""One POST over HTTP. The only module that knows the HTTP library; a successor of it would go in here.

Every failure is told in words of ours that name the host and the kind of failure, never the body or the address.
"""

from __future__ import annotations

import ssl
import threading
import zlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC
from email.utils import parsedate_to_datetime
from typing import Any, Final

import httpx

from national_sync.errors import CertificateRefused, NationalUnavailable
from national_sync.i18n import N_, Phrase
from national_sync_adapters.nvsi.deadline import Deadline

SENT: Final = "http11.send_request_body.complete"
HEADERS: Final = {
    "Content-Type": "application/json",
    "Accept": "application/json",
    "Accept-Encoding": "gzip",
    "User-Agent": "national-sync",
}
GZIP_OR_ZLIB: Final = 47
"""The window bits with which zlib tells the two apart by itself."""
BEGUN: Final = "http11.send_request_headers.started"


class NotDelivered(NationalUnavailable):
    """The national system cannot be reached, and nothing was sent: {reason}"""


@dataclass(frozen=True)
class Answer:
    status: int
    headers: Mapping[str, str]
    body: bytes

    def retry_after_seconds(self, now: float) -> float | None:
        """What `Retry-After` asks for, given as seconds or as a date."""
        text = self.headers.get("retry-after", "").strip()
        if text.isascii() and text.isdigit():
            return float(text)
        moment = _http_date(text)
        return None if moment is None else max(0.0, moment - now)

    def server_time_ms(self) -> int | None:
        """The national side's clock when it answered."""
        text = self.headers.get("x-server-time", "").strip()
        if text.isascii() and text.isdigit():
            return int(text)
        moment = _http_date(self.headers.get("date", ""))
        return None if moment is None else int(moment * 1000)


def _http_date(text: str) -> float | None:
    try:
        moment = parsedate_to_datetime(text)
    except ValueError:
        return None
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()


@dataclass(frozen=True)
class TransportLimits:
    connect_seconds: float
    silence_seconds: float
    """The longest pause within an answer."""
    body_bytes: int
    connections: int


class Transport:
    """A pool of connections to one host. Thread-safe."""

    def __init__(self, base_url: str, limits: TransportLimits, *, ca_file: str | None, proxy: str | None) -> None:
        self._limits = limits
        self._base_url = httpx.URL(base_url)
        self.host = self._base_url.host
        self._ca_file = ca_file
        self._proxy = proxy
        self._client: httpx.Client | None = None
        self._opening = threading.Lock()

    def _opened(self) -> httpx.Client:
        """The client, made when first needed and again after `close`: loading certificates takes time."""
        with self._opening:
            if self._client is None:
                self._client = self._new_client()
            return self._client

    def _new_client(self) -> httpx.Client:
        limits = self._limits
        return httpx.Client(
            base_url=self._base_url,
            verify=_trust(self._base_url.scheme, self._ca_file),
            proxy=self._proxy,
            trust_env=False,
            follow_redirects=False,
            limits=httpx.Limits(
                max_connections=limits.connections,
                max_keepalive_connections=limits.connections,
                keepalive_expiry=30,
            ),
            headers=HEADERS,
        )

    def close(self) -> None:
        with self._opening:
            if self._client is not None:
                self._client.close()
                self._client = None

    def post(
        self,
        path: str,
        body: bytes,
        headers: Mapping[str, str],
        *,
        deadline: Deadline,
        on_sent: Callable[[], None] | None = None,
    ) -> Answer:
        """Send and read the whole answer within the deadline.

        `on_sent` is called between the last byte sent and the first byte read. Raises `NotDelivered` when not a byte
        of the request left this machine, `CertificateRefused`, or `NationalUnavailable` for everything else.
        """
        trace = _Trace(on_sent)
        client = self._opened()
        request = client.build_request(
            "POST",
            path,
            content=body,
            headers=dict(headers),
            timeout=self._timeout(deadline),
            extensions={"trace": trace},
        )
        try:
            response = client.send(request, stream=True)
            try:
                return Answer(response.status_code, self._checked(response).headers, self._body(response, deadline))
            finally:
                response.close()
        except zlib.error as error:
            raise NationalUnavailable(reason="a body whose compression is damaged") from error
        except httpx.HTTPError as error:
            raise self._translated(error, trace) from error

    def _timeout(self, deadline: Deadline) -> httpx.Timeout:
        remaining = max(deadline.remaining(), 0.001)
        silence = min(self._limits.silence_seconds, remaining)
        connect = min(self._limits.connect_seconds, remaining)
        return httpx.Timeout(connect=connect, read=silence, write=silence, pool=remaining)

    def _checked(self, response: httpx.Response) -> httpx.Response:
        if 300 <= response.status_code < 400:
            words = N_("{host} sends us on to {target}")
            raise NationalUnavailable(reason=Phrase(words, host=self.host, target=_target_host(response)))
        return response

    def _body(self, response: httpx.Response, deadline: Deadline) -> bytes:
        """The body, unpacked here rather than by the library, which checks no deadline while packed bytes drip in."""
        packed = response.headers.get("content-encoding", "identity") != "identity"
        unpack = zlib.decompressobj(GZIP_OR_ZLIB) if packed else None
        most = self._limits.body_bytes
        chunks: list[bytes] = []
        size = 0
        for raw in response.iter_raw():
            chunk = raw if unpack is None else unpack.decompress(raw, most - size + 1)
            size += len(chunk)
            if size > most:
                raise NationalUnavailable(reason=Phrase(N_("an answer of more than {most} bytes"), most=most))
            if deadline.is_over:
                raise NationalUnavailable(reason="the answer came too slowly")
            chunks.append(chunk)
        if unpack is not None and not unpack.eof:
            raise NationalUnavailable(reason="a body cut within its compression")
        return b"".join(chunks)

    def _translated(self, error: httpx.HTTPError, trace: _Trace) -> Exception:
        refusal = _certificate_error(error)
        if refusal is not None:
            return CertificateRefused(host=self.host, reason=_certificate_words(refusal))
        reason = Phrase(N_("{host}: {reason}"), host=self.host, reason=_plain_words(error))
        return NationalUnavailable(reason=reason) if trace.has_begun else NotDelivered(reason=reason)


class _Trace:
    """Notes how far a request came."""

    def __init__(self, on_sent: Callable[[], None] | None) -> None:
        self._on_sent = on_sent
        self.has_begun = False

    def __call__(self, event: str, _: Any) -> None:
        if event == BEGUN:
            self.has_begun = True
        elif event == SENT and self._on_sent is not None:
            self._on_sent()


def _plain_words(error: httpx.HTTPError) -> Phrase | str:
    match error:
        case httpx.ConnectTimeout() | httpx.ConnectError():
            return N_("no connection")
        case httpx.PoolTimeout():
            return N_("no free connection in time")
        case httpx.TimeoutException():
            return N_("no answer in time")
        case httpx.RemoteProtocolError():
            return N_("the connection ended within the answer")
        case _:
            return Phrase(N_("the connection failed ({kind})"), kind=type(error).__name__)


def _certificate_error(error: BaseException | None) -> ssl.SSLCertVerificationError | None:
    while error is not None:
        if isinstance(error, ssl.SSLCertVerificationError):
            return error
        error = error.__cause__ or error.__context__
    return None


def _certificate_words(refusal: ssl.SSLCertVerificationError) -> str:
    """The frequent reasons in words of ours, the others in those of OpenSSL."""
    match refusal.verify_code:
        case 10:
            return N_("it has expired; or the clock of this machine is wrong")
        case 18 | 19:
            return N_("it is signed by itself, not by an authority")
        case 20 | 21:
            return N_("it is signed by an authority that this machine does not know")
        case 62 | 64:
            return N_("it was issued for another address")
        case _:
            return refusal.verify_message or N_("the check failed")


def _target_host(response: httpx.Response) -> Phrase | str:
    try:
        return httpx.URL(response.headers.get("location", "")).host or Phrase(N_("another page"))
    except httpx.InvalidURL:
        return Phrase(N_("another page"))


_context_lock: Final = threading.Lock()
_contexts: Final[dict[str | None, ssl.SSLContext]] = {}


def _trust(scheme: str, ca_file: str | None) -> ssl.SSLContext:
    """Loading the certificates takes 60 ms, so it happens once a process; without TLS nothing is loaded."""
    if scheme != "https":
        return ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    with _context_lock:
        if ca_file not in _contexts:
            usual = httpx.create_ssl_context
            _contexts[ca_file] = usual() if ca_file is None else ssl.create_default_context(cafile=ca_file)
        return _contexts[ca_file]
