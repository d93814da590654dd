//! Attempts after a failed one.

use jobgate::engine::{
    AbortCause, Backoff, Command, CompletionType, Event, JobId, JobStatus, Outcome, Reply, RetryOptions, RunOptions,
    Span, ValueId,
};
#[cfg(target_family = "wasm")]
use wasm_bindgen_test::wasm_bindgen_test as test;

use crate::world::{Dice, Seen, World, options};

fn retry(retry: RetryOptions) -> RunOptions {
    options(|options| options.retry = Some(retry))
}

/// No jitter, so that every moment is known.
fn exact(limit: f64) -> RetryOptions {
    RetryOptions { limit, jitter: false, ..RetryOptions::default() }
}

fn again(world: &mut World, job: JobId, random: f64) -> Reply {
    world.send(Command::Retry { job, again: true, wait: None, random })
}

/// Fails attempt after attempt until the job has ended; the gaps between the starts.
fn gaps(retry_options: RetryOptions, attempts: usize, random: f64) -> Vec<f64> {
    let mut world = World::with(|_| ());
    let job = world.run_with(1, &retry(retry_options));
    for _ in 1..attempts {
        world.reject(job);
        again(&mut world, job, random);
        let due = world.wake().unwrap_or(world.now());
        world.pass(due - world.now());
    }
    let starts = world.starts();
    assert_eq!(starts.len(), attempts);
    starts.windows(2).map(|pair| pair[1].0 - pair[0].0).collect()
}

#[test]
fn as_often_as_the_limit_says_then_it_has_failed() {
    let mut world = World::with(|_| ());
    let job = world.run_with(1, &retry(exact(2.0)));
    for attempt in 1..=2 {
        assert_eq!(world.engine.attempt(job), attempt);
        world.reject(job);
        assert_eq!(world.news().last(), Some(&Seen::AskedRetry(job, None)));
        assert_eq!(world.status(job), JobStatus::Running, "not decided yet: it keeps its slot");
        assert_eq!(again(&mut world, job, 0.5), Reply::Waits(Span::from_millis(1000.0 * f64::from(attempt))));
        assert_eq!(world.status(job), JobStatus::Pending);
        world.pass(5000.0);
        assert_eq!(world.news(), [Seen::Started(job, attempt + 1)]);
    }
    world.reject(job);
    assert_eq!(world.news(), [Seen::Ended(job, CompletionType::Failed, None)]);
}

#[test]
fn without_retries_nobody_is_asked() {
    let mut world = World::with(|_| ());
    for (key, options) in [(1, RunOptions::default()), (2, retry(exact(0.0)))] {
        let job = world.run_with(key, &options);
        world.reject(job);
        assert_eq!(world.end_of(job), Some((CompletionType::Failed, None)));
    }
    assert!(!world.seen.iter().any(|(_, seen)| matches!(seen, Seen::AskedRetry(..))));
}

#[test]
fn the_callers_rule_may_say_no() {
    let mut world = World::with(|_| ());
    let job = world.run_with(1, &retry(exact(9.0)));
    world.reject(job);
    assert_eq!(world.send(Command::Retry { job, again: false, wait: None, random: 0.0 }), Reply::Done);
    assert_eq!(world.end_of(job), Some((CompletionType::Failed, None)));
    assert_eq!(again(&mut world, job, 0.0), Reply::Ignored, "asked once, answered once");
}

#[test]
fn a_later_attempt_that_resolves_makes_it_normal() {
    let mut world = World::with(|_| ());
    let job = world.run_with(1, &retry(exact(1.0)));
    world.reject(job);
    again(&mut world, job, 0.0);
    world.pass(1000.0);
    world.resolve(job);
    assert_eq!(world.end_of(job), Some((CompletionType::Normal, None)));
}

#[test]
fn waits_double_from_one_second_to_thirty() {
    let expected = [1000.0, 2000.0, 4000.0, 8000.0, 16_000.0, 30_000.0, 30_000.0];
    assert_eq!(gaps(exact(f64::INFINITY), 8, 0.7), expected);
}

