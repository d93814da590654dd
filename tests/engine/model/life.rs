//! From the first start to the end: attempts, retries, stops, time.

use std::time::Duration;

use jobgate::engine::{
    AbortCause, Backoff, Channel, CompletionType, Event, JobId, KeyId, ManagerId, Outcome, Reply, RetryOptions, Source,
    Span, WaiterId,
};

use super::{Act, Job, Model, Phase, Waiter};

/// Rounded up: a wait is never shorter than asked.
pub fn micros(millis: f64) -> u64 {
    (millis * 1000.0).ceil() as u64
}

/// Twice as long each time, up to the longest allowed; with jitter anywhere between nothing and that.
fn retry_wait(retry: &RetryOptions, attempt: u32, random: f64) -> u64 {
    let mut wait = retry.delay;
    if retry.backoff == Backoff::Exponential {
        for _ in 1..attempt {
            wait *= 2.0;
        }
    }
    wait = wait.min(retry.max_delay);
    micros(if retry.jitter { wait * random } else { wait })
}

impl Model {
    // ── attempts ────────────────────────────────────────────────────────────────────────────────

    /// A new job's body is called at once, unless others have been given a slot before and wait for theirs.
    pub(super) fn grant(&mut self, job: JobId) {
        let manager = self.job(job).manager;
        let is_first = self.granted(manager) == 0;
        self.counter += 1;
        let turn = self.counter;
        let record = self.job_mut(job);
        record.granted = turn;
        record.phase = Phase::Granted;
        record.attempt += 1;
        record.in_line = None;
        let attempt = record.attempt;
        if self.newborn == Some(job) && is_first {
            self.begin(job);
        } else {
            self.acts.push(Act::Start(job, attempt));
        }
    }

    pub(super) fn begin(&mut self, job: JobId) -> Reply {
        if self.job(job).phase != Phase::Granted {
            return Reply::Ignored;
        }
        let now = self.now;
        let limit = self.job(job).timeout.map(|timeout| self.alarm(timeout));
        let record = self.job_mut(job);
        record.phase = Phase::Running;
        record.limit = limit;
        let manager = record.manager;
        let group = record.group.clone();
        let record = self.manager_mut(manager);
        let (start, mut group_start) = (if record.counts { record.starts.len() } else { usize::MAX }, 0);
        record.starts.extend(record.counts.then_some(now));
        if let (Some(_), Some(group)) = (record.options.group_rate_limit, group) {
            let starts = record.group_starts.entry(group).or_default();
            starts.push(now);
            group_start = starts.len() - 1;
        }
        (self.job_mut(job).start, self.job_mut(job).group_start) = (start, group_start);
        self.tell_of_job(job, Event::Started);
        self.stirred.push(manager);
        Reply::Done
    }

    pub(super) fn called(&mut self, job: JobId) -> Reply {
        let Job { phase, manager, start, group_start, ref group, .. } = *self.job(job);
        if phase != Phase::Running {
            return Reply::Ignored;
        }
        let (now, group) = (self.now, group.clone());
        let record = self.manager_mut(manager);
        let (limit, group_limit) = (record.rate_limit, record.options.group_rate_limit);
        note_call(record.starts.get_mut(start), limit, now);
        let starts = group.and_then(|group| record.group_starts.get_mut(&group));
        note_call(starts.and_then(|starts| starts.get_mut(group_start)), group_limit, now);
        self.stirred.push(manager);
        Reply::Done
    }

    pub(super) fn settle(&mut self, job: JobId, attempt: u32, outcome: Outcome) -> Reply {
        let record = self.job(job);
        if record.phase != Phase::Running || record.attempt != attempt {
            return Reply::Ignored;
        }
        if record.stop.is_some() {
            self.end(job, CompletionType::Cancelled, false);
        } else if outcome == Outcome::Resolved && !record.timed_out {
            self.end(job, CompletionType::Normal, false);
        } else if f64::from(record.attempt) <= record.retry.limit
            && (outcome != Outcome::NotRetriable || record.timed_out)
        {
            let record = self.job_mut(job);
            record.phase = Phase::Deciding;
            (record.limit, record.abandon) = (None, None);
            let cause = record.cause();
            self.leave_all(Source::Job(job), Some(Channel::Action));
            self.acts.push(Act::AskRetry(job, cause));
        } else {
            self.end(job, CompletionType::Failed, false);
        }
        Reply::Done
    }

