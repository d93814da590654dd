//! JavaScript exceptions that pass through a caller's code, since it imports without `catch`.

use std::cell::{Cell, RefCell};
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll};

use jobgate::browser::{
    Completion, Job, JobContext, JobError, JobEvent, JobManager, ManagerOptions, OnDuplicate, RetryOptions, RunOptions,
    Subscription, Thrown,
};
use js_sys::{Array, Function};
use wasm_bindgen::prelude::*;
use wasm_bindgen_test::wasm_bindgen_test;

use super::support::*;

/// In place of `reportError` until it is dropped.
struct Reports {
    told: Array,
    restore: Function,
}

impl Reports {
    fn install() -> Self {
        let script = "
            const { reportError } = globalThis;
            globalThis.reportError = (error) => told.push(error);
            return () => { globalThis.reportError = reportError; };
        ";
        let told = Array::new();
        let restore = Function::new_with_args("told", script).call1(&JsValue::NULL, &told).unwrap();
        Self { told, restore: restore.unchecked_into() }
    }
}

impl Drop for Reports {
    fn drop(&mut self) {
        self.restore.call0(&JsValue::NULL).unwrap();
    }
}

fn retried_once() -> RunOptions {
    RunOptions { retry: Some(RetryOptions { limit: 1.0, delay: 0.0, ..RetryOptions::default() }), ..plain() }
}

async fn ended(job: &TestJob) -> Completion<u32> {
    until(|| job.completion().is_some()).await;
    job.completion().unwrap()
}

#[wasm_bindgen_test]
async fn an_exception_through_a_callback_disturbs_no_other() {
    let (manager, trace, reports) = (manager(), Trace::default(), Reports::install());
    let _throwing = (manager.subscribe(throw), manager.on_event(|_, _| throw()));
    let (changes, events) = (trace.clone(), trace.clone());
    let _listening = (
        manager.subscribe(move || changes.add("change")),
        manager.on_event(move |_, event| events.add(format!("{event:?}"))),
    );
    let job = run(&manager, "key", at_once, &plain());
    job.on_end("throws", |_, _| throw());
    let log = trace.clone();
    job.on_end("hears", move |_, _| log.add("end"));
    assert_eq!(ended(&job).await.ok(), Some(&0));
    assert_eq!(trace.take(), ["Created", "Started", "change", "Completed", "Removed", "end", "change"]);
    assert_eq!(reports.told.length(), 3);
}

#[wasm_bindgen_test]
async fn an_exception_through_a_body_fails_its_attempt_and_frees_what_it_held() {
    let manager = one_at_a_time();
    let calls = Rc::new(Cell::new(0));
    for limit in [false, true] {
        let count = calls.clone();
        let body = move |_| {
            count.set(count.get() + 1);
            let throws = count.get() < 3;
            async move {
                turn().await;
                if throws {
                    throw();
                }
                Ok(7)
            }
        };
        let job = run(&manager, "key", body, &if limit { retried_once() } else { plain() });
        let completion = ended(&job).await;
        if limit {
            assert_eq!((completion.ok(), job.attempt()), (Some(&7), 2));
        } else {
            let error = completion.error().unwrap();
            assert!(error.downcast_ref::<Thrown>().unwrap().0.is_instance_of::<js_sys::SyntaxError>());
        }
    }
}

#[wasm_bindgen_test]
async fn a_body_that_an_exception_has_passed_through_is_not_called_again() {
    let manager = one_at_a_time();
    let calls = Rc::new(Cell::new(0));
    let count = calls.clone();
    let body = move |_| {
        count.set(count.get() + 1);
        throw();
        async { Ok(7) }
    };
    let job = run(&manager, "key", body, &retried_once());
    assert!(ended(&job).await.error().unwrap().is::<Thrown>());
    assert_eq!(calls.get(), 1);
    assert_eq!(ended(&run(&manager, "key", at_once, &plain())).await.ok(), Some(&0));
}

/// A value whose `Drop` calls JavaScript that throws: that of the first of its clones to go once it is armed.
#[derive(Clone, Debug, Default)]
struct Fuse(Rc<Cell<bool>>);

impl Fuse {
    fn arm(&self) {
        self.0.set(true);
    }
}

impl Drop for Fuse {
    fn drop(&mut self) {
        if self.0.take() {
            throw();
        }
    }
}

/// Its keys, states, actions and results are fuses.
type Fused = JobManager<Key<&'static str, Fuse>, Fuse, Fuse, Fuse>;

fn fused(retain: f64) -> Fused {
    Fused::new(&ManagerOptions { concurrency: 1.0, retain, ..ManagerOptions::default() }).unwrap()
}

fn run_fused(
    manager: &Fused,
    key: Key<&'static str, Fuse>,
    state: Fuse,
    options: &RunOptions,
) -> Job<Key<&'static str, Fuse>, Fuse, Fuse, Fuse> {
    manager.run_job_from(key, state, |_| async { Ok(Fuse::default()) }, options).unwrap().into_job()
}

