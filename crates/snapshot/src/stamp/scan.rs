//! Reads numbers, clocks and zones from bytes: the small pieces that every form of a stamp is made of.

use jiff::civil;

/// A place in a text; copying it is how a form that does not fit gives back what it read.
#[derive(Debug, Clone, Copy)]
pub(super) struct Cursor<'b> {
    bytes: &'b [u8],
    /// Offset of the next byte.
    pub(super) at: usize,
}

impl<'b> Cursor<'b> {
    pub(super) fn new(bytes: &'b [u8], at: usize) -> Self {
        Self { bytes, at }
    }

    pub(super) fn rest(&self) -> &'b [u8] {
        self.bytes.get(self.at..).unwrap_or(&[])
    }

    pub(super) fn peek(&self) -> Option<u8> {
        self.bytes.get(self.at).copied()
    }

    pub(super) fn ahead(&self, by: usize) -> Option<u8> {
        self.bytes.get(self.at + by).copied()
    }

    /// Steps over one of these bytes.
    pub(super) fn eat(&mut self, wanted: &[u8]) -> Option<u8> {
        let byte = self.peek().filter(|byte| wanted.contains(byte))?;
        self.at += 1;
        Some(byte)
    }

    /// Steps over an exact text.
    pub(super) fn eat_text(&mut self, wanted: &[u8]) -> Option<()> {
        self.rest().starts_with(wanted).then(|| {
            self.at += wanted.len();
        })
    }

    /// Steps over blanks and tabs; how many.
    pub(super) fn blanks(&mut self) -> usize {
        let before = self.at;
        while self.eat(b" \t").is_some() {}
        self.at - before
    }

    /// A run of digits, between `least` and `most` long; nothing if there are more.
    pub(super) fn number(&mut self, least: usize, most: usize) -> Option<i32> {
        let digits = self
            .rest()
            .iter()
            .take(most + 1)
            .take_while(|byte| byte.is_ascii_digit())
            .count();
        if digits < least || digits > most {
            return None;
        }
        self.fixed(digits)
    }

    /// Exactly this many digits, whatever follows.
    pub(super) fn fixed(&mut self, count: usize) -> Option<i32> {
        let value = self
            .rest()
            .get(..count)?
            .iter()
            .try_fold(0_i32, |number, byte| {
                byte.is_ascii_digit()
                    .then(|| number * 10 + i32::from(byte - b'0'))
            })?;
        self.at += count;
        Some(value)
    }

    /// A word of letters (of any script), at most `most` bytes.
    pub(super) fn word(&mut self, most: usize) -> Option<&'b [u8]> {
        let rest = self.rest();
        let len = rest
            .iter()
            .take(most + 1)
            .take_while(|byte| byte.is_ascii_alphabetic() || !byte.is_ascii())
            .count();
        if len == 0 || len > most {
            return None;
        }
        self.at += len;
        rest.get(..len)
    }
}

fn small(number: i32) -> Option<i8> {
    i8::try_from(number).ok()
}

/// A calendar date that exists.
pub(super) fn date(year: i32, month: i32, day: i32) -> Option<civil::Date> {
    civil::Date::new(i16::try_from(year).ok()?, small(month)?, small(day)?).ok()
}

/// A year of two digits, as MySQL and CockroachDB write it: neither existed before 2000.
pub(super) fn short_year(year: i32) -> i32 {
    2_000 + year
}

/// Digits after the second, of the places that a report shows.
pub(super) fn precision_of(places: usize) -> u8 {
    match places {
        0 => 0,
        1..=3 => 3,
        4..=6 => 6,
        _ => 9,
    }
}

/// `02:42:31[.123456789]`: hour of one or two digits, fraction by dot or comma, a leap second as the one before.
pub(super) fn clock(cursor: &mut Cursor<'_>) -> Option<(civil::Time, u8)> {
    let hour = small(cursor.number(1, 2)?)?;
    cursor.eat(b":")?;
    let minute = small(cursor.number(2, 2)?)?;
    cursor.eat(b":")?;
    let second = cursor.number(2, 2)?;
    if second > 60 {
        return None;
    }
    let (nanos, places) = fraction(cursor);
    let time = civil::Time::new(hour, minute, small(second.min(59))?, nanos).ok()?;
    Some((time, precision_of(places)))
}

/// `.123` or `,123456789`; further digits are read and dropped.
fn fraction(cursor: &mut Cursor<'_>) -> (i32, usize) {
    let mut inner = *cursor;
    if inner.eat(b".,").is_none() || !inner.peek().is_some_and(|b| b.is_ascii_digit()) {
        return (0, 0);
    }
    let (mut nanos, mut places) = (0_i32, 0_usize);
    while let Some(digit) = inner.eat(b"0123456789") {
        if places < 9 {
            nanos = nanos * 10 + i32::from(digit - b'0');
            places += 1;
        }
    }
    *cursor = inner;
    let missing = u32::try_from(9 - places).unwrap_or(0);
    (nanos * 10_i32.pow(missing), places)
}

/// Names of zones that mean one offset only. `CST`, `IST`, `BST` and their like name several and are left out.
const ZONES: [(&[u8], i32); 17] = [
    (b"UTC", 0),
    (b"GMT", 0),
    (b"UT", 0),
    (b"WET", 0),
    (b"WEST", 60),
    (b"CET", 60),
    (b"CEST", 120),
    (b"EET", 120),
    (b"EEST", 180),
    (b"MSK", 180),
    (b"JST", 540),
    (b"KST", 540),
    (b"HKT", 480),
    (b"EST", -300),
    (b"EDT", -240),
    (b"PST", -480),
    (b"PDT", -420),
];

