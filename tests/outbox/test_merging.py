# ruff: noqa: RUF001 - quotes as people type them
import time
from contextlib import suppress

import pytest
from django.utils.safestring import SafeString
from hypothesis import given, settings
from hypothesis import strategies as st

from mailweave.outbox import merging
from mailweave.outbox.merging import Merged, Unmergeable, check, left_in, refers_to

ANA: dict[str, merging.Value] = {
    "contact": {"first_name": "Ana", "city": "", "nick": None, "age": 41, "tags": ["vip", ""]},
    "deal": {"people": [{"name": "Bo"}, {"name": "Cy & <b>Co</b>"}], "won": True},
}
KNOWN = ("contact.first_name", "contact.city", "deal.people")


@pytest.mark.parametrize(
    ("source", "filled"),
    [
        ("Dear {{ contact.first_name }},", "Dear Ana,"),
        ("{{contact.first_name|upcase}} {{ contact.age }}", "ANA 41"),
        ('Hi {{ contact.city | default: "there" }}', "Hi there"),
        ('{{ contact.nick | upcase | default: "x" }}', "x"),
        ("{{ contact.nick | default: contact.first_name }}", "Ana"),
        ("{% if contact.city %}in {{ contact.city }}{% else %}here{% endif %}", "here"),
        ("{% unless deal.won %}lost{% endunless %}ok", "ok"),
        ("{% case contact.age %}{% when 41 %}yes{% endcase %}", "yes"),
        ("{% for tag in contact.tags %}[{{ tag }}]{% endfor %}", "[vip]"),
        ("{% comment %}note{% endcomment %}a}} {b} {{ '{{' }}", "a}} {b} {{"),
        ("{{ contact.first_name | append: “!” }}", "Ana!"),
        ('{{ contact.city | default: "" }}.', "."),
    ],
)
def test_text_is_filled_in(source: str, filled: str) -> None:
    assert merging.text(source, ANA) == Merged(filled)


@pytest.mark.parametrize(
    ("source", "filled", "names"),
    [
        ("Hi {{ contact.nick }}", "Hi {{ contact.nick }}", ("contact.nick",)),
        ("{{ contact.city | upcase }}", "{{ contact.city }}", ("contact.city",)),
        ("{{ lead.x.y }}{{ lead.x.y }}", "{{ lead.x.y }}{{ lead.x.y }}", ("lead.x.y",)),
        ("{{ 'Dear ' | append: contact.city }}", "{{ contact.city }}", ("contact.city",)),
        ("{{ contact.nick | default: contact.city }}", "{{ contact.nick }}", ("contact.nick",)),
        ("{% for p in deal.people %}{{ p.fax }}{% endfor %}", "{{ p.fax }}" * 2, ("p.fax",)),
        ("{{ now }}{{ today }}", "{{ now }}{{ today }}", ("now", "today")),
    ],
)
def test_a_field_without_a_value_is_never_silently_empty(
    source: str, filled: str, names: tuple[str, ...]
) -> None:
    assert merging.text(source, ANA) == Merged(filled, names)


def test_html_shows_where_something_is_missing() -> None:
    assert merging.html("<p>Hi {{ contact.nick }}</p>", ANA) == Merged(
        '<p>Hi <mark data-unresolved="contact.nick">contact.nick</mark></p>', ("contact.nick",)
    )
    odd = merging.html("{{ contact['<b>\"x'] }}", ANA)
    assert odd.unresolved == ("contact_x_",)
    assert "<b>" not in odd.content


def test_values_are_no_markup_even_if_they_claim_to_be() -> None:
    claimed: dict[str, merging.Value] = {"contact": {"first_name": SafeString("<b>Ana</b>")}}
    for source in (
        "{{ contact.first_name }}",
        '{{ contact.first_name | append: "" }}',
        '{{ "" | append: contact.first_name }}',
        "{{ contact.nick | default: contact.first_name }}",
        '<a href="https://x.example/{{ contact.first_name }}">x</a>',
    ):
        assert "<b>" not in merging.html(source, claimed).content
    people = "{% for p in deal.people %}<li>{{ p.name }}</li>{% endfor %}"
    assert merging.html(people, ANA).content == "<li>Bo</li><li>Cy &amp; &lt;b&gt;Co&lt;/b&gt;</li>"


def test_what_a_template_writes_is_cleaned() -> None:
    evil = "<p>{{ '&lt;script>a&lt;/script>' }}</p><img src=x onerror=b>{{ contact.first_name }}"
    assert merging.html(evil, ANA).content == "<p></p>Ana"


def test_what_editors_make_of_code_still_reads() -> None:
    source = (
        "{{&nbsp;contact.<b>first</b>_name | default: &quot;there&quot; }}"
        "{% if contact.age &gt; 40 %}!{% endif %}"
    )
    assert merging.html(source, ANA).content == "Ana!"
    assert merging.text("{% if 1 < contact.age and contact.age > 40 %}!{% endif %}", ANA) == (
        Merged("!")
    )


