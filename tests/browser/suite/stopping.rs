//! Asking is not ending.

use std::task::Poll;
use std::time::Duration;

use jobgate::browser::{AbortCause, Completion, JobStatus, OnDuplicate, RunOptions, StopTimeout};
use wasm_bindgen_test::wasm_bindgen_test;

use super::support::*;

#[wasm_bindgen_test]
async fn a_stopped_job_keeps_its_slot_until_its_body_has_returned() {
    let manager = one_at_a_time();
    let (first, work) = run_stubborn(&manager, "first", &plain());
    let second = run_until_stopped(&manager, "second", &plain());
    turn().await;

    let mut stopped = first.stop();
    let mut idle = manager.on_idle();
    turn().await;
    assert_eq!((first.status(), first.is_stopping()), (JobStatus::Running, true));
    assert_eq!((second.status(), second.is_stopping()), (JobStatus::Pending, false));
    assert_eq!((poll(&mut stopped), poll(&mut idle)), (Poll::Pending, Poll::Pending));
    assert_eq!(manager.running_job("first"), Some(first.clone()));

    work.finish(1);
    stopped.await;
    assert_eq!((first.status(), first.is_stopping()), (JobStatus::Cancelled, false));
    assert_eq!(second.status(), JobStatus::Running);
    assert_eq!(poll(&mut idle), Poll::Pending);
    second.stop().await;
    idle.await;
    assert_eq!((manager.stats().cancelled, manager.stats().completed), (2, 0));
}

#[wasm_bindgen_test]
async fn cancelled_wins_over_what_the_body_returns() {
    let manager = manager();
    let (well, work) = run_stubborn(&manager, "well", &plain());
    let badly = run(
        &manager,
        "badly",
        |context: TestContext| async move {
            context.cancelled().await;
            Err(std::fmt::Error)?
        },
        &plain(),
    );
    turn().await;
    well.stop();
    badly.stop();
    work.finish(1);
    for job in [well, badly] {
        assert!(matches!(job.result().await, Completion::Cancelled(AbortCause::Stop)));
    }
}

#[wasm_bindgen_test]
async fn a_pending_job_ends_at_once_and_its_body_never_starts() {
    let manager = one_at_a_time();
    let (_, work) = run_stubborn(&manager, "first", &plain());
    let second = run(&manager, "second", |_| async { unreachable!() }, &plain());
    let stopped = second.stop();
    assert!(stopped.is_open());
    assert_eq!(second.status(), JobStatus::Cancelled);
    assert!(second.completion().unwrap().is_cancelled());
    work.finish(0);
    manager.on_idle().await;
    assert_eq!(second.attempt(), 0);
}

#[wasm_bindgen_test]
async fn a_job_stopped_before_its_body_was_called_does_not_call_it() {
    let manager = manager();
    let job = run(&manager, "key", |_| async { unreachable!() }, &plain());
    assert_eq!(job.status(), JobStatus::Running);
    job.stop().await;
    assert_eq!((job.status(), job.attempt()), (JobStatus::Cancelled, 1));
}

#[wasm_bindgen_test]
async fn a_dropped_stop_still_stops_and_a_second_one_waits_for_the_same() {
    let manager = manager();
    let job = run_until_stopped(&manager, "key", &plain());
    let mut dropped = job.stop();
    assert_eq!(poll(&mut dropped), Poll::Pending);
    drop(dropped);
    futures::join!(job.stop(), job.stop(), job.ended());
    assert_eq!(job.status(), JobStatus::Cancelled);
    job.stop().await;
    assert!(job.stop().is_open());
}

#[wasm_bindgen_test]
async fn a_stop_that_comes_too_late_changes_nothing() {
    let manager = manager();
    let job = run(&manager, "key", at_once, &plain());
    job.result().await;
    job.stop().await;
    assert_eq!(job.status(), JobStatus::Completed);
    assert_eq!(job.stop_within(Duration::ZERO).await, Ok(()));
}

