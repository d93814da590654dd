//! What may happen, drawn at random. Values are few, so that they meet.

use std::rc::Rc;

use jobgate::engine::{Backoff, Channel, ManagerOptions, OnDuplicate, Outcome, RetryOptions, RunOptions};
use proptest::prelude::*;

/// Chooses among whatever there is when its turn comes.
pub type Pick = u16;

#[derive(Debug, Clone)]
pub enum Op {
    CreateManager(ManagerOptions),
    DropManager(Pick),
    Run {
        manager: Pick,
        key: u8,
        options: Option<RunOptions>,
    },
    Settle(Pick, Outcome),
    /// Any job's body, however often.
    Called(Pick),
    /// Of a job that may not run at all.
    SettleAny(Pick, Outcome),
    AnswerRetry {
        pick: Pick,
        again: bool,
        /// What the caller's rule asks for, if it asks for anything.
        wait: Option<f64>,
        eighths: u8,
    },
    RetryAny(Pick),
    Stop(Pick),
    StopKey {
        manager: Pick,
        key: u8,
    },
    StopAll(Pick),
    StopPending(Pick),
    Forget(Pick),
    Close(Pick),
    SetPriority(Pick, f64),
    SetConcurrency(Pick, f64),
    SetRateLimit(Pick, Option<(f64, f64)>),
    /// So many milliseconds ago.
    NoteStart(Pick, f64),
    Pause(Pick),
    Resume(Pick),
    AwaitPendingBelow(Pick, f64),
    AwaitIdle(Pick),
    AwaitStop(Pick, f64),
    Sleep(Pick, f64),
    SettleAbandoned(Pick, Outcome),
    SetState {
        job: Pick,
        superseded: bool,
    },
    Progress {
        job: Pick,
        superseded: bool,
        percent: f64,
    },
    Log {
        job: Pick,
        superseded: bool,
    },
    Dispatch(Pick),
    CreateEmitter,
    DropEmitter(Pick),
    ListenToEmitter(Pick),
    ListenToJob(Pick, Channel),
    ListenToManager(Pick, Channel),
    ListenToKey {
        manager: Pick,
        key: u8,
    },
    Unlisten(Pick),
    Emit(Pick),
    Open(Pick),
    /// Time passes; nobody has told the engine yet.
    Pass(f64),
    /// A timer that fires too early or for nothing.
    Tick,
    /// The timer fires when it should.
    Wake,
    /// Some of the effects in line are applied.
    Apply(u8),
    Drain {
        recycle: bool,
    },
}

fn count() -> impl Strategy<Value = f64> {
    prop_oneof![4 => Just(1.0), 3 => Just(2.0), 1 => Just(3.0), 2 => Just(f64::INFINITY)]
}

fn millis() -> impl Strategy<Value = f64> {
    prop_oneof![Just(0.0), Just(0.125), Just(1.0), Just(2.5), Just(10.0), Just(1000.0), Just(4_294_967_296.0)]
}

fn priority() -> impl Strategy<Value = f64> {
    prop_oneof![Just(0.0), Just(-0.0), Just(1.0), Just(-100.0), Just(0.5)]
}

fn retry() -> impl Strategy<Value = RetryOptions> {
    let limit = prop_oneof![Just(0.0), Just(1.0), Just(2.0), Just(f64::INFINITY)];
    let max_delay = prop_oneof![Just(0.0), Just(3.0), Just(30_000.0), Just(f64::INFINITY)];
    let backoff = prop_oneof![Just(Backoff::Fixed), Just(Backoff::Exponential)];
    (limit, millis(), backoff, max_delay, any::<bool>()).prop_map(|(limit, delay, backoff, max_delay, jitter)| {
        RetryOptions { limit, delay, backoff, max_delay, jitter }
    })
}

fn rarely<T: Strategy>(strategy: T) -> impl Strategy<Value = Option<T::Value>>
where
    T::Value: Clone + std::fmt::Debug,
{
    proptest::option::weighted(0.25, strategy)
}

fn group() -> impl Strategy<Value = Rc<str>> {
    prop_oneof![Just("a"), Just("b")].prop_map(Rc::from)
}

fn policy() -> impl Strategy<Value = OnDuplicate> {
    use OnDuplicate::{Join, Queue, Reject, Replace};
    prop_oneof![1 => Just(Join), 3 => Just(Replace), 3 => Just(Queue), 1 => Just(Reject)]
}

pub fn run_options() -> BoxedStrategy<RunOptions> {
    let often = |strategy| proptest::option::weighted(0.6, strategy);
    (
        rarely(priority()),
        rarely(millis()),
        rarely(retry()),
        (rarely(millis()), rarely(millis())),
        proptest::option::weighted(0.4, group()),
        often(policy()),
        (proptest::bool::weighted(0.05), proptest::bool::weighted(0.2)),
    )
        .prop_map(|(priority, timeout, retry, (delay, abandon_after), group, on_duplicate, flags)| RunOptions {
            priority,
            timeout,
            retry,
            delay,
            abandon_after,
            group,
            on_duplicate,
            aborted: flags.0,
            may_wait_alone: flags.1,
        })
        .boxed()
}

