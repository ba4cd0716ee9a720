"""Ports that need no phone: the system's clock and an HTTP client of the standard library."""

from __future__ import annotations

import asyncio
import email.utils
import ssl
import time
import urllib.error
import urllib.request
from http.client import HTTPException, HTTPMessage, IncompleteRead
from typing import IO, Optional

from .native.countersign import Clock, HttpReply, HttpRequest, Transport, TransportError
from .guarded import Ports


class SystemClock(Clock):
    """The system's clock."""

    def now(self) -> int:
        return int(time.time())


class _NoRedirects(urllib.request.HTTPRedirectHandler):
    def redirect_request(
        self, req: urllib.request.Request, fp: IO[bytes], code: int, msg: str, headers: HTTPMessage, newurl: str
    ) -> None:
        return None


class UrllibTransport(Transport):
    """Posts with ``urllib``, each request on a thread of its own. TLS trusts what the system trusts; redirects are not followed.

    A task that is cancelled no longer waits; the thread ends with its request.
    """

    def __init__(self, context: Optional[ssl.SSLContext] = None) -> None:
        handlers: list[urllib.request.BaseHandler] = [_NoRedirects()]
        handlers.append(urllib.request.HTTPSHandler(context=context or ssl.create_default_context()))
        self._opener = urllib.request.build_opener(*handlers)

    async def post(self, request: HttpRequest) -> HttpReply:
        return await asyncio.to_thread(self._posted, request)

    def _posted(self, request: HttpRequest) -> HttpReply:
        deadline = time.monotonic() + request.timeout_s
        asked = urllib.request.Request(
            request.url, data=request.body, method="POST", headers={"Content-Type": request.content_type}
        )
        try:
            try:
                answer = self._opener.open(asked, timeout=request.timeout_s)
            except urllib.error.HTTPError as refused:
                answer = refused
            with answer:
                if 300 <= answer.status < 400:
                    raise TransportError.Redirect()
                body = _read(answer, request.reply_bytes_max, deadline)
                return HttpReply(
                    status=answer.status,
                    retry_after_s=_seconds(answer.headers.get("Retry-After")),
                    body=body,
                )
        except TransportError:
            raise
        except TimeoutError:
            raise TransportError.TimedOut() from None
        except ssl.SSLCertVerificationError:
            raise TransportError.Certificate() from None
        except urllib.error.URLError as error:
            raise _named(error.reason) from None
        except (ConnectionError, IncompleteRead):
            # Also where the connection ends before the answer does.
            raise TransportError.NoConnection() from None
        except HTTPException:
            raise TransportError.NotHttp() from None
        except OSError:
            raise TransportError.NoConnection() from None


def _read(answer: IO[bytes], bytes_max: int, deadline: float) -> bytes:
    """The body, which is given up where it is too long or comes too slowly."""
    body = bytearray()
    while piece := answer.read1(65536):  # type: ignore[attr-defined]
        body += piece
        if len(body) > bytes_max:
            raise TransportError.TooLong()
        if time.monotonic() > deadline:
            raise TransportError.TimedOut()
    return bytes(body)


def _named(reason: object) -> TransportError:
    if isinstance(reason, TimeoutError):
        return TransportError.TimedOut()
    if isinstance(reason, ssl.SSLCertVerificationError):
        return TransportError.Certificate()
    if isinstance(reason, HTTPException) and not isinstance(reason, ConnectionError):
        return TransportError.NotHttp()
    return TransportError.NoConnection()


def _seconds(retry_after: Optional[str]) -> Optional[int]:
    """``Retry-After`` as seconds from now: a number, or a date (RFC 9110 §10.2.3)."""
    if retry_after is None:
        return None
    text = retry_after.strip()
    if text.isascii() and text.isdigit():
        return min(int(text), 2**63)
    try:
        at = email.utils.parsedate_to_datetime(text)
        return max(0, int(at.timestamp() - time.time()))
    except (TypeError, ValueError, OverflowError):
        return None


def default_ports() -> Ports:
    """The system's clock and network. Work accounts keep software keys in the vault; see ``KeyPlace.SOFTWARE``."""
    return Ports(clock=SystemClock(), transport=UrllibTransport())
