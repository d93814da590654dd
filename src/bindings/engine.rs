//! The engine's exports: functions, for there is one engine. The facade calls those of numbers without glue between.
//!
//! Answers are numbers. From `run`: what has become of it, and above that its job; below zero a refusal, whose words
//! `refusal` gives. Elsewhere −1 stands for "made no difference". Milliseconds in; below zero for a command to
//! which time means nothing.

#![allow(clippy::inline_always, unreachable_pub)] // Each export is to hold the rules of its own command, not a switch over all.

use std::cell::RefCell;
use std::rc::Rc;

use js_sys::Function;
use wasm_bindgen::prelude::*;

use super::effects::Outbox;
use super::panic;
use crate::engine::{
    Backoff, Command, Engine, JobId, KeyId, ManagerId, Refusal, Reply, RetryOptions, RunOptions, Time, ValueId,
};

pub(super) use super::wire::answer::NO_DIFFERENCE;
use super::wire::{cause_code, option, outcome_of, pack, policy_of, ran, refusal_code, status_code};

#[derive(Debug, Default)]
pub(super) struct Inner {
    pub(super) engine: Engine,
    now: Time,
    outbox: Outbox,
    refusal: Option<Refusal>,
    /// Options in the making, for the run or manager that comes next.
    pub(super) options: RunOptions,
    /// Where JavaScript reads a manager's statistics.
    pub(super) counts: Box<[u32; 6]>,
    /// A job's rank.
    rank: Box<[f64; 4]>,
    /// And the jobs that it has asked for.
    pub(super) list: Vec<u32>,
}

thread_local! {
    /// The engine of one page or worker; it stays as long as they do.
    static INNER: &'static RefCell<Inner> = Box::leak(Box::default());
}

fn code(answer: Result<Reply, i32>) -> i32 {
    match answer {
        Ok(Reply::Ignored) => NO_DIFFERENCE,
        Ok(Reply::Told(count)) => count as i32,
        Ok(_) => 0,
        Err(refused) => refused,
    }
}

fn waiter_code(answer: Result<Reply, i32>) -> i32 {
    match answer {
        Ok(Reply::Waiter(waiter)) => waiter.0 as i32,
        Ok(_) => NO_DIFFERENCE,
        Err(refused) => refused,
    }
}

#[inline(always)]
fn inner() -> &'static RefCell<Inner> {
    INNER.with(|inner| *inner)
}

/// The borrow ends before JavaScript runs again.
#[inline(always)]
pub(super) fn with<R>(work: impl FnOnce(&mut Inner) -> R) -> R {
    work(&mut inner().borrow_mut())
}

#[inline(always)]
pub(super) fn handle(now: f64, command: Command<'_>) -> Result<Reply, i32> {
    let inner = &mut *inner().borrow_mut();
    inner.handle(inner.moment(now), command)
}

/// For commands to which time means nothing.
#[inline(always)]
pub(super) fn handle_timeless(command: Command<'_>) -> Result<Reply, i32> {
    let inner = &mut *inner().borrow_mut();
    inner.handle(inner.now, command)
}

#[inline(always)]
pub(super) fn tell(now: f64, command: Command<'_>) -> i32 {
    code(handle(now, command))
}

#[inline(always)]
pub(super) fn tell_timeless(command: Command<'_>) -> i32 {
    code(handle_timeless(command))
}

pub(super) fn ask<R>(read: impl FnOnce(&Engine) -> R) -> R {
    read(&inner().borrow().engine)
}

impl Inner {
    /// Below zero: time means nothing to this command, the latest will do.
    pub(super) fn moment(&self, now: f64) -> Time {
        if now < 0.0 { self.now } else { Time::from_millis(now) }
    }

    #[inline(always)]
    pub(super) fn handle(&mut self, now: Time, command: Command<'_>) -> Result<Reply, i32> {
        self.now = now;
        if self.outbox.is_drained() {
            self.recycle();
        }
        let reply = self.engine.handle(now, command, &mut self.outbox);
        self.outbox.publish();
        reply.map_err(|refusal| self.refuse(refusal))
    }

    fn refuse(&mut self, refusal: Refusal) -> i32 {
        self.refusal = Some(refusal);
        refusal_code(refusal)
    }

    /// Who has left while nothing was under way leaves a number that can be used again at once.
    pub(super) fn recycle_if_idle(&mut self) {
        if self.outbox.is_idle() {
            self.recycle();
        }
    }

    #[inline(never)]
    fn recycle(&mut self) {
        self.outbox.clear();
        self.engine.recycle();
    }

    #[inline(never)] // One for both exports.
    fn run(&mut self, manager: u32, key: u32, options: Option<&RunOptions>, now: f64) -> i32 {
        let command = Command::Run { manager: ManagerId(manager), key: KeyId(key), options };
        match self.handle(self.moment(now), command) {
            Ok(Reply::Created { job, serial, started }) => {
                self.outbox.set_serial(serial);
                pack(if started { ran::STARTED } else { ran::PENDING }, job.0) as i32
            }
            Ok(Reply::AlreadyRunning(job)) => pack(ran::ALREADY_RUNNING, job.0) as i32,
            Ok(_) => NO_DIFFERENCE,
            Err(refused) => refused,
        }
    }
}

