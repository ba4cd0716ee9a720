"""The default transport: on this machine's own addresses, and with names that nobody is asked for."""

from __future__ import annotations

import asyncio
import datetime
import ipaddress
import socket
import ssl
import threading
from email.utils import formatdate
from pathlib import Path
from typing import Any, Iterator, Optional

import countersign
import pytest
from conftest import raises, run
from countersign import HttpReply, HttpRequest, TransportError, UrllibTransport
from countersign.transport import _seconds
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID
from server import Server


def request(url: str, bytes_max: int = 100_000, timeout_s: float = 20) -> HttpRequest:
    return HttpRequest(
        url=url,
        content_type="application/jose",
        body=b"x",
        timeout_s=timeout_s,  # type: ignore[arg-type]
        reply_bytes_max=bytes_max,
    )


def post(url: str, **what: Any) -> HttpReply:
    reply: HttpReply = run(UrllibTransport().post(request(url, **what)))
    return reply


class Silent:
    """Takes connections and says nothing, unless asked for `/answer`."""

    def __init__(self, context: Optional[ssl.SSLContext] = None) -> None:
        self._context = context
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=64)
        self.url = f"http{'s' if context else ''}://127.0.0.1:{self._listener.getsockname()[1]}"
        self.arrived = threading.Semaphore(0)
        self.left = threading.Semaphore(0)
        self.heads: list[bytes] = []
        threading.Thread(target=self._listen, daemon=True).start()

    def _listen(self) -> None:
        while True:
            try:
                line, _ = self._listener.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(line,), daemon=True).start()

    def _serve(self, line: socket.socket) -> None:
        line.settimeout(30)
        try:
            if self._context is not None:
                line = self._context.wrap_socket(line, server_side=True)
            self._answer(line)
        except OSError:
            # Whoever called does not trust it.
            pass
        finally:
            line.close()

    def _answer(self, line: socket.socket) -> None:
        came = b""
        while not came.endswith(b"\r\n\r\nx"):
            came += line.recv(65536)
        self.heads.append(came)
        self.arrived.release()
        if b"/answer" in came:
            line.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
        elif ended(line):
            self.left.release()

    def close(self) -> None:
        # A close alone does not wake who accepts.
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()


def ended(line: socket.socket) -> bool:
    try:
        return line.recv(1) == b""
    except ssl.SSLEOFError:
        return True


@pytest.fixture
def silent() -> Iterator[Silent]:
    silent = Silent()
    yield silent
    silent.close()


def test_the_default_transport_names_what_went_wrong(server: Server) -> None:
    url = f"{server.url}/v1/fetch"
    assert post(url).status == 400
    for rule, kind in (
        ({"kind": "redirect", "to": server.url}, TransportError.Redirect),
        ({"kind": "raw", "text": "no HTTP at all\r\n\r\n"}, TransportError.NotHttp),
        ({"kind": "drop"}, TransportError.NoConnection),
        ({"kind": "endless"}, TransportError.TooLong),
        ({"kind": "huge", "bytes": 5_000_000}, TransportError.TooLong),
    ):
        server.control("network", path="fetch", do=rule)
        error = raises(kind, lambda: post(url))  # noqa: B023
        assert server.url not in str(error)
    server.control("network", path="fetch", do={"kind": "unavailable", "retry_after": "7"})
    answer = post(url)
    assert (answer.status, answer.retry_after_s) == (503, 7)


def test_who_says_nothing_is_given_up(silent: Silent) -> None:
    raises(TransportError.TimedOut, lambda: post(silent.url, timeout_s=0.05))


def test_who_says_it_slowly_is_given_up(server: Server) -> None:
    server.control("network", path="fetch", do={"kind": "drip", "pause_ms": 40})
    raises(TransportError.TimedOut, lambda: post(f"{server.url}/v1/fetch", timeout_s=0.2))


@pytest.mark.parametrize(
    "url",
    [
        "http://192.0.2.1/",
        "http://127.0.0.1.example/",
        "http://127.0.0.1@example.org/",
        "http:///",
        "ftp://127.0.0.1/",
        "file:///etc/hostname",
        "data:,x",
        "https://[",
        "no address",
        "",
    ],
)
def test_without_tls_nothing_leaves_this_machine(monkeypatch: pytest.MonkeyPatch, url: str) -> None:
    monkeypatch.setattr(threading.Thread, "start", lambda _: pytest.fail("it was tried"))
    raises(TransportError.NoConnection, lambda: post(url))


def test_a_request_does_not_say_what_made_it(silent: Silent) -> None:
    assert post(f"{silent.url}/answer").status == 200
    lines = silent.heads[0].decode().lower()
    assert "\r\nuser-agent: countersign\r\n" in lines and "python" not in lines


