//! One run: does what the rules want done, and tells them what came of it.

use std::collections::VecDeque;
use std::future::poll_fn;
use std::rc::Rc;
use std::task::{Context, Poll};

use futures::future::{FutureExt, LocalBoxFuture};
use wasm_bindgen::JsValue;

use super::answering::{AnswerEvent, Answering, keep};
use super::cancellation::Scope;
use super::chunks::NotTaken;
use super::host::Decision;
use super::task::{TaskContext, Work};
use super::tool::Tool;
use super::worker::Worker;
use crate::browser::barrier::Barrier;
use crate::browser::context::JobContext;
use crate::browser::error::{JobError, Thrown, TimeoutError};
use crate::browser::guard::{flat, guard, guarded};
use crate::engine::AbortCause;
use crate::engine::agents::{
    self as rules, Cause, Command, Effect, EmptyAnswer, End, History, ModelRequest, ModelResponse, ModelResponseChunk,
    OutOfTurns, Outcome, Prompt, Task, ToolCall, ToolSpec, Verdict, WorkerState, check_call,
};

/// How a task ended.
#[derive(Debug)]
pub(super) enum Ended {
    Done,
    Cancelled,
    Failed(Rc<JobError>),
}

/// Runs it. The job hears of each state before the host does.
pub(super) async fn run(worker: Rc<Worker>, work: &Work, job: &JobContext<WorkerState, ()>) -> Ended {
    match Scope::new() {
        Ok(scope) => Driver::new(worker, work, job, scope).run().await,
        Err(error) => Ended::Failed(Rc::new(Thrown(error).into())),
    }
}

/// What something that was under way came to.
enum Done {
    Taken(Result<(), JobError>),
    Decided(Result<Decision, JobError>),
    Used(Result<String, String>),
    Settled(Result<(), JobError>),
}

enum Happened {
    Stop,
    Answers(AnswerEvent),
    Done(Done),
}

struct Driver<'a> {
    worker: Rc<Worker>,
    work: &'a Work,
    job: &'a JobContext<WorkerState, ()>,
    scope: Scope,
    rules: rules::Run,
    place: Prompt,
    /// Commands in the order of what they tell of.
    commands: VecDeque<Command>,
    stop_told: bool,
    cancelled: Barrier,
    answering: Answering,
    doing: Option<LocalBoxFuture<'a, Done>>,
    /// What a tool, or a look at its call, came to.
    outcome: String,
    /// Of the last whole answer.
    stop_reason: String,
    host_error: Option<JobError>,
    provider_error: Option<JobError>,
    task_error: Option<JobError>,
    failure: Option<Rc<JobError>>,
    end: Option<End>,
}

impl<'a> Driver<'a> {
    fn new(worker: Rc<Worker>, work: &'a Work, job: &'a JobContext<WorkerState, ()>, scope: Scope) -> Self {
        let (prompt, again) = work.talk().map_or(("", false), |talk| (talk.prompt.as_str(), talk.asked.get()));
        if again {
            worker.edit(History::retract_answer);
        }
        let place = worker.read(|history| history.place(prompt));
        Self {
            worker,
            work,
            job,
            scope,
            rules: rules::Run::default(),
            place,
            commands: VecDeque::new(),
            stop_told: false,
            cancelled: job.cancelled(),
            answering: Answering::default(),
            doing: None,
            outcome: String::new(),
            stop_reason: String::new(),
            host_error: None,
            provider_error: None,
            task_error: None,
            failure: None,
            end: None,
        }
    }

    async fn run(mut self) -> Ended {
        self.commands.push_back(Command::Start(match self.work.talk() {
            // An attempt before this one has come as far as a tool's result.
            Some(talk) if talk.asked.get() && !self.worker.read(History::ends_with_prompt) => {
                Task::Further { max_turns: talk.max_turns }
            }
            Some(talk) => Task::Talk { prompt: self.place, max_turns: talk.max_turns },
            None => Task::Other,
        }));
        loop {
            while let Some(command) = self.commands.pop_front() {
                let effects = self.worker.edit(|history| self.rules.handle(history.outline(), command));
                for effect in effects {
                    self.apply(effect);
                }
            }
            match (self.end, self.failure.clone()) {
                (Some(End::Failed), Some(failure)) => return Ended::Failed(failure),
                (Some(End::Cancelled), _) => return Ended::Cancelled,
                (Some(_), _) => return Ended::Done,
                (None, _) => {}
            }
            let happened = poll_fn(|context| self.poll(context)).await;
            self.note(happened);
        }
    }

    /// Something has happened; before that, maybe, that it is to end.
    fn tell(&mut self, command: Command) {
        if self.job.is_cancelled() {
            self.stop();
        }
        self.commands.push_back(command);
    }

