//! The engine as one JavaScript object. Every method takes `&self`: the borrow ends before JavaScript runs again.
//!
//! Answers are numbers. From `run`: job × 4 + 0 pending, 1 started, 2 already running; below zero a refusal, whose
//! words `refusal` gives. Elsewhere −1 stands for "made no difference". Milliseconds in; below zero for a command to
//! which time means nothing.

#![allow(clippy::inline_always)] // Each export is to hold the rules of its own command, not a switch over all.

use std::cell::RefCell;
use std::rc::Rc;

use js_sys::Function;
use wasm_bindgen::prelude::*;

use super::effects::Outbox;
use super::panic;
use crate::engine::{
    Backoff, Command, Engine, JobId, JobStatus, KeyId, ManagerId, OnDuplicate, Outcome, Refusal, Reply, RetryOptions,
    RunOptions, Time, ValueId,
};

pub(super) const NO_DIFFERENCE: i32 = -1;
/// Run option bits: which of the numbers were given, and the yes-or-no ones.
const GIVEN: [u32; 4] = [1, 2, 4, 8];
const FIXED_BACKOFF: u32 = 16;
const NO_JITTER: u32 = 32;
const ABORTED: u32 = 64;
const ABANDONED: u32 = 1024;

#[derive(Debug)]
pub(super) struct Inner {
    pub(super) engine: Engine,
    now: Time,
    outbox: Outbox,
    refusal: Option<Refusal>,
    /// Options in the making, for the run or manager that comes next.
    pub(super) options: RunOptions,
    /// Where JavaScript reads a manager's statistics.
    pub(super) counts: Box<[u32; 6]>,
}

/// The engine of one page or worker.
#[wasm_bindgen]
#[derive(Debug)]
pub struct WasmEngine {
    pub(super) inner: RefCell<Inner>,
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

impl WasmEngine {
    #[inline(always)]
    pub(super) fn handle(&self, now: f64, command: Command<'_>) -> Result<Reply, i32> {
        let inner = &mut *self.inner.borrow_mut();
        inner.handle(inner.moment(now), command)
    }

    /// For commands to which time means nothing.
    #[inline(always)]
    pub(super) fn handle_timeless(&self, command: Command<'_>) -> Result<Reply, i32> {
        let inner = &mut *self.inner.borrow_mut();
        inner.handle(inner.now, command)
    }

    #[inline(always)]
    pub(super) fn tell(&self, now: f64, command: Command<'_>) -> i32 {
        code(self.handle(now, command))
    }

    #[inline(always)]
    pub(super) fn tell_timeless(&self, command: Command<'_>) -> i32 {
        code(self.handle_timeless(command))
    }

    pub(super) fn ask<R>(&self, read: impl FnOnce(&Engine) -> R) -> R {
        read(&self.inner.borrow().engine)
    }
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
        match refusal {
            Refusal::OutOfBounds(_) => -2,
            Refusal::Duplicate => -3,
            Refusal::QueueFull => -4,
            Refusal::Closed => -5,
        }
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
                job.0 as i32 * 4 + i32::from(started)
            }
            Ok(Reply::AlreadyRunning(job)) => job.0 as i32 * 4 + 2,
            Ok(_) => NO_DIFFERENCE,
            Err(refused) => refused,
        }
    }
}

#[wasm_bindgen]
impl WasmEngine {
    /// `on_panic(message)` is called when the engine breaks; nothing can be called after that.
    #[wasm_bindgen(constructor)]
    pub fn new(on_panic: Function) -> Self {
        panic::report_to(on_panic);
        let inner = Inner {
            engine: Engine::new(),
            now: Time::default(),
            outbox: Outbox::default(),
            refusal: None,
            options: RunOptions::default(),
            counts: Box::default(),
        };
        Self { inner: RefCell::new(inner) }
    }

    /// Address of four words: where the effects are, how many words they are, the serial of the newest job, where the
    /// listeners' numbers are that effects name. Zero is written over the second when all effects have been applied.
    pub fn outbox(&self) -> u32 {
        self.inner.borrow().outbox.header_address()
    }

    /// Milliseconds on the clock of the commands; infinite: never.
    #[wasm_bindgen(js_name = wakeAt)]
    pub fn wake_at(&self) -> f64 {
        self.inner.borrow().outbox.wake_at().map_or(f64::INFINITY, Time::as_millis)
    }