def test_who_does_not_listen_and_who_is_not_there_are_no_connection(monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    raises(TransportError.NoConnection, lambda: post(f"http://127.0.0.1:{port}/"))
    asked: list[str] = []

    def unknown(host: str, *_: object, **__: object) -> Any:
        asked.append(host)
        raise socket.gaierror(socket.EAI_NONAME, "unknown")

    monkeypatch.setattr(socket, "getaddrinfo", unknown)
    raises(TransportError.NoConnection, lambda: post("https://no-such-host.invalid/"))
    assert asked == ["no-such-host.invalid"]


def certified(folder: Path) -> tuple[ssl.SSLContext, ssl.SSLContext]:
    """A server's context with a certificate that it made itself, and one that trusts it."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "loopback")])
    address = x509.IPAddress(ipaddress.ip_address("127.0.0.1"))
    now = datetime.datetime.now(datetime.timezone.utc)
    certificate = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([address]), critical=False)
        .sign(key, hashes.SHA256())
    )
    public = certificate.public_bytes(Encoding.PEM)
    private = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    (folder / "both.pem").write_bytes(private + public)
    serving = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    serving.load_cert_chain(folder / "both.pem")
    return serving, ssl.create_default_context(cadata=public.decode())


def test_a_certificate_that_nobody_trusts_is_refused(tmp_path: Path) -> None:
    serving, trusting = certified(tmp_path)
    silent = Silent(serving)
    try:
        raises(TransportError.Certificate, lambda: post(f"{silent.url}/answer"))
        transport = UrllibTransport(trusting)
        assert run(transport.post(request(f"{silent.url}/answer"))).body == b"ok"

        async def cancelled() -> None:
            waiting = asyncio.ensure_future(transport.post(request(silent.url)))
            await asyncio.to_thread(silent.arrived.acquire, timeout=20)
            waiting.cancel()
            await asyncio.wait([waiting])

        assert silent.arrived.acquire(timeout=20)
        run(cancelled())
        assert silent.left.acquire(timeout=20), "its connection is closed"
    finally:
        silent.close()


def test_many_that_wait_keep_no_other_from_its_answer(silent: Silent) -> None:
    transport = UrllibTransport()
    many = 40

    async def posted() -> HttpReply:
        waiting = [asyncio.ensure_future(transport.post(request(silent.url))) for _ in range(many)]
        await asyncio.to_thread(lambda: [silent.arrived.acquire(timeout=20) for _ in waiting])
        reply = await transport.post(request(f"{silent.url}/answer"))
        assert not [task for task in waiting if task.done()]
        for task in waiting:
            task.cancel()
        await asyncio.wait(waiting)
        assert all(task.cancelled() for task in waiting)
        return reply

    assert run(posted()).body == b"ok"
    assert all(silent.left.acquire(timeout=20) for _ in range(many)), "their connections are closed"
    for thread in threading.enumerate():
        if thread.name == "countersign-post":
            thread.join(20)
            assert not thread.is_alive()


def test_a_loop_that_ends_waits_for_no_request(silent: Silent) -> None:
    loop = asyncio.new_event_loop()
    task = loop.create_task(UrllibTransport().post(request(silent.url)))
    loop.run_until_complete(asyncio.sleep(0))
    (thread,) = [thread for thread in threading.enumerate() if thread.name == "countersign-post"]
    assert thread.daemon, "nor does the program"
    assert silent.arrived.acquire(timeout=20)
    task.cancel()
    loop.run_until_complete(asyncio.wait([task]))
    # What the thread brings comes to a closed loop.
    loop.close()
    thread.join(20)
    assert not thread.is_alive()


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        (None, None),
        ("7", 7),
        (" 7 ", 7),
        ("007", 7),
        ("9" * 18, 10**18 - 1),
        ("9" * 19, 2**63),
        ("9" * 5_000, 2**63),
        ("-1", None),
        ("1.5", None),
        ("soon", None),
        ("\u0667", None),
        (formatdate(0, usegmt=True), 0),
        ("Thu, 99 Foo 2026 00:00:00 GMT", None),
    ],
)
def test_a_server_may_say_anything_as_the_time_to_wait(text: Any, seconds: Any) -> None:
    assert _seconds(text) == seconds


def test_an_endless_number_of_seconds_is_read(server: Server) -> None:
    server.control("network", path="fetch", do={"kind": "unavailable", "retry_after": "9" * 5_000})
    assert post(f"{server.url}/v1/fetch").retry_after_s == 2**63
    assert asyncio.iscoroutinefunction(countersign.UrllibTransport.post)
