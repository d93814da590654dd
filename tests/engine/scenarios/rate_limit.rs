//! At most so many starts in any window of so long.

use std::collections::VecDeque;

use jobgate::engine::{Channel, Command, JobId, ManagerOptions, RetryOptions, Source, Time};
#[cfg(target_family = "wasm")]
use wasm_bindgen_test::wasm_bindgen_test as test;

use crate::world::{Dice, World, options};

const HOUR: f64 = 3_600_000.0;

fn world(limit: f64, interval: f64) -> World {
    World::with(|options| options.rate_limit = Some((limit, interval)))
}

fn moments(world: &World) -> Vec<f64> {
    world.starts().into_iter().map(|(at, _)| at).collect()
}

#[test]
fn the_window_slides() {
    let mut world = world(2.0, 100.0);
    world.run(1);
    world.pass(30.0);
    for key in 2..6 {
        world.run(key);
    }
    world.pass(1000.0);
    assert_eq!(moments(&world), [0.0, 30.0, 100.0, 130.0, 200.0]);
}

#[test]
fn no_sooner_and_no_later_to_the_microsecond() {
    let mut world = world(1.0, 0.3335);
    for key in 0..4 {
        world.run(key);
    }
    world.pass(10.0);
    assert_eq!(moments(&world), [0.0, 0.334, 0.668, 1.002], "rounded up to whole microseconds, never down");
}

#[test]
fn the_window_is_counted_from_when_the_bodies_were_called() {
    let mut world = world(2.0, 100.0);
    world.send(Command::Pause(world.manager));
    let jobs: Vec<JobId> = (0..5).map(|key| world.run(key)).collect();
    world.send(Command::Resume(world.manager));
    for job in &jobs[..2] {
        world.pass_unnoticed(2.0);
        world.send(Command::Called(*job));
    }
    world.pass(1000.0);
    assert_eq!(moments(&world), [0.0, 0.0, 102.0, 104.0, 202.0]);
}

#[test]
fn a_body_that_is_called_when_its_start_no_longer_counts_holds_nobody_back() {
    let mut world = world(1.0, 100.0);
    let late = world.run(1);
    world.run(2);
    world.pass_unnoticed(100.0);
    world.send(Command::Called(late));
    assert_eq!(moments(&world), [0.0, 100.0]);
}

#[test]
fn a_stopped_start_counts_and_so_does_a_retry() {
    let mut world = world(1.0, 100.0);
    let retry = RetryOptions { limit: 1.0, delay: 0.0, ..RetryOptions::default() };
    let first = world.run_with(1, &options(|options| options.retry = Some(retry)));
    world.reject(first);
    world.send(Command::Retry { job: first, again: true, wait: None, random: 0.5 });
    assert_eq!(world.counts(), (1, 0));
    world.pass(100.0);
    assert_eq!(world.starts(), [(0.0, first), (100.0, first)]);
    world.stop(first);
    world.resolve(first);
    let second = world.run(2);
    world.pass(100.0);
    assert_eq!(world.starts().last(), Some(&(200.0, second)));
}

#[test]
fn a_job_that_never_starts_does_not_count() {
    let mut world = world(1.0, 100.0);
    world.run(1);
    let cancelled = world.run(2);
    let third = world.run(3);
    world.stop(cancelled);
    world.pass(100.0);
    assert_eq!(world.starts().last(), Some(&(100.0, third)));
}

#[test]
fn the_best_in_line_when_the_window_opens_goes_first() {
    let mut world = world(1.0, 100.0);
    world.run(1);
    world.run(2);
    world.pass(99.0);
    let better = world.run_at(3, 1.0);
    world.pass(1.0);
    assert_eq!(world.starts().last(), Some(&(100.0, better)));
}

#[test]
fn a_late_timer_delays_and_does_not_add_up() {
    let mut world = world(2.0, 100.0);
    for key in 0..6 {
        world.run(key);
    }
    world.pass_unnoticed(350.0);
    world.tick();
    world.pass(1000.0);
    assert_eq!(moments(&world), [0.0, 0.0, 350.0, 350.0, 450.0, 450.0]);
}

#[test]
fn no_timer_is_left_when_nobody_waits_for_the_window() {
    let mut world = world(1.0, 100.0);
    world.run(1);
    assert_eq!(world.wake(), None);
    let waiting = world.run(2);
    assert_eq!(world.wake(), Some(100.0));
    world.stop(waiting);
    assert_eq!(world.wake(), None);
    world.run(3);
    assert_eq!(world.wake(), Some(100.0));
    world.send(Command::Pause(world.manager));
    assert_eq!(world.wake(), None, "a paused manager waits for nothing");
    world.send(Command::Resume(world.manager));
    assert_eq!(world.wake(), Some(100.0));
}

#[test]
fn an_infinite_limit_is_none() {
    let mut world = world(f64::INFINITY, 100.0);
    let jobs: Vec<JobId> = (0..1000).map(|key| world.run(key)).collect();
    assert_eq!(world.started(), jobs);
}

