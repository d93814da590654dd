//! Rows, commands and effects as numbers. src/facade/shared/rules/numbers.ts reads and writes the same.

use crate::engine::shared::{
    AbortWhy, Answer, Claim, Effect, Lock, Outcome, Recovery, Row, SharedJobId, Status, TypeId, WaitingFor,
};
use crate::engine::{Backoff, RetryOptions};

/// Numbers of a row.
pub(super) const ROW: usize = 27;
/// Numbers of an effect: what, then what of.
const EFFECT: usize = 9;

fn flag(value: bool) -> f64 {
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

/// What became of a job whose owner is gone, then its row.
pub(super) fn write_recovered(recovered: Option<(Row, Recovery)>, numbers: &mut Vec<f64>) {
    let Some((row, what)) = recovered else {
        numbers.push(-1.0);
        return;
    };
    numbers.push(match what {
        Recovery::Again => 0.0,
        Recovery::Cancelled => 1.0,
        Recovery::Interrupted => 2.0,
        Recovery::CrashLoop => 3.0,
    });
    numbers.extend(write_row(&row));
}

/// `wait` is NaN where none was asked for.
pub(super) fn read_outcome(what: u32, wait: f64) -> Outcome {
    match what {
        0 => Outcome::Resolved,
        1 => Outcome::Rejected { retry: false, wait: None },
        2 => Outcome::Rejected { retry: true, wait: (!wait.is_nan()).then_some(wait) },
        3 => Outcome::TimedOut,
        _ => Outcome::Released,
    }
}

fn write_outcome(outcome: Outcome) -> [f64; 2] {
    match outcome {
        Outcome::Resolved => [0.0, f64::NAN],
        Outcome::Rejected { retry: false, .. } => [1.0, f64::NAN],
        Outcome::Rejected { wait, .. } => [2.0, wait.unwrap_or(f64::NAN)],
        Outcome::TimedOut => [3.0, f64::NAN],
        Outcome::Released => [4.0, f64::NAN],
    }
}

pub(super) fn read_answer(answer: u32) -> Answer {
    match answer {
        0 => Answer::Written,
        1 => Answer::Refused,
        _ => Answer::Failed,
    }
}

/// Negative: there is none.
pub(super) fn read_kind(kind: i32) -> Option<TypeId> {
    u32::try_from(kind).ok().map(TypeId)
}

pub(super) fn write_waiting(waiting: WaitingFor) -> i32 {
    match waiting {
        WaitingFor::Slot => 0,
        WaitingFor::Delay => 1,
        WaitingFor::Retry => 2,
        WaitingFor::Online => 3,
        WaitingFor::Visible => 4,
        WaitingFor::Type => 5,
        WaitingFor::Migration => 6,
        WaitingFor::Storage => 7,
        WaitingFor::Key => 8,
    }
}

fn why(why: AbortWhy) -> f64 {
    match why {
        AbortWhy::Stop => 0.0,
        AbortWhy::Timeout => 1.0,
        AbortWhy::Lost => 2.0,
        AbortWhy::Handover => 3.0,
    }
}

/// What, then its numbers in the order in which the effect names them; what is not there is -1.
pub(super) fn write_effect(effect: Effect, numbers: &mut Vec<f64>) {
    let of = f64::from;
    let begin = numbers.len();
    let run = |SharedJobId(job): SharedJobId, epoch: u32| [of(job), of(epoch)];
    let place = |Lock { slot, generation }: Lock| [of(slot), of(generation)];
    match effect {
        Effect::Ask { request, lock } => {
            numbers.extend([0.0, of(request.0)]);
            numbers.extend(place(lock));
        }
        Effect::Drop(request) => numbers.extend([1.0, of(request.0)]),
        Effect::Read => numbers.push(2.0),
        Effect::Enter { lock, claim } => {
            numbers.push(3.0);
            numbers.extend(place(lock));
            if let Some((job, Claim { epoch, version, strict, fail_interrupted })) = claim {
                numbers.extend(run(job, epoch));
                numbers.extend([of(version), flag(strict), flag(fail_interrupted)]);
            }
        }
        Effect::Retire { lock, beat } => {
            numbers.push(4.0);
            numbers.extend(place(lock));
            numbers.push(of(beat));
        }
        Effect::Settle { job, epoch, lock, outcome } => {
            numbers.push(5.0);
            numbers.extend(run(job, epoch));
            numbers.extend(place(lock));
            numbers.extend(write_outcome(outcome));
        }
        Effect::Run { job, epoch } => {
            numbers.push(6.0);
            numbers.extend(run(job, epoch));
        }
        Effect::Abort { job, epoch, why: reason } => {
            numbers.push(7.0);
            numbers.extend(run(job, epoch));
            numbers.push(why(reason));
        }
        Effect::Deliver { job, epoch, number } => {
            numbers.push(8.0);
            numbers.extend(run(job, epoch));
            numbers.push(of(number));
        }
        Effect::Acknowledge { job, epoch, number } => {
            numbers.push(9.0);
            numbers.extend(run(job, epoch));
            numbers.push(of(number));
        }
        Effect::Left => numbers.push(10.0),
    }
    numbers.resize(begin + EFFECT, -1.0);
}
