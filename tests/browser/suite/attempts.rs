//! Retries and timeouts, on a clock of the test's own.

use std::cell::Cell;
use std::rc::Rc;

use jobgate::browser::{
    AbortCause, Backoff, Cancelled, Completion, JobError, JobStatus, RetryOptions, RunOptions, TimeoutError,
};
use wasm_bindgen_test::wasm_bindgen_test;

use super::support::*;

fn retries(limit: f64) -> RunOptions {
    let retry = RetryOptions { limit, delay: 100.0, jitter: false, ..RetryOptions::default() };
    RunOptions { retry: Some(retry), ..plain() }
}

#[wasm_bindgen_test]
async fn a_failed_attempt_is_followed_by_another_after_a_growing_wait() {
    let (clock, manager, starts) = (Rc::new(FakeClock::install()), manager(), Trace::default());
    let (log, time) = (starts.clone(), clock.clone());
    let body = move |context: TestContext| {
        log.add(format!("{} at {}", context.attempt(), time.elapsed()));
        async move { if context.attempt() < 4 { Err(JobError::new("not yet")) } else { Ok(context.attempt()) } }
    };
    let job = run(&manager, "key", body, &retries(5.0));
    turn().await;
    assert_eq!((job.status(), job.attempt()), (JobStatus::Pending, 1));
    clock.advance(99.0).await;
    assert_eq!(job.attempt(), 1);
    clock.advance(1000.0).await;
    assert_eq!(starts.take(), ["1 at 0", "2 at 100", "3 at 300", "4 at 700"]);
    assert_eq!((job.result().await.ok(), job.attempt()), (Some(&4), 4));
    assert_eq!(clock.waiting(), 0);
}

#[wasm_bindgen_test]
async fn when_no_retry_is_left_the_last_error_counts() {
    let (clock, manager) = (FakeClock::install(), manager());
    let body = |context: TestContext| async move { Err(JobError::new(format!("attempt {}", context.attempt()))) };
    let job = run(&manager, "key", body, &retries(2.0));
    clock.advance(1000.0).await;
    let completion = job.completion().unwrap();
    assert_eq!((completion.error().unwrap().to_string(), job.attempt()), ("attempt 3".to_owned(), 3));
}

#[wasm_bindgen_test]
async fn what_cannot_get_better_is_not_retried() {
    let manager = manager();
    let body = |_| async { Err(JobError::non_retriable(std::fmt::Error)) };
    let job = run(&manager, "key", body, &retries(9.0));
    let completion = job.result().await;
    assert!(completion.error().unwrap().is::<std::fmt::Error>());
    assert_eq!((job.attempt(), manager.live_records()), (1, 0));
}

#[wasm_bindgen_test]
async fn a_retry_wait_leaves_the_slot_to_others_and_ends_with_a_stop() {
    let (clock, manager) = (FakeClock::install(), one_at_a_time());
    let failing = run(&manager, "failing", |_| async { Err(JobError::new("no")) }, &retries(1.0));
    let other = run_until_stopped(&manager, "other", &plain());
    turn().await;
    assert_eq!((failing.status(), other.status()), (JobStatus::Pending, JobStatus::Running));
    let stopped = failing.stop();
    assert!(stopped.is_open());
    assert!(failing.completion().unwrap().is_cancelled());
    other.stop().await;
    clock.advance(10_000.0).await;
    assert_eq!((failing.attempt(), manager.live_records()), (1, 0));
}

#[wasm_bindgen_test]
async fn jitter_draws_each_wait_from_zero_to_the_full_one() {
    let (clock, manager) = (FakeClock::install(), manager());
    let retry = RetryOptions { limit: 1.0, delay: 100.0, backoff: Backoff::Fixed, ..RetryOptions::default() };
    let options = RunOptions { retry: Some(retry), ..plain() };
    let jobs: Vec<_> = ["a", "b", "c", "d", "e", "f", "g", "h"]
        .map(|key| {
            let body = |context: TestContext| async move {
                if context.attempt() == 1 { Err(JobError::new("no")) } else { Ok(0) }
            };
            run(&manager, key, body, &options)
        })
        .into();
    let done = || jobs.iter().filter(|job| job.completion().is_some()).count();
    let mut counts = Vec::new();
    for _ in 0..10 {
        clock.advance(10.0).await;
        counts.push(done());
    }
    assert_eq!(done(), jobs.len());
    // All eight within the same tenth would be a chance of one in two million.
    assert!(counts.iter().any(|count| (1..jobs.len()).contains(count)), "{counts:?}");
}

