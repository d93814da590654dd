//! Managers, seen from JavaScript.
#![allow(clippy::inline_always, unreachable_pub)]

use wasm_bindgen::prelude::*;

use super::engine::{Inner, NO_DIFFERENCE, ask, handle, tell, tell_timeless, with};
use super::wire::manager_flag;
use crate::engine::{Command, Engine, JobId, JobStatus, ManagerId, ManagerOptions, Reply, Stats, Time};

/// Defaults for its jobs are the options set before. A manager's number or a refusal.
#[wasm_bindgen(js_name = createManager)]
#[allow(clippy::too_many_arguments)]
pub fn create_manager(
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
    let options = ManagerOptions {
        concurrency,
        group_concurrency,
        rate_limit: (flags & manager_flag::RATE_LIMITED != 0).then_some((rate_limit, rate_interval)),
        group_rate_limit: (flags & manager_flag::GROUP_RATE_LIMITED != 0)
            .then_some((group_rate_limit, group_rate_interval)),
        max_pending,
        paused: flags & manager_flag::PAUSED != 0,
        retain,
        defaults: with(|inner| std::mem::take(&mut inner.options)),
    };
    match handle(now, Command::CreateManager(&options)) {
        Ok(Reply::Manager(manager)) => manager.0 as i32,
        Ok(_) => NO_DIFFERENCE,
        Err(refused) => refused,
    }
}

/// Nobody holds it any more.
#[wasm_bindgen(js_name = dropManager)]
pub fn drop_manager(manager: u32, now: f64) {
    tell(now, Command::DropManager(ManagerId(manager)));
    with(Inner::recycle_if_idle);
}

/// Asks every job to end.
#[wasm_bindgen(js_name = stopAll)]
pub fn stop_all(manager: u32, now: f64) {
    tell(now, Command::StopAll(ManagerId(manager)));
}

/// Ends every job that has not started; how many.
#[wasm_bindgen(js_name = stopPending)]
pub fn stop_pending(manager: u32, now: f64) -> u32 {
    match handle(now, Command::StopPending(ManagerId(manager))) {
        Ok(Reply::Stopped(count)) => count,
        _ => 0,
    }
}

/// And takes no more.
#[wasm_bindgen]
pub fn close(manager: u32, now: f64) {
    tell(now, Command::Close(ManagerId(manager)));
}

/// Starts nothing, or starts again.
#[wasm_bindgen(js_name = setPaused)]
pub fn set_paused(manager: u32, paused: bool, now: f64) {
    let manager = ManagerId(manager);
    tell(now, if paused { Command::Pause(manager) } else { Command::Resume(manager) });
}

/// Starts nothing.
#[wasm_bindgen(js_name = isPaused)]
pub fn is_paused(manager: u32) -> bool {
    ask(|engine| engine.is_paused(ManagerId(manager)))
}

/// 0 or a refusal.
#[wasm_bindgen(js_name = setConcurrency)]
pub fn set_concurrency(manager: u32, concurrency: f64, now: f64) -> i32 {
    tell(now, Command::SetConcurrency { manager: ManagerId(manager), concurrency })
}

/// 0 or a refusal. `given`: there is to be a limit.
#[wasm_bindgen(js_name = setRateLimit)]
pub fn set_rate_limit(manager: u32, given: bool, limit: f64, interval: f64, now: f64) -> i32 {
    let rate_limit = given.then_some((limit, interval));
    tell(now, Command::SetRateLimit { manager: ManagerId(manager), rate_limit })
}

/// A body was called at this moment: for a manager that is about to be given its first rate limit.
#[wasm_bindgen(js_name = noteStart)]
pub fn note_start(manager: u32, at: f64, now: f64) {
    tell(now, Command::NoteStart { manager: ManagerId(manager), at: Time::from_millis(at) });
}

/// While the rate limit alone holds jobs back: until when, on the clock of the commands; else NaN.
#[wasm_bindgen(js_name = rateLimitedUntil)]
pub fn rate_limited_until(manager: u32) -> f64 {
    ask(|engine| engine.rate_limited_until(ManagerId(manager))).map_or(f64::NAN, Time::as_millis)
}

/// 0: fewer are pending now; −1: an effect follows; or a refusal.
#[wasm_bindgen(js_name = awaitPendingBelow)]
pub fn await_pending_below(manager: u32, size: f64) -> i32 {
    tell_timeless(Command::AwaitPendingBelow { manager: ManagerId(manager), size })
}

/// True: nothing is pending or running now. Else an effect follows.
#[wasm_bindgen(js_name = awaitIdle)]
pub fn await_idle(manager: u32) -> bool {
    tell_timeless(Command::AwaitIdle(ManagerId(manager))) == 0
}

/// Counts changes.
#[wasm_bindgen]
pub fn version(manager: u32) -> u32 {
    ask(|engine| engine.version(ManagerId(manager)))
}

/// Address of six words: pending, running, completed, failed, cancelled, total.
#[wasm_bindgen]
pub fn stats(manager: u32) -> u32 {
    let Stats { pending, running, completed, failed, cancelled, total } =
        ask(|engine| engine.stats(ManagerId(manager))).unwrap_or_default();
    with(|inner| {
        *inner.counts = [pending, running, completed, failed, cancelled, total];
        inner.counts.as_ptr() as usize as u32
    })
}

/// All its jobs, oldest first: the address of their number, behind which they are.
#[wasm_bindgen]
pub fn jobs(manager: u32) -> u32 {
    list(|engine| engine.jobs(ManagerId(manager)).collect())
}

/// Those that have not ended, oldest first, as above.
#[wasm_bindgen(js_name = livingJobs)]
pub fn living_jobs(manager: u32) -> u32 {
    let lives = |engine: &Engine, job| matches!(engine.status(job), Some(JobStatus::Pending | JobStatus::Running));
    list(|engine| engine.jobs(ManagerId(manager)).filter(|job| lives(engine, *job)).collect())
}

fn list(read: impl FnOnce(&Engine) -> Vec<JobId>) -> u32 {
    with(|inner| {
        let jobs = read(&inner.engine);
        inner.list = std::iter::once(jobs.len() as u32).chain(jobs.into_iter().map(|job| job.0)).collect();
        inner.list.as_ptr() as usize as u32
    })
}
