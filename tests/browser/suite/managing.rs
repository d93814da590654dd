//! A manager as a whole.

use std::cell::RefCell;
use std::rc::Rc;
use std::task::Poll;

use jobgate::browser::{
    Barrier, JobManager, JobStatus, ManagerOptions, OutOfBounds, Refusal, RetryOptions, RunOptions, Stats,
};
use wasm_bindgen_test::wasm_bindgen_test;

use super::support::*;

#[wasm_bindgen_test]
async fn options_out_of_bounds_are_refused_by_name() {
    let fault = |options: ManagerOptions| match JobManager::<u32>::new(&options) {
        Err(Refusal::OutOfBounds(fault)) => fault.field,
        other => panic!("{other:?}"),
    };
    let some = ManagerOptions::default;
    assert_eq!(fault(ManagerOptions { concurrency: 0.0, ..some() }), "concurrency");
    assert_eq!(fault(ManagerOptions { rate_limit: Some((1.0, f64::NAN)), ..some() }), "rate_limit.1");
    let defaults = RunOptions { timeout: Some(-1.0), ..plain() };
    assert_eq!(fault(ManagerOptions { defaults, ..some() }), "timeout");
}

#[wasm_bindgen_test]
async fn a_paused_manager_starts_nothing_until_it_is_resumed() {
    let manager = Manager::new(&ManagerOptions { paused: true, ..ManagerOptions::default() }).unwrap();
    let job = run(&manager, "key", at_once, &plain());
    turn().await;
    assert_eq!((manager.is_paused(), job.status()), (true, JobStatus::Pending));
    manager.resume();
    assert_eq!((manager.is_paused(), job.status()), (false, JobStatus::Running));
    assert!(job.result().await.ok().is_some());
}

#[wasm_bindgen_test]
async fn more_concurrency_starts_more_and_less_ends_nothing() {
    let manager = one_at_a_time();
    let jobs = ["a", "b", "c"].map(|key| run_until_stopped(&manager, key, &plain()));
    let running = || jobs.iter().filter(|job| job.status() == JobStatus::Running).count();
    assert_eq!(running(), 1);
    manager.set_concurrency(f64::INFINITY).unwrap();
    assert_eq!(running(), 3);
    manager.set_concurrency(2.0).unwrap();
    assert_eq!(running(), 3);
    assert!(manager.set_concurrency(0.5).is_err());
    manager.stop_all().await;
}

#[wasm_bindgen_test]
async fn groups_share_their_own_limit() {
    let manager = Manager::new(&ManagerOptions { group_concurrency: 1.0, ..ManagerOptions::default() }).unwrap();
    let grouped = |group: &str| RunOptions { group: Some(group.into()), ..plain() };
    let first = run_until_stopped(&manager, "first", &grouped("disk"));
    let second = run_until_stopped(&manager, "second", &grouped("disk"));
    let other = run_until_stopped(&manager, "other", &grouped("net"));
    let statuses = || [&first, &second, &other].map(|job| job.status());
    assert_eq!(statuses(), [JobStatus::Running, JobStatus::Pending, JobStatus::Running]);
    first.stop().await;
    assert_eq!(statuses(), [JobStatus::Cancelled, JobStatus::Running, JobStatus::Running]);
    manager.stop_all().await;
}

#[wasm_bindgen_test]
async fn jobs_are_listed_oldest_first_and_retained_ones_stay_readable() {
    let manager = Manager::new(&ManagerOptions { retain: 2.0, ..ManagerOptions::default() }).unwrap();
    for key in ["a", "b", "c"] {
        run(&manager, key, |_| async { Ok(5) }, &plain()).result().await;
    }
    let running = run_until_stopped(&manager, "d", &plain());
    let listed = || manager.jobs().iter().map(|job| *job.key()).collect::<Vec<_>>();
    assert_eq!(listed(), ["b", "c", "d"]);
    let retained = manager.jobs().first().unwrap().clone();
    assert_eq!((retained.completion().unwrap().ok(), retained.status()), (Some(&5), JobStatus::Completed));
    assert_eq!(manager.running_job("c"), None);
    running.stop().await;
    assert_eq!(listed(), ["c", "d"]);
    let stats = Stats { pending: 0, running: 0, completed: 3, failed: 0, cancelled: 1, total: 4 };
    assert_eq!(manager.stats(), stats);
}

#[wasm_bindgen_test]
async fn empty_is_before_idle_and_both_hold_at_once_on_a_new_manager() {
    let manager = one_at_a_time();
    assert!(manager.on_idle().is_open() && manager.on_empty().is_open());
    let (_, work) = run_stubborn(&manager, "a", &plain());
    assert!(manager.on_empty().is_open());
    let (b, b_work) = run_stubborn(&manager, "b", &plain());
    let (mut empty, mut idle) = (manager.on_empty(), manager.on_idle());
    turn().await;
    assert_eq!((poll(&mut empty), poll(&mut idle)), (Poll::Pending, Poll::Pending));
    work.finish(0);
    empty.await;
    assert_eq!((b.status(), poll(&mut idle)), (JobStatus::Running, Poll::Pending));
    b_work.finish(0);
    futures::join!(idle, manager.on_idle(), manager.on_empty());
    assert_eq!(b.status(), JobStatus::Completed);
}

