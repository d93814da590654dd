//! Between the model's ids and the engine's numbers.

use jobgate::engine::{
    Channel, Command, Effect, EmitterId, JobId, KeyId, ListenerId, ManagerId, Reply, Source, ValueId, WaiterId,
};

use super::driver::{Driver, Meaning};
use crate::model::{Act, News};

impl Driver {
    /// Whether every id in it still means what it meant, or nothing at all.
    pub(super) fn may_send(&self, command: &Command<'_>) -> bool {
        let job = |job: JobId| self.jobs.may_speak_of(job.0);
        let manager = |manager: ManagerId| self.managers.may_speak_of(manager.0);
        // Emitters that no host sees share their numbers with those that one holds.
        let emitter = |emitter: EmitterId| self.emitters.is_named(emitter.0);
        match *command {
            Command::CreateManager(_)
            | Command::CreateEmitter
            | Command::StopKey(_)
            | Command::Tick
            | Command::Recycle => true,
            Command::DropManager(id)
            | Command::Run { manager: id, .. }
            | Command::StopAll(id)
            | Command::StopPending(id)
            | Command::Close(id)
            | Command::SetConcurrency { manager: id, .. }
            | Command::SetRateLimit { manager: id, .. }
            | Command::NoteStart { manager: id, .. }
            | Command::Pause(id)
            | Command::Resume(id)
            | Command::AwaitPendingBelow { manager: id, .. }
            | Command::AwaitIdle(id) => manager(id),
            Command::Settle { job: id, .. }
            | Command::Retry { job: id, .. }
            | Command::Called(id)
            | Command::Stop(id)
            | Command::SetPriority { job: id, .. }
            | Command::AwaitStop { job: id, .. }
            | Command::Sleep { job: id, .. }
            | Command::SetState { job: id, .. }
            | Command::Progress { job: id, .. }
            | Command::Log { job: id, .. }
            | Command::Begin(id)
            | Command::Forget(id)
            | Command::Dispatch { job: id, .. } => job(id),
            Command::DropEmitter(id) | Command::Emit { emitter: id, .. } | Command::Open { emitter: id, .. } => {
                emitter(id)
            }
            Command::Unlisten(ListenerId(id)) => self.listeners.may_speak_of(id),
            Command::Listen { source, .. } => match source {
                Source::Emitter(id) => emitter(id),
                Source::Job(id) => job(id),
                Source::Manager(id) => manager(id),
                Source::Key(_) => true,
            },
        }
    }

    pub(super) fn in_numbers<'a>(&mut self, command: Command<'a>) -> Command<'a> {
        let mut command = command;
        match &mut command {
            Command::CreateManager(_) | Command::CreateEmitter | Command::Tick | Command::Recycle => {}
            Command::Run { manager, key, .. } => {
                manager.0 = self.managers.number(manager.0);
                key.0 = self.keys.number(key.0);
            }
            Command::StopKey(key) => key.0 = self.keys.number(key.0),
            Command::DropManager(id)
            | Command::StopAll(id)
            | Command::StopPending(id)
            | Command::Close(id)
            | Command::SetConcurrency { manager: id, .. }
            | Command::SetRateLimit { manager: id, .. }
            | Command::NoteStart { manager: id, .. }
            | Command::Pause(id)
            | Command::Resume(id)
            | Command::AwaitPendingBelow { manager: id, .. }
            | Command::AwaitIdle(id) => id.0 = self.managers.number(id.0),
            Command::Settle { job: id, .. }
            | Command::Retry { job: id, .. }
            | Command::Called(id)
            | Command::Stop(id)
            | Command::SetPriority { job: id, .. }
            | Command::AwaitStop { job: id, .. }
            | Command::Sleep { job: id, .. }
            | Command::SetState { job: id, .. }
            | Command::Progress { job: id, .. }
            | Command::Log { job: id, .. }
            | Command::Begin(id)
            | Command::Forget(id)
            | Command::Dispatch { job: id, .. } => id.0 = self.jobs.number(id.0),
            Command::DropEmitter(id) | Command::Emit { emitter: id, .. } | Command::Open { emitter: id, .. } => {
                id.0 = self.emitters.number(id.0);
            }
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
    pub(super) fn in_ids(&mut self, reply: Reply, expected: Reply) -> Reply {
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

    pub(super) fn meaning(&self, effect: &Effect, targets: &[ListenerId]) -> Meaning {
        let manager = |ManagerId(number): ManagerId| ManagerId(self.managers.id(number));
        let listeners = targets.iter().map(|ListenerId(number)| ListenerId(self.listeners.id(*number)));
        Meaning::Act(match *effect {
            Effect::Start { job, attempt } => Act::Start(self.job(job), attempt),
            Effect::Abort { job, cause, last } => Act::Abort(self.job(job), cause, last),
            Effect::AskRetry { job, cause } => Act::AskRetry(self.job(job), cause),
            Effect::Ended { job, completion, cause, forgotten, abandoned, .. } => {
                let job = self.job(job);
                let news = News::Call(Source::Job(job), Channel::Continuation, None, ValueId::NONE);
                let continued = listeners.map(|listener| (listener, news)).collect();
                return Meaning::Ended(Act::Ended { job, completion, cause, forgotten, abandoned }, continued);
            }
            Effect::Forgotten { job, manager: number } => {
                let job = self.job(job);
                assert_eq!(manager(number), self.model.job(job).manager, "whose {job:?} is");
                Act::Forgotten(job)
            }
            Effect::PendingBelow { manager: number } => Act::PendingBelow(manager(number)),
            Effect::Idle { manager: number } => Act::Idle(manager(number)),
            Effect::WaitOver { waiter } => Act::WaitOver(WaiterId(self.waiters.id(waiter.0))),
            Effect::Wake { at } => return Meaning::Wake(at),
            Effect::Deliver { source, channel, about, value, .. } => {
                let news = News::Call(self.source(source), channel, about.map(|job| self.job(job)), value);
                return Meaning::Told(listeners.map(|listener| (listener, news)).collect());
            }
            Effect::Event { event, job, source, value, .. } => {
                let news = News::Event(self.source(source), event, job.map(|job| self.job(job)), value);
                return Meaning::Told(listeners.map(|listener| (listener, news)).collect());
            }
        })
    }
}
