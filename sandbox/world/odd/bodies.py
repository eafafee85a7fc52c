"""Quirks of bodies: charsets that lie, mail inside mail, nothing at all, a TNEF container."""

from collections.abc import Iterator
from email import message_from_bytes

from sandbox.world import files, post, wire
from sandbox.world.mail import Mail, boundary
from sandbox.world.odd.quirk import Pen
from sandbox.world.wire import Part

CHINESE = (
    "您好,{n}台{sensor}已于{past}发货,请查收附件中的装箱单。谢谢!",
    "您好,关于订单{ref}:交货期为{n}周,请确认。",
    "节日期间工厂放假,{past}之后恢复发货,敬请谅解。",
)
RUSSIAN = (
    "Здравствуйте! Датчик {ref} снова молчит. Что можно проверить на месте?",
    "Добрый день! Посылка {ref} пришла, всё цело. Спасибо!",
    "Подтвердите, пожалуйста, отгрузку {n} датчиков, заказ {ref}.",
    "Схема причала во вложении не открылась, пришлите, пожалуйста, ещё раз. Заказ {ref}.",
)
UMLAUTS = "Grüße aus Norderbrück: die Liegeplätze für {month} sind verteilt, {berth} bleibt frei."
FORWARDED = """---------- Forwarded message ---------
From: {name} <{address}>
Date: {date}
Subject: {subject}
To: {to}


"""


def mails(pen: Pen) -> Iterator[Mail]:
    """All of them."""
    yield from charsets(pen)
    yield from nested(pen)
    yield from empty(pen)
    yield from containers(pen)
    yield from names(pen)
    yield from signed(pen)


def charsets(pen: Pen) -> Iterator[Mail]:
    """Chinese in its national charset; a charset not named, not known, or named wrongly."""
    chen = pen.other("chen.xiaowen")
    for wording in CHINESE:
        body = wire.text(pen.words(wording), "plain", "gb18030")
        more = {"charset": "gb18030"}
        yield pen.mail(
            chen,
            pen.ours("support"),
            "关于订单{ref}",
            body,
            "charset:gb18030",
            "rfc2047",
            "lang:zh",
            **more,
        )
    irina = pen.other("i.volkova")
    for wording in RUSSIAN:
        body, more = wire.text(pen.words(wording), "plain", "koi8-r"), {"charset": "koi8-r"}
        tags = ("charset:koi8-r", "rfc2047", "lang:ru")
        yield pen.mail(irina, pen.ours("support"), "Датчик {ref}", body, *tags, **more)
    lies = (("", "missing"), ("x-harbour-8", "unknown"), ("utf-8", "wrong"))
    for label, tag in lies * 2:
        data = wire.text(pen.words(UMLAUTS), "plain", "windows-1252", label, "8bit")
        author = pen.other("k.petersen")
        yield pen.mail(
            author, pen.ours("support"), "Liegeplätze {month}", data, f"charset:{tag}", "rfc2047"
        )
    arabic = wire.text("نرجو تأكيد موعد الزيارة يوم الأحد. شكرًا لكم.", "plain", "windows-1256")
    yield pen.mail(
        pen.other("omar"),
        pen.ours("sales"),
        "موعد الزيارة",
        arabic,
        "charset:windows-1256",
        "lang:ar",
    )


def nested(pen: Pen) -> Iterator[Mail]:
    """A mail forwarded as an attachment, and one forwarded as text."""
    known = [mail for mail in pen.written if mail.at < pen.now and mail.subject]
    for _ in range(8):
        inner = pen.rng.choice(known)
        note = wire.text(
            pen.words("FYI, the original is attached. [[Your turn|What do you think]]?")
        )
        name = f"{(inner.subject or 'mail')[:40].replace('/', '-')}.eml"
        whole = wire.multi(
            "mixed", boundary(pen.rng, "apple"), note, wire.enclosed(post.render(inner), name)
        )
        author, reader = pen.ours(), pen.ours()
        yield pen.mail(
            author, reader, f"Fwd: {plain(inner)}", whole, "forwarded-rfc822", "attachment"
        )
    for _ in range(8):
        inner = pen.rng.choice(known)
        head = FORWARDED.format(
            name=inner.sender.name,
            address=inner.sender.address,
            date=f"{inner.at:%a, %d %b %Y at %H:%M}",
            subject=inner.subject,
            to=", ".join(f"{box.name} <{box.address}>" for box in inner.to),
        )
        text = pen.words("Could you answer this one? I promised a word by {weekday1}.")
        body = wire.text(f"{text}\n\n{head}{told(inner)}\n")
        yield pen.mail(pen.ours(), pen.ours(), f"Fwd: {plain(inner)}", body, "forwarded")


