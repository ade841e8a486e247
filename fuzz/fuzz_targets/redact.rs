//! libFuzzer's way into `fuzz_targets::redact`.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| fuzz_targets::redact(data));
