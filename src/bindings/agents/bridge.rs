//! One run's host, tools and provider, which live in JavaScript.

use std::cell::RefCell;
use std::rc::Rc;

use futures::future::LocalBoxFuture;
use js_sys::Promise;
use serde_json::Value;
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::{JsFuture, future_to_promise};
use web_sys::AbortSignal;

use super::errors::to_js;
use crate::browser::agents::{
    Cancellation, ChunkSender, Decision, ModelProvider, ModelRequest, ModelResponse, ModelResponseChunk,
    RequestContext, Tool, ToolCall, ToolSpec, WorkerState, WorkerToHostInterface,
};
use crate::browser::{JobError, Thrown};

#[wasm_bindgen]
extern "C" {
    /// What the facade gives a run.
    #[derive(Debug, Clone)]
    pub type JsBridge;

    /// The job's.
    #[wasm_bindgen(method, getter)]
    pub(super) fn signal(this: &JsBridge) -> AbortSignal;

    /// The tools' specs, a JSON list.
    #[wasm_bindgen(method, getter)]
    pub(super) fn tools(this: &JsBridge) -> String;

    /// Whether the signal's abort was the job's timeout.
    #[wasm_bindgen(method, js_name = timedOut)]
    pub(super) fn timed_out(this: &JsBridge) -> bool;

    /// The worker's state has changed; `failure` is what it failed with.
    #[wasm_bindgen(method, catch)]
    pub(super) fn entered(this: &JsBridge, state: &str, failure: JsValue) -> Result<(), JsValue>;

    /// The conversation has changed.
    #[wasm_bindgen(method, catch)]
    pub(super) fn changed(this: &JsBridge) -> Result<(), JsValue>;

    /// A task's own body.
    #[wasm_bindgen(method, catch, js_name = runTask)]
    pub(super) async fn run_task(this: &JsBridge, signal: &AbortSignal) -> Result<JsValue, JsValue>;

    #[wasm_bindgen(method, catch)]
    fn state(this: &JsBridge, state: &str) -> Result<(), JsValue>;

    /// A promise, or nothing to wait for.
    #[wasm_bindgen(method, catch)]
    fn chunk(this: &JsBridge, chunk: &str) -> Result<JsValue, JsValue>;

    #[wasm_bindgen(method, catch)]
    async fn confirm(this: &JsBridge, call: &str, signal: &AbortSignal) -> Result<JsValue, JsValue>;

    /// With the conversation as it stands, of which the facade keeps a mirror.
    #[wasm_bindgen(method, catch)]
    async fn request(this: &JsBridge, signal: &AbortSignal, send: &JsValue) -> Result<JsValue, JsValue>;

    /// What is wrong with the arguments, or nothing.
    #[wasm_bindgen(method, catch)]
    fn check(this: &JsBridge, tool: usize, arguments: &str) -> Result<Option<String>, JsValue>;

    /// Rejects with a text.
    #[wasm_bindgen(method, catch, js_name = useTool)]
    async fn use_tool(this: &JsBridge, tool: usize, arguments: &str, signal: &AbortSignal) -> Result<JsValue, JsValue>;
}

fn json(value: &impl serde::Serialize) -> Result<String, JobError> {
    Ok(serde_json::to_string(value)?)
}

/// The tools of a run.
pub(super) fn tools_of(bridge: &JsBridge) -> Result<Rc<[Rc<dyn Tool>]>, JobError> {
    let specs: Vec<ToolSpec> = serde_json::from_str(&bridge.tools())?;
    let tool = |(index, spec)| Rc::new(JsTool { index, spec, bridge: bridge.clone() }) as Rc<dyn Tool>;
    Ok(specs.into_iter().enumerate().map(tool).collect())
}

pub(super) struct JsHost(pub(super) JsBridge);

impl WorkerToHostInterface for JsHost {
    fn worker_state_change(&self, _worker_id: &str, state: WorkerState) -> Result<(), JobError> {
        Ok(self.0.state(state.name()).map_err(Thrown)?)
    }

    fn response_chunk_received<'a>(
        &'a self,
        _worker_id: &'a str,
        chunk: &'a ModelResponseChunk,
    ) -> LocalBoxFuture<'a, Result<(), JobError>> {
        Box::pin(async move {
            let taken = self.0.chunk(&json(chunk)?).map_err(Thrown)?;
            if !taken.is_undefined() {
                JsFuture::from(Promise::resolve(&taken)).await.map_err(Thrown)?;
            }
            Ok(())
        })
    }

    fn tool_confirmation<'a>(
        &'a self,
        _worker_id: &'a str,
        request: &'a ToolCall,
        cancellation: &'a Cancellation,
    ) -> LocalBoxFuture<'a, Result<Decision, JobError>> {
        Box::pin(async move {
            let answer = self.0.confirm(&json(request)?, cancellation.signal()).await.map_err(Thrown)?;
            Ok(if answer == "approve" { Decision::Approve } else { Decision::Deny })
        })
    }
}

struct JsTool {
    index: usize,
    spec: ToolSpec,
    bridge: JsBridge,
}

impl Tool for JsTool {
    fn spec(&self) -> &ToolSpec {
        &self.spec
    }

    fn check(&self, arguments: &Value) -> Result<(), String> {
        let fault = self.bridge.check(self.index, &arguments.to_string());
        fault.unwrap_or_else(|_| Some("they cannot be checked".to_owned())).map_or(Ok(()), Err)
    }

    fn run<'a>(
        &'a self,
        arguments: &'a Value,
        cancellation: &'a Cancellation,
    ) -> LocalBoxFuture<'a, Result<String, String>> {
        Box::pin(async move {
            let text = |value: JsValue| value.as_string().unwrap_or_default();
            let used = self.bridge.use_tool(self.index, &arguments.to_string(), cancellation.signal()).await;
            used.map(text).map_err(text)
        })
    }
}

/// A worker's provider: that of the run under way. Between runs it holds nothing, so that a worker that nobody knows
/// any more can be collected.
#[derive(Debug)]
pub(super) struct JsProvider {
    pub(super) name: String,
    pub(super) bridge: RefCell<Option<JsBridge>>,
}

impl ModelProvider for JsProvider {
    fn name(&self) -> &str {
        &self.name
    }

    fn request<'a>(
        &'a self,
        _request: &'a ModelRequest,
        context: &'a RequestContext,
    ) -> LocalBoxFuture<'a, Result<ModelResponse, JobError>> {
        Box::pin(async move {
            let bridge = self.bridge.borrow().clone().ok_or_else(|| JobError::new("no run is under way"))?;
            let signal = context.cancellation.signal();
            let send = sender(context.chunks.clone(), signal.clone());
            let answer = bridge.request(signal, send.as_ref()).await.map_err(Thrown)?;
            // Once the request is over the facade does not call `send` any more.
            drop(send);
            Ok(serde_json::from_str(&answer.as_string().unwrap_or_default())?)
        })
    }
}

fn sender(chunks: ChunkSender, signal: AbortSignal) -> Closure<dyn Fn(String) -> Promise> {
    Closure::new(move |chunk: String| {
        let sent = serde_json::from_str(&chunk).map(|chunk| chunks.send(chunk));
        let signal = signal.clone();
        future_to_promise(async move {
            let sent = match sent {
                Ok(sent) => sent.await.map_err(JobError::from),
                Err(error) => Err(error.into()),
            };
            sent.map(|()| JsValue::UNDEFINED).map_err(|error| to_js(&error, &signal))
        })
    })
}
