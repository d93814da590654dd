//! Bad input is refused whole: the field is named, the bound is said, nothing has changed.

use jobgate::engine::agents::OutOfTurns;
use jobgate::engine::{
    Command, JobId, KeyId, ManagerId, ManagerOptions, OutOfBounds, Refusal, RetryOptions, RunOptions, ValueId,
};
#[cfg(target_family = "wasm")]
use wasm_bindgen_test::wasm_bindgen_test as test;

use crate::world::{World, options};

fn field(refusal: Refusal) -> &'static str {
    match refusal {
        Refusal::OutOfBounds(OutOfBounds { field, bound }) => {
            assert!(!bound.is_empty());
            assert_eq!(refusal.to_string(), format!("{field} must be {bound}"));
            field
        }
        refusal => panic!("refused as {refusal:?}"),
    }
}

/// A manager in the middle of everything.
fn busy() -> (World, JobId) {
    let mut world = World::with(|options| {
        (options.concurrency, options.group_concurrency, options.retain) = (2.0, 1.0, 2.0);
        options.rate_limit = Some((2.0, 10.0));
    });
    let limited = options(|options| (options.timeout, options.group) = (Some(30.0), Some("a".into())));
    let job = world.run_with(0, &limited);
    for key in 1..6 {
        world.run_with(key, &limited);
    }
    world.stop(job);
    world.pass(5.0);
    (world, job)
}

const NOT_A_WAIT: [f64; 4] = [f64::NAN, -1.0, f64::INFINITY, f64::NEG_INFINITY];
const NOT_A_LIMIT: [f64; 3] = [f64::NAN, -0.001, f64::NEG_INFINITY];
const NOT_A_COUNT: [f64; 5] = [f64::NAN, -1.0, 0.5, 1.5, f64::NEG_INFINITY];

type Change = fn(&mut RunOptions, f64);

const RUN_FIELDS: [(&str, &[f64], Change); 6] = [
    ("priority", &[f64::NAN, f64::INFINITY, f64::NEG_INFINITY], |options, bad| options.priority = Some(bad)),
    ("timeout", &NOT_A_LIMIT, |options, bad| options.timeout = Some(bad)),
    ("delay", &NOT_A_WAIT, |options, bad| options.delay = Some(bad)),
    ("retry.limit", &NOT_A_COUNT, |options, bad| {
        options.retry = Some(RetryOptions { limit: bad, ..RetryOptions::default() });
    }),
    ("retry.delay", &NOT_A_WAIT, |options, bad| {
        options.retry = Some(RetryOptions { delay: bad, ..RetryOptions::default() });
    }),
    ("retry.maxDelay", &NOT_A_LIMIT, |options, bad| {
        options.retry = Some(RetryOptions { max_delay: bad, ..RetryOptions::default() });
    }),
];

#[test]
fn options_of_a_job() {
    let (mut world, _) = busy();
    for (name, values, change) in RUN_FIELDS {
        for bad in values {
            let options = options(|options| change(options, *bad));
            for key in [0, 99] {
                let run = Command::Run { manager: world.manager, key: KeyId(key), options: Some(&options) };
                assert_eq!(field(world.refusal(run)), name, "{bad}");
            }
            assert_eq!(world.engine.check(world.manager, &options).unwrap_err().field, name, "asked before: {bad}");
        }
    }
}

#[test]
fn options_of_a_manager() {
    type Change = fn(&mut ManagerOptions, f64);
    let (mut world, _) = busy();
    let zero = &[0.0][..];
    let fields: [(&str, &[f64], Change); 7] = [
        ("concurrency", &NOT_A_COUNT, |options, bad| options.concurrency = bad),
        ("concurrency", zero, |options, bad| options.concurrency = bad),
        ("groupConcurrency", &NOT_A_COUNT, |options, bad| options.group_concurrency = bad),
        ("maxPending", &NOT_A_COUNT, |options, bad| options.max_pending = bad),
        ("retain", &NOT_A_COUNT, |options, bad| options.retain = bad),
        ("rateLimit.limit", &NOT_A_COUNT, |options, bad| options.rate_limit = Some((bad, 1.0))),
        ("rateLimit.interval", &[0.0, f64::NAN, f64::INFINITY, -1.0], |options, bad| {
            options.rate_limit = Some((1.0, bad));
        }),
    ];
    for (name, values, change) in fields {
        for bad in values {
            let mut options = ManagerOptions::default();
            change(&mut options, *bad);
            assert_eq!(field(world.refusal(Command::CreateManager(&options))), name, "{bad}");
        }
    }
    for (name, values, change) in RUN_FIELDS {
        let mut options = ManagerOptions::default();
        change(&mut options.defaults, values[0]);
        assert_eq!(field(world.refusal(Command::CreateManager(&options))), name, "as a default");
    }
}

