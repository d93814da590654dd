//! A row as numbers. src/facade/shared/numbers.ts reads and writes the same.

use crate::engine::shared::{Row, Status};
use crate::engine::{Backoff, RetryOptions};

/// Numbers of a row.
pub(super) const ROW: usize = 27;

pub(super) fn flag(value: bool) -> f64 {
    f64::from(u8::from(value))
}

pub(super) fn write_row(row: &Row) -> [f64; ROW] {
    let status = match row.status {
        Status::Pending => 0,
        Status::Running => 1,
        Status::Completed => 2,
        Status::Failed => 3,
        Status::Cancelled => 4,
    };
    let of = f64::from;
    [
        of(status),
        of(row.epoch),
        of(row.attempt),
        of(row.failures),
        of(row.interruptions),
        of(row.version),
        row.priority,
        row.place,
        row.created_at,
        row.started_at,
        row.ended_at,
        row.ready_at,
        row.wait,
        flag(row.stop),
        flag(row.behind),
        of(row.slot),
        of(row.generation),
        flag(row.strict),
        flag(row.fail_interrupted),
        of(row.sent),
        of(row.handled),
        row.timeout,
        row.retry.limit,
        row.retry.delay,
        flag(row.retry.backoff == Backoff::Exponential),
        row.retry.max_delay,
        flag(row.retry.jitter),
    ]
}

/// `None`: there is no row.
pub(super) fn read_row(numbers: &[f64]) -> Option<Row> {
    let numbers: &[f64; ROW] = numbers.try_into().ok()?;
    let [
        status,
        epoch,
        attempt,
        failures,
        interruptions,
        version,
        priority,
        place,
        created_at,
        started_at,
        ended_at,
        ready_at,
        wait,
        stop,
        behind,
        slot,
        generation,
        strict,
        fail_interrupted,
        sent,
        handled,
        timeout,
        limit,
        delay,
        exponential,
        max_delay,
        jitter,
    ] = *numbers;
    Some(Row {
        status: match status as u32 {
            0 => Status::Pending,
            1 => Status::Running,
            2 => Status::Completed,
            3 => Status::Failed,
            _ => Status::Cancelled,
        },
        epoch: epoch as u32,
        attempt: attempt as u32,
        failures: failures as u32,
        interruptions: interruptions as u32,
        version: version as u32,
        priority,
        place,
        created_at,
        started_at,
        ended_at,
        ready_at,
        wait,
        stop: stop != 0.0,
        behind: behind != 0.0,
        slot: slot as u32,
        generation: generation as u32,
        strict: strict != 0.0,
        fail_interrupted: fail_interrupted != 0.0,
        sent: sent as u32,
        handled: handled as u32,
        timeout,
        retry: RetryOptions {
            limit,
            delay,
            backoff: if exponential == 0.0 { Backoff::Fixed } else { Backoff::Exponential },
            max_delay,
            jitter: jitter != 0.0,
        },
    })
}

/// Nothing: nothing is written.
pub(super) fn written(row: Option<Row>) -> Vec<f64> {
    row.map_or_else(Vec::new, |row| write_row(&row).into())
}
