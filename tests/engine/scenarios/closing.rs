//! The end of a manager.

use jobgate::engine::{
    AbortCause, Channel, Command, CompletionType, KeyId, ManagerOptions, Refusal, Reply, RunOptions, Source, ValueId,
};
#[cfg(target_family = "wasm")]
use wasm_bindgen_test::wasm_bindgen_test as test;

use crate::world::{Seen, World, options};

#[test]
fn closed_it_takes_nothing_and_stops_all() {
    let mut world = World::of_concurrency(1.0);
    let running = world.run(1);
    let pending = world.run(2);
    let delayed = world.run_with(3, &options(|options| options.delay = Some(5.0)));
    assert_eq!(world.send(Command::Close(world.manager)), Reply::Done);
    for job in [pending, delayed] {
        assert_eq!(world.end_of(job), Some((CompletionType::Cancelled, Some(AbortCause::Stop))));
    }
    assert!(world.engine.is_stopping(running));
    let run = |key| Command::Run { manager: world.manager, key: KeyId(key), options: None };
    let (taken, free) = (run(1), run(9));
    assert_eq!(world.refusal(taken), Refusal::Closed);
    assert_eq!(world.refusal(free), Refusal::Closed);
    world.resolve(running);
    assert_eq!(world.started(), [running]);
    assert_eq!(world.send(Command::AwaitIdle(world.manager)), Reply::Done);
}

#[test]
fn closing_twice_and_resuming_do_not_open_it() {
    let mut world = World::with(|_| ());
    world.send(Command::Close(world.manager));
    world.send(Command::Close(world.manager));
    world.send(Command::Resume(world.manager));
    assert_eq!(world.ask_run(1, &RunOptions::default()), Err(Refusal::Closed));
}

#[test]
fn a_retry_that_was_being_decided_ends_with_the_manager() {
    let mut world = World::with(|_| ());
    let retry = jobgate::engine::RetryOptions { limit: 5.0, ..Default::default() };
    let job = world.run_with(1, &options(|options| options.retry = Some(retry)));
    world.reject(job);
    world.send(Command::Close(world.manager));
    assert_eq!(world.end_of(job), Some((CompletionType::Cancelled, Some(AbortCause::Stop))));
}

#[test]
fn dropped_it_goes_with_its_last_job() {
    let mut world = World::with(|options| options.retain = 5.0);
    let kept = world.run(1);
    world.resolve(kept);
    let running = world.run(2);
    let pending = world.run_with(3, &options(|options| options.delay = Some(10.0)));
    let watcher = world.listen(Source::Manager(world.manager), Channel::Change);
    assert_eq!(world.send(Command::DropManager(world.manager)), Reply::Done);
    world.resolve(running);
    assert_eq!(world.counts(), (1, 0), "what it has goes on");
    world.pass(10.0);
    world.news();
    world.resolve(pending);
    let news = world.news();
    assert!(news.contains(&Seen::Called(watcher, Channel::Change, None)), "{news:?}");
    for job in [kept, running, pending] {
        assert!(news.contains(&Seen::Forgotten(job)), "{job:?} in {news:?}");
    }
    assert_eq!(world.engine.stats(world.manager), None);
    world.recycle();
    assert_eq!(world.engine.live_records(), 0);
}

#[test]
fn an_idle_one_goes_at_once_and_means_nothing_any_more() {
    let mut world = World::with(|_| ());
    let manager = world.manager;
    world.send(Command::DropManager(manager));
    assert_eq!(world.engine.live_records(), 0);
    for command in [
        Command::DropManager(manager),
        Command::StopAll(manager),
        Command::Close(manager),
        Command::Pause(manager),
        Command::Resume(manager),
        Command::SetConcurrency { manager, concurrency: 2.0 },
        Command::Listen { source: Source::Manager(manager), channel: Channel::Change, kept: ValueId::NONE },
    ] {
        assert_eq!(world.send(command), Reply::Ignored, "{command:?}");
    }
    assert_eq!(world.ask_run(1, &RunOptions::default()), Err(Refusal::Closed));
    assert_eq!(world.send(Command::AwaitIdle(manager)), Reply::Done, "nothing is left to wait for");
    assert_eq!(world.engine.version(manager), 0);
    assert_eq!(world.engine.jobs(manager).count(), 0);
}

#[test]
fn a_dropped_ones_rate_window_and_waits_leave_no_timer() {
    let mut world = World::new(&ManagerOptions { rate_limit: Some((1.0, 1000.0)), ..ManagerOptions::default() });
    let first = world.run(1);
    let second = world.run(2);
    world.send(Command::DropManager(world.manager));
    world.resolve(first);
    assert_eq!(world.wake(), Some(1000.0));
    world.stop(second);
    assert_eq!(world.wake(), None);
    world.recycle();
    assert_eq!(world.engine.live_records(), 0);
}
