use std::cell::Cell;

use futures::future::join_all;
use js_sys::{ArrayBuffer, Promise, Reflect};
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::JsFuture;
use web_sys::{AbortSignal, RequestInit, Response};

use super::context::JsTaskContext;
use super::{map, seconds_since};
use crate::browser::clock;
use crate::engine::runner::Value;

#[wasm_bindgen]
extern "C" {
    /// As pages and workers of every kind have it.
    #[wasm_bindgen(js_name = fetch)]
    fn fetch(url: &str, options: &RequestInit) -> Promise;
}

/// All at the same time. The signal closes their connections; the job has ended when all of them have.
pub(super) async fn url_fetch(params: &Value, context: &JsTaskContext) -> Result<Value, JsValue> {
    let signal = context.signal();
    let Some(Value::List(urls)) = params.get("urls") else { return Ok(Value::Null) };
    let total = urls.len();
    context.progress(0.0, &format!("Fetched 0/{total} URLs"))?;
    let arrived = Cell::new(0);
    let fetches = urls.iter().filter_map(Value::as_text).map(async |url| {
        let result = fetch_one(url, &signal).await;
        arrived.set(arrived.get() + 1);
        let count = arrived.get();
        if !signal.aborted() {
            context.progress(f64::from(count) / total as f64 * 100.0, &format!("Fetched {count}/{total} URLs"))?;
        }
        Ok(result)
    });
    let results: Result<Vec<Value>, JsValue> = join_all(fetches).await.into_iter().collect();
    if signal.aborted() {
        return Err(signal.reason());
    }
    Ok(map([("results", Value::List(results?))]))
}

/// What came back, or why nothing did.
async fn fetch_one(url: &str, signal: &AbortSignal) -> Value {
    let began = clock::now();
    match load(url, signal).await {
        Ok((status, size)) => map([
            ("url", Value::from(url)),
            ("status", Value::Number(f64::from(status))),
            ("size", Value::Number(f64::from(size))),
            ("duration", seconds_since(began)),
        ]),
        Err(error) => {
            let message = Reflect::get(&error, &JsValue::from_str("message")).ok().and_then(|text| text.as_string());
            map([
                ("url", Value::from(url)),
                ("error", Value::Text(message.unwrap_or_else(|| "the fetch failed".to_owned()))),
                ("duration", seconds_since(began)),
            ])
        }
    }
}

async fn load(url: &str, signal: &AbortSignal) -> Result<(u16, u32), JsValue> {
    let options = RequestInit::new();
    options.set_signal(Some(signal));
    let response: Response = JsFuture::from(fetch(url, &options)).await?.dyn_into()?;
    let body: ArrayBuffer = JsFuture::from(response.array_buffer()?).await?.dyn_into()?;
    Ok((response.status(), body.byte_length()))
}
