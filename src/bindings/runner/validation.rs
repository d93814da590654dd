//! For those that have job types but no runner: workers of a pool, and service workers.

use js_sys::Function;
use wasm_bindgen::prelude::*;

use super::convert::{read, write_validation};
use crate::bindings::panic;
use crate::engine::runner::{read_params, validate};

/// `on_panic(message)` is called when the binary breaks; nothing can be called after that.
#[allow(unreachable_pub)]
#[wasm_bindgen(js_name = reportPanics)]
pub fn report_panics(on_panic: Function) {
    panic::report_to(on_panic);
}

/// Of params by their specs: `{valid: true, params}` or `{valid: false, errors}`; nothing where the specs make no sense.
#[allow(unreachable_pub)]
#[wasm_bindgen(js_name = validate)]
pub fn validate_params(specs: &JsValue, params: &JsValue) -> JsValue {
    match read_params(&read(specs)) {
        Ok(specs) => write_validation(validate(&specs, &read(params))),
        Err(_) => JsValue::UNDEFINED,
    }
}
