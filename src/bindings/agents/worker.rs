use std::cell::RefCell;
use std::rc::Rc;

use futures::future::LocalBoxFuture;
use js_sys::{Function, Promise};
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::future_to_promise;

use super::bridge::{JsBridge, JsHost, JsProvider, tools_of};
use super::errors::{make_with, to_js};
use crate::bindings::panic;
use crate::browser::agents::{Cancellation, Message, Outcome, Talk, TaskContext, Worker, WorkerTask, execute};
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
        let history = History::resume(system, read_messages(said)?).map_err(|unfit| unfit.to_string())?;
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
        self.worker.read(History::revision)
    }

    /// What has changed of the messages since the last call, as JSON of [`crate::engine::agents::News`].
    pub fn news(&self) -> String {
        self.worker.edit(|history| serde_json::to_string(&history.news()).unwrap_or_default())
    }

    /// Drops the message of that index and all after it. Between runs; throws what is wrong with what is left, a string.
    pub fn truncate(&self, length: usize) -> Result<(), String> {
        self.worker.edit(|history| history.truncate(length)).map_err(|unfit| unfit.to_string())
    }

    /// Puts others in the place of all messages. As [`Self::truncate`].
    pub fn replace(&self, said: &str) -> Result<(), String> {
        let said = read_messages(said)?;
        self.worker.edit(|history| history.replace(said)).map_err(|unfit| unfit.to_string())
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
                // It throws only where the page is out of stack: the run goes on without.
                drop(told.entered(state.name(), failure));
            };
            let changing = bridge.clone();
            worker.on_change(Some(Rc::new(move || drop(changing.changed()))));
            let outcome = execute(worker, &task, &parent, tell, || bridge.timed_out()).await;
            // Between runs nothing of JavaScript's is held: an error's stack may lead to the worker, which would then
            // hold itself. The facade remembers the failure.
            provider.bridge.take();
            mine.on_change(None);
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

fn read_messages(said: &str) -> Result<Vec<Message>, String> {
    serde_json::from_str(said).map_err(|error| format!("messages cannot be read: {error}"))
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
