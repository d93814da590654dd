//! Asking is not ending; and where nothing runs, it is.

use jobgate::engine::{
    AbortCause, Command, CompletionType, JobId, JobStatus, KeyId, OnDuplicate, Outcome, Reply, RetryOptions,
    RunOptions, WaiterId,
};
#[cfg(target_family = "wasm")]
use wasm_bindgen_test::wasm_bindgen_test as test;

use crate::world::{Seen, World, options};

const STOPPED: Option<(CompletionType, Option<AbortCause>)> = Some((CompletionType::Cancelled, Some(AbortCause::Stop)));

fn retried() -> jobgate::engine::RunOptions {
    options(|options| options.retry = Some(RetryOptions { limit: 3.0, jitter: false, ..RetryOptions::default() }))
}

/// Ends at once, without another start, and leaves neither key nor timer behind.
fn ends_at_once(world: &mut World, job: JobId) {
    let starts = world.starts().len();
    assert_eq!(world.stop(job), Reply::Done);
    assert_eq!(world.end_of(job), STOPPED);
    assert_eq!(world.stop(job), Reply::Ignored, "the second to ask");
    assert_eq!(world.wake(), None);
    world.pass(1e9);
    assert_eq!(world.starts().len(), starts);
}

fn await_stop(world: &mut World, job: JobId, timeout: f64) -> WaiterId {
    match world.send(Command::AwaitStop { job, timeout }) {
        Reply::Waiter(waiter) => waiter,
        reply => panic!("no wait but {reply:?}"),
    }
}

#[test]
fn while_pending() {
    let mut world = World::of_concurrency(1.0);
    let first = world.run(0);
    let job = world.run(1);
    ends_at_once(&mut world, job);
    assert!(world.engine.is_vacant(KeyId(1)));
    world.resolve(first);
    assert_eq!(world.started(), [first]);
}

#[test]
fn while_paused() {
    let mut world = World::with(|options| options.paused = true);
    let job = world.run(1);
    ends_at_once(&mut world, job);
}

#[test]
fn while_delayed() {
    let mut world = World::with(|_| ());
    let job = world.run_with(1, &options(|options| options.delay = Some(10.0)));
    ends_at_once(&mut world, job);
}

#[test]
fn while_the_rate_limit_holds_it_back() {
    let mut world = World::with(|options| options.rate_limit = Some((1.0, 10.0)));
    world.run(0);
    let job = world.run(1);
    ends_at_once(&mut world, job);
}

#[test]
fn while_behind_a_key() {
    for on_duplicate in [OnDuplicate::Queue, OnDuplicate::Replace] {
        let mut world = World::with(|_| ());
        let standing = world.run(1);
        let job = world.run_with(1, &options(|options| options.on_duplicate = Some(on_duplicate)));
        ends_at_once(&mut world, job);
        assert_eq!(world.engine.standing(KeyId(1)), Some(standing));
        assert_eq!(world.engine.waiting(KeyId(1)), None);
        world.resolve(standing);
        assert!(world.engine.is_vacant(KeyId(1)));
    }
}

#[test]
fn while_running_it_ends_when_the_body_settles_and_is_cancelled_whatever_that_says() {
    for resolves in [true, false] {
        let mut world = World::with(|_| ());
        let job = world.run_with(1, &retried());
        assert_eq!(world.stop(job), Reply::Done);
        assert_eq!((world.status(job), world.end_of(job)), (JobStatus::Running, None));
        assert_eq!(world.stop(job), Reply::Ignored);
        if resolves {
            world.resolve(job)
        } else {
            world.reject(job)
        }
        assert_eq!(world.end_of(job), STOPPED);
        let aborts = world.seen.iter().filter(|(_, seen)| matches!(seen, Seen::Aborted(..))).count();
        assert_eq!(aborts, 1);
    }
}

#[test]
fn while_a_retry_is_being_decided() {
    let mut world = World::of_concurrency(1.0);
    let job = world.run_with(1, &retried());
    let next = world.run(2);
    world.reject(job);
    assert_eq!(world.stop(job), Reply::Done);
    assert_eq!(world.end_of(job), STOPPED);
    assert!(world.has_started(next));
    assert_eq!(
        world.send(Command::Retry { job, again: true, wait: None, random: 0.5 }),
        Reply::Ignored,
        "the answer is too late"
    );
    assert_eq!(world.end_of(job), STOPPED);
}

#[test]
fn while_in_a_retry_wait() {
    let mut world = World::with(|_| ());
    let job = world.run_with(1, &retried());
    world.reject(job);
    world.send(Command::Retry { job, again: true, wait: None, random: 0.5 });
    world.pass(500.0);
    ends_at_once(&mut world, job);
}

#[test]
fn while_in_line_again_after_a_retry_wait() {
    let mut world = World::of_concurrency(1.0);
    let job = world.run_with(1, &retried());
    world.reject(job);
    world.send(Command::Retry { job, again: true, wait: None, random: 0.5 });
    world.run(2);
    world.pass(5000.0);
    assert_eq!(world.status(job), JobStatus::Pending);
    ends_at_once(&mut world, job);
}