#[wasm_bindgen_test]
async fn an_attempt_that_is_out_of_time_is_asked_to_end_and_fails() {
    let (clock, manager) = (FakeClock::install(), manager());
    let reason = Rc::new(Cell::new(None));
    let seen = reason.clone();
    let body = move |context: TestContext| {
        let seen = seen.clone();
        async move {
            context.cancelled().await;
            seen.set(context.cancel_reason());
            Err(Cancelled)?
        }
    };
    let job = run(&manager, "key", body, &RunOptions { timeout: Some(30.0), ..plain() });
    clock.advance(29.0).await;
    assert_eq!(reason.get(), None);
    clock.advance(1.0).await;
    assert_eq!(reason.get(), Some(AbortCause::Timeout));
    let completion = job.completion().unwrap();
    assert!(completion.error().unwrap().is_timeout());
    assert!(completion.error().unwrap().is::<TimeoutError>());
}

#[wasm_bindgen_test]
async fn a_body_that_ignores_its_timeout_keeps_its_slot_and_fails_whatever_it_returns() {
    let (clock, manager) = (FakeClock::install(), one_at_a_time());
    let (job, work) = run_stubborn(&manager, "key", &RunOptions { timeout: Some(30.0), ..plain() });
    let next = run_until_stopped(&manager, "next", &plain());
    clock.advance(100.0).await;
    assert_eq!((job.status(), job.is_stopping()), (JobStatus::Running, true));
    assert_eq!(next.status(), JobStatus::Pending);
    work.finish(5);
    assert!(job.result().await.error().unwrap().is_timeout());
    assert_eq!(next.status(), JobStatus::Running);
    next.stop().await;
}

#[wasm_bindgen_test]
async fn a_stop_after_the_timeout_makes_it_cancelled() {
    let (clock, manager) = (FakeClock::install(), manager());
    let (job, work) = run_stubborn(&manager, "key", &RunOptions { timeout: Some(30.0), ..plain() });
    clock.advance(30.0).await;
    assert!(job.is_stopping());
    job.stop();
    work.finish(5);
    assert!(matches!(job.result().await, Completion::Cancelled(AbortCause::Stop)));
}

#[wasm_bindgen_test]
async fn a_timed_out_attempt_is_retried_like_a_failed_one_even_if_it_says_otherwise() {
    let (clock, manager) = (FakeClock::install(), manager());
    let body = |context: TestContext| async move {
        if context.attempt() == 1 {
            context.cancelled().await;
            return Err(JobError::non_retriable("given up"));
        }
        Ok(context.attempt())
    };
    let job = run(&manager, "key", body, &RunOptions { timeout: Some(30.0), ..retries(1.0) });
    clock.advance(130.0).await;
    assert_eq!(job.result().await.ok(), Some(&2));
}

#[wasm_bindgen_test]
async fn a_new_attempt_does_not_inherit_the_request_to_end() {
    let (clock, manager) = (FakeClock::install(), manager());
    let asked = Trace::default();
    let log = asked.clone();
    let body = move |context: TestContext| {
        log.add(format!("{} {}", context.attempt(), context.is_cancelled()));
        async move {
            context.cancelled().await;
            Ok(0)
        }
    };
    let job = run(&manager, "key", body, &RunOptions { timeout: Some(30.0), ..retries(1.0) });
    clock.advance(1000.0).await;
    assert_eq!(asked.take(), ["1 false", "2 false"]);
    assert!(job.completion().unwrap().error().unwrap().is_timeout());
}
