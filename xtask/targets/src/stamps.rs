//! Stamps of single lines, and clocks of whole files.

use coldcase_snapshot::{
    clock::{Anchors, Boot, FileClock},
    stamp,
};
use jiff::Timestamp;

/// Dates every line with and without a clock.
///
/// # Panics
/// If a stamp lies outside of its line.
pub fn stamps(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    let count = u32::try_from(text.lines().count()).unwrap_or(u32::MAX);
    // Years 1970 to about 2106, and no year at all.
    let captured = data
        .first_chunk::<4>()
        .map(|bytes| i64::from(u32::from_le_bytes(*bytes)))
        .filter(|seconds| seconds % 3 != 0)
        .and_then(|seconds| Timestamp::from_second(seconds).ok());
    let clock = FileClock::of(
        &text,
        1,
        count,
        &Anchors {
            captured,
            ..Anchors::default()
        },
    );
    for (line, number) in text.lines().zip(1_u32..) {
        if let Some(raw) = stamp::raw(line) {
            assert!(
                line.get(raw.start..raw.end).is_some(),
                "{raw:?} is not in {line:?}"
            );
        }
        for found in [stamp::leading(line, captured), clock.stamp(number, line)]
            .into_iter()
            .flatten()
        {
            assert!(line.get(..found.len).is_some(), "{found:?} of {line:?}");
            let _ = stamp::format(found.time, found.precision);
        }
        let _ = clock.zone(number);
        let _ = stamp::rfc3339(line);
    }
    let _ = Boot::from_stat(&text);
    let _ = Boot::from_uptime(&text, captured.unwrap_or_default());
}
