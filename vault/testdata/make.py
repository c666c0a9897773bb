#!/usr/bin/env python3
"""Makes the fixtures of the import formats, by means that share nothing with omamori:
Python's cryptography for Aegis, 2FAS and Bitwarden, PHP's libsodium for Ente and for
Bitwarden's Argon2id, Debian's qrencode for pictures. Run in vault/; the secrets are made up.

    python3 testdata/make.py
"""
import base64, hashlib, hmac, json, os, pathlib, subprocess, urllib.parse
from cryptography.hazmat.primitives import hashes, padding
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDFExpand

PASSWORD = b"fixture password"
os.chdir(pathlib.Path(__file__).parent.parent)

# issuer, name, type, algorithm, digits, period, counter, secret (base32)
ACCOUNTS = [
    ("Amazon Web Services", "root-account-mfa-device@123456789012", "totp", "SHA1", 6, 30, 0, "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"),
    ("GitHub", "owner", "totp", "SHA256", 8, 60, 0, "KRSXG5CTMVRXEZLUKRSXG5CTMVRXEZLU"),
    ("発行者", "持ち主@例.jp", "totp", "SHA512", 6, 30, 0, "MZXW6YTBOJRGC6QMMZXW6YTBOJRGC6QM"),
    ("Old Bank", "12345", "hotp", "SHA1", 6, 30, 41, "NBSWY3DPNBSWY3DP"),
]


def write(path, content):
    path = pathlib.Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content if isinstance(content, bytes) else content.encode())


def php(code, *args):
    return subprocess.run(["php", "-r", code, "--", *args], check=True, capture_output=True).stdout


def uri(a):
    issuer, name, kind, algo, digits, period, counter, secret = a
    q = {"secret": secret, "issuer": issuer, "algorithm": algo, "digits": digits}
    q["counter" if kind == "hotp" else "period"] = counter if kind == "hotp" else period
    return f"otpauth://{kind}/{urllib.parse.quote(issuer)}:{urllib.parse.quote(name)}?" + urllib.parse.urlencode(q, quote_via=urllib.parse.quote)


def aegis():
    entries = [
        {"type": kind, "uuid": f"{i:08d}-0000-4000-8000-000000000000", "name": name, "issuer": issuer, "note": "", "favorite": False, "icon": None, "groups": [],
         "info": {"secret": secret, "algo": algo, "digits": digits} | ({"counter": counter} if kind == "hotp" else {"period": period})}
        for i, (issuer, name, kind, algo, digits, period, counter, secret) in enumerate(ACCOUNTS)]
    entries.append({"type": "steam", "uuid": "x", "name": "gamer", "issuer": "Steam", "note": "", "info": {"secret": "JBSWY3DP", "algo": "SHA1", "digits": 5, "period": 30}})
    db = {"version": 3, "entries": entries, "groups": []}
    write("aegis/testdata/plain.json", json.dumps({"version": 1, "header": {"slots": None, "params": None}, "db": db}, ensure_ascii=False, indent=1))
    n, r, p, salt, master = 16384, 8, 1, bytes(range(32)), bytes(range(32, 64))
    under = hashlib.scrypt(PASSWORD, salt=salt, n=n, r=r, p=p, maxmem=64 << 20, dklen=32)
    key = AESGCM(under).encrypt(bytes(12), master, None)
    sealed = AESGCM(master).encrypt(b"n" * 12, json.dumps(db).encode(), None)
    finger = {"type": 2, "uuid": "f", "key": "00", "key_params": {"nonce": "00" * 12, "tag": "00" * 16}}
    slot = {"type": 1, "uuid": "s", "key": key[:-16].hex(), "key_params": {"nonce": "00" * 12, "tag": key[-16:].hex()}, "n": n, "r": r, "p": p, "salt": salt.hex(), "repaired": True, "is_backup": False}
    header = {"slots": [finger, slot], "params": {"nonce": (b"n" * 12).hex(), "tag": sealed[-16:].hex()}}
    write("aegis/testdata/encrypted.json", json.dumps({"version": 1, "header": header, "db": base64.b64encode(sealed[:-16]).decode()}, indent=1))


