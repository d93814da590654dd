//! The rules of agent sessions: what a conversation holds at any moment, what a run does next, and how the stream of an
//! OpenAI-compatible server becomes an answer. No clock, no network.

mod history;
mod message;
pub mod openai;
mod outline;
mod run;
mod state;
mod turns;

pub use history::{History, News, OpenNews, Unfit};
pub use message::{Message, ModelRequest, ModelResponse, ModelResponseChunk, ToolCall, ToolSpec, Usage};
pub use outline::{Asked, Kind, OpenCall, Outline, Prompt, Stays};
pub use run::{Cause, Command, Decision, Effect, End, MOST_WAITING, Outcome, Piece, Run, Task, Verdict};
pub use state::WorkerState;
pub use turns::{CANCELLED, DENIED, OutOfTurns, Step, Turns, check_call};