def test_a_subject_is_one_line() -> None:
    values: dict[str, merging.Value] = {"deal": {"name": "a\r\nBcc: eve@evil.example\u2028b"}}
    assert merging.subject("Re {{ deal.name }}\n", values).content == (
        "Re a Bcc: eve@evil.example b"
    )


@pytest.mark.parametrize(
    ("source", "said"),
    [
        ("a\n{{ a b }}", "Line 2 of the template, “{{ a b }}”: expected the end, found word."),
        ("{{ a | }}", "Line 1 of the template, “{{ a | }}”: expected word, found the end."),
        ("{% if a %}x", "Line 1 of the template: expected tag endif, found the end."),
        ("{% endif %}", "unexpected tag ’endif’"),
        ("{% include 'x' %}", "unexpected tag ’include’"),
        ("{% render 'x' %}", "unexpected tag ’render’"),
        ("{% assign a = 1 %}", "unexpected tag ’assign’"),
        ("{% capture a %}{% endcapture %}", "unexpected tag"),
        ("{% liquid echo a %}", "unexpected tag"),
        ("{{ 'a' | replace: 'a', 'b' }}", "replace"),
        ("{{ 'now' | date: '%s' }}", "date"),
        ("{{ 'a' | safe }}", "safe"),
        ("{{ 'a' | truncate: 'b', 1, 2 }}", "Line 1"),
        ("{{", "Line 1"),
        ("{% break %}", "Line 1"),
        ("{% if a " + "and a " * 20_000 + "%}x{% endif %}", "nested too deep"),
        ("{% if a %}" * 50 + "{% endif %}" * 50, "more text than|nesting|deep|Line 1"),
        ("x" * 200_001, "at most 200000 characters"),
    ],
)
def test_mistakes_are_told_in_words(source: str, said: str) -> None:
    with pytest.raises(Unmergeable) as error:
        merging.text(source, ANA)
    assert any(each in str(error.value) for each in said.split("|")), str(error.value)


@pytest.mark.parametrize(
    "bomb",
    [
        "{% for a in (1..1000000000) %}x{% endfor %}",
        "{% for a in (1..90) %}{% for b in (1..90) %}x{% endfor %}{% endfor %}",
        "{% for a in (1..90) %}{{ contact.long }}{{ contact.long }}{% endfor %}",
        "{{ contact.long" + " | append: contact.long" * 8_000 + " }}",
        "{{ contact.long | append: contact.long | truncate: 1 }}",
        "{{ contact.long }}" * 301,
    ],
)
def test_bombs_end_at_once(bomb: str) -> None:
    values: dict[str, merging.Value] = {"contact": {"long": "x" * 10_000}}
    started = time.process_time()
    with pytest.raises(Unmergeable):
        merging.text(bomb, values)
    assert time.process_time() - started < 5


@pytest.mark.parametrize(
    "reach",
    [
        "contact.__class__",
        "contact.first_name.__class__.__mro__",
        "contact['__init__']",
        "contact.first_name.format",
        "contact.keys",
        "deal.people.append",
        "self",
        "__builtins__",
    ],
)
def test_a_template_reaches_nothing_but_what_it_is_given(reach: str) -> None:
    assert merging.text(f"{{{{ {reach} }}}}", ANA).unresolved != ()


def test_only_plain_values_are_given() -> None:
    with pytest.raises(TypeError):
        merging.text("", {"a": object()})  # type: ignore[dict-item]


def test_what_a_template_refers_to() -> None:
    source = (
        "{{ contact.first_name | default: deal.name }}{% if lead.x > 1 %}{% endif %}"
        "{% for p in deal.people %}{{ p.name }}{% endfor %}"
    )
    names = ("contact.first_name", "deal.name", "deal.people", "lead.x")
    assert refers_to(source, html=False) == names
    assert refers_to(source.replace('"', "&quot;").replace(">", "&gt;"), html=True) == names


def test_a_template_is_checked_before_it_is_kept() -> None:
    check('{{ contact.first_name | default: "x" }}{{ deal.people.size }}', KNOWN, html=False)
    with pytest.raises(Unmergeable, match=r"Line 2 .*no field called “contact.fax”"):
        check("a\n{{ contact.fax }}", KNOWN, html=False)
    with pytest.raises(Unmergeable, match=r"no field called “contact\.first_name_2”"):
        check("{{ contact.first_name_2 }}", KNOWN, html=True)
    with pytest.raises(Unmergeable, match="no filter called “date”"):
        check("{{ contact.first_name | date: 'x' }}", KNOWN, html=True)
    with pytest.raises(Unmergeable):
        check("{% if %}", KNOWN, html=True)


def test_fields_left_in_a_text_are_found_again() -> None:
    text = "{{ contact.nick }} {{contact.nick}} {{ deal.x2 | upcase }} {{ mustache }} {{ a b }}"
    assert left_in(text, ("contact", "deal")) == ("contact.nick", "deal.x2")


@settings(deadline=None)
@given(st.text(st.sampled_from("{}%| .:\"'ab<>&;contact1\n"), max_size=60))
def test_any_template_is_filled_in_or_refused(source: str) -> None:
    for fill in (merging.text, merging.html, merging.subject):
        with suppress(Unmergeable):
            fill(source, ANA)
