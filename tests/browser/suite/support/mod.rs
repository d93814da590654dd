//! What the tests share.

mod clock;
mod key;
mod probe;
mod trace;

pub(crate) use clock::FakeClock;
pub(crate) use key::Key;
pub(crate) use probe::Probe;
pub(crate) use trace::Trace;

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};

use futures::channel::oneshot;
use futures::task::noop_waker_ref;
use jobgate::browser::{Job, JobContext, JobError, JobManager, ManagerOptions, OnDuplicate, RunOptions};
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::JsFuture;

/// Keys are texts, the state is a number, actions are letters, the result is a number.
pub(crate) type Manager = JobManager<&'static str, u32, char, u32>;
pub(crate) type TestJob = Job<&'static str, u32, char, u32>;
pub(crate) type TestContext = JobContext<u32, char>;
pub(crate) type Attempted = Result<u32, JobError>;

pub(crate) fn manager() -> Manager {
    JobManager::new(&ManagerOptions::default()).unwrap()
}

pub(crate) fn one_at_a_time() -> Manager {
    JobManager::new(&ManagerOptions { concurrency: 1.0, ..ManagerOptions::default() }).unwrap()
}

pub(crate) fn plain() -> RunOptions {
    RunOptions::default()
}

pub(crate) fn on_duplicate(policy: OnDuplicate) -> RunOptions {
    RunOptions { on_duplicate: Some(policy), ..plain() }
}

/// Runs `body` under a free key.
pub(crate) fn run<F>(
    manager: &Manager,
    key: &'static str,
    body: impl FnMut(TestContext) -> F + 'static,
    options: &RunOptions,
) -> TestJob
where
    F: Future<Output = Attempted> + 'static,
{
    let ran = manager.run_job(key, body, options).unwrap();
    assert!(ran.is_created());
    ran.into_job()
}

/// A body's work that the test ends: `finish(result)` lets it return.
pub(crate) struct Work {
    finish: oneshot::Sender<u32>,
}

impl Work {
    pub(crate) fn new(finish: oneshot::Sender<u32>) -> Self {
        Self { finish }
    }

    pub(crate) fn finish(self, result: u32) {
        self.finish.send(result).unwrap();
    }
}

/// A job that returns when the test says so, whether it was asked to stop or not.
pub(crate) fn run_stubborn(manager: &Manager, key: &'static str, options: &RunOptions) -> (TestJob, Work) {
    let (finish, finished) = oneshot::channel();
    let mut finished = Some(finished);
    let body = move |_| {
        let finished = finished.take().unwrap();
        async move { Ok(finished.await?) }
    };
    (run(manager, key, body, options), Work::new(finish))
}

/// A job that runs until it is asked to end.
pub(crate) fn run_until_stopped(manager: &Manager, key: &'static str, options: &RunOptions) -> TestJob {
    let body = |context: TestContext| async move {
        context.cancelled().await;
        Ok(0)
    };
    run(manager, key, body, options)
}

/// A body that returns at once.
pub(crate) async fn at_once(_: TestContext) -> Attempted {
    Ok(0)
}

/// Polls once.
pub(crate) fn poll<F: Future + Unpin>(future: &mut F) -> Poll<F::Output> {
    Pin::new(future).poll(&mut Context::from_waker(noop_waker_ref()))
}

/// Lets the event loop turn once: every microtask there is has run when this resumes.
pub(crate) async fn turn() {
    let hop = js_sys::Function::new_no_args(
        "return new Promise((resolve) => {
            const { port1, port2 } = new MessageChannel();
            port1.onmessage = () => { port1.close(); resolve(); };
            port2.postMessage(null);
        });",
    );
    let hop = hop.call0(&JsValue::NULL).unwrap();
    JsFuture::from(js_sys::Promise::from(hop)).await.unwrap();
}

/// Turns of the event loop until it has happened; a test in which it has not within 20 s fails.
pub(crate) async fn until(happened: impl Fn() -> bool) {
    let end = js_sys::Date::now() + 20_000.0;
    while js_sys::Date::now() < end {
        if happened() {
            return;
        }
        turn().await;
    }
    panic!("it never happened");
}

#[wasm_bindgen]
extern "C" {
    /// Throws what is no JSON.
    #[wasm_bindgen(js_namespace = JSON, js_name = parse)]
    fn parse(text: &str) -> JsValue;
}

/// JavaScript throws, and nothing in Rust catches it.
pub(crate) fn throw() {
    parse("{");
}
