use std::cell::RefCell;

use js_sys::Function;
use wasm_bindgen::prelude::*;
use web_sys::AbortSignal;

use crate::browser::agents::{NotTaken, OpenAiError, OutOfTurns};
use crate::browser::{Cancelled, JobError, Thrown, TimeoutError};

thread_local! {
    static MAKE_ERROR: RefCell<Option<Function>> = const { RefCell::new(None) };
}

pub(super) fn make_with(make_error: Function) {
    MAKE_ERROR.with(|slot| slot.replace(Some(make_error)));
}

pub(super) fn make(code: &str, message: &str, status: Option<u16>, cause: &JsValue) -> JsValue {
    let make_error = MAKE_ERROR.with(|slot| slot.borrow().clone());
    let made = make_error.map(|make_error| {
        let (code, message) = (JsValue::from_str(code), JsValue::from_str(message));
        make_error.call4(&JsValue::UNDEFINED, &code, &message, &status.map_or(JsValue::UNDEFINED, JsValue::from), cause)
    });
    // It does not throw.
    made.and_then(Result::ok).unwrap_or(JsValue::UNDEFINED)
}

/// The error as JavaScript knows it: what it threw itself comes back as the same value.
pub(super) fn to_js(error: &JobError, signal: &AbortSignal) -> JsValue {
    if let Some(Thrown(value)) = error.downcast_ref() {
        return value.clone();
    }
    if error.is::<Cancelled>() || error.is::<TimeoutError>() || (error.is::<NotTaken>() && signal.aborted()) {
        return signal.reason();
    }
    let (code, status, cause) = match error.downcast_ref() {
        Some(OpenAiError::Refused(refused)) => ("E_HTTP", Some(refused.status), JsValue::UNDEFINED),
        Some(OpenAiError::Unreachable(_, cause)) => ("E_NETWORK", None, cause.clone()),
        Some(OpenAiError::Broken(cause)) => ("E_STREAM", None, cause.clone()),
        Some(OpenAiError::Stream(_)) => ("E_STREAM", None, JsValue::UNDEFINED),
        None if error.is::<OutOfTurns>() => ("E_MAX_TURNS", None, JsValue::UNDEFINED),
        None => ("E_PROVIDER", None, JsValue::UNDEFINED),
    };
    make(code, &error.to_string(), status, &cause)
}
