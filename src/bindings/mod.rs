//! The wasm exports that the npm facade is made of: thin, integers across, JavaScript values stay outside.

#[cfg(feature = "npm-agents")]
mod agents;
#[cfg(any(
    feature = "npm",
    feature = "npm-agents",
    feature = "npm-pool",
    feature = "npm-runner",
    feature = "npm-shared",
    feature = "npm-service-worker"
))]
mod codes;
#[cfg(feature = "npm")]
mod effects;
#[cfg(feature = "npm")]
mod engine;
#[cfg(feature = "npm")]
mod listening;
#[cfg(feature = "npm")]
mod managers;
mod panic;
#[cfg(feature = "npm-pool")]
mod pool;
#[cfg(any(feature = "npm-runner", feature = "npm-builtins", feature = "npm-service-worker"))]
mod runner;
#[cfg(any(feature = "npm-shared", feature = "npm-service-worker"))]
mod shared;
#[cfg(feature = "npm")]
mod wire;

/// The standard library's takes four times as much of the binary.
#[global_allocator]
static ALLOCATOR: talc::wasm::WasmDynamicTalc = talc::wasm::new_wasm_dynamic_allocator();
