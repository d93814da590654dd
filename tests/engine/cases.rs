//! How many random histories each model is compared with: ten thousand, or as many as `JOBGATE_HISTORIES` says
//! (`npm run histories`). WebAssembly plays fewer: the rules are the same code.

use proptest::test_runner::Config;

/// How many histories a test plays.
pub(crate) fn histories() -> u32 {
    let usual = if cfg!(target_family = "wasm") { 2000 } else { 10_000 };
    std::env::var("JOBGATE_HISTORIES").ok().and_then(|count| count.parse().ok()).unwrap_or(usual)
}

/// For proptest, which prints the smallest history that fails.
#[allow(dead_code, reason = "one of the test binaries has a simulator instead")]
pub(crate) fn config() -> Config {
    Config { cases: histories(), failure_persistence: None, ..Config::default() }
}