#[test]
fn fixed_waits_are_all_alike() {
    let fixed = RetryOptions { backoff: Backoff::Fixed, delay: 12.5, ..exact(4.0) };
    assert_eq!(gaps(fixed, 5, 0.7), [12.5; 4]);
}

#[test]
fn the_longest_wait_holds_for_the_first_too() {
    let short = RetryOptions { max_delay: 300.0, ..exact(3.0) };
    assert_eq!(gaps(short, 4, 0.7), [300.0; 3]);
    let endless = RetryOptions { max_delay: f64::INFINITY, ..exact(6.0) };
    assert_eq!(gaps(endless, 7, 0.7), [1000.0, 2000.0, 4000.0, 8000.0, 16_000.0, 32_000.0]);
}

#[test]
fn full_jitter_is_a_part_of_the_wait_to_the_microsecond() {
    let jittered = RetryOptions { jitter: true, ..exact(4.0) };
    assert_eq!(gaps(jittered, 4, 0.25), [250.0, 500.0, 1000.0]);
    assert_eq!(gaps(jittered, 3, 0.0), [0.0, 0.0]);
    let mut world = World::with(|_| ());
    let job = world.run_with(1, &retry(jittered));
    world.reject(job);
    assert_eq!(again(&mut world, job, 1.0 / 3.0), Reply::Waits(Span::from_millis(333.334)));
}

#[test]
fn no_wait_stays_no_wait_however_often_it_is_doubled() {
    let mut world = World::with(|_| ());
    let job = world.run_with(1, &retry(RetryOptions { delay: 0.0, ..exact(f64::INFINITY) }));
    for attempt in 1..5000 {
        assert_eq!(world.engine.attempt(job), attempt);
        world.reject(job);
        assert_eq!(again(&mut world, job, 0.5), Reply::Waits(Span::from_millis(0.0)), "after attempt {attempt}");
        assert_eq!(world.status(job), JobStatus::Pending, "the event loop has its turn first");
        world.pass(0.0);
    }
    assert_eq!(world.now(), 0.0);
}

#[test]
fn an_hour_of_retries_to_the_millisecond() {
    const HOUR: f64 = 3_600_000.0;
    let mut world = World::with(|_| ());
    let mut dice = Dice::new(5);
    let options = RetryOptions { delay: 200.0, max_delay: 10_000.0, jitter: true, ..exact(f64::INFINITY) };
    let job = world.run_with(1, &retry(options));
    let (mut wait, mut due) = (200.0_f64, 0.0);
    while world.now() < HOUR {
        let ran = dice.below(5000) as f64;
        world.pass(ran);
        world.reject(job);
        let random = dice.below(1024) as f64 / 1024.0;
        again(&mut world, job, random);
        due += ran + (wait * random * 1000.0).ceil() / 1000.0;
        wait = (wait * 2.0).min(10_000.0);
        world.pass(10_000.0 - 1e-9);
        let (started, _) = *world.starts().last().unwrap();
        assert!((started - due).abs() < 1e-6, "started at {started}, due at {due}");
        due = world.now();
    }
    assert!(world.engine.attempt(job) > 200);
}

#[test]
fn the_slot_is_free_in_the_wait_and_the_job_enters_the_line_at_its_back() {
    let mut world = World::of_concurrency(1.0);
    let retried = world.run_with(1, &retry(exact(1.0)));
    let second = world.run(2);
    world.reject(retried);
    again(&mut world, retried, 0.0);
    assert!(world.has_started(second));
    let third = world.run(3);
    world.pass(1000.0);
    let fourth = world.run(4);
    for job in [second, third, retried] {
        world.resolve(job);
    }
    assert_eq!(world.started(), [retried, second, third, retried, fourth]);
}

#[test]
fn it_keeps_its_key_in_the_wait() {
    let mut world = World::with(|_| ());
    let job = world.run_with(1, &retry(exact(1.0)));
    world.reject(job);
    again(&mut world, job, 0.0);
    assert_eq!(world.ask_run(1, &RunOptions::default()), Ok(Reply::AlreadyRunning(job)));
    assert_eq!(world.counts(), (1, 0));
}

