//! A model, a tool and a host that write down what happens to them.

use std::cell::{Cell, RefCell};
use std::future::pending;
use std::rc::Rc;

use futures::channel::oneshot;
use futures::future::LocalBoxFuture;
use jobgate::browser::agents::{
    Cancellation, Decision, Message, ModelProvider, ModelRequest, ModelResponse, ModelResponseChunk, RequestContext,
    RunWorker, Session, SessionError, SessionOptions, Tool, ToolCall, ToolSpec, Worker, WorkerInput, WorkerJob,
    WorkerOptions, WorkerState, WorkerToHostInterface,
};
use jobgate::browser::{Cancelled, JobError, RunOptions};
use serde_json::{Value, json};

use crate::suite::support::{Trace, plain, throw};

/// What one request does, in order; then it answers with what it has said and called.
#[derive(Clone, Copy)]
pub(super) enum Act {
    Say(&'static str),
    /// Does not wait until the host has it.
    Drop(&'static str),
    /// Calls the tool with these numbers.
    Add(Option<u32>, u32),
    /// Waits until it is asked to end.
    Hang,
    Fail,
    /// With what no other attempt will mend.
    FailForGood,
}

pub(super) struct Model {
    pub(super) trace: Trace,
    /// The last first.
    pub(super) replies: RefCell<Vec<Vec<Act>>>,
    /// Called in each request.
    pub(super) hears: RefCell<Option<Box<dyn Fn()>>>,
}

impl ModelProvider for Model {
    fn name(&self) -> &'static str {
        "model"
    }

    fn request<'a>(
        &'a self,
        request: &'a ModelRequest,
        context: &'a RequestContext,
    ) -> LocalBoxFuture<'a, Result<ModelResponse, JobError>> {
        let acts = self.replies.borrow_mut().pop().unwrap();
        self.trace.add(format!("asked with {}", request.messages.len()));
        Box::pin(async move {
            call(&self.hears);
            let mut response = ModelResponse { stop_reason: "stop".into(), ..ModelResponse::default() };
            for act in acts {
                match act {
                    Act::Say(text) | Act::Drop(text) => {
                        response.content.push_str(text);
                        let sent = context.chunks.send(ModelResponseChunk::Text { text: text.into() });
                        if matches!(act, Act::Say(_)) {
                            sent.await?;
                        }
                    }
                    Act::Add(a, b) => {
                        let id = format!("call {}", response.tool_calls.len());
                        let arguments = a.map_or(json!({ "b": b }), |a| json!({ "a": a, "b": b }));
                        response.tool_calls.push(ToolCall { id, name: "add".into(), arguments });
                    }
                    Act::Hang => {
                        context.cancellation.aborted().await;
                        self.trace.add("cut");
                        return Err(Cancelled.into());
                    }
                    Act::Fail => return Err(JobError::new("gone")),
                    Act::FailForGood => return Err(JobError::non_retriable("gone")),
                }
            }
            Ok(response)
        })
    }
}

#[derive(Default)]
pub(super) enum Use {
    #[default]
    Answer,
    UntilCancelled,
    /// JavaScript does, through it.
    Throw,
    /// Whether it is asked to end or not.
    Until(oneshot::Receiver<()>),
}

pub(super) struct Adder {
    pub(super) spec: ToolSpec,
    pub(super) trace: Trace,
    pub(super) next: Cell<Use>,
}

impl Tool for Adder {
    fn spec(&self) -> &ToolSpec {
        &self.spec
    }

    fn check(&self, arguments: &Value) -> Result<(), String> {
        let missing = ["a", "b"].into_iter().find(|name| arguments.get(name).is_none_or(|value| !value.is_u64()));
        missing.map_or(Ok(()), |name| Err(format!("{name} must be a number")))
    }

    fn run<'a>(
        &'a self,
        arguments: &'a Value,
        cancellation: &'a Cancellation,
    ) -> LocalBoxFuture<'a, Result<String, String>> {
        self.trace.add("tool");
        Box::pin(async move {
            match self.next.take() {
                Use::Answer => {}
                Use::UntilCancelled => {
                    cancellation.aborted().await;
                    self.trace.add("tool cut");
                    return Err("cut short".into());
                }
                Use::Throw => throw(),
                Use::Until(finished) => finished.await.unwrap(),
            }
            let number = |name| arguments.get(name).and_then(Value::as_u64).unwrap();
            Ok((number("a") + number("b")).to_string())
        })
    }
}

/// Dropped before it was disarmed, it says so.
struct Pending<'a>(Option<&'a Trace>);

impl Drop for Pending<'_> {
    fn drop(&mut self) {
        if let Some(trace) = self.0 {
            trace.add("withdrawn");
        }
    }
}

pub(super) struct Host {
    pub(super) trace: Trace,
    /// `None`: waits until it is withdrawn.
    pub(super) answer: Cell<Option<Decision>>,
    pub(super) takes_nothing: Cell<bool>,
    /// Once.
    pub(super) fails_at: Cell<Option<WorkerState>>,
    /// Answers in place of `answer`.
    pub(super) user: RefCell<Option<oneshot::Receiver<Decision>>>,
    /// Called after each line that the host writes down.
    pub(super) hears: RefCell<Option<Box<dyn Fn()>>>,
}

