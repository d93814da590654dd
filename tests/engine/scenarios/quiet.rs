//! Waiting until nothing is pending, or nothing at all.

use jobgate::engine::{Command, OnDuplicate, Reply, RetryOptions};
#[cfg(target_family = "wasm")]
use wasm_bindgen_test::wasm_bindgen_test as test;

use crate::world::{Seen, World, options};

fn await_empty(world: &mut World) -> Reply {
    world.send(Command::AwaitPendingBelow { manager: world.manager, size: 1.0 })
}

fn await_idle(world: &mut World) -> Reply {
    world.send(Command::AwaitIdle(world.manager))
}

fn heard(world: &mut World) -> (bool, bool) {
    let (empty, idle) = (Seen::PendingBelow(world.manager), Seen::Idle(world.manager));
    let news = world.news();
    (news.contains(&empty), news.contains(&idle))
}

#[test]
fn at_once_on_a_manager_that_never_ran_anything() {
    let mut world = World::with(|_| ());
    assert_eq!((await_empty(&mut world), await_idle(&mut world)), (Reply::Done, Reply::Done));
    world.run(1);
    assert_eq!((await_empty(&mut world), await_idle(&mut world)), (Reply::Done, Reply::Ignored));
}

#[test]
fn empty_when_the_last_pending_one_starts_and_idle_when_the_last_running_one_has_settled() {
    let mut world = World::of_concurrency(1.0);
    let first = world.run(1);
    let second = world.run(2);
    assert_eq!((await_empty(&mut world), await_idle(&mut world)), (Reply::Ignored, Reply::Ignored));
    world.resolve(first);
    assert_eq!(heard(&mut world), (true, false));
    world.resolve(second);
    assert_eq!(heard(&mut world), (false, true));
}

#[test]
fn idle_waits_for_a_stopped_job_to_settle() {
    let mut world = World::of_concurrency(1.0);
    let job = world.run(1);
    await_idle(&mut world);
    world.stop(job);
    world.pass(1000.0);
    assert_eq!(heard(&mut world), (false, false));
    world.resolve(job);
    assert_eq!(heard(&mut world), (false, true));
}

#[test]
fn delayed_and_retried_and_key_waiting_jobs_are_pending() {
    let delayed = |world: &mut World| world.run_with(1, &options(|options| options.delay = Some(10.0)));
    let behind = |world: &mut World| {
        world.run(1);
        world.run_with(1, &options(|options| options.on_duplicate = Some(OnDuplicate::Queue)))
    };
    let retried = |world: &mut World| {
        let retry = RetryOptions { limit: 1.0, ..RetryOptions::default() };
        let job = world.run_with(1, &options(|options| options.retry = Some(retry)));
        world.reject(job);
        world.send(Command::Retry { job, again: true, wait: None, random: 0.5 });
        job
    };
    for pending in [delayed, behind, retried] {
        let mut world = World::with(|_| ());
        let job = pending(&mut world);
        assert_eq!(await_empty(&mut world), Reply::Ignored);
        heard(&mut world);
        world.stop(job);
        assert_eq!(heard(&mut world), (true, false));
    }
}

#[test]
fn told_once_however_many_ask_and_again_to_those_who_ask_again() {
    let mut world = World::with(|_| ());
    for _ in 0..2 {
        let job = world.run(1);
        for _ in 0..3 {
            await_idle(&mut world);
        }
        world.news();
        world.resolve(job);
        let idle = world.news().into_iter().filter(|seen| *seen == Seen::Idle(world.manager)).count();
        assert_eq!(idle, 1);
    }
    let job = world.run(1);
    world.resolve(job);
    assert_eq!(heard(&mut world), (false, false), "nobody has asked");
}

#[test]
fn a_job_that_follows_in_the_same_breath_keeps_it_from_being_quiet() {
    let mut world = World::of_concurrency(1.0);
    let first = world.run(1);
    let replacement = world.run_with(1, &options(|options| options.on_duplicate = Some(OnDuplicate::Replace)));
    await_idle(&mut world);
    world.resolve(first);
    assert_eq!(heard(&mut world), (false, false));
    world.resolve(replacement);
    assert_eq!(heard(&mut world), (false, true));
}

#[test]
fn quiet_comes_after_the_end_that_makes_it() {
    let mut world = World::with(|_| ());
    let job = world.run(1);
    await_idle(&mut world);
    world.news();
    world.resolve(job);
    let news = world.news();
    let place = |wanted: fn(&Seen) -> bool| news.iter().position(wanted);
    assert!(place(|seen| matches!(seen, Seen::Ended(..))) < place(|seen| matches!(seen, Seen::Idle(_))));
}
