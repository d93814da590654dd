//! The exports of two of the package's binaries: the rules of the job runner, and what its built-in types compute. And
//! what job types are for those that have no runner.

#[cfg(feature = "npm-builtins")]
mod builtins;
mod convert;
#[cfg(feature = "npm-runner")]
mod rules;
#[cfg(any(feature = "npm-builtins", feature = "npm-service-worker"))]
mod validation;
#[cfg(feature = "npm-runner")]
mod wire;
