"""What a person sees on the way through sign-in and consent."""

from collections.abc import Iterable, Mapping
from html import escape

from sandbox.accounts import Account
from sandbox.google.scopes import WORDS

STYLE = """
body{font:16px/1.5 system-ui,sans-serif;margin:0;background:#f3f4f6;color:#1f2937}
main{max-width:28rem;margin:3rem auto;padding:2rem;background:#fff;border:1px solid #d1d5db;
border-radius:.75rem}
main.wide{max-width:64rem}
.sandbox{margin:0 0 1rem;padding:.4rem .75rem;background:#fef3c7;border-radius:.4rem;color:#78350f}
h1{font-size:1.4rem;margin:.2rem 0 1rem}h2{font-size:1.1rem;margin:2rem 0 .5rem}
button{font:inherit;padding:.5rem 1rem;border-radius:.4rem;border:1px solid #6b7280;
background:#fff;color:#1f2937;cursor:pointer}
button.main{background:#1d4ed8;border-color:#1d4ed8;color:#fff}
button.account{display:block;width:100%;text-align:left;margin:.5rem 0}
button:focus-visible,input:focus-visible,select:focus-visible,textarea:focus-visible,
a:focus-visible{outline:3px solid #f59e0b;outline-offset:2px}
.row{display:flex;gap:.75rem;justify-content:flex-end;margin-top:1.5rem}
.box{display:flex;gap:.75rem;align-items:flex-start;margin:.75rem 0}
.box input{width:1.25rem;height:1.25rem;flex:none;margin-top:.15rem}
small,.quiet{color:#4b5563}code{overflow-wrap:anywhere}
table{border-collapse:collapse;width:100%}th,td{text-align:left;padding:.35rem .6rem;
border-bottom:1px solid #e5e7eb;vertical-align:top}
label.field{display:block;margin:.6rem 0}label.field input,label.field textarea,
label.field select{display:block;font:inherit;width:100%;box-sizing:border-box;padding:.35rem}
form.inline{display:inline}.error{background:#fee2e2;color:#7f1d1d;padding:.5rem .75rem}
.done{background:#dcfce7;color:#14532d;padding:.5rem .75rem}
"""


def page(title: str, body: str, *, wide: bool = False, whose: str = "Google") -> bytes:
    """A whole page; its title says that this is the sandbox."""
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f'<title>{escape(title)} - Mail sandbox</title><link rel="stylesheet"'
        ' href="/sandbox/style.css">'
        f"</head><body><main{' class=wide' if wide else ''}>"
        f'<p class="sandbox">This is a sandbox. Nothing here is {whose}.</p>'
        f"<h1>{escape(title)}</h1>{body}</main></body></html>"
    ).encode()


def hidden(params: Iterable[tuple[str, str]]) -> str:
    """Hidden inputs that carry a request along."""
    return "".join(
        f'<input type="hidden" name="{escape(name)}" value="{escape(value)}">'
        for name, value in params
    )


def picker(accounts: Iterable[Account], params: Iterable[tuple[str, str]], path: str) -> bytes:
    """Choose who signs in."""
    carried = hidden(params)
    buttons = "".join(
        f'<button class="account" name="sandbox_account" value="{escape(a.address)}">'
        f"<strong>{escape(a.name)}</strong><br>{escape(a.address)}</button>"
        for a in accounts
    )
    empty = '<p>There is no mailbox yet. Make one on the <a href="/sandbox/">control page</a>.</p>'
    return page(
        "Choose an account",
        f'<p class="quiet">to continue to the app</p><form method="get" action="{escape(path)}">'
        f"{carried}{buttons or empty}</form>",
    )


def consent(
    account: Account,
    app: str,
    boxes: list[str],
    plain: list[str],
    params: Iterable[tuple[str, str]],
    path: str,
) -> bytes:
    """Agree, in part or not at all. ``boxes`` start unticked; ``plain`` are told, not asked."""
    told = "".join(f"<li>{escape(WORDS.get(scope, scope))}</li>" for scope in plain)
    ticks = "".join(_tick(index, scope) for index, scope in enumerate(boxes))
    asked = f"<fieldset><legend>Select what the app can access</legend>{ticks}</fieldset>"
    return page(
        "The app wants access to your account",
        f"<p>Signed in as <strong>{escape(account.address)}</strong></p>"
        f"<p>If you continue, <code>{escape(app)}</code> will be able to:</p>"
        f"<ul>{told}</ul>"
        f'<form method="post" action="{escape(path)}">{hidden(params)}{asked if boxes else ""}'
        '<div class="row"><button name="decision" value="cancel">Cancel</button>'
        '<button class="main" name="decision" value="continue">Continue</button></div></form>',
    )


def refusal(code: int, error: str, sentence: str, details: Mapping[str, str]) -> bytes:
    """An error a person must see because there is nowhere safe to send them."""
    rows = "".join(
        f"<tr><th>{escape(name)}</th><td><code>{escape(value)}</code></td></tr>"
        for name, value in details.items()
    )
    return page(
        "Access blocked",
        f"<p>{escape(sentence)}</p><p><strong>Error {code}: {escape(error)}</strong></p>"
        f"<table>{rows}</table>",
    )


def _tick(index: int, scope: str) -> str:
    return (
        f'<div class="box"><input type="checkbox" name="grant" value="{escape(scope)}"'
        f' id="grant-{index}"><label for="grant-{index}">{escape(WORDS.get(scope, scope))}<br>'
        f"<small>{escape(scope)}</small></label></div>"
    )
