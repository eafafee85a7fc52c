import pytest
from django.test import Client

from mailweave.people.models import Role, User
from mailweave.people.workspaces import memberships
from tests.makers import PASSWORD, make_member

pytestmark = pytest.mark.django_db

TYPED = {
    "workspace": "Northwind",
    "name": "Ann Li",
    "email": "ann@northwind.example",
    "password1": PASSWORD,
    "password2": PASSWORD,
    "time_zone": "Europe/Berlin",
}


def test_the_first_visitor_sets_up_and_is_signed_in_as_the_owner() -> None:
    visitor = Client()
    assert visitor.get("/").headers["Location"] == "/setup/"
    assert visitor.post("/setup/", TYPED).status_code == 302
    owner = User.objects.get()
    assert owner.check_password(PASSWORD)
    assert [one.role for one in memberships(owner)] == [Role.OWNER]
    page = visitor.get("/settings/profile/")
    assert b"Northwind" in page.content
    assert b"Ann Li" in page.content


def test_nobody_sets_up_twice() -> None:
    make_member()
    visitor = Client()
    assert visitor.get("/setup/").headers["Location"] == "/"
    assert visitor.post("/setup/", TYPED).status_code == 302
    assert User.objects.count() == 1
    assert visitor.get("/").headers["Location"] == "/account/login/"


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"password2": "something else"}, "not the same"),
        ({"password1": "short", "password2": "short"}, "too short"),
        ({"password1": "ann@northwind.example", "password2": "ann@northwind.example"}, "similar"),
        ({"email": "nonsense"}, "valid email"),
        ({"time_zone": "Mars/Base"}, "Unknown time zone"),
        ({"time_zone": "../../etc/passwd"}, "Unknown time zone"),
        ({"workspace": ""}, "required"),
        ({"name": "A\x00B"}, "Null characters"),
    ],
)
def test_what_is_wrong_is_said_beside_its_field(change: dict[str, str], words: str) -> None:
    answer = Client().post("/setup/", TYPED | change)
    assert answer.status_code == 422
    assert words in answer.content.decode()
    assert not User.objects.exists()


def test_a_zone_is_found_however_it_is_typed() -> None:
    Client().post("/setup/", TYPED | {"time_zone": " america/new york "})
    assert User.objects.get().time_zone == "America/New_York"
