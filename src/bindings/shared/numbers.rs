//! Commands and effects as numbers. src/facade/shared/numbers.ts reads and writes the same.

use super::rows::{flag, write_row};
use crate::engine::shared::{
    AbortWhy, Answer, Claim, Effect, Lock, Outcome, Recovery, Row, SharedJobId, TypeId, WaitingFor,
};

/// Numbers of an effect: what, then what of.
const EFFECT: usize = 9;

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
