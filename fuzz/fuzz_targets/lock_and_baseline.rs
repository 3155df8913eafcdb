#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| stanchion_fuzz::lock_and_baseline(bytes));
