//! One runner's rules as one JavaScript object. Jobs are numbers that the facade gives; results, errors and functions
//! stay JavaScript values on its side. Times are epoch milliseconds.

use std::cell::RefCell;

use js_sys::{Array, Function, JSON, JsString};
use wasm_bindgen::prelude::*;

use super::convert::{Unreadable, object, read, write};
use crate::bindings::panic;
use crate::browser::builtins::{JsTaskContext, execute};
use crate::engine::runner::{
    Change, Fault, LARGEST_MESSAGE, Metrics, Param, Percentiles, Place, Refusal, Request, Step, Store, Value, builtins,
    frame, is_name, read_message, read_params, resume, validate,
};

/// Bytes of params given in the same realm: a guard against what has no end, not a limit to plan with.
const LARGEST_PARAMS: usize = 64_000_000;

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

fn read_any(message: &JsValue) -> Result<Value, Refusal> {
    let parsed = match message.dyn_ref::<JsString>() {
        // Before it is copied.
        Some(text) if text.length() as usize > LARGEST_MESSAGE => return Err(Refusal::too_large()),
        Some(text) => match String::from(text) {
            text if text.len() > LARGEST_MESSAGE => return Err(Refusal::too_large()),
            text => JSON::parse(&text).map_err(|_| Refusal::unreadable())?,
        },
        None => message.clone(),
    };
    read(&parsed, LARGEST_MESSAGE).map_err(|why| match why {
        Unreadable::TooLarge => Refusal::too_large(),
        Unreadable::NotData => Refusal::unreadable(),
    })
}

fn write_request(request: &Result<Request, Refusal>) -> JsValue {
    let text = |text: &str| JsValue::from_str(text);
    let optional = |text: &Option<String>| text.as_deref().map_or(JsValue::UNDEFINED, JsValue::from_str);
    match request {
        Ok(Request::Create { job_type, params, priority, id }) => object([
            ("type", text("create_job")),
            ("job_type", text(job_type)),
            ("params", write(params)),
            ("priority", priority.as_ref().map_or(JsValue::UNDEFINED, write)),
            ("id", optional(id)),
        ]),
        Ok(Request::Cancel(id)) => object([("type", text("cancel_job")), ("job_id", text(id))]),
        Ok(Request::ClearCompleted) => object([("type", text("clear_completed"))]),
        Ok(Request::GetState) => object([("type", text("get_state"))]),
        Ok(Request::Ping) => object([("type", text("ping"))]),
        Ok(Request::Present(lock)) => object([("type", text("present")), ("lock", text(lock))]),
        Ok(Request::Nothing) => JsValue::UNDEFINED,
        Err(Refusal { code, error, job_id }) => object([
            ("type", text("error")),
            ("error", text(error)),
            ("code", JsValue::from(*code)),
            ("job_id", optional(job_id)),
        ]),
    }
}

fn write_faults(faults: &[Fault]) -> JsValue {
    let one = |fault: &Fault| {
        object([("param", JsValue::from_str(&fault.param)), ("message", JsValue::from_str(&fault.message))])
    };
    faults.iter().map(one).collect::<Array>().into()
}

