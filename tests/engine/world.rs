//! A driver on a fake clock, for scenarios: applies effects at once, wakes the engine when it has asked for it and at no
//! other time, and writes down what happens and when.

use jobgate::engine::{
    AbortCause, Channel, Command, CompletionType, Effect, Effects, Engine, Event, JobId, JobStatus, KeyId, ListenerId,
    ManagerId, ManagerOptions, Outcome, Refusal, Reply, RunOptions, Source, Stats, Time, ValueId, WaiterId,
};

#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Seen {
    Started(JobId, u32),
    Aborted(JobId, AbortCause),
    /// Which error counts.
    AskedRetry(JobId, Option<AbortCause>),
    Ended(JobId, CompletionType, Option<AbortCause>),
    Forgotten(JobId),
    PendingBelow(ManagerId),
    Idle(ManagerId),
    WaitOver(WaiterId),
    Called(ListenerId, Channel, Option<JobId>),
    Told(ListenerId, Event, Option<JobId>),
}

#[derive(Debug)]
pub struct World {
    pub engine: Engine,
    pub manager: ManagerId,
    effects: Effects,
    micros: u64,
    wake: Option<Time>,
    /// How often the timer went off.
    pub ticks: u32,
    /// How often it was to be set, or to be taken back.
    pub wakes: u32,
    /// With the moment, in milliseconds.
    pub seen: Vec<(f64, Seen)>,
}

/// `RunOptions` with what differs from the default.
pub fn options(change: impl FnOnce(&mut RunOptions)) -> RunOptions {
    let mut options = RunOptions::default();
    change(&mut options);
    options
}

impl World {
    pub fn new(options: &ManagerOptions) -> Self {
        let mut world = Self {
            engine: Engine::new(),
            manager: ManagerId(0),
            effects: Effects::new(),
            micros: 0,
            wake: None,
            ticks: 0,
            wakes: 0,
            seen: Vec::new(),
        };
        world.manager = world.add_manager(options);
        world
    }

    /// With what differs from the default.
    pub fn with(change: impl FnOnce(&mut ManagerOptions)) -> Self {
        let mut options = ManagerOptions::default();
        change(&mut options);
        Self::new(&options)
    }

    pub fn of_concurrency(concurrency: f64) -> Self {
        Self::with(|options| options.concurrency = concurrency)
    }

    pub fn add_manager(&mut self, options: &ManagerOptions) -> ManagerId {
        match self.send(Command::CreateManager(options)) {
            Reply::Manager(manager) => manager,
            reply => panic!("no manager but {reply:?}"),
        }
    }

    // ── commands ────────────────────────────────────────────────────────────────────────────────

    pub fn ask(&mut self, command: Command<'_>) -> Result<Reply, Refusal> {
        let reply = self.engine.handle(self.time(), command, &mut self.effects)?;
        if let Reply::Created { job, started: true, .. } = reply {
            self.note(Seen::Started(job, 1));
        }
        let mut at = 0;
        while let Some(effect) = self.effects.as_slice().get(at).copied() {
            at += 1;
            self.apply(effect);
        }
        self.effects.clear();
        Ok(reply)
    }

    pub fn send(&mut self, command: Command<'_>) -> Reply {
        self.ask(command).unwrap()
    }

    /// What it says; and that nothing in the engine differs from what was there before.
    pub fn refusal(&mut self, command: Command<'_>) -> Refusal {
        let before = format!("{:?}", self.engine);
        let refusal = self.ask(command).unwrap_err();
        assert_eq!(format!("{:?}", self.engine), before, "refused, and something has changed");
        assert!(self.effects.as_slice().is_empty(), "refused, and something is to be done");
        refusal
    }

    pub fn ask_run(&mut self, key: u32, options: &RunOptions) -> Result<Reply, Refusal> {
        self.ask(Command::Run { manager: self.manager, key: KeyId(key), options: Some(options) })
    }

    /// A new job.
    pub fn run_with(&mut self, key: u32, options: &RunOptions) -> JobId {
        match self.ask_run(key, options) {
            Ok(Reply::Created { job, .. }) => job,
            answer => panic!("no new job but {answer:?}"),
        }
    }

    pub fn run(&mut self, key: u32) -> JobId {
        self.run_with(key, &RunOptions::default())
    }

    pub fn run_at(&mut self, key: u32, priority: f64) -> JobId {
        self.run_with(key, &options(|options| options.priority = Some(priority)))
    }

    /// The body returns.
    pub fn resolve(&mut self, job: JobId) {
        self.settle(job, Outcome::Resolved);
    }

    /// The body fails.
    pub fn reject(&mut self, job: JobId) {
        self.settle(job, Outcome::Rejected);
    }

    pub fn settle(&mut self, job: JobId, outcome: Outcome) {
        let attempt = self.engine.attempt(job);
        assert_eq!(self.send(Command::Settle { job, attempt, outcome }), Reply::Done);
    }

    pub fn stop(&mut self, job: JobId) -> Reply {
        self.send(Command::Stop(job))
    }

    pub fn listen(&mut self, source: Source, channel: Channel) -> ListenerId {
        match self.send(Command::Listen { source, channel, kept: ValueId::NONE }) {
            Reply::Listener { listener, .. } => listener,
            reply => panic!("no listener but {reply:?}"),
        }
    }

