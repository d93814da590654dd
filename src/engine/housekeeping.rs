//! What is not about one job: managers, waiting for quiet, the passing of time, the end of each command.

use super::command::{Refusal, Reply};
use super::deadlines::{Due, TimerHandle};
use super::effect::{Effect, EffectSink, Event};
use super::ids::{Channel, JobId, ManagerId, Source, ValueId, WaiterId};
use super::job::{AbortCause, Job};
use super::manager::{Manager, Stats};
use super::options::{self, ManagerOptions, Plan};
use super::slab::NONE;
use super::time::{Span, Time};
use super::{Engine, Waiter};

impl Engine {
    pub(super) fn create_manager(&mut self, options: &ManagerOptions) -> Result<Reply, Refusal> {
        let limits = options.limits()?;
        let plan = options.defaults.plan(&Plan::default())?;
        let manager = Manager::new(&limits, plan, options.paused);
        Ok(Reply::Manager(ManagerId(self.managers.insert(manager))))
    }

    pub(super) fn set_concurrency(&mut self, index: u32, value: f64) -> Result<Reply, Refusal> {
        let value = options::count("concurrency", value)?;
        let Some(manager) = self.managers.get_mut(index) else { return Ok(Reply::Ignored) };
        manager.concurrency = value;
        self.mark_dirty(index);
        Ok(Reply::Done)
    }

    pub(super) fn set_rate_limit(&mut self, index: u32, value: Option<(f64, f64)>) -> Result<Reply, Refusal> {
        let limit = options::rate_limit(value)?;
        let Some(manager) = self.managers.get_mut(index) else { return Ok(Reply::Ignored) };
        manager.rate.change(limit);
        if value.is_some() {
            manager.rate.remember();
        }
        self.mark_dirty(index);
        Ok(Reply::Done)
    }

    pub(super) fn note_start(&mut self, index: u32, at: Time) -> Reply {
        let Some(manager) = self.managers.get_mut(index) else { return Reply::Ignored };
        manager.rate.remember();
        manager.rate.count_start(at);
        self.mark_dirty(index);
        Reply::Done
    }

    pub(super) fn set_paused(&mut self, index: u32, paused: bool) -> Reply {
        let Some(manager) = self.managers.get_mut(index) else { return Reply::Ignored };
        manager.paused = paused;
        self.mark_dirty(index);
        Reply::Done
    }

    pub(super) fn await_pending_below(&mut self, manager: u32, size: f64) -> Result<Reply, Refusal> {
        let size = options::size(size)?;
        Ok(match self.managers.get_mut(manager) {
            Some(manager) if manager.stats.pending >= size => {
                manager.awaits_below = manager.awaits_below.max(size);
                Reply::Ignored
            }
            _ => Reply::Done,
        })
    }

    pub(super) fn await_idle(&mut self, manager: u32) -> Reply {
        match self.managers.get_mut(manager) {
            Some(manager) if manager.stats.pending + manager.stats.running > 0 => {
                manager.awaits_idle = true;
                Reply::Ignored
            }
            _ => Reply::Done,
        }
    }

    pub(super) fn drop_manager(&mut self, index: u32) -> Reply {
        let Some(manager) = self.managers.get_mut(index) else { return Reply::Ignored };
        manager.orphaned = true;
        self.mark_dirty(index);
        Reply::Done
    }

    // ── time ────────────────────────────────────────────────────────────────────────────────────

    pub(super) fn await_stop(&mut self, now: Time, index: u32, timeout: f64) -> Result<Reply, Refusal> {
        let timeout = options::time_limit("timeout", timeout)?;
        Ok(self.wait(now, index, timeout, false))
    }

    pub(super) fn sleep(&mut self, now: Time, index: u32, time: f64) -> Result<Reply, Refusal> {
        let time = options::wait("time", time)?;
        Ok(self.wait(now, index, Some(time), true))
    }

