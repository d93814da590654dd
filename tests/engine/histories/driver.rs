//! Feeds each command to the engine and to the model, compares what they make of it, and does what a driver does: keeps
//! the bodies that run, applies effects in order, late if it likes, and recycles when none is left.

use std::collections::VecDeque;

use jobgate::engine::{Command, Effect, Effects, Engine, JobId, JobStatus, KeyId, ListenerId, ManagerId, Reply, Time};

use super::numbers::{KeyNumbers, Numbers};
use crate::model::{Act, Model, News};

/// One effect in the terms of the model.
#[derive(Debug, Clone, PartialEq)]
pub enum Meaning {
    Act(Act),
    /// A job's end, and who goes on there.
    Ended(Act, Vec<(ListenerId, News)>),
    Told(Vec<(ListenerId, News)>),
    Wake(Option<Time>),
}

#[derive(Debug)]
struct Queued {
    effect: Effect,
    targets: Vec<ListenerId>,
    meaning: Meaning,
}

#[derive(Debug, Default)]
pub struct Driver {
    pub engine: Engine,
    pub model: Model,
    pub now: u64,
    pub(super) managers: Numbers,
    pub(super) jobs: Numbers,
    pub(super) emitters: Numbers,
    pub(super) listeners: Numbers,
    pub(super) waiters: Numbers,
    pub(super) keys: KeyNumbers,
    effects: Effects,
    line: VecDeque<Queued>,
    /// Bodies that run, with their attempts.
    pub bodies: Vec<(JobId, u32)>,
    /// Bodies that go on after the end of their jobs.
    pub abandoned: Vec<(JobId, u32)>,
    /// Jobs whose caller has been asked whether to retry.
    pub asked: Vec<JobId>,
    /// The latest value that a command brought.
    pub(super) value: u32,
    /// Jobs whose end has been announced.
    ended: Vec<JobId>,
    /// When the engine wants to be woken.
    pub wake: Option<Time>,
}

/// Exact below 2^52: half a microsecond more, rounded down.
pub fn time(micros: u64) -> Time {
    Time::from_millis((micros as f64 + 0.5) / 1000.0)
}

impl Driver {
    /// Sends a command in the model's ids, unless it speaks of a number that means something else by now.
    pub fn send(&mut self, command: Command<'_>) -> Option<Reply> {
        if !self.may_send(&command) {
            return None;
        }
        let versions: Vec<u32> = self.model.manager_ids().map(|manager| self.version(manager)).collect();
        let expected = self.model.handle(self.now, &command);
        if matches!(command, Command::Tick) {
            self.wake = None; // the timer has gone off
        }
        let before = expected.is_err().then(|| format!("{:?}", self.engine));
        let in_numbers = self.in_numbers(command);
        let reply = self.engine.handle(time(self.now), in_numbers, &mut self.effects);
        if let Some(before) = before {
            assert_eq!(format!("{:?}", self.engine), before, "{command:?} was refused and has changed something");
            assert!(self.effects.as_slice().is_empty(), "{command:?} was refused and has effects");
        }
        let reply = match (reply, expected) {
            (Ok(reply), Ok(expected)) => {
                let reply = self.in_ids(reply, expected);
                assert_eq!(reply, expected, "reply to {command:?}");
                if let Reply::Created { job, started: true, .. } = reply {
                    self.begin(job, 1);
                }
                Some(reply)
            }
            (reply, expected) => {
                assert_eq!(reply.map(|_| ()), expected.map(|_| ()), "reply to {command:?}");
                None
            }
        };
        self.take_effects(&command);
        self.check(&command, &versions);
        reply
    }

    fn take_effects(&mut self, command: &Command<'_>) {
        let mut acts = Vec::new();
        let mut told = Vec::new();
        for effect in self.effects.as_slice() {
            let targets = match effect {
                Effect::Deliver { to, .. } | Effect::Event { to, .. } | Effect::Ended { continuations: to, .. } => {
                    self.effects.targets(*to).to_vec()
                }
                _ => Vec::new(),
            };
            let meaning = self.meaning(effect, &targets);
            match &meaning {
                Meaning::Act(act) => acts.push(*act),
                Meaning::Ended(act, continued) => {
                    acts.push(*act);
                    told.extend(continued.iter().copied());
                }
                Meaning::Told(news) => told.extend(news.iter().copied()),
                Meaning::Wake(at) => {
                    let needed = self.model.next_deadline().map(time);
                    assert_eq!(*at, needed, "woken for nothing after {command:?}");
                    self.wake = *at;
                }
            }
            self.line.push_back(Queued { effect: *effect, targets, meaning });
        }
        for act in &acts {
            if let Act::Ended { job, abandoned: true, .. } = act {
                self.let_go_of_body(*job);
            }
        }
        self.effects.clear();
        super::checks::same_acts(&self.model, command, &acts);
        super::checks::same_news(&self.model, command, &told);
    }

