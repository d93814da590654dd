//! Numbers that add up, and a version that counts what can be seen.

use jobgate::engine::{Channel, Command, Event, JobId, Reply, RetryOptions, Source, Stats, ValueId};
#[cfg(target_family = "wasm")]
use wasm_bindgen_test::wasm_bindgen_test as test;

use crate::world::{Seen, World, options};

#[test]
fn every_job_is_counted_where_it_is() {
    let mut world = World::of_concurrency(4.0);
    assert_eq!(world.stats(), Stats::default());
    let jobs: Vec<JobId> = (0..9).map(|key| world.run(key)).collect();
    world.resolve(jobs[0]);
    world.reject(jobs[1]);
    world.stop(jobs[2]);
    assert_eq!(world.counts(), (3, 4), "asked to stop is running still");
    world.resolve(jobs[2]);
    world.stop(jobs[8]);
    let expected = Stats { pending: 1, running: 4, completed: 1, failed: 1, cancelled: 2, total: 9 };
    assert_eq!(world.stats(), expected);
}

#[test]
fn a_retry_is_the_same_job() {
    let mut world = World::with(|_| ());
    let retry = RetryOptions { limit: 1.0, ..RetryOptions::default() };
    let job = world.run_with(1, &options(|options| options.retry = Some(retry)));
    world.reject(job);
    assert_eq!(world.counts(), (0, 1));
    world.send(Command::Retry { job, again: true, wait: None, random: 0.5 });
    assert_eq!(world.counts(), (1, 0));
    world.pass(500.0);
    world.resolve(job);
    assert_eq!(world.stats(), Stats { completed: 1, total: 1, ..Stats::default() });
}

#[test]
fn an_aborted_one_counts_as_created_and_cancelled() {
    let mut world = World::with(|_| ());
    world.run_with(1, &options(|options| options.aborted = true));
    assert_eq!(world.stats(), Stats { cancelled: 1, total: 1, ..Stats::default() });
}

/// Whether the version changes by this, and whether those who watch are called.
fn is_news<T>(world: &mut World, what: impl FnOnce(&mut World) -> T) -> bool {
    let before = world.version();
    world.news();
    what(world);
    let changed = world.version() != before;
    let called = world.news().iter().any(|seen| matches!(seen, Seen::Called(_, Channel::Change, _)));
    assert_eq!(changed, called, "version and watchers say the same");
    changed
}

#[test]
fn the_version_counts_what_can_be_seen_and_nothing_else() {
    let mut world = World::with(|options| (options.concurrency, options.rate_limit) = (2.0, Some((2.0, 50.0))));
    world.listen(Source::Manager(world.manager), Channel::Change);
    let manager = world.manager;
    let limited = options(|options| options.timeout = Some(200.0));
    let [mut slow, mut job] = [JobId(0); 2];
    assert!(is_news(&mut world, |world| slow = world.run_with(1, &limited)));
    assert!(is_news(&mut world, |world| job = world.run(2)));
    assert!(is_news(&mut world, |world| world.run_with(3, &options(|options| options.delay = Some(10.0)))));
    assert!(!is_news(&mut world, |world| world.pass(10.0)), "the delay is over, it is still pending");
    for (priority, news) in [(1.0, true), (1.0, false), (0.0, true), (-0.0, false)] {
        let set = Command::SetPriority { job, priority };
        assert_eq!(is_news(&mut world, |world| world.send(set)), news, "{priority}");
    }
    for silent in [
        Command::Pause(manager),
        Command::Resume(manager),
        Command::Resume(manager),
        Command::SetConcurrency { manager, concurrency: 1.0 },
        Command::SetState { job, attempt: 1, value: ValueId::NONE },
        Command::Progress { job, attempt: 1, percent: 5.0, value: ValueId::NONE },
        Command::Dispatch { job, value: ValueId::NONE },
        Command::AwaitIdle(manager),
        Command::AwaitStop { job, timeout: 1.0 },
        Command::Tick,
        Command::Recycle,
    ] {
        assert!(!is_news(&mut world, |world| world.send(silent)), "{silent:?}");
    }
    assert!(!is_news(&mut world, |world| world.pass(60.0)), "a stop's wait and a rate window without a slot");
    assert!(is_news(&mut world, |world| world.stop(job)), "it is stopping");
    assert!(!is_news(&mut world, |world| world.stop(job)));
    assert!(is_news(&mut world, |world| world.pass(200.0)), "timed out");
    assert!(!is_news(&mut world, |world| world.stop(slow)), "stopping it was already");
    assert!(is_news(&mut world, |world| world.resolve(job)));
    assert!(is_news(&mut world, |world| world.resolve(slow)));
}

#[test]
fn statistics_are_told_when_they_differ() {
    let mut world = World::of_concurrency(1.0);
    let watcher = world.listen(Source::Manager(world.manager), Channel::Event);
    let told = |world: &mut World| {
        world.news().into_iter().filter(|seen| *seen == Seen::Told(watcher, Event::Stats, None)).count()
    };
    let job = world.run(1);
    assert_eq!(told(&mut world), 1);
    world.send(Command::SetPriority { job, priority: 3.0 });
    world.stop(job);
    assert_eq!(told(&mut world), 0);
    world.resolve(job);
    assert_eq!(told(&mut world), 1);
}

#[test]
fn what_happens_elsewhere_is_no_news() {
    let mut world = World::with(|_| ());
    let here = world.manager;
    world.manager = world.add_manager(&jobgate::engine::ManagerOptions::default());
    let there = world.run(1);
    world.resolve(there);
    assert_eq!(world.engine.version(here), 0);
    assert_eq!(world.engine.stats(here), Some(Stats::default()));
    assert_eq!(world.send(Command::StopAll(here)), Reply::Done);
    assert_eq!(world.engine.version(here), 0);
}