def twofas():
    services = []
    for issuer, name, kind, algo, digits, period, counter, secret in ACCOUNTS:
        otp = {"label": name, "account": name, "issuer": issuer, "digits": digits, "algorithm": algo, "tokenType": kind.upper(), "source": "Link"}
        otp |= {"counter": counter} if kind == "hotp" else {"period": period}
        services.append({"name": issuer, "secret": secret, "updatedAt": 1700000000000, "otp": otp, "order": {"position": 0}})
    services.append({"name": "Steam", "secret": "JBSWY3DP", "otp": {"account": "gamer", "tokenType": "STEAM", "digits": 5}})
    base = {"groups": [], "updatedAt": 1700000000000, "schemaVersion": 4, "appVersionCode": 5000000, "appOrigin": "android"}
    write("twofas/testdata/plain.2fas", json.dumps(base | {"services": services}, ensure_ascii=False))
    salt, iv = bytes(range(256)), bytes(12)
    key = hashlib.pbkdf2_hmac("sha256", PASSWORD, salt, 10000, 32)
    sealed = AESGCM(key).encrypt(iv, json.dumps(services).encode(), None)
    parts = ":".join(base64.b64encode(b).decode() for b in (sealed, salt, iv))
    write("twofas/testdata/encrypted.2fas", json.dumps(base | {"services": [], "servicesEncrypted": parts, "reference": parts}))


def bitwarden():
    items = [{"type": 1, "name": issuer, "login": {"username": name, "password": "not to be imported", "totp": uri(a)}} for a in ACCOUNTS for issuer, name in [a[:2]]]
    items.append({"type": 1, "name": "Plain", "login": {"username": "owner", "password": "x", "totp": "jbsw y3dp ehpk 3pxp"}})
    items.append({"type": 1, "name": "Steam", "login": {"username": "gamer", "totp": "steam://JBSWY3DP"}})
    items.append({"type": 1, "name": "No code", "login": {"username": "u", "password": "p", "totp": None}})
    items.append({"type": 2, "name": "A note", "notes": "n", "secureNote": {"type": 0}})
    plain = json.dumps({"encrypted": False, "folders": [], "items": items}, ensure_ascii=False).encode()
    write("bitwarden/testdata/plain.json", plain)

    def seal(key, text):
        enc = HKDFExpand(hashes.SHA256(), 32, b"enc").derive(key)
        mac = HKDFExpand(hashes.SHA256(), 32, b"mac").derive(key)
        iv = b"i" * 16
        pad = padding.PKCS7(128).padder()
        e = Cipher(algorithms.AES(enc), modes.CBC(iv)).encryptor()
        data = e.update(pad.update(text) + pad.finalize()) + e.finalize()
        return "2." + "|".join(base64.b64encode(b).decode() for b in (iv, data, hmac.digest(mac, iv + data, "sha256")))

    salt = base64.b64encode(b"salt of sixteen!").decode()
    head = {"encrypted": True, "passwordProtected": True, "salt": salt}
    key = hashlib.pbkdf2_hmac("sha256", PASSWORD, salt.encode(), 5000, 32)
    write("bitwarden/testdata/pbkdf2.json", json.dumps(head | {"kdfType": 0, "kdfIterations": 5000, "encKeyValidation_DO_NOT_EDIT": seal(key, b"guid"), "data": seal(key, plain)}))
    # The salt is hashed; of PHP's two ways to Argon2id, that of libsodium takes 16 bytes
    # alone, so this one is Python's.
    from cryptography.hazmat.primitives.kdf.argon2 import Argon2id
    key = Argon2id(salt=hashlib.sha256(salt.encode()).digest(), length=32, iterations=3, lanes=4, memory_cost=16 << 10).derive(PASSWORD)
    argon = {"kdfType": 1, "kdfIterations": 3, "kdfMemory": 16, "kdfParallelism": 4}
    write("bitwarden/testdata/argon2id.json", json.dumps(head | argon | {"encKeyValidation_DO_NOT_EDIT": seal(key, b"guid"), "data": seal(key, plain)}))
    write("bitwarden/testdata/account.json", json.dumps({"encrypted": True, "passwordProtected": False, "data": "2.a|b|c"}))