def told(mail: Mail) -> str:
    """What the mail says in plain text."""
    for part in message_from_bytes(post.render(mail)).walk():
        data = part.get_payload(decode=True)
        if part.get_content_type() == "text/plain" and isinstance(data, bytes):
            return data.decode(part.get_content_charset() or "utf-8").replace("\r\n", "\n").strip()
    return ""


def plain(mail: Mail) -> str:
    """A subject that has no slots of its own."""
    return (mail.subject or "").replace("{", "(").replace("}", ")").replace("[[", "[")


def empty(pen: Pen) -> Iterator[Mail]:
    """No text: no body, a blank one, an attachment alone."""
    nothing = Part((("Content-Type", "text/plain"),), b"")
    blank = wire.text("\n \n\n", "html")
    alone = wire.blob(files.png(160, 90, (0xFFFFFF, 0x0E7C86), 12), "image/png", "IMG_0042.png")
    yield pen.mail(pen.other(), pen.ours(), "{berth}, as discussed", nothing, "empty-body")
    yield pen.mail(pen.other(), pen.ours(), "(no text)", blank, "empty-body", "html", "html-only")
    for _ in range(3):
        more = ("empty-body", "attachment")
        yield pen.mail(pen.other("pete"), pen.ours(), "IMG_0042", alone, *more)


def containers(pen: Pen) -> Iterator[Mail]:
    """What only one program can open."""
    for _ in range(3):
        subject = pen.words("Berth contract {ref}")
        note = wire.text(pen.words("Please find the contract for {berth} attached.\r\n"))
        data = wire.blob(files.tnef(subject), "application/ms-tnef", "winmail.dat")
        body = wire.multi("mixed", boundary(pen.rng, "outlook"), note, data)
        yield pen.mail(pen.other("nadia"), pen.ours(), subject, body, "tnef", "attachment")


def names(pen: Pen) -> Iterator[Mail]:
    """File names in every spelling there is."""
    for number, style in enumerate(("2231", "2047", "split", "raw") * 2):
        name = (
            "Übersicht Liegeplätze für Sonntag, 3. März Entwurf.csv",
            "契約書 第2版 最終.pdf",
        )[number % 2]
        data = files.csv((("berth", "vessel"), (pen.words("{berth}"), pen.words("{vessel}"))))
        note = wire.text(pen.words("The overview for {month} is attached."))
        kind = "text/csv" if name.endswith("csv") else "application/pdf"
        file = wire.blob(data if kind == "text/csv" else files.pdf((name,)), kind, name, style)
        body = wire.multi("mixed", boundary(pen.rng, "outlook"), note, file)
        tag = "rfc2231" if style in {"2231", "split"} else f"filename:{style}"
        yield pen.mail(
            pen.other(), pen.ours(), "Overview {month}", body, tag, "attachment", "odd-filename"
        )


def signed(pen: Pen) -> Iterator[Mail]:
    """Signed mail, with a signature nobody can check."""
    for _ in range(3):
        text = wire.text(pen.words("This mail is signed. The {sensor} leaves on {date1}."))
        seal = wire.blob(pen.rng.randbytes(420), "application/pkcs7-signature", "smime.p7s")
        kind = 'signed; protocol="application/pkcs7-signature"; micalg=sha-256'
        body = wire.multi(kind, boundary(pen.rng, "apple"), text, seal)
        yield pen.mail(pen.other("olivia"), pen.ours(), "{sensor} for {berth}", body, "signed")
