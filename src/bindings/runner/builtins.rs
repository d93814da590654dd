//! What the built-in job types compute, step by step: the loops around it, with progress and turns for others, are the
//! facade's. And what their params must be, for workers, which have no runner.

use wasm_bindgen::prelude::*;

use crate::engine::runner::{Fibonacci, LONGEST_LIST, Place, Sieve, describe_builtins};

/// The built-in types as a pool's worker has them: JSON, a list of `{name, description, params}`.
#[allow(unreachable_pub)]
#[wasm_bindgen(js_name = describeBuiltins)]
pub fn describe() -> String {
    describe_builtins(Place::Worker)
}

/// The primes up to a limit.
#[wasm_bindgen]
#[derive(Debug)]
pub struct WasmSieve(Sieve);

#[wasm_bindgen]
impl WasmSieve {
    /// Nothing has been looked at yet.
    #[wasm_bindgen(constructor)]
    pub fn new(limit: u32) -> Self {
        Self(Sieve::new(limit))
    }

    /// Up to this limit the primes themselves are kept.
    #[wasm_bindgen(js_name = longestList)]
    pub fn longest_list() -> u32 {
        LONGEST_LIST
    }

    /// Looks at the next numbers, as many as take no longer than a few milliseconds. False: all up to `bound` were
    /// looked at.
    pub fn advance(&mut self, bound: u32) -> bool {
        self.0.advance(bound);
        !self.0.has_reached(bound)
    }

    /// How many have been found.
    pub fn count(&self) -> u32 {
        self.0.count()
    }

    /// The last of them.
    pub fn largest(&self) -> u32 {
        self.0.largest()
    }

    /// All, where they are kept.
    pub fn primes(&self) -> Option<Vec<u32>> {
        self.0.primes().map(<[u32]>::to_vec)
    }
}

/// The Fibonacci numbers, exactly.
#[wasm_bindgen]
#[derive(Debug, Default)]
pub struct WasmFibonacci(Fibonacci);

#[wasm_bindgen]
impl WasmFibonacci {
    /// From the first on.
    #[wasm_bindgen(constructor)]
    pub fn new() -> Self {
        Self::default()
    }

    /// The next ones, one a line.
    pub fn next(&mut self, count: u32) -> String {
        self.0.by_ref().take(count as usize).collect::<Vec<_>>().join("\n")
    }
}