/// `on_panic(message)` is called when the engine breaks; nothing can be called after that.
#[wasm_bindgen(js_name = reportPanics)]
pub fn report_panics(on_panic: Function) {
    panic::report_to(on_panic);
}

/// Address of four words: where the effects are, how many words they are, the serial of the newest job, where the
/// listeners' numbers are that effects name. Zero is written over the second when all effects have been applied.
#[wasm_bindgen]
pub fn outbox() -> u32 {
    with(|inner| inner.outbox.header_address())
}

/// Milliseconds on the clock of the commands; infinite: never.
#[wasm_bindgen(js_name = wakeAt)]
pub fn wake_at() -> f64 {
    with(|inner| inner.outbox.wake_at()).map_or(f64::INFINITY, Time::as_millis)
}

/// Why the last command was refused.
#[wasm_bindgen]
pub fn refusal() -> String {
    with(|inner| inner.refusal).map_or_else(String::new, |refusal| refusal.to_string())
}

// ── jobs ────────────────────────────────────────────────────────────────────────────────────

/// With the manager's defaults; a priority that is a number in place of theirs.
#[wasm_bindgen]
pub fn run(manager: u32, key: u32, priority: f64, now: f64) -> i32 {
    if priority.is_nan() {
        return with(|inner| inner.run(manager, key, None, now));
    }
    let options = RunOptions { priority: Some(priority), ..RunOptions::default() };
    with(|inner| inner.run(manager, key, Some(&options), now))
}

/// Options for the next `runWith` or `createManager`. `given` says which numbers count.
#[wasm_bindgen(js_name = setOptions)]
#[allow(clippy::too_many_arguments)]
pub fn set_options(
    given: u32,
    on_duplicate: i32,
    priority: f64,
    timeout: f64,
    delay: f64,
    retry_limit: f64,
    retry_delay: f64,
    retry_max_delay: f64,
    abandon_after: f64,
    group: Option<String>,
) {
    let [with_priority, with_timeout, with_delay, with_retry] =
        [option::PRIORITY, option::TIMEOUT, option::DELAY, option::RETRY].map(|bit| given & bit != 0);
    let defaults = RetryOptions::default();
    let retry = RetryOptions {
        limit: retry_limit,
        delay: if given & option::RETRY_DELAY == 0 { defaults.delay } else { retry_delay },
        backoff: if given & option::FIXED_BACKOFF == 0 { Backoff::Exponential } else { Backoff::Fixed },
        max_delay: if given & option::RETRY_MAX_DELAY == 0 { defaults.max_delay } else { retry_max_delay },
        jitter: given & option::NO_JITTER == 0,
    };
    let options = RunOptions {
        priority: with_priority.then_some(priority),
        timeout: with_timeout.then_some(timeout),
        retry: with_retry.then_some(retry),
        delay: with_delay.then_some(delay),
        abandon_after: (given & option::ABANDON_AFTER != 0).then_some(abandon_after),
        group: group.map(Rc::from),
        on_duplicate: policy_of(on_duplicate),
        aborted: given & option::ABORTED != 0,
        may_wait_alone: given & option::MAY_WAIT_ALONE != 0,
    };
    with(|inner| inner.options = options);
}

/// With the options set before.
#[wasm_bindgen(js_name = runWith)]
pub fn run_with(manager: u32, key: u32, now: f64) -> i32 {
    with(|inner| {
        let options = std::mem::take(&mut inner.options);
        inner.run(manager, key, Some(&options), now)
    })
}

/// 0, or −2 if a job of the manager could not be run with the options set before.
#[wasm_bindgen]
pub fn check(manager: u32) -> i32 {
    with(|inner| {
        let options = std::mem::take(&mut inner.options);
        inner.engine.check(ManagerId(manager), &options).map_or_else(|fault| inner.refuse(fault.into()), |()| 0)
    })
}

/// Whether the body is to be called: false if the job was asked to stop since it was granted its slot.
#[wasm_bindgen]
pub fn begin(job: u32, now: f64) -> bool {
    tell(now, Command::Begin(JobId(job))) == 0
}

/// The body of the running attempt has been called: for managers with a rate limit.
#[wasm_bindgen]
pub fn called(job: u32, now: f64) {
    tell(now, Command::Called(JobId(job)));
}

/// An attempt's body has settled. −1: that attempt was not running any more.
#[wasm_bindgen]
pub fn settle(job: u32, attempt: u32, outcome: u32, now: f64) -> i32 {
    tell(now, Command::Settle { job: JobId(job), attempt, outcome: outcome_of(outcome) })
}

/// The answer to "ask retry". `wait`: what the caller's rule asks for, NaN if nothing. `random` is in 0..1.
#[wasm_bindgen]
pub fn retry(job: u32, again: bool, wait: f64, random: f64, now: f64) {
    tell(now, Command::Retry { job: JobId(job), again, wait: Some(wait), random });
}

