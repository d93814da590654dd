//! The exports of the package's third binary: the rules of one worker pool. Tasks and workers are numbers; the workers,
//! their messages and what jobs return stay on the JavaScript side. Times are milliseconds of the page's clock.

mod wire;

use std::cell::{Cell, RefCell};

use js_sys::{Function, RangeError};
use wasm_bindgen::prelude::*;

use self::wire::{EFFECT_WORDS, effect, end};
use crate::bindings::panic;
use crate::engine::Time;
use crate::engine::pool::{Command, Effect, End, LOAD_TIMEOUT, Pool, PoolOptions, TaskId, WorkerId};

/// No worker or no task in the place of one.
const NONE: u32 = 0;

/// The rules of one pool. Commands answer with how many numbers there are in the outbox until the next command: effects
/// of four numbers each, what, worker, task, how.
#[wasm_bindgen]
#[derive(Debug)]
pub struct WasmPool {
    inner: RefCell<Pool>,
    outbox: RefCell<Vec<u32>>,
    /// When the last command came that says when.
    latest: Cell<f64>,
}

fn words(what: Effect) -> [u32; EFFECT_WORDS] {
    match what {
        Effect::Spawn(worker) => [effect::SPAWN, worker.0, NONE, 0],
        Effect::Post { worker, task } => [effect::POST, worker.0, task.0, 0],
        Effect::Abort { worker, task } => [effect::ABORT, worker.0, task.0, 0],
        Effect::Terminate(worker) => [effect::TERMINATE, worker.0, NONE, 0],
        Effect::End { task, how } => {
            let (how, worker) = match how {
                End::Settled => (end::SETTLED, NONE),
                End::Stopped => (end::STOPPED, NONE),
                End::Killed => (end::KILLED, NONE),
                End::Lost(worker) => (end::LOST, worker.0),
                End::NotLoaded(worker) => (end::NOT_LOADED, worker.0),
                End::Closed => (end::CLOSED, NONE),
            };
            [effect::END, worker, task.0, how]
        }
        Effect::Closed => [effect::CLOSED, NONE, NONE, 0],
        Effect::Wake => [effect::WAKE, NONE, NONE, 0],
    }
}

impl WasmPool {
    fn handle(&self, now: f64, command: Command) -> u32 {
        self.latest.set(now);
        let effects = self.inner.borrow_mut().handle(Time::from_millis(now), command);
        let mut outbox = self.outbox.borrow_mut();
        outbox.clear();
        outbox.extend(effects.into_iter().flat_map(words));
        outbox.len() as u32
    }
}

#[wasm_bindgen]
impl WasmPool {
    /// No worker is started yet.
    ///
    /// # Errors
    ///
    /// A `RangeError` that names the option and its bound.
    #[wasm_bindgen(constructor)]
    pub fn new(size: f64, idle_timeout: f64, grace: f64) -> Result<Self, JsValue> {
        let pool = Pool::new(&PoolOptions { size, idle_timeout, grace })
            .map_err(|why| JsValue::from(RangeError::new(&why.to_string())))?;
        Ok(Self { inner: RefCell::new(pool), outbox: RefCell::default(), latest: Cell::default() })
    }

    /// `on_panic(message)` is called when the binary breaks; nothing can be called after that.
    #[wasm_bindgen(js_name = reportPanics)]
    pub fn report_panics(on_panic: Function) {
        panic::report_to(on_panic);
    }

    /// Milliseconds in which a worker must have said that it is ready, or it is lost.
    #[wasm_bindgen(js_name = loadTimeout)]
    pub fn load_timeout() -> f64 {
        LOAD_TIMEOUT
    }

    /// Where the outbox begins, in bytes. Any command may move it.
    pub fn outbox(&self) -> *const u32 {
        self.outbox.borrow().as_ptr()
    }

    /// A new task. Numbers go upwards. No deadline begins with it, so nobody needs to read the clock for it.
    pub fn submit(&self, task: u32) -> u32 {
        self.handle(self.latest.get(), Command::Submit(TaskId(task)))
    }

    /// It is to end.
    pub fn stop(&self, now: f64, task: u32) -> u32 {
        self.handle(now, Command::Stop(TaskId(task)))
    }

    /// The worker is ready.
    pub fn loaded(&self, now: f64, worker: u32) -> u32 {
        self.handle(now, Command::Loaded(WorkerId(worker)))
    }

    /// The worker says that its task has settled, or could not be given it.
    pub fn settled(&self, now: f64, worker: u32, task: u32) -> u32 {
        self.handle(now, Command::Settled { worker: WorkerId(worker), task: TaskId(task) })
    }

    /// Whether the worker has the task now.
    #[wasm_bindgen(js_name = hasTask)]
    pub fn has_task(&self, worker: u32, task: u32) -> bool {
        self.inner.borrow().has_task(WorkerId(worker), TaskId(task))
    }

    /// The worker could not be loaded, at all or in time, has broken, or is gone.
    pub fn lost(&self, now: f64, worker: u32) -> u32 {
        self.handle(now, Command::Lost(WorkerId(worker)))
    }

    /// The moment that the timer was set for has come.
    pub fn tick(&self, now: f64) -> u32 {
        self.handle(now, Command::Tick)
    }

    /// Takes no more tasks, stops those that run, ends every worker.
    pub fn close(&self, now: f64) -> u32 {
        self.handle(now, Command::Close)
    }

    /// When to call `tick`, for which to set the timer when the outbox says so; Infinity: no need.
    #[wasm_bindgen(js_name = wakeAt)]
    pub fn wake_at(&self) -> f64 {
        self.inner.borrow().wake_at().map_or(f64::INFINITY, Time::as_millis)
    }

    /// Size, busy, idle, spawned, killed.
    pub fn stats(&self) -> Vec<u32> {
        let stats = self.inner.borrow().stats();
        vec![stats.size, stats.busy, stats.idle, stats.spawned, stats.killed]
    }
}
