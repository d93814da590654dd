//! Managers, seen from JavaScript.
#![allow(clippy::inline_always)]

use wasm_bindgen::prelude::*;

use super::engine::{NO_DIFFERENCE, WasmEngine};
use crate::engine::{Command, Engine, JobStatus, ManagerId, ManagerOptions, Reply, Time};

const PAUSED: u32 = 128;
const RATE_LIMITED: u32 = 256;
const GROUP_RATE_LIMITED: u32 = 512;

#[wasm_bindgen]
impl WasmEngine {
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
        group_rate_limit: f64,
        group_rate_interval: f64,
        max_pending: f64,
        retain: f64,
        now: f64,
    ) -> i32 {
        let inner = &mut *self.inner.borrow_mut();
        let options = ManagerOptions {
            concurrency,
            group_concurrency,
            rate_limit: (flags & RATE_LIMITED != 0).then_some((rate_limit, rate_interval)),
            group_rate_limit: (flags & GROUP_RATE_LIMITED != 0).then_some((group_rate_limit, group_rate_interval)),
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
        self.inner.borrow_mut().recycle_if_idle();
    }

    /// Asks every job to end.
    #[wasm_bindgen(js_name = stopAll)]
    pub fn stop_all(&self, manager: u32, now: f64) {
        self.tell(now, Command::StopAll(ManagerId(manager)));
    }

    /// Ends every job that has not started; how many.
    #[wasm_bindgen(js_name = stopPending)]
    pub fn stop_pending(&self, manager: u32, now: f64) -> u32 {
        match self.handle(now, Command::StopPending(ManagerId(manager))) {
            Ok(Reply::Stopped(count)) => count,
            _ => 0,
        }
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
        self.ask(|engine| engine.is_paused(ManagerId(manager)))
    }

    /// 0 or a refusal.
    #[wasm_bindgen(js_name = setConcurrency)]
    pub fn set_concurrency(&self, manager: u32, concurrency: f64, now: f64) -> i32 {
        self.tell(now, Command::SetConcurrency { manager: ManagerId(manager), concurrency })
    }

    /// 0 or a refusal. `given`: there is to be a limit.
    #[wasm_bindgen(js_name = setRateLimit)]
    pub fn set_rate_limit(&self, manager: u32, given: bool, limit: f64, interval: f64, now: f64) -> i32 {
        let rate_limit = given.then_some((limit, interval));
        self.tell(now, Command::SetRateLimit { manager: ManagerId(manager), rate_limit })
    }

    /// A body was called at this moment: for a manager that is about to be given its first rate limit.
    #[wasm_bindgen(js_name = noteStart)]
    pub fn note_start(&self, manager: u32, at: f64, now: f64) {
        self.tell(now, Command::NoteStart { manager: ManagerId(manager), at: Time::from_millis(at) });
    }

    /// While the rate limit alone holds jobs back: until when, on the clock of the commands; else NaN.
    #[wasm_bindgen(js_name = rateLimitedUntil)]
    pub fn rate_limited_until(&self, manager: u32) -> f64 {
        self.ask(|engine| engine.rate_limited_until(ManagerId(manager))).map_or(f64::NAN, Time::as_millis)
    }

    /// 0: fewer are pending now; −1: an effect follows; or a refusal.
    #[wasm_bindgen(js_name = awaitPendingBelow)]
    pub fn await_pending_below(&self, manager: u32, size: f64) -> i32 {
        self.tell_timeless(Command::AwaitPendingBelow { manager: ManagerId(manager), size })
    }

    /// True: nothing is pending or running now. Else an effect follows.
    #[wasm_bindgen(js_name = awaitIdle)]
    pub fn await_idle(&self, manager: u32) -> bool {
        self.tell_timeless(Command::AwaitIdle(ManagerId(manager))) == 0
    }

    /// Counts changes.
    pub fn version(&self, manager: u32) -> u32 {
        self.ask(|engine| engine.version(ManagerId(manager)))
    }

    /// Address of six words: pending, running, completed, failed, cancelled, total.
    pub fn stats(&self, manager: u32) -> u32 {
        let inner = &mut *self.inner.borrow_mut();
        let stats = inner.engine.stats(ManagerId(manager)).unwrap_or_default();
        let crate::engine::Stats { pending, running, completed, failed, cancelled, total } = stats;
        *inner.counts = [pending, running, completed, failed, cancelled, total];
        inner.counts.as_ptr() as usize as u32
    }

    /// All its jobs, oldest first.
    pub fn jobs(&self, manager: u32) -> Vec<u32> {
        self.ask(|engine| engine.jobs(ManagerId(manager)).map(|job| job.0).collect())
    }

    /// Those that have not ended, in the order in which they are listed.
    pub fn order(&self, manager: u32) -> Vec<u32> {
        self.ask(|engine| engine.order(ManagerId(manager)).into_iter().map(|job| job.0).collect())
    }

    /// Those that have not ended, oldest first.
    #[wasm_bindgen(js_name = livingJobs)]
    pub fn living_jobs(&self, manager: u32) -> Vec<u32> {
        let lives = |engine: &Engine, job| matches!(engine.status(job), Some(JobStatus::Pending | JobStatus::Running));
        self.ask(|engine| engine.jobs(ManagerId(manager)).filter(|job| lives(engine, *job)).map(|job| job.0).collect())
    }
}
