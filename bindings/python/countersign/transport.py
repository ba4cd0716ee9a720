"""The network, with the standard library alone."""

from __future__ import annotations

import asyncio
import email.utils
import functools
import re
import socket
import ssl
import threading
import time
import urllib.error
import urllib.parse
import urllib.request
from http.client import HTTPConnection, HTTPException, HTTPMessage, HTTPResponse, HTTPSConnection, IncompleteRead
from typing import IO, Any, Optional, Union

from .native.countersign import HttpReply, HttpRequest, Transport, TransportError

# Says neither which Python asks nor on which machine.
_USER_AGENT = "countersign"

_LOOPBACK = re.compile(r"127(\.\d{1,3}){3}", re.ASCII)

# More than any server means: so many digits are a number that is read.
_RETRY_DIGITS_MAX = 18


class UrllibTransport(Transport):
    """Posts with ``urllib``, each request on a thread of its own, which keeps no program from its end. TLS trusts what the system
    trusts, and without TLS nothing leaves this machine; redirects are not followed.

    A request that takes longer than it may, from its beginning to the end of the answer, is given up. The connection of a task that
    is cancelled is closed, and the thread ends with it.
    """

    def __init__(self, context: Optional[ssl.SSLContext] = None) -> None:
        self._context = context or ssl.create_default_context()

    async def post(self, request: HttpRequest) -> HttpReply:
        if not _is_allowed(request.url):
            raise TransportError.NoConnection()
        loop = asyncio.get_running_loop()
        came: asyncio.Future[HttpReply] = loop.create_future()
        line = _Line()

        def post() -> None:
            answer: Union[HttpReply, BaseException]
            try:
                answer = _posted(request, line, self._context)
            except BaseException as error:
                answer = error
            try:
                loop.call_soon_threadsafe(_settle, came, answer)
            except RuntimeError:
                # The loop is closed: nobody waits any more.
                pass

        threading.Thread(target=post, name="countersign-post", daemon=True).start()
        try:
            async with asyncio.timeout(request.timeout_s):
                return await came
        except TimeoutError:
            raise TransportError.TimedOut() from None
        finally:
            line.cut()


def _is_allowed(url: str) -> bool:
    try:
        parts = urllib.parse.urlsplit(url)
        host = parts.hostname or ""
    except ValueError:
        return False
    return parts.scheme == "https" or parts.scheme == "http" and (host in {"localhost", "::1"} or bool(_LOOPBACK.fullmatch(host)))


def _settle(came: "asyncio.Future[HttpReply]", answer: Union[HttpReply, BaseException]) -> None:
    if came.done():
        return
    if isinstance(answer, BaseException):
        came.set_exception(answer)
    else:
        came.set_result(answer)


class _Line:
    """The connection of one request, which another thread may cut."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._socket: Optional[socket.socket] = None
        self._is_cut = False

    def opened(self, to: socket.socket) -> None:
        with self._lock:
            self._socket = to
            if self._is_cut:
                _shut(to)

    def cut(self) -> None:
        with self._lock:
            self._is_cut = True
            if self._socket is not None:
                _shut(self._socket)


def _shut(line: socket.socket) -> None:
    try:
        # What lies under TLS, whose own end would have to be agreed upon.
        socket.socket.shutdown(line, socket.SHUT_RDWR)
    except OSError:
        # It has ended already.
        pass


class _Plain(HTTPConnection):
    def __init__(self, *args: Any, line: _Line, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._line = line

    def connect(self) -> None:
        super().connect()
        self._line.opened(self.sock)


class _Secure(_Plain, HTTPSConnection):
    """The same over TLS."""


class _PlainHandler(urllib.request.HTTPHandler):
    def __init__(self, line: _Line) -> None:
        super().__init__()
        self._line = line

    def http_open(self, req: urllib.request.Request) -> HTTPResponse:
        return self.do_open(functools.partial(_Plain, line=self._line), req)


class _SecureHandler(urllib.request.HTTPSHandler):
    def __init__(self, line: _Line, context: ssl.SSLContext) -> None:
        super().__init__(context=context)
        self._line = line
        self._trusted = context

    def https_open(self, req: urllib.request.Request) -> HTTPResponse:
        return self.do_open(functools.partial(_Secure, line=self._line), req, context=self._trusted)


class _NoRedirects(urllib.request.HTTPRedirectHandler):
    def redirect_request(
        self, req: urllib.request.Request, fp: IO[bytes], code: int, msg: str, headers: HTTPMessage, newurl: str
    ) -> None:
        return None


def _posted(request: HttpRequest, line: _Line, context: ssl.SSLContext) -> HttpReply:
    headers = {"Content-Type": request.content_type, "User-Agent": _USER_AGENT}
    asked = urllib.request.Request(request.url, data=request.body, method="POST", headers=headers)
    opener = urllib.request.build_opener(_NoRedirects(), _PlainHandler(line), _SecureHandler(line, context))
    try:
        try:
            answer = opener.open(asked, timeout=request.timeout_s)
        except urllib.error.HTTPError as refused:
            answer = refused
        with answer:
            if 300 <= answer.status < 400:
                raise TransportError.Redirect()
            body = _read(answer, request.reply_bytes_max)
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


def _read(answer: IO[bytes], bytes_max: int) -> bytes:
    """The body, which is given up where it is too long."""
    body = bytearray()
    while piece := answer.read1(65536):  # type: ignore[attr-defined]
        body += piece
        if len(body) > bytes_max:
            raise TransportError.TooLong()
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
        return int(text) if len(text) <= _RETRY_DIGITS_MAX else 2**63
    try:
        at = email.utils.parsedate_to_datetime(text)
        return max(0, int(at.timestamp() - time.time()))
    except (TypeError, ValueError, OverflowError):
        return None