#[wasm_bindgen_test]
async fn the_wait_for_quiet_goes_on_where_a_listener_starts_more_before_it_is_told() {
    let manager = manager();
    let (job, work) = run_stubborn(&manager, "first", &plain());
    let mut before = manager.on_idle();
    let later = Rc::new(RefCell::new(None::<(Barrier, Work)>));
    let (slot, inner) = (later.clone(), manager.clone());
    job.on_end("again", move |_, _| {
        let (_, work) = run_stubborn(&inner, "second", &plain());
        slot.replace(Some((inner.on_idle(), work)));
    });
    work.finish(0);
    job.ended().await;
    turn().await;
    let (mut after, second_work) = later.take().unwrap();
    assert_eq!((poll(&mut before), poll(&mut after)), (Poll::Pending, Poll::Pending));
    second_work.finish(0);
    futures::join!(before, after);
    assert_eq!(manager.stats().completed, 2);
}

#[wasm_bindgen_test]
async fn a_full_queue_refuses() {
    let options = ManagerOptions { concurrency: 1.0, max_pending: 1.0, ..ManagerOptions::default() };
    let manager = Manager::new(&options).unwrap();
    run_until_stopped(&manager, "a", &plain());
    run_until_stopped(&manager, "b", &plain());
    assert_eq!(manager.run_job("c", at_once, &plain()).unwrap_err(), Refusal::QueueFull);
    manager.stop_all().await;
    assert_eq!(manager.live_records(), 0);
}

#[wasm_bindgen_test]
async fn a_closed_manager_ends_its_jobs_and_takes_no_more() {
    let manager = one_at_a_time();
    let (running, work) = run_stubborn(&manager, "running", &plain());
    let pending = run_until_stopped(&manager, "pending", &plain());
    turn().await;
    let mut closed = manager.close();
    assert_eq!((pending.status(), running.is_stopping()), (JobStatus::Cancelled, true));
    assert_eq!(manager.run_job("new", at_once, &plain()).unwrap_err(), Refusal::Closed);
    assert_eq!(poll(&mut closed), Poll::Pending);
    work.finish(0);
    futures::join!(closed, manager.close(), manager.on_idle());
    assert_eq!(manager.live_records(), 0);
}

#[wasm_bindgen_test]
async fn managers_know_nothing_of_each_other() {
    let (one, other) = (manager(), one_at_a_time());
    let (a, b) = (run_until_stopped(&one, "key", &plain()), run_until_stopped(&other, "key", &plain()));
    one.close().await;
    assert_eq!((a.status(), b.status()), (JobStatus::Cancelled, JobStatus::Running));
    other.close().await;
}

#[wasm_bindgen_test]
async fn the_jobs_of_a_dropped_manager_go_on() {
    let clock = FakeClock::install();
    let manager = one_at_a_time();
    let delayed = run(&manager, "delayed", at_once, &RunOptions { delay: Some(50.0), ..plain() });
    let (running, work) = run_stubborn(&manager, "running", &plain());
    let waiting = run(&manager, "waiting", at_once, &plain());
    drop(manager);
    work.finish(6);
    assert_eq!(running.result().await.ok(), Some(&6));
    assert!(waiting.result().await.ok().is_some());
    clock.advance(50.0).await;
    assert_eq!(delayed.status(), JobStatus::Completed);
    assert_eq!(clock.waiting(), 0);
}

#[wasm_bindgen_test]
fn options_are_refused_by_the_names_that_they_have_in_rust() {
    let manager_options = ManagerOptions::default;
    let nothing = f64::NAN;
    let of_manager = [
        ("max_pending", ManagerOptions { max_pending: nothing, ..manager_options() }),
        ("group_concurrency", ManagerOptions { group_concurrency: nothing, ..manager_options() }),
        ("rate_limit.0", ManagerOptions { rate_limit: Some((nothing, 1.0)), ..manager_options() }),
        ("rate_limit.1", ManagerOptions { rate_limit: Some((1.0, nothing)), ..manager_options() }),
        ("group_rate_limit.0", ManagerOptions { group_rate_limit: Some((nothing, 1.0)), ..manager_options() }),
        ("group_rate_limit.1", ManagerOptions { group_rate_limit: Some((1.0, nothing)), ..manager_options() }),
    ];
    let field = |refusal| if let Refusal::OutOfBounds(OutOfBounds { field, .. }) = refusal { field } else { "" };
    for (name, options) in of_manager {
        assert_eq!(field(Manager::new(&options).map(|_| ()).unwrap_err()), name);
    }
    let retry = RetryOptions { max_delay: nothing, ..RetryOptions::default() };
    let of_run = [
        ("abandon_after", RunOptions { abandon_after: Some(nothing), ..plain() }),
        ("retry.max_delay", RunOptions { retry: Some(retry), ..plain() }),
    ];
    let manager = manager();
    for (name, options) in of_run {
        assert_eq!(field(manager.run_job("key", at_once, &options).map(|_| ()).unwrap_err()), name);
    }
}