/// Until when it waits for a delay or its next attempt, on the clock of the commands; NaN if it does not.
#[wasm_bindgen(js_name = readyAt)]
pub fn ready_at(job: u32) -> f64 {
    ask(|engine| engine.ready_at(JobId(job))).map_or(f64::NAN, Time::as_millis)
}

/// Where it is listed: the address of four numbers, 0 if it is forgotten.
#[wasm_bindgen]
pub fn rank(job: u32) -> u32 {
    with(|inner| {
        inner.engine.rank(JobId(job)).map_or(0, |rank| {
            *inner.rank = rank;
            inner.rank.as_ptr() as usize as u32
        })
    })
}

/// Lets go of a job that has ended and is kept. −1: it is not.
#[wasm_bindgen]
pub fn forget(job: u32, now: f64) -> i32 {
    tell(now, Command::Forget(JobId(job)))
}

/// −1: it had been asked before, or has ended.
#[wasm_bindgen]
pub fn stop(job: u32, now: f64) -> i32 {
    tell(now, Command::Stop(JobId(job)))
}

/// The one under the key, and the one that waits behind it.
#[wasm_bindgen(js_name = stopKey)]
pub fn stop_key(key: u32, now: f64) {
    tell(now, Command::StopKey(KeyId(key)));
}

/// A waiter's number, −1 if the job has ended, or a refusal.
#[wasm_bindgen(js_name = awaitStop)]
pub fn await_stop(job: u32, timeout: f64, now: f64) -> i32 {
    waiter_code(handle(now, Command::AwaitStop { job: JobId(job), timeout }))
}

/// The same, of a body: −1 also if it is asked to end.
#[wasm_bindgen]
pub fn sleep(job: u32, time: f64, now: f64) -> i32 {
    waiter_code(handle(now, Command::Sleep { job: JobId(job), time }))
}

/// 0, −1 or a refusal.
#[wasm_bindgen(js_name = setPriority)]
pub fn set_priority(job: u32, priority: f64, now: f64) -> i32 {
    tell(now, Command::SetPriority { job: JobId(job), priority })
}

/// How many listeners are told; −1: this attempt may not speak.
#[wasm_bindgen(js_name = setState)]
pub fn set_state(job: u32, attempt: u32, value: u32) -> i32 {
    tell_timeless(Command::SetState { job: JobId(job), attempt, value: ValueId(value) })
}

/// Progress as it counts; −1: this attempt may not speak; NaN: refused.
#[wasm_bindgen]
pub fn progress(job: u32, attempt: u32, percent: f64, value: u32) -> f64 {
    match handle_timeless(Command::Progress { job: JobId(job), attempt, percent, value: ValueId(value) }) {
        Ok(Reply::Percent(percent)) => percent,
        Ok(_) => f64::from(NO_DIFFERENCE),
        Err(_) => f64::NAN,
    }
}

/// How many watchers are told; −1: this attempt may not speak.
#[wasm_bindgen(js_name = writeLog)] // `log` would take the place of the logarithm.
pub fn log(job: u32, attempt: u32, value: u32) -> i32 {
    tell_timeless(Command::Log { job: JobId(job), attempt, value: ValueId(value) })
}

/// 1: told to listeners; 0: kept for the first; −1: the job has ended.
#[wasm_bindgen]
pub fn dispatch(job: u32, value: u32) -> i32 {
    match handle_timeless(Command::Dispatch { job: JobId(job), value: ValueId(value) }) {
        Ok(Reply::Told(_)) => 1,
        Ok(Reply::Kept) => 0,
        _ => NO_DIFFERENCE,
    }
}

/// 0 pending, 1 running, 2 completed, 3 failed, 4 cancelled, −1 forgotten.
#[wasm_bindgen]
pub fn status(job: u32) -> i32 {
    match ask(|engine| engine.status(JobId(job))) {
        None => NO_DIFFERENCE,
        Some(status) => status_code(status) as i32,
    }
}

/// Asked to end, body not yet settled.
#[wasm_bindgen(js_name = isStopping)]
pub fn is_stopping(job: u32) -> bool {
    ask(|engine| engine.is_stopping(JobId(job)))
}

/// Why it was asked to end, as it counts: which of a job's values is that of its end. 0: it was not.
#[wasm_bindgen]
pub fn cause(job: u32) -> u32 {
    cause_code(ask(|engine| engine.cause(JobId(job))))
}

/// Higher runs first.
#[wasm_bindgen]
pub fn priority(job: u32) -> f64 {
    ask(|engine| engine.priority(JobId(job)))
}

/// The job under the key, or −1.
#[wasm_bindgen]
pub fn standing(key: u32) -> i32 {
    ask(|engine| engine.standing(KeyId(key)).map_or(NO_DIFFERENCE, |job| job.0 as i32))
}

/// The job that waits for the one under the key to end, or −1.
#[wasm_bindgen]
pub fn waiting(key: u32) -> i32 {
    ask(|engine| engine.waiting(KeyId(key)).map_or(NO_DIFFERENCE, |job| job.0 as i32))
}

/// Whatever is due.
#[wasm_bindgen]
pub fn tick(now: f64) {
    tell(now, Command::Tick);
}
