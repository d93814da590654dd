//! What is compared and what must hold after every command.

use std::collections::BTreeMap;

use jobgate::engine::{Command, EmitterId, JobId, KeyId, ListenerId, ManagerId};

use super::driver::{Driver, time};
use crate::model::{Act, Model, News};

/// The order counts within a manager; what two managers do has none.
pub fn same_acts(model: &Model, command: &Command<'_>, acts: &[Act]) {
    let manager_of = |act: &Act| match *act {
        Act::Start(job, _) | Act::Abort(job, ..) | Act::AskRetry(job, _) | Act::Forgotten(job) => {
            model.job(job).manager
        }
        Act::Ended { job, .. } => model.job(job).manager,
        Act::PendingBelow(manager) | Act::Idle(manager) => manager,
        Act::WaitOver(waiter) => model.job(model.waiters[waiter.0 as usize].job).manager,
    };
    for manager in model.manager_ids() {
        let of_manager =
            |acts: &[Act]| -> Vec<Act> { acts.iter().copied().filter(|act| manager_of(act) == manager).collect() };
        assert_eq!(of_manager(acts), of_manager(&model.acts), "what {command:?} leads to in {manager:?}");
    }
}

/// Each listener hears what it should, in order.
pub fn same_news(model: &Model, command: &Command<'_>, told: &[(ListenerId, News)]) {
    let by_listener = |told: &[(ListenerId, News)]| {
        let mut heard: BTreeMap<ListenerId, Vec<News>> = BTreeMap::new();
        for (listener, news) in told {
            heard.entry(*listener).or_default().push(*news);
        }
        heard
    };
    assert_eq!(by_listener(told), by_listener(&model.told), "what listeners hear of {command:?}");
}

impl Driver {
    pub(super) fn check(&self, command: &Command<'_>, versions: &[u32]) {
        self.same_managers(command, versions);
        self.same_jobs();
        self.same_keys();
        self.same_emitters();
        self.rules_hold();
        let needed = self.model.next_deadline().map(time);
        match (needed, self.wake) {
            (None, wake) => assert_eq!(wake, None, "a timer is left for nothing after {command:?}"),
            (Some(needed), wake) => {
                assert!(wake.is_some_and(|wake| wake <= needed), "woken at {wake:?}, not at {needed:?}: {command:?}");
            }
        }
    }

    fn same_managers(&self, command: &Command<'_>, versions: &[u32]) {
        for manager in self.model.manager_ids().filter(|manager| self.managers.is_named(manager.0)) {
            let number = ManagerId(self.managers.number(manager.0));
            let record = self.model.manager(manager);
            if record.gone {
                assert_eq!(self.engine.stats(number), None, "{manager:?} is gone");
                continue;
            }
            assert_eq!(self.engine.stats(number), Some(self.model.stats(manager)), "statistics after {command:?}");
            assert_eq!(self.engine.is_paused(number), record.paused);
            let until = self.engine.rate_limited_until(number);
            assert_eq!(until, record.limited_until.map(time), "limit of {manager:?} after {command:?}");
            let jobs: Vec<JobId> = self.engine.jobs(number).map(|job| JobId(self.jobs.id(job.0))).collect();
            assert_eq!(jobs, self.model.jobs_of(manager).collect::<Vec<_>>(), "jobs listed after {command:?}");
            let order: Vec<JobId> =
                self.engine.order(number).into_iter().map(|job| JobId(self.jobs.id(job.0))).collect();
            assert_eq!(order, self.model.order(manager), "order after {command:?}");
            if let Some(version) = versions.get(manager.0 as usize) {
                let has_changed = self.engine.version(number) != *version;
                let should = self.model.changed.contains(&manager);
                assert_eq!(has_changed, should, "version of {manager:?} after {command:?}");
            }
        }
    }

    fn same_jobs(&self) {
        for job in self.model.job_ids().filter(|job| self.jobs.is_named(job.0)) {
            let number = JobId(self.jobs.number(job.0));
            let record = self.model.job(job);
            if record.forgotten {
                continue;
            }
            assert_eq!(self.engine.status(number), Some(self.model.status(job)), "status of {job:?}");
            assert_eq!(self.engine.is_stopping(number), self.model.is_stopping(job), "stopping of {job:?}");
            assert_eq!(self.engine.cause(number), record.cause(), "why {job:?} was asked to end");
            assert_eq!(self.engine.attempt(number), record.attempt, "attempt of {job:?}");
            assert_eq!(self.engine.ready_at(number), record.wait.map(|(at, _)| time(at)), "wait of {job:?}");
            assert_eq!(self.engine.priority(number).total_cmp(&record.priority), std::cmp::Ordering::Equal);
        }
    }

    fn same_keys(&self) {
        for (key, number) in self.keys.keys() {
            let (key, number) = (KeyId(key), KeyId(number));
            let id = |job: JobId| JobId(self.jobs.id(job.0));
            assert_eq!(self.engine.standing(number).map(id), self.model.standing(key), "who stands under {key:?}");
            assert_eq!(self.engine.waiting(number).map(id), self.model.waiting(key), "who waits behind {key:?}");
            assert_eq!(self.engine.is_vacant(number), self.model.is_vacant(key), "whether {key:?} is vacant");
        }
    }

    fn same_emitters(&self) {
        for (id, emitter) in (0..).zip(&self.model.emitters).filter(|(id, _)| self.emitters.is_named(*id)) {
            let number = EmitterId(self.emitters.number(id));
            assert_eq!(self.engine.listener_count(number), self.model.listener_count(EmitterId(id)));
            assert_eq!(self.engine.is_open(number), emitter.open && !emitter.dropped);
        }
    }

    /// The rules themselves, from what the engine says and from the bodies that run: no word of the model's but limits.
    fn rules_hold(&self) {
        for manager in self.model.manager_ids().filter(|manager| self.managers.is_named(manager.0)) {
            let Some(stats) = self.engine.stats(ManagerId(self.managers.number(manager.0))) else { continue };
            let sum = stats.pending + stats.running + stats.completed + stats.failed + stats.cancelled;
            assert_eq!(sum, stats.total, "statistics of {manager:?} do not add up");
            let bodies = self.bodies.iter().filter(|(job, _)| self.model.job(*job).manager == manager);
            assert!(bodies.count() as u32 <= stats.running, "{manager:?} has more bodies than slots taken");
            let starts = self
                .model
                .acts
                .iter()
                .any(|act| matches!(act, Act::Start(job, _) if self.model.job(*job).manager == manager));
            let limit = self.model.manager(manager).concurrency;
            assert!(!starts || f64::from(stats.running) <= limit, "{manager:?} starts more than its concurrency");
        }
        for (job, _) in &self.bodies {
            let record = self.model.job(*job);
            let standing = self.keys.known(record.key.0).and_then(|key| self.engine.standing(KeyId(key)));
            assert_eq!(standing, Some(JobId(self.jobs.number(job.0))), "{job:?} runs and has lost its key");
            assert!(self.is_running(*job), "{job:?} runs and has lost its slot");
            if let Some(group) = &record.group {
                let same_group = |(other, _): &&(JobId, u32)| {
                    let other = self.model.job(*other);
                    other.manager == record.manager && other.group.as_ref() == Some(group)
                };
                let running = self.bodies.iter().filter(same_group).count();
                let limit = self.model.manager(record.manager).options.group_concurrency;
                assert!(running as f64 <= limit, "group {group} runs {running} of {limit}");
            }
        }
    }
}
