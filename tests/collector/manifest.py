"""Questions about a manifest.jsonl, for tests/collector/run.sh.

valid PATH                every line is a JSON object with the documented keys and types
get PATH FILE KEY         the value of KEY in the last line about FILE, as JSON
files PATH                the names of all files that the lines speak of
refused PATH              argv of each line with exit 126, one a line
"""

import json
import re
import sys

TYPES = {
    "argv": list, "file": str, "start": str, "end": str,
    "exit": int, "bytes": int, "truncated": bool, "stderr": str,
}
STAMP = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ")


def check(line):
    assert set(line) == set(TYPES), sorted(line)
    for key, kind in TYPES.items():
        assert type(line[key]) is kind, (key, line[key])
    assert line["argv"] and all(type(a) is str for a in line["argv"])
    assert STAMP.fullmatch(line["start"]) and STAMP.fullmatch(line["end"]), line
    assert len(line["stderr"]) <= 2048


def main():
    question, path = sys.argv[1:3]
    with open(path, encoding="ascii") as text:
        lines = [json.loads(line) for line in text]
    if question == "valid":
        assert lines
        for line in lines:
            check(line)
    elif question == "get":
        file, key = sys.argv[3:5]
        print(json.dumps([line for line in lines if line["file"] == file][-1][key]))
    elif question == "files":
        print("\n".join(line["file"] for line in lines if line["file"]))
    elif question == "refused":
        for line in lines:
            if line["exit"] == 126:
                print(" ".join(line["argv"]))
    else:
        sys.exit("unknown question: " + question)


main()