/// Good but for one number.
fn bad_run_options() -> BoxedStrategy<RunOptions> {
    let bad = prop_oneof![Just(f64::NAN), Just(-1.0), Just(f64::NEG_INFINITY), Just(0.5)];
    (run_options(), bad, 0..7_u8)
        .prop_map(|(mut options, bad, field)| {
            let retry = RetryOptions { limit: 1.0, ..RetryOptions::default() };
            match field {
                0 => options.priority = Some(f64::NAN),
                1 => options.timeout = Some(bad),
                6 => options.abandon_after = Some(bad),
                2 => options.delay = Some(f64::INFINITY),
                3 => options.retry = Some(RetryOptions { limit: bad, ..retry }),
                4 => options.retry = Some(RetryOptions { delay: bad, ..retry }),
                _ => options.retry = Some(RetryOptions { max_delay: bad, ..retry }),
            }
            options
        })
        .boxed()
}

fn rate() -> impl Strategy<Value = (f64, f64)> {
    prop_oneof![Just((1.0, 10.0)), Just((2.0, 10.0)), Just((3.0, 0.5)), Just((f64::INFINITY, 1.0))]
}

pub fn manager_options() -> BoxedStrategy<ManagerOptions> {
    let retain = prop_oneof![4 => Just(0.0), 1 => Just(1.0), 1 => Just(3.0), 1 => Just(f64::INFINITY)];
    let max_pending = prop_oneof![1 => Just(0.0), 1 => Just(1.0), 1 => Just(3.0), 5 => Just(f64::INFINITY)];
    let defaults = prop_oneof![3 => Just(RunOptions::default()), 1 => run_options()];
    let rates = (rarely(rate()), rarely(rate()));
    (count(), count(), rates, max_pending, proptest::bool::weighted(0.1), retain, defaults)
        .prop_map(|(concurrency, group_concurrency, rates, max_pending, paused, retain, mut defaults)| {
            let (rate_limit, group_rate_limit) = rates;
            (defaults.aborted, defaults.may_wait_alone) = (false, false);
            ManagerOptions {
                concurrency,
                group_concurrency,
                rate_limit,
                group_rate_limit,
                max_pending,
                paused,
                retain,
                defaults,
            }
        })
        .boxed()
}

fn bad_manager_options() -> BoxedStrategy<ManagerOptions> {
    let bad = prop_oneof![Just(f64::NAN), Just(-1.0), Just(0.5), Just(f64::NEG_INFINITY)];
    (manager_options(), bad_run_options(), bad, 0..8_u8)
        .prop_map(|(mut options, defaults, bad, field)| {
            match field {
                0 => options.concurrency = bad,
                1 => options.group_concurrency = bad,
                2 => options.max_pending = bad,
                3 => options.retain = bad,
                4 => options.rate_limit = Some((bad, 1.0)),
                5 => options.rate_limit = Some((1.0, if bad > 0.0 { f64::INFINITY } else { bad })),
                6 => options.group_rate_limit = Some((bad, 1.0)),
                _ => options.defaults = defaults,
            }
            options
        })
        .boxed()
}

fn outcome() -> impl Strategy<Value = Outcome> {
    prop_oneof![4 => Just(Outcome::Resolved), 4 => Just(Outcome::Rejected), 1 => Just(Outcome::NotRetriable)]
}

fn job_channel() -> impl Strategy<Value = Channel> {
    use Channel::{Action, Continuation, Event, Progress, State, Stopped};
    prop_oneof![1 => Just(Stopped), 2 => Just(Continuation), 2 => Just(Event), 3 => Just(Action), 1 => Just(State), 1 => Just(Progress)]
}

fn percent() -> impl Strategy<Value = f64> {
    prop_oneof![Just(-1.0), Just(40.0), Just(101.0), Just(f64::NAN), Just(f64::INFINITY)]
}

