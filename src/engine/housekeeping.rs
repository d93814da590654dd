//! What is not about one job: managers, waiting for quiet, the passing of time, the end of each command.

use super::command::{Refusal, Reply};
use super::deadlines::{Due, Ticket};
use super::effect::{Effect, EffectSink, Event};
use super::ids::{Channel, JobId, ManagerId, Source, ValueId, WaiterId};
use super::job::AbortCause;
use super::manager::{Manager, Stats};
use super::options::{self, ManagerOptions, Plan};
use super::slab::NONE;
use super::time::Time;
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
        self.stir(index);
        Ok(Reply::Done)
    }

    pub(super) fn set_rate_limit(&mut self, index: u32, value: Option<(f64, f64)>) -> Result<Reply, Refusal> {
        let limit = options::rate_limit(value)?;
        let Some(manager) = self.managers.get_mut(index) else { return Ok(Reply::Ignored) };
        manager.rate.change(limit);
        if value.is_some() {
            manager.rate.remember();
        }
        self.stir(index);
        Ok(Reply::Done)
    }

    pub(super) fn note_start(&mut self, index: u32, at: Time) -> Reply {
        let Some(manager) = self.managers.get_mut(index) else { return Reply::Ignored };
        manager.rate.remember();
        manager.rate.count_start(at);
        self.stir(index);
        Reply::Done
    }

    pub(super) fn set_paused(&mut self, index: u32, paused: bool) -> Reply {
        let Some(manager) = self.managers.get_mut(index) else { return Reply::Ignored };
        manager.paused = paused;
        self.stir(index);
        Reply::Done
    }

    pub(super) fn await_empty(&mut self, manager: u32) -> Reply {
        match self.managers.get_mut(manager) {
            Some(manager) if manager.stats.pending > 0 => {
                manager.awaits_empty = true;
                Reply::Ignored
            }
            _ => Reply::Done,
        }
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
        self.stir(index);
        Reply::Done
    }

    // ── time ────────────────────────────────────────────────────────────────────────────────────

    pub(super) fn await_stop(&mut self, now: Time, index: u32, timeout: f64) -> Result<Reply, Refusal> {
        let timeout = options::stop_timeout(timeout)?;
        let Some(job) = self.jobs.get_mut(index).filter(|job| !job.has_ended()) else { return Ok(Reply::Ignored) };
        let Some(extras) = job.extras_in(&mut self.extras) else { return Ok(Reply::Ignored) };
        let older = extras.waiter;
        let waiter = self.waiters.insert(Waiter { job: index, older, newer: NONE, deadline: Ticket::NONE });
        extras.waiter = waiter;
        if let Some(older) = self.waiters.get_mut(older) {
            older.newer = waiter;
        }
        if let Some(entry) = self.waiters.get_mut(waiter)
            && let Some(timeout) = timeout
        {
            entry.deadline = self.deadlines.set(now.after(timeout), Due::StopTimeout(waiter));
        }
        Ok(Reply::Waiter(WaiterId(waiter)))
    }

    /// The barrier has opened for all of them.
    pub(super) fn drop_waiters(&mut self, newest: u32) {
        let mut next = newest;
        while let Some(mut waiter) = self.waiters.retire(next) {
            self.deadlines.cancel(&mut waiter.deadline);
            next = waiter.older;
        }
    }

    fn give_up_waiting(&mut self, index: u32, effects: &mut impl EffectSink) {
        let Some(Waiter { job, older, newer, .. }) = self.waiters.retire(index) else { return };
        if let Some(waiter) = self.waiters.get_mut(older) {
            waiter.newer = newer;
        }
        if let Some(waiter) = self.waiters.get_mut(newer) {
            waiter.older = older;
        } else if let Some(job) = self.jobs.get(job)
            && let Some(extras) = self.extras.get_mut(job.extras)
        {
            extras.waiter = older;
        }
        effects.push(Effect::StopTimedOut { waiter: WaiterId(index) });
    }

    pub(super) fn tick(&mut self, now: Time, effects: &mut impl EffectSink) -> Reply {
        self.deadlines.woken();
        while let Some((at, due)) = self.deadlines.pop_due(now) {
            match due {
                Due::Eligible(index) => self.become_eligible(now, at, index, effects),
                Due::Timeout(index) => {
                    if let Some(job) = self.jobs.get_mut(index) {
                        job.timed_out = true;
                        let manager = job.manager;
                        let last = !self.extras.get(job.extras).is_some_and(|extras| extras.retry.allows(job.attempt));
                        effects.push(Effect::Abort { job: JobId(index), cause: AbortCause::Timeout, last });
                        self.event(Event::Stopping, index, effects);
                        self.changed(manager);
                    }
                }
                Due::RateWindow(index) => {
                    if let Some(manager) = self.managers.get_mut(index) {
                        manager.rate_window = Ticket::NONE;
                    }
                    self.stir(index);
                }
                Due::StopTimeout(index) => self.give_up_waiting(index, effects),
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
            manager.changed(index, &mut self.stirred);
        }
    }

    /// The manager's slots are filled at the end of the command.
    pub(super) fn stir(&mut self, index: u32) {
        if let Some(manager) = self.managers.get_mut(index) {
            manager.stir(index, &mut self.stirred);
        }
    }

    /// Fills the slots that have come free, then tells of all changes at once.
    pub(super) fn finish(&mut self, now: Time, effects: &mut impl EffectSink) {
        let mut at = 0;
        while let Some(index) = self.stirred.get(at).copied() {
            at += 1;
            let limited_until = self.limited_until(index);
            self.schedule(now, index, effects);
            let is_news = self.limited_until(index) != limited_until;
            let Some(manager) = self.managers.get_mut(index) else { continue };
            manager.stirred = false;
            manager.news |= is_news;
            let has_news = std::mem::take(&mut manager.news);
            manager.version = manager.version.wrapping_add(u32::from(has_news));
            let Stats { pending, running, .. } = manager.stats;
            if manager.emitter != NONE {
                self.tell_watchers(index, has_news, effects);
            }
            if pending == 0 {
                self.quieted(index, running == 0, effects);
            }
        }
        self.stirred.clear();
        self.newborn = NONE;
        if self.deadlines.take_news() {
            effects.push(Effect::Wake { at: self.deadlines.next() });
        }
    }

    /// What watchers are told of: whole milliseconds.
    fn limited_until(&self, index: u32) -> Option<u64> {
        self.managers.get(index)?.limited_until.map(|until| until.as_micros() / 1000)
    }

    fn tell_watchers(&mut self, index: u32, has_news: bool, effects: &mut impl EffectSink) {
        let Some(manager) = self.managers.get_mut(index) else { return };
        let (emitter, stats) = (manager.emitter, manager.stats);
        let told = std::mem::replace(&mut manager.told, stats);
        let source = Source::Manager(ManagerId(index));
        if has_news {
            self.deliver(emitter, source, Channel::Change, ValueId::NONE, effects);
        }
        if told != stats {
            self.event_from(source, emitter, Event::Stats, None, ValueId::NONE, effects);
        }
    }

    /// Nothing is pending.
    fn quieted(&mut self, index: u32, idle: bool, effects: &mut impl EffectSink) {
        let Some(manager) = self.managers.get_mut(index) else { return };
        if std::mem::take(&mut manager.awaits_empty) {
            effects.push(Effect::Empty { manager: ManagerId(index) });
        }
        if idle && std::mem::take(&mut manager.awaits_idle) {
            effects.push(Effect::Idle { manager: ManagerId(index) });
        }
        if idle && manager.orphaned {
            self.remove_manager(index, effects);
        }
    }

    fn remove_manager(&mut self, index: u32, effects: &mut impl EffectSink) {
        let Some(mut manager) = self.managers.retire(index) else { return };
        self.deadlines.cancel(&mut manager.rate_window);
        self.emitters.drop_emitter(manager.emitter);
        while let Some(job) = manager.first_retained() {
            effects.push(Effect::Forgotten { job: JobId(job), manager: ManagerId(index) });
            manager.let_go(&mut self.jobs, job);
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
