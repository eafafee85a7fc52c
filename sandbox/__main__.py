"""``python -m sandbox --data DIR --port N``: serve the sandbox on loopback."""

import argparse
import os
import sys
from pathlib import Path

from sandbox.accounts import MICROSOFT
from sandbox.app import build
from sandbox.google import pubsub
from sandbox.postman import Postman
from sandbox.server import Server
from sandbox.state import Sandbox

CLIENT_ID = "mailweave-sandbox.apps.googleusercontent.example"
CLIENT_SECRET = "sandbox-secret"  # noqa: S105
MICROSOFT_ID = "7a5b0c1e-5a9d-4b0e-8a57-5a9db0c5a9db"
REDIRECTS = " ".join(
    f"http://localhost:8000/connect/{path}/"
    for path in ("gmail/callback", "outlook/callback", "outlook/consent")
)
"""Where the product, run beside it, wants people sent back to."""


def main(arguments: list[str] | None = None) -> int:
    """Serve until interrupted."""
    options = _options(arguments)
    options.data.mkdir(parents=True, exist_ok=True)
    state = Sandbox(options.data / "sandbox.sqlite3")
    redirects = options.redirect_uri or os.environ.get("SANDBOX_REDIRECT_URIS", REDIRECTS).split()
    secret = options.client_secret
    state.register_client(options.client_id, secret, redirects)
    state.register_client(options.microsoft_client_id, secret, redirects, company=MICROSOFT)
    for address in options.account:
        state.add_account(address)
    for address in options.microsoft_account:
        state.add_account(address, company=MICROSOFT)
    state.change_settings(http_hooks=options.allow_http_hooks)
    if options.push_url:
        pubsub.set_topic(state, options.topic, options.push_url)
    with Server(build(state), options.host, options.port) as server:
        postman = Postman(state).start()
        sys.stdout.write(f"Sandbox on {server.url} (control page: {server.url}sandbox/)\n")
        sys.stdout.flush()
        try:
            server.serve_forever()
        except KeyboardInterrupt:
            return 0
        finally:
            postman.stop()
    return 0


def _options(arguments: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="sandbox", description="A mail vendor to practise on.")
    parser.add_argument("--data", type=Path, required=True, help="directory the state is kept in")
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=8800)
    parser.add_argument("--client-id", default=os.environ.get("SANDBOX_CLIENT_ID", CLIENT_ID))
    parser.add_argument(
        "--microsoft-client-id",
        default=os.environ.get("SANDBOX_MICROSOFT_CLIENT_ID", MICROSOFT_ID),
    )
    parser.add_argument(
        "--client-secret", default=os.environ.get("SANDBOX_CLIENT_SECRET", CLIENT_SECRET)
    )
    parser.add_argument("--redirect-uri", action="append", help="may be repeated")
    parser.add_argument(
        "--topic", default=pubsub.TOPIC, help="the Pub/Sub topic of Gmail's notices"
    )
    parser.add_argument("--push-url", default="", help="where that topic is pushed to")
    parser.add_argument(
        "--allow-http-hooks", action="store_true",
        help="let notices go to plain http addresses on this machine",
    )  # fmt: skip
    for option in ("--account", "--microsoft-account"):
        parser.add_argument(option, action="append", default=[], help="mailbox to make")
    return parser.parse_args(arguments)


if __name__ == "__main__":
    sys.exit(main())
