//! Which slots a tab asks for, and which job it claims where it is granted one.

use super::command::{Answer, Effect, Lock, RequestId, SharedJobId, TypeId};
use super::job::{Circumstances, Job, Order, WaitingFor};
use super::slot::{Run, Slot, Usage};
use super::transactions::{Claim, Outcome, Recovery, recover};
use super::{Phase, Tab};
use crate::engine::time::{Span, Time};

/// Free slots that are asked for beyond what could start: what was free may have been taken since.
const SPARE: usize = 2;

impl Tab {
    // ── what waits ──────────────────────────────────────────────────────────────────────────────

    pub(super) fn reconsider(&mut self, now: Time, id: SharedJobId) {
        self.unqueue(id);
        let Some(job) = self.jobs.get_mut(&id).filter(|job| job.is_pending() && !job.here) else { return };
        let kind = job.kind.and_then(|TypeId(kind)| self.kinds.get(kind as usize)).copied();
        match job.missing(now, kind, self.around) {
            (WaitingFor::Slot, _) => {
                let order = job.order(id);
                job.queued = Some(order);
                self.queue.insert(order);
            }
            (_, Some(until)) => {
                job.alarm = Some(until);
                self.alarms.insert((until.as_micros(), 0, id));
            }
            _ => {}
        }
    }

    pub(super) fn unqueue(&mut self, id: SharedJobId) {
        let Some(job) = self.jobs.get_mut(&id) else { return };
        if let Some(order) = job.queued.take() {
            self.queue.remove(&order);
        }
        if let Some(at) = job.alarm.take() {
            self.alarms.remove(&(at.as_micros(), 0, id));
        }
    }

    pub(super) fn change(&mut self, now: Time, id: SharedJobId, change: impl FnOnce(&mut Job)) {
        if let Some(job) = self.jobs.get_mut(&id) {
            change(job);
            self.reconsider(now, id);
        }
    }

    pub(super) fn around(&mut self, now: Time, around: Circumstances, effects: &mut Vec<Effect>) {
        if self.around != around {
            if around.online {
                // Whoever waits for it again begins anew.
                for job in self.jobs.values_mut() {
                    job.offline_since = None;
                }
            }
            self.around = around;
            let depends = |job: &Job| {
                let kind = job.kind.and_then(|TypeId(kind)| self.kinds.get(kind as usize));
                kind.is_some_and(|kind| kind.visible || kind.online.is_some())
            };
            let those: Vec<_> = self.jobs.iter().filter(|(_, job)| depends(job)).map(|(id, _)| *id).collect();
            for id in those {
                self.reconsider(now, id);
            }
        }
        // Timers of a page that was hidden may be late.
        self.read(effects);
    }

    pub(super) fn tick(&mut self, now: Time, effects: &mut Vec<Effect>) {
        while let Some((_, _, id)) = self.alarms.first().copied().filter(|(at, ..)| *at <= now.as_micros()) {
            self.reconsider(now, id);
        }
        for at in 0..self.slots.len() {
            self.act_on_time(now, at, effects);
        }
        if self.reading.is_due(now) {
            self.read(effects);
        }
    }

    // ── slots ───────────────────────────────────────────────────────────────────────────────────

    /// Gives what is granted to the best that can start, asks for what others could use or have left.
    pub(super) fn arrange(&mut self, now: Time, effects: &mut Vec<Effect>) {
        while let Some(at) = self.slots.iter().position(|slot| slot.usage == Usage::Granted) {
            self.assign(now, at, effects);
        }
        if self.phase == Phase::Here {
            let mut wanted = if self.limits.execute && !self.queue.is_empty() { self.queue.len() + SPARE } else { 0 };
            for slot in &mut self.slots {
                let runs_there = slot.within.is_some();
                let is_wanted = runs_there || (wanted > 0 && slot.index < self.limits.slots);
                match slot.usage {
                    Usage::Free if is_wanted && slot.again.is_none() => {
                        self.requests += 1;
                        slot.request = RequestId(self.requests);
                        slot.generation = slot.stored.generation;
                        slot.usage = Usage::Asked;
                        if !runs_there {
                            slot.heard = self.reading.awake();
                        }
                        effects.push(Effect::Ask { request: slot.request, lock: slot.lock() });
                    }
                    Usage::Asked if !is_wanted => {
                        slot.usage = Usage::Free;
                        effects.push(Effect::Drop(slot.request));
                    }
                    _ => {}
                }
                if slot.usage == Usage::Asked && !runs_there {
                    wanted = wanted.saturating_sub(1);
                }
            }
        } else if self.phase == Phase::Leaving && self.held().next().is_none() {
            self.phase = Phase::Away;
            effects.push(Effect::Left);
        }
    }

    fn assign(&mut self, now: Time, at: usize, effects: &mut Vec<Effect>) {
        let Some(slot) = self.slots.get(at) else { return };
        let may_run = self.limits.execute && slot.index < self.limits.slots;
        let within = slot.within.map(|(id, _)| id);
        let left = within.and_then(|id| self.goes_on(now, id));
        let next = self.queue.first().copied().into_iter().chain(left).min().filter(|_| may_run).map(|order| order.2);
        let claim = next.and_then(|id| {
            let job = self.jobs.get_mut(&id)?;
            let kind = self.kinds.get(job.kind?.0 as usize)?;
            job.here = true;
            let epoch = job.row.epoch;
            let (version, strict, fail_interrupted) = (kind.version, kind.strict, kind.fail_interrupted);
            Some((id, Claim { epoch, version, strict, fail_interrupted }))
        });
        if let Some(id) = next {
            self.reconsider(now, id);
        }
        let Some(slot) = self.slots.get_mut(at) else { return };
        if claim.is_some() || within.is_some() {
            slot.usage = Usage::Entering { job: claim.map(|(id, _)| id), since: now };
            effects.push(Effect::Enter { lock: slot.lock(), claim });
        } else {
            slot.usage = Usage::Free;
            effects.push(Effect::Drop(slot.request));
        }
    }

