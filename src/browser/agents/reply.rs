//! What `fetch` gives, the page's own or one that stands in for it: looked at guarded, whatever realm it is of.

use futures::future::{Either, select};
use wasm_bindgen::prelude::*;

use super::body::{Body, settled};
use super::cancellation::Cancellation;

#[wasm_bindgen]
extern "C" {
    #[derive(Debug, Clone)]
    type AnyResponse;

    #[wasm_bindgen(method, getter, catch)]
    fn status(this: &AnyResponse) -> Result<JsValue, JsValue>;

    #[wasm_bindgen(method, getter, catch, js_name = statusText)]
    fn status_text(this: &AnyResponse) -> Result<JsValue, JsValue>;

    #[wasm_bindgen(method, getter, catch)]
    fn headers(this: &AnyResponse) -> Result<AnyHeaders, JsValue>;

    #[wasm_bindgen(method, getter, catch)]
    fn body(this: &AnyResponse) -> Result<JsValue, JsValue>;

    #[wasm_bindgen(method, catch)]
    fn text(this: &AnyResponse) -> Result<JsValue, JsValue>;

    type AnyHeaders;

    #[wasm_bindgen(method, catch)]
    fn get(this: &AnyHeaders, name: &str) -> Result<JsValue, JsValue>;
}

/// The head of an answer.
#[derive(Debug)]
pub(super) struct Reply {
    pub(super) status: u16,
    pub(super) status_text: String,
    response: AnyResponse,
}

impl Reply {
    /// # Errors
    ///
    /// If it is no response.
    pub(super) fn read(response: JsValue) -> Result<Self, JsValue> {
        let response: AnyResponse = response.unchecked_into();
        let status = response.status()?.as_f64().filter(|status| (0.0..=999.0).contains(status));
        let Some(status) = status else { return Err(js_sys::TypeError::new("fetch gave no Response").into()) };
        let status_text = response.status_text().ok().and_then(|text| text.as_string()).unwrap_or_default();
        #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "it was found to fit")]
        Ok(Self { status: status as u16, status_text, response })
    }

    pub(super) fn is_ok(&self) -> bool {
        (200..300).contains(&self.status)
    }

    pub(super) fn header(&self, name: &str) -> Option<String> {
        self.response.headers().ok()?.get(name).ok()?.as_string()
    }

    /// Its bytes as they arrive; of a response without a stream, all at once. Once it is to end, none.
    pub(super) async fn body(&self, cancellation: &Cancellation) -> Result<Body, JsValue> {
        let body = self.response.body()?;
        if body.is_object() {
            return Body::new(body, cancellation);
        }
        let text = self.response.text().unwrap_or(JsValue::UNDEFINED);
        match select(settled(&text), cancellation.aborted()).await {
            Either::Left((text, _)) => Ok(Body::of(text?.as_string().unwrap_or_default())),
            Either::Right(((), _)) => Ok(Body::of(String::new())),
        }
    }

    /// Closes the connection of one that nobody reads.
    pub(super) fn close(&self, cancellation: &Cancellation) {
        if let Some(body) = self.response.body().ok().filter(JsValue::is_object) {
            drop(Body::new(body, cancellation));
        }
    }
}
