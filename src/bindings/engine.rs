//! The engine as one JavaScript object. Every method takes `&self`: the borrow ends before JavaScript runs again.
//!
//! Answers are numbers. From `run`: job × 4 + 0 pending, 1 started, 2 already running; below zero a refusal, whose
//! words `refusal` gives. Elsewhere −1 stands for "made no difference". Milliseconds in; below zero for a command to
//! which time means nothing.

#![allow(clippy::inline_always)] // Each export is to hold the rules of its own command, not a switch over all.

use std::cell::RefCell;
use std::rc::Rc;

use js_sys::Function;
use serde::Serialize;
use wasm_bindgen::prelude::*;

use super::effects::Outbox;
use super::panic;
use crate::engine::{
    Backoff, Channel, Command, Effects, EmitterId, Engine, JobId, JobStatus, KeyId, ListenerId, ManagerId,
    ManagerOptions, OnDuplicate, Outcome, Refusal, Reply, RetryOptions, RunOptions, Source, Time,
};

const NO_DIFFERENCE: i32 = -1;
/// Run option bits: which of the numbers were given, and the yes-or-no ones.
const GIVEN: [u32; 4] = [1, 2, 4, 8];
const FIXED_BACKOFF: u32 = 16;
const NO_JITTER: u32 = 32;
const ABORTED: u32 = 64;
const PAUSED: u32 = 128;
const RATE_LIMITED: u32 = 256;

#[derive(Debug)]
struct Inner {
    engine: Engine,
    now: Time,
    effects: Effects,
    outbox: Outbox,
    refusal: Option<Refusal>,
    /// Options in the making, for the run or manager that comes next.
    options: RunOptions,
}

/// The engine of one page or worker.
#[wasm_bindgen]
#[derive(Debug)]
pub struct WasmEngine {
    inner: RefCell<Inner>,
}

#[derive(Serialize)]
struct Stats {
    pending: u32,
    running: u32,
    completed: u32,
    failed: u32,
    cancelled: u32,
    total: u32,
}

fn code(answer: Result<Reply, i32>) -> i32 {
    match answer {
        Ok(Reply::Ignored) => NO_DIFFERENCE,
        Ok(Reply::Told(count)) => count as i32,
        Ok(_) => 0,
        Err(refused) => refused,
    }
}

impl WasmEngine {
    #[inline(always)]
    fn handle(&self, now: f64, command: Command<'_>) -> Result<Reply, i32> {
        let inner = &mut *self.inner.borrow_mut();
        inner.handle(inner.moment(now), command)
    }

    /// For commands to which time means nothing.
    #[inline(always)]
    fn handle_timeless(&self, command: Command<'_>) -> Result<Reply, i32> {
        let inner = &mut *self.inner.borrow_mut();
        inner.handle(inner.now, command)
    }

    #[inline(always)]
    fn tell(&self, now: f64, command: Command<'_>) -> i32 {
        code(self.handle(now, command))
    }

    #[inline(always)]
    fn tell_timeless(&self, command: Command<'_>) -> i32 {
        code(self.handle_timeless(command))
    }

    fn job<R>(&self, read: impl FnOnce(&Engine) -> R) -> R {
        read(&self.inner.borrow().engine)
    }
}

impl Inner {
    /// Below zero: time means nothing to this command, the latest will do.
    fn moment(&self, now: f64) -> Time {
        if now < 0.0 { self.now } else { Time::from_millis(now) }
    }

    #[inline(always)]
    fn handle(&mut self, now: Time, command: Command<'_>) -> Result<Reply, i32> {
        self.now = now;
        let reply = self.engine.handle(now, command, &mut self.effects);
        self.outbox.take(&mut self.effects);
        reply.map_err(|refusal| {
            self.refusal = Some(refusal);
            match refusal {
                Refusal::OutOfBounds(_) => -2,
                Refusal::Duplicate => -3,
                Refusal::QueueFull => -4,
                Refusal::Closed => -5,
            }
        })
    }