#[wasm_bindgen_test]
async fn a_request_to_end_is_latched_and_tells_why() {
    let (manager, trace) = (manager(), Trace::default());
    let log = trace.clone();
    let job = run(
        &manager,
        "key",
        move |context: TestContext| {
            let log = log.clone();
            async move {
                let mut given_up = context.cancelled();
                log.add(format!("{:?}", poll(&mut given_up)));
                drop(given_up);
                log.add(format!("{} {:?}", context.is_cancelled(), context.cancel_reason()));
                futures::join!(context.cancelled(), context.cancelled());
                context.cancelled().await;
                log.add(format!("{} {:?}", context.is_cancelled(), context.cancel_reason()));
                log.add(format!("{:?} {:?}", context.sleep(Duration::ZERO).await, context.checkpoint().await));
                Ok(0)
            }
        },
        &plain(),
    );
    turn().await;
    job.stop().await;
    let heard = ["Pending", "false None", "true Some(Stop)", "Err(Cancelled) Err(Cancelled)"];
    assert_eq!(trace.take(), heard);
}

#[wasm_bindgen_test]
async fn a_stop_within_a_limit_gives_up_waiting_and_the_job_goes_on_stopping() {
    let (clock, manager) = (FakeClock::install(), manager());
    let (job, work) = run_stubborn(&manager, "key", &plain());
    turn().await;
    let mut limited = job.stop_within(Duration::from_millis(50));
    let mut longer = job.stop_within(Duration::from_millis(80));
    clock.advance(49.0).await;
    assert_eq!(poll(&mut limited), Poll::Pending);
    clock.advance(1.0).await;
    assert_eq!(poll(&mut limited), Poll::Ready(Err(StopTimeout)));
    assert_eq!((job.status(), job.is_stopping()), (JobStatus::Running, true));
    assert_eq!(poll(&mut longer), Poll::Pending);
    work.finish(0);
    assert_eq!(longer.await, Ok(()));
    assert_eq!(manager.live_records(), 0);
    clock.advance(1000.0).await;
    assert_eq!(clock.waiting(), 0);
}

#[wasm_bindgen_test]
async fn stopping_by_key_ends_the_one_in_front_and_the_one_behind() {
    let manager = manager();
    manager.stop_job("nobody").await;
    let (front, work) = run_stubborn(&manager, "key", &plain());
    let behind = run(&manager, "key", |_| async { unreachable!() }, &on_duplicate(OnDuplicate::Queue));
    turn().await;
    let mut stopped = manager.stop_job("key");
    turn().await;
    assert_eq!((front.status(), behind.status()), (JobStatus::Running, JobStatus::Cancelled));
    assert_eq!(poll(&mut stopped), Poll::Pending);
    work.finish(0);
    stopped.await;
    assert_eq!(front.status(), JobStatus::Cancelled);
}

#[wasm_bindgen_test]
async fn stopping_by_key_does_not_let_the_one_behind_start_in_between() {
    let (manager, trace) = (manager(), Trace::default());
    let log = trace.clone();
    let _subscription = manager.on_event(move |job, event| log.add(format!("{} {event:?}", job.id())));
    let front = run(&manager, "key", at_once, &RunOptions { delay: Some(1e9), ..plain() });
    let behind = run(&manager, "key", at_once, &on_duplicate(OnDuplicate::Queue));
    assert!(manager.stop_job("key").is_open());
    assert_eq!((front.status(), behind.status()), (JobStatus::Cancelled, JobStatus::Cancelled));
    let told = ["1 Created", "2 Created", "2 Cancelled", "2 Removed", "1 Cancelled", "1 Removed"];
    assert_eq!(trace.take(), told);
}

#[wasm_bindgen_test]
async fn stopping_all_waits_for_those_there_were() {
    let manager = manager();
    let (stubborn, work) = run_stubborn(&manager, "stubborn", &plain());
    let delayed = run(&manager, "delayed", at_once, &RunOptions { delay: Some(1e9), ..plain() });
    turn().await;
    let mut stopped = manager.stop_all();
    let (later, later_work) = run_stubborn(&manager, "later", &plain());
    assert_eq!(delayed.status(), JobStatus::Cancelled);
    assert_eq!(poll(&mut stopped), Poll::Pending);
    work.finish(0);
    stopped.await;
    assert_eq!((stubborn.status(), later.status()), (JobStatus::Cancelled, JobStatus::Running));
    later_work.finish(0);
    assert!(later.result().await.ok().is_some());
}
