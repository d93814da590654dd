//! Jobs that share a limit of their own.

use std::rc::Rc;

use jobgate::engine::{Command, JobId, Reply, RunOptions};
#[cfg(target_family = "wasm")]
use wasm_bindgen_test::wasm_bindgen_test as test;

use crate::world::{Dice, World, options};

fn of_group(name: &str, priority: f64) -> RunOptions {
    options(|options| (options.group, options.priority) = (Some(Rc::from(name)), Some(priority)))
}

fn world(concurrency: f64, group_concurrency: f64) -> World {
    World::with(|options| (options.concurrency, options.group_concurrency) = (concurrency, group_concurrency))
}

#[test]
fn a_group_runs_as_many_as_it_may_and_others_pass_it_by() {
    let mut world = world(3.0, 1.0);
    let a1 = world.run_with(1, &of_group("a", 0.0));
    let a2 = world.run_with(2, &of_group("a", 9.0));
    let b1 = world.run_with(3, &of_group("b", 0.0));
    let plain = world.run(4);
    assert_eq!(world.started(), [a1, b1, plain], "the skipped group blocks nobody, not even from above");
    world.resolve(plain);
    assert!(!world.has_started(a2), "a free slot is no room in the group");
    world.resolve(a1);
    assert!(world.has_started(a2));
}

#[test]
fn the_best_job_of_a_group_that_has_room_is_taken() {
    let mut world = world(2.0, 1.0);
    let blocker = world.run_with(0, &of_group("a", 0.0));
    let first = world.run(1);
    let a_high = world.run_with(2, &of_group("a", 9.0));
    let b_low = world.run_with(3, &of_group("b", 1.0));
    let b_high = world.run_with(4, &of_group("b", 2.0));
    let plain = world.run_at(5, 1.5);
    world.resolve(first);
    assert_eq!(world.started(), [blocker, first, b_high], "a is full; the best of the rest");
    world.resolve(b_high);
    assert_eq!(world.started().last(), Some(&plain), "b has room, and a plain job is better than its best");
    world.resolve(blocker);
    assert_eq!(world.started().last(), Some(&a_high), "a has room again, and the best of all");
    world.resolve(plain);
    assert_eq!(world.started().last(), Some(&b_low));
}

#[test]
fn among_equals_first_come_first_served_across_groups() {
    let mut world = world(1.0, 1.0);
    let first = world.run(0);
    let names = ["a", "b", "", "b", "a", "", "c"];
    let jobs: Vec<JobId> = (1..)
        .zip(names)
        .map(|(key, name)| if name.is_empty() { world.run(key) } else { world.run_with(key, &of_group(name, 0.0)) })
        .collect();
    world.resolve(first);
    for job in &jobs {
        world.resolve(*job);
    }
    assert_eq!(world.started()[1..], jobs);
}

#[test]
fn a_group_is_made_and_forgotten_with_its_members() {
    let mut world = world(f64::INFINITY, 1.0);
    for round in 0..3 {
        let one = world.run_with(1, &of_group("a", 0.0));
        let two = world.run_with(2, &of_group("a", 0.0));
        assert!(world.has_started(one), "round {round}");
        assert_eq!(world.engine.live_records(), 8, "manager, group, jobs, their extras, keys");
        world.stop(two);
        world.resolve(one);
        world.recycle();
        assert_eq!(world.engine.live_records(), 1);
        world.seen.clear();
    }
}

#[test]
fn groups_mean_nothing_without_a_limit_on_them() {
    let mut world = world(f64::INFINITY, f64::INFINITY);
    let jobs: Vec<JobId> = (0..100).map(|key| world.run_with(key, &of_group("a", 0.0))).collect();
    assert_eq!(world.started(), jobs);
}

#[test]
fn a_slot_of_the_group_is_free_in_a_retry_wait_and_taken_while_stopping() {
    let mut world = world(f64::INFINITY, 1.0);
    let mut retried = of_group("a", 0.0);
    retried.retry = Some(jobgate::engine::RetryOptions { limit: 1.0, ..Default::default() });
    let one = world.run_with(1, &retried);
    let two = world.run_with(2, &of_group("a", 0.0));
    let three = world.run_with(3, &of_group("a", 0.0));
    world.reject(one);
    assert!(!world.has_started(two), "not yet decided");
    world.send(jobgate::engine::Command::Retry { job: one, again: true, wait: None, random: 0.5 });
    assert!(world.has_started(two));
    assert_eq!(world.stop(two), Reply::Done);
    assert!(!world.has_started(three), "the stopped one has not settled");
    world.resolve(two);
    assert!(world.has_started(three));
}

fn rated(limit: f64, interval: f64) -> World {
    World::with(|options| options.group_rate_limit = Some((limit, interval)))
}

#[test]
fn each_group_has_a_rate_limit_of_its_own_and_holds_no_other_back() {
    let mut world = rated(1.0, 100.0);
    let a = [1, 2, 3].map(|key| world.run_with(key, &of_group("a", 9.0)));
    world.pass(30.0);
    let b = [4, 5].map(|key| world.run_with(key, &of_group("b", 0.0)));
    let plain = world.run(6);
    world.pass(500.0);
    let expected = [(0.0, a[0]), (30.0, b[0]), (30.0, plain), (100.0, a[1]), (130.0, b[1]), (200.0, a[2])];
    assert_eq!(world.starts(), expected);
}

