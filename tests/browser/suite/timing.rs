//! Waiting: delays, sleeps, and the one timer behind them.

use std::time::Duration;

use jobgate::browser::{Cancelled, JobManager, JobStatus, ManagerOptions, RunOptions};
use wasm_bindgen_test::wasm_bindgen_test;

use super::support::*;

const BEYOND_31_BITS: f64 = 5_000_000_000.0;

fn delayed(millis: f64) -> RunOptions {
    RunOptions { delay: Some(millis), ..plain() }
}

#[wasm_bindgen_test]
async fn a_thousand_waits_take_one_timer() {
    let (clock, manager) = (FakeClock::install(), JobManager::<u32>::new(&ManagerOptions::default()).unwrap());
    for key in 0..1000 {
        let body = |_| async { Ok(()) };
        manager.run_job(key, body, &delayed(f64::from(1000 + key))).unwrap();
    }
    assert_eq!((clock.waiting(), clock.armed()), (1, 1));
    clock.advance(1500.0).await;
    assert_eq!((manager.stats().completed, clock.waiting()), (501, 1));
    manager.stop_all().await;
    clock.advance(1000.0).await;
    assert_eq!((manager.stats().cancelled, clock.waiting()), (499, 0));
}

#[wasm_bindgen_test]
async fn an_earlier_deadline_moves_the_timer_forward() {
    let (clock, manager, trace) = (FakeClock::install(), manager(), Trace::default());
    for (key, delay) in [("late", 300.0), ("early", 100.0), ("middle", 200.0)] {
        let trace = trace.clone();
        let body = move |_| {
            trace.add(key);
            async { Ok(0) }
        };
        run(&manager, key, body, &delayed(delay));
    }
    assert_eq!(clock.waiting(), 1);
    clock.advance(99.0).await;
    assert_eq!(trace.take(), [""; 0]);
    clock.advance(201.0).await;
    assert_eq!(trace.take(), ["early", "middle", "late"]);
}

#[wasm_bindgen_test]
async fn a_delay_beyond_31_bits_is_neither_cut_nor_fires_at_once() {
    let (clock, manager) = (FakeClock::install(), manager());
    let job = run(&manager, "key", at_once, &delayed(BEYOND_31_BITS));
    clock.advance(0.0).await;
    assert_eq!((job.status(), clock.armed()), (JobStatus::Pending, 1));
    clock.advance(BEYOND_31_BITS - 1.0).await;
    assert_eq!(job.status(), JobStatus::Pending);
    clock.advance(1.0).await;
    assert_eq!(job.status(), JobStatus::Completed);
    assert_eq!(clock.armed(), 3, "two steps of 31 bits and the rest");
}

#[wasm_bindgen_test]
async fn a_fraction_of_a_millisecond_is_waited_for() {
    let (clock, manager) = (FakeClock::install(), manager());
    let job = run(&manager, "key", at_once, &delayed(0.25));
    clock.advance(0.0).await;
    assert_eq!(job.status(), JobStatus::Pending);
    clock.advance(1.0).await;
    assert_eq!(job.status(), JobStatus::Completed);
}

#[wasm_bindgen_test]
async fn a_sleep_lasts_as_long_as_it_says() {
    let (clock, manager) = (FakeClock::install(), manager());
    let body = |context: TestContext| async move {
        context.sleep(Duration::from_millis(40)).await?;
        context.set_state(1);
        context.sleep(Duration::from_secs_f64(BEYOND_31_BITS / 1000.0)).await?;
        Ok(0)
    };
    let job = run(&manager, "key", body, &plain());
    clock.advance(39.0).await;
    assert_eq!(job.state(), 0);
    clock.advance(1.0).await;
    assert_eq!(job.state(), 1);
    clock.advance(BEYOND_31_BITS - 1.0).await;
    assert_eq!(job.status(), JobStatus::Running);
    clock.advance(1.0).await;
    assert_eq!(job.status(), JobStatus::Completed);
    assert_eq!(clock.waiting(), 0);
}

#[wasm_bindgen_test]
async fn a_stop_ends_a_sleep_and_takes_its_timer() {
    let (clock, manager) = (FakeClock::install(), manager());
    let body = |context: TestContext| async move {
        let slept = context.sleep(Duration::from_secs(3600)).await;
        context.set_state(u32::from(slept == Err(Cancelled)));
        Ok(0)
    };
    let job = run(&manager, "key", body, &plain());
    turn().await;
    assert_eq!(clock.waiting(), 1);
    job.stop().await;
    assert_eq!((job.state(), job.status(), clock.waiting()), (1, JobStatus::Cancelled, 0));
}

#[wasm_bindgen_test]
async fn a_dropped_sleep_takes_its_timer() {
    let (clock, manager) = (FakeClock::install(), manager());
    let body = |context: TestContext| async move {
        let mut sleep = context.sleep(Duration::from_secs(3600));
        Ok(u32::from(poll(&mut sleep).is_pending()))
    };
    assert_eq!(run(&manager, "key", body, &plain()).result().await.ok(), Some(&1));
    assert_eq!((clock.armed(), clock.waiting()), (1, 0));
}

#[wasm_bindgen_test]
async fn a_rate_limit_holds_over_time() {
    let clock = FakeClock::install();
    let options = ManagerOptions { rate_limit: Some((2.0, 100.0)), ..ManagerOptions::default() };
    let manager = JobManager::<u32>::new(&options).unwrap();
    for key in 0..5 {
        manager.run_job(key, |_| async { Ok(()) }, &plain()).unwrap();
    }
    let mut completed = Vec::new();
    for wait in [0.0, 99.0, 1.0, 100.0] {
        clock.advance(wait).await;
        completed.push(manager.stats().completed);
    }
    assert_eq!(completed, [2, 2, 4, 5]);
}

#[wasm_bindgen_test]
async fn real_time_works_too() {
    FakeClock::remove_leftover();
    let manager = manager();
    let body = |context: TestContext| async move {
        context.sleep(Duration::from_millis(3)).await?;
        Ok(context.attempt())
    };
    let job = run(&manager, "key", body, &delayed(3.0));
    assert_eq!(job.result().await.ok(), Some(&1));
}
