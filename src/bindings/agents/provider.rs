use std::fmt;
use std::rc::Rc;

use js_sys::{Function, Promise};
use serde::Deserialize;
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::{JsFuture, future_to_promise};
use web_sys::AbortSignal;

use super::errors::{make, to_js};
use crate::browser::agents::{
    Cancellation, ModelProvider, ModelRequest, ModelResponseChunk, OpenAiCompatible, OpenAiOptions, Scope, Scripted,
    stream_answer,
};
use crate::browser::{JobError, Thrown};

/// A provider written in Rust.
#[wasm_bindgen]
pub struct WasmProvider {
    provider: Rc<dyn ModelProvider>,
}

impl fmt::Debug for WasmProvider {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("WasmProvider").field("name", &self.name()).finish_non_exhaustive()
    }
}

/// One of the two.
#[derive(Deserialize)]
struct Reply {
    text: Option<String>,
    chunks: Option<Vec<ModelResponseChunk>>,
}

#[wasm_bindgen]
impl WasmProvider {
    /// `headers` are names and values in turn.
    #[wasm_bindgen(js_name = openAi)]
    pub fn open_ai(
        base_url: String,
        model: String,
        api_key: Option<String>,
        headers: Vec<String>,
        name: Option<String>,
    ) -> Self {
        let (mut texts, mut pairs) = (headers.into_iter(), Vec::new());
        while let (Some(header), Some(value)) = (texts.next(), texts.next()) {
            pairs.push((header, value));
        }
        let options = OpenAiOptions { base_url, model, api_key, headers: pairs, name };
        Self { provider: Rc::new(OpenAiCompatible::new(options)) }
    }

    /// `replies` are JSON: a list of `{text}` and `{chunks}`. What is wrong with them is thrown.
    ///
    /// # Errors
    ///
    /// A text.
    pub fn scripted(name: String, replies: &str, chunk_delay: u32) -> Result<WasmProvider, JsValue> {
        let replies: Vec<Reply> =
            serde_json::from_str(replies).map_err(|error| JsValue::from_str(&error.to_string()))?;
        let replies = replies.into_iter().map(|Reply { text, chunks }| match text {
            Some(text) => Scripted::words(&text),
            None => chunks.unwrap_or_default(),
        });
        Ok(Self { provider: Rc::new(Scripted::new(name, replies.collect(), chunk_delay)) })
    }

    /// What sessions know it by.
    #[wasm_bindgen(getter)]
    pub fn name(&self) -> String {
        self.provider.name().to_owned()
    }

    /// Asks the model: `send(json)` is called with each chunk and awaited. Resolves with the answer as JSON.
    pub fn request(&self, request: &str, signal: AbortSignal, send: Function) -> Promise {
        let provider = self.provider.clone();
        let request = serde_json::from_str::<ModelRequest>(request);
        future_to_promise(async move {
            let asked = async {
                let request = request.map_err(|error| {
                    Thrown(make("E_PROVIDER", &format!("the request cannot be read: {error}"), None, &JsValue::NULL))
                })?;
                let scope = Scope::under(&Cancellation::of(signal.clone())).map_err(Thrown)?;
                let deliver = async |chunk: ModelResponseChunk| {
                    let chunk = JsValue::from_str(&serde_json::to_string(&chunk)?);
                    let taken = send.call1(&JsValue::UNDEFINED, &chunk).map_err(Thrown)?;
                    JsFuture::from(Promise::resolve(&taken)).await.map_err(Thrown)?;
                    Ok(())
                };
                let response = stream_answer(&*provider, &request, &scope, deliver).await?;
                Ok::<_, JobError>(JsValue::from_str(&serde_json::to_string(&response)?))
            };
            asked.await.map_err(|error| to_js(&error, &signal))
        })
    }
}
