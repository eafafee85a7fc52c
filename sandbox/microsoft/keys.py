"""Id tokens as the identity platform makes them. The key is the sandbox's one key."""

import base64
import hashlib
import json
from typing import Any

from sandbox.accounts import Account
from sandbox.google import keys
from sandbox.state import Sandbox

ISSUER = "https://login.microsoftonline.com/{tenant}/v2.0"
EARLIER = 300
"""Tokens count from five minutes ago: clocks differ."""


def issuer(tenant: str) -> str:
    """Who signs for that tenant."""
    return ISSUER.replace("{tenant}", tenant)


def jwks(sandbox: Sandbox, tenant: str) -> dict[str, Any]:
    """The public key as a JSON Web Key Set; Microsoft's keys name an issuer and no algorithm."""
    key = keys.jwks(sandbox)["keys"][0]
    certificate = "".join(keys.certificates(sandbox)[key["kid"]].splitlines()[1:-1])
    thumb = hashlib.sha1(base64.b64decode(certificate), usedforsecurity=False).digest()
    del key["alg"]
    key |= {"x5t": _b64(thumb), "x5c": [certificate], "issuer": issuer(tenant),
            "cloud_instance_name": "microsoftonline.com"}  # fmt: skip
    return {"keys": [key]}


def id_token(
    sandbox: Sandbox, account: Account, client: str, scopes: frozenset[str], nonce: str | None
) -> str:
    """A signed id token, version 2.0; ``oid`` comes with profile only, as documented."""
    now = int(sandbox.clock.time())
    claims: dict[str, Any] = {
        "ver": "2.0",
        "iss": issuer(account.tenant),
        "sub": pairwise(account, client),
        "aud": client,
        "exp": now + 3600,
        "iat": now - EARLIER,
        "nbf": now - EARLIER,
        "tid": account.tenant,
        "uti": _b64(hashlib.sha256(f"{account.oid}{now}".encode()).digest())[:22],
    }
    if "profile" in scopes:
        claims |= {"oid": account.oid, "name": account.name, "preferred_username": account.address}
    if "email" in scopes:
        claims["email"] = account.address
    if nonce:
        claims["nonce"] = nonce
    return keys.sign(sandbox, claims)


def pairwise(account: Account, client: str) -> str:
    """``sub``: the person as this one app knows them."""
    return _b64(hashlib.sha256(f"{account.sub} {client}".encode()).digest())


def client_info(account: Account) -> str:
    """Who signed in, for libraries that ask for it."""
    return _b64(json.dumps({"uid": account.oid, "utid": account.tenant}).encode())


def _b64(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()
