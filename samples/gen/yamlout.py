"""Writes plain Python values as YAML text in the exact style of `kubectl get -o yaml`."""

import re

WIDTH = 80
INDICATORS = set("#,[]{}&*!|>'\"%@`")
WORDS = {
    "", "~", "null", "Null", "NULL", "<<",
    "y", "Y", "yes", "Yes", "YES", "n", "N", "no", "No", "NO",
    "true", "True", "TRUE", "false", "False", "FALSE",
    "on", "On", "ON", "off", "Off", "OFF",
    ".nan", ".NaN", ".NAN", ".inf", ".Inf", ".INF",
    "+.inf", "+.Inf", "+.INF", "-.inf", "-.Inf", "-.INF",
}
NUMBER = re.compile(
    r"^[-+]?(0b[01_]+|0x[0-9a-fA-F_]+|0o?[0-7_]+|[0-9][0-9_]*"
    r"|(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?)$")
SIXTY = re.compile(r"^[-+]?[0-9][0-9_]*(?::[0-5]?[0-9])+(?:\.[0-9_]*)?$")
STAMP = re.compile(r"^\d{4}-\d{1,2}-\d{1,2}([Tt ]\d{1,2}:\d{1,2}:\d{1,2}(\.\d+)?(Z|[-+]\d\d:\d\d)?)?$")


def ambiguous(text):
    """True where the bare text would be read as something other than a string."""
    return text in WORDS or bool(NUMBER.match(text) or SIXTY.match(text) or STAMP.match(text))


def plain_allowed(text):
    """True where a block context may hold the text without quotes."""
    if not text or text[0] == " " or text[-1] == " " or text.startswith(("---", "...")):
        return False
    for i, ch in enumerate(text):
        after = text[i + 1] if i + 1 < len(text) else " "
        if i == 0:
            if ch in INDICATORS or (ch in "-?:" and after == " "):
                return False
        elif (ch == ":" and after == " ") or (ch == "#" and text[i - 1] == " "):
            return False
    return True


def fold(text, column, indent):
    """Breaks a flow scalar at the first blank behind column 80, as go-yaml does."""
    out, last = [], len(text) - 1
    for i, ch in enumerate(text):
        lone = ch == " " and text[i - 1:i] != " " and text[i + 1:i + 2] != " "
        if lone and column > WIDTH and 0 < i < last:
            out.append("\n" + " " * indent)
            column = indent
        else:
            out.append(ch)
            column += 1
    return "".join(out)


def double_quoted(text):
    """The escaped form for control characters and ambiguous words."""
    names = {'"': '\\"', "\\": "\\\\", "\n": "\\n", "\t": "\\t", "\r": "\\r", "\x1b": "\\e"}
    return '"' + "".join(names.get(c, c if c.isprintable() else "\\x%02X" % ord(c)) for c in text) + '"'


def scalar(value, column, indent):
    """One scalar; `column` is where it starts, `indent` where folded lines go on."""
    if value is None:
        return "null"
    if value is True or value is False:
        return "true" if value else "false"
    if isinstance(value, (int, float)):
        return repr(value)
    if "\n" in value:
        if " \n" in value or any(not c.isprintable() and c != "\n" for c in value):
            return double_quoted(value)
        body = value.rstrip("\n")
        tail = len(value) - len(body)
        mark = "|" + (str(2) if value[0] in " \n" else "") + {0: "-", 1: ""}.get(tail, "+")
        lines = [(" " * indent + line if line else "") for line in body.split("\n")]
        return mark + "\n" + "\n".join(lines) + "\n" * max(0, tail - 1)
    if any(not c.isprintable() for c in value):
        return double_quoted(value)
    if ambiguous(value):
        return double_quoted(value)
    if plain_allowed(value):
        return fold(value, column, indent)
    return fold("'" + value.replace("'", "''") + "'", column, indent)


def natural(key):
    """Sort key: digits by value, other characters before letters."""
    parts = []
    for piece in re.findall(r"\d+|.", key, re.S):
        if piece.isdigit():
            parts.append((0, 0, int(piece), ""))
        else:
            parts.append((1, 1, 0, piece) if piece.isalpha() else (0, 1, 0, piece))
    return parts


def block(value, indent, out):
    """Appends the lines of a mapping or a sequence that starts at `indent`."""
    pad = " " * indent
    if isinstance(value, dict):
        for key in sorted(value, key=natural):
            name = pad + scalar(key, 0, 0) + ":"
            item = value[key]
            if isinstance(item, dict) and item:
                out.append(name)
                block(item, indent + 2, out)
            elif isinstance(item, list) and item:
                out.append(name)
                block(item, indent, out)
            else:
                out.append(name + " " + leaf(item, len(name) + 1, indent + 2))
        return
    for item in value:
        if isinstance(item, (dict, list)) and item:
            at = len(out)
            block(item, indent + 2, out)
            out[at] = pad + "- " + out[at][indent + 2:]
        else:
            out.append(pad + "- " + leaf(item, indent + 2, indent + 2))


def leaf(item, column, indent):
    """Text of a scalar or of an empty collection."""
    if isinstance(item, dict):
        return "{}"
    if isinstance(item, list):
        return "[]"
    return scalar(item, column, indent)


def dump(value):
    """The whole document as text, with a final newline."""
    out = []
    block(value, 0, out)
    return "\n".join(out) + "\n"
