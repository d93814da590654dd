//! Agent sessions whose model, tool and host are all written in Rust.

use std::cell::{Cell, RefCell};
use std::future::pending;
use std::rc::Rc;

use futures::channel::oneshot;
use futures::future::LocalBoxFuture;
use jobgate::browser::agents::{
    Cancellation, Decision, Message, ModelProvider, ModelRequest, ModelResponse, ModelResponseChunk, RequestContext,
    RunWorker, Scripted, Session, SessionError, SessionOptions, TaskContext, Tool, ToolCall, ToolSpec, Worker,
    WorkerInput, WorkerJob, WorkerOptions, WorkerState, WorkerTask, WorkerToHostInterface,
};
use jobgate::browser::{AbortCause, Cancelled, Completion, JobError, Refusal, RunOptions};
use serde_json::{Value, json};
use wasm_bindgen_test::wasm_bindgen_test;

use super::support::{FakeClock, Trace, plain, turn};

// ── a model, a tool and a host that write down what happens to them ─────────────────────────────

/// What one request does, in order; then it answers with what it has said and called.
#[derive(Clone, Copy)]
enum Act {
    Say(&'static str),
    /// Does not wait until the host has it.
    Drop(&'static str),
    /// Calls the tool with these numbers.
    Add(Option<u32>, u32),
    /// Waits until it is asked to end.
    Hang,
    Fail,
}
use Act::{Add, Fail, Hang, Say};

struct Model {
    trace: Trace,
    /// The last first.
    replies: RefCell<Vec<Vec<Act>>>,
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
            let mut response = ModelResponse { stop_reason: "stop".into(), ..ModelResponse::default() };
            for act in acts {
                match act {
                    Say(text) | Act::Drop(text) => {
                        response.content.push_str(text);
                        let sent = context.chunks.send(ModelResponseChunk::Text { text: text.into() });
                        if matches!(act, Say(_)) {
                            sent.await?;
                        }
                    }
                    Add(a, b) => {
                        let id = format!("call {}", response.tool_calls.len());
                        let arguments = a.map_or(json!({ "b": b }), |a| json!({ "a": a, "b": b }));
                        response.tool_calls.push(ToolCall { id, name: "add".into(), arguments });
                    }
                    Hang => {
                        context.cancellation.aborted().await;
                        self.trace.add("cut");
                        return Err(Cancelled.into());
                    }
                    Fail => return Err(JobError::new("gone")),
                }
            }
            Ok(response)
        })
    }
}

#[derive(Default)]
enum Use {
    #[default]
    Answer,
    UntilCancelled,
    /// Whether it is asked to end or not.
    Until(oneshot::Receiver<()>),
}

struct Adder {
    spec: ToolSpec,
    trace: Trace,
    next: Cell<Use>,
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

struct Host {
    trace: Trace,
    /// `None`: waits until it is withdrawn.
    answer: Cell<Option<Decision>>,
    takes_nothing: Cell<bool>,
    fails_at: Cell<Option<WorkerState>>,
}

impl WorkerToHostInterface for Host {
    fn worker_state_change(&self, _worker_id: &str, state: WorkerState) -> Result<(), JobError> {
        self.trace.add(state.name());
        if self.fails_at.get() == Some(state) { Err(JobError::new("not that")) } else { Ok(()) }
    }

