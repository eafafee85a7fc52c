import pytest
from django.core.cache import cache
from django.test import Client
from django.urls import NoReverseMatch, reverse

from mailweave.people.models import User
from tests.makers import PASSWORD, make_member, make_user

pytestmark = pytest.mark.django_db
LOGIN = "/account/login/"


@pytest.fixture(autouse=True)
def _no_attempts_yet() -> None:
    cache.clear()


def enter(client: Client, password: str = PASSWORD, **more: str) -> int:
    typed = {"login": "Sam@Northwind.example", "password": password, **more}
    return client.post(LOGIN, typed).status_code


@pytest.fixture
def sam() -> User:
    user = make_user(email="sam@northwind.example", password=PASSWORD)
    make_member(user=user)
    return user


def test_signing_in_and_out(sam: User) -> None:
    client = Client()
    assert enter(client) == 302
    assert client.get("/settings/profile/").status_code == 200
    assert client.post("/account/logout/").status_code == 302
    assert client.get("/settings/profile/").status_code == 302


def test_a_wrong_password_says_so_and_names_nobody(sam: User) -> None:
    wrong = Client().post(LOGIN, {"login": sam.email, "password": "wrong horse"})
    nobody = Client().post(LOGIN, {"login": "nobody@northwind.example", "password": "wrong horse"})
    said = [
        page.content.decode().partition('role="alert"')[2].partition("</div>")[0].split("<p>")[1]
        for page in (wrong, nobody)
    ]
    assert said[0] == said[1]
    assert "not correct" in said[0]


def test_attempts_are_limited_and_counted_in_the_database(sam: User) -> None:
    client = Client()
    for _ in range(5):
        enter(client, "wrong horse")
    assert enter(client) == 200
    assert b"Too many failed" in client.post(LOGIN, {"login": sam.email, "password": "x"}).content


def test_signing_in_leads_back_but_never_away(sam: User) -> None:
    client = Client()
    answer = client.get("/settings/members/")
    assert answer.headers["Location"] == f"{LOGIN}?next=/settings/members/"
    typed = {"login": sam.email, "password": PASSWORD}
    back = client.post(LOGIN, typed | {"next": "/settings/members/"})
    assert back.headers["Location"] == "/settings/members/"
    away = Client().post(LOGIN, typed | {"next": "https://elsewhere.example/"})
    assert away.headers["Location"] == "/"


def test_changing_the_password_ends_other_sessions(sam: User) -> None:
    here, there = Client(), Client()
    enter(here)
    enter(there)
    new = "another horse staple"
    typed = {"oldpassword": PASSWORD, "password1": new, "password2": new}
    answer = here.post("/account/password/", typed, follow=True)
    assert b"Other devices are signed out" in answer.content
    assert here.get("/settings/profile/").status_code == 200
    assert there.get("/settings/profile/").status_code == 302


def test_who_is_in_no_workspace_is_told_so() -> None:
    client = Client()
    client.force_login(make_user(), backend="allauth.account.auth_backends.AuthenticationBackend")
    assert b"not in a workspace" in client.get("/").content
    assert client.get("/settings/members/").status_code == 404


def test_forms_need_their_token(sam: User) -> None:
    client = Client(enforce_csrf_checks=True)
    answer = client.post(LOGIN, {"login": sam.email, "password": PASSWORD})
    assert answer.status_code == 403
    assert b"Nothing was changed" in answer.content


@pytest.mark.parametrize(
    "name", ["account_signup", "account_email", "account_reset_password", "account_reauthenticate"]
)
def test_allauths_other_pages_have_no_path(name: str) -> None:
    with pytest.raises(NoReverseMatch):
        reverse(name)


def test_cookies_are_kept_from_scripts_and_pages_from_caches(sam: User) -> None:
    client = Client()
    assert enter(client) == 302
    assert client.cookies["session"]["httponly"]
    answer = client.get("/settings/profile/")
    assert client.cookies["csrf"]["httponly"]
    assert answer.headers["Cache-Control"] == "private, no-store"