#[test]
fn a_timed_out_attempt_is_retried_like_a_rejected_one() {
    let mut world = World::with(|_| ());
    let job = world.run_with(1, &options(|options| (options.retry, options.timeout) = (Some(exact(1.0)), Some(10.0))));
    world.pass(10.0);
    assert!(world.engine.is_stopping(job));
    world.resolve(job);
    assert_eq!(world.news().last(), Some(&Seen::AskedRetry(job, Some(AbortCause::Timeout))));
    again(&mut world, job, 0.0);
    assert!(!world.engine.is_stopping(job));
    world.pass(1000.0);
    assert_eq!(world.news().last(), Some(&Seen::Started(job, 2)));
    world.resolve(job);
    assert_eq!(world.end_of(job), Some((CompletionType::Normal, None)), "the next attempt has a clean slate");
}

#[test]
fn each_attempt_has_its_own_time() {
    let mut world = World::with(|_| ());
    let job = world.run_with(1, &options(|options| (options.retry, options.timeout) = (Some(exact(1.0)), Some(50.0))));
    world.pass(49.0);
    world.reject(job);
    again(&mut world, job, 0.0);
    world.pass(1000.0);
    assert_eq!(world.wake(), Some(1099.0));
    world.pass(50.0);
    assert_eq!(world.seen.last(), Some(&(1099.0, Seen::Aborted(job, AbortCause::Timeout))));
    world.reject(job);
    assert_eq!(world.end_of(job), Some((CompletionType::Failed, Some(AbortCause::Timeout))));
}

#[test]
fn only_the_attempt_that_runs_speaks() {
    let mut world = World::with(|_| ());
    let job = world.run_with(1, &retry(exact(2.0)));
    let says = |world: &mut World, attempt| world.send(Command::SetState { job, attempt, value: ValueId::NONE });
    assert_eq!(says(&mut world, 1), Reply::Told(0));
    world.reject(job);
    again(&mut world, job, 0.0);
    assert_eq!(says(&mut world, 1), Reply::Ignored);
    world.pass(1000.0);
    assert_eq!(says(&mut world, 1), Reply::Ignored);
    assert_eq!(says(&mut world, 2), Reply::Told(0));
    let late = Command::Settle { job, attempt: 1, outcome: Outcome::Resolved };
    assert_eq!(world.send(late), Reply::Ignored, "another attempt has taken its place");
    assert_eq!(world.send(Command::Settle { job, attempt: 2, outcome: Outcome::Rejected }), Reply::Done);
    again(&mut world, job, 0.0);
    assert_eq!(
        world.send(Command::Settle { job, attempt: 2, outcome: Outcome::Resolved }),
        Reply::Ignored,
        "it has settled"
    );
}

#[test]
fn watchers_hear_of_every_attempt() {
    let mut world = World::with(|_| ());
    let job = world.run_with(1, &retry(exact(1.0)));
    let watcher = world.listen(jobgate::engine::Source::Job(job), jobgate::engine::Channel::Event);
    world.reject(job);
    again(&mut world, job, 0.0);
    world.pass(1000.0);
    world.reject(job);
    let told = |seen: &Seen| match seen {
        Seen::Told(listener, event, Some(of)) if *listener == watcher && *of == job => Some(*event),
        _ => None,
    };
    let events: Vec<Event> = world.news().iter().filter_map(told).collect();
    assert_eq!(events, [Event::Retrying, Event::Started, Event::Failed, Event::Removed]);
}

#[test]
fn what_is_not_retriable_ends_the_job_and_nobody_is_asked() {
    let mut world = World::with(|_| ());
    let job = world.run_with(1, &retry(exact(3.0)));
    world.settle(job, Outcome::NotRetriable);
    assert_eq!(world.end_of(job), Some((CompletionType::Failed, None)));

    let late = world.run_with(2, &options(|options| (options.retry, options.timeout) = (Some(exact(3.0)), Some(10.0))));
    world.pass(10.0);
    world.settle(late, Outcome::NotRetriable);
    assert_eq!(world.news().last(), Some(&Seen::AskedRetry(late, Some(AbortCause::Timeout))), "its time was up before");
}
