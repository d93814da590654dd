//! How a job comes in, waits in line, and who of those who wait starts next.

use jobgate::engine::{
    AbortCause, Channel, CompletionType, Event, JobId, KeyId, ManagerId, OnDuplicate, Refusal, Reply, RunOptions,
    Source,
};

use super::life::micros;
use super::{Job, Model, Phase, bounds};

/// What is said here, else what the manager's defaults say.
fn over(options: &RunOptions, defaults: &RunOptions) -> RunOptions {
    RunOptions {
        priority: options.priority.or(defaults.priority),
        timeout: options.timeout.or(defaults.timeout),
        retry: options.retry.or(defaults.retry),
        delay: options.delay.or(defaults.delay),
        abandon_after: options.abandon_after.or(defaults.abandon_after),
        group: options.group.clone().or_else(|| defaults.group.clone()),
        on_duplicate: options.on_duplicate.or(defaults.on_duplicate),
        aborted: options.aborted,
        may_wait_alone: options.may_wait_alone,
    }
}

impl Model {
    pub(super) fn run(&mut self, manager: ManagerId, key: KeyId, asked: Option<&RunOptions>) -> Result<Reply, Refusal> {
        if self.manager(manager).closed || self.manager(manager).gone {
            return Err(Refusal::Closed);
        }
        let asked = asked.cloned().unwrap_or_default();
        bounds::run(&asked)?;
        let options = over(&asked, &self.manager(manager).options.defaults);
        let policy = options.on_duplicate.unwrap_or(OnDuplicate::Join);
        let standing = self.standing(key);
        if let Some(standing) = standing {
            match policy {
                OnDuplicate::Reject => return Err(Refusal::Duplicate),
                OnDuplicate::Join => {
                    let is_stopped = self.job(standing).stop.is_some();
                    if let Some(joined) = if is_stopped { self.waiting(key) } else { Some(standing) } {
                        if let Some(priority) = asked.priority.filter(|priority| *priority > self.job(joined).priority)
                        {
                            self.set_priority(joined, priority);
                        }
                        return Ok(Reply::AlreadyRunning(joined));
                    }
                }
                OnDuplicate::Replace | OnDuplicate::Queue => {}
            }
        }
        // Pending ones that make room for this one: who waits behind the key, and who is replaced before it ran.
        let waiting = self.waiting(key);
        let replaced = standing.filter(|_| policy == OnDuplicate::Replace);
        let replaced_unstarted = replaced.filter(|job| self.job(*job).phase == Phase::Pending);
        let leaving = u32::from(waiting.is_some()) + u32::from(replaced_unstarted.is_some());
        let starts_at_once = (standing.is_none() || replaced_unstarted.is_some())
            && options.delay.unwrap_or(0.0) == 0.0
            && self.may_start_more(manager)
            && self.group_has_room(manager, options.group.as_deref());
        let places = self.manager(manager).options.max_pending.max(if options.may_wait_alone { 1.0 } else { 0.0 });
        if !options.aborted && !starts_at_once && f64::from(self.stats(manager).pending - leaving) >= places {
            return Err(Refusal::QueueFull);
        }

        let job = self.create(manager, key, &options);
        let reply = Reply::Created { job, serial: u64::from(job.0) + 1, started: false };
        if options.aborted {
            self.job_mut(job).stop = Some(AbortCause::Stop);
            self.end(job, CompletionType::Cancelled, false);
            return Ok(reply);
        }
        self.newborn = Some(job);
        if let Some(delay) = options.delay.filter(|delay| *delay > 0.0) {
            self.job_mut(job).wait = Some(self.alarm(micros(delay)));
        }
        if standing.is_none() {
            self.job_mut(job).stands = true;
            self.tell(Source::Key(key), Channel::Key);
            self.line_up(job);
        } else {
            if let Some(waiting) = waiting {
                self.job_mut(waiting).behind_key = false;
                self.stop(waiting, AbortCause::Replaced);
            }
            self.job_mut(job).behind_key = true;
            if let Some(replaced) = replaced {
                self.stop(replaced, AbortCause::Replaced);
            }
        }
        Ok(reply)
    }

    fn create(&mut self, manager: ManagerId, key: KeyId, options: &RunOptions) -> JobId {
        let job = JobId(self.jobs.len() as u32);
        self.jobs.push(Job {
            manager,
            key,
            priority: options.priority.unwrap_or(0.0),
            group: options.group.clone(),
            timeout: options.timeout.filter(|timeout| timeout.is_finite()).map(micros),
            abandon_after: options.abandon_after.filter(|after| after.is_finite()).map(micros),
            retry: options.retry.unwrap_or_default(),
            phase: Phase::Pending,
            attempt: 0,
            start: 0,
            group_start: 0,
            wait: None,
            limit: None,
            granted: 0,
            abandon: None,
            in_line: None,
            stands: false,
            behind_key: false,
            stop: None,
            timed_out: false,
            kept: 0,
            forgotten: false,
        });
        self.tell_of_job(job, Event::Created);
        job
    }

    pub(super) fn set_priority(&mut self, job: JobId, priority: f64) -> Reply {
        if self.has_ended(job) {
            return Reply::Ignored;
        }
        if self.job(job).priority != priority {
            self.job_mut(job).priority = priority;
            if self.job(job).in_line.is_some() {
                self.line_up(job);
            }
            self.tell_order(job);
        }
        Reply::Done
    }