    #[inline]
    fn run(&mut self, manager: u32, key: u32, options: Option<&RunOptions>, now: f64) -> i32 {
        match self
            .handle(Time::from_millis(now), Command::Run { manager: ManagerId(manager), key: KeyId(key), options })
        {
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
            effects: Effects::new(),
            outbox: Outbox::default(),
            refusal: None,
            options: RunOptions::default(),
        };
        Self { inner: RefCell::new(inner) }
    }

    /// Address of four words: where the effects are, how many words they are, the serial of the newest job, how many
    /// effects the last command had.
    pub fn outbox(&self) -> u32 {
        self.inner.borrow().outbox.header_address()
    }

    /// All effects have been applied.
    pub fn drained(&self) {
        let inner = &mut *self.inner.borrow_mut();
        inner.outbox.clear();
        inner.engine.recycle();
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

    /// With the manager's defaults.
    pub fn run(&self, manager: u32, key: u32, now: f64) -> i32 {
        self.inner.borrow_mut().run(manager, key, None, now)
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

    /// The body of the running attempt has settled.
    pub fn settle(&self, job: u32, rejected: bool, now: f64) {
        let outcome = if rejected { Outcome::Rejected } else { Outcome::Resolved };
        self.tell(now, Command::Settle { job: JobId(job), outcome });
    }

    /// The answer to "ask retry". `random` is in 0..1. The wait in milliseconds, −1 if there is none.
    pub fn retry(&self, job: u32, again: bool, random: f64, now: f64) -> f64 {
        match self.handle(now, Command::Retry { job: JobId(job), again, random }) {
            Ok(Reply::Waits(wait)) => wait.as_millis(),
            _ => f64::from(NO_DIFFERENCE),
        }
    }

    /// −1: it had been asked before, or has ended.
    pub fn stop(&self, job: u32, now: f64) -> i32 {
        self.tell(now, Command::Stop(JobId(job)))
    }

    /// A waiter's number, −1 if the job has ended, or a refusal.
    #[wasm_bindgen(js_name = awaitStop)]
    pub fn await_stop(&self, job: u32, timeout: f64, now: f64) -> i32 {
        match self.handle(now, Command::AwaitStop { job: JobId(job), timeout }) {
            Ok(Reply::Waiter(waiter)) => waiter.0 as i32,
            Ok(_) => NO_DIFFERENCE,
            Err(refused) => refused,
        }
    }

    /// 0, −1 or a refusal.
    #[wasm_bindgen(js_name = setPriority)]
    pub fn set_priority(&self, job: u32, priority: f64, now: f64) -> i32 {
        self.tell(now, Command::SetPriority { job: JobId(job), priority })
    }

    /// How many listeners are told; −1: this attempt may not speak.
    #[wasm_bindgen(js_name = setState)]
    pub fn set_state(&self, job: u32, attempt: u32) -> i32 {
        self.tell_timeless(Command::SetState { job: JobId(job), attempt })
    }

    /// Progress as it counts; −1: this attempt may not speak; NaN: refused.
    pub fn progress(&self, job: u32, attempt: u32, percent: f64) -> f64 {
        match self.handle_timeless(Command::Progress { job: JobId(job), attempt, percent }) {
            Ok(Reply::Percent(percent)) => percent,
            Ok(_) => f64::from(NO_DIFFERENCE),
            Err(_) => f64::NAN,
        }
    }

    /// How many watchers are told; −1: this attempt may not speak.
    pub fn log(&self, job: u32, attempt: u32) -> i32 {
        self.tell_timeless(Command::Log { job: JobId(job), attempt })
    }

    /// 1: told to listeners; 0: kept for the first; −1: the job has ended.
    pub fn dispatch(&self, job: u32) -> i32 {
        match self.handle_timeless(Command::Dispatch(JobId(job))) {
            Ok(Reply::Told(_)) => 1,
            Ok(Reply::Kept) => 0,
            _ => NO_DIFFERENCE,
        }
    }

    /// 0 pending, 1 running, 2 completed, 3 failed, 4 cancelled, −1 forgotten.
    pub fn status(&self, job: u32) -> i32 {
        match self.job(|engine| engine.status(JobId(job))) {
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
        self.job(|engine| engine.is_stopping(JobId(job)))
    }

    /// Higher runs first.
    pub fn priority(&self, job: u32) -> f64 {
        self.job(|engine| engine.priority(JobId(job)))
    }

    /// The job under the key, or −1.
    pub fn standing(&self, key: u32) -> i32 {
        self.job(|engine| engine.standing(KeyId(key)).map_or(NO_DIFFERENCE, |job| job.0 as i32))
    }

    /// The job that waits for the one under the key to end, or −1.
    pub fn waiting(&self, key: u32) -> i32 {
        self.job(|engine| engine.waiting(KeyId(key)).map_or(NO_DIFFERENCE, |job| job.0 as i32))
    }

    // ── managers ────────────────────────────────────────────────────────────────────────────────

    /// Defaults for its jobs are the options set before. A manager's number or a refusal.
    #[wasm_bindgen(js_name = createManager)]
    #[allow(clippy::too_many_arguments)]
    pub fn create_manager(
        &self,
        flags: u32,
        concurrency: f64,
        group_concurrency: f64,
        rate_limit: f64,
        rate_interval: f64,
        max_pending: f64,
        retain: f64,
        now: f64,
    ) -> i32 {
        let inner = &mut *self.inner.borrow_mut();
        let options = ManagerOptions {
            concurrency,
            group_concurrency,
            rate_limit: (flags & RATE_LIMITED != 0).then_some((rate_limit, rate_interval)),
            max_pending,
            paused: flags & PAUSED != 0,
            retain,
            defaults: std::mem::take(&mut inner.options),
        };
        match inner.handle(inner.moment(now), Command::CreateManager(&options)) {
            Ok(Reply::Manager(manager)) => manager.0 as i32,
            Ok(_) => NO_DIFFERENCE,
            Err(refused) => refused,
        }
    }

    /// Nobody holds it any more.
    #[wasm_bindgen(js_name = dropManager)]
    pub fn drop_manager(&self, manager: u32, now: f64) {
        self.tell(now, Command::DropManager(ManagerId(manager)));
    }

    /// Asks every job to end.
    #[wasm_bindgen(js_name = stopAll)]
    pub fn stop_all(&self, manager: u32, now: f64) {
        self.tell(now, Command::StopAll(ManagerId(manager)));
    }

    /// And takes no more.
    pub fn close(&self, manager: u32, now: f64) {
        self.tell(now, Command::Close(ManagerId(manager)));
    }

    /// Starts nothing, or starts again.
    #[wasm_bindgen(js_name = setPaused)]
    pub fn set_paused(&self, manager: u32, paused: bool, now: f64) {
        let manager = ManagerId(manager);
        self.tell(now, if paused { Command::Pause(manager) } else { Command::Resume(manager) });
    }

    /// Starts nothing.
    #[wasm_bindgen(js_name = isPaused)]
    pub fn is_paused(&self, manager: u32) -> bool {
        self.job(|engine| engine.is_paused(ManagerId(manager)))
    }

    /// 0 or a refusal.
    #[wasm_bindgen(js_name = setConcurrency)]
    pub fn set_concurrency(&self, manager: u32, concurrency: f64, now: f64) -> i32 {
        self.tell(now, Command::SetConcurrency { manager: ManagerId(manager), concurrency })
    }

    /// True: nothing is pending now. Else an effect follows.
    #[wasm_bindgen(js_name = awaitEmpty)]
    pub fn await_empty(&self, manager: u32) -> bool {
        self.tell_timeless(Command::AwaitEmpty(ManagerId(manager))) == 0
    }

    /// True: nothing is pending or running now. Else an effect follows.
    #[wasm_bindgen(js_name = awaitIdle)]
    pub fn await_idle(&self, manager: u32) -> bool {
        self.tell_timeless(Command::AwaitIdle(ManagerId(manager))) == 0
    }

    /// Counts changes.
    pub fn version(&self, manager: u32) -> u32 {
        self.job(|engine| engine.version(ManagerId(manager)))
    }

    /// A plain object.
    ///
    /// # Errors
    ///
    /// None in practice: six numbers always fit.
    pub fn stats(&self, manager: u32) -> Result<JsValue, JsValue> {
        let stats = self.job(|engine| engine.stats(ManagerId(manager))).unwrap_or_default();
        let crate::engine::Stats { pending, running, completed, failed, cancelled, total } = stats;
        let stats = Stats { pending, running, completed, failed, cancelled, total };
        Ok(serde_wasm_bindgen::to_value(&stats)?)
    }

    /// All its jobs, oldest first.
    pub fn jobs(&self, manager: u32) -> Vec<u32> {
        self.job(|engine| engine.jobs(ManagerId(manager)).map(|job| job.0).collect())
    }

    // ── listening ───────────────────────────────────────────────────────────────────────────────

    /// A subject or gate.
    #[wasm_bindgen(js_name = createEmitter)]
    pub fn create_emitter(&self) -> i32 {
        match self.handle_timeless(Command::CreateEmitter) {
            Ok(Reply::Emitter(emitter)) => emitter.0 as i32,
            _ => NO_DIFFERENCE,
        }
    }

    /// Nobody holds it any more.
    #[wasm_bindgen(js_name = dropEmitter)]
    pub fn drop_emitter(&self, emitter: u32) {
        self.tell_timeless(Command::DropEmitter(EmitterId(emitter)));
    }

    /// `kind`: 0 emitter, 1 job, 2 manager, 3 key. A listener's number, −1 nothing to hear, −2 latched: call it soon.
    pub fn listen(&self, kind: u32, source: u32, channel: u32) -> i32 {
        let source = match kind {
            0 => Source::Emitter(EmitterId(source)),
            1 => Source::Job(JobId(source)),
            2 => Source::Manager(ManagerId(source)),
            _ => Source::Key(KeyId(source)),
        };
        let channel = match channel {
            0 => Channel::Value,
            1 => Channel::State,
            2 => Channel::Progress,
            3 => Channel::Stopped,
            4 => Channel::Action,
            5 => Channel::Event,
            6 => Channel::Change,
            _ => Channel::Key,
        };
        match self.handle_timeless(Command::Listen { source, channel }) {
            Ok(Reply::Listener { listener, .. }) => listener.0 as i32,
            Ok(Reply::Latched) => -2,
            _ => NO_DIFFERENCE,
        }
    }

    /// It is told nothing more.
    pub fn unlisten(&self, listener: u32) {
        self.tell_timeless(Command::Unlisten(ListenerId(listener)));
    }

    /// How many are told.
    pub fn emit(&self, emitter: u32) -> i32 {
        self.tell_timeless(Command::Emit(EmitterId(emitter)))
    }

    /// How many are told; −1: it was open.
    pub fn open(&self, emitter: u32) -> i32 {
        self.tell_timeless(Command::Open(EmitterId(emitter)))
    }

    /// Whether a gate has opened.
    #[wasm_bindgen(js_name = isOpen)]
    pub fn is_open(&self, emitter: u32) -> bool {
        self.job(|engine| engine.is_open(EmitterId(emitter)))
    }

    /// Listeners of a subject or gate.
    #[wasm_bindgen(js_name = listenerCount)]
    pub fn listener_count(&self, emitter: u32) -> u32 {
        self.job(|engine| engine.listener_count(EmitterId(emitter)))
    }

    /// Whatever is due.
    pub fn tick(&self, now: f64) {
        self.tell(now, Command::Tick);
    }
}

/// Breaks the engine, to see that nothing hangs then.
#[cfg(feature = "test-panic")]
#[allow(clippy::panic, unreachable_pub)]
#[wasm_bindgen(js_name = __panic)]
pub fn provoke_panic() {
    std::panic::panic_any("provoked by a test".to_owned());
}
