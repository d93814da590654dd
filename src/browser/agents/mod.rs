//! Agent sessions: workers that hold conversations with models, and run as jobs. The host (a page) is told of every
//! state and every piece of an answer, and is asked before a tool runs.
//!
//! The signal of a job reaches everything under it: the request to the model, the tool, the confirmation. The job has
//! ended when the request and the tool have returned.

mod answering;
mod body;
mod cancellation;
mod chunks;
mod host;
mod job;
mod key;
mod openai;
mod provider;
mod reply;
mod run;
mod scripted;
mod session;
mod task;
mod tool;
mod worker;

pub use cancellation::{Aborted, Cancellation};
pub use chunks::{ChunkSender, NotTaken};
pub use host::{Decision, WorkerToHostInterface};
pub use job::WorkerJob;
pub use key::WorkerKey;
pub use openai::{OpenAiCompatible, OpenAiError, OpenAiOptions};
pub use provider::{ModelProvider, RequestContext};
pub use scripted::Scripted;
pub use session::{RunFailed, RunWorker, Session, SessionError, SessionOptions, WorkerInput, WorkerOptions};
pub use task::{TaskContext, WorkerTask};
pub use tool::Tool;
pub use worker::Worker;

pub use crate::engine::agents::{
    EmptyAnswer, Message, ModelRequest, ModelResponse, ModelResponseChunk, OutOfTurns, ToolCall, ToolSpec, Unfit,
    Usage, WorkerState,
};
