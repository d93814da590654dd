use std::cell::RefCell;
use std::rc::Rc;

use futures::future::LocalBoxFuture;
use js_sys::{Function, Promise};
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::future_to_promise;

use super::bridge::{JsBridge, JsHost, JsProvider, tools_of};
use super::errors::{make_with, to_js};
use crate::bindings::panic;
use crate::browser::agents::{Cancellation, Outcome, Talk, TaskContext, Worker, WorkerTask, execute};
use crate::browser::{JobError, Thrown};
use crate::engine::agents::History;

/// One conversation.
#[wasm_bindgen]
#[derive(Debug)]
pub struct WasmWorker {
    worker: Rc<Worker>,
    provider: Rc<JsProvider>,
}

#[wasm_bindgen]
impl WasmWorker {
    /// Before anything else. `on_panic(message)` is called when the binary breaks; nothing can be called after that.
    /// `make_error(code, message, status, cause)` makes the facade's error.
    #[wasm_bindgen(js_name = startBinary)]
    pub fn start_binary(on_panic: Function, make_error: Function) {
        panic::report_to(on_panic);
        make_with(make_error);
    }

    /// With a new UUID. `said` is messages as JSON; throws what is wrong with them, a string.
    #[wasm_bindgen(constructor)]
    pub fn new(name: String, provider: String, system: Option<String>, said: &str) -> Result<WasmWorker, String> {
        let said = serde_json::from_str(said).map_err(|error| format!("messages cannot be read: {error}"))?;
        let history = History::resume(system, said).map_err(|unfit| unfit.to_string())?;
        let provider = Rc::new(JsProvider { name: provider, bridge: RefCell::default() });
        Ok(Self { worker: Rc::new(Worker::new(name, provider.clone(), history)), provider })
    }

    /// A UUID.
    #[wasm_bindgen(getter)]
    pub fn id(&self) -> String {
        self.worker.id().to_owned()
    }

    /// Another number whenever the messages have changed.
    pub fn revision(&self) -> u32 {
        self.worker.history.borrow().revision()
    }

    /// The messages from this one on, as JSON. All but the last stay as they are.
    pub fn messages(&self, from: usize) -> String {
        let history = self.worker.history.borrow();
        let wanted = history.messages().get(from..).unwrap_or_default();
        serde_json::to_string(wanted).unwrap_or_default()
    }

    /// The loop. Resolves with 0 when it is done, 1 if it was cancelled, 2 if it failed.
    pub fn talk(&self, prompt: String, max_turns: u32, bridge: JsBridge) -> Promise {
        let tools = match tools_of(&bridge) {
            Ok(tools) => tools,
            Err(error) => return Promise::reject(&to_js(&error, &bridge.signal())),
        };
        self.provider.bridge.replace(Some(bridge.clone()));
        self.start(Talk { prompt, host: Rc::new(JsHost(bridge.clone())), tools, max_turns }, bridge)
    }

    /// A task written in JavaScript; resolves as `talk` does.
    #[wasm_bindgen(js_name = runTask)]
    pub fn run_task(&self, bridge: JsBridge) -> Promise {
        self.start(JsTask(bridge.clone()), bridge)
    }

    fn start(&self, task: impl WorkerTask + 'static, bridge: JsBridge) -> Promise {
        let (worker, provider) = (self.worker.clone(), self.provider.clone());
        future_to_promise(async move {
            let parent = Cancellation::of(bridge.signal());
            let (mine, shown, told) = (worker.clone(), worker.clone(), bridge.clone());
            let tell = move |state: crate::browser::agents::WorkerState| {
                let failure = shown.last_failure();
                let failure = failure.map_or(JsValue::UNDEFINED, |error| to_js(&error, &told.signal()));
                told.entered(state.name(), failure);
            };
            let outcome = execute(worker, &task, &parent, tell, || bridge.timed_out()).await;
            // Between runs nothing of JavaScript's is held: an error's stack may lead to the worker, which would then
            // hold itself. The facade remembers the failure.
            provider.bridge.take();
            mine.forget_failure();
            Ok(match outcome {
                Outcome::Done => 0,
                Outcome::Cancelled => 1,
                Outcome::Failed(_) => 2,
            }
            .into())
        })
    }
}

struct JsTask(JsBridge);

impl WorkerTask for JsTask {
    fn run<'a>(&'a self, context: &'a TaskContext) -> LocalBoxFuture<'a, Result<(), JobError>> {
        Box::pin(async move {
            self.0.run_task(context.cancellation().signal()).await.map_err(Thrown)?;
            Ok(())
        })
    }
}
