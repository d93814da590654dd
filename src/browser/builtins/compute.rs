use wasm_bindgen::JsValue;

use super::context::JsTaskContext;
use super::{map, seconds_since, whole};
use crate::browser::clock;
use crate::engine::runner::{Fibonacci, Sieve, Value};

pub(super) async fn prime(params: &Value, context: &JsTaskContext) -> Result<Value, JsValue> {
    let began = clock::now();
    let limit = whole(params, "limit");
    let mut sieve = Sieve::new(limit);
    for tenth in 1..=10 {
        context.checkpoint().await?;
        let bound = limit * tenth / 10;
        sieve.advance(bound);
        context.progress(f64::from(tenth * 10), &format!("Looked at {bound} of {limit} numbers"))?;
    }
    let primes: Vec<Value> = sieve.primes().into_iter().map(|prime| Value::Number(f64::from(prime))).collect();
    let count = Value::Number(primes.len() as f64);
    Ok(map([("count", count), ("primes", Value::List(primes)), ("duration", seconds_since(began))]))
}

/// Numbers between two reports of progress.
const STRIDE: u32 = 10;

pub(super) async fn fibonacci(params: &Value, context: &JsTaskContext) -> Result<Value, JsValue> {
    let began = clock::now();
    let count = whole(params, "count");
    let mut sequence = Fibonacci::default();
    let mut numbers = Vec::new();
    let mut made = 0;
    while made < count {
        context.checkpoint().await?;
        let stride = STRIDE.min(count - made);
        numbers.extend(sequence.by_ref().take(stride as usize).map(Value::Text));
        made += stride;
        let percent = f64::from(made) / f64::from(count) * 100.0;
        context.progress(percent, &format!("Generated {made}/{count} numbers"))?;
    }
    Ok(map([("numbers", Value::List(numbers)), ("duration", seconds_since(began))]))
}
