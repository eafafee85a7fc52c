import pytest

from mailweave.people.access import Member
from mailweave.people.models import User
from tests.makers import make_member, signed_in

pytestmark = pytest.mark.django_db
TYPED = {"name": "Sam R", "time_zone": "Asia/Tokyo", "theme": "dark", "hotkeys": ""}


@pytest.fixture
def sam() -> Member:
    return make_member(name="Sam Reyes", time_zone="Europe/Berlin")


def test_the_profile_is_saved_and_the_frame_follows_it(sam: Member) -> None:
    client = signed_in(sam)
    before = client.get("/settings/profile/").content.decode()
    assert "data-theme" not in before.partition("<head>")[0]
    page = client.post("/settings/profile/", TYPED, follow=True).content.decode()
    assert "Your profile is saved." in page
    assert '<html lang="en" data-theme="dark" data-hotkeys="off">' in page
    user = User.objects.get(pk=sam.user_id)
    assert (user.name, user.time_zone, user.hotkeys) == ("Sam R", "Asia/Tokyo", False)


@pytest.mark.parametrize("change", [{"theme": "neon"}, {"time_zone": "Nowhere"}, {"name": ""}])
def test_nonsense_is_refused_and_changes_nothing(sam: Member, change: dict[str, str]) -> None:
    answer = signed_in(sam).post("/settings/profile/", TYPED | change)
    assert answer.status_code == 422
    assert User.objects.get(pk=sam.user_id).name == "Sam Reyes"


def test_nobody_changes_more_than_the_form_offers(sam: Member) -> None:
    signed_in(sam).post("/settings/profile/", TYPED | {"email": "x@x.example", "is_active": ""})
    user = User.objects.get(pk=sam.user_id)
    assert user.is_active
    assert user.email != "x@x.example"
