//! The bodies of the job types that come with the package: async Rust on the event loop. None holds the page for more
//! than a few milliseconds; each ends with the signal's reason once it has aborted.

mod compute;
mod context;
mod fetching;
mod waiting;

pub(crate) use context::JsTaskContext;

use wasm_bindgen::JsValue;

use crate::engine::runner::Value;

/// Runs the body of the type `name`. The params are valid.
pub(crate) async fn execute(name: &str, params: &Value, context: &JsTaskContext) -> Result<Value, JsValue> {
    match name {
        "countdown" => waiting::countdown(params, context).await,
        "prime" => compute::prime(params, context).await,
        "fibonacci" => compute::fibonacci(params, context).await,
        "url_fetch" => fetching::url_fetch(params, context).await,
        "echo" => waiting::echo(params, context).await,
        _ => Err(JsValue::from_str("no built-in job type of that name")),
    }
}

/// A whole number among the params.
fn whole(params: &Value, name: &str) -> u32 {
    if let Some(Value::Number(number)) = params.get(name) { *number as u32 } else { 0 }
}

fn map<const N: usize>(fields: [(&str, Value); N]) -> Value {
    Value::Map(fields.into_iter().map(|(name, value)| (name.to_owned(), value)).collect())
}

/// Seconds since `began`, a reading of the page's clock.
fn seconds_since(began: f64) -> Value {
    Value::Number((super::clock::now() - began) / 1000.0)
}
