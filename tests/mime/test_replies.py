import pytest

from mailweave.mime.address import Address
from mailweave.mime.replies import Answered, Recipients, received_as, recipients, references

ANA, BO, CY, ME, LIST = (
    Address(name.title(), f"{name}@haven.example") for name in ("ana", "bo", "cy", "me", "list")
)
OWN = ("ME@haven.example", "me+sales@haven.example")


def letter(sender: Address | None = ANA, **others: tuple[Address, ...]) -> Answered:
    return Answered(sender=sender, **{"to": (ME,), **others})  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("answered", "one", "all_of_them"),
    [
        (letter(), Recipients((ANA,)), Recipients((ANA,))),
        (letter(to=(ME, BO), cc=(CY, ME)), Recipients((ANA,)), Recipients((ANA, BO), (CY,))),
        (letter(reply_to=(CY,), cc=(CY, ANA)), Recipients((CY,)), Recipients((CY,), (ANA,))),
        (letter(reply_to=(ME,)), Recipients((ANA,)), Recipients((ANA,))),
        (letter(to=(BO, ANA), cc=(BO,)), Recipients((ANA,)), Recipients((ANA, BO))),
        # our own mail: one writes on to whom it went
        (letter(ME, to=(BO, CY), cc=(ANA,)), Recipients((BO, CY)), Recipients((BO, CY), (ANA,))),
        (letter(ME, to=(), cc=(ANA,)), Recipients((ANA,)), Recipients((ANA,))),
        (letter(ME, to=(ME,)), Recipients((ME,)), Recipients((ME,))),
        # who claims to be us and names another way back gets nothing
        (letter(ME, to=(ME,), reply_to=(BO,)), Recipients((ME,)), Recipients((ME,))),
        (letter(None, to=(ME, BO)), Recipients(), Recipients((BO,))),
    ],
)
def test_whom_an_answer_goes_to(
    answered: Answered, one: Recipients, all_of_them: Recipients
) -> None:
    assert recipients(answered, OWN, everybody=False) == one
    assert recipients(answered, OWN, everybody=True) == all_of_them


def test_a_mailing_list_hears_what_everybody_hears() -> None:
    hidden = Answered(sender=ANA, to=(BO,), list_post=LIST.address)
    assert recipients(hidden, OWN, everybody=False) == Recipients((ANA,))
    assert recipients(hidden, OWN, everybody=True).cc == (Address("", LIST.address),)
    shown = Answered(sender=ANA, to=(LIST,), list_post=LIST.address)
    assert recipients(shown, OWN, everybody=True) == Recipients((ANA, LIST))


def test_an_answer_comes_from_the_address_that_was_written_to() -> None:
    sales = Address("", "Me+Sales@haven.example")
    assert received_as(letter(to=(BO, sales), cc=(ME,)), OWN) == "Me+Sales@haven.example"
    assert received_as(letter(sales, to=(ME,)), OWN) == "Me+Sales@haven.example"
    assert received_as(letter(to=(BO,)), OWN) == ""


def test_an_answer_refers_to_all_before_it() -> None:
    assert references(("a", "b"), "c") == ("a", "b", "c")
    assert references(("a", "c", "a", "b", ""), "c") == ("a", "b", "c")
    assert references((), "c") == ("c",)
    assert references(("a",), "") == ("a",)
