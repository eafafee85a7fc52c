"""The person a token speaks for."""

from sandbox.microsoft import odata
from sandbox.microsoft.call import Call, Json

PROPERTIES = (
    "businessPhones", "displayName", "givenName", "jobTitle", "mail", "mobilePhone",
    "officeLocation", "preferredLanguage", "surname", "userPrincipalName", "id",
)  # fmt: skip


def get_me(call: Call) -> Json:
    """GET me, or users/{id} of the same person. Personal accounts have an id of their own kind."""
    account = call.account
    chosen = odata.select(call.options.get("select"), PROPERTIES, "User")
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
    selected = f"({','.join(chosen)})" if chosen else ""
    kept = {name: found[name] for name in chosen} if chosen else found
    return {"@odata.context": f"{call.context}users{selected}/$entity"} | kept