    /// The job was asked to end, maybe by what the run itself has called: all under it is told, and nothing new begins.
    fn stop(&mut self) {
        if !std::mem::replace(&mut self.stop_told, true) {
            self.scope.abort(&JsValue::UNDEFINED);
            self.commands.push_back(Command::Stop);
        }
    }

    fn poll(&mut self, context: &mut Context<'_>) -> Poll<Happened> {
        // First: what is ready at the same time came after it, or because of it.
        if !self.stop_told && self.cancelled.poll_unpin(context).is_ready() {
            return Poll::Ready(Happened::Stop);
        }
        if let Some(doing) = &mut self.doing
            && let Poll::Ready(done) = doing.poll_unpin(context)
        {
            self.doing = None;
            return Poll::Ready(Happened::Done(done));
        }
        self.answering.poll(context).map(Happened::Answers)
    }

    fn note(&mut self, happened: Happened) {
        match happened {
            Happened::Stop => self.stop(),
            Happened::Answers(event) => {
                for command in self.answering.take(event, &mut self.provider_error) {
                    self.tell(command);
                }
            }
            Happened::Done(Done::Taken(taken)) => {
                let ok = keep(taken, &mut self.host_error).is_some();
                self.tell(Command::Taken { ok });
            }
            Happened::Done(Done::Decided(decided)) => {
                let decided = keep(decided, &mut self.host_error);
                self.tell(Command::Decided(decided));
            }
            Happened::Done(Done::Settled(settled)) => {
                let ok = keep(settled, &mut self.task_error).is_some();
                self.tell(Command::Settled { ok });
            }
            Happened::Done(Done::Used(used)) => {
                let ok = used.is_ok();
                self.outcome = used.unwrap_or_else(|fault| format!("Error: {fault}"));
                self.tell(Command::Used { ok });
            }
        }
    }

    fn apply(&mut self, effect: Effect) {
        match effect {
            Effect::Enter(state) => self.enter(state),
            Effect::Prompt(asked) => {
                let (place, work) = (self.place, self.work);
                let prompt = work.talk().map_or("", |talk| talk.prompt.as_str());
                self.worker.edit(|history| history.prompt(asked, place, prompt));
                if let Some(talk) = work.talk() {
                    talk.asked.set(true);
                }
            }
            Effect::Ask => self.ask(),
            Effect::Take => {
                if let Some(chunk) = self.answering.next() {
                    self.give(chunk);
                }
            }
            Effect::Accept => self.answering.accept(),
            Effect::Refuse => {
                self.doing = None;
                self.answering.refuse();
            }
            Effect::Overrun => self.answering.overrun(),
            Effect::Abort(cause) => self.scope.abort(&self.reason(cause)),
            Effect::Give(place) => self.give(self.answering.part(place)),
            Effect::Answer { some } => {
                let ModelResponse { content, tool_calls, stop_reason, .. } = self.answering.whole();
                self.stop_reason = stop_reason;
                self.worker.edit(|history| history.answer(some, content, tool_calls));
            }
            Effect::Keep { some } => self.worker.edit(|history| history.answer(some, String::new(), Vec::new())),
            Effect::Look => self.look(),
            Effect::Confirm => self.confirm(),
            Effect::Use => self.use_tool(),
            Effect::Result(outcome) => self.result(outcome),
            Effect::Run => self.run_task(),
            Effect::Conclude => {
                self.doing = None;
                let timed_out = self.job.cause() == Some(AbortCause::Timeout);
                self.tell(Command::Over { timed_out });
            }
            Effect::Fail(cause) => self.failure = Some(Rc::new(self.failure_of(cause))),
            Effect::End(end) => self.end = Some(end),
        }
    }

    fn failure_of(&mut self, cause: Cause) -> JobError {
        let kept = match cause {
            Cause::Host => self.host_error.take(),
            Cause::Provider => self.provider_error.take(),
            Cause::Task => self.task_error.take(),
            Cause::Turns => {
                let most = self.work.talk().map_or(0, |talk| talk.max_turns);
                Some(JobError::non_retriable(OutOfTurns(most)))
            }
            Cause::Overrun => Some(NotTaken::Overrun.into()),
            Cause::Timeout => Some(TimeoutError.into()),
            Cause::Empty => Some(EmptyAnswer(std::mem::take(&mut self.stop_reason)).into()),
        };
        // Whatever the rules name was kept.
        kept.unwrap_or_else(|| JobError::new("the run failed"))
    }

