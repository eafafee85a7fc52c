"""How many bounces are recognised in a folder of them, and how many other mails are taken for one.

The folder holds .eml files named after what made them, as those of the public set of mails at
https://github.com/sisimai/set-of-emails are. What is no bounce is told by its name.
"""

import argparse
import sys
import time
from collections import Counter
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from mailweave.mime.reports import read

OTHER = ("arf-", "rfc3834-", "not-a-bounce-")
OURS = ("gmail", "google", "gsuite", "office365", "outlook", "exchange", "microsoft")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--missed", action="store_true", help="name those that were missed")
    options = parser.parse_args()
    paths = sorted(options.folder.glob("*.eml"))
    mails = {path.name.removeprefix("lhost-"): path.read_bytes() for path in paths}
    started = time.process_time()
    reports = {name: read(raw) for name, raw in mails.items()}
    took = (time.process_time() - started) / max(len(mails), 1)
    bounces = [name for name in mails if not name.startswith(OTHER)]
    known = [name for name in bounces if any(one in name for one in OURS)]
    others = [name for name in mails if name.startswith(OTHER)]
    for title, names in (("bounces", bounces), ("of Gmail, Microsoft 365 and their like", known)):
        told = [name for name in names if reports[name]]
        print(f"{title}: {len(told)} of {len(names)}, {len(told) / max(len(names), 1):.1%}")
        if options.missed:
            print("  missed:", *sorted(set(names) - set(told)))
    traced = [
        one for name in bounces if (one := reports[name]) and (one.message_id or one.references)
    ]
    print(f"that name the message they are about: {len(traced)}")
    wrong = [name for name in others if reports[name]]
    print(f"other mail taken for a report: {len(wrong)} of {len(others)}", *wrong)
    outcomes = [each for name in bounces if (one := reports[name]) for each in one.outcomes]
    judged = Counter(f"{one.action}, {one.lasting}" for one in outcomes)
    print("recipients:", ", ".join(f"{count} {what}" for what, count in judged.most_common()))
    print(f"{took * 1000:.2f} ms of CPU a mail")
    return 0


if __name__ == "__main__":
    sys.exit(main())
