"""The key that signs id tokens, kept in the store, and its public faces."""

import base64
import functools
import hashlib
import json
from datetime import UTC, datetime, timedelta
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.x509.oid import NameOID

from sandbox.accounts import Account
from sandbox.google.scopes import GOOGLE
from sandbox.state import Sandbox

ISSUER = "https://accounts.google.com"


def signing_key(sandbox: Sandbox) -> rsa.RSAPrivateKey:
    """The sandbox's RSA key, made at first use."""
    stored = sandbox.secret("signing_key")
    if stored is None:
        stored = sandbox.keep_secret("signing_key", _made())
    return _loaded(stored)


def key_id(sandbox: Sandbox) -> str:
    """The ``kid`` of that key."""
    numbers = signing_key(sandbox).public_key().public_numbers()
    return hashlib.sha256(_integer(numbers.n).encode()).hexdigest()[:40]


def jwks(sandbox: Sandbox) -> dict[str, Any]:
    """The public key as a JSON Web Key Set."""
    numbers = signing_key(sandbox).public_key().public_numbers()
    return {
        "keys": [
            {
                "kty": "RSA",
                "alg": "RS256",
                "use": "sig",
                "kid": key_id(sandbox),
                "n": _integer(numbers.n),
                "e": _integer(numbers.e),
            }
        ]
    }


def certificates(sandbox: Sandbox) -> dict[str, str]:
    """The public key as a self-signed certificate, by key id."""
    key = signing_key(sandbox)
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "sandbox")])
    start = datetime(2020, 1, 1, tzinfo=UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .serial_number(1)
        .public_key(key.public_key())
        .not_valid_before(start)
        .not_valid_after(start + timedelta(days=36_500))
        .sign(key, hashes.SHA256())
    )
    return {key_id(sandbox): certificate.public_bytes(serialization.Encoding.PEM).decode()}


def id_token(
    sandbox: Sandbox,
    account: Account,
    client: str,
    scopes: frozenset[str],
    access_token: str,
    nonce: str | None,
) -> str:
    """A signed OpenID Connect id token."""
    now = int(sandbox.clock.time())
    half = hashlib.sha256(access_token.encode()).digest()[:16]
    claims: dict[str, Any] = {
        "iss": ISSUER,
        "azp": client,
        "aud": client,
        "sub": account.sub,
        "at_hash": _b64(half),
        "iat": now,
        "exp": now + 3600,
    }
    if GOOGLE + "userinfo.email" in scopes:
        claims |= {"email": account.address, "email_verified": True}
    if GOOGLE + "userinfo.profile" in scopes:
        claims["name"] = account.name
    if nonce:
        claims["nonce"] = nonce
    return sign(sandbox, claims)


def sign(sandbox: Sandbox, claims: dict[str, Any]) -> str:
    """Claims as a JWT under RS256."""
    header = {"alg": "RS256", "kid": key_id(sandbox), "typ": "JWT"}
    body = ".".join(_b64(json.dumps(part).encode()) for part in (header, claims))
    signature = signing_key(sandbox).sign(body.encode(), padding.PKCS1v15(), hashes.SHA256())
    return f"{body}.{_b64(signature)}"


@functools.cache
def _made() -> str:
    """A new key, one to a process: making it takes as long as a hundred requests."""
    made = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    return made.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    ).decode()


@functools.lru_cache(maxsize=8)
def _loaded(pem: str) -> rsa.RSAPrivateKey:
    """Parsing checks the key's primes and takes far longer than signing does."""
    key = serialization.load_pem_private_key(pem.encode(), None)
    if not isinstance(key, rsa.RSAPrivateKey):
        raise TypeError("the stored signing key is no RSA key")
    return key


def _integer(number: int) -> str:
    return _b64(number.to_bytes((number.bit_length() + 7) // 8, "big"))


def _b64(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()
