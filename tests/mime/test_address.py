import random
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mailweave.mime import address
from mailweave.mime.address import MAX_ADDRESSES, Address, normalise, parse_list


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        ("Bob <bob@x.example>", [("Bob", "bob@x.example")]),
        ("bob@x.example", [("", "bob@x.example")]),
        ("bob@x.example (Bob)", [("Bob", "bob@x.example")]),
        (
            '"Doe, John" <j@x.example>, b@y.example',
            [("Doe, John", "j@x.example"), ("", "b@y.example")],
        ),
        ("Doe, John <j@x.example>", [("Doe, John", "j@x.example")]),
        (r'"a \"quoted\" name" <q@x.example>', [('a "quoted" name', "q@x.example")]),
        ("A (one (two)) B <q@x.example>", [("A B", "q@x.example")]),
        ("me < me @ x . example >", [("me", "me@x.example")]),
        ("<@a.example,@b.example:user@host.example>", [("", "user@host.example")]),
        ('"john doe"@x.example', [("", '"john doe"@x.example')]),
        ("A <a@x.example>; B <b@x.example>", [("A", "a@x.example"), ("B", "b@x.example")]),
        ("A <a@x.example>\r\n\t, B <b@x.example>", [("A", "a@x.example"), ("B", "b@x.example")]),
        ("Bob <<bob@x.example>>", [("Bob", "bob@x.example")]),
        ("Fred fred@x.example", [("Fred", "fred@x.example")]),
        ("mailto:foo@x.example", [("", "foo@x.example")]),
        ("Müller <m@müller.example>", [("Müller", "m@müller.example")]),
    ],
)
def test_reads_what_programs_write(header: str, expected: list[tuple[str, str]]) -> None:
    assert [(each.name, each.address) for each in parse_list(header)] == expected


def test_groups_are_flattened_and_empty_ones_give_nothing() -> None:
    header = 'Friends: a@x.example, "B" <b@x.example>;, undisclosed-recipients:;, c@x.example'
    assert [each.address for each in parse_list(header)] == [
        "a@x.example",
        "b@x.example",
        "c@x.example",
    ]


def test_an_address_in_front_of_the_brackets_is_only_a_name() -> None:
    (address,) = parse_list("alice@example.org<bob@evil.test>")
    assert address == Address("alice@example.org", "bob@evil.test")


def test_an_address_inside_quotes_is_only_a_name() -> None:
    assert [each.address for each in parse_list('"alice@example.org" bob@evil.test')] == [
        "bob@evil.test"
    ]
    (address,) = parse_list('"alice@example.org, x" <bob@evil.test>')
    assert address.address == "bob@evil.test"


@pytest.mark.parametrize(
    "header",
    [
        "alice@example.org bob@evil.test",
        "alice@example.org@evil.test",
        "Alice <nobody>",
        "MAILER-DAEMON",
        "<>",
        "Bob <a b@x.example>",
        "=?utf-8?q?alice=40example.org?=",
        "Bob <a\x00b@x.example>",
        "Bob <a\u202eb@x.example>",
        "",
    ],
)
def test_what_cannot_be_told_is_left_out(header: str) -> None:
    assert parse_list(header) == ()


def test_names_are_decoded_and_addresses_never() -> None:
    (one,) = parse_list("=?utf-8?q?M=C3=BCller=2C_Eva?= <m@x.example>")
    assert one == Address("Müller, Eva", "m@x.example")
    (two,) = parse_list("=?utf-8?q?admin?=@x.example")
    assert two.address == "=?utf-8?q?admin?=@x.example"
    (three,) = parse_list('"=?utf-8?b?TcO8bGxlcg==?=" <m@x.example>')
    assert three.name == "Müller"


def test_an_encoded_line_break_cannot_leave_the_name() -> None:
    (address,) = parse_list("=?utf-8?q?x=0d=0aBcc:_evil@e.test?= <a@x.example>")
    assert address.address == "a@x.example"
    assert address.name == "x Bcc: evil@e.test"