    pub(super) fn retry(&mut self, job: JobId, again: bool, wait: Option<f64>, random: f64) -> Reply {
        if self.job(job).phase != Phase::Deciding {
            return Reply::Ignored;
        }
        if !again {
            self.end(job, CompletionType::Failed, false);
            return Reply::Done;
        }
        let retry = &self.job(job).retry;
        let wait = match wait.filter(|wait| *wait >= 0.0) {
            Some(asked) => micros(asked.min(retry.max_delay)),
            None => retry_wait(retry, self.job(job).attempt, random),
        };
        let alarm = self.alarm(wait);
        let record = self.job_mut(job);
        record.phase = Phase::Pending;
        record.timed_out = false;
        record.wait = Some(alarm);
        self.tell_of_job(job, Event::Retrying);
        self.line_up(job);
        Reply::Waits(Span::from(Duration::from_micros(wait)))
    }

    // ── stopping ────────────────────────────────────────────────────────────────────────────────

    pub(super) fn stop(&mut self, job: JobId, cause: AbortCause) -> Reply {
        let has_ended = self.has_ended(job);
        let record = self.job_mut(job);
        if has_ended || record.stop.is_some() {
            return Reply::Ignored;
        }
        record.stop = Some(cause);
        let (is_running, is_first) = (record.phase == Phase::Running, !record.timed_out);
        self.acts.push(Act::Abort(job, cause, true));
        self.wake_sleepers(job);
        if is_running {
            self.job_mut(job).limit = None;
            if is_first {
                self.tell_of_job(job, Event::Stopping);
            }
            self.await_abandonment(job);
        } else {
            self.end(job, CompletionType::Cancelled, false);
        }
        Reply::Done
    }

    /// From the first time that it is asked to end.
    fn await_abandonment(&mut self, job: JobId) {
        if let Some(after) = self.job(job).abandon_after.filter(|_| self.job(job).abandon.is_none()) {
            self.job_mut(job).abandon = Some(self.alarm(after));
        }
    }

    /// The one that waits never starts.
    pub(super) fn stop_key(&mut self, key: KeyId) -> Reply {
        let jobs = [self.waiting(key), self.standing(key)];
        let asked = jobs.into_iter().flatten().filter(|job| self.stop(*job, AbortCause::Stop) == Reply::Done);
        Reply::Stopped(asked.count() as u32)
    }

    /// Newest first, so that nobody takes the slot or the key of one stopped before.
    pub(super) fn stop_all(&mut self, manager: ManagerId) -> Reply {
        if self.manager(manager).gone {
            return Reply::Ignored;
        }
        let jobs: Vec<JobId> = self.jobs_of(manager).collect();
        for job in jobs.into_iter().rev() {
            self.stop(job, AbortCause::Stop);
        }
        Reply::Done
    }

    pub(super) fn stop_pending(&mut self, manager: ManagerId) -> Reply {
        if self.manager(manager).gone {
            return Reply::Ignored;
        }
        let pending: Vec<JobId> = self.jobs_of(manager).filter(|job| self.job(*job).phase == Phase::Pending).collect();
        let count = pending.len() as u32;
        for job in pending.into_iter().rev() {
            self.stop(job, AbortCause::Stop);
        }
        Reply::Stopped(count)
    }

    pub(super) fn forget(&mut self, job: JobId) -> Reply {
        let manager = self.job(job).manager;
        if !self.manager(manager).retained.contains(&job) {
            return Reply::Ignored;
        }
        self.manager_mut(manager).retained.retain(|retained| *retained != job);
        self.tell_of_job(job, Event::Removed);
        self.job_mut(job).forgotten = true;
        self.acts.push(Act::Forgotten(job));
        Reply::Done
    }

    fn wake_sleepers(&mut self, job: JobId) {
        for waiter in self.waiters.iter_mut().filter(|waiter| waiter.job == job && waiter.is_sleep) {
            waiter.over = true;
        }
    }

    pub(super) fn wait(&mut self, job: JobId, time: f64, is_sleep: bool) -> Reply {
        if self.has_ended(job) || is_sleep && self.is_stopping(job) {
            return Reply::Ignored;
        }
        let alarm = time.is_finite().then(|| self.alarm(micros(time)));
        self.waiters.push(Waiter { job, alarm, is_sleep, over: false });
        Reply::Waiter(WaiterId(self.waiters.len() as u32 - 1))
    }

    // ── the end ─────────────────────────────────────────────────────────────────────────────────

