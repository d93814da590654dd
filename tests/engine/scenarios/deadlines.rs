//! One timer for everything: whoever ticks at the announced moments, and at no other, misses nothing.

use jobgate::engine::{Command, RetryOptions};
#[cfg(target_family = "wasm")]
use wasm_bindgen_test::wasm_bindgen_test as test;

use crate::world::{Dice, Seen, World, options};

#[test]
fn nothing_to_wait_for_is_no_timer() {
    let mut world = World::of_concurrency(1.0);
    let job = world.run(1);
    world.run(2);
    assert_eq!(world.wake(), None);
    world.resolve(job);
    assert_eq!(world.wake(), None);
}

#[test]
fn an_earlier_moment_is_announced_and_a_later_one_is_not() {
    let mut world = World::with(|_| ());
    let delay = |millis| options(|options| options.delay = Some(millis));
    world.run_with(1, &delay(50.0));
    assert_eq!(world.wake(), Some(50.0));
    world.run_with(2, &delay(80.0));
    assert_eq!(world.wake(), Some(50.0));
    world.run_with(3, &delay(20.0));
    assert_eq!(world.wake(), Some(20.0));
    world.run_with(4, &delay(20.0));
    assert_eq!(world.wakes, 2, "the same moment is not announced twice");
}

#[test]
fn a_wait_is_counted_among_the_records_until_it_is_over() {
    let mut world = World::with(|_| ());
    let job = world.run_with(1, &options(|options| options.delay = Some(50.0)));
    assert_eq!(world.engine.live_records(), 5, "manager, job, its extras, key, wait");
    world.pass(50.0);
    assert_eq!(world.engine.live_records(), 4);
    let waiter = Command::AwaitStop { job, timeout: 20.0 };
    world.send(waiter);
    assert_eq!(world.engine.live_records(), 6, "who waits, and until when");
    world.resolve(job);
    world.recycle();
    assert_eq!(world.engine.live_records(), 1);
    world.run(1);
    assert_eq!(world.engine.live_records(), 3, "a plain job has no extras");
}

#[test]
fn the_timer_is_taken_back_when_the_last_wait_is_over() {
    let mut world = World::with(|_| ());
    let jobs = [10.0, 20.0].map(|delay| world.run_with(delay as u32, &options(|options| options.delay = Some(delay))));
    world.stop(jobs[0]);
    assert!(world.wake().is_some());
    world.stop(jobs[1]);
    assert_eq!(world.wake(), None);
}

#[test]
fn a_tick_too_early_does_no_harm_and_asks_again() {
    let mut world = World::with(|_| ());
    let job = world.run_with(1, &options(|options| options.delay = Some(50.0)));
    world.pass(49.0);
    world.tick();
    assert_eq!(world.wake(), Some(50.0));
    assert!(!world.has_started(job));
}

#[test]
fn a_tick_much_too_late_finds_everything_due_in_its_order() {
    let mut world = World::with(|_| ());
    let with_timeout = world.run_with(1, &options(|options| options.timeout = Some(30.0)));
    let delayed = world.run_with(2, &options(|options| options.delay = Some(10.0)));
    let waiter = world.send(Command::AwaitStop { job: with_timeout, timeout: 20.0 });
    let jobgate::engine::Reply::Waiter(waiter) = waiter else { panic!("no wait") };
    world.pass_unnoticed(1000.0);
    world.news();
    world.tick();
    assert_eq!(
        world.news(),
        [
            Seen::WaitOver(waiter),
            Seen::Aborted(with_timeout, jobgate::engine::AbortCause::Timeout),
            Seen::Started(delayed, 1),
        ]
    );
    assert_eq!(world.wake(), None);
}

#[test]
fn a_million_cancelled_timeouts_leave_no_timer_and_no_record() {
    let mut world = World::with(|_| ());
    let limited = options(|options| options.timeout = Some(60_000.0));
    for key in 0..1_000_000 {
        let job = world.run_with(key % 10, &limited);
        world.resolve(job);
        world.seen.clear();
        world.recycle();
        if key.is_multiple_of(1000) {
            world.pass(1.0);
        }
    }
    assert_eq!(world.wake(), None);
    assert_eq!(world.engine.live_records(), 1);
}

/// The same busy hour twice: once ticking when told to, once every 125 microseconds for certain.
#[test]
fn ticking_when_told_is_as_good_as_ticking_all_the_time() {
    let play = |seed: u64, always: bool| {
        let mut world = World::with(|options| {
            (options.concurrency, options.group_concurrency) = (3.0, 2.0);
            options.rate_limit = Some((2.0, 2.0));
        });
        let mut dice = Dice::new(seed);
        let wait = |dice: &mut Dice| dice.below(80) as f64 / 8.0;
        for key in 0..60 {
            let run = options(|options| {
                options.delay = Some(wait(&mut dice));
                options.timeout = Some(wait(&mut dice) + 1.0);
                options.group = (dice.below(2) == 0).then(|| "a".into());
                let (delay, jitter) = (wait(&mut dice), false);
                options.retry = Some(RetryOptions { limit: 2.0, delay, jitter, ..RetryOptions::default() });
            });
            world.run_with(key, &run);
            let steps = dice.below(40);
            for _ in 0..steps {
                world.pass(0.125);
                if always {
                    world.tick();
                }
                // A body that has been asked to end does; its job is retried.
                for (_, seen) in world.seen.clone().into_iter().rev().take(5) {
                    if let Seen::Aborted(job, _) = seen
                        && world.engine.is_stopping(job)
                    {
                        world.reject(job);
                        world.send(Command::Retry { job, again: true, wait: None, random: 0.0 });
                    }
                }
            }
        }
        (world.seen, world.ticks)
    };
    for seed in 1..20 {
        let ((told, few), (always, many)) = (play(seed, false), play(seed, true));
        assert!(few * 2 < many && told.len() > 100, "{few} ticks, {many} ticks, {} events", told.len());
        assert_eq!(told, always, "seed {seed}");
    }
}
