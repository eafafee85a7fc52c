"""The OpenID Connect discovery document of an authority, with this server's addresses."""

from typing import Any

from sandbox.microsoft.authority import Authority
from sandbox.microsoft.keys import issuer
from sandbox.microsoft.scopes import OFFLINE, OPEN_ID


def discovery(authority: Authority, named: str, root: str) -> dict[str, Any]:
    """The document; ``named`` is the authority as the path wrote it."""
    base = f"{root.rstrip('/')}/{named}"
    return {
        "token_endpoint": f"{base}/oauth2/v2.0/token",
        "token_endpoint_auth_methods_supported": ["client_secret_post", "client_secret_basic"],
        "jwks_uri": f"{base}/discovery/v2.0/keys",
        "response_modes_supported": ["query", "fragment", "form_post"],
        "subject_types_supported": ["pairwise"],
        "id_token_signing_alg_values_supported": ["RS256"],
        "response_types_supported": ["code"],
        "scopes_supported": [*OPEN_ID, OFFLINE],
        "issuer": issuer(authority.issuer_tenant),
        "request_uri_parameter_supported": False,
        "authorization_endpoint": f"{base}/oauth2/v2.0/authorize",
        "http_logout_supported": True,
        "frontchannel_logout_supported": True,
        "end_session_endpoint": f"{base}/oauth2/v2.0/logout",
        "code_challenge_methods_supported": ["plain", "S256"],
        "claims_supported": [
            "sub", "iss", "aud", "exp", "iat", "nbf", "nonce", "name", "tid", "oid", "ver",
            "preferred_username", "email",
        ],
        "tenant_region_scope": None,
        "cloud_instance_name": "microsoftonline.com",
        "msgraph_host": "graph.microsoft.com",
    }  # fmt: skip
