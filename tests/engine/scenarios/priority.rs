//! Who is first in line.

use jobgate::engine::{Command, JobId, Reply};
#[cfg(target_family = "wasm")]
use wasm_bindgen_test::wasm_bindgen_test as test;

use crate::world::{Dice, Seen, World, options};

fn run_all_in_turn(world: &mut World, first: JobId) {
    let mut next = 0;
    world.resolve(first);
    while let Some((_, job)) = world.starts().get(next + 1).copied() {
        next += 1;
        world.resolve(job);
    }
}

fn set_priority(world: &mut World, job: JobId, priority: f64) -> Reply {
    world.send(Command::SetPriority { job, priority })
}

#[test]
fn higher_first_and_equals_in_the_order_they_came() {
    let mut world = World::of_concurrency(1.0);
    let first = world.run(0);
    let jobs: Vec<JobId> =
        (1..).zip([0.0, 1.0, -1.0, 1.0, 0.0, 0.5]).map(|(key, priority)| world.run_at(key, priority)).collect();
    run_all_in_turn(&mut world, first);
    let order = [jobs[1], jobs[3], jobs[5], jobs[0], jobs[4], jobs[2]];
    assert_eq!(world.started()[1..], order);
}

#[test]
fn any_finite_number_is_a_priority_and_zero_has_no_sign() {
    let mut world = World::of_concurrency(1.0);
    let first = world.run(0);
    let priorities = [-0.0, f64::MIN, 0.0, f64::MAX, -0.0, f64::MIN_POSITIVE, 0.0];
    let jobs: Vec<JobId> = (1..).zip(priorities).map(|(key, priority)| world.run_at(key, priority)).collect();
    run_all_in_turn(&mut world, first);
    assert_eq!(world.started()[1..], [3, 5, 0, 2, 4, 6, 1].map(|index: usize| jobs[index]));
}

#[test]
fn a_new_priority_puts_the_job_at_the_back_of_its_new_level() {
    let mut world = World::of_concurrency(1.0);
    let first = world.run(0);
    let [a, b, c, d] = [(1, 0.0), (2, 5.0), (3, 5.0), (4, 0.0)].map(|(key, priority)| world.run_at(key, priority));
    assert_eq!(set_priority(&mut world, a, 5.0), Reply::Done);
    assert_eq!(world.engine.priority(a), 5.0);
    run_all_in_turn(&mut world, first);
    assert_eq!(world.started(), [first, b, c, a, d]);
}

#[test]
fn the_same_priority_again_leaves_the_job_where_it_is() {
    let mut world = World::of_concurrency(1.0);
    let first = world.run(0);
    let [a, b, c] = [1, 2, 3].map(|key| world.run(key));
    set_priority(&mut world, a, 0.0);
    set_priority(&mut world, b, -0.0);
    run_all_in_turn(&mut world, first);
    assert_eq!(world.started(), [first, a, b, c]);
}

#[test]
fn a_priority_set_outside_the_line_counts_when_the_job_enters_it() {
    let mut world = World::of_concurrency(1.0);
    let first = world.run(0);
    let delayed = world.run_with(1, &options(|options| options.delay = Some(10.0)));
    let other = world.run(2);
    set_priority(&mut world, delayed, 1.0);
    world.pass(10.0);
    run_all_in_turn(&mut world, first);
    assert_eq!(world.started(), [first, delayed, other]);
}

#[test]
fn an_ended_job_has_no_priority_to_set() {
    let mut world = World::with(|options| options.retain = 1.0);
    let job = world.run(0);
    assert_eq!(set_priority(&mut world, job, 3.0), Reply::Done);
    world.resolve(job);
    assert_eq!(set_priority(&mut world, job, 4.0), Reply::Ignored);
    assert_eq!(world.engine.priority(job), 3.0);
}

#[test]
fn a_hundred_thousand_start_in_order() {
    const JOBS: u32 = 100_000;
    let mut world = World::of_concurrency(1.0);
    let mut dice = Dice::new(7);
    let first = world.run(0);
    let mut expected: Vec<(u64, JobId)> = Vec::new();
    for key in 1..=JOBS {
        let level = dice.below(1000);
        expected.push((level, world.run_at(key, level as f64)));
    }
    // A tenth changes its mind and goes to the back of another level.
    for _ in 0..JOBS / 10 {
        let (old, job) = expected.remove(dice.below(u64::from(JOBS) / 10) as usize);
        let level = (old + 1 + dice.below(999)) % 1000;
        set_priority(&mut world, job, level as f64);
        expected.push((level, job));
    }
    expected.sort_by_key(|(level, _)| std::cmp::Reverse(*level)); // stable
    let mut order = vec![];
    let mut running = first;
    world.seen.clear();
    for _ in 0..JOBS {
        world.resolve(running);
        let start = |seen: &Seen| if let Seen::Started(job, _) = seen { Some(*job) } else { None };
        running = world.news().iter().find_map(start).unwrap();
        order.push(running);
    }
    assert!(order.iter().eq(expected.iter().map(|(_, job)| job)));
}

#[test]
fn a_hundred_thousand_are_cancelled_and_leave_nothing() {
    const JOBS: u32 = 100_000;
    let mut world = World::of_concurrency(1.0);
    let mut dice = Dice::new(8);
    let first = world.run(0);
    let mut jobs: Vec<JobId> = (1..=JOBS).map(|key| world.run_at(key, dice.below(1000) as f64)).collect();
    // From anywhere in the line.
    for swap in (1..jobs.len()).rev() {
        jobs.swap(swap, dice.below(swap as u64 + 1) as usize);
    }
    for job in jobs {
        assert_eq!(world.stop(job), Reply::Done);
    }
    let stats = world.stats();
    assert_eq!((stats.pending, stats.running, stats.cancelled), (0, 1, JOBS));
    world.resolve(first);
    world.recycle();
    assert_eq!(world.started(), [first]);
    assert_eq!(world.engine.live_records(), 1, "the manager");
}