    /// Why the last command was refused.
    pub fn refusal(&self) -> String {
        self.inner.borrow().refusal.map_or_else(String::new, |refusal| refusal.to_string())
    }

    // ── jobs ────────────────────────────────────────────────────────────────────────────────────

    /// With the manager's defaults; a priority that is a number in place of theirs.
    pub fn run(&self, manager: u32, key: u32, priority: f64, now: f64) -> i32 {
        let inner = &mut *self.inner.borrow_mut();
        if priority.is_nan() {
            return inner.run(manager, key, None, now);
        }
        let options = RunOptions { priority: Some(priority), ..RunOptions::default() };
        inner.run(manager, key, Some(&options), now)
    }

    /// Options for the next `runWith` or `createManager`. `given` says which numbers count.
    #[wasm_bindgen(js_name = setOptions)]
    #[allow(clippy::too_many_arguments)]
    pub fn set_options(
        &self,
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
        let [with_priority, with_timeout, with_delay, with_retry] = GIVEN.map(|bit| given & bit != 0);
        let retry = RetryOptions {
            limit: retry_limit,
            delay: retry_delay,
            backoff: if given & FIXED_BACKOFF == 0 { Backoff::Exponential } else { Backoff::Fixed },
            max_delay: retry_max_delay,
            jitter: given & NO_JITTER == 0,
        };
        self.inner.borrow_mut().options = RunOptions {
            priority: with_priority.then_some(priority),
            timeout: with_timeout.then_some(timeout),
            retry: with_retry.then_some(retry),
            delay: with_delay.then_some(delay),
            abandon_after: (given & ABANDONED != 0).then_some(abandon_after),
            group: group.map(Rc::from),
            on_duplicate: match on_duplicate {
                0 => Some(OnDuplicate::Join),
                1 => Some(OnDuplicate::Replace),
                2 => Some(OnDuplicate::Queue),
                3 => Some(OnDuplicate::Reject),
                _ => None,
            },
            aborted: given & ABORTED != 0,
        };
    }

    /// With the options set before.
    #[wasm_bindgen(js_name = runWith)]
    pub fn run_with(&self, manager: u32, key: u32, now: f64) -> i32 {
        let inner = &mut *self.inner.borrow_mut();
        let options = std::mem::take(&mut inner.options);
        inner.run(manager, key, Some(&options), now)
    }

    /// 0, or −2 if a job of the manager could not be run with the options set before.
    pub fn check(&self, manager: u32) -> i32 {
        let inner = &mut *self.inner.borrow_mut();
        let options = std::mem::take(&mut inner.options);
        match inner.engine.check(ManagerId(manager), &options) {
            Ok(()) => 0,
            Err(fault) => inner.refuse(fault.into()),
        }
    }

    /// Whether the body is to be called: false if the job was asked to stop since it was granted its slot.
    pub fn begin(&self, job: u32, now: f64) -> bool {
        self.tell(now, Command::Begin(JobId(job))) == 0
    }

    /// The body of the running attempt has been called: for managers with a rate limit.
    pub fn called(&self, job: u32, now: f64) {
        self.tell(now, Command::Called(JobId(job)));
    }

    /// An attempt's body has settled. −1: that attempt was not running any more.
    pub fn settle(&self, job: u32, attempt: u32, rejected: bool, now: f64) -> i32 {
        let outcome = if rejected { Outcome::Rejected } else { Outcome::Resolved };
        self.tell(now, Command::Settle { job: JobId(job), attempt, outcome })
    }

    /// The answer to "ask retry". `wait`: what the caller's rule asks for, NaN if nothing. `random` is in 0..1.
    pub fn retry(&self, job: u32, again: bool, wait: f64, random: f64, now: f64) {
        self.tell(now, Command::Retry { job: JobId(job), again, wait: Some(wait), random });
    }

    /// Until when it waits for a delay or its next attempt, on the clock of the commands; NaN if it does not.
    #[wasm_bindgen(js_name = readyAt)]
    pub fn ready_at(&self, job: u32) -> f64 {
        self.ask(|engine| engine.ready_at(JobId(job))).map_or(f64::NAN, Time::as_millis)
    }

