//! The exports of `jobgate/shared`'s binary, and of `jobgate/service-worker`'s: that one runs nothing, and has only what is
//! asked of a store.

#[cfg(feature = "npm-shared")]
mod numbers;
mod requests;
mod rows;
#[cfg(feature = "npm-shared")]
mod tab;