    fn response_chunk_received<'a>(
        &'a self,
        _worker_id: &'a str,
        chunk: &'a ModelResponseChunk,
    ) -> LocalBoxFuture<'a, Result<(), JobError>> {
        self.trace.add(match chunk {
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
            self.trace.add("confirm?");
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

/// One worker, and all that it deals with.
struct Stage {
    session: Session,
    worker: Rc<Worker>,
    model: Rc<Model>,
    tool: Rc<Adder>,
    host: Rc<Host>,
    trace: Trace,
}

impl Stage {
    fn new(replies: &[&[Act]]) -> Self {
        let trace = Trace::default();
        let model = Rc::new(Model { trace: trace.clone(), replies: RefCell::default() });
        let tool = Rc::new(Adder { spec: spec("add"), trace: trace.clone(), next: Cell::default() });
        let session = Session::new(SessionOptions {
            providers: vec![model.clone()],
            tools: vec![tool.clone()],
            ..SessionOptions::default()
        });
        let session = session.unwrap();
        let worker = session.create_worker(named("helper")).unwrap();
        let host = Rc::new(Host {
            trace: trace.clone(),
            answer: Cell::new(Some(Decision::Approve)),
            takes_nothing: Cell::default(),
            fails_at: Cell::default(),
        });
        let stage = Self { session, worker, model, tool, host, trace };
        stage.script(replies);
        stage
    }

    fn script(&self, replies: &[&[Act]]) {
        self.model.replies.replace(replies.iter().rev().map(|acts| acts.to_vec()).collect());
    }

    fn try_run(&self, options: &RunOptions) -> Result<RunWorker, SessionError> {
        self.session.run(&self.worker, WorkerInput { prompt: "go".into() }, self.host.clone(), options)
    }

    fn run(&self, options: &RunOptions) -> WorkerJob {
        let ran = self.try_run(options).unwrap();
        assert!(matches!(ran, RunWorker::Created(_)));
        ran.into_job()
    }

    /// What was said, by whom.
    fn said(&self) -> Vec<String> {
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

fn spec(name: &str) -> ToolSpec {
    ToolSpec { name: name.into(), description: "Adds".into(), parameters: json!({ "type": "object" }), confirm: true }
}

fn named(name: &str) -> WorkerOptions {
    WorkerOptions { name: name.into(), ..WorkerOptions::default() }
}

fn within(timeout: f64) -> RunOptions {
    RunOptions { timeout: Some(timeout), ..plain() }
}

/// Turns of the event loop until it has happened; a run that never gets there fails its test.
async fn until(happened: impl Fn() -> bool) {
    for _ in 0..1000 {
        if happened() {
            return;
        }
        turn().await;
    }
    panic!("it never happened");
}

// ── the loop ────────────────────────────────────────────────────────────────────────────────────

#[wasm_bindgen_test]
async fn a_scripted_model_is_heard_word_by_word() {
    let trace = Trace::default();
    let add = ToolCall { id: "call 0".into(), name: "add".into(), arguments: json!({ "a": 2, "b": 3 }) };
    let replies = vec![vec![ModelResponseChunk::ToolCall { call: add }], Scripted::words("Five, I think")];
    let tool = Adder { spec: spec("add"), trace: trace.clone(), next: Cell::default() };
    let session = Session::new(SessionOptions {
        providers: vec![Rc::new(Scripted::new("script".into(), replies, 0))],
        tools: vec![Rc::new(tool)],
        ..SessionOptions::default()
    });
    let session = session.unwrap();
    let worker = session.create_worker(named("helper")).unwrap();
    let stage = Stage::new(&[]);
    let host = Rc::new(Host { trace: trace.clone(), ..Rc::into_inner(stage.host).unwrap() });
    let job = session.run(&worker, WorkerInput { prompt: "2 + 3?".into() }, host, &plain()).unwrap().into_job();
    assert_eq!(session.jobs().len(), 1);
    assert!(Rc::ptr_eq(job.worker(), &worker));
    assert_eq!(&**job.key(), worker.id());
    assert!(matches!(job.wait().await, Completion::Normal(_)));
    let expected = "working|requesting|receiving|call 0|waiting|confirm?|using_tool|tool|requesting|receiving|\
                    text Five, |text I |text think|inactive";
    assert_eq!(trace.take().join("|"), expected);
    assert_eq!((worker.state(), job.state(), session.jobs().len()), (WorkerState::Inactive, WorkerState::Inactive, 0));
    assert_eq!(worker.messages().len(), 4);
}

#[wasm_bindgen_test]
async fn what_a_model_asks_for_wrongly_it_is_told() {
    let stage = Stage::new(&[&[Add(None, 3), Add(Some(1), 2)], &[Say("well")]]);
    stage.host.answer.set(Some(Decision::Deny));
    assert!(matches!(stage.run(&plain()).wait().await, Completion::Normal(_)));
    let unfit = "tool: The arguments do not fit the tool's schema: a must be a number. Nothing was run.";
    let denied = "tool: The user denied this call. It was not made.";
    assert_eq!(stage.said(), ["user: go", "model: ++", unfit, denied, "model: well"]);
    // The host was asked once: of what does not fit it never hears.
    assert_eq!(stage.trace.take().iter().filter(|line| *line == "confirm?").count(), 1);
}

#[wasm_bindgen_test]
async fn a_busy_worker_takes_no_second_run() {
    let stage = Stage::new(&[&[Hang]]);
    let job = stage.run(&plain());
    let RunWorker::AlreadyRunning(same) = stage.try_run(&plain()).unwrap() else { panic!("it was taken") };
    assert!(*same == *job);
    turn().await;
    assert!(matches!(stage.try_run(&plain()).unwrap(), RunWorker::AlreadyRunning(_)));
    job.cancel();
    job.wait().await;
    assert_eq!(stage.said(), ["user: go"]);
}

#[wasm_bindgen_test]
async fn continuations_hear_of_every_end_and_late_ones_too() {
    let stage = Stage::new(&[&[Fail], &[Hang], &[Say("well")]]);
    let log = Trace::default();
    for cancelled in [false, true, false] {
        let job = stage.run(&plain());
        let line = log.clone();
        let told = move |completion: &Completion<()>| {
            line.add(match completion {
                Completion::Normal(_) => "normal".to_owned(),
                Completion::Cancelled(cause) => format!("{cause:?}"),
                Completion::Failed(error) => error.to_string(),
            });
        };
        let late = told.clone();
        job.on_end("first", move |_, completion| told(completion));
        turn().await;
        if cancelled {
            job.cancel();
        }
        job.wait().await;
        job.on_end("late", move |_, completion| late(completion));
        turn().await;
    }
    assert_eq!(log.take(), ["gone", "gone", "Stop", "Stop", "normal", "normal"]);
}

#[wasm_bindgen_test]
async fn a_provider_that_fails_takes_nothing_back() {
    let stage = Stage::new(&[&[Act::Drop("one "), Act::Drop("two"), Fail], &[Say("well")]]);
    let job = stage.run(&plain());
    let completion = job.wait().await;
    assert_eq!(completion.error().unwrap().to_string(), "gone");
    let expected = "working|requesting|asked with 1|receiving|text one |text two|failed";
    assert_eq!(stage.trace.take().join("|"), expected);
    assert_eq!(stage.said(), ["user: go", "model: one two"]);
    assert_eq!(stage.worker.last_failure().unwrap().to_string(), "gone");

    stage.run(&plain()).wait().await;
    assert!(stage.worker.last_failure().is_none());
}

#[wasm_bindgen_test]
async fn a_host_that_fails_fails_the_run_and_ends_its_request() {
    let stage = Stage::new(&[&[Say("so"), Hang]]);
    stage.host.fails_at.set(Some(WorkerState::Receiving));
    let completion = stage.run(&plain()).wait().await;
    assert_eq!(completion.error().unwrap().to_string(), "not that");
    assert_eq!(stage.trace.take().join("|"), "working|requesting|asked with 1|receiving|failed");
}

#[wasm_bindgen_test]
async fn another_task_runs_under_the_same_rules() {
    struct Waiting;
    impl WorkerTask for Waiting {
        fn run<'a>(&'a self, context: &'a TaskContext) -> LocalBoxFuture<'a, Result<(), JobError>> {
            Box::pin(async {
                context.cancellation().aborted().await;
                Err(JobError::new("does not count"))
            })
        }
    }
    let stage = Stage::new(&[]);
    let job = stage.session.run_task(&stage.worker, Rc::new(Waiting), &plain()).unwrap().into_job();
    turn().await;
    assert_eq!((stage.worker.state(), job.state()), (WorkerState::Working, WorkerState::Working));
    assert!(matches!(stage.try_run(&plain()).unwrap(), RunWorker::AlreadyRunning(_)));
    job.cancel();
    assert!(job.wait().await.is_cancelled());
    assert_eq!(stage.worker.state(), WorkerState::Inactive);
}

// ── being asked to end ──────────────────────────────────────────────────────────────────────────

const STARTED: &str = "working|requesting|asked with 1";

/// A place where a run is held: its script, what is set for it, what it has written down when it is there, and after it
/// was asked to end there; and what is said then.
struct Place {
    script: &'static [&'static [Act]],
    set: fn(&Stage),
    there: &'static str,
    then: &'static str,
    said: &'static [&'static str],
}

const NOT_RUN: &str = "tool: The run ended before this call had a result.";

const PLACES: [Place; 7] = [
    Place { script: &[], set: |_| {}, there: "", then: "", said: &[] },
    Place { script: &[&[Hang]], set: |_| {}, there: "", then: "cut|", said: &["user: go"] },
    Place {
        script: &[&[Say("so "), Hang]],
        set: |_| {},
        there: "|receiving|text so ",
        then: "cut|",
        said: &["user: go", "model: so "],
    },
    Place {
        script: &[&[Say("so "), Hang]],
        set: |stage| stage.host.takes_nothing.set(true),
        there: "|receiving|text so ",
        then: "",
        said: &["user: go", "model: so "],
    },
    Place {
        script: &[&[Add(Some(2), 3)]],
        set: |stage| stage.host.answer.set(None),
        there: "|receiving|call 0|waiting|confirm?",
        then: "withdrawn|",
        said: &["user: go", "model: +", NOT_RUN],
    },
    Place {
        script: &[&[Add(Some(2), 3)]],
        set: |stage| stage.tool.next.set(Use::UntilCancelled),
        there: "|receiving|call 0|waiting|confirm?|using_tool|tool",
        then: "tool cut|",
        said: &["user: go", "model: +", NOT_RUN],
    },
    Place {
        script: &[&[Add(Some(2), 3)], &[Hang]],
        set: |_| {},
        there: "|receiving|call 0|waiting|confirm?|using_tool|tool|requesting|asked with 3",
        then: "cut|",
        said: &["user: go", "model: +", "tool: 5"],
    },
];

impl Place {
    /// Brings a run there.
    async fn reach(&self, options: &RunOptions) -> (Stage, WorkerJob) {
        let stage = Stage::new(self.script);
        (self.set)(&stage);
        let job = stage.run(options);
        if !self.script.is_empty() {
            let expected: Vec<String> = format!("{STARTED}{}", self.there).split('|').map(str::to_owned).collect();
            let seen = RefCell::new(Vec::new());
            until(|| {
                seen.borrow_mut().extend(stage.trace.take());
                seen.borrow().len() >= expected.len()
            })
            .await;
            assert_eq!(seen.into_inner(), expected);
        }
        (stage, job)
    }

    fn told(&self, end: &str) -> String {
        if self.script.is_empty() { String::new() } else { format!("{}{end}", self.then) }
    }
}

#[wasm_bindgen_test]
async fn a_run_ends_wherever_it_is_cancelled_and_the_next_one_works() {
    for place in &PLACES {
        let (stage, job) = place.reach(&plain()).await;
        job.cancel();
        assert!(matches!(job.wait().await, Completion::Cancelled(AbortCause::Stop)), "{}", place.there);
        assert_eq!(stage.trace.take().join("|"), place.told("inactive"), "{}", place.there);
        assert_eq!(stage.said(), place.said, "{}", place.there);
        assert_eq!((stage.worker.state(), stage.session.jobs().len()), (WorkerState::Inactive, 0));
        assert!(stage.worker.last_failure().is_none());

        stage.script(&[&[Say("well")]]);
        stage.host.takes_nothing.set(false);
        assert!(matches!(stage.run(&plain()).wait().await, Completion::Normal(_)));
        assert_eq!(stage.said().last().unwrap(), "model: well");
    }
}

#[wasm_bindgen_test]
async fn a_run_fails_wherever_its_time_is_up() {
    // A job that has not begun has no time that could be up.
    for place in &PLACES[1..] {
        let clock = FakeClock::install();
        let (stage, job) = place.reach(&within(50.0)).await;
        clock.advance(51.0).await;
        let completion = job.wait().await;
        assert!(completion.error().unwrap().is_timeout(), "{}", place.there);
        assert_eq!(stage.trace.take().join("|"), place.told("failed"), "{}", place.there);
        assert_eq!(stage.said(), place.said, "{}", place.there);
        assert_eq!(stage.worker.state(), WorkerState::Failed);
        assert!(stage.worker.last_failure().unwrap().is_timeout());
        assert_eq!(clock.waiting(), 0);
    }
}

#[wasm_bindgen_test]
async fn a_removed_worker_and_a_closed_session_end_their_jobs() {
    for place in &PLACES {
        for closes in [false, true] {
            let (stage, job) = place.reach(&plain()).await;
            let Stage { session, worker, .. } = &stage;
            let ended = if closes { session.close() } else { session.remove_worker(worker.id()) };
            let refused = stage.try_run(&plain()).unwrap_err();
            assert_eq!(
                refused,
                if closes { SessionError::Refused(Refusal::Closed) } else { SessionError::UnknownWorker }
            );
            ended.await;
            assert!(job.completion().unwrap().is_cancelled(), "{}", place.there);
            assert_eq!(stage.trace.take().join("|"), place.told("inactive"), "{}", place.there);
            assert_eq!((stage.said(), session.jobs().len()), (place.said.iter().map(|&line| line.into()).collect(), 0));
            let made = session.create_worker(named("other")).map(|_| ());
            assert_eq!(made, if closes { Err(SessionError::Refused(Refusal::Closed)) } else { Ok(()) });
        }
    }
}

/// A run whose tool returns when the test says so.
async fn held_by_its_tool(options: &RunOptions) -> (Stage, WorkerJob, oneshot::Sender<()>) {
    let (finish, finished) = oneshot::channel();
    let stage = Stage::new(&[&[Add(Some(2), 3)]]);
    stage.tool.next.set(Use::Until(finished));
    let job = stage.run(options);
    until(|| stage.worker.state() == WorkerState::UsingTool).await;
    (stage, job, finish)
}

#[wasm_bindgen_test]
async fn a_removed_workers_job_is_shown_until_it_has_ended() {
    let (stage, job, finish) = held_by_its_tool(&plain()).await;
    let removed = stage.session.remove_worker(stage.worker.id());
    turn().await;
    assert_eq!(stage.session.workers().len(), 0);
    let jobs = stage.session.jobs();
    assert!(matches!(&jobs[..], [only] if **only == *job && Rc::ptr_eq(only.worker(), &stage.worker)));
    assert!(job.is_stopping());
    finish.send(()).unwrap();
    removed.await;
    assert_eq!(stage.session.jobs().len(), 0);
    // The tool was not cut short: what it returned is kept.
    assert_eq!(stage.said(), ["user: go", "model: +", "tool: 5"]);
}

#[wasm_bindgen_test]
async fn a_stop_wins_over_a_timeout_before_it() {
    let clock = FakeClock::install();
    let (stage, job, finish) = held_by_its_tool(&within(50.0)).await;
    clock.advance(51.0).await;
    assert!(job.is_stopping());
    job.cancel();
    finish.send(()).unwrap();
    assert!(job.wait().await.is_cancelled());
    assert_eq!(stage.trace.take().last().unwrap(), "inactive");
    assert_eq!((stage.worker.state(), stage.worker.last_failure().is_none()), (WorkerState::Inactive, true));
}

// ── what is refused ─────────────────────────────────────────────────────────────────────────────

#[wasm_bindgen_test]
fn what_makes_no_sense_is_refused() {
    let scripted = |name: &str| Rc::new(Scripted::new(name.into(), Vec::new(), 0)) as Rc<dyn ModelProvider>;
    let tool = || Rc::new(Adder { spec: spec("add"), trace: Trace::default(), next: Cell::default() }) as Rc<dyn Tool>;
    let refused = |options: SessionOptions| Session::new(options).map(|_| ()).unwrap_err().to_string();
    let plain = SessionOptions::default;
    assert_eq!(refused(SessionOptions { max_turns: 0, ..plain() }), "max_turns must be at least 1");
    assert!(refused(SessionOptions { concurrency: 0.0, ..plain() }).starts_with("concurrency must be"));
    let twice = "there are two of the name";
    assert_eq!(
        refused(SessionOptions { providers: vec![scripted("x"), scripted("x")], ..plain() }),
        format!("{twice} \"x\"")
    );
    assert_eq!(refused(SessionOptions { tools: vec![tool(), tool()], ..plain() }), format!("{twice} \"add\""));

    let session = Session::new(SessionOptions { providers: vec![scripted("x"), scripted("y")], ..plain() }).unwrap();
    let of = |provider: &str| WorkerOptions { provider: Some(provider.into()), ..named("helper") };
    assert_eq!(session.create_worker(of("y")).unwrap().provider().name(), "y");
    assert_eq!(session.create_worker(of("z")).unwrap_err(), SessionError::UnknownProvider("z".into()));
}
