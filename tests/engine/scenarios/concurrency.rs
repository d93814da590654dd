//! Slots, pause, and how many may wait.

use jobgate::engine::{Command, JobId, JobStatus, OnDuplicate, Refusal, Reply, RetryOptions};
#[cfg(target_family = "wasm")]
use wasm_bindgen_test::wasm_bindgen_test as test;

use crate::world::{World, options};

fn set_concurrency(world: &mut World, concurrency: f64) {
    let manager = world.manager;
    assert_eq!(world.send(Command::SetConcurrency { manager, concurrency }), Reply::Done);
}

fn pause(world: &mut World) {
    assert_eq!(world.send(Command::Pause(world.manager)), Reply::Done);
}

fn resume(world: &mut World) {
    assert_eq!(world.send(Command::Resume(world.manager)), Reply::Done);
}

fn limited(max_pending: f64) -> World {
    World::with(|options| (options.concurrency, options.max_pending) = (1.0, max_pending))
}

#[test]
fn as_many_run_as_may_and_the_first_are_started_before_run_returns() {
    let mut world = World::of_concurrency(2.0);
    for (key, starts) in [(1, true), (2, true), (3, false)] {
        let reply = world.ask_run(key, &options(|_| ()));
        assert!(matches!(reply, Ok(Reply::Created { started, .. }) if started == starts), "{reply:?}");
    }
    assert_eq!(world.counts(), (1, 2));
}

#[test]
fn a_job_asked_to_stop_keeps_its_slot_and_its_key_until_its_body_settles() {
    let mut world = World::of_concurrency(1.0);
    let stubborn = world.run(1);
    let next = world.run(2);
    world.stop(stubborn);
    assert_eq!((world.status(stubborn), world.engine.is_stopping(stubborn)), (JobStatus::Running, true));
    world.pass(3_600_000.0);
    assert!(!world.has_started(next));
    assert_eq!(world.engine.standing(jobgate::engine::KeyId(1)), Some(stubborn));
    world.resolve(stubborn);
    assert!(world.has_started(next));
}

#[test]
fn raising_the_concurrency_starts_what_waits_and_lowering_it_ends_nothing() {
    let mut world = World::of_concurrency(1.0);
    let jobs: Vec<JobId> = (0..5).map(|key| world.run(key)).collect();
    set_concurrency(&mut world, 3.0);
    assert_eq!(world.started(), jobs[..3]);
    set_concurrency(&mut world, 1.0);
    assert_eq!(world.counts(), (2, 3));
    world.resolve(jobs[0]);
    world.resolve(jobs[1]);
    assert_eq!(world.counts(), (2, 1), "none starts until there are fewer than allowed");
    world.resolve(jobs[2]);
    assert_eq!(world.started(), jobs[..4]);
    set_concurrency(&mut world, f64::INFINITY);
    assert_eq!(world.started(), jobs);
}

#[test]
fn paused_running_jobs_go_on_and_none_starts() {
    let mut world = World::of_concurrency(1.0);
    let running = world.run(1);
    let waiting = world.run(2);
    pause(&mut world);
    assert!(world.engine.is_paused(world.manager));
    assert!(!world.engine.is_stopping(running));
    world.resolve(running);
    assert_eq!(world.end_of(running), Some((jobgate::engine::CompletionType::Normal, None)));
    let third = world.run(3);
    assert_eq!(world.counts(), (2, 0));
    pause(&mut world);
    resume(&mut world);
    assert_eq!(world.started(), [running, waiting]);
    world.resolve(waiting);
    resume(&mut world);
    assert_eq!(world.started(), [running, waiting, third]);
}

#[test]
fn made_paused() {
    let mut world = World::with(|options| options.paused = true);
    let jobs: Vec<JobId> = (0..3).map(|key| world.run(key)).collect();
    assert_eq!(world.started(), []);
    resume(&mut world);
    assert_eq!(world.started(), jobs);
}

#[test]
fn what_falls_due_in_a_pause_starts_after_it() {
    let mut world = World::with(|options| options.paused = true);
    let delayed = world.run_with(1, &options(|options| options.delay = Some(10.0)));
    let plain = world.run(2);
    world.pass(20.0);
    resume(&mut world);
    assert_eq!(world.starts(), [(20.0, plain), (20.0, delayed)], "in the order in which they entered the line");
}

