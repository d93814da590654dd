use wasm_bindgen::JsValue;

use super::context::JsTaskContext;
use super::{map, seconds_since, whole};
use crate::browser::clock;
use crate::engine::runner::{Fibonacci, LONGEST_LIST, Sieve, Value};

pub(super) async fn prime(params: &Value, context: &JsTaskContext) -> Result<Value, JsValue> {
    let began = clock::now();
    let limit = whole(params, "limit");
    let mut sieve = Sieve::new(limit);
    // What may take seconds is told more often.
    let steps = if limit > LONGEST_LIST { 100 } else { 10 };
    for step in 1..=steps {
        let bound = (u64::from(limit) * step / steps) as u32;
        while !sieve.has_reached(bound) {
            context.checkpoint().await?;
            sieve.advance(bound);
        }
        context.progress((step * 100 / steps) as f64, &format!("Looked at {bound} of {limit} numbers"))?;
    }
    let mut result = vec![
        ("count".to_owned(), Value::Number(f64::from(sieve.count()))),
        ("largest".to_owned(), Value::Number(f64::from(sieve.largest()))),
        ("duration".to_owned(), seconds_since(began)),
    ];
    if let Some(primes) = sieve.primes() {
        let list = primes.iter().map(|prime| Value::Number(f64::from(*prime))).collect();
        result.push(("primes".to_owned(), Value::List(list)));
    }
    Ok(Value::Map(result))
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
