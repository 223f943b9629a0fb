#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| xledger_spend::fuzz::settings(data));