    // ── applying ────────────────────────────────────────────────────────────────────────────────

    /// Applies the first effect in line; false if there is none.
    pub fn apply(&mut self) -> bool {
        let Some(Queued { effect, targets, meaning }) = self.line.pop_front() else { return false };
        let meaning_now = self.meaning(&effect, &targets);
        assert_eq!(meaning_now, meaning, "{effect:?} has come to mean something else before it was applied");
        match meaning {
            Meaning::Act(Act::Start(job, attempt)) => {
                if self.send(Command::Begin(job)) == Some(Reply::Done) {
                    self.begin(job, attempt);
                }
            }
            Meaning::Act(Act::Abort(job, ..)) => {
                assert!(!self.ended.contains(&job), "{job:?} is aborted after its end");
            }
            Meaning::Act(Act::AskRetry(job, _)) => self.asked.push(job),
            Meaning::Ended(Act::Ended { job, .. }, _) => {
                assert!(!self.bodies.iter().any(|(body, _)| *body == job), "{job:?} has ended before its body settled");
                assert!(!self.ended.contains(&job), "{job:?} ends twice");
                self.ended.push(job);
            }
            Meaning::Act(Act::Forgotten(job)) => assert!(self.ended.contains(&job), "{job:?} forgotten before its end"),
            Meaning::Act(_) | Meaning::Ended(..) | Meaning::Told(_) | Meaning::Wake(_) => {}
        }
        true
    }

    fn begin(&mut self, job: JobId, attempt: u32) {
        assert!(!self.ended.contains(&job), "{job:?} starts after its end");
        assert!(!self.bodies.iter().any(|(body, _)| *body == job), "{job:?} starts while its last attempt runs");
        assert!(attempt >= 1, "attempts count from 1");
        self.bodies.push((job, attempt));
    }

    /// It goes on, and may say that it has settled.
    fn let_go_of_body(&mut self, job: JobId) {
        let left: Vec<(JobId, u32)> = self.bodies.extract_if(.., |(body, _)| *body == job).collect();
        assert_eq!(left.len(), 1, "{job:?} was abandoned without a body");
        self.abandoned.extend(left);
    }

    /// Applies all that is in line.
    pub fn drain(&mut self) {
        while self.apply() {}
    }

    /// Only when the line is empty. Numbers of what is gone are free from here on.
    pub fn recycle(&mut self) {
        assert!(self.line.is_empty(), "recycled before everything was applied");
        self.send(Command::Recycle);
        let model = &self.model;
        self.jobs.forget(|job| model.job(JobId(job)).forgotten);
        self.managers.forget(|manager| model.manager(ManagerId(manager)).gone);
        self.listeners.forget(|listener| model.listeners[listener as usize].left);
        self.emitters.forget(|emitter| model.emitters[emitter as usize].dropped);
        self.waiters.forget(|waiter| model.waiters[waiter as usize].over);
        let engine = &self.engine;
        self.keys.release(|number| engine.is_vacant(KeyId(number)));
        for job in model.job_ids().filter(|job| model.job(*job).forgotten && self.jobs.may_speak_of(job.0)) {
            let number = JobId(self.jobs.number(job.0));
            assert!(self.jobs.is_named(job.0) || engine.status(number).is_none(), "{job:?} is still in a table");
        }
    }

    pub fn is_drained(&self) -> bool {
        self.line.is_empty()
    }

    pub(super) fn version(&self, manager: ManagerId) -> u32 {
        self.engine.version(ManagerId(self.managers.number(manager.0)))
    }

    pub(super) fn is_running(&self, job: JobId) -> bool {
        self.model.status(job) == JobStatus::Running
    }
}
