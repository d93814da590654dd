//! Random histories of every command, the engine beside the model, everything compared after each step.

mod checks;
mod driver;
mod numbers;
mod ops;
mod translating;

use jobgate::engine::{
    Channel, Command, EmitterId, JobId, KeyId, ListenerId, ManagerId, ManagerOptions, Outcome, RunOptions, Source,
    ValueId,
};
use proptest::prelude::*;
#[cfg(target_family = "wasm")]
use wasm_bindgen_test::wasm_bindgen_test as test;

use driver::{Driver, time};
use ops::{Op, Pick};

const KEYS_OF_A_MANAGER: u32 = 8;

fn pick<T: Copy>(from: &[T], pick: Pick) -> Option<T> {
    from.get(usize::from(pick) % from.len().max(1)).copied()
}

impl Driver {
    /// Managers that somebody holds.
    fn a_manager(&self, choice: Pick) -> Option<ManagerId> {
        let held = |manager: &ManagerId| !self.model.manager(*manager).orphaned;
        pick(&self.model.manager_ids().filter(held).collect::<Vec<_>>(), choice)
    }

    /// Mostly one that goes on, often the oldest of those; now and then one that has ended or is forgotten.
    fn a_job(&self, choice: Pick) -> Option<JobId> {
        let goes_on = |job: &JobId| choice % 8 == 7 || !self.model.has_ended(*job);
        let jobs: Vec<JobId> = self.model.job_ids().filter(goes_on).collect();
        pick(&jobs, if choice % 8 < 3 { 0 } else { choice })
    }

    /// Mostly one that is kept.
    fn an_ended_job(&self, choice: Pick) -> Option<JobId> {
        let has_ended = |job: &JobId| choice % 8 == 7 || self.model.has_ended(*job) && !self.model.job(*job).forgotten;
        pick(&self.model.job_ids().filter(has_ended).collect::<Vec<_>>(), choice)
    }

    fn an_emitter(&self, choice: Pick) -> Option<EmitterId> {
        pick(&(0..self.model.emitters.len() as u32).map(EmitterId).collect::<Vec<_>>(), choice)
    }

    /// A key belongs to one manager.
    fn a_key(manager: ManagerId, key: u8) -> KeyId {
        KeyId(manager.0 * KEYS_OF_A_MANAGER + u32::from(key))
    }

    fn an_attempt(&self, job: JobId, superseded: bool) -> u32 {
        self.model.job(job).attempt.saturating_sub(u32::from(superseded))
    }

    /// One that no other command has brought.
    fn a_value(&mut self) -> ValueId {
        self.value += 1;
        ValueId(self.value)
    }

