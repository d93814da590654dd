//! A key that is taken.

use jobgate::engine::{AbortCause, Command, CompletionType, JobId, KeyId, OnDuplicate, Refusal, Reply, RunOptions};
#[cfg(target_family = "wasm")]
use wasm_bindgen_test::wasm_bindgen_test as test;

use crate::world::{Seen, World, options};

const REPLACED: Option<(CompletionType, Option<AbortCause>)> =
    Some((CompletionType::Cancelled, Some(AbortCause::Replaced)));

fn policy(policy: OnDuplicate) -> RunOptions {
    options(|options| options.on_duplicate = Some(policy))
}

fn replace() -> RunOptions {
    policy(OnDuplicate::Replace)
}

fn queue() -> RunOptions {
    policy(OnDuplicate::Queue)
}

fn under_key(world: &World) -> (Option<JobId>, Option<JobId>) {
    (world.engine.standing(KeyId(1)), world.engine.waiting(KeyId(1)))
}

#[test]
fn join_answers_with_the_job_that_stands_running_or_pending() {
    let mut world = World::of_concurrency(1.0);
    let running = world.run(1);
    let pending = world.run(2);
    assert_eq!(world.ask_run(1, &RunOptions::default()), Ok(Reply::AlreadyRunning(running)));
    assert_eq!(world.ask_run(2, &RunOptions::default()), Ok(Reply::AlreadyRunning(pending)));
    assert_eq!(world.stats().total, 2);
}

#[test]
fn one_that_was_asked_to_stop_is_not_joined_whoever_comes_waits_behind_it_and_is_joined_instead() {
    let mut world = World::with(|_| ());
    let first = world.run(1);
    world.stop(first);
    let second = world.run(1);
    assert_eq!(under_key(&world), (Some(first), Some(second)));
    assert_eq!(world.ask_run(1, &RunOptions::default()), Ok(Reply::AlreadyRunning(second)));
    let raised = options(|options| options.priority = Some(7.0));
    assert_eq!(world.ask_run(1, &raised), Ok(Reply::AlreadyRunning(second)));
    assert_eq!(world.engine.priority(second).total_cmp(&7.0), std::cmp::Ordering::Equal);
    assert!(!world.has_started(second), "the first has not ended");
    world.resolve(first);
    assert!(world.has_started(second));
    assert_eq!(world.ask_run(1, &RunOptions::default()), Ok(Reply::AlreadyRunning(second)));
}

#[test]
fn join_raises_the_priority_and_never_lowers_it() {
    let mut world = World::of_concurrency(1.0);
    let first = world.run(0);
    let (low, middle) = (world.run_at(1, 0.0), world.run_at(2, 5.0));
    let join = |priority| options(|options| options.priority = Some(priority));
    assert_eq!(world.ask_run(1, &join(-3.0)), Ok(Reply::AlreadyRunning(low)));
    assert_eq!(world.engine.priority(low), 0.0);
    assert_eq!(world.ask_run(1, &RunOptions::default()), Ok(Reply::AlreadyRunning(low)));
    assert_eq!(world.engine.priority(low), 0.0);
    assert_eq!(world.ask_run(1, &join(9.0)), Ok(Reply::AlreadyRunning(low)));
    assert_eq!(world.engine.priority(low), 9.0);
    world.resolve(first);
    world.resolve(low);
    assert_eq!(world.started(), [first, low, middle]);
}

#[test]
fn join_to_the_same_priority_keeps_its_place() {
    let mut world = World::of_concurrency(1.0);
    let first = world.run(0);
    let (one, two) = (world.run(1), world.run(2));
    assert_eq!(world.ask_run(1, &options(|options| options.priority = Some(0.0))), Ok(Reply::AlreadyRunning(one)));
    world.resolve(first);
    assert_eq!(world.started(), [first, one]);
    assert!(!world.has_started(two));
}

#[test]
fn join_answers_with_the_one_that_stands_not_with_the_one_behind_it() {
    let mut world = World::of_concurrency(1.0);
    let standing = world.run(1);
    world.run_with(1, &queue());
    assert_eq!(world.ask_run(1, &RunOptions::default()), Ok(Reply::AlreadyRunning(standing)));
}

#[test]
fn reject_refuses_and_changes_nothing() {
    let mut world = World::of_concurrency(1.0);
    world.run(1);
    let reject = policy(OnDuplicate::Reject);
    let command = Command::Run { manager: world.manager, key: KeyId(1), options: Some(&reject) };
    assert_eq!(world.refusal(command), Refusal::Duplicate);
    world.run_with(2, &reject);
}

#[test]
fn a_key_is_free_again_when_its_job_has_ended() {
    let mut world = World::of_concurrency(1.0);
    let first = world.run(1);
    world.resolve(first);
    assert_eq!(under_key(&world), (None, None));
    let second = world.run_with(1, &policy(OnDuplicate::Reject));
    assert_eq!(world.started(), [first, second]);
}

#[test]
fn replace_stops_the_running_one_and_starts_when_its_barrier_opens() {
    let mut world = World::with(|_| ());
    let old = world.run(1);
    let new = world.run_with(1, &replace());
    assert_eq!(world.news(), [Seen::Started(old, 1), Seen::Aborted(old, AbortCause::Replaced)]);
    assert!(world.engine.is_stopping(old));
    assert_eq!(under_key(&world), (Some(old), Some(new)));
    assert_eq!(world.counts(), (1, 1));
    world.pass(60_000.0);
    assert_eq!(world.news(), []);
    world.resolve(old);
    assert_eq!(
        world.news(),
        [Seen::Ended(old, CompletionType::Cancelled, Some(AbortCause::Replaced)), Seen::Started(new, 1)]
    );
    assert_eq!(under_key(&world), (Some(new), None));
}