    /// Everything so far has been applied.
    pub fn recycle(&mut self) {
        self.send(Command::Recycle);
    }

    // ── time ────────────────────────────────────────────────────────────────────────────────────

    pub fn time(&self) -> Time {
        Time::from_millis((self.micros as f64 + 0.5) / 1000.0)
    }

    /// Milliseconds since the beginning.
    pub fn now(&self) -> f64 {
        self.micros as f64 / 1000.0
    }

    /// When the timer will go off.
    pub fn wake(&self) -> Option<f64> {
        self.wake.map(Time::as_millis)
    }

    /// Lets time pass; the timer goes off whenever it should.
    pub fn pass(&mut self, millis: f64) {
        let end = self.micros + (millis * 1000.0).round() as u64;
        while let Some(at) = self.wake.map(|at| (at.as_millis() * 1000.0).round() as u64).filter(|at| *at <= end) {
            self.micros = self.micros.max(at);
            self.tick();
        }
        self.micros = end;
    }

    /// Lets time pass without the engine being told.
    pub fn pass_unnoticed(&mut self, millis: f64) {
        self.micros += (millis * 1000.0).round() as u64;
    }

    pub fn tick(&mut self) {
        self.ticks += 1;
        self.wake = None;
        self.send(Command::Tick);
    }

    // ── what happened ───────────────────────────────────────────────────────────────────────────

    fn note(&mut self, seen: Seen) {
        self.seen.push((self.now(), seen));
    }

    fn apply(&mut self, effect: Effect) {
        match effect {
            Effect::Start { job, attempt } => {
                if self.engine.handle(self.time(), Command::Begin(job), &mut self.effects) == Ok(Reply::Done) {
                    self.note(Seen::Started(job, attempt));
                }
            }
            Effect::Abort { job, cause, .. } => self.note(Seen::Aborted(job, cause)),
            Effect::AskRetry { job, cause } => self.note(Seen::AskedRetry(job, cause)),
            Effect::Ended { job, completion, cause, continuations, .. } => {
                self.note(Seen::Ended(job, completion, cause));
                for listener in self.effects.targets(continuations).to_vec() {
                    self.note(Seen::Called(listener, Channel::Continuation, None));
                }
            }
            Effect::Forgotten { job, .. } => self.note(Seen::Forgotten(job)),
            Effect::PendingBelow { manager } => self.note(Seen::PendingBelow(manager)),
            Effect::Idle { manager } => self.note(Seen::Idle(manager)),
            Effect::WaitOver { waiter } => self.note(Seen::WaitOver(waiter)),
            Effect::Wake { at } => {
                self.wake = at;
                self.wakes += 1;
            }
            Effect::Deliver { channel, about, to, .. } => {
                assert!(to.count() > 0, "delivered to nobody");
                for listener in self.effects.targets(to).to_vec() {
                    self.note(Seen::Called(listener, channel, about));
                }
            }
            Effect::Event { event, job, to, .. } => {
                assert!(to.count() > 0, "told to nobody");
                for listener in self.effects.targets(to).to_vec() {
                    self.note(Seen::Told(listener, event, job));
                }
            }
        }
    }

    /// What happened since this was last asked.
    pub fn news(&mut self) -> Vec<Seen> {
        std::mem::take(&mut self.seen).into_iter().map(|(_, seen)| seen).collect()
    }

    /// Jobs in the order of their starts.
    pub fn started(&self) -> Vec<JobId> {
        self.starts().into_iter().map(|(_, job)| job).collect()
    }

    /// With the moment.
    pub fn starts(&self) -> Vec<(f64, JobId)> {
        let start = |(at, seen): &(f64, Seen)| match seen {
            Seen::Started(job, _) => Some((*at, *job)),
            _ => None,
        };
        self.seen.iter().filter_map(start).collect()
    }

    /// How a job ended; `None` if it has not.
    pub fn end_of(&self, job: JobId) -> Option<(CompletionType, Option<AbortCause>)> {
        let ends = |seen: &(f64, Seen)| match seen.1 {
            Seen::Ended(ended, completion, cause) if ended == job => Some((completion, cause)),
            _ => None,
        };
        let ends: Vec<_> = self.seen.iter().filter_map(ends).collect();
        assert!(ends.len() <= 1, "{job:?} has ended {} times", ends.len());
        ends.first().copied()
    }

    pub fn has_started(&self, job: JobId) -> bool {
        self.started().contains(&job)
    }

    pub fn status(&self, job: JobId) -> JobStatus {
        self.engine.status(job).unwrap()
    }

    pub fn stats(&self) -> Stats {
        self.engine.stats(self.manager).unwrap()
    }

    /// Pending and running.
    pub fn counts(&self) -> (u32, u32) {
        (self.stats().pending, self.stats().running)
    }

    pub fn version(&self) -> u32 {
        self.engine.version(self.manager)
    }
}

/// Numbers that look random and are the same every time.
#[derive(Debug)]
pub struct Dice(u64);

impl Dice {
    pub fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1)
    }

    pub fn below(&mut self, bound: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % bound
    }

    /// Evenly from 0..1.
    pub fn unit(&mut self) -> f64 {
        self.below(1 << 53) as f64 / (1_u64 << 53) as f64
    }
}
