//! What is called when a job has ended.

use jobgate::browser::{AbortCause, Completion, JobStatus};
use wasm_bindgen_test::wasm_bindgen_test;

use super::support::*;

#[wasm_bindgen_test]
async fn continuations_are_called_once_each_in_order_with_how_it_ended() {
    let (manager, trace) = (manager(), Trace::default());
    let (job, work) = run_stubborn(&manager, "key", &plain());
    for name in ["a", "b", "c"] {
        let log = trace.clone();
        job.on_end(name, move |job, completion| {
            log.add(format!("{name} {} {completion:?} {:?}", job.key(), job.status()))
        });
    }
    turn().await;
    assert_eq!(trace.take(), [""; 0]);
    work.finish(3);
    let completion = job.result().await;
    assert_eq!(completion.ok(), Some(&3));
    let called = ["a", "b", "c"].map(|name| format!("{name} key Normal(..) Completed"));
    assert_eq!(trace.take(), called);
}

#[wasm_bindgen_test]
async fn a_late_continuation_is_called_in_the_next_microtask() {
    let (manager, trace) = (manager(), Trace::default());
    let job = run_until_stopped(&manager, "key", &plain());
    job.stop().await;
    let log = trace.clone();
    job.on_end("late", move |_, completion| {
        log.add(matches!(completion, Completion::Cancelled(AbortCause::Stop)));
    });
    assert_eq!(trace.take(), [""; 0], "never inside the call");
    assert!(!job.remove_on_end("late"));
    turn().await;
    assert_eq!(trace.take(), ["true"]);
}

#[wasm_bindgen_test]
async fn the_same_name_replaces_and_a_removed_one_is_not_called() {
    let (manager, trace, probe) = (manager(), Trace::default(), Probe::default());
    let (job, work) = run_stubborn(&manager, "key", &plain());
    for (name, says) in [("a", "first a"), ("b", "b"), ("a", "second a"), ("c", "c")] {
        let (log, probe) = (trace.clone(), probe.clone());
        job.on_end(name, move |_, _| {
            let _held = &probe;
            log.add(says);
        });
    }
    assert_eq!(probe.others(), 3, "the replaced one is dropped");
    assert!(job.remove_on_end("c"));
    assert!(!job.remove_on_end("c"));
    assert_eq!(probe.others(), 2);
    work.finish(0);
    job.ended().await;
    assert_eq!(trace.take(), ["second a", "b"]);
    assert_eq!(probe.others(), 0);
}

#[wasm_bindgen_test]
async fn a_continuation_may_add_one_under_its_own_name() {
    let (manager, trace) = (manager(), Trace::default());
    let (job, work) = run_stubborn(&manager, "key", &plain());
    let log = trace.clone();
    job.on_end("again", move |job, _| {
        log.add("outer");
        let log = log.clone();
        job.on_end("again", move |_, _| log.add("inner"));
    });
    let log = trace.clone();
    job.on_end("other", move |_, _| log.add("other"));
    work.finish(0);
    turn().await;
    assert_eq!(trace.take(), ["outer", "other", "inner"]);
}

#[wasm_bindgen_test]
async fn a_continuation_may_run_the_key_again_and_stop_anything() {
    let (manager, trace) = (manager(), Trace::default());
    let other = run_until_stopped(&manager, "other", &plain());
    let job = run(&manager, "key", at_once, &plain());
    let (log, again, neighbour) = (trace.clone(), manager.clone(), other.clone());
    job.on_end("again", move |ended, _| {
        ended.stop();
        neighbour.stop();
        let ran = again.run_job("key", at_once, &plain()).unwrap();
        log.add(format!("{} {}", ran.is_created(), ran.job().id()));
    });
    manager.on_idle().await;
    assert_eq!(trace.take(), ["true 3"]);
    assert_eq!((other.status(), manager.stats().completed), (JobStatus::Cancelled, 2));
    assert_eq!(manager.live_records(), 0);
}
