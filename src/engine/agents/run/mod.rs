//! What one run of a worker does next: ask the model, give its answer to the host piece by piece, use the tools it calls,
//! ask again, until it calls none; and how it ends, wherever it is asked to.
//!
//! Pure, like all of `engine`: a [`Command`] in, [`Effect`]s out. It needs no clock. Texts, calls and errors stay with
//! whoever drives; so does the conversation, whose [`Outline`] this changes along.
//!
//! ```
//! use jobgate::engine::agents::{Command, Effect, Outline, Prompt, Run, Task, WorkerState};
//!
//! let (mut run, mut outline) = (Run::default(), Outline::default());
//! let prompt = Prompt { length: 0, again: None };
//! let effects = run.handle(&mut outline, Command::Start(Task::Talk { prompt, max_turns: 16 }));
//! assert_eq!(effects, [Effect::Enter(WorkerState::Working)]);
//! // Asked to stop before it has asked anything, it only ends; the prompt stays.
//! assert_eq!(run.handle(&mut outline, Command::Stop), []);
//! let effects = run.handle(&mut outline, Command::Told { ok: true });
//! assert_eq!(effects.last(), Some(&Effect::Conclude));
//! let effects = run.handle(&mut outline, Command::Over { timed_out: false });
//! assert_eq!(effects, [Effect::Enter(WorkerState::Inactive)]);
//! ```
//!
//! Invariants, checked after every command by `tests/engine/agents/runs.rs`: it waits for one thing at a time, but while
//! the model answers; each piece is given once, in order; the host is asked nothing and given nothing once the run was
//! asked to stop; the run does not end before the model's request, the tool or the task has settled; it ends once, and
//! the conversation is valid then.

mod command;
mod stream;

pub use command::{Cause, Command, Decision, Effect, End, Outcome, Piece, Task, Verdict};
pub use stream::MOST_WAITING;

use self::stream::{Host, Reply, Stream, Waiting};
use super::outline::{Outline, Stays};
use super::state::WorkerState;

/// What it waits for.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
enum Phase {
    #[default]
    Unstarted,
    /// The host is being told of this state.
    Entering(WorkerState),
    Streaming(Stream),
    Looking,
    Confirming,
    Using,
    Running,
    Concluding,
    /// The host is being told of the last state.
    Ending(End),
    Over,
}

/// One run.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Run {
    phase: Phase,
    task: Option<Task>,
    asked: u32,
    /// The last answer calls no tools.
    answered: bool,
    stopping: bool,
    /// The first thing that went wrong.
    cause: Option<Cause>,
}

impl Run {
    /// Takes in what has happened; returns what is to be done, in order. What comes too late changes nothing.
    pub fn handle(&mut self, outline: &mut Outline, command: Command) -> Vec<Effect> {
        let mut effects = Vec::new();
        self.take(outline, command, &mut effects);
        effects
    }

    /// Nothing will follow.
    #[must_use]
    pub fn is_over(&self) -> bool {
        self.phase == Phase::Over
    }

