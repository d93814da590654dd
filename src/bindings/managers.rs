//! Managers, seen from JavaScript.
#![allow(clippy::inline_always, unreachable_pub)]

use wasm_bindgen::prelude::*;

use super::engine::{Inner, NO_DIFFERENCE, ask, handle, tell, tell_timeless, with};
use crate::engine::{Command, JobStatus, ManagerId, ManagerOptions, Reply, Stats};

const PAUSED: u32 = 128;
const RATE_LIMITED: u32 = 256;

/// Defaults for its jobs are the options set before. A manager's number or a refusal.
#[wasm_bindgen(js_name = createManager)]
#[allow(clippy::too_many_arguments)]
pub fn create_manager(
    flags: u32,
    concurrency: f64,
    group_concurrency: f64,
    rate_limit: f64,
    rate_interval: f64,
    max_pending: f64,
    retain: f64,
    now: f64,
) -> i32 {
    let options = ManagerOptions {
        concurrency,
        group_concurrency,
        rate_limit: (flags & RATE_LIMITED != 0).then_some((rate_limit, rate_interval)),
        max_pending,
        paused: flags & PAUSED != 0,
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

/// True: nothing is pending now. Else an effect follows.
#[wasm_bindgen(js_name = awaitEmpty)]
pub fn await_empty(manager: u32) -> bool {
    tell_timeless(Command::AwaitEmpty(ManagerId(manager))) == 0
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
    list(manager, |_| true)
}

/// Those that have not ended, as above.
#[wasm_bindgen(js_name = livingJobs)]
pub fn living_jobs(manager: u32) -> u32 {
    list(manager, |status| matches!(status, Some(JobStatus::Pending | JobStatus::Running)))
}

fn list(manager: u32, is_asked_for: impl Fn(Option<JobStatus>) -> bool) -> u32 {
    with(|inner| {
        let engine = &inner.engine;
        let jobs = engine.jobs(ManagerId(manager)).filter(|job| is_asked_for(engine.status(*job)));
        inner.list = std::iter::once(0).chain(jobs.map(|job| job.0)).collect();
        let count = inner.list.len() as u32 - 1;
        inner.list.iter_mut().take(1).for_each(|first| *first = count);
        inner.list.as_ptr() as usize as u32
    })
}
