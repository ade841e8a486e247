//! Any text: what this crate reads, complete YAML readers read the same way.

#![no_main]

#[path = "../../tests/support/check.rs"]
mod check;

use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    if let Err(what) = check::check(text) {
        panic!("{text:?}\n{what}");
    }
});