    fn take(&mut self, outline: &mut Outline, command: Command, effects: &mut Vec<Effect>) {
        match (&mut self.phase, command) {
            (Phase::Unstarted, Command::Start(task)) => {
                self.task = Some(task);
                self.enter(WorkerState::Working, effects);
            }
            (_, Command::Stop) => self.stop(outline, effects),
            (Phase::Entering(state), Command::Told { ok }) => {
                let state = *state;
                self.entered(state, ok, outline, effects);
            }
            (Phase::Ending(end), Command::Told { ok }) => {
                let end = *end;
                self.ended(end, ok, outline, effects);
            }
            (Phase::Streaming(stream), Command::Sent(piece)) => {
                if stream.host == Host::Over || stream.reply.is_some() {
                    effects.push(Effect::Refuse);
                } else if stream.waiting.len() >= MOST_WAITING {
                    stream.overrun = true;
                    effects.push(Effect::Overrun);
                } else {
                    stream.waiting.push_back(Waiting::Sent(piece));
                    self.give_next(outline, effects);
                }
            }
            (Phase::Streaming(stream), Command::Told { ok }) if stream.host == Host::Told => {
                stream.host = Host::Idle;
                if ok { self.give_next(outline, effects) } else { self.not_taken(Cause::Host, outline, effects) }
            }
            (Phase::Streaming(stream), Command::Taken { ok }) => {
                if let Host::Takes { sent } = stream.host {
                    stream.host = Host::Idle;
                    let overrun = stream.overrun;
                    if !ok || overrun {
                        let cause = if ok { Cause::Overrun } else { Cause::Host };
                        return self.not_taken(cause, outline, effects);
                    }
                    if sent {
                        effects.push(Effect::Accept);
                    }
                    self.give_next(outline, effects);
                }
            }
            (Phase::Streaming(stream), Command::Answered { says, calls }) if stream.reply.is_none() => {
                stream.reply = Some(Reply::Whole { says, calls });
                self.replied(outline, effects);
            }
            (Phase::Streaming(stream), Command::Unanswered) if stream.reply.is_none() => {
                stream.reply = Some(Reply::Failed);
                self.cause.get_or_insert(Cause::Provider);
                self.replied(outline, effects);
            }
            (Phase::Looking, Command::Looked(_)) if self.stopping => self.conclude(outline, effects),
            (Phase::Looking, Command::Looked(verdict)) => match verdict {
                Verdict::Refused => self.result(Outcome::Known, outline, effects),
                Verdict::Confirm => self.enter(WorkerState::Waiting, effects),
                Verdict::Free => self.enter(WorkerState::UsingTool, effects),
            },
            (Phase::Confirming, Command::Decided(decision)) => match decision {
                Some(Decision::Approve) => self.enter(WorkerState::UsingTool, effects),
                Some(Decision::Deny) => self.result(Outcome::Denied, outline, effects),
                None => self.fail(Cause::Host, outline, effects),
            },
            (Phase::Using, Command::Used { ok }) => {
                // Where it was cut short that is not its fault.
                let cut = !ok && self.stopping;
                self.result(if cut { Outcome::Cut } else { Outcome::Known }, outline, effects);
            }
            (Phase::Running, Command::Settled { ok: true }) => self.conclude(outline, effects),
            (Phase::Running, Command::Settled { ok: false }) => self.fail(Cause::Task, outline, effects),
            (Phase::Concluding, Command::Over { timed_out }) => self.end(timed_out, outline, effects),
            _ => {}
        }
    }

    fn stop(&mut self, outline: &mut Outline, effects: &mut Vec<Effect>) {
        if self.stopping {
            return;
        }
        self.stopping = true;
        match &mut self.phase {
            Phase::Streaming(stream) => {
                stream.host = Host::Over;
                stream.waiting.clear();
                effects.push(Effect::Refuse);
                self.replied(outline, effects);
            }
            Phase::Confirming => self.conclude(outline, effects),
            _ => {}
        }
    }

    fn enter(&mut self, state: WorkerState, effects: &mut Vec<Effect>) {
        self.phase = Phase::Entering(state);
        effects.push(Effect::Enter(state));
    }

    fn entered(&mut self, state: WorkerState, ok: bool, outline: &mut Outline, effects: &mut Vec<Effect>) {
        if !ok {
            return self.fail(Cause::Host, outline, effects);
        }
        match (state, self.task) {
            (WorkerState::Working, Some(Task::Talk { prompt, .. })) => {
                effects.push(Effect::Prompt(outline.ask(prompt)));
                self.next(outline, effects);
            }
            (WorkerState::Working, Some(Task::Further { .. })) => self.next(outline, effects),
            // Its signal says that it is to end.
            (WorkerState::Working, _) => self.wait(Phase::Running, Effect::Run, effects),
            _ if self.stopping => self.conclude(outline, effects),
            (WorkerState::Requesting, _) => self.wait(Phase::Streaming(Stream::default()), Effect::Ask, effects),
            (WorkerState::Waiting, _) => self.wait(Phase::Confirming, Effect::Confirm, effects),
            _ => self.wait(Phase::Using, Effect::Use, effects),
        }
    }

    fn wait(&mut self, phase: Phase, effect: Effect, effects: &mut Vec<Effect>) {
        self.phase = phase;
        effects.push(effect);
    }

    fn next(&mut self, outline: &mut Outline, effects: &mut Vec<Effect>) {
        let call = outline.open_call().is_some();
        let most = match self.task {
            Some(Task::Talk { max_turns, .. } | Task::Further { max_turns }) => max_turns,
            _ => 0,
        };
        if self.stopping || self.answered && !call {
            self.conclude(outline, effects);
        } else if self.asked == most {
            // The calls are not made, since nobody would be told of their results.
            self.fail(Cause::Turns, outline, effects);
        } else if call {
            self.wait(Phase::Looking, Effect::Look, effects);
        } else {
            self.asked += 1;
            self.enter(WorkerState::Requesting, effects);
        }
    }

    fn result(&mut self, outcome: Outcome, outline: &mut Outline, effects: &mut Vec<Effect>) {
        outline.result();
        effects.push(Effect::Result(outcome));
        self.next(outline, effects);
    }

    // ── an answer ───────────────────────────────────────────────────────────────────────────────

