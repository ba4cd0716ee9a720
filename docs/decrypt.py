"""Prints every account of a vault, keys included, as JSON lines. Needs: pip install cryptography argon2-cffi"""
import argparse, base64, getpass, hashlib, hmac, json, os, pathlib, shutil, sqlite3, struct, sys, tempfile, unicodedata
from argon2.low_level import Type, hash_secret_raw
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

def hkdf(key, salt, info):  # RFC 5869: 32 bytes are its first block
    return hmac.digest(hmac.digest(salt, key, "sha256"), info + b"\1", "sha256")

def slot_secret(kind, params, credential):
    if kind == 1:  # a password
        memory_kib, passes, lanes, salt = struct.unpack(">III16s", params)
        if memory_kib > 262144 or passes > 32 or lanes > 4: sys.exit("damaged: the slot's parameters are out of bounds")
        return hash_secret_raw(unicodedata.normalize("NFKC", credential).encode(), salt, passes, memory_kib, lanes, 32, Type.ID)
    letters = "".join(credential.upper().translate(str.maketrans("OIL-", "011 ")).split())
    values = ["0123456789ABCDEFGHJKMNPQRSTVWXYZ".find(letter) for letter in letters]
    if len(values) != 36 or -1 in values: sys.exit("a recovery code has nine groups of four letters and digits")
    number = sum(value << 5 * place for place, value in enumerate(reversed(values[:32])))
    return hkdf(number.to_bytes(20, "big"), b"", b"countersign/v1/recovery")

def open_slot(vault, slot, secret):  # gives the vault key and its epoch
    slot_id, kind, epoch, nonce, params, public, sealed, _ = slot
    private = X25519PrivateKey.from_private_bytes(hkdf(secret, nonce, b"countersign/v1/slot/x25519"))
    shared = private.exchange(X25519PublicKey.from_public_bytes(sealed[:32]))
    aad = struct.pack(">3sI16s16sBII", b"slt", 1, vault, slot_id, kind, epoch, len(params)) + params + public + sealed[:32]
    key = hkdf(shared + hkdf(secret, nonce, b"countersign/v1/slot/psk"), b"", aad)
    return AESGCM(key).decrypt(bytes(12), sealed[32:], aad)[:32], epoch

def fields(body):
    while body[0] != 0:
        tag, length = struct.unpack_from(">BI", body)
        yield tag, body[5:5 + length]
        body = body[5 + length:]

def account(record_id, body, tags):
    field = dict(fields(body))
    text = lambda tag: field.get(tag, b"").decode()
    number = lambda tag: int.from_bytes(field[tag], "big") if tag in field else None
    return {"id": record_id.hex(), "type": {1: "totp", 2: "hotp", 3: "steam"}[number(1)], "issuer": text(7),
            "label_issuer": text(8), "account": text(9), "secret": base64.b32encode(field[6]).decode().rstrip("="),
            "algorithm": {1: "SHA1", 2: "SHA256", 3: "SHA512"}.get(number(2)), "digits": number(3),
            "period": number(4), "counter": number(5), "note": text(10),
            "tags": [tags[value] for tag, value in fields(body) if tag == 11], "pinned": number(12) == 1,
            "order": number(13), "created_at": number(14), "changed_at": number(15), "trashed_at": number(16)}

def accounts(db, kind, credential):
    kind_of_file = db.execute("SELECT * FROM pragma_application_id, pragma_user_version").fetchone()
    if kind_of_file != (0x43535654, 1): sys.exit("this is not a vault of format 1")
    vault = db.execute("SELECT v FROM meta WHERE k = 'vault_id'").fetchone()[0]
    slot = db.execute("SELECT * FROM slot WHERE kind = ?", [kind]).fetchone() or sys.exit("the vault has no such slot")
    try: vault_key, epoch = open_slot(vault, slot, slot_secret(kind, slot[4], credential))
    except InvalidTag: sys.exit("wrong password or recovery code, or a damaged slot")
    def unseal(purpose, label, columns, nonce, body):
        key = hkdf(vault_key, vault, b"countersign/v1/%b/%d" % (purpose, epoch))
        return AESGCM(key).decrypt(nonce, body, struct.pack(">3sI16s", label, 1, vault) + columns)
    *row, nonce, body = db.execute("SELECT gen, epoch, nonce, body FROM manifest").fetchone()
    manifest = dict(fields(unseal(b"meta", b"man", struct.pack(">QI", *row), nonce, body)))
    listed, stamps = set(), b"countersign-buckets/1\0"
    for *row, nonce, body in db.execute("SELECT * FROM bucket ORDER BY n"):
        stamps += struct.pack(">BQ", *row[:2]) + body[-16:]
        listed.update(struct.iter_unpack(">16sBQI16s", unseal(b"meta", b"bkt", struct.pack(">BQI", *row), nonce, body)))
    rows = db.execute("SELECT * FROM record ORDER BY id").fetchall()
    if hashlib.sha256(stamps).digest() != manifest[1] or listed != {(*row[:4], row[5][-16:]) for row in rows}:
        sys.exit("damaged: the records are not those of the sealed list")
    opened = [(row[0], row[1], unseal(b"rec", b"rec", struct.pack(">16sBQI", *row[:4]), *row[4:])) for row in rows]
    tags = {record_id: dict(fields(body))[1].decode() for record_id, kind, body in opened if kind == 2}
    return [account(record_id, body, tags) for record_id, kind, body in opened if kind == 1]

parser = argparse.ArgumentParser(description=__doc__)
for argument in ("vault", "--password-file", "--recovery-code-file"): parser.add_argument(argument)
args = parser.parse_args()
kind, file = (2, args.recovery_code_file) if args.recovery_code_file else (1, args.password_file)
credential = pathlib.Path(file).read_text("utf-8").removesuffix("\n") if file else getpass.getpass()
with tempfile.TemporaryDirectory() as folder:
    for path in filter(os.path.exists, (args.vault, args.vault + "-wal")): shutil.copy(path, folder)
    try: found = accounts(sqlite3.connect(pathlib.Path(folder, pathlib.Path(args.vault).name)), kind, credential)
    except Exception as error: sys.exit(f"damaged: the vault cannot be read ({type(error).__name__})")
for one in found: print(json.dumps(one))