fn write_percentiles(Percentiles { count, p50, p95, p99, max }: Percentiles) -> JsValue {
    let fields = [("count", count as f64), ("p50", p50), ("p95", p95), ("p99", p99), ("max", max)];
    object(fields.map(|(name, value)| (name, JsValue::from_f64(value))))
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

    /// Runs the body of a built-in type with validated params.
    ///
    /// # Errors
    ///
    /// The signal's reason once it has aborted.
    #[wasm_bindgen(js_name = executeBuiltin)]
    pub async fn execute_builtin(name: String, params: JsValue, context: JsValue) -> Result<JsValue, JsValue> {
        let params = read(&params, LARGEST_PARAMS).unwrap_or(Value::Null);
        execute(&name, &params, context.unchecked_ref::<JsTaskContext>()).await.map(|result| write(&result))
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

    /// What a port's message asks for: `{type, …}` as it came, checked, or `{type: "error", error, code, job_id?}`.
    #[wasm_bindgen(js_name = readMessage)]
    pub fn read_port_message(message: &JsValue) -> JsValue {
        write_request(&read_any(message).and_then(|message| read_message(&message)))
    }

    // ── types ───────────────────────────────────────────────────────────────────────────────────

    /// Knows the built-in types from here on, as they are on the page or in a pool's worker; `{name, description,
    /// params}` of each.
    #[wasm_bindgen(js_name = addBuiltins)]
    pub fn add_builtins(&self, in_worker: bool) -> JsValue {
        let list = builtins(if in_worker { Place::Worker } else { Place::Page });
        let described = list.iter().map(|builtin| {
            let params = builtin.params.iter().map(|param| write(&Value::from(param))).collect::<Array>();
            object([
                ("name", JsValue::from_str(builtin.name)),
                ("description", JsValue::from_str(builtin.description)),
                ("params", params.into()),
            ])
        });
        let described: Array = described.collect();
        let types = list.into_iter().map(|builtin| (builtin.name.to_owned(), builtin.params));
        self.inner.borrow_mut().types.extend(types);
        described.into()
    }

    /// Knows one more type. What is wrong with its params, or nothing.
    #[wasm_bindgen(js_name = addType)]
    pub fn add_type(&self, name: String, params: &JsValue) -> Option<String> {
        let given = read(params, LARGEST_PARAMS).unwrap_or(Value::Other("what is not plain data"));
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
        let given = read(params, LARGEST_PARAMS).unwrap_or(Value::Other("what is not plain data"));
        let inner = self.inner.borrow();
        let Some((_, specs)) = inner.types.iter().find(|(known, _)| known == name) else { return JsValue::UNDEFINED };
        let checked = validate(specs, &given);
        drop(inner);
        match checked {
            Ok(params) => object([("valid", JsValue::TRUE), ("params", write(&Value::Map(params)))]),
            Err(faults) => object([("valid", JsValue::FALSE), ("errors", write_faults(&faults))]),
        }
    }

    // ── jobs ────────────────────────────────────────────────────────────────────────────────────

    /// A new job, pending, that may start in `delay` milliseconds at the earliest.
    pub fn add(&self, job: u32, priority: f64, now: f64, delay: f64) {
        self.inner.borrow_mut().store.add(job, priority, now, delay);
    }

    /// Its attempt has started.
    pub fn start(&self, job: u32) {
        self.inner.borrow_mut().store.start(job);
    }

    /// Waits for its next attempt.
    pub fn wait(&self, job: u32, ready_at: f64) {
        self.inner.borrow_mut().store.wait(job, ready_at);
    }

    /// Another priority.
    #[wasm_bindgen(js_name = setPriority)]
    pub fn set_priority(&self, job: u32, priority: f64, now: f64) {
        self.inner.borrow_mut().store.set_priority(job, priority, now);
    }

    /// Puts those in line whose wait is over. False if there are none.
    pub fn ripen(&self, now: f64) -> bool {
        self.inner.borrow_mut().store.ripen(now)
    }

    /// When the next wait is over; infinite: nobody has to wait.
    #[wasm_bindgen(js_name = nextReady)]
    pub fn next_ready(&self) -> f64 {
        self.inner.borrow().store.next_ready()
    }

    /// Of a job that has to wait first: until when. NaN: it has not.
    #[wasm_bindgen(js_name = readyAt)]
    pub fn ready_at(&self, job: u32) -> f64 {
        self.inner.borrow().store.ready_at(job).unwrap_or(f64::NAN)
    }

    /// Has ended, which `note` tells later; NaN for `started`: it never ran. False if it had ended before.
    pub fn finish(&self, job: u32, created: f64, started: f64, finished: f64) -> bool {
        let inner = &mut *self.inner.borrow_mut();
        let first = inner.store.finish(job);
        if first {
            inner.metrics.finished(created, (!started.is_nan()).then_some(started), finished);
        }
        first
    }

    /// Numbers an event: 0 status, 1 progress, 2 end.
    pub fn note(&self, job: u32, change: u32) -> f64 {
        let change = match change {
            0 => Change::Status,
            1 => Change::Progress,
            _ => Change::End,
        };
        self.inner.borrow_mut().store.note(job, change) as f64
    }

    /// What a watcher is told first, in pairs: an event's number, and 0 status, 1 progress, 2 end.
    pub fn resume(&self, job: u32, last_event: &JsValue) -> Vec<f64> {
        let Some(changes) = self.inner.borrow().store.changes(job) else { return Vec::new() };
        let step = |step| match step {
            Step::Status => 0.0,
            Step::Progress => 1.0,
            Step::End => 2.0,
        };
        let steps = resume(&changes, last_event.as_string().as_deref());
        steps.into_iter().flat_map(|(number, what)| [number as f64, step(what)]).collect()
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

    /// In the order of their starts.
    pub fn running(&self) -> Vec<u32> {
        self.inner.borrow().store.running()
    }

    /// In the order in which they will start.
    pub fn pending(&self) -> Vec<u32> {
        self.inner.borrow().store.pending()
    }

    /// Running, pending, finished with the newest first.
    pub fn order(&self) -> Vec<u32> {
        self.inner.borrow().store.order()
    }

    /// `{wait, run, throughputPerMinute}`.
    pub fn metrics(&self, now: f64) -> JsValue {
        let inner = self.inner.borrow();
        let (wait, run) = (inner.metrics.wait.percentiles(), inner.metrics.run.percentiles());
        let throughput = inner.metrics.last_minute(now) as f64;
        drop(inner);
        object([
            ("wait", write_percentiles(wait)),
            ("run", write_percentiles(run)),
            ("throughputPerMinute", JsValue::from_f64(throughput)),
        ])
    }
}
