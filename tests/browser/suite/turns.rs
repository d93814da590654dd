//! Giving the event loop a turn.

use std::rc::Rc;

use jobgate::browser::{Cancelled, JobStatus};
use wasm_bindgen_test::wasm_bindgen_test;

use super::support::*;

#[wasm_bindgen_test]
async fn a_computation_with_checkpoints_can_be_stopped() {
    FakeClock::remove_leftover();
    let manager = manager();
    let body = |context: TestContext| async move {
        loop {
            let begin = js_sys::Date::now();
            while js_sys::Date::now() - begin < 2.0 {}
            context.update_state(|rounds| *rounds += 1);
            context.checkpoint().await?;
        }
    };
    let job = run(&manager, "key", body, &plain());
    // Comes back only if the computation lets go of the event loop.
    turn().await;
    assert!(job.state() > 0);
    job.stop().await;
    assert_eq!(job.status(), JobStatus::Cancelled);
}

#[wasm_bindgen_test]
async fn a_turn_is_given_after_eight_milliseconds_and_not_before() {
    let (clock, manager, trace) = (Rc::new(FakeClock::install()), manager(), Trace::default());
    let (time, log) = (clock.clone(), trace.clone());
    let body = move |context: TestContext| {
        let (time, log) = (time.clone(), log.clone());
        async move {
            for millis in [0.0, 4.0, 4.0, 0.5, 8.0, 8.5] {
                time.pass(millis);
                let mut checkpoint = Box::pin(context.checkpoint());
                let takes_a_turn = poll(&mut checkpoint).is_pending();
                log.add(takes_a_turn);
                if takes_a_turn {
                    checkpoint.await?;
                }
            }
            Ok(1)
        }
    };
    run(&manager, "key", body, &plain()).result().await;
    assert_eq!(trace.take(), ["false", "false", "false", "true", "false", "true"]);
}

#[wasm_bindgen_test]
async fn a_stop_during_the_turn_is_heard() {
    let (clock, manager, trace) = (Rc::new(FakeClock::install()), manager(), Trace::default());
    let (time, log) = (clock.clone(), trace.clone());
    let body = move |context: TestContext| {
        let (time, log) = (time.clone(), log.clone());
        async move {
            time.pass(9.0);
            log.add(context.checkpoint().await == Err(Cancelled));
            Ok(1)
        }
    };
    let job = run(&manager, "key", body, &plain());
    let stopping = job.clone();
    wasm_bindgen_futures::spawn_local(async move { stopping.stop().await });
    job.ended().await;
    assert_eq!(trace.take(), ["true"]);
}

#[wasm_bindgen_test]
async fn a_checkpoint_can_be_given_up() {
    let (clock, manager, trace) = (Rc::new(FakeClock::install()), manager(), Trace::default());
    let (time, log) = (clock.clone(), trace.clone());
    let body = move |context: TestContext| {
        let (time, log) = (time.clone(), log.clone());
        async move {
            time.pass(9.0);
            let mut given_up = Box::pin(context.checkpoint());
            log.add(poll(&mut given_up).is_pending());
            drop(given_up);
            context.checkpoint().await?;
            Ok(1)
        }
    };
    assert_eq!(run(&manager, "key", body, &plain()).result().await.ok(), Some(&1));
    assert_eq!(trace.take(), ["true"]);
}
