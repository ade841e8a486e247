//! Makes inputs out of seeds: what truncation, editors, terminals and ill will do to captured text.

use crate::random::Random;

/// No input is longer.
const MOST: usize = 256 << 10;

/// Numbers at the edges of types, and forms that numbers hide in.
const NUMBERS: [&str; 16] = [
    "0",
    "-1",
    "127",
    "4294967295",
    "4294967296",
    "9223372036854775807",
    "9223372036854775808",
    "-9223372036854775808",
    "18446744073709551616",
    "99999999999999999999999999999999999999",
    "1e308",
    "1e999",
    "NaN",
    "0x7fffffffffffffff",
    "292277026596-12-04T15:30:08Z",
    "1970-01-01T00:00:00Z",
];

/// What text is not expected to hold, and what parsers wait for.
const PIECES: [&str; 40] = [
    "\0",
    "\r\n",
    "\r",
    "\n",
    "\n\n",
    "\t",
    "\u{1b}[31m",
    "\u{7}",
    "\u{8}",
    "\u{85}",
    "\u{2028}",
    "\u{feff}",
    "\u{202e}",
    "\u{200b}",
    "é",
    "日本",
    "🦀",
    "\u{fffd}",
    "e\u{301}",
    "---\n",
    "...\n",
    "&a ",
    "*a",
    "? ",
    "- ",
    ": ",
    ":",
    "{",
    "}",
    "[",
    "]",
    "\"",
    "'",
    "\\",
    "|\n",
    "$ ",
    "# ",
    "<none>",
    "Events:\n",
    "Name:  ",
];

/// Brackets and the like that nest.
const NESTS: [&str; 10] = [
    "[", "{", "- ", "{\"a\":", "[[", "  ", "\t", "a: ", "- - ", "\"\\\"",
];

/// An input of a target.
pub(crate) fn input(random: &mut Random, target: &str, seeds: &[&[u8]]) -> Vec<u8> {
    let seed = |random: &mut Random| {
        seeds
            .get(random.below(seeds.len()))
            .copied()
            .unwrap_or_default()
    };
    let mut bytes = seed(random).to_vec();
    // A window: its middle is a beginning, too.
    if random.below(3) == 0 {
        let start = random.below(bytes.len() + 1);
        bytes.drain(..start);
    }
    if random.below(4) != 0 {
        bytes.truncate(4_096);
    }
    for _ in 0..random.below(6) {
        let other = seed(random);
        change(random, &mut bytes, other);
        bytes.truncate(MOST);
    }
    // Its first byte is a choice that the seeds know nothing of.
    if target == "transcript" {
        let choice = random.next().to_le_bytes()[0];
        bytes.insert(0, choice);
    }
    bytes
}

fn insert(random: &mut Random, bytes: &mut Vec<u8>, what: &[u8]) {
    let at = random.below(bytes.len() + 1);
    bytes.splice(at..at, what.iter().copied());
}

/// A part of a text, at most `most` bytes.
fn part<'b>(random: &mut Random, bytes: &'b [u8], most: usize) -> &'b [u8] {
    let start = random.below(bytes.len() + 1);
    let rest = bytes.get(start..).unwrap_or_default();
    let len = random.below(rest.len().min(most) + 1);
    rest.get(..len).unwrap_or_default()
}

fn change(random: &mut Random, bytes: &mut Vec<u8>, other: &[u8]) {
    match random.below(13) {
        0 => {
            for _ in 0..=random.below(8) {
                let at = random.below(bytes.len());
                let bit = 1 << random.below(8);
                if let Some(byte) = bytes.get_mut(at) {
                    *byte ^= bit;
                }
            }
        }
        1 => {
            let end = random.below(bytes.len() + 1);
            bytes.truncate(end);
        }
        2 => {
            let end = random.below(bytes.len() + 1);
            bytes.truncate(end);
            let start = random.below(other.len() + 1);
            bytes.extend(other.iter().skip(start));
        }
        3 => {
            let copy = part(random, bytes, 512).to_vec();
            let times = 1 << random.below(9);
            insert(random, bytes, &copy.repeat(times));
        }
        4 => {
            let number = random.pick(&NUMBERS);
            replace_number(random, bytes, number);
        }
        5 | 6 => {
            for _ in 0..=random.below(4) {
                let piece = random.pick(&PIECES);
                insert(random, bytes, piece.as_bytes());
            }
        }
        7 => shuffle(random, bytes),
        8 => {
            let nest = random.pick(&NESTS).repeat(1 << random.below(14));
            insert(random, bytes, nest.as_bytes());
        }
        9 => {
            *bytes = String::from_utf8_lossy(bytes)
                .replace('\n', "\r\n")
                .into_bytes();
        }
        10 => {
            let gone = part(random, bytes, 200).len();
            let at = random.below(bytes.len() + 1 - gone);
            bytes.drain(at..at + gone);
        }
        11 => staircase(random, bytes),
        _ => {
            let copy = part(random, other, 2_000);
            insert(random, bytes, copy);
        }
    }
}

/// Puts a number in the place of one.
fn replace_number(random: &mut Random, bytes: &mut Vec<u8>, number: &str) {
    let from = random.below(bytes.len() + 1);
    let Some(start) = bytes
        .iter()
        .skip(from)
        .position(u8::is_ascii_digit)
        .map(|at| at + from)
    else {
        insert(random, bytes, number.as_bytes());
        return;
    };
    let len = bytes
        .iter()
        .skip(start)
        .take_while(|byte| byte.is_ascii_digit())
        .count();
    bytes.splice(start..start + len, number.bytes());
}

/// Moves, doubles and drops lines.
fn shuffle(random: &mut Random, bytes: &mut Vec<u8>) {
    let mut lines: Vec<&[u8]> = bytes.split_inclusive(|byte| *byte == b'\n').collect();
    for _ in 0..=random.below(10) {
        if lines.is_empty() {
            return;
        }
        let line = lines.remove(random.below(lines.len()));
        for _ in 0..random.below(3) {
            lines.insert(random.below(lines.len() + 1), line);
        }
    }
    *bytes = lines.concat();
}

/// Lines that are indented ever deeper.
fn staircase(random: &mut Random, bytes: &mut Vec<u8>) {
    let word = random.pick(&["a:", "- a:", "Name:", "x", "$ kubectl get pods", "Events:"]);
    let steps = 1 << random.below(9);
    let text = (0..steps).fold(String::new(), |mut text, step| {
        text.push('\n');
        text.extend(std::iter::repeat_n(' ', step));
        text.push_str(word);
        text
    });
    insert(random, bytes, text.as_bytes());
}
