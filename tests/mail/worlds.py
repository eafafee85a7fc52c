"""Small random archives: few people, few words, many coincidences."""

import random

from mailweave.people.models import User
from tests.makers_mail import Archive

WORDS = ["zebu", "quokka", "narwhal", "ibex"]
PEOPLE = ["ann@client.example", "bob@client.example", "cas@other.example"]
RECORDS = [1, 2]


def fill(archive: Archive, users: list[User], seed: int) -> None:
    """The same archive for the same seed. Some links are missing, as before matching has run."""
    dice = random.Random(seed)
    sharings = ["full", "subject", "metadata", "private"]
    boxes = [archive.mailbox(user, dice.choice(sharings)) for user in users for _ in range(2)]
    boxes += [archive.mailbox(user, delegate_id=boxes[0]) for user in users]
    for _ in range(dice.randint(3, 9)):
        thread_id = archive.thread()
        said = {box: dice.choice([None, None, 0, 1, 2, 3]) for box in boxes}
        for _ in range(dice.randint(1, 4)):
            _message(archive, thread_id, boxes, said, dice)
    archive.record_address(1, dice.choice(PEOPLE))
    archive.record_address(2, dice.choice(PEOPLE))
    archive.settle()


def _message(
    archive: Archive,
    thread_id: int,
    boxes: list[int],
    said: dict[int, int | None],
    dice: random.Random,
) -> None:
    sender, *others = dice.sample(PEOPLE, k=dice.randint(1, 3))
    message_id = archive.message(
        thread_id,
        minute=dice.randint(0, 12),
        sender=sender,
        to=others[:1],
        cc=others[1:],
        direction=dice.choice(["in", "out"]),
        subject=" ".join(dice.sample(WORDS, k=dice.randint(0, 2))),
        text=" ".join(dice.choices(WORDS, k=3)),
    )
    for box in dice.sample(boxes, k=dice.randint(1, 3)):
        state = dice.choice(["stored", "stored", "stored", "gone"])
        seen = dice.random() < 0.6
        archive.copy(message_id, box, seen=seen, state=state, sharing=said[box])
    for record_id in RECORDS:
        if dice.random() < 0.35:
            pinned = dice.random() < 0.4
            linked = not pinned or dice.random() < 0.5
            archive.link(message_id, record_id, linked=linked, pinned=pinned)