    /// Where a job stands that was left by a tab that is gone, if it could start here once it is recovered.
    fn goes_on(&mut self, now: Time, id: SharedJobId) -> Option<Order> {
        let most = self.limits.max_interruptions;
        let job = self.jobs.get_mut(&id).filter(|job| recover(&job.row, 0.0, most).1 == Recovery::Again)?;
        let kind = job.kind.and_then(|TypeId(kind)| self.kinds.get(kind as usize)).copied();
        (job.missing(now, kind, self.around).0 == WaitingFor::Slot).then(|| job.order(id))
    }

    pub(super) fn granted(&mut self, request: RequestId, effects: &mut Vec<Effect>) {
        let is_here = self.phase == Phase::Here;
        let asked = |slot: &&mut Slot| slot.request == request && slot.usage == Usage::Asked;
        if let Some(slot) = self.slots.iter_mut().find(asked) {
            slot.usage = if is_here { Usage::Granted } else { Usage::Free };
            if !is_here {
                effects.push(Effect::Drop(request));
            }
        }
    }

    /// It was given up, or someone else's code has stolen it. What is true stands in the store.
    pub(super) fn lock_lost(&mut self, request: RequestId, effects: &mut Vec<Effect>) {
        let own = |slot: &&mut Slot| slot.request == request && matches!(slot.usage, Usage::Asked | Usage::Granted);
        if let Some(slot) = self.slots.iter_mut().find(own) {
            slot.usage = Usage::Free;
        }
        self.read(effects);
    }

    pub(super) fn entered(&mut self, now: Time, lock: Lock, answer: Answer, effects: &mut Vec<Effect>) {
        let entering = |(at, slot): (usize, &Slot)| match slot.usage {
            Usage::Entering { job, since } if slot.lock() == lock => Some((at, job, since)),
            _ => None,
        };
        let Some((at, job, since)) = self.slots.iter().enumerate().find_map(entering) else { return };
        let pulse = self.limits.pulse;
        if let Some(id) = job {
            self.change(now, id, |job| {
                job.here = false;
                if answer == Answer::Failed {
                    job.held_until = Some(now.after(pulse));
                }
            });
        }
        let claimed = job.filter(|id| self.jobs.get(id).is_some_and(|job| job.row.is_in(lock.slot, lock.generation)));
        // Whoever ran there may have handed it over just before: then nothing was recovered, and nobody has said so.
        let is_left = self.slots.get(at).is_some_and(|slot| slot.within.is_some());
        let looks = answer == Answer::Refused || (answer == Answer::Written && is_left);
        if let Some(slot) = self.slots.get_mut(at) {
            match answer {
                // Whatever was left there has been recovered.
                Answer::Written => slot.within = None,
                Answer::Refused => {}
                Answer::Failed => slot.again = Some(now.after(pulse)),
            }
        }
        match claimed.filter(|_| answer == Answer::Written) {
            Some(id) => self.start(now, at, id, since, effects),
            None => self.keep_or_free(at, job.filter(|_| answer == Answer::Refused), effects),
        }
        // It may be the one that was left there, and still be.
        if let Some((id, row)) = job.and_then(|id| Some((id, self.jobs.get(&id)?.row))) {
            self.locate(id, Some(&row));
        }
        if looks {
            self.read(effects);
        }
    }

    /// The lock is good for the next job where the one that was refused is for others now.
    fn keep_or_free(&mut self, at: usize, refused: Option<SharedJobId>, effects: &mut Vec<Effect>) {
        let Some(lock) = self.slots.get(at).map(Slot::lock) else { return };
        let is_for_others = |id: SharedJobId| {
            self.jobs.get(&id).is_none_or(|job| job.queued.is_none() && !job.row.is_in(lock.slot, lock.generation))
        };
        let keeps = self.phase == Phase::Here && refused.is_some_and(is_for_others);
        match self.slots.get_mut(at).filter(|slot| keeps && slot.generation == slot.stored.generation) {
            Some(slot) => slot.usage = Usage::Granted,
            None => self.free(at, effects),
        }
    }

    fn start(&mut self, now: Time, at: usize, id: SharedJobId, since: Time, effects: &mut Vec<Effect>) {
        let (Some(job), Some(slot)) = (self.jobs.get_mut(&id), self.slots.get_mut(at)) else { return };
        job.here = true;
        let row = job.row;
        let deadline = row.timeout.is_finite().then(|| now.after(Span::from_millis(row.timeout)));
        let mut run = Run { job: id, epoch: row.epoch, deadline, ..Run::NEW };
        run.inbox.handled = row.handled;
        slot.usage = Usage::Running(run);
        // After a long sleep it may be another's already: it is given back, which says so, and claimed again.
        let is_late = since.after(self.limits.take_over) <= now;
        if self.phase == Phase::Here && !is_late {
            effects.push(Effect::Run { job: id, epoch: row.epoch });
            self.watch_run(id, Some(&row), effects);
        } else {
            self.record(at, Outcome::Released, effects);
        }
    }

    /// Lets go of its lock.
    pub(super) fn free(&mut self, at: usize, effects: &mut Vec<Effect>) {
        if let Some(slot) = self.slots.get_mut(at) {
            slot.usage = Usage::Free;
            effects.push(Effect::Drop(slot.request));
        }
    }
}