impl Host {
    pub(super) fn new(trace: Trace) -> Self {
        Self {
            trace,
            answer: Cell::new(Some(Decision::Approve)),
            takes_nothing: Cell::default(),
            fails_at: Cell::default(),
            user: RefCell::default(),
            hears: RefCell::default(),
        }
    }

    fn write(&self, line: &str) {
        self.trace.add(line);
        call(&self.hears);
    }
}

impl WorkerToHostInterface for Host {
    fn worker_state_change(&self, _worker_id: &str, state: WorkerState) -> Result<(), JobError> {
        self.write(state.name());
        if self.fails_at.get() != Some(state) {
            return Ok(());
        }
        self.fails_at.set(None);
        Err(JobError::new("not that"))
    }

    fn response_chunk_received<'a>(
        &'a self,
        _worker_id: &'a str,
        chunk: &'a ModelResponseChunk,
    ) -> LocalBoxFuture<'a, Result<(), JobError>> {
        self.write(&match chunk {
            ModelResponseChunk::Text { text } => format!("text {text}"),
            ModelResponseChunk::Reasoning { text } => format!("thought {text}"),
            ModelResponseChunk::ToolCall { call } => call.id.clone(),
        });
        Box::pin(async {
            if self.takes_nothing.get() {
                pending::<()>().await;
            }
            Ok(())
        })
    }

    fn tool_confirmation<'a>(
        &'a self,
        _worker_id: &'a str,
        _request: &'a ToolCall,
        _cancellation: &'a Cancellation,
    ) -> LocalBoxFuture<'a, Result<Decision, JobError>> {
        Box::pin(async {
            self.write("confirm?");
            let user = self.user.take();
            if let Some(user) = user {
                return Ok(user.await?);
            }
            match self.answer.get() {
                Some(decision) => Ok(decision),
                None => {
                    let _pending = Pending(Some(&self.trace));
                    pending().await
                }
            }
        })
    }
}

fn call(hears: &RefCell<Option<Box<dyn Fn()>>>) {
    // Not borrowed while it is called: it may throw.
    let called = hears.take();
    if let Some(called) = &called {
        called();
    }
    hears.replace(called);
}

/// One worker, and all that it deals with.
pub(super) struct Stage {
    pub(super) session: Session,
    pub(super) worker: Rc<Worker>,
    pub(super) model: Rc<Model>,
    pub(super) tool: Rc<Adder>,
    pub(super) host: Rc<Host>,
    pub(super) trace: Trace,
}

impl Stage {
    pub(super) fn new(replies: &[&[Act]]) -> Self {
        let trace = Trace::default();
        let model = Rc::new(Model { trace: trace.clone(), replies: RefCell::default(), hears: RefCell::default() });
        let tool = Rc::new(Adder { spec: spec("add"), trace: trace.clone(), next: Cell::default() });
        let session = Session::new(SessionOptions {
            providers: vec![model.clone()],
            tools: vec![tool.clone()],
            ..SessionOptions::default()
        });
        let session = session.unwrap();
        let worker = session.create_worker(named("helper")).unwrap();
        let host = Rc::new(Host::new(trace.clone()));
        let stage = Self { session, worker, model, tool, host, trace };
        stage.script(replies);
        stage
    }

    pub(super) fn script(&self, replies: &[&[Act]]) {
        self.model.replies.replace(replies.iter().rev().map(|acts| acts.to_vec()).collect());
    }

    pub(super) fn try_run(&self, options: &RunOptions) -> Result<RunWorker, SessionError> {
        self.session.run(&self.worker, WorkerInput { prompt: "go".into() }, self.host.clone(), options)
    }

    pub(super) fn run(&self, options: &RunOptions) -> WorkerJob {
        let ran = self.try_run(options).unwrap();
        assert!(matches!(ran, RunWorker::Created(_)));
        ran.into_job()
    }

    /// What was said, by whom.
    pub(super) fn said(&self) -> Vec<String> {
        let line = |message: Message| match message {
            Message::System { content } => format!("system: {content}"),
            Message::User { content } => format!("user: {content}"),
            Message::Assistant { content, tool_calls, .. } => {
                format!("model: {content}{}", "+".repeat(tool_calls.len()))
            }
            Message::Tool { content, .. } => format!("tool: {content}"),
        };
        self.worker.messages().into_iter().map(line).collect()
    }
}

pub(super) fn spec(name: &str) -> ToolSpec {
    ToolSpec { name: name.into(), description: "Adds".into(), parameters: json!({ "type": "object" }), confirm: true }
}

pub(super) fn named(name: &str) -> WorkerOptions {
    WorkerOptions { name: name.into(), ..WorkerOptions::default() }
}

pub(super) fn within(timeout: f64) -> RunOptions {
    RunOptions { timeout: Some(timeout), ..plain() }
}