    /// Gives the host what waits, one piece at a time.
    fn give_next(&mut self, outline: &mut Outline, effects: &mut Vec<Effect>) {
        let Phase::Streaming(stream) = &mut self.phase else { return };
        if stream.host != Host::Idle {
            return;
        }
        if !stream.begun && !stream.waiting.is_empty() {
            stream.begun = true;
            stream.host = Host::Told;
            effects.push(Effect::Enter(WorkerState::Receiving));
            return;
        }
        let Some(next) = stream.waiting.pop_front() else { return self.replied(outline, effects) };
        let (Waiting::Sent(piece) | Waiting::Given(_, piece)) = next;
        stream.take(piece);
        stream.host = Host::Takes { sent: matches!(next, Waiting::Sent(_)) };
        match piece {
            Piece::Text { says: true } => outline.receive(true),
            Piece::Reasoning { says: true } => outline.receive(false),
            _ => {}
        }
        effects.push(match next {
            Waiting::Sent(_) => Effect::Take,
            Waiting::Given(place, _) => Effect::Give(place),
        });
    }

    /// The host did not take a piece: it is given no more, and the model is to end.
    fn not_taken(&mut self, cause: Cause, outline: &mut Outline, effects: &mut Vec<Effect>) {
        self.cause.get_or_insert(cause);
        let Phase::Streaming(stream) = &mut self.phase else { return };
        stream.host = Host::Over;
        stream.waiting.clear();
        if stream.reply.is_none() {
            effects.push(Effect::Abort(cause));
        }
        effects.push(Effect::Refuse);
        self.replied(outline, effects);
    }

    /// Goes on once the model has answered and the host has all of it.
    fn replied(&mut self, outline: &mut Outline, effects: &mut Vec<Effect>) {
        let Phase::Streaming(stream) = &mut self.phase else { return };
        let Some(reply) = &stream.reply else { return };
        // What was sent is given, also where the provider has failed since.
        if !stream.is_given() {
            return;
        }
        if self.stopping || self.cause.is_some() {
            return self.conclude(outline, effects);
        }
        if let Reply::Whole { says, calls } = reply
            && stream.completed
        {
            let (says, calls) = (*says, calls.len() as u32);
            self.answered = calls == 0;
            effects.push(Effect::Answer { some: outline.answer(says, calls) });
            // Said to a tool's result, nothing is an end like any other: what was asked for has been done.
            if outline.stays() != Stays::Nothing {
                return self.fail(Cause::Empty, outline, effects);
            }
            return self.next(outline, effects);
        }
        stream.complete();
        self.give_next(outline, effects);
    }

    // ── the end ─────────────────────────────────────────────────────────────────────────────────

    fn fail(&mut self, cause: Cause, outline: &mut Outline, effects: &mut Vec<Effect>) {
        self.cause.get_or_insert(cause);
        self.conclude(outline, effects);
    }

    /// What has arrived of an answer is the answer, and each call without a result gets one that says so.
    fn conclude(&mut self, outline: &mut Outline, effects: &mut Vec<Effect>) {
        if outline.is_arriving() {
            effects.push(Effect::Keep { some: outline.answer(false, 0) });
        }
        while outline.open_call().is_some() {
            outline.result();
            effects.push(Effect::Result(Outcome::Cut));
        }
        self.wait(Phase::Concluding, Effect::Conclude, effects);
    }

    fn end(&mut self, timed_out: bool, outline: &mut Outline, effects: &mut Vec<Effect>) {
        if self.stopping && timed_out {
            self.cause = Some(Cause::Timeout);
        } else if self.stopping {
            outline.end(false);
            return self.wait(Phase::Ending(End::Cancelled), Effect::Enter(WorkerState::Inactive), effects);
        }
        match self.cause {
            Some(cause) => self.failed(cause, outline, effects),
            None => self.wait(Phase::Ending(End::Done), Effect::Enter(WorkerState::Inactive), effects),
        }
    }

    fn failed(&mut self, cause: Cause, outline: &mut Outline, effects: &mut Vec<Effect>) {
        outline.end(true);
        effects.push(Effect::Fail(cause));
        self.wait(Phase::Ending(End::Failed), Effect::Enter(WorkerState::Failed), effects);
    }

    /// Of a run that has ended otherwise it changes nothing how the host takes it.
    fn ended(&mut self, end: End, ok: bool, outline: &mut Outline, effects: &mut Vec<Effect>) {
        if end == End::Done && !ok {
            return self.failed(Cause::Host, outline, effects);
        }
        if end == End::Done {
            outline.end(false);
        }
        self.wait(Phase::Over, Effect::End(end), effects);
    }
}