#[test]
fn replace_ends_a_pending_one_at_once_and_takes_its_place_at_the_back_of_the_line() {
    let mut world = World::of_concurrency(1.0);
    let first = world.run(0);
    let old = world.run(1);
    let other = world.run(2);
    let new = world.run_with(1, &replace());
    assert_eq!(world.end_of(old), REPLACED);
    assert_eq!(under_key(&world), (Some(new), None));
    world.resolve(first);
    world.resolve(other);
    assert_eq!(world.started(), [first, other, new]);
    assert!(!world.has_started(old));
}

#[test]
fn replace_of_a_delayed_one_starts_at_once_when_there_is_a_slot() {
    let mut world = World::of_concurrency(1.0);
    let old = world.run_with(1, &options(|options| options.delay = Some(1000.0)));
    assert_eq!(world.wake(), Some(1000.0));
    let reply = world.ask_run(1, &replace());
    assert!(matches!(reply, Ok(Reply::Created { started: true, .. })), "{reply:?}");
    assert_eq!(world.end_of(old), REPLACED);
    assert_eq!(world.wake(), None);
}

#[test]
fn replace_ends_the_one_that_waits_behind_the_key_too() {
    let mut world = World::of_concurrency(1.0);
    let old = world.run(1);
    let waiting = world.run_with(1, &queue());
    let new = world.run_with(1, &replace());
    assert_eq!(world.end_of(waiting), REPLACED);
    assert_eq!(under_key(&world), (Some(old), Some(new)));
    world.reject(old);
    assert_eq!(world.end_of(old), REPLACED);
    assert_eq!(world.started(), [old, new]);
}

#[test]
fn replacing_twice_stops_the_first_once_and_starts_the_last_only() {
    let mut world = World::of_concurrency(2.0);
    let old = world.run(1);
    let second = world.run_with(1, &replace());
    let third = world.run_with(1, &replace());
    assert_eq!(world.end_of(second), REPLACED);
    world.resolve(old);
    assert_eq!(world.started(), [old, third]);
    let aborts = |of| world.seen.iter().filter(|(_, seen)| matches!(seen, Seen::Aborted(job, _) if *job == of)).count();
    assert_eq!([old, second, third].map(aborts), [1, 1, 0]);
}

#[test]
fn queue_lets_the_standing_one_finish() {
    let mut world = World::with(|_| ());
    let old = world.run(1);
    let new = world.run_with(1, &queue());
    assert!(!world.engine.is_stopping(old));
    world.resolve(old);
    assert_eq!(world.end_of(old), Some((CompletionType::Normal, None)));
    assert_eq!(world.started(), [old, new]);
}

#[test]
fn queue_behind_a_pending_one_waits_for_its_turn_too() {
    let mut world = World::of_concurrency(1.0);
    let first = world.run(0);
    let standing = world.run(1);
    let behind = world.run_with(1, &queue());
    let other = world.run(2);
    world.resolve(first);
    world.resolve(standing);
    world.resolve(other);
    assert_eq!(world.started(), [first, standing, other, behind], "it enters the line when the key is free");
}

#[test]
fn queue_latest_wins() {
    let mut world = World::of_concurrency(1.0);
    let standing = world.run(1);
    let waiting: Vec<JobId> = (0..50).map(|_| world.run_with(1, &queue())).collect();
    let (last, earlier) = waiting.split_last().unwrap();
    for job in earlier {
        assert_eq!(world.end_of(*job), REPLACED);
    }
    assert_eq!(under_key(&world), (Some(standing), Some(*last)));
    assert_eq!(world.counts(), (1, 1));
    world.resolve(standing);
    assert_eq!(world.started(), [standing, *last]);
}

#[test]
fn whoever_waits_follows_also_when_the_standing_one_is_stopped_before_it_ran() {
    let mut world = World::of_concurrency(1.0);
    let first = world.run(0);
    let standing = world.run(1);
    let behind = world.run_with(1, &queue());
    world.stop(standing);
    assert_eq!(under_key(&world), (Some(behind), None));
    world.resolve(first);
    assert_eq!(world.started(), [first, behind]);
}

#[test]
fn an_aborted_signal_makes_a_cancelled_job_and_leaves_the_standing_one_alone() {
    for on_duplicate in [OnDuplicate::Replace, OnDuplicate::Queue] {
        let mut world = World::of_concurrency(1.0);
        let standing = world.run(1);
        let waiting = world.run_with(1, &queue());
        let aborted = options(|options| (options.aborted, options.on_duplicate) = (true, Some(on_duplicate)));
        let job = world.run_with(1, &aborted);
        assert_eq!(world.end_of(job), Some((CompletionType::Cancelled, Some(AbortCause::Stop))));
        assert!(!world.has_started(job));
        assert!(!world.engine.is_stopping(standing));
        assert_eq!(under_key(&world), (Some(standing), Some(waiting)));
    }
}

#[test]
fn an_aborted_signal_on_a_taken_key_joins_as_usual() {
    let mut world = World::of_concurrency(1.0);
    let standing = world.run(1);
    let aborted = options(|options| options.aborted = true);
    assert_eq!(world.ask_run(1, &aborted), Ok(Reply::AlreadyRunning(standing)));
    let job = world.run_with(2, &aborted);
    assert_eq!(world.status(job), jobgate::engine::JobStatus::Cancelled);
    assert!(world.engine.is_vacant(KeyId(2)));
}

#[test]
fn two_managers_do_not_mind_each_other() {
    let mut world = World::of_concurrency(1.0);
    let here = world.run(1);
    world.manager = world.add_manager(&jobgate::engine::ManagerOptions::default());
    let there = world.run(2);
    assert_eq!(world.started(), [here, there]);
    assert_eq!(world.counts(), (0, 1));
}
