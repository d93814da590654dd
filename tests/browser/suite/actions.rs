//! What is sent to a job's body.

use futures::StreamExt;
use jobgate::browser::{JobError, JobStatus, RetryOptions, RunOptions};
use wasm_bindgen_test::wasm_bindgen_test;

use super::support::*;

/// Writes each action down until it is asked to end or told `.`.
fn writes(trace: &Trace) -> impl FnMut(TestContext) -> futures::future::LocalBoxFuture<'static, Attempted> + 'static {
    let trace = trace.clone();
    move |context| {
        let trace = trace.clone();
        Box::pin(async move {
            let mut actions = context.actions();
            while let Some(action) = actions.next().await {
                if action == '.' {
                    break;
                }
                trace.add(action);
            }
            trace.add("end");
            Ok(0)
        })
    }
}

#[wasm_bindgen_test]
async fn actions_are_kept_for_a_body_that_has_not_begun_and_come_in_order() {
    let (manager, trace) = (one_at_a_time(), Trace::default());
    let (_, work) = run_stubborn(&manager, "busy", &plain());
    let job = run(&manager, "key", writes(&trace), &plain());
    for action in "abc".chars() {
        job.dispatch(action);
    }
    assert_eq!(job.status(), JobStatus::Pending);
    work.finish(0);
    turn().await;
    assert_eq!(trace.take(), ["a", "b", "c"]);
    job.dispatch('d');
    turn().await;
    assert_eq!(trace.take(), ["d"]);
    job.dispatch('.');
    job.result().await;
    assert_eq!(trace.take(), ["end"]);
}

#[wasm_bindgen_test]
async fn actions_end_when_the_body_is_asked_to_end() {
    let (manager, trace) = (manager(), Trace::default());
    let job = run(&manager, "key", writes(&trace), &plain());
    turn().await;
    job.dispatch('a');
    job.stop().await;
    assert_eq!(trace.take(), ["end"], "what was dispatched in the same turn is not taken any more");
    assert_eq!(job.status(), JobStatus::Cancelled);
}

#[wasm_bindgen_test]
async fn a_dropped_stream_loses_no_action() {
    let (manager, trace) = (manager(), Trace::default());
    let log = trace.clone();
    let body = move |context: TestContext| {
        let log = log.clone();
        async move {
            context.set_state(u32::from(poll(&mut context.actions().next()).is_pending()));
            context.sleep(std::time::Duration::ZERO).await?;
            for _ in 0..3 {
                log.add(context.actions().next().await.unwrap());
            }
            Ok(0)
        }
    };
    let job = run(&manager, "key", body, &plain());
    for action in "abc".chars() {
        assert_eq!(job.watch().filter(|state| std::future::ready(*state == 1)).next().await, Some(1));
        job.dispatch(action);
    }
    job.result().await;
    assert_eq!(trace.take(), ["a", "b", "c"]);
}

#[wasm_bindgen_test]
async fn each_action_goes_to_one_of_several_streams() {
    let (manager, trace) = (manager(), Trace::default());
    let log = trace.clone();
    let body = move |context: TestContext| {
        let log = log.clone();
        async move {
            let read = |mut actions: jobgate::browser::Actions<char>| {
                let log = log.clone();
                async move {
                    while let Some(action) = actions.next().await {
                        log.add(action);
                    }
                }
            };
            futures::join!(read(context.actions()), read(context.actions()));
            Ok(0)
        }
    };
    let job = run(&manager, "key", body, &plain());
    for action in "abcd".chars() {
        job.dispatch(action);
        turn().await;
    }
    assert_eq!(trace.take(), ["a", "b", "c", "d"]);
    job.stop().await;
}

#[wasm_bindgen_test]
async fn what_an_attempt_did_not_take_is_left_for_the_next() {
    let (clock, manager, trace) = (FakeClock::install(), manager(), Trace::default());
    let log = trace.clone();
    let body = move |context: TestContext| {
        let log = log.clone();
        async move {
            let action = context.actions().next().await.unwrap_or('-');
            log.add(format!("{}{action}", context.attempt()));
            if context.attempt() == 1 { Err(JobError::new("no")) } else { Ok(0) }
        }
    };
    let retry = RetryOptions { limit: 1.0, delay: 10.0, jitter: false, ..RetryOptions::default() };
    let job = run(&manager, "key", body, &RunOptions { retry: Some(retry), ..plain() });
    job.dispatch('a');
    job.dispatch('b');
    clock.advance(10.0).await;
    assert_eq!(trace.take(), ["1a", "2b"]);
}

#[wasm_bindgen_test]
async fn an_action_for_a_job_that_has_ended_is_dropped() {
    use jobgate::browser::{JobManager, ManagerOptions};
    let manager = JobManager::<u32, (), Probe, ()>::new(&ManagerOptions::default()).unwrap();
    let probe = Probe::default();
    let job = manager.run_job(1, |_| async { Ok(()) }, &plain()).unwrap().into_job();
    job.dispatch(probe.clone());
    assert_eq!(probe.others(), 1);
    job.result().await;
    assert_eq!(probe.others(), 0, "what the body did not take goes with the job");
    job.dispatch(probe.clone());
    assert_eq!(probe.others(), 0);
}
