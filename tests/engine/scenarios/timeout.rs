//! An attempt that takes too long.

use jobgate::engine::{AbortCause, Command, CompletionType, JobStatus, Reply, RunOptions};
#[cfg(target_family = "wasm")]
use wasm_bindgen_test::wasm_bindgen_test as test;

use crate::world::{Seen, World, options};

fn timeout(millis: f64) -> RunOptions {
    options(|options| options.timeout = Some(millis))
}

#[test]
fn the_attempt_is_aborted_when_its_time_is_up() {
    let mut world = World::with(|_| ());
    let job = world.run_with(1, &timeout(10.5));
    world.pass(10.499);
    assert_eq!(world.news(), [Seen::Started(job, 1)]);
    world.pass(0.001);
    assert_eq!(world.seen, [(10.5, Seen::Aborted(job, AbortCause::Timeout))]);
}

#[test]
fn a_body_that_ignores_it_keeps_its_slot_and_is_seen_stopping() {
    let mut world = World::of_concurrency(1.0);
    let slow = world.run_with(1, &timeout(10.0));
    let next = world.run(2);
    world.pass(10.0);
    assert_eq!((world.status(slow), world.engine.is_stopping(slow)), (JobStatus::Running, true));
    world.pass(3_600_000.0);
    assert!(!world.has_started(next));
    world.resolve(slow);
    assert_eq!(world.end_of(slow), Some((CompletionType::Failed, Some(AbortCause::Timeout))));
    assert_eq!(world.started(), [slow, next]);
}

#[test]
fn it_has_failed_whether_the_body_resolves_or_rejects() {
    for resolves in [true, false] {
        let mut world = World::with(|_| ());
        let job = world.run_with(1, &timeout(10.0));
        world.pass(11.0);
        if resolves {
            world.resolve(job)
        } else {
            world.reject(job)
        }
        assert_eq!(world.end_of(job), Some((CompletionType::Failed, Some(AbortCause::Timeout))));
    }
}

#[test]
fn settled_in_time_is_settled() {
    let mut world = World::with(|_| ());
    let [resolved, rejected] = [1, 2].map(|key| world.run_with(key, &timeout(10.0)));
    world.pass(9.999);
    world.resolve(resolved);
    world.reject(rejected);
    assert_eq!(world.end_of(resolved), Some((CompletionType::Normal, None)));
    assert_eq!(world.end_of(rejected), Some((CompletionType::Failed, None)));
    assert_eq!(world.wake(), None);
}

#[test]
fn a_stop_after_the_timeout_makes_it_cancelled() {
    let mut world = World::with(|_| ());
    let job = world.run_with(1, &timeout(10.0));
    world.pass(10.0);
    assert_eq!(world.stop(job), Reply::Done);
    world.resolve(job);
    assert_eq!(world.end_of(job), Some((CompletionType::Cancelled, Some(AbortCause::Stop))));
}

#[test]
fn a_stop_before_it_takes_the_time_limit_away() {
    let mut world = World::with(|_| ());
    let job = world.run_with(1, &timeout(10.0));
    world.stop(job);
    assert_eq!(world.wake(), None);
    world.pass(100.0);
    world.reject(job);
    assert_eq!(
        world.news(),
        [
            Seen::Started(job, 1),
            Seen::Aborted(job, AbortCause::Stop),
            Seen::Ended(job, CompletionType::Cancelled, Some(AbortCause::Stop))
        ]
    );
}

#[test]
fn the_clock_starts_with_the_attempt_not_with_the_wait() {
    let mut world = World::of_concurrency(1.0);
    let first = world.run(0);
    world.run_with(1, &timeout(10.0));
    world.pass(100.0);
    assert_eq!(world.wake(), None);
    world.resolve(first);
    assert_eq!(world.wake(), Some(110.0));
}

#[test]
fn no_time_at_all_and_all_the_time_there_is() {
    let mut world = World::with(|_| ());
    let none = world.run_with(1, &timeout(0.0));
    assert_eq!(world.wake(), Some(0.0));
    world.pass(0.0);
    assert!(world.engine.is_stopping(none));
    world.resolve(none);
    let endless = world.run_with(2, &timeout(f64::INFINITY));
    assert_eq!(world.wake(), None);
    let long = world.run_with(3, &timeout(4_294_967_296.0));
    world.pass(4_294_967_295.0);
    assert!(!world.engine.is_stopping(long));
    world.pass(1.0);
    assert!(world.engine.is_stopping(long) && !world.engine.is_stopping(endless));
}

#[test]
fn a_managers_default_holds_where_a_job_says_nothing() {
    let mut world = World::with(|manager| manager.defaults = timeout(10.0));
    let plain = world.run(1);
    let own = world.run_with(2, &timeout(20.0));
    let none = world.run_with(3, &timeout(f64::INFINITY));
    let command = Command::Run { manager: world.manager, key: jobgate::engine::KeyId(4), options: None };
    let Reply::Created { job: bare, .. } = world.send(command) else { panic!("not created") };
    world.pass(15.0);
    assert_eq!([plain, own, none, bare].map(|job| world.engine.is_stopping(job)), [true, false, false, true]);
    world.pass(1000.0);
    assert_eq!([plain, own, none, bare].map(|job| world.engine.is_stopping(job)), [true, true, false, true]);
}
