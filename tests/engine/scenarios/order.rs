//! In which order jobs are listed, and that it is the order in which they start.

use jobgate::engine::{Channel, Command, JobId, RetryOptions, RunOptions, Source};
#[cfg(target_family = "wasm")]
use wasm_bindgen_test::wasm_bindgen_test as test;

use crate::world::{Seen, World, options};

fn delayed(millis: f64, priority: f64) -> RunOptions {
    options(|options| (options.delay, options.priority) = (Some(millis), Some(priority)))
}

fn listed(world: &World) -> Vec<JobId> {
    world.engine.order(world.manager)
}

#[test]
fn those_that_run_then_those_that_can_start_then_those_that_have_to_wait() {
    let mut world = World::of_concurrency(1.0);
    let running = world.run(1);
    let later = world.run_with(2, &delayed(20.0, 0.0));
    let sooner = world.run_with(3, &delayed(10.0, -5.0));
    let (low, high) = (world.run_at(4, -1.0), world.run_at(5, 1.0));
    assert_eq!(listed(&world), [running, high, low, sooner, later]);
    world.pass(10.0);
    assert_eq!(listed(&world), [running, high, low, sooner, later]);
    world.pass(10.0);
    assert_eq!(listed(&world), [running, high, later, low, sooner]);
}

#[test]
fn waits_that_end_at_the_same_moment_end_by_priority() {
    let mut world = World::of_concurrency(1.0);
    let [low, high, other] =
        [(1, 0.0), (2, 9.0), (3, 0.0)].map(|(key, level)| world.run_with(key, &delayed(5.0, level)));
    assert_eq!(listed(&world), [high, low, other]);
    world.pass(5.0);
    assert_eq!(world.started(), [high]);
    assert_eq!(listed(&world), [high, low, other]);
}

/// The timer is late: both waits are over by then.
#[test]
fn whoever_has_waited_long_enough_first_starts_first_however_late_the_timer_is() {
    let mut world = World::of_concurrency(2.0);
    let first = world.run_with(1, &delayed(5.0, 0.0));
    let second = world.run_with(2, &delayed(5.001, 9.0));
    let third = world.run_with(3, &delayed(5.002, 10.0));
    assert_eq!(listed(&world), [first, second, third]);
    world.pass_unnoticed(8.0);
    world.tick();
    assert_eq!(world.started(), [first, second]);
}

#[test]
fn an_ended_job_comes_after_all_others_the_newest_first() {
    let mut world = World::with(|options| options.retain = f64::INFINITY);
    let [one, other, running] = [1, 2, 3].map(|key| world.run(key));
    world.resolve(other);
    world.resolve(one);
    assert_eq!(listed(&world), [running]);
    let rank = |job| world.engine.rank(job).unwrap();
    assert!(rank(running) < rank(one) && rank(one) < rank(other));
}

#[test]
fn who_listens_for_the_order_hears_of_what_no_event_tells() {
    let mut world = World::of_concurrency(1.0);
    let listener = world.listen(Source::Manager(world.manager), Channel::Order);
    let running = world.run(1);
    let waiting = world.run(2);
    let delayed = world.run_with(3, &delayed(5.0, 0.0));
    let retried = world
        .run_with(4, &options(|options| options.retry = Some(RetryOptions { limit: 1.0, ..RetryOptions::default() })));
    world.news();
    let told = |world: &mut World| -> Vec<Option<JobId>> {
        let about = |seen| match seen {
            Seen::Called(told, Channel::Order, about) if told == listener => Some(about),
            _ => None,
        };
        world.news().into_iter().filter_map(about).collect()
    };
    world.send(Command::SetPriority { job: waiting, priority: -1.0 });
    world.send(Command::SetPriority { job: running, priority: 3.0 });
    assert_eq!(told(&mut world), [Some(waiting), Some(running)]);
    for (job, priority) in [(running, 3.0), (delayed, 0.0), (waiting, -1.0)] {
        world.send(Command::SetPriority { job, priority });
    }
    assert_eq!(told(&mut world), [], "they are where they were");
    world.pass(5.0);
    assert_eq!(told(&mut world), [Some(delayed)]);
    assert_eq!(listed(&world), [running, retried, delayed, waiting]);
}
