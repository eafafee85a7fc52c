"""The person a token speaks for."""

from sandbox.microsoft import odata
from sandbox.microsoft.call import Call, Json

PROPERTIES = (
    "businessPhones", "displayName", "givenName", "jobTitle", "mail", "mobilePhone",
    "officeLocation", "preferredLanguage", "surname", "userPrincipalName", "id",
)  # fmt: skip
PROXIES = "proxyAddresses"
"""Told only when it is selected: https://learn.microsoft.com/en-us/graph/api/resources/user"""


def get_me(call: Call) -> Json:
    """GET me, or users/{id} of the same person. Personal accounts have an id of their own kind."""
    account = call.account
    chosen = odata.select(call.options.get("select"), (*PROPERTIES, PROXIES), "User")
    first, _, last = account.name.rpartition(" ")
    found: Json = dict.fromkeys(PROPERTIES)
    found |= {
        "businessPhones": [],
        "displayName": account.name,
        "givenName": first or None,
        "mail": account.address,
        "surname": last or None,
        "userPrincipalName": account.address,
        "id": account.oid.replace("-", "")[-16:] if account.is_personal else account.oid,
    }
    if PROXIES in chosen:
        found[PROXIES] = [] if account.is_personal else _proxies(call)
    selected = f"({','.join(chosen)})" if chosen else ""
    kept = {name: found[name] for name in chosen} if chosen else found
    return {"@odata.context": f"{call.context}users{selected}/$entity"} | kept


def _proxies(call: Call) -> list[str]:
    """The mailbox's own address in capitals, its aliases in small letters."""
    with call.connect() as connection:
        rows = connection.execute(
            "SELECT address FROM aliases WHERE account = ? ORDER BY address", (call.account.id,)
        ).fetchall()
    return [f"SMTP:{call.account.address}", *(f"smtp:{row['address']}" for row in rows)]