#[derive(Debug, thiserror::Error)]
#[error("it fails")]
struct Failure(#[allow(dead_code, reason = "held to be dropped")] Fuse);

/// An exception has been told to the page, and the manager goes on.
async fn has_survived(manager: &Fused, reports: &Reports) {
    until(|| manager.stats().running + manager.stats().pending == 0).await;
    turn().await;
    let trace = Trace::default();
    let log = trace.clone();
    let _subscription = manager.on_event(move |_, event| log.add(format!("{event:?}")));
    let job = run_fused(manager, Key("next", Fuse::default()), Fuse::default(), &plain());
    until(|| job.completion().is_some()).await;
    turn().await;
    assert_eq!(trace.take().get(..3), Some(&["Created", "Started", "Completed"].map(String::from)[..]));
    assert_eq!(reports.told.length(), 1);
}

#[wasm_bindgen_test]
async fn an_exception_in_the_drop_of_an_action_that_nobody_took_disturbs_no_other() {
    let (manager, reports, fuse) = (fused(0.0), Reports::install(), Fuse::default());
    let job = run_fused(&manager, Key("key", Fuse::default()), Fuse::default(), &plain());
    job.dispatch(fuse.clone());
    fuse.arm();
    has_survived(&manager, &reports).await;
    assert!(job.completion().unwrap().ok().is_some());
}

#[wasm_bindgen_test]
async fn an_exception_in_the_drop_of_a_key_that_nothing_stands_under_disturbs_no_other() {
    let (manager, reports, fuse) = (fused(0.0), Reports::install(), Fuse::default());
    let job = run_fused(&manager, Key("key", fuse.clone()), Fuse::default(), &plain());
    fuse.arm();
    has_survived(&manager, &reports).await;
    drop(job);
}

#[wasm_bindgen_test]
async fn an_exception_in_the_drop_of_a_retained_job_disturbs_no_other() {
    let (manager, reports, fuse) = (fused(1.0), Reports::install(), Fuse::default());
    drop(run_fused(&manager, Key("key", Fuse::default()), fuse.clone(), &plain()));
    manager.on_idle().await;
    turn().await;
    fuse.arm();
    // Takes its place.
    drop(run_fused(&manager, Key("another", Fuse::default()), Fuse::default(), &plain()));
    has_survived(&manager, &reports).await;
}

#[wasm_bindgen_test]
async fn an_exception_in_the_drop_of_a_job_that_nobody_holds_disturbs_no_other() {
    // Its body has returned.
    let (manager, reports, fuse) = (fused(0.0), Reports::install(), Fuse::default());
    drop(run_fused(&manager, Key("key", Fuse::default()), fuse.clone(), &plain()));
    fuse.arm();
    has_survived(&manager, &reports).await;
    drop(reports);

    // Its body was never called.
    let reports = Reports::install();
    manager.pause();
    drop(run_fused(&manager, Key("key", Fuse::default()), fuse.clone(), &plain()));
    fuse.arm();
    let replaces = on_duplicate(OnDuplicate::Replace);
    drop(run_fused(&manager, Key("key", Fuse::default()), Fuse::default(), &replaces));
    manager.resume();
    has_survived(&manager, &reports).await;
}

#[wasm_bindgen_test]
async fn an_exception_in_the_drop_of_a_listener_that_leaves_while_it_is_called_disturbs_no_other() {
    let (manager, reports, fuse) = (fused(0.0), Reports::install(), Fuse::default());
    let own = Rc::new(RefCell::new(None::<Subscription>));
    let (place, held) = (own.clone(), fuse.clone());
    let listener = move |_: &Job<Key<&'static str, Fuse>, Fuse, Fuse, Fuse>, _: &JobEvent| {
        drop(place.take());
        held.arm();
    };
    own.replace(Some(manager.on_event(listener)));
    drop(run_fused(&manager, Key("key", Fuse::default()), Fuse::default(), &plain()));
    has_survived(&manager, &reports).await;
}

#[wasm_bindgen_test]
async fn an_exception_in_the_drop_of_a_failed_attempt_s_error_disturbs_no_other() {
    let (manager, reports, fuse) = (fused(0.0), Reports::install(), Fuse::default());
    let body = move |context: JobContext<Fuse, Fuse>| {
        let fuse = fuse.clone();
        async move {
            if context.attempt() == 1 {
                return Err(JobError::new(Failure(fuse)));
            }
            let armed = fuse.0.clone();
            drop(fuse);
            armed.set(true);
            Ok(Fuse::default())
        }
    };
    let job = manager.run_job(Key("key", Fuse::default()), body, &retried_once()).unwrap().into_job();
    has_survived(&manager, &reports).await;
    assert!(job.completion().unwrap().ok().is_some());
}

#[wasm_bindgen_test]
async fn an_exception_in_the_drop_of_a_body_s_future_fails_its_attempt() {
    /// Ready at once.
    struct Once(Fuse);

    impl Future for Once {
        type Output = Result<u32, JobError>;

        fn poll(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Self::Output> {
            self.0.arm();
            Poll::Ready(Ok(7))
        }
    }

    let manager = one_at_a_time();
    let job = run(&manager, "key", |_| Once(Fuse::default()), &plain());
    assert!(ended(&job).await.error().unwrap().is::<Thrown>());
    assert_eq!(ended(&run(&manager, "key", at_once, &plain())).await.ok(), Some(&0));
}
