//! The life of a job from its first start: attempts, retries, stops, the end.

use super::command::{Outcome, Reply};
use super::deadlines::Due;
use super::effect::{Effect, EffectSink, Event, Targets};
use super::ids::{Channel, JobId, KeyId, ManagerId, Source, ValueId};
use super::job::{AbortCause, CompletionType, Job, Phase};
use super::rate::RateLimit;
use super::slab::NONE;
use super::time::Time;
use super::{Engine, KeyEntry};

impl Engine {
    /// Gives it a slot. The job that the command in hand creates begins at once, unless others that were granted theirs
    /// before have not begun yet: bodies are called in the order of the grants.
    pub(super) fn grant(&mut self, now: Time, index: u32, effects: &mut impl EffectSink) {
        let Some(job) = self.jobs.get_mut(index) else { return };
        self.entries += 1;
        job.entered = self.entries;
        job.phase = Phase::Granted;
        job.attempt += 1;
        let (attempt, manager_index, cold) = (job.attempt, job.manager, job.cold);
        let Some(manager) = self.managers.get_mut(manager_index) else { return };
        manager.stats.pending -= 1;
        manager.stats.running += 1;
        manager.granted += 1;
        manager.changed(manager_index, &mut self.dirty);
        if let Some(cold) = self.cold.get(cold) {
            manager.group_granted(cold.group);
        }
        if self.created_now == index && manager.granted == 1 {
            self.created_started = true;
            self.begin(now, index, effects);
        } else {
            effects.push(Effect::Start { job: JobId(index), attempt });
        }
    }

    /// The body is called now.
    pub(super) fn begin(&mut self, now: Time, index: u32, effects: &mut impl EffectSink) -> Reply {
        let Some(job) = self.jobs.get_mut(index).filter(|job| job.phase == Phase::Granted) else {
            return Reply::Ignored;
        };
        job.phase = Phase::Running;
        let manager_index = job.manager;
        if let Some(manager) = self.managers.get_mut(manager_index) {
            manager.granted -= 1;
            let mut start = RateLimit::UNCOUNTED;
            if manager.rate.counts() {
                start = manager.rate.count_start(now);
                manager.mark_dirty(manager_index, &mut self.dirty);
            }
            let cold =
                if start == RateLimit::UNCOUNTED { self.cold.get_mut(job.cold) } else { job.cold_in(&mut self.cold) };
            if let Some(cold) = cold {
                cold.start = start;
                if cold.group != NONE {
                    cold.group_start = manager.group_begun(cold.group, now);
                    if manager.group_rate.is_some() {
                        manager.mark_dirty(manager_index, &mut self.dirty);
                    }
                }
                if let Some(timeout) = cold.timeout {
                    cold.deadline = self.deadlines.set(now.after(timeout), Due::Timeout(index));
                }
            }
        }
        // What the body says at once is told after.
        self.event(Event::Started, index, effects);
        Reply::Done
    }

    pub(super) fn called(&mut self, now: Time, index: u32) -> Reply {
        let Some(job) = self.jobs.get(index).filter(|job| job.phase == Phase::Running) else { return Reply::Ignored };
        let index = job.manager;
        if let Some(manager) = self.managers.get_mut(index) {
            if let Some(cold) = self.cold.get(job.cold) {
                manager.rate.note_call(cold.start, now);
                manager.group_called(cold.group, cold.group_start, now);
            }
            manager.mark_dirty(index, &mut self.dirty);
        }
        Reply::Done
    }

    // ── settled ─────────────────────────────────────────────────────────────────────────────────

    pub(super) fn settle(
        &mut self,
        index: u32,
        attempt: u32,
        outcome: Outcome,
        effects: &mut impl EffectSink,
    ) -> Reply {
        let runs = |job: &&mut Job| job.phase == Phase::Running && job.attempt == attempt;
        let Some(job) = self.jobs.get_mut(index).filter(runs) else { return Reply::Ignored };
        let failed = outcome != Outcome::Resolved || job.timed_out;
        let may_retry = outcome != Outcome::NotRetriable || job.timed_out;
        if job.stop.is_some() {
            self.end(index, CompletionType::Cancelled, false, effects);
        } else if !failed {
            self.end(index, CompletionType::Normal, false, effects);
        } else if may_retry && self.cold.get(job.cold).is_some_and(|cold| cold.retry.allows(job.attempt)) {
            job.phase = Phase::Deciding;
            let (manager, cause, emitter) = (job.manager, job.cause(), job.emitter(&self.cold));
            // From here on actions are kept for the next attempt.
            self.emitters.drop_channel(emitter, Channel::Action);
            self.cancel_deadline(index);
            if cause.is_some() {
                self.changed(manager);
            }
            effects.push(Effect::AskRetry { job: JobId(index), cause });
        } else {
            self.end(index, CompletionType::Failed, false, effects);
        }
        Reply::Done
    }

