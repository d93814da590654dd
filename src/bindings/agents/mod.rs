//! The exports of `jobgate/agents`: the loop, and the providers written in Rust. Messages, chunks and the like cross as
//! JSON; errors stay the values they are.

mod bridge;
mod errors;
mod provider;
mod worker;
