//! The jobs that a tab runs: their ends, their actions, and how it lets go of them.

use super::command::{AbortWhy, Answer, Effect, SharedJobId};
use super::job::Job;
use super::row::Row;
use super::slot::{Inbox, Run, Usage};
use super::transactions::Outcome;
use super::{Phase, Tab};
use crate::engine::time::{Span, Time};

/// Between two tries to write what the store has not taken, in pulses: they double up to that.
const MOST_PULSES: u32 = 16;

/// Browsers end a page's requests at once; this is for pages that are busy.
const GOING: Span = Span::from_micros(1_000_000);

impl Run {
    pub(super) const NEW: Self = Self {
        job: SharedJobId(0),
        epoch: 0,
        deadline: None,
        timed_out: false,
        stopped: false,
        going: None,
        inbox: Inbox { listening: false, handled: 0, delivered: false, acknowledging: false, again: None },
    };
}

impl Tab {
    fn run_mut(&mut self, job: SharedJobId, epoch: u32) -> Option<&mut Run> {
        self.slots.iter_mut().find_map(|slot| match &mut slot.usage {
            Usage::Running(run) if (run.job, run.epoch) == (job, epoch) => Some(run),
            _ => None,
        })
    }

    /// What the store says of a job that this tab runs; nothing: it has ended, or is gone.
    pub(super) fn watch_run(&mut self, id: SharedJobId, row: Option<&Row>, effects: &mut Vec<Effect>) {
        let running = self.slots.iter().find_map(|slot| match slot.usage {
            Usage::Running(run) if run.job == id => Some(run),
            _ => None,
        });
        let Some(run) = running else { return };
        let Some(row) = row.filter(|row| row.is_owned(run.epoch)) else {
            self.lose(id, run.epoch, effects);
            return;
        };
        if row.stop && !run.stopped {
            if let Some(run) = self.run_mut(id, run.epoch) {
                run.stopped = true;
            }
            effects.push(Effect::Abort { job: id, epoch: run.epoch, why: AbortWhy::Stop });
        }
        self.deliver(id, run.epoch, effects);
    }

    /// The job is another's.
    pub(super) fn lose(&mut self, id: SharedJobId, epoch: u32, effects: &mut Vec<Effect>) {
        if let Some(at) = self.place_of(id, epoch) {
            effects.push(Effect::Abort { job: id, epoch, why: AbortWhy::Lost });
            self.release(at, id, effects);
        }
    }

    fn release(&mut self, at: usize, id: SharedJobId, effects: &mut Vec<Effect>) {
        self.free(at, effects);
        let now = self.reading.last();
        self.change(now, id, |job| job.here = false);
        let row = self.jobs.get(&id).map(|job| job.row);
        self.locate(id, row.as_ref());
    }

    // ── the end of a run ────────────────────────────────────────────────────────────────────────

    pub(super) fn settled(
        &mut self,
        now: Time,
        id: SharedJobId,
        epoch: u32,
        outcome: Outcome,
        effects: &mut Vec<Effect>,
    ) {
        let Some(run) = self.run_mut(id, epoch).copied() else { return };
        let outcome = match outcome {
            _ if run.timed_out => Outcome::TimedOut,
            Outcome::Rejected { .. } if self.going_until(now, id, epoch).is_some() => Outcome::Released,
            _ => outcome,
        };
        if let Some(at) = self.place_of(id, epoch) {
            self.record(at, outcome, effects);
        }
    }

    /// What the body rejects with until then, or a step of it, may be due to the page that goes: no failure of its own, and
    /// not to be called again before, for that would be torn out, too.
    #[must_use]
    pub fn going_until(&self, now: Time, id: SharedJobId, epoch: u32) -> Option<Time> {
        // Of a type that is not to be run twice, what came of it is kept.
        self.jobs.get(&id).filter(|job| !job.row.fail_interrupted)?;
        let going = self.slots.iter().find_map(|slot| match slot.usage {
            Usage::Running(run) if (run.job, run.epoch) == (id, epoch) => run.going,
            _ => None,
        });
        going.map(|since| since.after(GOING)).filter(|until| now < *until)
    }

    pub(super) fn record(&mut self, at: usize, outcome: Outcome, effects: &mut Vec<Effect>) {
        let Some(slot) = self.slots.get_mut(at) else { return };
        let Usage::Running(Run { job, epoch, .. }) = slot.usage else { return };
        slot.usage = Usage::Settling { job, epoch, outcome, again: None, failures: 0 };
        effects.push(Effect::Settle { job, epoch, lock: slot.lock(), outcome });
    }

    pub(super) fn recorded(
        &mut self,
        now: Time,
        id: SharedJobId,
        epoch: u32,
        answer: Answer,
        effects: &mut Vec<Effect>,
    ) {
        let Some(at) = self.place_of(id, epoch) else { return };
        let (pulse, is_here) = (self.limits.pulse, self.phase == Phase::Here);
        let Some(slot) = self.slots.get_mut(at) else { return };
        match &mut slot.usage {
            Usage::Settling { again, failures, .. } if answer == Answer::Failed && is_here => {
                *failures += 1;
                let pulses = 1_u32.checked_shl(*failures - 1).unwrap_or(MOST_PULSES).min(MOST_PULSES);
                *again = Some(now.after(Span::from_micros(pulse.as_micros() * u64::from(pulses))));
            }
            Usage::Settling { .. } => {
                self.release(at, id, effects);
                if answer == Answer::Refused {
                    self.read(effects);
                }
            }
            _ => {}
        }
    }