    /// Until the job has ended, at most so long; a sleep no longer than until its body is asked to end.
    fn wait(&mut self, now: Time, index: u32, time: Option<Span>, is_sleep: bool) -> Reply {
        let is_over = |job: &Job| job.has_ended() || is_sleep && job.is_stopping();
        let Some(job) = self.jobs.get_mut(index).filter(|job| !is_over(job)) else { return Reply::Ignored };
        let Some(cold) = job.cold_in(&mut self.cold) else { return Reply::Ignored };
        let older = cold.waiter;
        let deadline = TimerHandle::NONE;
        let waiter = self.waiters.insert(Waiter { job: index, older, newer: NONE, deadline, is_sleep });
        cold.waiter = waiter;
        if let Some(older) = self.waiters.get_mut(older) {
            older.newer = waiter;
        }
        if let Some(entry) = self.waiters.get_mut(waiter)
            && let Some(time) = time
        {
            entry.deadline = self.deadlines.set(now.after(time), Due::Wait(waiter));
        }
        Reply::Waiter(WaiterId(waiter))
    }

    /// The job has ended for all of them.
    pub(super) fn drop_waiters(&mut self, newest: u32) {
        let mut next = newest;
        while let Some(mut waiter) = self.waiters.retire(next) {
            self.deadlines.cancel(&mut waiter.deadline);
            next = waiter.older;
        }
    }

    /// Its body is asked to end, which wakes it.
    pub(super) fn drop_sleeps(&mut self, job: u32) {
        let cold = self.jobs.get(job).map_or(NONE, |job| job.cold);
        let mut next = self.cold.get(cold).map_or(NONE, |cold| cold.waiter);
        while let Some(waiter) = self.waiters.get_mut(next) {
            let index = std::mem::replace(&mut next, waiter.older);
            if waiter.is_sleep {
                self.deadlines.cancel(&mut waiter.deadline);
                self.remove_wait(index);
            }
        }
    }

    fn end_wait(&mut self, index: u32, effects: &mut impl EffectSink) {
        if self.remove_wait(index) {
            effects.push(Effect::WaitOver { waiter: WaiterId(index) });
        }
    }

    /// Out of the list of its job's. False if it is not there.
    fn remove_wait(&mut self, index: u32) -> bool {
        let Some(Waiter { job, older, newer, .. }) = self.waiters.retire(index) else { return false };
        if let Some(waiter) = self.waiters.get_mut(older) {
            waiter.newer = newer;
        }
        if let Some(waiter) = self.waiters.get_mut(newer) {
            waiter.older = older;
        } else if let Some(job) = self.jobs.get(job)
            && let Some(cold) = self.cold.get_mut(job.cold)
        {
            cold.waiter = older;
        }
        true
    }

    pub(super) fn tick(&mut self, now: Time, effects: &mut impl EffectSink) -> Reply {
        self.deadlines.timer_fired();
        while let Some((at, due)) = self.deadlines.pop_due(now) {
            match due {
                Due::Eligible(index) => self.become_eligible(now, at, index, effects),
                Due::Timeout(index) => {
                    if let Some(job) = self.jobs.get_mut(index) {
                        job.timed_out = true;
                        let manager = job.manager;
                        let last = !self.cold.get(job.cold).is_some_and(|cold| cold.retry.allows(job.attempt));
                        effects.push(Effect::Abort { job: JobId(index), cause: AbortCause::Timeout, last });
                        self.drop_sleeps(index);
                        self.event(Event::Stopping, index, effects);
                        self.changed(manager);
                        self.await_abandonment(now, index);
                    }
                }
                Due::RateWindow(index) => {
                    if let Some(manager) = self.managers.get_mut(index) {
                        manager.rate_window = TimerHandle::NONE;
                    }
                    self.mark_dirty(index);
                }
                Due::Abandon(index) => self.abandon(index, effects),
                Due::Wait(index) => self.end_wait(index, effects),
            }
        }
        Reply::Done
    }

