//! Starting jobs and getting what they return.

use jobgate::browser::{Completion, JobError, JobStatus, OnDuplicate, Refusal, RunJob, RunOptions, Thrown};
use wasm_bindgen::JsValue;
use wasm_bindgen_test::wasm_bindgen_test;

use super::support::*;

#[derive(Debug, thiserror::Error)]
#[error("bad row {0}")]
struct BadRow(u32);

#[wasm_bindgen_test]
async fn a_job_runs_and_its_result_can_be_read_by_many() {
    let manager = manager();
    let job = run(&manager, "sum", |_| async { Ok(1 + 2) }, &plain());
    assert_eq!((job.key(), job.id(), job.status()), (&"sum", 1, JobStatus::Running));
    let (first, second) = futures::join!(job.result(), job.result());
    assert_eq!((first.ok(), second.ok()), (Some(&3), Some(&3)));
    assert_eq!(job.status(), JobStatus::Completed);
    assert_eq!(job.result().await.ok(), Some(&3));
}

#[wasm_bindgen_test]
async fn bodies_begin_in_microtasks_in_the_order_of_their_starts() {
    let (manager, trace) = (manager(), Trace::default());
    for key in ["a", "b", "c"] {
        let trace = trace.clone();
        let body = move |_| {
            trace.add(key);
            async { Ok(0) }
        };
        run(&manager, key, body, &plain());
    }
    trace.add("returned");
    manager.on_idle().await;
    assert_eq!(trace.take(), ["returned", "a", "b", "c"]);
}

#[wasm_bindgen_test]
async fn a_key_is_taken_until_its_job_has_ended() {
    let manager = manager();
    let (first, work) = run_stubborn(&manager, "key", &plain());
    let probe = Probe::default();
    let second = {
        let probe = probe.clone();
        let body = move |_| {
            let probe = probe.clone();
            async move {
                drop(probe);
                Ok(9)
            }
        };
        manager.run_job("key", body, &plain()).unwrap()
    };
    assert!(matches!(&second, RunJob::AlreadyRunning(job) if *job == first));
    assert_eq!(probe.others(), 0, "the body that was not taken is dropped");
    assert_eq!(manager.running_job("key"), Some(first.clone()));
    work.finish(7);
    assert_eq!(second.job().result().await.ok(), Some(&7));
    assert_eq!(manager.running_job("key"), None);
    let third = run(&manager, "key", at_once, &plain());
    assert_eq!(third.id(), 2);
    assert_ne!(third, first);
}

#[wasm_bindgen_test]
async fn a_body_may_run_a_job_under_its_own_key_and_is_told_that_it_runs() {
    let manager = manager();
    let inner = manager.clone();
    let body = move |_| {
        let ran = inner.run_job("self", at_once, &plain());
        async move { Ok(ran?.job().id() as u32) }
    };
    let job = run(&manager, "self", body, &plain());
    assert_eq!(job.result().await.ok(), Some(&1));
    assert_eq!(manager.stats().total, 1);
}

#[wasm_bindgen_test]
async fn an_error_arrives_whole() {
    let manager = manager();
    let job = run(&manager, "typed", |_| async { Err(BadRow(4))? }, &plain());
    let completion = job.result().await;
    let error = completion.error().unwrap();
    assert_eq!(error.downcast_ref::<BadRow>().unwrap().0, 4);
    assert_eq!(error.to_string(), "bad row 4");
    assert!(!error.is_timeout() && error.is_retriable());
    assert_eq!(job.status(), JobStatus::Failed);

    let value = JsValue::from(js_sys::Error::new("from JavaScript"));
    let thrown = value.clone();
    let body = move |_| {
        let thrown = thrown.clone();
        async move { Err(Thrown(thrown))? }
    };
    let completion = run(&manager, "thrown", body, &plain()).result().await;
    assert_eq!(completion.error().unwrap().downcast_ref::<Thrown>().unwrap().0, value);

    let completion = run(&manager, "text", |_| async { Err(JobError::new("no rows")) }, &plain()).result().await;
    assert!(matches!(&completion, Completion::Failed(error) if error.to_string() == "no rows"));
    assert_eq!(manager.stats().failed, 3);
}

#[wasm_bindgen_test]
async fn a_refused_job_leaves_no_trace() {
    let manager = manager();
    let (_, work) = run_stubborn(&manager, "taken", &plain());
    let (records, stats, probe) = (manager.live_records(), manager.stats(), Probe::default());
    let refused = |key, options: &_| {
        let probe = probe.clone();
        let body = move |_| {
            let _held = &probe;
            async { Ok(0) }
        };
        manager.run_job(key, body, options).unwrap_err()
    };
    assert_eq!(refused("taken", &on_duplicate(OnDuplicate::Reject)), Refusal::Duplicate);
    let negative = RunOptions { delay: Some(-1.0), ..plain() };
    assert!(matches!(refused("new", &negative), Refusal::OutOfBounds(fault) if fault.field == "delay"));
    assert_eq!((manager.live_records(), manager.stats(), probe.others()), (records, stats, 0));
    work.finish(0);
    manager.on_idle().await;
    assert_eq!(manager.live_records(), 0);
}

#[wasm_bindgen_test]
async fn a_job_told_to_be_aborted_from_the_start_never_runs() {
    let manager = manager();
    let aborted = RunOptions { aborted: true, ..plain() };
    let job = run(&manager, "late", |_| async { unreachable!() }, &aborted);
    assert_eq!(job.status(), JobStatus::Cancelled);
    assert!(job.result().await.is_cancelled());
    assert_eq!(job.attempt(), 0);
    assert_eq!(manager.live_records(), 0);
}

#[wasm_bindgen_test]
async fn higher_priority_starts_first_and_a_changed_one_counts() {
    let (manager, trace) = (one_at_a_time(), Trace::default());
    let (_, work) = run_stubborn(&manager, "first", &plain());
    let mut jobs = Vec::new();
    for (key, priority) in [("low", -1.0), ("a", 0.0), ("b", 0.0), ("high", 5.0)] {
        let trace = trace.clone();
        let body = move |_| {
            trace.add(key);
            async { Ok(0) }
        };
        let options = RunOptions { priority: Some(priority), ..plain() };
        jobs.push(run(&manager, key, body, &options));
    }
    let low = jobs.first().unwrap();
    assert!(low.set_priority(f64::NAN).is_err());
    assert_eq!(low.priority(), Some(-1.0));
    low.set_priority(7.0).unwrap();
    work.finish(0);
    manager.on_idle().await;
    assert_eq!(trace.take(), ["low", "high", "a", "b"]);
    assert_eq!(low.priority(), None);
    assert_eq!(low.set_priority(1.0), Ok(()));
}