#[test]
fn after_the_end_it_makes_no_difference() {
    let mut world = World::with(|options| options.retain = 9.0);
    let job = world.run(1);
    world.resolve(job);
    assert_eq!(world.stop(job), Reply::Ignored);
    assert_eq!(world.status(job), JobStatus::Completed);
    assert_eq!(world.send(Command::AwaitStop { job, timeout: 5.0 }), Reply::Ignored);
}

#[test]
fn all_of_a_manager_and_none_of_another() {
    let mut world = World::of_concurrency(2.0);
    let elsewhere = world.run(0);
    world.manager = world.add_manager(&jobgate::engine::ManagerOptions { concurrency: 1.0, ..Default::default() });
    let running = world.run(1);
    let pending = world.run(2);
    let behind = world.run_with(1, &options(|options| options.on_duplicate = Some(OnDuplicate::Queue)));
    assert_eq!(world.send(Command::StopAll(world.manager)), Reply::Done);
    assert_eq!([pending, behind].map(|job| world.end_of(job)), [STOPPED, STOPPED]);
    assert!(world.engine.is_stopping(running) && !world.engine.is_stopping(elsewhere));
    world.resolve(running);
    assert_eq!(world.started(), [elsewhere, running], "nobody took the slot of one stopped before");
    world.run(3);
}

#[test]
fn all_of_a_manager_also_when_that_pushes_kept_ones_out() {
    for retain in [1.0, 2.0, 3.0] {
        let mut world = World::with(|options| (options.retain, options.concurrency) = (retain, 2.0));
        let oldest = world.run(0);
        for key in 1..4 {
            let kept = world.run(key);
            world.resolve(kept);
        }
        let running = world.run(5);
        let pending: Vec<JobId> = (6..9).map(|key| world.run(key)).collect();
        world.send(Command::StopAll(world.manager));
        assert!(world.engine.is_stopping(oldest) && world.engine.is_stopping(running), "retain {retain}");
        assert!(pending.iter().all(|job| world.end_of(*job) == STOPPED));
    }
}

// ── the stop barrier with a time limit ──────────────────────────────────────────────────────────

#[test]
fn the_wait_is_over_when_its_time_is_up_and_the_job_goes_on_stopping() {
    let mut world = World::with(|_| ());
    let job = world.run(1);
    world.stop(job);
    let waiter = await_stop(&mut world, job, 25.0);
    world.pass(24.999);
    assert_eq!(world.seen.len(), 2);
    world.pass(0.001);
    assert_eq!(world.seen.last(), Some(&(25.0, Seen::WaitOver(waiter))));
    assert_eq!((world.status(job), world.engine.is_stopping(job)), (JobStatus::Running, true));
    world.resolve(job);
    assert_eq!(world.end_of(job), STOPPED);
}

#[test]
fn a_barrier_that_opens_in_time_takes_all_waits_with_it() {
    let mut world = World::with(|_| ());
    let job = world.run(1);
    world.stop(job);
    for timeout in [50.0, 10.0, 30.0] {
        await_stop(&mut world, job, timeout);
    }
    world.pass(20.0);
    world.resolve(job);
    assert_eq!(world.wake(), None);
    world.pass(1000.0);
    let timeouts = world.seen.iter().filter(|(_, seen)| matches!(seen, Seen::WaitOver(_))).count();
    assert_eq!(timeouts, 1);
    world.recycle();
    assert_eq!(world.engine.live_records(), 1);
}

#[test]
fn waits_end_each_at_its_own_time_in_any_order() {
    let mut world = World::with(|_| ());
    let job = world.run(1);
    let waits = [30.0, 10.0, 20.0, 10.0].map(|timeout| (timeout, await_stop(&mut world, job, timeout)));
    world.pass(100.0);
    let timed_out: Vec<(f64, Seen)> = world.seen.split_off(1);
    let order = [1, 3, 2, 0].map(|index: usize| (waits[index].0, Seen::WaitOver(waits[index].1)));
    assert_eq!(timed_out, order);
}

#[test]
fn an_endless_wait_needs_no_timer() {
    let mut world = World::with(|_| ());
    let job = world.run(1);
    await_stop(&mut world, job, f64::INFINITY);
    assert_eq!(world.wake(), None);
    world.resolve(job);
    world.recycle();
    assert_eq!(world.engine.live_records(), 1);
}

/// A quadratic search would take minutes.
#[test]
fn a_hundred_thousand_waits_cost_what_they_are() {
    let mut world = World::with(|_| ());
    let jobs: Vec<JobId> = (0..100_000).map(|key| world.run(key)).collect();
    for job in &jobs {
        world.stop(*job);
        await_stop(&mut world, *job, 1000.0);
    }
    for job in &jobs {
        world.resolve(*job);
    }
    let one = world.run(0);
    for _ in 0..100_000 {
        await_stop(&mut world, one, 1000.0);
    }
    world.pass(1000.0);
    world.resolve(one);
    world.recycle();
    assert_eq!(world.engine.live_records(), 1);
}

