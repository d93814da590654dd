//! What is not about one job: managers, waiting for quiet, the passing of time, the end of each command.

use super::command::{Refusal, Reply, Source};
use super::deadlines::{Due, Ticket};
use super::effect::{Channel, Effect, Effects, Event, JobId, ManagerId, WaiterId};
use super::job::AbortCause;
use super::manager::Manager;
use super::options::{self, ManagerOptions, RunOptions};
use super::slab::NONE;
use super::time::Time;
use super::{Engine, Waiter};

impl Engine {
    pub(super) fn create_manager(&mut self, options: &ManagerOptions) -> Result<Reply, Refusal> {
        let limits = options.limits()?;
        let plan = options.defaults.plan(&RunOptions::default())?;
        let manager = Manager::new(&limits, options.defaults.clone(), plan, options.paused);
        Ok(Reply::Manager(ManagerId(self.managers.insert(manager))))
    }

    pub(super) fn set_concurrency(&mut self, index: u32, value: f64) -> Result<Reply, Refusal> {
        let value = options::count("concurrency", value)?;
        if let Some(manager) = self.managers.get_mut(index) {
            manager.concurrency = value;
            self.changed(index);
        }
        Ok(Reply::Done)
    }

    pub(super) fn set_paused(&mut self, index: u32, paused: bool) -> Reply {
        if let Some(manager) = self.managers.get_mut(index) {
            manager.paused = paused;
            self.changed(index);
        }
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
        if let Some(manager) = self.managers.get_mut(index) {
            manager.orphaned = true;
            self.changed(index);
        }
        Reply::Done
    }

    // ── time ────────────────────────────────────────────────────────────────────────────────────

    pub(super) fn await_stop(&mut self, now: Time, index: u32, timeout: f64) -> Result<Reply, Refusal> {
        let timeout = options::stop_timeout(timeout)?;
        let Some(job) = self.jobs.get_mut(index).filter(|job| !job.has_ended()) else { return Ok(Reply::Ignored) };
        job.awaited = true;
        let waiter = self.waiters.insert(Waiter { job: index, deadline: Ticket::NONE });
        if let Some(entry) = self.waiters.get_mut(waiter) {
            entry.deadline = self.deadlines.set(now.after(timeout), Due::StopTimeout(waiter));
        }
        Ok(Reply::Waiter(WaiterId(waiter)))
    }

    pub(super) fn drop_waiters(&mut self, job: u32) {
        let of_job: Vec<u32> =
            self.waiters.iter().filter(|(_, waiter)| waiter.job == job).map(|(index, _)| index).collect();
        for index in of_job {
            if let Some(mut waiter) = self.waiters.remove(index) {
                self.deadlines.cancel(&mut waiter.deadline);
            }
        }
    }

    pub(super) fn tick(&mut self, now: Time, effects: &mut Effects) -> Reply {
        self.announced = None;
        while let Some(due) = self.deadlines.pop_due(now) {
            match due {
                Due::Eligible(index) => {
                    if let Some(job) = self.jobs.get_mut(index) {
                        job.delayed = false;
                    }
                    self.line_up(index);
                }
                Due::Timeout(index) => {
                    if let Some(job) = self.jobs.get_mut(index) {
                        job.timed_out = true;
                        let (manager, stopping) = (job.manager, job.stop.is_some());
                        if !stopping {
                            effects.push(Effect::Abort { job: JobId(index), cause: AbortCause::Timeout });
                        }
                        self.changed(manager);
                    }
                }
                Due::RateWindow(index) => {
                    if let Some(manager) = self.managers.get_mut(index) {
                        manager.rate_window = Ticket::NONE;
                    }
                    self.changed(index);
                }
                Due::StopTimeout(index) => {
                    if self.waiters.remove(index).is_some() {
                        effects.push(Effect::StopTimedOut { waiter: WaiterId(index) });
                    }
                }
            }
        }
        Reply::Done
    }

    // ── after every command ─────────────────────────────────────────────────────────────────────

    pub(super) fn changed(&mut self, index: u32) {
        if let Some(manager) = self.managers.get_mut(index)
            && !std::mem::replace(&mut manager.changed, true)
        {
            self.changed.push(index);
        }
    }

    /// Fills the slots that have come free, then tells of all changes at once.
    pub(super) fn finish(&mut self, now: Time, effects: &mut Effects) {
        let mut at = 0;
        while let Some(index) = self.changed.get(at).copied() {
            at += 1;
            self.schedule(now, index, effects);
            let Some(manager) = self.managers.get_mut(index) else { continue };
            manager.changed = false;
            manager.version = manager.version.wrapping_add(1);
            let (emitter, stats) = (manager.emitter, manager.stats);
            let is_empty = stats.pending == 0 && std::mem::take(&mut manager.awaits_empty);
            let idle = stats.pending + stats.running == 0;
            let is_idle = idle && std::mem::take(&mut manager.awaits_idle);
            let is_gone = idle && manager.orphaned;
            let source = Source::Manager(ManagerId(index));
            self.deliver(emitter, source, Channel::Change, effects);
            self.event_from(source, emitter, Event::Stats, None, effects);
            if is_empty {
                effects.push(Effect::Empty { manager: ManagerId(index) });
            }
            if is_idle {
                effects.push(Effect::Idle { manager: ManagerId(index) });
            }
            if is_gone {
                self.remove_manager(index, effects);
            }
        }
        self.changed.clear();
        self.newborn = NONE;
        let next = self.deadlines.next();
        let is_news = match (next, self.announced) {
            (Some(next), Some(announced)) => next < announced,
            (next, announced) => next.is_some() != announced.is_some(),
        };
        if is_news {
            self.announced = next;
            effects.push(Effect::Wake { at: next });
        }
    }

    fn remove_manager(&mut self, index: u32, effects: &mut Effects) {
        let Some(mut manager) = self.managers.remove(index) else { return };
        self.deadlines.cancel(&mut manager.rate_window);
        self.emitters.drop_emitter(manager.emitter);
        for job in manager.retained {
            effects.push(Effect::Forgotten { job: JobId(job) });
            self.retired.push(job);
        }
    }

    pub(crate) fn recycle(&mut self) -> Reply {
        self.emitters.recycle();
        for job in self.retired.drain(..) {
            self.jobs.remove(job);
        }
        Reply::Done
    }
}
