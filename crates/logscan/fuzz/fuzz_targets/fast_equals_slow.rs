//! Patterns and a text made from the fuzzer's bytes: the scanner must agree with its definition.

#![no_main]

#[path = "../../tests/support/cases.rs"]
mod cases;

use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let case = cases::case(&mut cases::Choices::read(bytes));
    if let Err(difference) = cases::check(&case) {
        panic!("{difference}");
    }
});
