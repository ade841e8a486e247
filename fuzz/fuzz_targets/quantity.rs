//! libFuzzer's way into `fuzz_targets::quantity`.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| fuzz_targets::quantity(data));