#[test]
fn the_limits_of_the_manager_and_of_its_groups_hold_together() {
    let mut world = World::with(|options| {
        options.rate_limit = Some((2.0, 70.0));
        options.group_rate_limit = Some((1.0, 100.0));
    });
    let jobs = [(1, "a"), (2, "a"), (3, "b"), (4, "b"), (5, "c")];
    let [a1, a2, b1, b2, c] = jobs.map(|(key, name)| world.run_with(key, &of_group(name, 0.0)));
    world.pass(500.0);
    assert_eq!(world.starts(), [(0.0, a1), (0.0, b1), (70.0, c), (100.0, a2), (140.0, b2)]);
}

#[test]
fn a_groups_window_is_counted_from_when_its_bodies_were_called() {
    let mut world = rated(1.0, 100.0);
    let first = world.run_with(1, &of_group("a", 0.0));
    let second = world.run_with(2, &of_group("a", 0.0));
    world.pass_unnoticed(3.0);
    world.send(Command::Called(first));
    world.pass(500.0);
    assert_eq!(world.starts(), [(0.0, first), (103.0, second)]);
}

#[test]
fn a_call_is_told_of_the_start_that_it_belongs_to_whatever_has_been_forgotten_between() {
    let mut world = rated(2.0, 100.0);
    let first = world.run_with(1, &of_group("a", 0.0));
    world.send(Command::Called(first));
    world.pass(50.0);
    let [late, third, fourth] = [2, 3, 4].map(|key| world.run_with(key, &of_group("a", 0.0)));
    world.pass(70.0);
    world.send(Command::Called(late));
    world.pass(1000.0);
    let expected = [(0.0, first), (50.0, late), (100.0, third), (220.0, fourth)];
    assert_eq!(world.starts(), expected, "the fourth an interval after the second was called");
}

#[test]
fn no_timer_is_left_when_nobody_waits_for_a_groups_window() {
    let mut world = rated(1.0, 100.0);
    world.run_with(1, &of_group("a", 0.0));
    assert_eq!(world.wake(), None);
    let second = world.run_with(2, &of_group("a", 0.0));
    assert_eq!(world.wake(), Some(100.0));
    world.stop(second);
    assert_eq!(world.wake(), None);
}

/// Its starts count as long as the window lasts, whoever is in it.
#[test]
fn a_group_with_a_rate_limit_is_forgotten_when_its_starts_no_longer_count() {
    for called_after in [0.0, 5.0] {
        let mut world = rated(1.0, 100.0);
        for round in 0..1000 {
            let job = world.run_with(round, &of_group(&format!("host {round}"), 0.0));
            world.pass_unnoticed(called_after);
            world.send(Command::Called(job));
            world.resolve(job);
            world.recycle();
            world.seen.clear();
            world.pass(10.0 - called_after);
            // One whose body was called late is looked at a second time, a window later.
            assert!(world.engine.live_records() <= 1 + 22, "{} records", world.engine.live_records());
        }
        let late = world.run_with(0, &of_group("host 999", 0.0));
        assert!(!world.has_started(late), "its last start still counts");
    }
}

const LIMIT: usize = 2;

/// Who waits, in the order they came, and who runs.
#[derive(Default)]
struct Crowd {
    waiting: Vec<(JobId, u64, f64)>,
    running: Vec<(JobId, u64)>,
}

impl Crowd {
    /// Whoever has started was the best of those that their group let start, and among the best the first to come.
    fn check(&mut self, world: &mut World) {
        for (_, started) in world.starts() {
            let has_room = |group: u64| self.running.iter().filter(|(_, of)| *of == group).count() < LIMIT;
            let free = || self.waiting.iter().filter(|(_, group, _)| has_room(*group));
            let best = free().map(|(_, _, priority)| *priority).fold(f64::NEG_INFINITY, f64::max);
            let (expected, group, _) = *free().find(|(_, _, priority)| *priority == best).unwrap();
            assert_eq!(started, expected);
            self.waiting.retain(|(job, _, _)| *job != started);
            self.running.push((started, group));
        }
        world.seen.clear();
    }
}

#[test]
fn no_better_job_that_may_start_is_left_waiting() {
    let mut world = world(7.0, LIMIT as f64);
    let mut dice = Dice::new(3);
    let mut crowd = Crowd::default();
    for key in 0..3000 {
        let (group, priority) = (dice.below(12), dice.below(3) as f64);
        let job = world.run_with(key, &of_group(&format!("g{group}"), priority));
        crowd.waiting.push((job, group, priority));
        crowd.check(&mut world);
        if !key.is_multiple_of(5) && !crowd.running.is_empty() {
            let (job, _) = crowd.running.swap_remove(dice.below(crowd.running.len() as u64) as usize);
            world.resolve(job);
            crowd.check(&mut world);
        }
        assert!(crowd.running.len() <= 7);
    }
    assert!(world.stats().completed > 2000 && world.stats().pending > 100);
}
