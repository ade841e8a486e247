//! libFuzzer's way into `fuzz_targets::transcript`.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| fuzz_targets::transcript(data));