    pub(super) fn act_on_time(&mut self, now: Time, at: usize, effects: &mut Vec<Effect>) {
        let Some(slot) = self.slots.get_mut(at) else { return };
        let lock = slot.lock();
        slot.again = slot.again.filter(|again| *again > now);
        match &mut slot.usage {
            Usage::Running(run) => {
                let (job, epoch) = (run.job, run.epoch);
                if run.deadline.is_some_and(|deadline| deadline <= now) && !run.timed_out {
                    run.timed_out = true;
                    effects.push(Effect::Abort { job, epoch, why: AbortWhy::Timeout });
                }
                if run.inbox.again.is_some_and(|again| again <= now) {
                    run.inbox.again = None;
                    self.action_handled(job, epoch, effects);
                }
            }
            Usage::Settling { job, epoch, outcome, again, .. } if again.is_some_and(|again| again <= now) => {
                *again = None;
                effects.push(Effect::Settle { job: *job, epoch: *epoch, lock, outcome: *outcome });
            }
            _ => {}
        }
    }

    // ── actions ─────────────────────────────────────────────────────────────────────────────────

    pub(super) fn listening(&mut self, id: SharedJobId, epoch: u32, effects: &mut Vec<Effect>) {
        if let Some(run) = self.run_mut(id, epoch) {
            run.inbox.listening = true;
            self.deliver(id, epoch, effects);
        }
    }

    pub(super) fn acknowledged(
        &mut self,
        now: Time,
        id: SharedJobId,
        epoch: u32,
        answer: Answer,
        effects: &mut Vec<Effect>,
    ) {
        let again = now.after(self.limits.pulse);
        let Some(run) = self.run_mut(id, epoch) else { return };
        run.inbox.acknowledging = false;
        match answer {
            Answer::Written => {
                run.inbox.handled += 1;
                run.inbox.delivered = false;
                self.deliver(id, epoch, effects);
            }
            Answer::Failed => run.inbox.again = Some(again),
            Answer::Refused => self.read(effects),
        }
    }

    fn deliver(&mut self, id: SharedJobId, epoch: u32, effects: &mut Vec<Effect>) {
        let sent = self.jobs.get(&id).map_or(0, |job| job.row.sent);
        let Some(run) = self.run_mut(id, epoch) else { return };
        let inbox = &mut run.inbox;
        if inbox.listening && !inbox.delivered && inbox.handled < sent {
            inbox.delivered = true;
            effects.push(Effect::Deliver { job: id, epoch, number: inbox.handled + 1 });
        }
    }

    pub(super) fn action_handled(&mut self, id: SharedJobId, epoch: u32, effects: &mut Vec<Effect>) {
        let Some(run) = self.run_mut(id, epoch) else { return };
        if run.inbox.delivered && !run.inbox.acknowledging && run.inbox.again.is_none() {
            run.inbox.acknowledging = true;
            effects.push(Effect::Acknowledge { job: id, epoch, number: run.inbox.handled + 1 });
        }
    }

    // ── going and coming back ───────────────────────────────────────────────────────────────────

    /// What it could take now would be torn out of it again. Its runs are marked at once: a page that has heard that it
    /// goes is often gone before it hears that it is gone. If it stays, and dies before their ends, that is a handover.
    pub(super) fn going(&mut self, now: Time, effects: &mut Vec<Effect>) {
        self.mark(|job| !job.row.fail_interrupted, effects);
        for slot in &mut self.slots {
            slot.again = Some(now.after(GOING));
            if let Usage::Running(run) = &mut slot.usage {
                run.going = Some(now);
            }
        }
    }

    pub(super) fn leave(&mut self, at_once: bool, effects: &mut Vec<Effect>) {
        match self.phase {
            Phase::Here => self.phase = Phase::Leaving,
            Phase::Leaving => {}
            Phase::Away => effects.push(Effect::Left),
        }
        if at_once {
            self.mark(|_| true, effects);
        }
        for at in 0..self.slots.len() {
            let Some(usage) = self.slots.get(at).map(|slot| slot.usage) else { return };
            match usage {
                Usage::Asked | Usage::Granted => self.free(at, effects),
                Usage::Running(Run { job, epoch, .. }) => {
                    effects.push(Effect::Abort { job, epoch, why: AbortWhy::Handover });
                    self.record(at, Outcome::Released, effects);
                }
                // What waits for its next try would keep the lock for long.
                Usage::Settling { job, again: Some(_), .. } => self.release(at, job, effects),
                Usage::Free | Usage::Entering { .. } | Usage::Settling { .. } => {}
            }
            if at_once {
                self.let_go(at, effects);
            }
        }
    }

    /// What a dying page still writes of its runs would come too late.
    fn mark(&self, which: impl Fn(&Job) -> bool, effects: &mut Vec<Effect>) {
        for slot in &self.slots {
            let run = match slot.usage {
                Usage::Running(Run { job, epoch, .. }) | Usage::Settling { job, epoch, .. } => Some((job, epoch)),
                // It may have been written, and this tab not have heard of it.
                Usage::Entering { job, .. } => job.and_then(|id| self.jobs.get(&id).map(|job| (id, job.row.epoch + 1))),
                Usage::Free | Usage::Asked | Usage::Granted => None,
            };
            if let Some((job, epoch)) = run.filter(|(id, _)| self.jobs.get(id).is_none_or(&which)) {
                effects.push(Effect::Mark { job, epoch, lock: slot.lock() });
            }
        }
    }

    /// Whatever is still being written there: the store refuses it if another has come before it.
    fn let_go(&mut self, at: usize, effects: &mut Vec<Effect>) {
        let Some(slot) = self.slots.get(at).filter(|slot| slot.is_held()) else { return };
        match slot.usage.job() {
            Some(job) => self.release(at, job, effects),
            None => self.free(at, effects),
        }
    }

    pub(super) fn back(&mut self, effects: &mut Vec<Effect>) {
        self.phase = Phase::Here;
        self.reading.forget();
        self.read(effects);
    }
}
