//! Between the grant of a slot and the call of the body: user code may run there, and may stop what is about to start.

use jobgate::engine::{
    Command, CompletionType, Effect, Effects, Engine, JobId, KeyId, ManagerId, ManagerOptions, Outcome, Reply, Time,
};
#[cfg(target_family = "wasm")]
use wasm_bindgen_test::wasm_bindgen_test as test;

/// Effects are taken out one by one, as a driver does whose bodies and listeners call back in between.
struct Driver {
    engine: Engine,
    effects: Effects,
    manager: ManagerId,
}

impl Driver {
    fn new(options: &ManagerOptions) -> Self {
        let mut driver = Self { engine: Engine::new(), effects: Effects::new(), manager: ManagerId(0) };
        if let Reply::Manager(manager) = driver.send(Command::CreateManager(options)) {
            driver.manager = manager;
        }
        driver
    }

    fn send(&mut self, command: Command<'_>) -> Reply {
        self.engine.handle(Time::default(), command, &mut self.effects).unwrap()
    }

    fn run(&mut self, key: u32) -> (JobId, bool) {
        match self.send(Command::Run { manager: self.manager, key: KeyId(key), options: None }) {
            Reply::Created { job, started, .. } => (job, started),
            reply => panic!("no new job but {reply:?}"),
        }
    }

    fn to_start(&self) -> Vec<JobId> {
        let start = |effect: &Effect| if let Effect::Start { job, .. } = effect { Some(*job) } else { None };
        self.effects.as_slice().iter().filter_map(start).collect()
    }

    fn ended(&self) -> Vec<(JobId, CompletionType)> {
        let end = |effect: &Effect| match effect {
            Effect::Ended { job, completion, .. } => Some((*job, *completion)),
            _ => None,
        };
        self.effects.as_slice().iter().filter_map(end).collect()
    }
}

/// Three jobs that wait, and a resume that grants a slot to each.
fn resumed(change: impl FnOnce(&mut ManagerOptions)) -> (Driver, [JobId; 3]) {
    let mut options = ManagerOptions { paused: true, ..ManagerOptions::default() };
    change(&mut options);
    let mut driver = Driver::new(&options);
    let jobs = [0, 1, 2].map(|key| driver.run(key).0);
    driver.send(Command::Resume(driver.manager));
    (driver, jobs)
}

#[test]
fn a_job_stopped_before_its_body_was_called_never_has_it_called_and_ends_cancelled() {
    let (mut driver, [a, b, c]) = resumed(|_| ());
    assert_eq!(driver.to_start(), [a, b, c]);
    assert_eq!(driver.send(Command::Begin(a)), Reply::Done);
    assert_eq!(driver.send(Command::Stop(b)), Reply::Done);
    assert_eq!(driver.ended(), [(b, CompletionType::Cancelled)], "at once: there is no body to wait for");
    assert_eq!(driver.send(Command::Begin(b)), Reply::Ignored);
    assert_eq!(driver.send(Command::Begin(c)), Reply::Done);
    assert_eq!(driver.send(Command::Begin(c)), Reply::Ignored, "once");
}

#[test]
fn a_job_made_inside_a_body_is_called_after_those_that_were_granted_before() {
    let (mut driver, [a, b, c]) = resumed(|_| ());
    driver.send(Command::Begin(a));
    let (late, started) = driver.run(9);
    assert!(!started, "two have their slots and have not been called");
    assert_eq!(driver.to_start(), [a, b, c, late]);
    driver.send(Command::Begin(b));
    driver.send(Command::Begin(c));
    driver.send(Command::Begin(late));
    assert!(driver.run(10).1, "nobody is before it any more");
}

#[test]
fn a_slot_that_was_granted_to_a_job_stopped_since_is_free_again() {
    let (mut driver, [a, b, c]) = resumed(|options| options.concurrency = 1.0);
    assert_eq!(driver.to_start(), [a]);
    driver.send(Command::Stop(a));
    assert_eq!(driver.to_start(), [a, b]);
    driver.send(Command::Begin(b));
    driver.send(Command::Settle { job: b, attempt: 1, outcome: Outcome::Resolved });
    assert_eq!(driver.to_start(), [a, b, c]);
}

#[test]
fn a_start_that_never_came_does_not_count_for_the_rate_limit() {
    let (mut driver, [a, b, c]) = resumed(|options| options.rate_limit = Some((2.0, 1000.0)));
    assert_eq!(driver.to_start(), [a, b]);
    driver.send(Command::Begin(a));
    driver.send(Command::Stop(b));
    assert_eq!(driver.to_start(), [a, b, c]);
}
