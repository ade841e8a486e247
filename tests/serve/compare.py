"""Compares the reports of a bundle and of its round trip, and both with the sample's truth.

compare.py captured REPORT            capture time, seconds since 1970
compare.py head                       head of the table
compare.py row NAME TRUTH DIRECT AGAIN NODES COMMANDS SECONDS
"""

import json
import re
import sys
from datetime import datetime

FORM = "{:38} {:13} {:34} {:52} {:6} {:>8} {:>7}  {}"


def load(path):
    try:
        with open(path) as file:
            return json.load(file)
    except (OSError, ValueError):
        return {"verdict": {"state": "no report"}, "causes": []}


def first(report):
    """State, rule and subject of the first cause."""
    state = report["verdict"]["state"]
    if not report["causes"]:
        return state, "-", "-"
    cause = report["causes"][0]
    subject = cause["subject"]
    parts = [subject["kind"], subject.get("namespace") or "", subject["name"]]
    return state, cause["rule"], "/".join(part for part in parts if part)


def truth(path):
    """The same as far as the truth says it."""
    with open(path) as file:
        text = file.read()
    state = re.search(r"^state: (\w+)", text, re.M)
    cause = re.search(r"^cause:\n((?:  .*\n)+)", text, re.M)
    rule = subject = None
    if cause:
        # One rule, or any of [a, b].
        rule = re.search(r"^  rule: \[?([^\]\n]+)", cause[1], re.M)
        fields = re.search(r"^  subject: \{(.*)\}", cause[1], re.M)
        if fields:
            fields = dict(part.split(": ", 1) for part in fields[1].split(", "))
            parts = [fields.get("kind"), fields.get("namespace"), fields.get("name")]
            subject = "/".join(part for part in parts if part)
    return state and state[1], rule and rule[1], subject


def row(name, truth_file, direct, again, nodes, commands, seconds):
    before, after, wanted = first(load(direct)), first(load(again)), truth(truth_file)
    wrong = []
    for what, old, new, said in zip(("state", "rule", "subject"), before, after, wanted):
        if new != old:
            wrong.append(f"{what} was {old}")
        # Of a subject the truth accepts a pod for its workload; the report before has passed that test.
        elif said and new not in said.split(", ") and what != "subject":
            wrong.append(f"{what} should be {said}")
    print(FORM.format(name, *after, nodes, commands, seconds, "; ".join(wrong) or "same"))


if sys.argv[1] == "captured":
    time = load(sys.argv[2]).get("bundle", {}).get("captured_at")
    time = re.sub(r"\.\d+", "", time) if time else "2026-01-01T00:00:00Z"
    print(int(datetime.fromisoformat(time.replace("Z", "+00:00")).timestamp()))
elif sys.argv[1] == "head":
    print(FORM.format("sample", "state", "rule", "subject", "nodes", "commands", "seconds", "than before"))
else:
    row(*sys.argv[2:])
