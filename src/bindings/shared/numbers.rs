//! Of a tab: what it is told and asks for, and what its transactions find, as numbers.

use super::wire::{EFFECT_SIZE, answer, effect, outcome, recovery, waiting, why, write_row};
use crate::engine::shared::{
    AbortWhy, Answer, Claim, Effect, Lock, Outcome, Recovery, Row, SharedJobId, TypeId, WaitingFor,
};

fn flag(value: bool) -> f64 {
    f64::from(u8::from(value))
}

/// What became of a job whose owner is gone, then its row; of `NONE` there is no row, and what follows comes at once.
pub(super) fn write_recovered(recovered: Option<(Row, Recovery)>, numbers: &mut Vec<f64>) {
    let Some((row, what)) = recovered else {
        numbers.push(f64::from(recovery::NONE));
        return;
    };
    numbers.push(f64::from(match what {
        Recovery::Again => recovery::AGAIN,
        Recovery::Cancelled => recovery::CANCELLED,
        Recovery::Interrupted => recovery::INTERRUPTED,
        Recovery::CrashLoop => recovery::CRASH_LOOP,
    }));
    numbers.extend(write_row(&row));
}

/// `wait` is NaN where none was asked for.
pub(super) fn read_outcome(what: u32, wait: f64) -> Outcome {
    match what {
        outcome::RESOLVED => Outcome::Resolved,
        outcome::FINAL => Outcome::Rejected { retry: false, wait: None },
        outcome::REJECTED => Outcome::Rejected { retry: true, wait: (!wait.is_nan()).then_some(wait) },
        outcome::TIMED_OUT => Outcome::TimedOut,
        _ => Outcome::Released,
    }
}

fn write_outcome(what: Outcome) -> [f64; 2] {
    let (code, wait) = match what {
        Outcome::Resolved => (outcome::RESOLVED, None),
        Outcome::Rejected { retry: false, .. } => (outcome::FINAL, None),
        Outcome::Rejected { wait, .. } => (outcome::REJECTED, wait),
        Outcome::TimedOut => (outcome::TIMED_OUT, None),
        Outcome::Released => (outcome::RELEASED, None),
    };
    [f64::from(code), wait.unwrap_or(f64::NAN)]
}

pub(super) fn read_answer(code: u32) -> Answer {
    match code {
        answer::WRITTEN => Answer::Written,
        answer::REFUSED => Answer::Refused,
        _ => Answer::Failed,
    }
}

/// Negative: there is none.
pub(super) fn read_kind(kind: i32) -> Option<TypeId> {
    u32::try_from(kind).ok().map(TypeId)
}

pub(super) fn write_waiting(what: WaitingFor) -> i32 {
    match what {
        WaitingFor::Slot => waiting::SLOT,
        WaitingFor::Delay => waiting::DELAY,
        WaitingFor::Retry => waiting::RETRY,
        WaitingFor::Online => waiting::ONLINE,
        WaitingFor::Visible => waiting::VISIBLE,
        WaitingFor::Type => waiting::TYPE,
        WaitingFor::Migration => waiting::MIGRATION,
        WaitingFor::Storage => waiting::STORAGE,
        WaitingFor::Key => waiting::KEY,
    }
}

fn write_why(reason: AbortWhy) -> f64 {
    f64::from(match reason {
        AbortWhy::Stop => why::STOP,
        AbortWhy::Timeout => why::TIMEOUT,
        AbortWhy::Lost => why::LOST,
        AbortWhy::Handover => why::HANDOVER,
    })
}

/// What, then its numbers in the order in which the effect names them; what is not there is -1.
pub(super) fn write_effect(what: Effect, numbers: &mut Vec<f64>) {
    let of = f64::from;
    let begin = numbers.len();
    let run = |SharedJobId(job): SharedJobId, epoch: u32| [of(job), of(epoch)];
    let place = |Lock { slot, generation }: Lock| [of(slot), of(generation)];
    match what {
        Effect::Ask { request, lock } => {
            numbers.extend([of(effect::ASK), of(request.0)]);
            numbers.extend(place(lock));
        }
        Effect::Drop(request) => numbers.extend([of(effect::DROP), of(request.0)]),
        Effect::Read => numbers.push(of(effect::READ)),
        Effect::Enter { lock, claim } => {
            numbers.push(of(effect::ENTER));
            numbers.extend(place(lock));
            if let Some((job, Claim { epoch, version, strict, fail_interrupted })) = claim {
                numbers.extend(run(job, epoch));
                numbers.extend([of(version), flag(strict), flag(fail_interrupted)]);
            }
        }
        Effect::Retire { lock, beat } => {
            numbers.push(of(effect::RETIRE));
            numbers.extend(place(lock));
            numbers.push(of(beat));
        }
        Effect::Settle { job, epoch, lock, outcome } => {
            numbers.push(of(effect::SETTLE));
            numbers.extend(run(job, epoch));
            numbers.extend(place(lock));
            numbers.extend(write_outcome(outcome));
        }
        Effect::Mark { job, epoch, lock } => {
            numbers.push(of(effect::MARK));
            numbers.extend(run(job, epoch));
            numbers.extend(place(lock));
        }
        Effect::Run { job, epoch } => {
            numbers.push(of(effect::RUN));
            numbers.extend(run(job, epoch));
        }
        Effect::Abort { job, epoch, why: reason } => {
            numbers.push(of(effect::ABORT));
            numbers.extend(run(job, epoch));
            numbers.push(write_why(reason));
        }
        Effect::Deliver { job, epoch, number } => {
            numbers.push(of(effect::DELIVER));
            numbers.extend(run(job, epoch));
            numbers.push(of(number));
        }
        Effect::Acknowledge { job, epoch, number } => {
            numbers.push(of(effect::ACKNOWLEDGE));
            numbers.extend(run(job, epoch));
            numbers.push(of(number));
        }
        Effect::Left => numbers.push(of(effect::LEFT)),
    }
    numbers.resize(begin + EFFECT_SIZE, -1.0);
}
