//! Reads times written as one number: seconds, milli-, micro- or nanoseconds since 1970, told apart by their size.

use jiff::Timestamp;

use super::{
    Raw, When,
    scan::{self, Cursor},
};

/// 2001-09-09: smaller numbers are counts, not times.
const FIRST: i128 = 1_000_000_000;
/// 2103-02-15.
const LAST: i128 = 4_200_000_000;

/// A decimal number that may have a fraction and an exponent, and where it ends.
struct Decimal {
    mantissa: i128,
    /// Power of ten to multiply the mantissa with.
    scale: i32,
    /// It had neither fraction nor exponent.
    whole: bool,
    end: usize,
}

fn decimal(cursor: Cursor<'_>) -> Option<Decimal> {
    let mut at = cursor;
    let (mut mantissa, mut scale, mut digits) = (0_i128, 0_i32, 0_u32);
    let mut point = false;
    while let Some(byte) = at.peek() {
        match byte {
            b'0'..=b'9' if digits < 30 => {
                mantissa = mantissa * 10 + i128::from(byte - b'0');
                digits += 1;
                scale -= i32::from(point);
            }
            b'.' if !point && at.ahead(1).is_some_and(|b| b.is_ascii_digit()) => point = true,
            _ => break,
        }
        at.at += 1;
    }
    if digits == 0 || at.peek().is_some_and(|b| b.is_ascii_digit()) {
        return None;
    }
    let mut exponent = at;
    let raised = exponent.eat(b"eE").is_some();
    if raised {
        let sign = if exponent.eat(b"+-") == Some(b'-') {
            -1
        } else {
            1
        };
        scale += sign * exponent.number(1, 2)?;
        at = exponent;
    }
    Some(Decimal {
        mantissa,
        scale,
        whole: !point && !raised,
        end: at.at,
    })
}

/// `mantissa × 10^scale`, rounded toward zero; nothing if it does not fit.
fn scaled(mantissa: i128, scale: i32) -> Option<i128> {
    let factor = 10_i128.checked_pow(scale.unsigned_abs())?;
    if scale < 0 {
        mantissa.checked_div(factor)
    } else {
        mantissa.checked_mul(factor)
    }
}

fn instant(number: &Decimal) -> Option<(Timestamp, u8)> {
    let value = scaled(number.mantissa, number.scale)?;
    // Nanoseconds per unit as a power of ten.
    let unit = [(0_u32, 9_i32), (3, 6), (6, 3), (9, 0)]
        .into_iter()
        .find(|(power, _)| {
            let factor = 10_i128.pow(*power);
            (FIRST * factor..LAST * factor).contains(&value)
        })
        .map(|(_, nanos)| nanos)?;
    let nanos = scaled(number.mantissa, number.scale + unit)?;
    let places = usize::try_from((9 - unit - number.scale).clamp(0, 9)).ok()?;
    Some((
        Timestamp::from_nanosecond(nanos).ok()?,
        scan::precision_of(places),
    ))
}

/// A value that is known to be a time, as under the key `ts`. `end` is where the value stops.
pub(super) fn value(cursor: Cursor<'_>) -> Option<Raw> {
    let number = decimal(cursor)?;
    let (time, precision) = instant(&number)?;
    Some(Raw {
        when: When::Instant(time),
        precision,
        start: cursor.at,
        end: number.end,
    })
}

/// A line that begins with a number. Bare seconds without a fraction could be any number, so they do not count.
pub(super) fn leading(cursor: Cursor<'_>) -> Option<Raw> {
    let number = decimal(cursor)?;
    let after = Cursor::new(cursor.rest(), number.end - cursor.at).peek();
    if !matches!(after, None | Some(b' ' | b'\t' | b']' | b':' | b'|')) {
        return None;
    }
    if number.whole && number.mantissa < LAST {
        return None;
    }
    let (time, precision) = instant(&number)?;
    Some(Raw {
        when: When::Instant(time),
        precision,
        start: cursor.at,
        end: number.end,
    })
}
