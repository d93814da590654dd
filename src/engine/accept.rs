//! How a job comes in and waits: duplicates, limits, the ready queue.

use super::command::{Refusal, Reply};
use super::deadlines::{Due, TimerHandle};
use super::effect::{EffectSink, Event};
use super::ids::JobId;
use super::job::{AbortCause, ColdData, CompletionType, Job, Phase};
use super::manager::Manager;
use super::options::{self, OnDuplicate, Plan, RunOptions};
use super::queue::rank;
use super::rate::Admission;
use super::slab::NONE;
use super::time::Time;
use super::{Engine, KeyEntry};

impl Engine {
    pub(super) fn run(
        &mut self,
        now: Time,
        manager_index: u32,
        key: u32,
        options: Option<&RunOptions>,
        effects: &mut impl EffectSink,
    ) -> Result<Reply, Refusal> {
        let manager = self.managers.get(manager_index).filter(|manager| !manager.closed).ok_or(Refusal::Closed)?;
        let KeyEntry { standing, waiting, emitter } = self.keys.get(key).copied().unwrap_or(KeyEntry::VACANT);
        // One that was asked to stop can't be joined: whoever asks for its key comes behind it, and is joined instead.
        let is_stopped = self.jobs.get(standing).is_some_and(|job| job.stop.is_some());
        let joined = if is_stopped { waiting } else { standing };
        if joined != NONE && options.is_none() && manager.plan.on_duplicate == OnDuplicate::Join {
            return Ok(Reply::AlreadyRunning(JobId(joined)));
        }
        let (own, defaults);
        let plan: &Plan = if let Some(options) = options {
            own = options.plan(&manager.plan)?;
            &own
        } else {
            defaults = manager.plan.clone();
            &defaults
        };
        let aborted = options.is_some_and(|options| options.aborted);
        let group = plan.group.as_ref().map_or(NONE, |name| manager.find_group(name));
        let waits_for_slot = !plan.delay.is_zero() || !Self::has_room(manager, now, group);
        match plan.on_duplicate {
            _ if standing == NONE => {}
            OnDuplicate::Reject => return Err(Refusal::Duplicate),
            OnDuplicate::Join if joined != NONE => {
                if options.is_some_and(|options| options.priority.is_some()) {
                    self.raise(joined, plan.priority, effects);
                }
                return Ok(Reply::AlreadyRunning(JobId(joined)));
            }
            OnDuplicate::Join | OnDuplicate::Replace | OnDuplicate::Queue => {}
        }
        let replaces = plan.on_duplicate == OnDuplicate::Replace;
        let is_pending = |index: u32| self.jobs.get(index).is_some_and(Job::is_pending);
        let stands_in_the_way = standing != NONE && !(replaces && is_pending(standing));
        if !aborted && (stands_in_the_way || waits_for_slot) {
            let makes_room = u32::from(waiting != NONE) + u32::from(replaces && is_pending(standing));
            let places = manager.max_pending.max(options.is_some_and(|options| options.may_wait_alone).into());
            if manager.stats.pending.saturating_sub(makes_room) >= places {
                return Err(Refusal::QueueFull);
            }
        }
        // The common case takes no detour through the ready queue: nobody in it could use the slot.
        let starts = !waits_for_slot && self.line_is_empty(manager_index, now);

        self.ensure_key(key);
        let index = self.create(manager_index, key, plan, group, effects);
        let reply = Reply::Created { job: JobId(index), serial: self.serial, started: false };
        if aborted {
            if let Some(job) = self.jobs.get_mut(index) {
                job.stop = Some(AbortCause::Stop);
            }
            self.end(index, CompletionType::Cancelled, false, effects);
            return Ok(reply);
        }
        if !plan.delay.is_zero() {
            self.delay(index, now.after(plan.delay));
        }
        self.created_now = index;
        if standing == NONE {
            if let Some(entry) = self.key_mut(key) {
                entry.standing = index;
            }
            self.tell_key(key, emitter, effects);
            if starts { self.grant(now, index, effects) } else { self.line_up(index) }
        } else {
            if let Some(job) = self.jobs.get_mut(index) {
                job.behind_key = true;
            }
            if let Some(entry) = self.key_mut(key) {
                entry.waiting = index;
            }
            self.stop(now, waiting, AbortCause::Replaced, effects);
            if replaces {
                self.stop(now, standing, AbortCause::Replaced, effects);
            }
        }
        Ok(reply)
    }

    /// Nobody in it could start.
    fn line_is_empty(&mut self, manager: u32, now: Time) -> bool {
        let Some(manager) = self.managers.get_mut(manager) else { return true };
        manager.refresh_groups(&self.jobs, now);
        manager.first(&self.jobs).is_none()
    }

    fn has_room(manager: &Manager, now: Time, group: u32) -> bool {
        !manager.paused
            && manager.stats.running < manager.concurrency
            && manager.group_has_room(group, now)
            && manager.rate.admits(now, manager.granted) == Admission::Now
    }

