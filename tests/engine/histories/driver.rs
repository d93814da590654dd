//! Feeds each command to the engine and to the model, compares what they make of it, and does what a driver does: keeps
//! the bodies that run, applies effects in order, late if it likes, and recycles when none is left.

use std::collections::VecDeque;

use jobgate::engine::{
    Command, Effect, Effects, EmitterId, Engine, JobId, JobStatus, KeyId, ListenerId, ManagerId, Reply, Source, Time,
    WaiterId,
};

use super::numbers::{KeyNumbers, Numbers};
use crate::model::{Act, Model, News};

/// One effect in the terms of the model.
#[derive(Debug, Clone, PartialEq)]
pub enum Meaning {
    Act(Act),
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
    /// Jobs whose caller has been asked whether to retry.
    pub asked: Vec<JobId>,
    /// Jobs that have started at least once, and those whose end has been announced.
    begun: Vec<JobId>,
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
                Effect::Deliver { to, .. } | Effect::Event { to, .. } => self.effects.targets(*to).to_vec(),
                _ => Vec::new(),
            };
            let meaning = self.meaning(effect, &targets);
            match &meaning {
                Meaning::Act(act) => acts.push(*act),
                Meaning::Told(news) => told.extend(news.iter().copied()),
                Meaning::Wake(at) => {
                    let needed = self.model.next_deadline().map(time);
                    assert_eq!(*at, needed, "woken for nothing after {command:?}");
                    self.wake = *at;
                }
            }
            self.line.push_back(Queued { effect: *effect, targets, meaning });
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
            Meaning::Act(Act::Start(job, attempt)) => self.begin(job, attempt),
            Meaning::Act(Act::Abort(job, _)) => {
                assert!(self.begun.contains(&job), "{job:?} is aborted and never ran");
            }
            Meaning::Act(Act::AskRetry(job)) => self.asked.push(job),
            Meaning::Act(Act::Ended { job, .. }) => {
                assert!(!self.bodies.iter().any(|(body, _)| *body == job), "{job:?} has ended before its body settled");
                assert!(!self.ended.contains(&job), "{job:?} ends twice");
                self.ended.push(job);
            }
            Meaning::Act(Act::Forgotten(job)) => assert!(self.ended.contains(&job), "{job:?} forgotten before its end"),
            Meaning::Act(_) | Meaning::Told(_) | Meaning::Wake(_) => {}
        }
        true
    }

    fn begin(&mut self, job: JobId, attempt: u32) {
        assert!(!self.ended.contains(&job), "{job:?} starts after its end");
        assert!(!self.bodies.iter().any(|(body, _)| *body == job), "{job:?} starts while its last attempt runs");
        assert!(attempt >= 1, "attempts count from 1");
        self.begun.push(job);
        self.bodies.push((job, attempt));
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

    // ── translating ─────────────────────────────────────────────────────────────────────────────

    /// Whether every id in it still means what it meant, or nothing at all.
    fn may_send(&self, command: &Command<'_>) -> bool {
        let job = |job: JobId| self.jobs.may_speak_of(job.0);
        let manager = |manager: ManagerId| self.managers.may_speak_of(manager.0);
        // Emitters that no host sees share their numbers with those that one holds.
        let emitter = |emitter: EmitterId| self.emitters.is_named(emitter.0);
        match *command {
            Command::CreateManager(_) | Command::CreateEmitter | Command::Tick | Command::Recycle => true,
            Command::DropManager(id)
            | Command::Run { manager: id, .. }
            | Command::StopAll(id)
            | Command::Close(id)
            | Command::SetConcurrency { manager: id, .. }
            | Command::Pause(id)
            | Command::Resume(id)
            | Command::AwaitEmpty(id)
            | Command::AwaitIdle(id) => manager(id),
            Command::Settle { job: id, .. }
            | Command::Retry { job: id, .. }
            | Command::Stop(id)
            | Command::SetPriority { job: id, .. }
            | Command::AwaitStop { job: id, .. }
            | Command::SetState { job: id, .. }
            | Command::Progress { job: id, .. }
            | Command::Log { job: id, .. }
            | Command::Dispatch(id) => job(id),
            Command::DropEmitter(id) | Command::Emit(id) | Command::Open(id) => emitter(id),
            Command::Unlisten(ListenerId(id)) => self.listeners.may_speak_of(id),
            Command::Listen { source, .. } => match source {
                Source::Emitter(id) => emitter(id),
                Source::Job(id) => job(id),
                Source::Manager(id) => manager(id),
                Source::Key(_) => true,
            },
        }
    }

    fn in_numbers<'a>(&mut self, command: Command<'a>) -> Command<'a> {
        let mut command = command;
        match &mut command {
            Command::CreateManager(_) | Command::CreateEmitter | Command::Tick | Command::Recycle => {}
            Command::Run { manager, key, .. } => {
                manager.0 = self.managers.number(manager.0);
                key.0 = self.keys.number(key.0);
            }
            Command::DropManager(id)
            | Command::StopAll(id)
            | Command::Close(id)
            | Command::SetConcurrency { manager: id, .. }
            | Command::Pause(id)
            | Command::Resume(id)
            | Command::AwaitEmpty(id)
            | Command::AwaitIdle(id) => id.0 = self.managers.number(id.0),
            Command::Settle { job: id, .. }
            | Command::Retry { job: id, .. }
            | Command::Stop(id)
            | Command::SetPriority { job: id, .. }
            | Command::AwaitStop { job: id, .. }
            | Command::SetState { job: id, .. }
            | Command::Progress { job: id, .. }
            | Command::Log { job: id, .. }
            | Command::Dispatch(id) => id.0 = self.jobs.number(id.0),
            Command::DropEmitter(id) | Command::Emit(id) | Command::Open(id) => id.0 = self.emitters.number(id.0),
            Command::Unlisten(id) => id.0 = self.listeners.number(id.0),
            Command::Listen { source, .. } => match source {
                Source::Emitter(id) => id.0 = self.emitters.number(id.0),
                Source::Job(id) => id.0 = self.jobs.number(id.0),
                Source::Manager(id) => id.0 = self.managers.number(id.0),
                Source::Key(id) => id.0 = self.keys.number(id.0),
            },
        }
        command
    }

    /// A new number is taken down under the id that the model has given.
    fn in_ids(&mut self, reply: Reply, expected: Reply) -> Reply {
        match (reply, expected) {
            (Reply::Created { job: number, serial, started }, Reply::Created { job, .. }) => {
                self.jobs.name(job.0, number.0);
                Reply::Created { job, serial, started }
            }
            (Reply::Manager(number), Reply::Manager(id)) => {
                self.managers.name(id.0, number.0);
                expected
            }
            (Reply::Emitter(number), Reply::Emitter(id)) => {
                self.emitters.name(id.0, number.0);
                expected
            }
            (Reply::Listener { listener: number, kept }, Reply::Listener { listener, .. }) => {
                self.listeners.name(listener.0, number.0);
                Reply::Listener { listener, kept }
            }
            (Reply::Waiter(number), Reply::Waiter(id)) => {
                self.waiters.name(id.0, number.0);
                expected
            }
            (Reply::AlreadyRunning(number), _) => Reply::AlreadyRunning(self.job(number)),
            (reply, _) => reply,
        }
    }

    fn job(&self, JobId(number): JobId) -> JobId {
        JobId(self.jobs.id(number))
    }

    fn source(&self, source: Source) -> Source {
        match source {
            Source::Emitter(EmitterId(number)) => Source::Emitter(EmitterId(self.emitters.id(number))),
            Source::Job(number) => Source::Job(self.job(number)),
            Source::Manager(ManagerId(number)) => Source::Manager(ManagerId(self.managers.id(number))),
            Source::Key(KeyId(number)) => Source::Key(KeyId(self.keys.key(number))),
        }
    }

    fn meaning(&self, effect: &Effect, targets: &[ListenerId]) -> Meaning {
        let manager = |ManagerId(number): ManagerId| ManagerId(self.managers.id(number));
        let listeners = targets.iter().map(|ListenerId(number)| ListenerId(self.listeners.id(*number)));
        Meaning::Act(match *effect {
            Effect::Start { job, attempt } => Act::Start(self.job(job), attempt),
            Effect::Abort { job, cause } => Act::Abort(self.job(job), cause),
            Effect::AskRetry { job } => Act::AskRetry(self.job(job)),
            Effect::Ended { job, completion, cause, forgotten } => {
                Act::Ended { job: self.job(job), completion, cause, forgotten }
            }
            Effect::Forgotten { job, manager: number } => {
                let job = self.job(job);
                assert_eq!(manager(number), self.model.job(job).manager, "whose {job:?} is");
                Act::Forgotten(job)
            }
            Effect::Standing { key, job } => Act::Standing(KeyId(self.keys.key(key.0)), self.job(job)),
            Effect::Empty { manager: number } => Act::Empty(manager(number)),
            Effect::Idle { manager: number } => Act::Idle(manager(number)),
            Effect::StopTimedOut { waiter } => Act::StopTimedOut(WaiterId(self.waiters.id(waiter.0))),
            Effect::Wake { at } => return Meaning::Wake(at),
            Effect::Deliver { source, channel, standing, .. } => {
                let news = News::Call(self.source(source), channel, standing.map(|job| self.job(job)));
                return Meaning::Told(listeners.map(|listener| (listener, news)).collect());
            }
            Effect::Event { event, job, source, .. } => {
                let news = News::Event(self.source(source), event, job.map(|job| self.job(job)));
                return Meaning::Told(listeners.map(|listener| (listener, news)).collect());
            }
        })
    }

    pub(super) fn version(&self, manager: ManagerId) -> u32 {
        self.engine.version(ManagerId(self.managers.number(manager.0)))
    }

    pub(super) fn is_running(&self, job: JobId) -> bool {
        self.model.status(job) == JobStatus::Running
    }
}
