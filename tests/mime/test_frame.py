import pytest

from mailweave.mime import frame


def test_the_frame_never_allows_scripts() -> None:
    policy = frame.CSP("https://mail.example/img/")
    assert "allow-scripts" not in policy + frame.SANDBOX
    assert "script-src" not in policy
    assert policy.startswith("default-src 'none'; ")
    for rule in ("base-uri 'none'", "form-action 'none'", "frame-ancestors 'self'"):
        assert rule in policy.split("; ")
    assert "img-src https://mail.example/img/ data:" in policy.split("; ")


@pytest.mark.parametrize("source", ["x; script-src *", "x, y", "*", "'self'\r\nX: y"])
def test_an_image_source_cannot_end_its_rule(source: str) -> None:
    with pytest.raises(ValueError, match="image source"):
        frame.CSP(source)


def test_plain_mail_follows_the_theme_and_styled_mail_is_on_paper() -> None:
    plain = frame.document("<p>x</p>", styled=False)
    paper = frame.document("<p>x</p>", styled=True)
    assert "<body><p>x</p></body>" in plain
    assert "background: #fff" not in plain
    assert "background: #fff" in paper
