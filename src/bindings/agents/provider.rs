use std::fmt;
use std::rc::Rc;

use futures::future::LocalBoxFuture;
use js_sys::{Function, Promise};
use serde::Deserialize;
use serde_json::{Map, Value};
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::{JsFuture, future_to_promise};
use web_sys::AbortSignal;

use super::errors::{make, to_js};
use crate::browser::agents::{
    Cancellation, Message, ModelProvider, ModelRequest, ModelResponse, ModelResponseChunk, OpenAiCompatible,
    OpenAiOptions, RequestContext, Scope, Scripted, ToolSpec, stream_answer,
};
use crate::browser::{JobError, Thrown};
use crate::engine::agents::openai;

enum Kind {
    OpenAi(OpenAiCompatible),
    Scripted(Scripted),
}

/// A provider written in Rust.
#[wasm_bindgen]
pub struct WasmProvider {
    kind: Rc<Kind>,
}

impl fmt::Debug for WasmProvider {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("WasmProvider").field("name", &self.name()).finish_non_exhaustive()
    }
}

/// As the facade has checked them.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct OpenAi {
    base_url: String,
    model: String,
    api_key: Option<String>,
    headers: Vec<(String, String)>,
    name: Option<String>,
    body: Map<String, Value>,
    usage: bool,
    send_reasoning: bool,
}

/// One of the two.
#[derive(Deserialize)]
struct Reply {
    text: Option<String>,
    chunks: Option<Vec<ModelResponseChunk>>,
}

/// One request: the conversation is JSON already, and stays with JavaScript.
struct Asked {
    kind: Rc<Kind>,
    messages: JsValue,
    turn: usize,
}

impl ModelProvider for Asked {
    fn name(&self) -> &'static str {
        ""
    }

    fn request<'a>(
        &'a self,
        request: &'a ModelRequest,
        context: &'a RequestContext,
    ) -> LocalBoxFuture<'a, Result<ModelResponse, JobError>> {
        match &*self.kind {
            Kind::OpenAi(model) => Box::pin(model.ask(&self.messages, self.turn, &request.tools, context)),
            Kind::Scripted(script) => script.request(request, context),
        }
    }
}

fn fault(error: &impl fmt::Display) -> JsValue {
    JsValue::from_str(&error.to_string())
}

#[wasm_bindgen]
impl WasmProvider {
    /// `options` are JSON, all of them but `fetch`; what is wrong with them is thrown.
    ///
    /// # Errors
    ///
    /// A text.
    #[wasm_bindgen(js_name = openAi)]
    pub fn open_ai(options: &str, fetch: Option<Function>) -> Result<WasmProvider, JsValue> {
        let OpenAi { base_url, model, api_key, headers, name, body, usage, send_reasoning } =
            serde_json::from_str(options).map_err(|error| fault(&error))?;
        let options = OpenAiOptions { base_url, model, api_key, headers, name, body, usage, send_reasoning, fetch };
        Ok(Self { kind: Rc::new(Kind::OpenAi(OpenAiCompatible::new(options))) })
    }

    /// `replies` are JSON: a list of `{text}` and `{chunks}`. What is wrong with them is thrown.
    ///
    /// # Errors
    ///
    /// A text.
    pub fn scripted(name: String, replies: &str, chunk_delay: u32) -> Result<WasmProvider, JsValue> {
        let replies: Vec<Reply> = serde_json::from_str(replies).map_err(|error| fault(&error))?;
        let replies = replies.into_iter().map(|Reply { text, chunks }| match text {
            Some(text) => Scripted::words(&text),
            None => chunks.unwrap_or_default(),
        });
        Ok(Self { kind: Rc::new(Kind::Scripted(Scripted::new(name, replies.collect(), chunk_delay))) })
    }

    /// What sessions know it by.
    #[wasm_bindgen(getter)]
    pub fn name(&self) -> String {
        let name = match &*self.kind {
            Kind::OpenAi(model) => model.name(),
            Kind::Scripted(script) => script.name(),
        };
        name.to_owned()
    }

    /// By which name what the model thought is sent back, if at all. Messages that were written with another are to be
    /// written anew.
    #[wasm_bindgen(getter, js_name = reasoningName)]
    pub fn reasoning_name(&self) -> Option<String> {
        match &*self.kind {
            Kind::OpenAi(model) => model.reasoning_name().map(str::to_owned),
            Kind::Scripted(_) => None,
        }
    }

    /// A message, given as JSON, as it is sent; nothing if none are.
    ///
    /// # Errors
    ///
    /// A text.
    pub fn written(&self, message: &str) -> Result<Option<String>, JsValue> {
        let Kind::OpenAi(model) = &*self.kind else { return Ok(None) };
        let message: Message = serde_json::from_str(message).map_err(|error| fault(&error))?;
        Ok(Some(openai::message(&message, model.reasoning_name())))
    }

    /// Asks the model. `messages`: so many as `turn` says, as [`Self::written`] writes them, with commas between; `tools`
    /// are JSON. `send(json)` is called with each chunk and awaited. Resolves with the answer as JSON.
    pub fn request(&self, messages: JsValue, turn: usize, tools: &str, signal: AbortSignal, send: Function) -> Promise {
        let asked = Asked { kind: self.kind.clone(), messages, turn };
        let tools = serde_json::from_str::<Vec<ToolSpec>>(tools);
        future_to_promise(async move {
            let asked = async {
                let tools = tools.map_err(|error| {
                    Thrown(make("E_PROVIDER", &format!("the request cannot be read: {error}"), None, &JsValue::NULL))
                })?;
                let request = ModelRequest { messages: Rc::default(), tools: Rc::new(tools) };
                let scope = Scope::under(&Cancellation::of(signal.clone())).map_err(Thrown)?;
                let deliver = async |chunk: ModelResponseChunk| {
                    let chunk = JsValue::from_str(&serde_json::to_string(&chunk)?);
                    let taken = send.call1(&JsValue::UNDEFINED, &chunk).map_err(Thrown)?;
                    JsFuture::from(Promise::resolve(&taken)).await.map_err(Thrown)?;
                    Ok(())
                };
                let response = stream_answer(&asked, &request, &scope, deliver).await?;
                Ok::<_, JobError>(JsValue::from_str(&serde_json::to_string(&response)?))
            };
            asked.await.map_err(|error| to_js(&error, &signal))
        })
    }
}