fn abandoned(world: &mut World, key: u32, change: impl FnOnce(&mut RunOptions)) -> JobId {
    world.run_with(
        key,
        &options(|options| {
            options.abandon_after = Some(100.0);
            change(options);
        }),
    )
}

#[test]
fn a_body_that_does_not_settle_is_let_go_of_and_its_slot_is_free() {
    let mut world = World::of_concurrency(1.0);
    let deaf = abandoned(&mut world, 1, |_| ());
    let next = world.run(2);
    world.stop(deaf);
    world.pass(99.0);
    assert!(world.engine.is_stopping(deaf) && !world.has_started(next));
    world.pass(1.0);
    assert_eq!(world.end_of(deaf), Some((CompletionType::Cancelled, Some(AbortCause::Stop))));
    assert!(world.has_started(next));
    let late = Command::Settle { job: deaf, attempt: 1, outcome: Outcome::Resolved };
    assert_eq!(world.send(late), Reply::Ignored);
    assert_eq!(world.wake(), None);
}

#[test]
fn after_a_timeout_it_ends_failed_without_the_retries_that_are_left() {
    let mut world = World::of_concurrency(1.0);
    let retry = RetryOptions { limit: 3.0, ..RetryOptions::default() };
    let deaf = abandoned(&mut world, 1, |options| (options.timeout, options.retry) = (Some(50.0), Some(retry)));
    world.pass(149.0);
    assert_eq!(world.end_of(deaf), None);
    world.pass(1.0);
    assert_eq!(world.end_of(deaf), Some((CompletionType::Failed, Some(AbortCause::Timeout))));
    assert_eq!(world.wake(), None);
}

#[test]
fn what_settles_in_time_is_not_let_go_of_and_leaves_no_timer() {
    let mut world = World::of_concurrency(1.0);
    let slow = abandoned(&mut world, 1, |_| ());
    world.stop(slow);
    world.pass(50.0);
    world.resolve(slow);
    assert_eq!(world.wake(), None);
}

#[test]
fn a_body_sleeps_until_its_time_is_up_or_its_job_has_ended() {
    let mut world = World::of_concurrency(1.0);
    let job = world.run(1);
    let [short, _] = [10.0, 20.0].map(|time| world.send(Command::Sleep { job, time }));
    world.pass(10.0);
    let Reply::Waiter(waiter) = short else { panic!("no sleep but {short:?}") };
    assert_eq!(world.seen.last(), Some(&(10.0, Seen::WaitOver(waiter))));
    world.resolve(job);
    assert_eq!(world.wake(), None, "the other has gone with its job");
    assert_eq!(world.send(Command::Sleep { job, time: 1.0 }), Reply::Ignored);
    for time in [f64::NAN, -1.0, f64::INFINITY] {
        assert!(world.refusal(Command::Sleep { job, time }).to_string().starts_with("time must be"));
    }
}

#[test]
fn a_key_is_stopped_with_who_waits_behind_it_and_that_one_never_starts() {
    for pending in [false, true] {
        let mut world = World::with(|options| options.paused = pending);
        let standing = world.run(1);
        let waiting = world.run_with(1, &options(|options| options.on_duplicate = Some(OnDuplicate::Queue)));
        let other = world.run(2);
        let starts = world.starts().len();
        assert_eq!(world.send(Command::StopKey(KeyId(1))), Reply::Stopped(2));
        assert_eq!(world.end_of(waiting), STOPPED);
        if !pending {
            world.resolve(standing);
        }
        assert_eq!(world.end_of(standing), STOPPED);
        assert_eq!((world.starts().len(), world.end_of(other)), (starts, None));
        assert!(world.engine.is_vacant(KeyId(1)));
        for nobody in [KeyId(1), KeyId(99)] {
            assert_eq!(world.send(Command::StopKey(nobody)), Reply::Stopped(0));
        }
    }
}

#[test]
fn one_that_does_not_run_is_aborted_too_before_anything_is_told_of_its_end() {
    let mut world = World::with(|_| ());
    let job = world.run_with(1, &options(|options| options.delay = Some(1000.0)));
    let stopped = world.listen(jobgate::engine::Source::Job(job), jobgate::engine::Channel::Stopped);
    world.stop(job);
    let told = Seen::Called(stopped, jobgate::engine::Channel::Stopped, None);
    let ended = Seen::Ended(job, CompletionType::Cancelled, Some(AbortCause::Stop));
    assert_eq!(world.news(), [Seen::Aborted(job, AbortCause::Stop), told, ended]);
}

#[test]
fn a_body_that_is_asked_to_end_sleeps_no_more_and_who_waits_for_its_end_waits_on() {
    let mut world = World::with(|_| ());
    let job = world.run(1);
    let patience = await_stop(&mut world, job, 50.0);
    for time in [10.0, 100.0, 1000.0] {
        world.send(Command::Sleep { job, time });
    }
    world.stop(job);
    assert_eq!(world.send(Command::Sleep { job, time: 10_000.0 }), Reply::Ignored);
    world.news();
    world.pass(5000.0);
    assert_eq!(world.news(), [Seen::WaitOver(patience)]);
    assert_eq!(world.wake(), None);
}