    /// What JavaScript is told of it.
    fn reason(&self, cause: Cause) -> JsValue {
        match &self.host_error {
            Some(error) if cause == Cause::Host => match error.downcast_ref::<Thrown>() {
                Some(Thrown(value)) => value.clone(),
                None => js_sys::Error::new(&error.to_string()).into(),
            },
            _ => js_sys::Error::new(&NotTaken::Overrun.to_string()).into(),
        }
    }

    // ── the host ────────────────────────────────────────────────────────────────────────────────

    /// The worker's new state: shown first, then told.
    fn enter(&mut self, state: WorkerState) {
        self.worker.enter(state, self.failure.clone());
        self.job.set_state(state);
        let host = self.work.host();
        let told = match host {
            Some(host) => flat(guard(|| host.worker_state_change(self.worker.id(), state))),
            None => Ok(()),
        };
        let ok = keep(told, &mut self.host_error).is_some();
        self.tell(Command::Told { ok });
    }

    fn give(&mut self, chunk: ModelResponseChunk) {
        self.worker.edit(|history| match &chunk {
            ModelResponseChunk::Text { text } => history.receive(text),
            ModelResponseChunk::Reasoning { text } => history.receive_reasoning(text),
            ModelResponseChunk::ToolCall { .. } => {}
        });
        let (work, worker) = (self.work, self.worker.clone());
        self.doing = Some(Box::pin(async move {
            let Some(host) = work.host() else { return Done::Taken(Ok(())) };
            Done::Taken(flat(guarded(|| host.response_chunk_received(worker.id(), &chunk)).await))
        }));
    }

    fn confirm(&mut self) {
        let Some((call, _)) = self.open_call() else { return };
        let (work, worker, cancellation) = (self.work, self.worker.clone(), self.scope.cancellation());
        self.doing = Some(Box::pin(async move {
            let Some(host) = work.host() else { return Done::Decided(Ok(Decision::Deny)) };
            Done::Decided(flat(guarded(|| host.tool_confirmation(worker.id(), &call, &cancellation)).await))
        }));
    }

    fn ask(&mut self) {
        let specs: Vec<ToolSpec> = self.tools().iter().map(|tool| tool.spec().clone()).collect();
        let request = ModelRequest { messages: self.worker.read(History::settled), tools: Rc::new(specs) };
        self.answering.ask(self.worker.provider().clone(), request, self.scope.cancellation());
    }

    // ── tools ───────────────────────────────────────────────────────────────────────────────────

    fn tools(&self) -> &'a [Rc<dyn Tool>] {
        self.work.talk().map_or(&[], |talk| &talk.tools)
    }

    fn open_call(&self) -> Option<(ToolCall, Option<&'a Rc<dyn Tool>>)> {
        let call = self.worker.read(|history| history.open_call().cloned())?;
        let tools = self.tools();
        let tool = tools.iter().find(|tool| tool.spec().name == call.name);
        Some((call, tool))
    }

    fn look(&mut self) {
        let Some((call, tool)) = self.open_call() else { return };
        let found = check_call(&call, self.tools().iter().map(|tool| tool.spec()));
        let fault = match (found, tool) {
            (Err(fault), _) => Some(fault),
            (Ok(_), Some(tool)) => guard(|| tool.check(&call.arguments))
                .unwrap_or_else(|thrown| Err(thrown.to_string()))
                .err()
                .map(|fault| format!("The arguments do not fit the tool's schema: {fault}. Nothing was run.")),
            (Ok(_), None) => None,
        };
        let confirm = tool.is_some_and(|tool| tool.spec().confirm);
        let verdict = match fault {
            Some(fault) => {
                self.outcome = fault;
                Verdict::Refused
            }
            None if confirm => Verdict::Confirm,
            None => Verdict::Free,
        };
        self.tell(Command::Looked(verdict));
    }

    fn use_tool(&mut self) {
        let Some((call, Some(tool))) = self.open_call() else { return };
        let cancellation = self.scope.cancellation();
        // Not left alone when asked to end: it has the signal, and the job ends when it has.
        self.doing = Some(Box::pin(async move {
            let used = guarded(|| tool.run(&call.arguments, &cancellation)).await;
            Done::Used(used.unwrap_or_else(|thrown| Err(thrown.to_string())))
        }));
    }

    fn result(&mut self, outcome: Outcome) {
        let text = outcome.words().map_or_else(|| std::mem::take(&mut self.outcome), str::to_owned);
        self.worker.edit(|history| history.result(text));
    }

    fn run_task(&mut self) {
        let Work::Other(task) = self.work else { return };
        let context = TaskContext { worker: self.worker.clone(), cancellation: self.scope.cancellation() };
        self.doing = Some(Box::pin(async move { Done::Settled(flat(guarded(|| task.run(&context)).await)) }));
    }
}
