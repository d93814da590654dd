//! The rules of agent sessions: what a conversation holds at any moment, what a run does next, and how the stream of an
//! OpenAI-compatible server becomes an answer. No clock, no network.

mod history;
mod lookup;
mod message;
pub mod openai;
mod outline;
mod run;
mod state;

pub use history::{History, Unfit};
pub use lookup::{EmptyAnswer, OutOfTurns, check_call};
pub use message::{Message, ModelRequest, ModelResponse, ModelResponseChunk, ToolCall, ToolSpec, Usage};
pub use outline::{Asked, Kind, OpenCall, Outline, Prompt, Stays};
pub use run::{Cause, Command, Decision, Effect, End, MOST_WAITING, Outcome, Piece, Run, Task, Verdict};
pub use state::WorkerState;