#[test]
fn numbers_given_later() {
    let (mut world, job) = busy();
    let manager = world.manager;
    for bad in [f64::NAN, f64::INFINITY] {
        assert_eq!(field(world.refusal(Command::SetPriority { job, priority: bad })), "priority");
        let percent = Command::Progress { job, attempt: 1, percent: bad, value: ValueId::NONE };
        assert_eq!(field(world.refusal(percent)), "percent");
    }
    for bad in NOT_A_COUNT.into_iter().chain([0.0]) {
        let set = Command::SetConcurrency { manager, concurrency: bad };
        assert_eq!(field(world.refusal(set)), "concurrency");
    }
    for bad in NOT_A_LIMIT {
        assert_eq!(field(world.refusal(Command::AwaitStop { job, timeout: bad })), "timeout");
    }
}

#[test]
fn bad_numbers_are_refused_where_nothing_would_come_of_good_ones() {
    let mut world = World::with(|_| ());
    let nobody = JobId(77);
    assert_eq!(field(world.refusal(Command::SetPriority { job: nobody, priority: f64::NAN })), "priority");
    assert_eq!(field(world.refusal(Command::AwaitStop { job: nobody, timeout: -1.0 })), "timeout");
    let percent = Command::Progress { job: nobody, attempt: 1, percent: f64::NAN, value: ValueId::NONE };
    assert_eq!(field(world.refusal(percent)), "percent");
    let concurrency = Command::SetConcurrency { manager: ManagerId(77), concurrency: 0.0 };
    assert_eq!(field(world.refusal(concurrency)), "concurrency");
}

#[test]
fn the_bounds_themselves_are_fine() {
    let mut world = World::with(|options| {
        (options.concurrency, options.group_concurrency) = (1.0, 1.0);
        (options.max_pending, options.retain) = (f64::INFINITY, 0.0);
        options.rate_limit = Some((1.0, f64::MIN_POSITIVE));
    });
    world.run_with(
        1,
        &options(|options| {
            (options.priority, options.timeout, options.delay) = (Some(f64::MIN), Some(0.0), Some(f64::MAX));
            options.retry =
                Some(RetryOptions { limit: f64::INFINITY, delay: 0.0, max_delay: 0.0, ..Default::default() });
        }),
    );
}

#[test]
fn a_full_queue_a_taken_key_and_a_closed_manager_change_nothing() {
    let mut world = World::with(|options| {
        (options.concurrency, options.max_pending) = (1.0, 1.0);
        options.rate_limit = Some((1.0, 10.0));
    });
    world.run(1);
    world.run(2);
    world.pass_unnoticed(50.0);
    let reject = options(|options| options.on_duplicate = Some(jobgate::engine::OnDuplicate::Reject));
    let run = |key, options| Command::Run { manager: ManagerId(0), key: KeyId(key), options };
    assert_eq!(world.refusal(run(500, None)), Refusal::QueueFull);
    assert_eq!(world.refusal(run(1, Some(&reject))), Refusal::Duplicate);
    world.send(Command::Close(ManagerId(0)));
    assert_eq!(world.refusal(run(500, None)), Refusal::Closed);
}

#[test]
fn what_is_said_of_a_refusal_has_no_names_of_another_language() {
    for refusal in [Refusal::Duplicate, Refusal::QueueFull, Refusal::Closed] {
        let text = refusal.to_string();
        assert!(!text.contains(char::is_uppercase), "{text}");
    }
    // Thrown to Rust alone.
    assert!(OutOfTurns(2).to_string().contains("max_turns"));
}
