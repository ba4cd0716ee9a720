"""Keys of a platform that is not there: in memory, and as contrary as a test wants."""

from __future__ import annotations

import os
from typing import Awaitable, Callable, Optional

import countersign
from countersign import DeviceKeyError, KeyRequest, MadeKey
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat


class WrappingKey(countersign.PlatformKey):
    """Wraps with AES-GCM, the context as associated data."""

    def __init__(self, trouble: Optional[Exception] = None) -> None:
        self._key = AESGCM(AESGCM.generate_key(256))
        self.trouble = trouble
        self.calls = 0

    async def wrap(self, context: bytes, secret: bytes) -> bytes:
        self._called()
        nonce = os.urandom(12)
        return nonce + self._key.encrypt(nonce, secret, context)

    async def unwrap(self, context: bytes, wrapped: bytes) -> bytes:
        self._called()
        return self._key.decrypt(wrapped[:12], wrapped[12:], context)

    def _called(self) -> None:
        self.calls += 1
        if self.trouble is not None:
            raise self.trouble


class MemoryKeys(countersign.DeviceKeys):
    """A key store in memory. `before` runs at each call: to count, to call back, to refuse, to wait."""

    def __init__(self, before: Optional[Callable[[str, str], Awaitable[None]]] = None) -> None:
        self.keys: dict[str, ec.EllipticCurvePrivateKey] = {}
        self.calls: list[str] = []
        self.before = before

    async def _called(self, what: str, alias: str) -> None:
        self.calls.append(what)
        if self.before is not None:
            await self.before(what, alias)

    async def create(self, alias: str, request: KeyRequest) -> MadeKey:
        await self._called("create", alias)
        assert len(request.challenge) == 32 and alias not in self.keys
        key = self.keys[alias] = ec.generate_private_key(ec.SECP256R1())
        return MadeKey(
            public=key.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint),
            protection=countersign.Protection.HARDWARE,
            presence=countersign.Presence.EACH_USE if request.presence else countersign.Presence.NONE,
            attestation=None,
        )

    async def exists(self, alias: str) -> bool:
        await self._called("exists", alias)
        return alias in self.keys

    async def sign(self, alias: str, message: bytes) -> bytes:
        await self._called("sign", alias)
        if alias not in self.keys:
            raise DeviceKeyError.Invalidated()
        return self.keys[alias].sign(message, ec.ECDSA(hashes.SHA256()))

    async def delete(self, alias: str) -> None:
        await self._called("delete", alias)
        self.keys.pop(alias, None)


class MemoryAnchor(countersign.Anchor):
    """Anchors in memory, compared and replaced as the port asks."""

    def __init__(self) -> None:
        self.stored: dict[str, bytes] = {}
        self.before: Callable[[], object] = lambda: None

    def read(self, vault: str) -> Optional[bytes]:
        self.before()
        return self.stored.get(vault)

    def replace(self, vault: str, expected: Optional[bytes], anchor: bytes, flush: bool) -> countersign.StoredAnchor:
        self.before()
        if self.stored.get(vault) != expected:
            return countersign.StoredAnchor.CHANGED
        self.stored[vault] = anchor
        return countersign.StoredAnchor.DONE
