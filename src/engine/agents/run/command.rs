//! What a run is told and what it wants done.

use crate::engine::agents::outline::{Asked, Prompt};
use crate::engine::agents::state::WorkerState;

/// What a worker is to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Task {
    /// Ask the model, use the tools it calls, ask again, until it calls none.
    Talk {
        /// What the user says.
        prompt: Prompt,
        /// How often the model may be asked.
        max_turns: u32,
    },
    /// The same for a prompt that an earlier run has written down and used tools for.
    Further {
        /// As of `Talk`.
        max_turns: u32,
    },
    /// Something of the app's own.
    Other,
}

/// A piece of an answer. Calls are numbered by their ids, from 0 on: equal ids have equal numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Piece {
    /// More text; maybe none.
    Text {
        /// There is some.
        says: bool,
    },
    /// More of what the model thinks.
    Reasoning {
        /// There is some.
        says: bool,
    },
    /// A whole call.
    Call(u32),
}

/// What a run is told of a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// It cannot be made, for a reason that the model is to be told.
    Refused,
    /// The host is to be asked.
    Confirm,
    /// It can be made.
    Free,
}

/// The host's answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Decision {
    /// The tool runs.
    Approve,
    /// The model is told that it was denied, and the run goes on.
    Deny,
}

/// What has happened. `ok: false`: it threw.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Command {
    /// Once, first.
    Start(Task),
    /// It is to end.
    Stop,
    /// The host was told of [`Effect::Enter`].
    Told {
        /// And took it well.
        ok: bool,
    },
    /// The model has sent a piece. Counts until [`Self::Answered`].
    Sent(Piece),
    /// The host has taken the piece of [`Effect::Take`] or [`Effect::Give`].
    Taken {
        /// And took it well.
        ok: bool,
    },
    /// The model's whole answer.
    Answered {
        /// It has a text.
        says: bool,
        /// The calls, by their ids' numbers.
        calls: Vec<u32>,
    },
    /// The model has failed.
    Unanswered,
    /// What [`Effect::Look`] has found.
    Looked(Verdict),
    /// What the host has decided; nothing: it threw.
    Decided(Option<Decision>),
    /// The tool has settled.
    Used {
        /// With a result.
        ok: bool,
    },
    /// The app's own task has settled.
    Settled {
        /// Well.
        ok: bool,
    },
    /// After [`Effect::Conclude`].
    Over {
        /// What asked the run to stop was its timeout.
        timed_out: bool,
    },
}

/// What a tool's result says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// What the driver knows: the tool's result or fault, or why it could not be used.
    Known,
    /// That the host denied it.
    Denied,
    /// That the run ended before there was one.
    Cut,
}

impl Outcome {
    /// In words for the model, where they are always the same.
    #[must_use]
    pub fn words(self) -> Option<&'static str> {
        match self {
            Self::Known => None,
            Self::Denied => Some("The user denied this call. It was not made."),
            Self::Cut => Some("The run ended before this call had a result."),
        }
    }
}

/// What a run has failed with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cause {
    /// What the host has thrown.
    Host,
    /// What the model's provider has thrown.
    Provider,
    /// What the app's own task has thrown.
    Task,
    /// The model may not be asked again, and still calls tools.
    Turns,
    /// More pieces wait for the host than may wait.
    Overrun,
    /// The job's timeout.
    Timeout,
    /// The model's answer to the prompt has neither text nor calls.
    Empty,
}

/// How a run has ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum End {
    /// Well.
    Done,
    /// It was asked to.
    Cancelled,
    /// With [`Effect::Fail`].
    Failed,
}

/// What is to be done, in this order. After one that names a command in its first words the run waits for that command;
/// such an effect is the last of a list. Of the others each is done at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Effect {
    /// → [`Command::Told`]. Show the worker's new state, then tell the host.
    Enter(WorkerState),
    /// Write the prompt down.
    Prompt(Asked),
    /// → [`Command::Sent`] any number of times, then [`Command::Answered`] or [`Command::Unanswered`]. Ask the model.
    Ask,
    /// → [`Command::Taken`]. Write the oldest piece that was sent down, and give it to the host. Asked to stop, the run
    /// does not wait for it.
    Take,
    /// Whoever sent the piece that was taken last may send the next.
    Accept,
    /// Whoever waits to send is told that nobody takes it any more, also who sent the last one just now.
    Refuse,
    /// The last piece was sent while too many waited: its sender is told so.
    Overrun,
    /// The request to the model is to end, for what the run fails with.
    Abort(Cause),
    /// → [`Command::Taken`]. As `Take`, of what the answer holds and was not sent: 0 is its text, 1 its first call.
    Give(u32),
    /// The answer is whole: write it down; without a text, what has arrived of it is the text.
    Answer {
        /// There is something to write down.
        some: bool,
    },
    /// The answer will not be whole: what has arrived of its text is the text.
    Keep {
        /// As of `Answer`.
        some: bool,
    },
    /// → [`Command::Looked`]. See whether the first call without a result can be made.
    Look,
    /// → [`Command::Decided`]. Ask the host about that call. Asked to stop, the run does not wait for it.
    Confirm,
    /// → [`Command::Used`]. Make that call.
    Use,
    /// Write that call's result down.
    Result(Outcome),
    /// → [`Command::Settled`]. Run the app's own task.
    Run,
    /// → [`Command::Over`], at once.
    Conclude,
    /// This is what the run has failed with.
    Fail(Cause),
    /// It is over.
    End(End),
}
