//! Numbers are used again, and not while an effect under way may still name what they named.

use jobgate::engine::{
    Channel, Command, Effect, Effects, Engine, JobId, KeyId, ListenerId, ManagerId, ManagerOptions, Outcome, Reply,
    Source, Time, ValueId, WaiterId,
};
#[cfg(target_family = "wasm")]
use wasm_bindgen_test::wasm_bindgen_test as test;

/// A driver that lets effects pile up.
struct Line {
    engine: Engine,
    effects: Effects,
    now: f64,
}

impl Line {
    fn new() -> Self {
        let mut line = Self { engine: Engine::new(), effects: Effects::new(), now: 0.0 };
        assert_eq!(line.manager(), ManagerId(0));
        line
    }

    fn send(&mut self, command: Command<'_>) -> Reply {
        self.engine.handle(Time::from_millis(self.now), command, &mut self.effects).unwrap()
    }

    fn manager(&mut self) -> ManagerId {
        let reply = self.send(Command::CreateManager(&ManagerOptions::default()));
        if let Reply::Manager(manager) = reply { manager } else { panic!("{reply:?}") }
    }

    fn run(&mut self, key: u32) -> JobId {
        let reply = self.send(Command::Run { manager: ManagerId(0), key: KeyId(key), options: None });
        if let Reply::Created { job, .. } = reply { job } else { panic!("{reply:?}") }
    }

    fn listen(&mut self, source: Source, channel: Channel) -> ListenerId {
        let reply = self.send(Command::Listen { source, channel, kept: ValueId::NONE });
        if let Reply::Listener { listener, .. } = reply { listener } else { panic!("{reply:?}") }
    }

    fn await_stop(&mut self, job: JobId) -> WaiterId {
        let reply = self.send(Command::AwaitStop { job, timeout: 10.0 });
        if let Reply::Waiter(waiter) = reply { waiter } else { panic!("{reply:?}") }
    }

    fn settle(&mut self, job: JobId) {
        assert_eq!(self.send(Command::Settle { job, attempt: 1, outcome: Outcome::Resolved }), Reply::Done);
    }

    fn drain(&mut self) {
        self.effects.clear();
        self.send(Command::Recycle);
    }
}

#[test]
fn of_jobs() {
    let mut line = Line::new();
    let first = line.run(1);
    line.settle(first);
    assert_ne!(line.run(1), first);
    line.drain();
    assert_eq!(line.run(2), first);
}

#[test]
fn a_forgotten_job_can_be_read_until_its_end_has_been_applied() {
    let mut line = Line::new();
    let job = line.run(1);
    line.settle(job);
    assert_eq!(line.engine.status(job), Some(jobgate::engine::JobStatus::Completed));
    assert_eq!(line.engine.attempt(job), 1);
    line.drain();
    assert_eq!(line.engine.status(job), None);
}

#[test]
fn of_listeners_that_left_while_they_were_being_told() {
    let mut line = Line::new();
    let job = line.run(1);
    let source = Source::Job(job);
    let first = line.listen(source, Channel::State);
    line.send(Command::SetState { job, attempt: 1, value: ValueId::NONE });
    line.send(Command::Unlisten(first));
    let second = line.listen(source, Channel::State);
    assert_ne!(second, first, "the value under way is not for the newcomer");
    let [Effect::Deliver { to, .. }] = line.effects.as_slice() else { panic!("{:?}", line.effects) };
    assert_eq!(line.effects.targets(*to), [first]);
    line.send(Command::Unlisten(second));
    line.drain();
    let third = line.listen(source, Channel::State);
    assert!([first, second].contains(&third));
}

#[test]
fn of_waits_whose_time_is_up() {
    let mut line = Line::new();
    let job = line.run(1);
    let first = line.await_stop(job);
    line.now = 10.0;
    line.send(Command::Tick);
    assert!(line.effects.as_slice().contains(&Effect::WaitOver { waiter: first }));
    assert_ne!(line.await_stop(job), first, "its timeout has not been told yet");
    line.drain();
    assert_eq!(line.await_stop(job), first);
}

#[test]
fn of_managers_that_are_told_to_be_idle() {
    let mut line = Line::new();
    let job = line.run(1);
    line.send(Command::AwaitIdle(ManagerId(0)));
    line.send(Command::DropManager(ManagerId(0)));
    line.settle(job);
    assert!(line.effects.as_slice().contains(&Effect::Idle { manager: ManagerId(0) }));
    assert_ne!(line.manager(), ManagerId(0), "the idle one is another");
    line.drain();
    assert_eq!(line.manager(), ManagerId(0));
}

#[test]
fn of_emitters_whose_value_is_under_way() {
    let mut line = Line::new();
    let create = |line: &mut Line| {
        let reply = line.send(Command::CreateEmitter);
        if let Reply::Emitter(emitter) = reply { emitter } else { panic!("{reply:?}") }
    };
    let first = create(&mut line);
    line.listen(Source::Emitter(first), Channel::Value);
    line.send(Command::Emit { emitter: first, value: ValueId::NONE });
    line.send(Command::DropEmitter(first));
    assert_ne!(create(&mut line), first);
    line.drain();
    assert_eq!(create(&mut line), first);
}

#[test]
fn serials_are_never_used_again() {
    let mut line = Line::new();
    for expected in 1..=1000 {
        let reply = line.send(Command::Run { manager: ManagerId(0), key: KeyId(1), options: None });
        let Reply::Created { job, serial, .. } = reply else { panic!("{reply:?}") };
        assert_eq!(serial, expected);
        line.settle(job);
        line.drain();
    }
}