def test_an_unclosed_quote_or_bracket_does_not_swallow_the_rest() -> None:
    assert [each.address for each in parse_list('"open <a@x.example>, b@x.example')] == [
        "a@x.example",
        "b@x.example",
    ]
    assert [each.address for each in parse_list("A <a@x.example, B <b@x.example>")] == [
        "a@x.example",
        "b@x.example",
    ]


def test_each_address_counts_once_and_two_thousand_at_most() -> None:
    assert parse_list("A <a@x.example>, B <A@X.example>") == (Address("A", "a@x.example"),)
    many = ", ".join(f"u{n}@x.example" for n in range(3_000))
    assert len(parse_list(many)) == MAX_ADDRESSES


@pytest.mark.parametrize(
    "unit",
    [
        "(",
        ",",
        '"',
        "<",
        "a",
        "a@",
        '\\"',
        '"\\',
        "()(",
        " ",
        "a <b@c.example>,",
        "=?utf-8?q?a?= ",
        "a b ",
        '<"',
        "@",
        ". ",
        ":",
        "a,",
        '"a" ',
        "(a)",
        ">",
        '"a"@',
        "x@y ",
        "[",
        "=?a?q?",
    ],
)
def test_a_megabyte_of_anything_is_read_quickly(unit: str) -> None:
    header = unit * (1_000_000 // len(unit))
    started = time.process_time()
    parse_list(header)
    assert time.process_time() - started < 1.0


@settings(deadline=None)
@given(st.text(alphabet=st.sampled_from('ab@.<>()",;:\\ =?\ud800\x00é\u202e\r\n'), max_size=80))
def test_any_header_is_read_without_an_error(header: str) -> None:
    for each in parse_list(header):
        assert "@" in each.address
        assert not any(char in each.address + each.name for char in "\r\n\x00\u202e\ud800")


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        (" Bob@Example.COM ", "bob@example.com"),
        ("a.b+tag@gmail.example", "a.b+tag@gmail.example"),
        ("j@MÜNCHEN.example", "j@xn--mnchen-3ya.example"),
        ("j@xn--mnchen-3ya.example", "j@xn--mnchen-3ya.example"),
        ('"john"@x.example', "john@x.example"),
        ("e\u0301@x.example", "é@x.example"),
        ("a@x.example.", "a@x.example"),
        ("root@localhost", "root@localhost"),
        ("a@x。example", "a@x.example"),
    ],
)
def test_addresses_are_compared_in_one_form(address: str, expected: str) -> None:
    assert normalise(address) == expected


@pytest.mark.parametrize(
    "address",
    [
        "",
        "x",
        "@x.example",
        "x@",
        "a b@x.example",
        "a@x@y.example",
        "a@[127.0.0.1]",
        "a@-x.example",
        "a@x..example",
        "a@x_y.example",
        "a@" + "b" * 400,
        "a\u200b@x.example",
        "<a@x.example>",
    ],
)
def test_what_is_no_address_has_no_form(address: str) -> None:
    assert normalise(address) is None


@settings(deadline=None)
@given(st.one_of(st.text(max_size=40), st.emails()))
def test_normalising_twice_changes_nothing(address: str) -> None:
    once = normalise(address)
    if once is not None:
        assert normalise(once) == once
        assert len(once) <= 320


def test_a_plain_list_is_read_as_the_careful_reader_does() -> None:
    pieces = ["a", "b", "@", "<", ">", ",", " ", ".", "x@y.z", "A B", "Jo <j@x.y>", "\t", "'", "\n"]
    dice = random.Random(7)
    plain = 0
    for _ in range(20_000):
        header = "".join(dice.choices(pieces, k=dice.randint(1, 14)))
        if quick := address._plain_list(header):
            plain += 1
            assert quick == address._Reader(header).read(), header
    assert plain > 300
