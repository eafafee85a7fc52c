from typing import Any

ANA = "ana@company.example"


def test_the_official_client_signs_in_and_reads(world: Any) -> None:
    message = world.state.deliver(ANA, world.letter("Offer", "Here it is"))
    gmail = world.gmail()
    assert gmail.users().getProfile(userId="me").execute()["messagesTotal"] == 1
    assert gmail.users().messages().list(userId="me").execute()["messages"] == [
        {"id": message, "threadId": message}
    ]
    got = gmail.users().messages().get(userId="me", id=message).execute()
    assert got["labelIds"] == ["INBOX", "UNREAD"]
    assert got["snippet"] == "Here it is"