pub fn op() -> impl Strategy<Value = Op> {
    let pick = any::<Pick>;
    let key = || 0..4_u8;
    let run = (pick(), key(), proptest::option::weighted(0.8, run_options()))
        .prop_map(|(manager, key, options)| Op::Run { manager, key, options });
    let run_badly = (pick(), key(), bad_run_options()).prop_map(|(manager, key, options)| Op::Run {
        manager,
        key,
        options: Some(options),
    });
    let wait =
        prop_oneof![4 => Just(None), 2 => millis().prop_map(Some), 1 => Just(Some(f64::NAN)), 1 => Just(Some(-1.0))];
    let answer = (pick(), proptest::bool::weighted(0.8), wait, 0..8_u8)
        .prop_map(|(pick, again, wait, eighths)| Op::AnswerRetry { pick, again, wait, eighths });
    let speak = || (pick(), proptest::bool::weighted(0.2));
    let concurrency = prop_oneof![6 => count(), 1 => Just(0.0), 1 => Just(f64::NAN)];
    let new_rate = prop_oneof![4 => rarely(rate()), 1 => Just(Some((0.0, 1.0))), 1 => Just(Some((1.0, f64::NAN)))];
    let size = prop_oneof![4 => Just(1.0), 2 => Just(2.0), 1 => Just(4.0), 1 => Just(0.0), 1 => Just(f64::INFINITY)];
    let time = prop_oneof![6 => millis(), 1 => Just(-1.0), 1 => Just(f64::INFINITY)];
    let patience = prop_oneof![6 => millis(), 1 => Just(-1.0), 1 => Just(f64::NAN), 1 => Just(f64::INFINITY)];
    let some_priority = prop_oneof![8 => priority(), 1 => Just(f64::INFINITY)];
    let jobs = prop_oneof![
        30 => run,
        1 => run_badly,
        22 => (pick(), outcome()).prop_map(|(pick, outcome)| Op::Settle(pick, outcome)),
        6 => pick().prop_map(Op::Called),
        1 => (pick(), outcome()).prop_map(|(pick, outcome)| Op::SettleAny(pick, outcome)),
        10 => answer,
        1 => pick().prop_map(Op::RetryAny),
        6 => pick().prop_map(Op::Stop),
        2 => (pick(), key()).prop_map(|(manager, key)| Op::StopKey { manager, key }),
        6 => (pick(), some_priority).prop_map(|(pick, priority)| Op::SetPriority(pick, priority)),
        1 => (pick(), outcome()).prop_map(|(pick, outcome)| Op::SettleAbandoned(pick, outcome)),
        3 => (pick(), time).prop_map(|(pick, millis)| Op::Sleep(pick, millis)),
        3 => (pick(), patience).prop_map(|(pick, millis)| Op::AwaitStop(pick, millis)),
    ]
    .boxed();
    let managers = prop_oneof![
        3 => manager_options().prop_map(Op::CreateManager),
        1 => bad_manager_options().prop_map(Op::CreateManager),
        2 => pick().prop_map(Op::DropManager),
        1 => pick().prop_map(Op::StopAll),
        1 => pick().prop_map(Op::StopPending),
        2 => pick().prop_map(Op::Forget),
        1 => pick().prop_map(Op::Close),
        3 => (pick(), concurrency).prop_map(|(pick, value)| Op::SetConcurrency(pick, value)),
        3 => (pick(), new_rate).prop_map(|(pick, rate)| Op::SetRateLimit(pick, rate)),
        1 => (pick(), 0.0..20.0).prop_map(|(pick, ago)| Op::NoteStart(pick, ago)),
        2 => pick().prop_map(Op::Pause),
        3 => pick().prop_map(Op::Resume),
        3 => (pick(), size).prop_map(|(pick, size)| Op::AwaitPendingBelow(pick, size)),
        2 => pick().prop_map(Op::AwaitIdle),
    ]
    .boxed();
    let watching = prop_oneof![
        2 => speak().prop_map(|(job, superseded)| Op::SetState { job, superseded }),
        2 => (speak(), percent()).prop_map(|((job, superseded), percent)| Op::Progress { job, superseded, percent }),
        1 => speak().prop_map(|(job, superseded)| Op::Log { job, superseded }),
        3 => pick().prop_map(Op::Dispatch),
        2 => Just(Op::CreateEmitter),
        1 => pick().prop_map(Op::DropEmitter),
        3 => pick().prop_map(Op::ListenToEmitter),
        5 => (pick(), job_channel()).prop_map(|(pick, channel)| Op::ListenToJob(pick, channel)),
        2 => (pick(), prop_oneof![Just(Channel::Change), Just(Channel::Event), Just(Channel::Order)])
            .prop_map(|(pick, channel)| Op::ListenToManager(pick, channel)),
        2 => (pick(), key()).prop_map(|(manager, key)| Op::ListenToKey { manager, key }),
        4 => pick().prop_map(Op::Unlisten),
        3 => pick().prop_map(Op::Emit),
        1 => pick().prop_map(Op::Open),
    ]
    .boxed();
    let driving = prop_oneof![
        2 => millis().prop_map(Op::Pass),
        1 => Just(Op::Tick),
        6 => Just(Op::Wake),
        3 => (1..6_u8).prop_map(Op::Apply),
        12 => any::<bool>().prop_map(|recycle| Op::Drain { recycle }),
    ]
    .boxed();
    prop_oneof![10 => jobs, 2 => managers, 5 => watching, 4 => driving]
}