    /// Its delay or its retry's wait was over at the moment `at`. However late the timer is, those whose waits were over
    /// earlier start before it.
    fn become_eligible(&mut self, now: Time, at: Time, index: u32, effects: &mut impl EffectSink) {
        let Some(job) = self.jobs.get_mut(index) else { return };
        job.delayed = false;
        let manager_index = job.manager;
        if let Some(manager) = self.managers.get_mut(manager_index)
            && std::mem::replace(&mut manager.lined_up_at, at) != at
        {
            self.schedule(now, manager_index, effects);
        }
        self.line_up(index);
        self.tell_order(index, effects);
    }

    // ── after every command ─────────────────────────────────────────────────────────────────────

    /// The manager's watchers are told, once at the end of the command.
    pub(super) fn changed(&mut self, index: u32) {
        if let Some(manager) = self.managers.get_mut(index) {
            manager.changed(index, &mut self.dirty);
        }
    }

    /// The manager's slots are filled at the end of the command.
    pub(super) fn mark_dirty(&mut self, index: u32) {
        if let Some(manager) = self.managers.get_mut(index) {
            manager.mark_dirty(index, &mut self.dirty);
        }
    }

    /// Fills the slots that have come free, then tells of all changes at once.
    pub(super) fn finish(&mut self, now: Time, effects: &mut impl EffectSink) {
        let mut at = 0;
        while let Some(index) = self.dirty.get(at).copied() {
            at += 1;
            self.schedule(now, index, effects);
            let Some(manager) = self.managers.get_mut(index) else { continue };
            manager.dirty = false;
            // What watchers are told of: whole milliseconds.
            let limited_until = manager.limited_until.map(|until| until.as_micros() / 1000);
            manager.has_changed |= std::mem::replace(&mut manager.told_limit, limited_until) != limited_until;
            let has_changed = std::mem::take(&mut manager.has_changed);
            manager.version = manager.version.wrapping_add(u32::from(has_changed));
            let Stats { pending, running, .. } = manager.stats;
            if manager.emitter != NONE {
                self.tell_watchers(index, has_changed, effects);
            }
            if let Some(manager) = self.managers.get_mut(index)
                && pending < manager.awaits_below
            {
                manager.awaits_below = 0;
                effects.push(Effect::PendingBelow { manager: ManagerId(index) });
            }
            if pending + running == 0 {
                self.drained(index, effects);
            }
        }
        self.dirty.clear();
        self.created_now = NONE;
        if self.deadlines.take_wakeup_changed() {
            effects.push(Effect::Wake { at: self.deadlines.next() });
        }
    }

    fn tell_watchers(&mut self, index: u32, has_changed: bool, effects: &mut impl EffectSink) {
        let Some(manager) = self.managers.get_mut(index) else { return };
        let (emitter, stats) = (manager.emitter, manager.stats);
        let told = std::mem::replace(&mut manager.told, stats);
        let source = Source::Manager(ManagerId(index));
        if has_changed {
            self.deliver(emitter, source, Channel::Change, ValueId::NONE, effects);
        }
        if told != stats {
            self.event_from(source, emitter, Event::Stats, None, ValueId::NONE, effects);
        }
    }

    /// Nothing is pending or running.
    fn drained(&mut self, index: u32, effects: &mut impl EffectSink) {
        let Some(manager) = self.managers.get_mut(index) else { return };
        if std::mem::take(&mut manager.awaits_idle) {
            effects.push(Effect::Idle { manager: ManagerId(index) });
        }
        if manager.orphaned {
            self.remove_manager(index, effects);
        }
    }

    fn remove_manager(&mut self, index: u32, effects: &mut impl EffectSink) {
        let Some(mut manager) = self.managers.retire(index) else { return };
        self.deadlines.cancel(&mut manager.rate_window);
        self.emitters.drop_emitter(manager.emitter);
        while let Some(job) = manager.first_retained() {
            effects.push(Effect::Forgotten { job: JobId(job), manager: ManagerId(index) });
            manager.drop_retained(&mut self.jobs, job);
            self.retired.push(job);
        }
    }

    pub(crate) fn recycle(&mut self) -> Reply {
        self.managers.recycle();
        self.waiters.recycle();
        self.emitters.recycle();
        for job in self.retired.drain(..) {
            self.jobs.remove(job);
        }
        Reply::Done
    }
}
