//! One runner's rules as one JavaScript object. Jobs are numbers that the facade gives; results, errors and functions
//! stay JavaScript values on its side. Times are milliseconds on a clock that never runs back.

use std::cell::RefCell;

use js_sys::Function;
use wasm_bindgen::prelude::*;

use super::convert::{object, read, write_validation};
use super::wire::{change_of, metrics_numbers, step_code};
use crate::bindings::panic;
use crate::engine::runner::{
    Fault, Metrics, Param, Place, Refusal, Store, check_message, describe_builtins, frame, is_name, read_params,
    resume, validate,
};

#[derive(Debug)]
struct Inner {
    types: Vec<(String, Vec<Param>)>,
    store: Store,
    metrics: Metrics,
}

/// The rules of one runner.
#[wasm_bindgen]
#[derive(Debug)]
pub struct WasmRunner {
    inner: RefCell<Inner>,
}

fn write_refusal(Refusal { code, error, job_id }: Refusal) -> JsValue {
    object([
        ("type", JsValue::from_str("error")),
        ("error", JsValue::from_str(&error)),
        ("code", JsValue::from(code)),
        ("job_id", job_id.as_deref().map_or(JsValue::UNDEFINED, JsValue::from_str)),
    ])
}

#[wasm_bindgen]
impl WasmRunner {
    /// Keeps the latest `retain` finished jobs.
    #[wasm_bindgen(constructor)]
    pub fn new(retain: f64) -> Self {
        let inner = Inner { types: Vec::new(), store: Store::new(retain), metrics: Metrics::default() };
        Self { inner: RefCell::new(inner) }
    }

    // ── without a runner of their own ───────────────────────────────────────────────────────────

    /// `on_panic(message)` is called when the binary breaks; nothing can be called after that.
    #[wasm_bindgen(js_name = reportPanics)]
    pub fn report_panics(on_panic: Function) {
        panic::report_to(on_panic);
    }

    /// The built-in types: JSON, a list of `{name, description, params}`.
    #[wasm_bindgen(js_name = describeBuiltins)]
    pub fn describe_builtins() -> String {
        describe_builtins(Place::Page)
    }

    /// One frame of `text/event-stream`.
    #[wasm_bindgen(js_name = sseFrame)]
    pub fn sse_frame(number: f64, event: &str, data: &str) -> String {
        frame(number as u64, event, data)
    }

    /// Whether a job may have this id.
    #[wasm_bindgen(js_name = isId)]
    pub fn is_id(text: &str) -> bool {
        is_name(text)
    }

    /// Nothing: a port's message makes sense as it is, but for its params. Else `{type: "error", error, code, job_id?}`.
    #[wasm_bindgen(js_name = checkMessage)]
    pub fn check_port_message(message: &JsValue) -> JsValue {
        check_message(&read(message)).map_or_else(write_refusal, |()| JsValue::UNDEFINED)
    }

    // ── types ───────────────────────────────────────────────────────────────────────────────────

    /// Knows one more type. What is wrong with its params, or nothing.
    #[wasm_bindgen(js_name = addType)]
    pub fn add_type(&self, name: String, params: &JsValue) -> Option<String> {
        let given = read(params);
        match read_params(&given) {
            Ok(params) => {
                self.inner.borrow_mut().types.push((name, params));
                None
            }
            Err(Fault { param, message }) => Some(format!("{param} {message}")),
        }
    }

    /// `{valid: true, params}` or `{valid: false, errors}`; nothing for a type that is not known.
    pub fn validate(&self, name: &str, params: &JsValue) -> JsValue {
        let given = read(params);
        let inner = self.inner.borrow();
        let Some((_, specs)) = inner.types.iter().find(|(known, _)| known == name) else { return JsValue::UNDEFINED };
        let checked = validate(specs, &given);
        drop(inner);
        write_validation(checked)
    }

    // ── jobs ────────────────────────────────────────────────────────────────────────────────────

    /// A new job's number.
    pub fn add(&self) -> u32 {
        self.inner.borrow_mut().store.add()
    }

    /// It has ended, which `note` tells later; `started` is NaN: it never ran.
    pub fn measure(&self, created: f64, started: f64, finished: f64) {
        self.inner.borrow_mut().metrics.finished(created, (!started.is_nan()).then_some(started), finished);
    }

    /// Numbers an event.
    pub fn note(&self, job: u32, change: u32) -> f64 {
        self.inner.borrow_mut().store.note(job, change_of(change)) as f64
    }

    /// What a watcher is told first, in pairs: an event's number, and what it is of.
    pub fn resume(&self, job: u32, last_event: &JsValue) -> Vec<f64> {
        let Some(changes) = self.inner.borrow().store.changes(job) else { return Vec::new() };
        let steps = resume(&changes, last_event.as_string().as_deref());
        steps.into_iter().flat_map(|(number, what)| [number as f64, f64::from(step_code(what))]).collect()
    }

    /// Lets go of finished jobs beyond those it keeps; says which.
    pub fn retire(&self) -> Vec<u32> {
        self.inner.borrow_mut().store.retire()
    }

    /// Lets go of all finished jobs whose ends have been told; says which.
    pub fn clear(&self) -> Vec<u32> {
        self.inner.borrow_mut().store.clear()
    }

    /// Lets go of one job: a finished one in whose place another comes, or a new one that the engine has refused.
    pub fn forget(&self, job: u32) {
        self.inner.borrow_mut().store.forget(job);
    }

    /// The waiting times, the running times, how many jobs finish in a minute: where each is says the wire.
    pub fn metrics(&self, now: f64) -> Vec<f64> {
        metrics_numbers(&self.inner.borrow().metrics, now)
    }
}
