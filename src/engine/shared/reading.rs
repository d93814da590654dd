//! What a tab learns from the store, when it looks, and for how long it has heard nothing of others.

use super::command::{Answer, Effect, Lock, Now, SharedJobId, TypeId};
use super::job::Job;
use super::options::MOST_SLOTS;
use super::row::{Row, SlotRow, Status};
use super::slot::{Slot, Usage};
use super::{Phase, Tab};
use crate::engine::time::{Span, Time};

/// Looks, and the time in which this tab was awake.
#[derive(Debug, Default)]
pub(super) struct Reading {
    under_way: bool,
    again: bool,
    last: Time,
    /// A moment of a clock that stands still while this tab sleeps.
    awake: Time,
    next: Option<Time>,
}

impl Reading {
    /// A tab that is awake hears something every pulse. What is longer it has slept.
    pub(super) fn pass(&mut self, now: Time, pulse: Span) {
        let passed = now.as_micros().saturating_sub(self.last.as_micros());
        self.awake = self.awake.after(Span::from_micros(passed.min(2 * pulse.as_micros())));
        self.last = self.last.max(now);
    }

    pub(super) fn next_pulse(&self) -> Option<Time> {
        // While one is under way, its answer is waited for.
        if self.under_way { None } else { Some(self.next.unwrap_or_default()) }
    }

    pub(super) fn awake(&self) -> Time {
        self.awake
    }

    /// The moment of the command in hand.
    pub(super) fn last(&self) -> Time {
        self.last
    }

    /// A look that was under way when the page was hidden away may never be answered.
    pub(super) fn forget(&mut self) {
        self.under_way = false;
    }

    pub(super) fn is_due(&self, now: Time) -> bool {
        self.next_pulse().is_some_and(|next| next <= now)
    }
}

impl Tab {
    pub(super) fn read(&mut self, effects: &mut Vec<Effect>) {
        if self.reading.under_way {
            self.reading.again = true;
        } else {
            self.reading.under_way = true;
            effects.push(Effect::Read);
        }
    }

    pub(super) fn read_done(&mut self, now: Time, heard: bool, effects: &mut Vec<Effect>) {
        self.reading.under_way = false;
        let is_busy = !self.jobs.is_empty() || self.held().next().is_some();
        let pulse = if is_busy { self.limits.pulse } else { self.limits.idle_pulse };
        self.reading.next = Some(now.after(pulse));
        if heard {
            self.give_up_silent(effects);
        }
        if std::mem::take(&mut self.reading.again) {
            self.read(effects);
        }
    }

    pub(super) fn seen(
        &mut self,
        now: Now,
        id: SharedJobId,
        kind: Option<TypeId>,
        row: Row,
        effects: &mut Vec<Effect>,
    ) {
        if row.status.is_end() {
            self.gone(id, effects);
            return;
        }
        if let Some(job) = self.jobs.get_mut(&id) {
            job.kind = kind;
            job.update(now, row);
        } else {
            self.jobs.insert(id, Job::new(now, kind, row));
        }
        self.locate(id, Some(&row));
        self.watch_run(id, Some(&row), effects);
        self.reconsider(now.time, id);
    }

    pub(super) fn gone(&mut self, id: SharedJobId, effects: &mut Vec<Effect>) {
        self.unqueue(id);
        self.jobs.remove(&id);
        self.locate(id, None);
        self.watch_run(id, None, effects);
    }

    /// Notes in which slot it runs, where it is another tab that runs it there.
    pub(super) fn locate(&mut self, id: SharedJobId, row: Option<&Row>) {
        let row = row.filter(|row| row.status == Status::Running);
        for slot in &mut self.slots {
            if slot.within.is_some_and(|(within, _)| within == id) && row.is_none_or(|row| row.slot != slot.index) {
                slot.within = None;
            }
        }
        let awake = self.reading.awake;
        let Some((slot, epoch)) = row.and_then(|row| Some((self.slot(row.slot)?, row.epoch))) else { return };
        if slot.usage.job() == Some(id) {
            slot.within = None;
        } else if slot.within != Some((id, epoch)) {
            slot.within = Some((id, epoch));
            slot.heard = awake;
        }
    }

    /// A slot that other tabs use may be one that this tab's own concurrency does not have.
    fn slot(&mut self, index: u32) -> Option<&mut Slot> {
        while self.slots.len() as u32 <= index.min(MOST_SLOTS - 1) {
            self.slots.push(Slot::new(self.slots.len() as u32));
        }
        self.slots.get_mut(index as usize)
    }

    pub(super) fn slot_seen(&mut self, index: u32, row: SlotRow, effects: &mut Vec<Effect>) {
        let awake = self.reading.awake;
        let Some(slot) = self.slot(index) else { return };
        if slot.stored != row {
            slot.stored = row;
            slot.heard = awake;
        }
        if slot.generation == row.generation {
            return;
        }
        // What is entered or runs there is told by its own row.
        if slot.usage == Usage::Asked {
            slot.usage = Usage::Free;
            effects.push(Effect::Drop(slot.request));
        }
    }

    /// Owners that have been silent for too long, and holders that do nothing with what others wait for.
    fn give_up_silent(&mut self, effects: &mut Vec<Effect>) {
        if self.phase != Phase::Here {
            return;
        }
        let (awake, jobs) = (self.reading.awake, &self.jobs);
        for slot in &mut self.slots {
            let is_waited_for = slot.usage == Usage::Asked || (slot.usage == Usage::Free && slot.within.is_some());
            let is_silent = slot.heard.after(self.limits.take_over) <= awake;
            let within = slot.within.and_then(|(id, _)| jobs.get(&id));
            if is_waited_for && is_silent && !slot.retiring && within.is_none_or(|job| !job.row.strict) {
                slot.retiring = true;
                let SlotRow { generation, beat } = slot.stored;
                effects.push(Effect::Retire { lock: Lock { slot: slot.index, generation }, beat });
            }
        }
    }

    pub(super) fn retired(&mut self, lock: Lock, answer: Answer, effects: &mut Vec<Effect>) {
        let awake = self.reading.awake;
        let Some(slot) = self.slot(lock.slot) else { return };
        slot.retiring = false;
        if answer == Answer::Refused {
            slot.heard = awake;
            self.read(effects);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_a_sleep_two_pulses_are_counted_as_awake() {
        let mut reading = Reading::default();
        let pulse = Span::from_millis(250.0);
        for (now, awake) in [(400.0, 400.0), (900.0, 900.0), (60_000.0, 1400.0), (60_100.0, 1500.0)] {
            reading.pass(Time::from_millis(now), pulse);
            assert_eq!(reading.awake(), Time::from_millis(awake), "at {now}");
        }
    }
}