    /// Where it is listed: four numbers; none if it is forgotten.
    pub fn rank(&self, job: u32) -> Vec<f64> {
        self.ask(|engine| engine.rank(JobId(job))).map_or_else(Vec::new, |rank| rank.to_vec())
    }

    /// Lets go of a job that has ended and is kept. −1: it is not.
    pub fn forget(&self, job: u32, now: f64) -> i32 {
        self.tell(now, Command::Forget(JobId(job)))
    }

    /// −1: it had been asked before, or has ended.
    pub fn stop(&self, job: u32, now: f64) -> i32 {
        self.tell(now, Command::Stop(JobId(job)))
    }

    /// A waiter's number, −1 if the job has ended, or a refusal.
    #[wasm_bindgen(js_name = awaitStop)]
    pub fn await_stop(&self, job: u32, timeout: f64, now: f64) -> i32 {
        waiter_code(self.handle(now, Command::AwaitStop { job: JobId(job), timeout }))
    }

    /// The same, of a body.
    pub fn sleep(&self, job: u32, time: f64, now: f64) -> i32 {
        waiter_code(self.handle(now, Command::Sleep { job: JobId(job), time }))
    }

    /// 0, −1 or a refusal.
    #[wasm_bindgen(js_name = setPriority)]
    pub fn set_priority(&self, job: u32, priority: f64, now: f64) -> i32 {
        self.tell(now, Command::SetPriority { job: JobId(job), priority })
    }

    /// How many listeners are told; −1: this attempt may not speak.
    #[wasm_bindgen(js_name = setState)]
    pub fn set_state(&self, job: u32, attempt: u32, value: u32) -> i32 {
        self.tell_timeless(Command::SetState { job: JobId(job), attempt, value: ValueId(value) })
    }

    /// Progress as it counts; −1: this attempt may not speak; NaN: refused.
    pub fn progress(&self, job: u32, attempt: u32, percent: f64, value: u32) -> f64 {
        match self.handle_timeless(Command::Progress { job: JobId(job), attempt, percent, value: ValueId(value) }) {
            Ok(Reply::Percent(percent)) => percent,
            Ok(_) => f64::from(NO_DIFFERENCE),
            Err(_) => f64::NAN,
        }
    }

    /// How many watchers are told; −1: this attempt may not speak.
    pub fn log(&self, job: u32, attempt: u32, value: u32) -> i32 {
        self.tell_timeless(Command::Log { job: JobId(job), attempt, value: ValueId(value) })
    }

    /// 1: told to listeners; 0: kept for the first; −1: the job has ended.
    pub fn dispatch(&self, job: u32, value: u32) -> i32 {
        match self.handle_timeless(Command::Dispatch { job: JobId(job), value: ValueId(value) }) {
            Ok(Reply::Told(_)) => 1,
            Ok(Reply::Kept) => 0,
            _ => NO_DIFFERENCE,
        }
    }

    /// 0 pending, 1 running, 2 completed, 3 failed, 4 cancelled, −1 forgotten.
    pub fn status(&self, job: u32) -> i32 {
        match self.ask(|engine| engine.status(JobId(job))) {
            None => NO_DIFFERENCE,
            Some(JobStatus::Pending) => 0,
            Some(JobStatus::Running) => 1,
            Some(JobStatus::Completed) => 2,
            Some(JobStatus::Failed) => 3,
            Some(JobStatus::Cancelled) => 4,
        }
    }

    /// Asked to end, body not yet settled.
    #[wasm_bindgen(js_name = isStopping)]
    pub fn is_stopping(&self, job: u32) -> bool {
        self.ask(|engine| engine.is_stopping(JobId(job)))
    }

    /// Higher runs first.
    pub fn priority(&self, job: u32) -> f64 {
        self.ask(|engine| engine.priority(JobId(job)))
    }

    /// The job under the key, or −1.
    pub fn standing(&self, key: u32) -> i32 {
        self.ask(|engine| engine.standing(KeyId(key)).map_or(NO_DIFFERENCE, |job| job.0 as i32))
    }

    /// The job that waits for the one under the key to end, or −1.
    pub fn waiting(&self, key: u32) -> i32 {
        self.ask(|engine| engine.waiting(KeyId(key)).map_or(NO_DIFFERENCE, |job| job.0 as i32))
    }

    /// Whatever is due.
    pub fn tick(&self, now: f64) {
        self.tell(now, Command::Tick);
    }
}
