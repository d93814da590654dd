//! The hot path takes no memory once it has warmed up.

use jobgate::engine::{
    Channel, Command, Effect, Effects, Engine, JobId, KeyId, ManagerId, ManagerOptions, Outcome, Reply, RetryOptions,
    RunOptions, Source, Time, ValueId,
};

struct Hot {
    engine: Engine,
    effects: Effects,
    manager: ManagerId,
}

impl Hot {
    fn new(concurrency: f64) -> Self {
        Self::with(&ManagerOptions { concurrency, ..ManagerOptions::default() })
    }

    fn grouped(group_concurrency: f64) -> Self {
        Self::with(&ManagerOptions { group_concurrency, ..ManagerOptions::default() })
    }

    fn with(options: &ManagerOptions) -> Self {
        let (mut engine, mut effects) = (Engine::new(), Effects::new());
        let reply = engine.handle(Time::default(), Command::CreateManager(options), &mut effects);
        let Ok(Reply::Manager(manager)) = reply else { panic!("{reply:?}") };
        Self { engine, effects, manager }
    }

    fn send(&mut self, command: Command<'_>) -> Reply {
        self.engine.handle(Time::default(), command, &mut self.effects).unwrap()
    }

    fn run(&mut self, key: u32, options: Option<&RunOptions>) -> JobId {
        match self.send(Command::Run { manager: self.manager, key: KeyId(key), options }) {
            Reply::Created { job, .. } => job,
            reply => panic!("{reply:?}"),
        }
    }

    fn settle(&mut self, job: JobId) {
        self.begin();
        self.send(Command::Settle { job, attempt: self.engine.attempt(job), outcome: Outcome::Resolved });
    }

    /// The bodies that were to be called by the commands since the last time.
    fn begin(&mut self) {
        let mut at = 0;
        while let Some(effect) = self.effects.as_slice().get(at).copied() {
            at += 1;
            if let Effect::Start { job, .. } = effect {
                self.send(Command::Begin(job));
            }
        }
    }

    fn drain(&mut self) {
        self.effects.clear();
        self.send(Command::Recycle);
    }
}

/// Allocations of a thousand rounds, after a few that warm up.
fn allocations(mut round: impl FnMut(u32)) -> u64 {
    for key in 0..300 {
        round(key);
    }
    allocation_counter::measure(|| (300..1300).for_each(|key| round(key % 300))).count_total
}

#[test]
fn a_job_that_runs_and_settles() {
    let mut hot = Hot::new(f64::INFINITY);
    let count = allocations(|key| {
        let job = hot.run(key, None);
        hot.settle(job);
        hot.drain();
    });
    assert_eq!(count, 0);
}

#[test]
fn jobs_that_wait_for_a_slot() {
    let mut hot = Hot::new(1.0);
    let mut waiting = std::collections::VecDeque::from([hot.run(1000, None), hot.run(1001, None)]);
    waiting.reserve(10);
    let count = allocations(|key| {
        waiting.push_back(hot.run(key, None));
        if let Some(job) = waiting.pop_front() {
            hot.settle(job);
        }
        hot.begin();
        hot.drain();
    });
    assert_eq!(count, 0);
}

#[test]
fn a_job_with_a_time_limit_and_a_priority() {
    let mut hot = Hot::new(f64::INFINITY);
    let options = RunOptions { timeout: Some(60_000.0), priority: Some(3.0), ..RunOptions::default() };
    let count = allocations(|key| {
        let job = hot.run(key, Some(&options));
        hot.settle(job);
        hot.drain();
    });
    assert_eq!(count, 0);
}

#[test]
fn a_value_told_to_a_hundred_listeners() {
    let mut hot = Hot::new(f64::INFINITY);
    let job = hot.run(0, None);
    for _ in 0..100 {
        hot.send(Command::Listen { source: Source::Job(job), channel: Channel::State, kept: ValueId::NONE });
    }
    let count = allocations(|_| {
        hot.send(Command::SetState { job, attempt: 1, value: ValueId::NONE });
        hot.drain();
    });
    assert_eq!(count, 0);
}

#[test]
fn a_listener_that_comes_and_goes() {
    let mut hot = Hot::new(f64::INFINITY);
    let Reply::Emitter(emitter) = hot.send(Command::CreateEmitter) else { panic!("no emitter") };
    let count = allocations(|_| {
        let reply = hot.send(Command::Listen {
            source: Source::Emitter(emitter),
            channel: Channel::Value,
            kept: ValueId::NONE,
        });
        let Reply::Listener { listener, .. } = reply else { panic!("{reply:?}") };
        hot.send(Command::Emit { emitter, value: ValueId::NONE });
        hot.send(Command::Unlisten(listener));
        hot.drain();
    });
    assert_eq!(count, 0);
}

#[test]
fn a_watched_job_takes_one_list_for_its_listeners() {
    let mut hot = Hot::new(f64::INFINITY);
    let count = allocations(|key| {
        let job = hot.run(key, None);
        for channel in [Channel::State, Channel::Stopped, Channel::Event] {
            hot.send(Command::Listen { source: Source::Job(job), channel, kept: ValueId::NONE });
        }
        hot.send(Command::SetState { job, attempt: 1, value: ValueId::NONE });
        hot.settle(job);
        hot.drain();
    });
    assert_eq!(count, 1000);
}

#[test]
fn a_job_that_is_retried() {
    let mut hot = Hot::new(f64::INFINITY);
    let retry = RetryOptions { limit: 3.0, delay: 0.0, ..RetryOptions::default() };
    let options = RunOptions { retry: Some(retry), ..RunOptions::default() };
    let count = allocations(|key| {
        let job = hot.run(key, Some(&options));
        for attempt in 1..=3 {
            hot.send(Command::Settle { job, attempt, outcome: Outcome::Rejected });
            hot.send(Command::Retry { job, again: true, wait: None, random: 0.5 });
            hot.send(Command::Tick);
            hot.begin();
        }
        hot.settle(job);
        hot.drain();
    });
    assert_eq!(count, 0);
}

#[test]
fn a_member_of_a_group_that_stays() {
    let mut hot = Hot::grouped(1.0);
    let options = RunOptions { group: Some("group".into()), ..RunOptions::default() };
    let mut waiting = std::collections::VecDeque::from([hot.run(1000, Some(&options)), hot.run(1001, Some(&options))]);
    waiting.reserve(10);
    let count = allocations(|key| {
        waiting.push_back(hot.run(key, Some(&options)));
        if let Some(job) = waiting.pop_front() {
            hot.settle(job);
        }
        hot.begin();
        hot.drain();
    });
    assert_eq!(count, 0);
}