    /// To the back of the line, if nothing but a slot is waited for.
    pub(super) fn line_up(&mut self, job: JobId) {
        self.counter += 1;
        let place = self.counter;
        let job = self.job_mut(job);
        if job.wait.is_none() && !job.behind_key {
            job.in_line = Some(place);
            let manager = job.manager;
            self.stirred.push(manager);
        }
    }

    // ── who starts next ─────────────────────────────────────────────────────────────────────────

    fn has_slot(&self, manager: ManagerId) -> bool {
        let record = self.manager(manager);
        !record.paused && f64::from(self.stats(manager).running) < record.concurrency
    }

    fn group_has_room(&self, manager: ManagerId, group: Option<&str>) -> bool {
        self.group_has_slot(manager, group) && self.group_rate_allows_at(manager, group).has_come(self.now)
    }

    fn group_has_slot(&self, manager: ManagerId, group: Option<&str>) -> bool {
        let Some(group) = group else { return true };
        let takes_slot = |job: &&Job| {
            job.manager == manager
                && matches!(job.phase, Phase::Granted | Phase::Running | Phase::Deciding)
                && job.group.as_deref() == Some(group)
        };
        let running = self.jobs.iter().filter(takes_slot).count();
        (running as f64) < self.manager(manager).options.group_concurrency
    }

    /// Those that have a slot and whose bodies are still to be called.
    pub(super) fn granted(&self, manager: ManagerId) -> usize {
        self.jobs_of(manager).filter(|job| self.job(*job).phase == Phase::Granted).count()
    }

    fn granted_of_group(&self, manager: ManagerId, group: &str) -> usize {
        let is_granted =
            |job: &JobId| self.job(*job).phase == Phase::Granted && self.job(*job).group.as_deref() == Some(group);
        self.jobs_of(manager).filter(is_granted).count()
    }

    fn rate_allows_at(&self, manager: ManagerId) -> Opening {
        let record = self.manager(manager);
        opening(record.rate_limit, &record.starts, self.granted(manager))
    }

    fn group_rate_allows_at(&self, manager: ManagerId, group: Option<&str>) -> Opening {
        let Some(group) = group else { return Opening::Open };
        let record = self.manager(manager);
        let starts = record.group_starts.get(group).map(Vec::as_slice).unwrap_or_default();
        opening(record.options.group_rate_limit, starts, self.granted_of_group(manager, group))
    }

    fn may_start_more(&self, manager: ManagerId) -> bool {
        self.has_slot(manager) && self.rate_allows_at(manager).has_come(self.now)
    }

    /// Highest priority, then longest in line, among those that their group lets start.
    fn best_in_line(&self, manager: ManagerId) -> Option<JobId> {
        let mut best: Option<(f64, u64, JobId)> = None;
        for job in self.jobs_of(manager) {
            let Some(place) = self.job(job).in_line else { continue };
            let priority = self.job(job).priority;
            let beats = best.is_none_or(|(most, first, _)| priority > most || (priority == most && place < first));
            if beats && self.group_has_room(manager, self.job(job).group.as_deref()) {
                best = Some((priority, place, job));
            }
        }
        best.map(|(_, _, job)| job)
    }

    pub(super) fn best_that_may_start(&self, manager: ManagerId) -> Option<JobId> {
        self.may_start_more(manager).then(|| self.best_in_line(manager)).flatten()
    }

    /// While the manager's rate limit alone holds jobs back: until when.
    pub(super) fn limited_until(&self, manager: ManagerId) -> Option<u64> {
        let could_start = !self.manager(manager).gone && self.has_slot(manager) && self.best_in_line(manager).is_some();
        match self.rate_allows_at(manager) {
            Opening::At(at) if could_start && at > self.now => Some(at),
            _ => None,
        }
    }

    /// When rate limits, the manager's or a group's, let a job start that nothing else holds back.
    pub(super) fn rate_window(&self, manager: ManagerId) -> Option<u64> {
        if self.manager(manager).gone || !self.has_slot(manager) {
            return None;
        }
        let in_line = self.jobs_of(manager).filter(|job| self.job(*job).in_line.is_some());
        let window = |job: JobId| {
            let group = self.job(job).group.as_deref();
            if !self.group_has_slot(manager, group) {
                return None;
            }
            match (self.group_rate_allows_at(manager, group), self.rate_allows_at(manager)) {
                (Opening::AfterGranted, _) | (_, Opening::AfterGranted) | (Opening::Open, Opening::Open) => None,
                (Opening::At(at), Opening::Open) | (Opening::Open, Opening::At(at)) => Some(at),
                (Opening::At(group), Opening::At(manager)) => Some(group.max(manager)),
            }
        };
        in_line.filter_map(window).min()
    }
}

/// When a rate limit lets one more start.
#[derive(Clone, Copy)]
enum Opening {
    Open,
    At(u64),
    /// The start that has to lie an interval back is still to come.
    AfterGranted,
}

impl Opening {
    fn has_come(self, now: u64) -> bool {
        match self {
            Self::Open => true,
            Self::At(at) => at <= now,
            Self::AfterGranted => false,
        }
    }
}

/// When as many starts as are allowed lie an interval back, those granted being later than all.
fn opening(limit: Option<(f64, f64)>, starts: &[u64], granted: usize) -> Opening {
    let Some((limit, interval)) = limit.filter(|(limit, _)| limit.is_finite()) else { return Opening::Open };
    let Some(oldest_that_counts) = (starts.len() + granted).checked_sub(limit as usize) else { return Opening::Open };
    starts.get(oldest_that_counts).map_or(Opening::AfterGranted, |start| Opening::At(start + micros(interval)))
}