    pub(super) fn retry(
        &mut self,
        now: Time,
        index: u32,
        again: bool,
        wait: Option<f64>,
        random: f64,
        effects: &mut impl EffectSink,
    ) -> Reply {
        let Some(job) = self.jobs.get_mut(index).filter(|job| job.phase == Phase::Deciding) else {
            return Reply::Ignored;
        };
        if !again {
            self.end(index, CompletionType::Failed, false, effects);
            return Reply::Done;
        }
        job.phase = Phase::Waiting;
        job.timed_out = false;
        let (manager, attempt, cold) = (job.manager, job.attempt, job.cold);
        self.free_slot(manager, cold);
        if let Some(manager) = self.managers.get_mut(manager) {
            manager.stats.pending += 1;
        }
        let retry = self.cold.get(cold).map(|cold| cold.retry).unwrap_or_default();
        let wait = retry.wait(attempt, wait, random);
        self.event(Event::Retrying, index, effects);
        // Also where there is nothing to wait for: a body that fails at once would never let the event loop go.
        self.delay(index, now.after(wait));
        self.changed(manager);
        Reply::Waits(wait)
    }

    fn free_slot(&mut self, manager: u32, cold: u32) {
        let Some(manager) = self.managers.get_mut(manager) else { return };
        manager.stats.running -= 1;
        if let Some(cold) = self.cold.get(cold) {
            manager.group_freed(cold.group, false);
        }
    }

    fn cancel_deadline(&mut self, index: u32) {
        let cold = self.jobs.get(index).map_or(NONE, |job| job.cold);
        if let Some(cold) = self.cold.get_mut(cold) {
            self.deadlines.cancel(&mut cold.deadline);
        }
    }

    // ── stopped ─────────────────────────────────────────────────────────────────────────────────

    pub(super) fn stop(&mut self, now: Time, index: u32, cause: AbortCause, effects: &mut impl EffectSink) -> Reply {
        let Some(job) = self.jobs.get_mut(index).filter(|job| !job.has_ended() && job.stop.is_none()) else {
            return Reply::Ignored;
        };
        job.stop = Some(cause);
        let (manager, was_stopping, is_running) = (job.manager, job.timed_out, job.phase == Phase::Running);
        // Also where no body runs: whoever holds its signal hears of it, and all learn the same reason.
        effects.push(Effect::Abort { job: JobId(index), cause, last: true });
        self.drop_sleeps(index);
        if is_running {
            if !was_stopping {
                self.cancel_deadline(index);
                self.event(Event::Stopping, index, effects);
                self.await_abandonment(now, index);
                self.changed(manager);
            }
        } else {
            self.end(index, CompletionType::Cancelled, false, effects);
        }
        Reply::Done
    }

    /// It is asked to end: so long it is waited for.
    pub(super) fn await_abandonment(&mut self, now: Time, index: u32) {
        let cold = self.jobs.get(index).map_or(NONE, |job| job.cold);
        if let Some(cold) = self.cold.get_mut(cold)
            && let Some(after) = cold.abandon_after
        {
            cold.deadline = self.deadlines.set(now.after(after), Due::Abandon(index));
        }
    }

    pub(super) fn abandon(&mut self, index: u32, effects: &mut impl EffectSink) {
        let is_stopped = self.jobs.get(index).is_some_and(|job| job.stop.is_some());
        let completion = if is_stopped { CompletionType::Cancelled } else { CompletionType::Failed };
        self.end(index, completion, true, effects);
    }

    pub(super) fn stop_key(&mut self, now: Time, key: u32, effects: &mut impl EffectSink) -> Reply {
        let Some(KeyEntry { standing, waiting, .. }) = self.keys.get(key).copied() else { return Reply::Stopped(0) };
        // The waiting one first, or it would stand under the key for a moment.
        let mut asked = 0;
        for job in [waiting, standing] {
            asked += u32::from(self.stop(now, job, AbortCause::Stop, effects) == Reply::Done);
        }
        Reply::Stopped(asked)
    }

    pub(super) fn stop_all(&mut self, now: Time, manager: u32, effects: &mut impl EffectSink) -> Reply {
        // Newest first, so that nobody takes the slot or the key of one stopped before.
        let Some(mut index) = self.managers.get(manager).map(|manager| manager.newest) else { return Reply::Ignored };
        while let Some(job) = self.jobs.get(index) {
            let older = job.older;
            self.stop(now, index, AbortCause::Stop, effects);
            index = older;
        }
        Reply::Done
    }

    /// Ends what waits; how many that were.
    pub(super) fn stop_pending(&mut self, now: Time, manager: u32, effects: &mut impl EffectSink) -> Reply {
        let Some(mut index) = self.managers.get(manager).map(|manager| manager.newest) else { return Reply::Ignored };
        let mut count = 0;
        while let Some(job) = self.jobs.get(index) {
            let (older, is_pending) = (job.older, job.is_pending());
            if is_pending && self.stop(now, index, AbortCause::Stop, effects) == Reply::Done {
                count += 1;
            }
            index = older;
        }
        Reply::Stopped(count)
    }

