//! Before the first attempt may start.

use jobgate::engine::{AbortCause, CompletionType, JobStatus, OnDuplicate, RunOptions};
#[cfg(target_family = "wasm")]
use wasm_bindgen_test::wasm_bindgen_test as test;

use crate::world::{World, options};

fn delay(millis: f64) -> RunOptions {
    options(|options| options.delay = Some(millis))
}

#[test]
fn it_starts_when_the_delay_is_over_and_not_before() {
    let mut world = World::with(|_| ());
    let job = world.run_with(1, &delay(12.345));
    assert_eq!((world.status(job), world.wake()), (JobStatus::Pending, Some(12.345)));
    world.pass(12.344);
    world.tick();
    assert!(!world.has_started(job));
    world.pass(0.001);
    assert_eq!(world.starts(), [(12.345, job)]);
}

#[test]
fn no_delay_is_a_start_at_once() {
    let mut world = World::with(|_| ());
    let job = world.run_with(1, &delay(0.0));
    assert_eq!(world.starts(), [(0.0, job)]);
}

#[test]
fn rounded_up_to_the_microsecond_never_down() {
    let mut world = World::with(|_| ());
    world.run_with(1, &delay(1e-9));
    world.run_with(2, &delay(0.0015));
    world.pass(1.0);
    let moments: Vec<f64> = world.starts().iter().map(|(at, _)| *at).collect();
    assert_eq!(moments, [0.001, 0.002]);
}

#[test]
fn longer_than_any_timer_of_a_browser() {
    const MAX_TIMER: f64 = 2_147_483_647.0;
    let mut world = World::with(|_| ());
    let delays = [MAX_TIMER, MAX_TIMER + 1.0, 2.0 * MAX_TIMER + 2.0, 4_294_967_296.0, 1e12];
    for (key, millis) in (0..).zip(delays) {
        world.run_with(key, &delay(millis));
    }
    world.pass(MAX_TIMER - 1.0);
    assert_eq!(world.starts(), [], "none fires at once");
    world.pass(1e12);
    let moments: Vec<f64> = world.starts().iter().map(|(at, _)| *at).collect();
    assert_eq!(moments, [MAX_TIMER, MAX_TIMER + 1.0, 4_294_967_296.0, 4_294_967_296.0, 1e12]);
}

#[test]
fn no_delay_is_too_long() {
    let mut world = World::with(|_| ());
    let job = world.run_with(1, &delay(f64::MAX));
    world.pass(1e13);
    assert_eq!(world.status(job), JobStatus::Pending);
    world.stop(job);
    assert_eq!(world.end_of(job), Some((CompletionType::Cancelled, Some(AbortCause::Stop))));
    assert_eq!(world.wake(), None);
}

#[test]
fn delayed_jobs_enter_the_line_at_its_back_when_their_time_has_come() {
    let mut world = World::of_concurrency(1.0);
    let first = world.run(0);
    let late = world.run_with(1, &delay(20.0));
    let early = world.run_with(2, &delay(10.0));
    let plain = world.run(3);
    world.pass(30.0);
    let last = world.run(4);
    for job in [first, plain, early, late] {
        world.resolve(job);
    }
    assert_eq!(world.started(), [first, plain, early, late, last]);
}

#[test]
fn equal_moments_in_the_order_they_were_asked_for() {
    let mut world = World::of_concurrency(1.0);
    let first = world.run(0);
    let jobs: Vec<_> = (1..50).map(|key| world.run_with(key, &delay(10.0))).collect();
    world.pass(10.0);
    world.resolve(first);
    for job in &jobs {
        world.resolve(*job);
    }
    assert_eq!(world.started()[1..], jobs);
}

#[test]
fn a_delay_runs_while_the_key_is_taken() {
    let mut world = World::with(|_| ());
    let standing = world.run(1);
    let behind = options(|options| (options.delay, options.on_duplicate) = (Some(10.0), Some(OnDuplicate::Queue)));
    let behind = world.run_with(1, &behind);
    world.pass(50.0);
    assert!(!world.has_started(behind));
    world.resolve(standing);
    assert_eq!(world.starts().last(), Some(&(50.0, behind)), "the delay was over long ago");
}

#[test]
fn a_free_key_is_not_enough_while_the_delay_lasts() {
    let mut world = World::with(|_| ());
    let standing = world.run(1);
    let behind = options(|options| (options.delay, options.on_duplicate) = (Some(10.0), Some(OnDuplicate::Replace)));
    let behind = world.run_with(1, &behind);
    world.resolve(standing);
    assert_eq!(world.engine.standing(jobgate::engine::KeyId(1)), Some(behind));
    world.pass(10.0);
    assert_eq!(world.starts().last(), Some(&(10.0, behind)));
}

#[test]
fn a_hundred_thousand_delays_need_one_timer() {
    let mut world = World::with(|_| ());
    for key in 0..100_000 {
        world.run_with(key, &delay(f64::from(key % 100) + 1.0));
    }
    assert_eq!(world.wake(), Some(1.0));
    world.pass(100.0);
    assert_eq!((world.counts(), world.ticks), ((0, 100_000), 100));
}
