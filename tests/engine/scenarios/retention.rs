//! Ended jobs that are kept, and forgotten ones that are not.

use jobgate::engine::{Channel, Command, CompletionType, Event, JobId, JobStatus, Reply, Source, ValueId};
#[cfg(target_family = "wasm")]
use wasm_bindgen_test::wasm_bindgen_test as test;

use crate::world::{Seen, World};

fn world(retain: f64) -> World {
    World::with(|options| options.retain = retain)
}

fn jobs(world: &World) -> Vec<JobId> {
    world.engine.jobs(world.manager).collect()
}

#[test]
fn by_default_an_ended_job_is_forgotten() {
    let mut world = World::with(|_| ());
    let job = world.run(1);
    world.resolve(job);
    assert_eq!(jobs(&world), []);
    world.recycle();
    assert_eq!(world.engine.status(job), None);
    assert_eq!(world.engine.live_records(), 1);
}

#[test]
fn the_newest_to_end_are_kept_and_listed_oldest_first() {
    let mut world = world(2.0);
    let [a, b, c, d] = [1, 2, 3, 4].map(|key| world.run(key));
    world.news();
    world.resolve(c);
    world.reject(a);
    assert_eq!(jobs(&world), [a, b, c, d]);
    world.stop(d);
    world.resolve(d);
    assert_eq!(world.news().last(), Some(&Seen::Forgotten(c)), "the first to end is the first to go");
    world.recycle();
    assert_eq!(jobs(&world), [a, b, d]);
    assert_eq!([a, b, d].map(|job| world.status(job)), [JobStatus::Failed, JobStatus::Running, JobStatus::Cancelled]);
    assert_eq!(world.engine.status(c), None);
}

#[test]
fn running_and_pending_jobs_are_never_dropped_for_it() {
    let mut world = World::with(|options| (options.retain, options.concurrency) = (1.0, 1.0));
    let running = world.run(0);
    let pending: Vec<JobId> = (1..20).map(|key| world.run(key)).collect();
    world.stop(pending[3]);
    world.stop(pending[7]);
    let listed = jobs(&world);
    assert_eq!(listed.len(), 19);
    assert!(listed.contains(&running) && listed.contains(&pending[7]) && !listed.contains(&pending[3]));
}

#[test]
fn watchers_hear_of_the_end_and_of_the_removal() {
    let mut world = world(1.0);
    let watcher = world.listen(Source::Manager(world.manager), Channel::Event);
    let [a, b] = [1, 2].map(|key| world.run(key));
    world.resolve(a);
    world.news();
    world.resolve(b);
    assert_eq!(
        world.news(),
        [
            Seen::Told(watcher, Event::Completed, Some(b)),
            Seen::Ended(b, CompletionType::Normal, None),
            Seen::Told(watcher, Event::Removed, Some(a)),
            Seen::Forgotten(a),
            Seen::Told(watcher, Event::Stats, None),
        ]
    );
}

#[test]
fn a_kept_job_answers_late_comers_and_takes_no_orders() {
    let mut world = world(1.0);
    let job = world.run(1);
    world.resolve(job);
    world.recycle();
    for latched in [Channel::Stopped, Channel::Event] {
        assert_eq!(
            world.send(Command::Listen { source: Source::Job(job), channel: latched, kept: ValueId::NONE }),
            Reply::Latched
        );
    }
    for silent in [Channel::State, Channel::Progress, Channel::Action] {
        assert_eq!(
            world.send(Command::Listen { source: Source::Job(job), channel: silent, kept: ValueId::NONE }),
            Reply::Ignored
        );
    }
    assert_eq!(world.send(Command::Dispatch { job, value: ValueId::NONE }), Reply::Ignored);
    assert_eq!(world.send(Command::SetState { job, attempt: 1, value: ValueId::NONE }), Reply::Ignored);
    assert_eq!(world.send(Command::Log { job, attempt: 1, value: ValueId::NONE }), Reply::Ignored);
    assert_eq!(world.send(Command::Progress { job, attempt: 1, percent: 1.0, value: ValueId::NONE }), Reply::Ignored);
    assert!(!world.engine.is_stopping(job));
}

#[test]
fn all_are_kept_if_all_shall_be() {
    let mut world = world(f64::INFINITY);
    let all: Vec<JobId> = (0..1000)
        .map(|key| {
            let job = world.run(key);
            world.resolve(job);
            job
        })
        .collect();
    assert_eq!(jobs(&world), all);
    assert_eq!(world.stats().completed, 1000);
}

#[test]
fn a_million_jobs_later_no_more_is_there_than_after_one() {
    let mut world = World::of_concurrency(3.0);
    for key in 0..1_000_000 {
        let job = world.run(key % 100);
        world.resolve(job);
        world.seen.clear();
        world.recycle();
        assert!(job.0 <= 1, "numbers are used again");
    }
    assert_eq!(world.engine.live_records(), 1);
    assert_eq!(world.stats().total, 1_000_000);
}