/// The zone after a clock in seconds east: `Z`, `+02:00`, `+0200`, `+02`, and after a blank also a name.
pub(super) fn zone(cursor: &mut Cursor<'_>) -> Option<i32> {
    let mut inner = *cursor;
    let blank = inner.eat(b" ").is_some();
    let found = match inner.peek()? {
        b'Z' | b'z' => {
            inner.at += 1;
            (!inner.peek().is_some_and(|b| b.is_ascii_alphanumeric())).then_some(0)
        }
        b'+' | b'-' => numeric_zone(&mut inner, blank),
        b'A'..=b'Z' => named_zone(&mut inner),
        _ => None,
    }?;
    // Go's own text form and Ruby's: `+0000 UTC`.
    let mut after = inner;
    if blank
        && after.eat_text(b" UTC").is_some()
        && !after.peek().is_some_and(|b| b.is_ascii_alphanumeric())
    {
        inner = after;
    }
    *cursor = inner;
    Some(found)
}

fn numeric_zone(cursor: &mut Cursor<'_>, blank: bool) -> Option<i32> {
    let sign = if cursor.eat(b"+-")? == b'-' { -1 } else { 1 };
    let hours = cursor.fixed(2)?;
    let colon = cursor.eat(b":").is_some();
    let minutes = if cursor.peek().is_some_and(|b| b.is_ascii_digit()) {
        cursor.fixed(2)?
    } else if colon || blank {
        return None;
    } else {
        0
    };
    let ends = !cursor.peek().is_some_and(|b| b.is_ascii_digit());
    (ends && hours <= 15 && minutes < 60).then_some(sign * (hours * 3_600 + minutes * 60))
}

/// A name of a zone; leaves the cursor alone if it is none.
pub(super) fn named_zone(cursor: &mut Cursor<'_>) -> Option<i32> {
    let mut inner = *cursor;
    let name = inner.word(4)?;
    if inner
        .peek()
        .is_some_and(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
    {
        return None;
    }
    let (_, minutes) = ZONES.iter().find(|(zone, _)| *zone == name)?;
    *cursor = inner;
    Some(minutes * 60)
}

/// The month that a word names: English, and what journald and syslog print under other locales.
pub(super) fn month(word: &[u8]) -> Option<i32> {
    const NAMES: [&[&str]; 12] = [
        &[
            "jan", "january", "januar", "janv", "janvier", "ene", "enero", "gen", "gennaio",
            "janeiro", "jän",
        ],
        &[
            "feb",
            "february",
            "februar",
            "févr",
            "février",
            "febrero",
            "fev",
            "fevereiro",
            "febbraio",
        ],
        &[
            "mar", "march", "mär", "märz", "mrz", "mars", "marzo", "março",
        ],
        &["apr", "april", "avr", "avril", "abr", "abril", "aprile"],
        &["may", "mai", "mayo", "mag", "maggio", "maio"],
        &[
            "jun", "june", "juni", "juin", "junio", "giu", "giugno", "junho",
        ],
        &[
            "jul", "july", "juli", "juil", "juillet", "julio", "lug", "luglio", "julho",
        ],
        &["aug", "august", "août", "ago", "agosto"],
        &[
            "sep",
            "sept",
            "september",
            "septembre",
            "septiembre",
            "set",
            "settembre",
            "setembro",
        ],
        &[
            "oct", "october", "okt", "oktober", "octobre", "octubre", "ott", "ottobre", "out",
            "outubro",
        ],
        &["nov", "november", "novembre", "noviembre", "novembro"],
        &[
            "dec",
            "december",
            "dez",
            "dezember",
            "déc",
            "décembre",
            "dic",
            "diciembre",
            "dicembre",
            "dezembro",
        ],
    ];
    let word = std::str::from_utf8(word).ok()?;
    let position = NAMES
        .iter()
        .position(|names| names.iter().any(|name| name.eq_ignore_ascii_case(word)))?;
    i32::try_from(position + 1).ok()
}

/// Short names of the days of the week as journald, syslog and dmesg print them under other locales.
const OTHER_DAYS: [&str; 44] = [
    "Mo", "Di", "Mi", "Do", "Fr", "Sa", "So", "lun", "mar", "mer", "jeu", "ven", "sam", "dim",
    "mié", "jue", "vie", "sáb", "dom", "gio", "sab", "seg", "ter", "qua", "qui", "sex", "一", "二",
    "三", "四", "五", "六", "日", "月", "火", "水", "木", "金", "土", "월", "화", "수", "목", "금",
];

/// Whether a word is a day of the week, English short or long, or short in another language.
pub(super) fn weekday(word: &[u8]) -> bool {
    const DAYS: [&str; 7] = [
        "Monday",
        "Tuesday",
        "Wednesday",
        "Thursday",
        "Friday",
        "Saturday",
        "Sunday",
    ];
    let english = DAYS
        .iter()
        .any(|day| day.as_bytes() == word || (word.len() == 3 && day.as_bytes().starts_with(word)));
    english || OTHER_DAYS.iter().any(|day| day.as_bytes() == word)
}