def ente():
    lines = "\n".join(uri(a) + "&codeDisplay=%7B%22pinned%22%3Afalse%7D" for a in ACCOUNTS) + "\notpauth://steam/Steam:gamer?secret=JBSWY3DP&issuer=Steam\n"
    write("ente/testdata/plain.txt", lines)
    code = """
    [$password, $plain] = array_slice($argv, 1);
    $salt = str_repeat('s', 16); $mem = 8 << 20; $ops = 2;
    $key = sodium_crypto_pwhash(32, $password, $salt, $ops, $mem, SODIUM_CRYPTO_PWHASH_ALG_ARGON2ID13);
    [$state, $header] = sodium_crypto_secretstream_xchacha20poly1305_init_push($key);
    $data = sodium_crypto_secretstream_xchacha20poly1305_push($state, $plain, '', SODIUM_CRYPTO_SECRETSTREAM_XCHACHA20POLY1305_TAG_FINAL);
    echo json_encode(['version' => 1, 'kdfParams' => ['memLimit' => $mem, 'opsLimit' => $ops, 'salt' => base64_encode($salt)],
        'encryptedData' => base64_encode($data), 'encryptionNonce' => base64_encode($header)], JSON_PRETTY_PRINT);
    """
    write("ente/testdata/encrypted.json", php(code, PASSWORD.decode(), lines))
    write("ente/testdata/short.json", php(code, PASSWORD.decode(), "otpauth://totp/a?secret=JBSWY3DP"))


def google():
    def varint(n):
        out = b""
        while n > 127:
            out, n = out + bytes([n & 127 | 128]), n >> 7
        return out + bytes([n])

    def field(n, v):
        return varint(n << 3 | 2) + varint(len(v)) + v if isinstance(v, bytes) else varint(n << 3) + varint(v)

    def account(issuer, name, kind, algo, digits, counter, secret):
        secret = base64.b32decode(secret + "=" * (-len(secret) % 8))
        m = field(1, secret) + field(2, name.encode()) + field(3, issuer.encode())
        m += field(4, {"SHA1": 1, "SHA256": 2, "SHA512": 3, "MD5": 4}[algo]) + field(5, {6: 1, 8: 2}[digits]) + field(6, {"hotp": 1, "totp": 2}[kind])
        return m + (field(7, counter) if kind == "hotp" else b"")

    def part(accounts, size, index, batch):
        m = b"".join(field(1, a) for a in accounts) + field(2, 1) + field(3, size) + field(4, index) + field(5, batch)
        return "otpauth-migration://offline?data=" + urllib.parse.quote(base64.b64encode(m).decode(), safe="")

    all = [account(i, n, k, a, d, c, s) for i, n, k, a, d, p, c, s in ACCOUNTS]
    all += [account("Bulk", f"user{n}", "totp", "SHA1", 6, 0, base64.b32encode(f"bulk secret {n:03d}".encode()).decode().rstrip("=")) for n in range(20)]
    all.append(account("Ancient", "md5", "totp", "MD5", 6, 0, "JBSWY3DP"))
    uris = [part(all[10 * i:10 * i + 10], 3, i, 0x7EADBEEF) for i in range(3)]
    negative = part(all[:1], 1, 0, (1 << 64) - 5)  # a negative batch id, as protobuf writes it
    write("google/testdata/parts.txt", "\n".join(uris) + "\n")
    write("google/testdata/single.txt", negative + "\n")
    for i, u in enumerate(uris):
        png(u, f"google/testdata/part{i}.png")


def png(text, path, *options):
    subprocess.run(["qrencode", "-o", path, *options, text], check=True)


def pictures():
    pathlib.Path("qr/testdata").mkdir(exist_ok=True)
    png(uri(ACCOUNTS[0]), "qr/testdata/aws.png")
    png(uri(ACCOUNTS[2]), "qr/testdata/japanese.png", "-s", "6")
    png(uri(ACCOUNTS[1]), "qr/testdata/inverted.png", "--foreground=ffffff", "--background=202020")


write("testdata/accounts.txt", "\n".join(uri(a) for a in ACCOUNTS) + "\n")
for make in (aegis, twofas, bitwarden, ente):
    make()
google()
pictures()