    /// `None`: there is nothing that this could happen to.
    fn step(&mut self, op: &Op) -> Option<()> {
        match *op {
            Op::CreateManager(ref options) => self.send(Command::CreateManager(options))?,
            Op::DropManager(choice) => self.send(Command::DropManager(self.a_manager(choice)?))?,
            Op::Run { manager, key, ref options } => {
                let manager = self.a_manager(manager)?;
                self.send(Command::Run { manager, key: Self::a_key(manager, key), options: options.as_ref() })?
            }
            Op::Settle(choice, outcome) => {
                let (job, attempt) = pick(&self.bodies, choice)?;
                self.bodies.retain(|body| *body != (job, attempt));
                self.send(Command::Settle { job, attempt, outcome })?
            }
            Op::Called(choice) => self.send(Command::Called(self.a_job(choice)?))?,
            Op::SettleAny(choice, outcome) => {
                let job = self.a_job(choice)?;
                let runs = self.bodies.iter().any(|(body, _)| *body == job);
                // A body that runs is settled above; of its job, only an attempt that is over is told of here.
                let attempt = self.an_attempt(job, runs);
                self.send(Command::Settle { job, attempt, outcome })?
            }
            Op::AnswerRetry { pick: choice, again, wait, eighths } => {
                let job = pick(&self.asked, choice)?;
                self.asked.retain(|asked| *asked != job);
                self.send(Command::Retry { job, again, wait, random: f64::from(eighths) / 8.0 })?
            }
            Op::RetryAny(choice) => {
                let job = self.a_job(choice).filter(|job| !self.is_running(*job))?;
                self.send(Command::Retry { job, again: true, wait: None, random: 0.5 })?
            }
            Op::Stop(choice) => self.send(Command::Stop(self.a_job(choice)?))?,
            Op::StopKey { manager, key } => {
                let key = Self::a_key(self.a_manager(manager)?, key);
                self.send(Command::StopKey(key))?
            }
            Op::StopAll(choice) => self.send(Command::StopAll(self.a_manager(choice)?))?,
            Op::StopPending(choice) => self.send(Command::StopPending(self.a_manager(choice)?))?,
            Op::Forget(choice) => self.send(Command::Forget(self.an_ended_job(choice)?))?,
            Op::Close(choice) => self.send(Command::Close(self.a_manager(choice)?))?,
            Op::SetPriority(choice, priority) => {
                self.send(Command::SetPriority { job: self.a_job(choice)?, priority })?
            }
            Op::SetConcurrency(choice, concurrency) => {
                self.send(Command::SetConcurrency { manager: self.a_manager(choice)?, concurrency })?
            }
            Op::SetRateLimit(choice, rate_limit) => {
                self.send(Command::SetRateLimit { manager: self.a_manager(choice)?, rate_limit })?
            }
            Op::NoteStart(choice, ago) => {
                let at = time(self.now.saturating_sub((ago * 1000.0) as u64));
                self.send(Command::NoteStart { manager: self.a_manager(choice)?, at })?
            }
            Op::Pause(choice) => self.send(Command::Pause(self.a_manager(choice)?))?,
            Op::Resume(choice) => self.send(Command::Resume(self.a_manager(choice)?))?,
            Op::AwaitPendingBelow(choice, size) => {
                self.send(Command::AwaitPendingBelow { manager: self.a_manager(choice)?, size })?
            }
            Op::AwaitIdle(choice) => self.send(Command::AwaitIdle(self.a_manager(choice)?))?,
            Op::Sleep(choice, time) => self.send(Command::Sleep { job: self.a_job(choice)?, time })?,
            Op::SettleAbandoned(choice, outcome) => {
                let (job, attempt) = pick(&self.abandoned, choice)?;
                self.send(Command::Settle { job, attempt, outcome })?
            }
            Op::AwaitStop(choice, timeout) => self.send(Command::AwaitStop { job: self.a_job(choice)?, timeout })?,
            Op::SetState { job, superseded } => {
                let job = self.a_job(job)?;
                let (attempt, value) = (self.an_attempt(job, superseded), self.a_value());
                self.send(Command::SetState { job, attempt, value })?
            }
            Op::Progress { job, superseded, percent } => {
                let job = self.a_job(job)?;
                let (attempt, value) = (self.an_attempt(job, superseded), self.a_value());
                self.send(Command::Progress { job, attempt, percent, value })?
            }
            Op::Log { job, superseded } => {
                let job = self.a_job(job)?;
                let (attempt, value) = (self.an_attempt(job, superseded), self.a_value());
                self.send(Command::Log { job, attempt, value })?
            }
            Op::Dispatch(choice) => {
                let (job, value) = (self.a_job(choice)?, self.a_value());
                self.send(Command::Dispatch { job, value })?
            }
            Op::CreateEmitter => self.send(Command::CreateEmitter)?,
            Op::DropEmitter(choice) => self.send(Command::DropEmitter(self.an_emitter(choice)?))?,
            Op::ListenToEmitter(choice) => {
                let source = Source::Emitter(self.an_emitter(choice)?);
                let kept = ValueId::NONE;
                self.send(Command::Listen { source, channel: Channel::Value, kept })?
            }
            Op::ListenToJob(choice, channel) => {
                let source = Source::Job(self.a_job(choice)?);
                let kept = self.a_value();
                self.send(Command::Listen { source, channel, kept })?
            }
            Op::ListenToManager(choice, channel) => {
                let source = Source::Manager(self.a_manager(choice)?);
                let kept = self.a_value();
                self.send(Command::Listen { source, channel, kept })?
            }
            Op::ListenToKey { manager, key } => {
                let source = Source::Key(Self::a_key(self.a_manager(manager)?, key));
                let kept = ValueId::NONE;
                self.send(Command::Listen { source, channel: Channel::Key, kept })?
            }
            Op::Unlisten(choice) => {
                let listeners: Vec<u32> = (0..self.model.listeners.len() as u32).collect();
                self.send(Command::Unlisten(ListenerId(pick(&listeners, choice)?)))?
            }
            Op::Emit(choice) => {
                let (emitter, value) = (self.an_emitter(choice)?, self.a_value());
                self.send(Command::Emit { emitter, value })?
            }
            Op::Open(choice) => {
                let (emitter, value) = (self.an_emitter(choice)?, self.a_value());
                self.send(Command::Open { emitter, value })?
            }
            Op::Pass(millis) => {
                self.now += (millis * 1000.0) as u64;
                return Some(());
            }
            Op::Tick => self.send(Command::Tick)?,
            Op::Wake => {
                self.sleep()?;
                self.send(Command::Tick)?
            }
            Op::Apply(count) => {
                let _ = (0..count).all(|_| self.apply());
                return Some(());
            }
            Op::Drain { recycle } => {
                self.drain();
                if recycle {
                    self.recycle();
                }
                return Some(());
            }
        };
        Some(())
    }

