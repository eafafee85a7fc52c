"""Who else looks at a ticket: there while their page says so, gone soon after."""

from mailweave.kit import clock
from mailweave.people.access import Member
from mailweave.records.support import presence
from mailweave.records.support.presence import Other
from tests.makers_mail import join
from tests.records.support.makers import Desk, make_ticket


def test_others_are_named_for_half_a_minute(within: Desk) -> None:
    member, kim = within.member, join("Kim")
    other = Member(member.workspace_id, kim.pk, "member", "Kim")
    one, two = make_ticket(), make_ticket()
    with clock.use(clock.Hands(clock.now())) as hands:
        assert presence.look(other, one.pk) == []
        assert presence.look(member, one.pk) == [Other("Kim", writing=False)]
        presence.look(other, one.pk, writing=True)
        assert presence.look(member, one.pk) == [Other("Kim", writing=True)]
        assert presence.look(member, two.pk) == []
        hands.advance(31)
        assert presence.look(member, one.pk) == []
