//! What whoever has a store may write without running anything: what a new job's row is, and what becomes of rows that
//! somebody wants changed.

use js_sys::RangeError;
use wasm_bindgen::prelude::*;

use super::wire::{create_code, policy_of, read_row, write_row};
use crate::engine::runner::is_name;
use crate::engine::shared::transactions;
use crate::engine::shared::{Found, Row};
use crate::engine::{Backoff, OutOfBounds, RetryOptions, RunOptions};

/// Nothing: nothing is written.
pub(super) fn written(row: Option<Row>) -> Vec<f64> {
    row.map_or_else(Vec::new, |row| write_row(&row).into())
}

pub(super) fn range(why: OutOfBounds) -> JsValue {
    RangeError::new(&why.to_string()).into()
}

/// The row of a new job. NaN stands for what is not given; without `limit` nothing else of the retries counts.
///
/// # Errors
///
/// A `RangeError` that names the option and its bound.
#[allow(clippy::too_many_arguments, unreachable_pub)]
#[wasm_bindgen(js_name = newRow)]
pub fn new_row(
    version: u32,
    wall: f64,
    priority: Option<f64>,
    timeout: Option<f64>,
    delay: Option<f64>,
    limit: Option<f64>,
    retry_delay: f64,
    max_delay: f64,
    fixed: bool,
    no_jitter: bool,
) -> Result<Vec<f64>, JsValue> {
    let backoff = if fixed { Backoff::Fixed } else { Backoff::Exponential };
    let retry = limit.map(|limit| RetryOptions { limit, delay: retry_delay, backoff, max_delay, jitter: !no_jitter });
    let options = RunOptions { priority, timeout, retry, delay, ..RunOptions::default() };
    Row::new(&options, version, wall).map(|row| write_row(&row).into()).map_err(range)
}

/// Of a stop.
#[allow(unreachable_pub)]
#[wasm_bindgen]
pub fn stop(row: &[f64], wall: f64) -> Vec<f64> {
    written(read_row(row).and_then(|row| transactions::stop(&row, wall)))
}

/// Of another priority.
#[allow(unreachable_pub)]
#[wasm_bindgen]
pub fn prioritize(row: &[f64], priority: f64, place: f64) -> Vec<f64> {
    written(read_row(row).and_then(|row| transactions::prioritize(&row, priority, place)))
}

/// Of one that waited behind a job that has ended.
#[allow(unreachable_pub)]
#[wasm_bindgen]
pub fn promote(row: &[f64]) -> Vec<f64> {
    written(read_row(row).and_then(|row| transactions::promote(&row)))
}

/// What is done with a new job: see `create_code`.
#[allow(unreachable_pub)]
#[wasm_bindgen]
pub fn create(has_same: bool, standing: &[f64], waiting: &[f64], pending: f64, policy: u32, max_pending: f64) -> u32 {
    let (same, standing, waiting) = (Row::default(), read_row(standing), read_row(waiting));
    let same = has_same.then_some(&same);
    let found = Found { same, standing: standing.as_ref(), waiting: waiting.as_ref(), pending };
    create_code(transactions::create(found, policy_of(policy), max_pending))
}

/// Finished jobs that are let go of.
#[allow(unreachable_pub)]
#[wasm_bindgen]
pub fn excess(finished: f64, retain: f64) -> f64 {
    transactions::excess(finished, retain)
}

/// The row of a new job with the options of this one.
#[allow(unreachable_pub)]
#[wasm_bindgen]
pub fn again(row: &[f64], version: u32, wall: f64) -> Vec<f64> {
    written(read_row(row).map(|row| row.again(version, wall)))
}

/// Where a pending job is listed: three numbers, the lowest first.
#[allow(unreachable_pub)]
#[wasm_bindgen]
pub fn place(row: &[f64], wall: f64) -> Vec<f64> {
    read_row(row).map_or_else(Vec::new, |row| transactions::place(&row, wall).into())
}

/// Whether a job may have this id.
#[allow(unreachable_pub)]
#[wasm_bindgen(js_name = isId)]
pub fn is_id(text: &str) -> bool {
    is_name(text)
}