    /// Until the moment that the engine has asked to be woken at; `None` if it has asked for none.
    fn sleep(&mut self) -> Option<()> {
        let wake = (self.wake?.as_millis() * 1000.0).round() as u64;
        self.now = self.now.max(wake);
        Some(())
    }

    /// Lets everything come to its end: nothing may hang, nothing may be left.
    fn wind_up(&mut self, stop: bool) {
        let held: Vec<ManagerId> =
            self.model.manager_ids().filter(|manager| !self.model.manager(*manager).gone).collect();
        for manager in &held {
            self.send(Command::Resume(*manager));
            if stop {
                self.send(Command::StopAll(*manager));
            }
        }
        for _ in 0..10_000 {
            self.drain();
            self.recycle();
            for job in std::mem::take(&mut self.asked) {
                self.send(Command::Retry { job, again: false, wait: None, random: 0.0 });
            }
            for (job, attempt) in std::mem::take(&mut self.bodies) {
                self.send(Command::Settle { job, attempt, outcome: Outcome::Resolved });
            }
            if self.is_drained() {
                if self.sleep().is_none() {
                    break;
                }
                self.send(Command::Tick);
            }
        }
        let has_ended = |job| self.model.has_ended(job);
        assert!(self.model.job_ids().all(has_ended), "a job never ends");
        let answered = |manager: ManagerId| {
            let manager = self.model.manager(manager);
            manager.awaits_below == 0.0 && !manager.awaits_idle
        };
        assert!(self.model.manager_ids().all(answered), "someone waits for quiet for ever");

        for emitter in 0..self.model.emitters.len() as u32 {
            self.send(Command::DropEmitter(EmitterId(emitter)));
        }
        for listener in 0..self.model.listeners.len() as u32 {
            self.send(Command::Unlisten(ListenerId(listener)));
        }
        self.drain();
        self.recycle();
        let managers = || self.model.manager_ids().filter(|manager| !self.model.manager(*manager).gone);
        let kept: usize = managers().map(|manager| self.model.jobs_of(manager).count()).sum();
        let was_watched = |manager: &ManagerId| {
            self.model.listeners.iter().any(|listener| listener.source == Source::Manager(*manager))
        };
        let expected = managers().count() + kept + managers().filter(was_watched).count();
        // A group whose starts still count may be left.
        let groups: usize = managers().map(|manager| self.model.manager(manager).group_starts.len()).sum();
        let left = self.engine.live_records();
        assert!((expected..=expected + groups).contains(&left), "more than managers is left: {:?}", self.engine);

        for manager in held {
            self.send(Command::DropManager(manager));
        }
        self.drain();
        self.recycle();
        assert_eq!(self.engine.live_records(), 0, "something is left: {:?}", self.engine);
        assert_eq!(self.wake, None, "a timer is left");
    }
}

fn play(first: &ManagerOptions, history: &[Op], stop: bool) {
    let mut driver = Driver::default();
    driver.send(Command::CreateManager(first));
    for op in history {
        driver.step(op);
    }
    driver.wind_up(stop);
}

proptest! {
    #![proptest_config(crate::cases::config())]

    #[test]
    fn engine_and_model_agree_on_every_history(
        first in ops::manager_options(),
        history in proptest::collection::vec(ops::op(), 1..120),
        stop in any::<bool>(),
    ) {
        play(&first, &history, stop);
    }
}

#[test]
fn the_shortest_history() {
    play(&ManagerOptions::default(), &[Op::Run { manager: 0, key: 0, options: Some(RunOptions::default()) }], false);
}