/// An hour of jobs that come at random moments: every start is exactly when the window and the jobs before it first
/// allow it.
#[test]
fn an_hour_of_a_fake_clock() {
    for (limit, interval) in [(1_u32, 250.0), (5, 1000.0), (40, 60_000.0), (3, 7.125)] {
        let mut world = world(f64::from(limit), interval);
        let mut dice = Dice::new(limit.into());
        let mut arrivals = Vec::new();
        let mut key = 0;
        while world.now() < HOUR {
            // Bursts and lulls, a little less than the limit in the long run.
            let gap = interval / f64::from(limit) * 1.05;
            let burst = 1 + dice.below(2 * u64::from(limit));
            for _ in 0..burst {
                arrivals.push(world.now());
                world.run(key);
                key += 1;
            }
            let lull = (gap * burst as f64 * 2.0 * dice.unit() * 8.0).round() / 8.0;
            world.pass(lull);
        }
        world.pass(HOUR);

        let starts = moments(&world);
        assert_eq!(starts.len(), arrivals.len());
        let mut window: VecDeque<f64> = VecDeque::new();
        for (start, arrival) in starts.iter().zip(&arrivals) {
            let allowed = if window.len() < limit as usize { 0.0 } else { window.pop_front().unwrap() + interval };
            assert_eq!(*start, arrival.max(allowed), "limit {limit} in {interval} ms");
            window.push_back(*start);
        }
        let span = (starts.last().unwrap() - starts[0]) / interval;
        assert!(span > HOUR / interval * 0.9 && starts.len() > 1000, "{} starts", starts.len());
    }
}

#[test]
fn each_manager_counts_its_own() {
    let mut world = world(1.0, 100.0);
    let first = world.run(1);
    let limits = ManagerOptions { rate_limit: Some((1.0, 50.0)), ..ManagerOptions::default() };
    world.manager = world.add_manager(&limits);
    let second = world.run(2);
    let third = world.run(3);
    world.pass(200.0);
    assert_eq!(world.starts(), [(0.0, first), (0.0, second), (50.0, third)]);
}

#[test]
fn another_limit_counts_what_was_started_under_the_one_before() {
    let mut world = world(1.0, 10.0);
    for key in 0..7 {
        world.run(key);
    }
    world.pass(25.0);
    assert_eq!(moments(&world), [0.0, 10.0, 20.0]);
    set(&mut world, Some((3.0, 100.0)));
    world.pass(80.0);
    assert_eq!(moments(&world)[3..], [100.0], "also what lay further back than the old window");
    set(&mut world, None);
    assert_eq!(moments(&world)[4..], [105.0; 3]);
    set(&mut world, Some((4.0, 100.0)));
    world.run(7);
    world.pass(200.0);
    assert_eq!(moments(&world)[7..], [200.0], "also what was started while there was none");
}

#[test]
fn a_limit_that_makes_no_sense_is_refused_by_name() {
    let mut world = world(1.0, 10.0);
    let manager = world.manager;
    for (limit, interval, field) in
        [(0.0, 1.0, "limit"), (0.5, 1.0, "limit"), (1.0, 0.0, "interval"), (1.0, f64::INFINITY, "interval")]
    {
        let refusal = world.refusal(Command::SetRateLimit { manager, rate_limit: Some((limit, interval)) });
        assert!(refusal.to_string().starts_with(&format!("rateLimit.{field}")), "{refusal}");
        let options = ManagerOptions { group_rate_limit: Some((limit, interval)), ..ManagerOptions::default() };
        let refusal = world.refusal(Command::CreateManager(&options));
        assert!(refusal.to_string().starts_with(&format!("groupRateLimit.{field}")), "{refusal}");
    }
}

#[test]
fn until_when_the_limit_alone_holds_jobs_back_can_be_asked_and_watchers_hear_of_its_change() {
    let mut world = World::with(|options| (options.concurrency, options.rate_limit) = (2.0, Some((1.0, 100.0))));
    let manager = world.manager;
    let until = |world: &World| world.engine.rate_limited_until(manager).map(Time::as_millis);
    let first = world.run(1);
    assert_eq!(until(&world), None, "nobody waits");
    let second = world.run(2);
    assert_eq!(until(&world), Some(100.0));
    world.send(Command::Pause(manager));
    assert_eq!(until(&world), None, "the pause holds it back, too");
    world.listen(Source::Manager(manager), Channel::Change);
    world.news();
    world.send(Command::Resume(manager));
    assert_eq!((until(&world), world.news().len()), (Some(100.0), 1));
    world.pass(100.0);
    assert!(world.has_started(second));
    world.run(3);
    assert_eq!(until(&world), None, "there is no slot");
    world.resolve(first);
    assert_eq!(until(&world), Some(200.0));
}

#[test]
fn of_an_end_of_the_limit_that_moves_watchers_hear_by_whole_milliseconds() {
    for (late, told) in [(0.4, 0), (1.0, 1)] {
        let mut world = World::with(|options| (options.concurrency, options.rate_limit) = (2.0, Some((1.0, 100.0))));
        let first = world.run(1);
        world.run(2);
        world.listen(Source::Manager(world.manager), Channel::Change);
        world.news();
        world.pass_unnoticed(late);
        world.send(Command::Called(first));
        let until = world.engine.rate_limited_until(world.manager).map(Time::as_millis);
        assert_eq!((until, world.news().len()), (Some(100.0 + late), told));
    }
}

fn set(world: &mut World, rate_limit: Option<(f64, f64)>) {
    let manager = world.manager;
    world.send(Command::SetRateLimit { manager, rate_limit });
}
