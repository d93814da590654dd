use wasm_bindgen::JsValue;

use super::context::{JsTaskContext, sleep_until};
use super::{map, whole};
use crate::browser::clock;
use crate::engine::runner::Value;

/// Lets the seconds pass, with progress at each.
async fn pass(seconds: u32, context: &JsTaskContext) -> Result<(), JsValue> {
    let began = clock::now();
    let signal = context.signal();
    for passed in 0..=seconds {
        sleep_until(began + f64::from(passed) * 1000.0, &signal).await?;
        let left = seconds - passed;
        let unit = if left == 1 { "second" } else { "seconds" };
        context.progress(f64::from(passed) / f64::from(seconds) * 100.0, &format!("{left} {unit} remaining…"))?;
    }
    Ok(())
}

pub(super) async fn countdown(params: &Value, context: &JsTaskContext) -> Result<Value, JsValue> {
    pass(whole(params, "seconds"), context).await?;
    Ok(map([("message", Value::from("Countdown complete!"))]))
}

pub(super) async fn echo(params: &Value, context: &JsTaskContext) -> Result<Value, JsValue> {
    pass(whole(params, "delay"), context).await?;
    let message = params.get("message").cloned().unwrap_or(Value::Null);
    Ok(map([("message", message), ("echoed_at", Value::Number(js_sys::Date::now()))]))
}