    pub(super) fn close(&mut self, now: Time, index: u32, effects: &mut impl EffectSink) -> Reply {
        if let Some(manager) = self.managers.get_mut(index) {
            manager.closed = true;
        }
        self.stop_all(now, index, effects)
    }

    // ── ended ───────────────────────────────────────────────────────────────────────────────────

    /// `abandoned`: its body has not settled.
    pub(super) fn end(
        &mut self,
        index: u32,
        completion: CompletionType,
        abandoned: bool,
        effects: &mut impl EffectSink,
    ) {
        if self.jobs.get(index).is_some_and(|job| job.phase == Phase::Ready) {
            self.leave_line(index);
        }
        let Some(job) = self.jobs.get_mut(index) else { return };
        let Job { phase, manager: manager_index, key, cold, .. } = *job;
        let cause = job.cause();
        self.entries += 1;
        job.entered = self.entries;
        job.phase = Phase::Ended(completion);
        job.cold = NONE;
        let Some(manager) = self.managers.get_mut(manager_index) else { return };
        let had_slot = matches!(phase, Phase::Granted | Phase::Running | Phase::Deciding);
        manager.granted -= u32::from(phase == Phase::Granted);
        let stats = &mut manager.stats;
        *(if had_slot { &mut stats.running } else { &mut stats.pending }) -= 1;
        let (count, event) = match completion {
            CompletionType::Normal => (&mut stats.completed, Event::Completed),
            CompletionType::Cancelled => (&mut stats.cancelled, Event::Cancelled),
            CompletionType::Failed => (&mut stats.failed, Event::Failed),
        };
        *count += 1;
        manager.changed(manager_index, &mut self.dirty);
        let forgotten = manager.retain == 0;
        let mut emitter = NONE;
        if cold != NONE
            && let Some(mut cold) = self.cold.remove(cold)
        {
            self.deadlines.cancel(&mut cold.deadline);
            if had_slot {
                manager.group_freed(cold.group, phase == Phase::Granted);
            }
            manager.leave_group(cold.group);
            self.drop_waiters(cold.waiter);
            emitter = cold.emitter;
        }

        self.vacate(key, index, effects);
        self.deliver(emitter, Source::Job(JobId(index)), Channel::Stopped, ValueId::NONE, effects);
        self.event_of(event, index, manager_index, emitter, ValueId::NONE, effects);
        if forgotten {
            self.event_of(Event::Removed, index, manager_index, emitter, ValueId::NONE, effects);
        }
        let mut continuations = Targets::NONE;
        if emitter != NONE {
            continuations = self.emitters.targets(emitter, Channel::Continuation, effects);
            self.emitters.drop_emitter(emitter);
        }
        effects.push(Effect::Ended { job: JobId(index), completion, cause, forgotten, abandoned, continuations });
        if forgotten { self.forget(index) } else { self.retain(manager_index, index, effects) }
    }

    /// Leaves the key to the one that waits for it, if any.
    fn vacate(&mut self, key: u32, index: u32, effects: &mut impl EffectSink) {
        let Some(entry) = self.keys.get_mut(key) else { return };
        if entry.waiting == index {
            entry.waiting = NONE;
        }
        if entry.standing != index {
            return;
        }
        let next = std::mem::replace(&mut entry.waiting, NONE);
        entry.standing = next;
        let emitter = entry.emitter;
        if next != NONE
            && let Some(job) = self.jobs.get_mut(next)
        {
            job.behind_key = false;
            self.line_up(next);
        }
        self.tell_key(key, emitter, effects);
    }

    pub(super) fn tell_key(&self, key: u32, emitter: u32, effects: &mut impl EffectSink) {
        self.deliver(emitter, Source::Key(KeyId(key)), Channel::Key, ValueId::NONE, effects);
    }

    fn retain(&mut self, manager_index: u32, index: u32, effects: &mut impl EffectSink) {
        let Some(manager) = self.managers.get_mut(manager_index) else { return };
        if let Some(oldest) = manager.push_retained(&mut self.jobs, index) {
            self.forget_retained(oldest, effects);
        }
    }

    /// Lets go of a job that has ended and is kept.
    pub(super) fn forget_retained(&mut self, index: u32, effects: &mut impl EffectSink) -> Reply {
        let Some(job) = self.jobs.get(index).filter(|job| job.is_retained) else { return Reply::Ignored };
        let manager_index = job.manager;
        self.event(Event::Removed, index, effects);
        effects.push(Effect::Forgotten { job: JobId(index), manager: ManagerId(manager_index) });
        if let Some(manager) = self.managers.get_mut(manager_index) {
            manager.drop_retained(&mut self.jobs, index);
        }
        self.forget(index);
        self.changed(manager_index);
        Reply::Done
    }

    fn forget(&mut self, index: u32) {
        let Some(job) = self.jobs.get(index) else { return };
        let (older, newer) = (job.older, job.newer);
        self.retired.push(index);
        if let Some(manager) = self.managers.get_mut(job.manager) {
            manager.unlink(&mut self.jobs, older, newer);
        }
    }
}