#[test]
fn more_pending_than_allowed_are_refused() {
    let mut world = limited(2.0);
    let jobs: Vec<JobId> = (0..3).map(|key| world.run(key)).collect();
    let run = Command::Run { manager: world.manager, key: jobgate::engine::KeyId(9), options: None };
    assert_eq!(world.refusal(run), Refusal::QueueFull);
    world.resolve(jobs[0]);
    world.run(9);
    assert_eq!(world.counts(), (2, 1));
}

#[test]
fn none_may_wait_and_a_free_slot_is_no_wait() {
    let mut world = limited(0.0);
    let first = world.run(1);
    assert_eq!(world.ask_run(2, &options(|_| ())), Err(Refusal::QueueFull));
    world.resolve(first);
    world.run(2);
    assert_eq!(
        World::with(|options| options.max_pending = 0.0).ask_run(1, &options(|options| options.delay = Some(1.0))),
        Err(Refusal::QueueFull),
        "a delay is a wait"
    );
}

#[test]
fn a_paused_manager_and_a_full_group_and_a_spent_rate_make_jobs_wait() {
    let full = |change: fn(&mut jobgate::engine::ManagerOptions)| {
        let mut world = World::with(|options| {
            options.max_pending = 0.0;
            change(options);
        });
        let grouped = options(|options| options.group = Some("a".into()));
        let first = world.ask_run(1, &grouped);
        (first.is_ok(), world.ask_run(2, &grouped).map(|_| ()))
    };
    assert_eq!(full(|options| options.paused = true), (false, Err(Refusal::QueueFull)));
    assert_eq!(full(|options| options.group_concurrency = 1.0), (true, Err(Refusal::QueueFull)));
    assert_eq!(full(|options| options.rate_limit = Some((1.0, 10.0))), (true, Err(Refusal::QueueFull)));
    assert_eq!(full(|_| ()), (true, Ok(())));
}

#[test]
fn one_that_takes_anothers_place_is_no_more_pending_than_before() {
    let mut world = limited(1.0);
    let running = world.run(1);
    let pending = world.run(2);
    let replace = options(|options| options.on_duplicate = Some(OnDuplicate::Replace));
    let queue = options(|options| options.on_duplicate = Some(OnDuplicate::Queue));
    assert_eq!(world.ask_run(1, &replace), Err(Refusal::QueueFull), "it would wait beside the pending one");
    assert!(!world.engine.is_stopping(running), "refused, so nobody is asked to stop");
    let second = world.run_with(2, &replace);
    assert!(world.end_of(pending).is_some());
    assert_eq!(world.ask_run(2, &queue), Err(Refusal::QueueFull));
    world.stop(second);
    let behind = world.run_with(1, &queue);
    let instead = world.run_with(1, &queue);
    assert!(world.end_of(behind).is_some());
    assert_eq!(world.engine.waiting(jobgate::engine::KeyId(1)), Some(instead));
    assert_eq!(world.counts(), (1, 1));
}

#[test]
fn one_that_starts_at_once_in_anothers_place_is_not_pending_at_all() {
    let mut world = limited(0.0);
    let retry = RetryOptions { limit: 1.0, ..RetryOptions::default() };
    let retried = world.run_with(1, &options(|options| options.retry = Some(retry)));
    world.reject(retried);
    world.send(Command::Retry { job: retried, again: true, wait: None, random: 0.9 });
    let instead = world.run_with(1, &options(|options| options.on_duplicate = Some(OnDuplicate::Replace)));
    assert!(world.end_of(retried).is_some() && world.has_started(instead));
}

#[test]
fn a_retry_is_never_refused() {
    let mut world = limited(1.0);
    let retry = RetryOptions { limit: 1.0, ..RetryOptions::default() };
    let retried = world.run_with(1, &options(|options| options.retry = Some(retry)));
    world.run(2);
    world.reject(retried);
    world.send(Command::Retry { job: retried, again: true, wait: None, random: 0.9 });
    assert_eq!(world.counts(), (1, 1), "the second took the slot");
    let third = world.ask_run(3, &options(|_| ()));
    assert_eq!(third, Err(Refusal::QueueFull));
    assert_eq!(world.status(retried), JobStatus::Pending);
}

#[test]
fn one_may_wait_alone_where_nobody_may_and_no_second() {
    let mut world = limited(0.0);
    let first = world.run(0);
    let alone = options(|options| options.may_wait_alone = true);
    let second = world.run_with(1, &alone);
    assert_eq!(world.counts(), (1, 1));
    assert_eq!(world.ask_run(2, &alone), Err(Refusal::QueueFull));
    assert_eq!(world.ask_run(2, &options(|_| ())), Err(Refusal::QueueFull));
    world.resolve(first);
    assert!(world.has_started(second));
}