    pub(super) fn end(&mut self, job: JobId, completion: CompletionType, abandoned: bool) {
        let record = self.job_mut(job);
        record.phase = Phase::Ended(completion);
        (record.wait, record.limit, record.abandon, record.in_line) = (None, None, None, None);
        record.behind_key = false;
        let stood = std::mem::take(&mut record.stands);
        let (manager, key, cause) = (record.manager, record.key, record.cause());
        for waiter in self.waiters.iter_mut().filter(|waiter| waiter.job == job) {
            waiter.over = true;
        }
        if stood {
            if let Some(next) = self.waiting(key) {
                let record = self.job_mut(next);
                (record.stands, record.behind_key) = (true, false);
                self.line_up(next);
            }
            self.tell(Source::Key(key), Channel::Key);
        }
        self.tell(Source::Job(job), Channel::Stopped);
        self.tell_of_job(
            job,
            match completion {
                CompletionType::Normal => Event::Completed,
                CompletionType::Cancelled => Event::Cancelled,
                CompletionType::Failed => Event::Failed,
            },
        );
        let retain = self.manager(manager).options.retain;
        let forgotten = retain == 0.0;
        if forgotten {
            self.tell_of_job(job, Event::Removed);
        }
        self.tell(Source::Job(job), Channel::Continuation);
        self.leave_all(Source::Job(job), None);
        self.job_mut(job).forgotten = forgotten;
        self.acts.push(Act::Ended { job, completion, cause, forgotten, abandoned });
        if !forgotten {
            self.manager_mut(manager).retained.push(job);
        }
        if self.manager(manager).retained.len() as f64 > retain {
            let oldest = self.manager_mut(manager).retained.remove(0);
            self.tell_of_job(oldest, Event::Removed);
            self.job_mut(oldest).forgotten = true;
            self.acts.push(Act::Forgotten(oldest));
        }
    }

    // ── time ────────────────────────────────────────────────────────────────────────────────────

    /// Whatever is due, in the order of its moment, then in the order in which it was set.
    pub(super) fn tick(&mut self) -> Reply {
        let now = self.now;
        for manager in self.manager_ids() {
            if self.rate_window(manager).is_some_and(|at| at <= now) {
                self.stirred.push(manager);
            }
        }
        // What is due by now may lead to more that is.
        while self.handle_due() {}
        Reply::Done
    }

    /// The first that is due; false if nothing is.
    fn handle_due(&mut self) -> bool {
        let now = self.now;
        let mut due: Vec<(u64, u64, Due)> = Vec::new();
        for job in self.job_ids() {
            due.extend(self.job(job).wait.map(|(at, order)| (at, order, Due::Wait(job))));
            due.extend(self.job(job).limit.map(|(at, order)| (at, order, Due::Limit(job))));
            due.extend(self.job(job).abandon.map(|(at, order)| (at, order, Due::Abandonment(job))));
        }
        for (index, waiter) in (0..).zip(&self.waiters).filter(|(_, waiter)| !waiter.over) {
            due.extend(waiter.alarm.map(|(at, order)| (at, order, Due::Waiter(WaiterId(index)))));
        }
        due.retain(|(at, _, _)| *at <= now);
        let Some((at, _, first)) = due.into_iter().min_by_key(|(at, order, _)| (*at, *order)) else { return false };
        match first {
            Due::Wait(job) => {
                let manager = self.job(job).manager;
                // Those whose waits were over earlier start before it.
                if std::mem::replace(&mut self.manager_mut(manager).lined_up_at, at) != at {
                    while let Some(earlier) = self.best_that_may_start(manager) {
                        self.grant(earlier);
                    }
                }
                self.job_mut(job).wait = None;
                self.line_up(job);
                self.tell_order(job);
            }
            Due::Limit(job) => {
                let record = self.job_mut(job);
                record.limit = None;
                record.timed_out = true;
                let last = f64::from(record.attempt) > record.retry.limit;
                self.acts.push(Act::Abort(job, AbortCause::Timeout, last));
                self.wake_sleepers(job);
                self.tell_of_job(job, Event::Stopping);
                self.await_abandonment(job);
            }
            Due::Abandonment(job) => {
                let is_stopped = self.job(job).stop.is_some();
                let completion = if is_stopped { CompletionType::Cancelled } else { CompletionType::Failed };
                self.end(job, completion, true);
            }
            Due::Waiter(waiter) => {
                self.waiters[waiter.0 as usize].over = true;
                self.acts.push(Act::WaitOver(waiter));
            }
        }
        true
    }
}

#[derive(Clone, Copy)]
enum Due {
    Wait(JobId),
    Limit(JobId),
    Abandonment(JobId),
    Waiter(WaiterId),
}

/// One that was begun an interval ago counts no longer.
fn note_call(start: Option<&mut u64>, limit: Option<(f64, f64)>, now: u64) {
    if let Some(start) = start
        && limit.filter(|(limit, _)| limit.is_finite()).is_none_or(|(_, interval)| *start + micros(interval) > now)
    {
        *start = now.max(*start);
    }
}
