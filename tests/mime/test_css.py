import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mailweave.mime.css import sheet, style


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("color:red;COLOR:#FFF", "color:red;color:#FFF"),
        ("font:12px/1.4 'Helvetica Neue',Arial", "font:12px/1.4 'Helvetica Neue',Arial"),
        ("width:calc(100% - 4px)", "width:calc(100% - 4px)"),
        ("color:rgba(1, 2, 3, .5)", "color:rgba(1, 2, 3, 0.5)"),
        ("color:#fff!important", "color:#fff"),
        ("color:re\\64", "color:red"),
        ("margin:-5px;margin-left:4px", "margin-left:4px"),
        ("background:url(http://e.test/x) #fff no-repeat", "background-color:#fff"),
        ("width:100vw;height:50svh", ""),
        ("position:fixed;z-index:9;opacity:0;filter:none;transform:none", ""),
        ("background:u\\72l(http://e.test/x)", ""),
        ("color:var(--x);--x:red", ""),
        ("font-family:'a\\'b'", ""),
        ("font-family:'</style>'", ""),
        ("width:" + "calc(" * 500, ""),
        ("color:" + "x" * 501, ""),
        ("", ""),
    ],
)
def test_declarations_are_judged_token_by_token(value: str, expected: str) -> None:
    assert style(value).text == expected


def test_remote_images_in_values_are_counted() -> None:
    assert style("background:image-set('http://e.test/1' 1x, url(//e.test/2) 2x)").remote == 2
    assert style("background:url(cid:x);color:red").remote == 0


@settings(deadline=None)
@given(st.text(alphabet="abcurl()'\"\\;:-!/*{}[]@#0.,% \n<>", max_size=60))
def test_any_value_is_read_without_an_error(value: str) -> None:
    text = style("color:" + value).text
    assert "url(" not in text.lower()
    assert not set(text) & set('<>\\{}"@')


def test_a_sheet_keeps_its_plain_rules() -> None:
    text = (
        "/* p{x} */ .a, p:not(.b) {color:red;behavior:url(x)} @media print{.c{color:blue}}"
        " @import 'x'; td a{padding:1px} q ~ p{color:red} i{}"
    )
    assert sheet(text, 100, 10) == ".a{color:red}\ntd a{padding:1px}"


def test_selectors_that_would_take_too_long_are_left_out() -> None:
    rules = "div * div * p{color:red}" * 1_000
    assert sheet(rules, 5_000, 150) == ""
    assert sheet("p{color:red}", 10_001, 10) == ""
    assert sheet("p{color:red}", 10_000, 10) == "p{color:red}"
