//! The exports of two of the package's binaries: the rules of the job runner, and what its built-in types compute.

#[cfg(feature = "npm-builtins")]
mod builtins;
mod convert;
#[cfg(feature = "npm-runner")]
mod rules;