    fn create(&mut self, manager_index: u32, key: u32, plan: &Plan, group: u32, effects: &mut impl EffectSink) -> u32 {
        self.serial += 1;
        let Some(manager) = self.managers.get_mut(manager_index) else { return NONE };
        let mut job = Job::new(manager_index, key, plan.priority);
        if plan.needs_cold_data() {
            let group = plan.group.as_ref().map_or(NONE, |name| manager.join_group(name, group));
            let Plan { timeout, abandon_after, retry, .. } = *plan;
            let cold = ColdData { timeout, abandon_after, retry, group, ..ColdData::default() };
            job.cold = self.cold.insert(cold);
        }
        let index = manager.append(&mut self.jobs, job);
        manager.stats.pending += 1;
        manager.stats.total += 1;
        manager.changed(manager_index, &mut self.dirty);
        self.event(Event::Created, index, effects);
        index
    }

    fn raise(&mut self, index: u32, priority: f64, effects: &mut impl EffectSink) {
        if self.jobs.get(index).is_some_and(|job| priority > job.priority) {
            self.reprioritise(index, priority, effects);
        }
    }

    pub(super) fn set_priority(
        &mut self,
        index: u32,
        priority: f64,
        effects: &mut impl EffectSink,
    ) -> Result<Reply, Refusal> {
        let priority = options::priority(priority)?;
        Ok(self.reprioritise(index, priority, effects))
    }

    fn reprioritise(&mut self, index: u32, priority: f64, effects: &mut impl EffectSink) -> Reply {
        let Some(job) = self.jobs.get(index).filter(|job| !job.has_ended()) else { return Reply::Ignored };
        // Where it has come in its level it stays.
        if rank(job.priority) == rank(priority) {
            return Reply::Done;
        }
        let (manager, in_line) = (job.manager, job.phase == Phase::Ready);
        if in_line {
            self.leave_line(index);
        }
        if let Some(job) = self.jobs.get_mut(index) {
            job.priority = priority;
        }
        if in_line {
            self.line_up(index);
        }
        self.changed(manager);
        self.tell_order(index, effects);
        Reply::Done
    }

    // ── waiting ─────────────────────────────────────────────────────────────────────────────────

    pub(super) fn delay(&mut self, index: u32, until: Time) {
        let Some(job) = self.jobs.get_mut(index) else { return };
        job.delayed = true;
        if let Some(cold) = self.cold.get_mut(job.cold) {
            cold.ready_at = until;
            cold.deadline = self.deadlines.set(until, Due::Eligible(index));
        }
    }

    /// Into the ready queue, unless something else than a slot is still waited for.
    pub(super) fn line_up(&mut self, index: u32) {
        let Some(job) = self.jobs.get_mut(index) else { return };
        if job.delayed || job.behind_key {
            return;
        }
        self.entries += 1;
        job.entered = self.entries;
        job.phase = Phase::Ready;
        let (manager_index, group) = (job.manager, job.group(&self.cold));
        if let Some(manager) = self.managers.get_mut(manager_index) {
            manager.enter_line(&mut self.jobs, index, group);
            manager.mark_dirty(manager_index, &mut self.dirty);
        }
    }

    pub(super) fn leave_line(&mut self, index: u32) {
        let Some(job) = self.jobs.get_mut(index) else { return };
        job.phase = Phase::Waiting;
        let (manager, group) = (job.manager, job.group(&self.cold));
        if let Some(manager) = self.managers.get_mut(manager) {
            manager.leave_line(&mut self.jobs, index, group);
        }
    }

    /// Fills the manager's free slots, best first.
    pub(super) fn schedule(&mut self, now: Time, manager_index: u32, effects: &mut impl EffectSink) {
        loop {
            let Some(manager) = self.managers.get_mut(manager_index) else { return };
            manager.refresh_groups(&self.jobs, now);
            let has_slot = !manager.paused && manager.stats.running < manager.concurrency;
            let first = if has_slot { manager.first(&self.jobs) } else { None };
            let admission = manager.rate.admits(now, manager.granted);
            if let Some(first) = first
                && admission == Admission::Now
            {
                self.leave_line(first);
                self.grant(now, first, effects);
                continue;
            }
            let by_manager = if let Admission::At(at) = admission { Some(at) } else { None };
            manager.limited_until = first.and(by_manager);
            let opening = if has_slot && first.is_none() && admission != Admission::AfterGranted {
                manager.next_opening().map(|at| by_manager.map_or(at, |limit| limit.max(at)))
            } else {
                None
            };
            let at = manager.limited_until.or(opening);
            return self.await_window(manager_index, at);
        }
    }

    /// Looks again at this moment.
    fn await_window(&mut self, index: u32, at: Option<Time>) {
        let Some(manager) = self.managers.get_mut(index) else { return };
        if manager.rate_window != TimerHandle::NONE && at == Some(manager.rate_window_at) {
            return;
        }
        self.deadlines.cancel(&mut manager.rate_window);
        if let Some(at) = at {
            manager.rate_window = self.deadlines.set(at, Due::RateWindow(index));
            manager.rate_window_at = at;
        }
    }
}
