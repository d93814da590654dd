//! Tabs, the lock manager, the store, a lossy channel and clocks, as actors under one seed. Everything takes its time;
//! whatever can go wrong does. The invariants are asserted where they could break.

mod body;
mod chance;
mod faults;
mod locks;
mod store;
mod tab;

use std::collections::{BTreeMap, BTreeSet};

use jobgate::engine::shared::{AbortWhy, Answer, Command, Effect, Lock, SharedJobId, TypeId};

use body::{Body, Script, Stage};
pub use chance::Chance;
pub use faults::{Death, Plan};
use locks::{Asker, Locks};
use store::{Store, Transaction};
use tab::TabActor;

/// What a tab's thread is given to do.
#[derive(Debug, Clone)]
enum Told {
    Command(Command),
    /// What the store has said; what became of it in words that the tab's rules do not hear of.
    Answer {
        transaction: Transaction,
        answer: Answer,
        seen: Vec<Command>,
        known: Vec<u32>,
    },
    /// A body goes on.
    Body {
        job: SharedJobId,
        epoch: u32,
    },
    /// What listened to an action has settled.
    Heard {
        job: SharedJobId,
        epoch: u32,
    },
    Timer(u64),
}

#[derive(Debug, Clone)]
enum Event {
    Tell(usize, Told),
    Commit(usize, Transaction),
    /// The world does something to the tabs.
    Fate,
}

pub struct World {
    pub plan: Plan,
    pub chance: Chance,
    pub now: u64,
    pub tabs: Vec<TabActor>,
    pub store: Store,
    locks: Locks,
    agenda: BTreeMap<(u64, u64), Event>,
    serial: u64,
    scripts: BTreeMap<SharedJobId, Script>,
    /// Those who asked were told that it is recorded.
    acknowledged: BTreeSet<SharedJobId>,
    /// Actions that listeners have heard, by job, as they were acknowledged.
    pub writes: u64,
    pub created: u32,
    trace: bool,
}

impl World {
    pub fn new(seed: u64, plan: Plan) -> Self {
        Self {
            store: Store::new(plan.slots),
            plan,
            chance: Chance::new(seed),
            now: 0,
            tabs: Vec::new(),
            locks: Locks::default(),
            agenda: BTreeMap::new(),
            serial: 0,
            scripts: BTreeMap::new(),
            acknowledged: BTreeSet::new(),
            writes: 0,
            created: 0,
            trace: std::env::var_os("JOBGATE_TRACE").is_some(),
        }
    }

    // ── the agenda ──────────────────────────────────────────────────────────────────────────────

    fn at(&mut self, time: u64, event: Event) {
        self.serial += 1;
        self.agenda.insert((time, self.serial), event);
    }

    fn latency(&mut self) -> u64 {
        if self.chance.percent(5) { self.chance.below(60) } else { self.chance.below(8) }
    }

    /// In the order in which they are said.
    fn tell(&mut self, tab: usize, told: Told) {
        let latency = self.latency();
        let actor = &mut self.tabs[tab];
        actor.tell_after = actor.tell_after.max(self.now + latency);
        let time = actor.tell_after;
        self.at(time, Event::Tell(tab, told));
    }

    fn tell_after(&mut self, tab: usize, wait: u64, told: Told) {
        self.at(self.now + wait, Event::Tell(tab, told));
    }

    fn transact(&mut self, tab: usize, transaction: Transaction) {
        let latency = self.latency();
        let actor = &mut self.tabs[tab];
        actor.commit_after = actor.commit_after.max(self.now + latency);
        let time = actor.commit_after;
        self.at(time, Event::Commit(tab, transaction));
    }

    /// One event; false: there is none.
    pub fn step(&mut self) -> bool {
        let Some(((time, _), event)) = self.agenda.pop_first() else { return false };
        self.now = time;
        match event {
            Event::Fate => self.fate(),
            Event::Commit(tab, transaction) => {
                // What was written last by a page that went is committed without it.
                if self.tabs[tab].alive || matches!(transaction, Transaction::Mark { .. }) {
                    self.commit(tab, transaction);
                }
            }
            Event::Tell(tab, told) => {
                let actor = &self.tabs[tab];
                if actor.hung_until > time {
                    let until = actor.hung_until;
                    self.at(until, Event::Tell(tab, told));
                } else if actor.alive {
                    self.hear(tab, told);
                }
            }
        }
        true
    }

    // ── the store ───────────────────────────────────────────────────────────────────────────────

    fn commit(&mut self, tab: usize, transaction: Transaction) {
        let is_read = matches!(transaction, Transaction::Read { .. });
        if self.tabs[tab].fails_until > self.now {
            self.tell(tab, Told::Answer { transaction, answer: Answer::Failed, seen: Vec::new(), known: Vec::new() });
            return;
        }
        self.writes += u64::from(!is_read);
        let dies = self.plan.death.filter(|(write, _)| !is_read && *write == self.writes).map(|(_, death)| death);
        if dies == Some(Death::Before) {
            self.crash(tab);
            return;
        }
        let (wall, random) = (self.tabs[tab].wall(self.now), self.chance.unit());
        if self.trace {
            println!("{} tab {tab} commits {transaction:?}", self.now);
        }
        let before = self.store.counter;
        let written = self.store.commit(tab, wall, random, &transaction);
        let has_changed = self.store.counter != before;
        if dies == Some(Death::After) {
            self.hint(tab, has_changed);
            self.crash(tab);
            return;
        }
        let answer = if written { Answer::Written } else { Answer::Refused };
        let (seen, known) = self.look(tab, &transaction);
        self.tell(tab, Told::Answer { transaction, answer, seen, known });
        self.hint(tab, has_changed);
    }

    /// What the transaction has read, besides: all that has changed since this tab's last look.
    fn look(&mut self, tab: usize, transaction: &Transaction) -> (Vec<Command>, Vec<u32>) {
        let cursor = std::mem::replace(&mut self.tabs[tab].cursor, self.store.counter);
        let changed = self.store.jobs.iter().filter(|(_, stored)| stored.changed > cursor);
        let mut seen: Vec<Command> = changed
            .map(|(id, stored)| Command::Seen { job: *id, kind: Some(TypeId(stored.kind as u32)), row: stored.row })
            .collect();
        let slots = self.store.slots.iter().enumerate();
        seen.extend(slots.map(|(slot, (row, _))| Command::Slot { slot: slot as u32, row: *row }));
        let known = match transaction {
            Transaction::Enter { claim: Some((job, _)), .. } => self.store.jobs[job].steps.iter().copied().collect(),
            _ => Vec::new(),
        };
        (seen, known)
    }

    fn hint(&mut self, from: usize, has_changed: bool) {
        for tab in (0..self.tabs.len()).filter(|tab| *tab != from && has_changed) {
            if self.tabs[tab].alive && !self.tabs[tab].deaf && !self.chance.percent(self.plan.lost_hints) {
                self.tell(tab, Told::Command(Command::Hint));
            }
        }
    }

    // ── a tab's thread ──────────────────────────────────────────────────────────────────────────

    fn hear(&mut self, tab: usize, told: Told) {
        match told {
            Told::Command(command) => self.handle(tab, command),
            Told::Timer(at) => {
                if self.tabs[tab].timer == Some(at) {
                    self.tabs[tab].timer = None;
                    self.handle(tab, Command::Tick);
                }
            }
            Told::Body { job, epoch } => self.run_body(tab, job, epoch),
            Told::Heard { job, epoch } => {
                if self.tabs[tab].bodies.contains_key(&(job, epoch)) {
                    self.handle(tab, Command::Handled { job, epoch });
                }
            }
            Told::Answer { transaction, answer, seen, known } => {
                for command in seen {
                    self.handle(tab, command);
                }
                self.answered(tab, &transaction, answer, &known);
            }
        }
        let actor = &mut self.tabs[tab];
        let wake_at = actor.wake_at().map(|at| at.max(self.now));
        if actor.alive && actor.here && wake_at != actor.timer {
            actor.timer = wake_at;
            if let Some(at) = wake_at {
                self.at(at, Event::Tell(tab, Told::Timer(at)));
            }
        }
    }

    fn answered(&mut self, tab: usize, transaction: &Transaction, answer: Answer, known: &[u32]) {
        match *transaction {
            Transaction::Read { .. } if answer == Answer::Failed => self.handle(tab, Command::ReadFailed),
            Transaction::Read { .. } => self.handle(tab, Command::ReadDone),
            Transaction::Enter { lock, claim } => {
                self.handle(tab, Command::Entered { lock, answer });
                if let Some((job, claim)) = claim
                    && let Some(body) = self.tabs[tab].bodies.get_mut(&(job, claim.epoch + 1))
                {
                    body.known = known.to_vec();
                }
            }
            Transaction::Retire { lock, .. } => {
                self.handle(tab, Command::Retired { lock, answer });
                if answer == Answer::Written {
                    self.steal(lock);
                }
            }
            Transaction::Settle { job, epoch, .. } => self.handle(tab, Command::Recorded { job, epoch, answer }),
            Transaction::Acknowledge { job, epoch, .. } => {
                self.handle(tab, Command::Acknowledged { job, epoch, answer });
            }
            Transaction::Step { job, epoch, step } => {
                if let Some(body) = self.tabs[tab].bodies.get_mut(&(job, epoch)) {
                    if answer == Answer::Written {
                        body.known.push(step);
                    }
                    self.tell_after(tab, 10, Told::Body { job, epoch });
                }
            }
            Transaction::Create { job, .. } => {
                if answer == Answer::Written {
                    self.acknowledged.insert(job);
                }
            }
            Transaction::Mark { .. } | Transaction::Stop(_) | Transaction::Prioritize(..) | Transaction::Send(_) => {}
        }
    }

    fn handle(&mut self, tab: usize, command: Command) {
        if self.trace {
            println!("{} tab {tab} hears {command:?}", self.now);
        }
        let now = self.tabs[tab].now(self.now);
        let effects = self.tabs[tab].rules.handle(now, command);
        for effect in effects {
            if self.trace {
                println!("{} tab {tab} wants {effect:?}", self.now);
            }
            self.apply(tab, effect);
        }
        assert!(self.tabs[tab].rules.held().count() <= self.store.slots.len());
    }

    fn apply(&mut self, tab: usize, effect: Effect) {
        match effect {
            Effect::Ask { request, lock } => {
                if self.locks.ask(lock, (tab, request)) {
                    self.tell(tab, Told::Command(Command::Granted(request)));
                }
            }
            Effect::Drop(request) => {
                if let Some(dropped) = self.locks.lock_of((tab, request)) {
                    self.agenda.retain(|_, event| {
                        !matches!(event, Event::Commit(by, Transaction::Enter { lock, .. }) if *by == tab && *lock == dropped)
                    });
                }
                let next = self.locks.drop((tab, request));
                self.granted(next);
            }
            Effect::Read => {
                let held = self.tabs[tab].rules.held().collect();
                self.transact(tab, Transaction::Read { held });
            }
            Effect::Enter { lock, claim } => self.transact(tab, Transaction::Enter { lock, claim }),
            Effect::Retire { lock, beat } => self.transact(tab, Transaction::Retire { lock, beat }),
            Effect::Settle { job, epoch, lock, outcome } => {
                self.transact(tab, Transaction::Settle { job, epoch, lock, outcome });
            }
            Effect::Mark { job, epoch, lock } => self.transact(tab, Transaction::Mark { job, epoch, lock }),
            Effect::Acknowledge { job, epoch, number } => {
                self.transact(tab, Transaction::Acknowledge { job, epoch, number });
            }
            Effect::Run { job, epoch } => self.begin(tab, job, epoch),
            Effect::Abort { job, epoch, why } => self.abort(tab, job, epoch, why),
            Effect::Deliver { job, epoch, .. } => {
                let wait = self.chance.below(30);
                self.tell_after(tab, wait, Told::Heard { job, epoch });
            }
            Effect::Left => assert_eq!(self.tabs[tab].rules.held().count(), 0),
        }
    }

    fn granted(&mut self, to: impl IntoIterator<Item = Asker>) {
        for (tab, request) in to {
            self.tell(tab, Told::Command(Command::Granted(request)));
        }
    }

    fn steal(&mut self, lock: Lock) {
        let (lost, next) = self.locks.steal(lock);
        if let Some((tab, request)) = lost {
            self.tell(tab, Told::Command(Command::LockLost(request)));
        }
        self.granted(next);
    }

    // ── bodies ──────────────────────────────────────────────────────────────────────────────────

    fn begin(&mut self, tab: usize, job: SharedJobId, epoch: u32) {
        for (other, actor) in self.tabs.iter().enumerate().filter(|(other, actor)| *other != tab && actor.alive) {
            let overlaps = actor.bodies.iter().any(|((id, _), body)| *id == job && body.aborted.is_none());
            assert!(!overlaps || actor.was_silent, "{job:?} runs in {tab}, and in {other}, which never hung");
        }
        let row = self.store.jobs[&job].row;
        let body = Body { attempt: row.attempt, stage: 0, known: Vec::new(), aborted: None };
        self.tabs[tab].bodies.insert((job, epoch), body);
        self.tell_after(tab, 0, Told::Body { job, epoch });
        if self.scripts[&job].listens {
            self.tell_after(tab, 5, Told::Command(Command::Listening { job, epoch }));
        }
    }

    fn abort(&mut self, tab: usize, job: SharedJobId, epoch: u32, why: AbortWhy) {
        let wait = self.scripts[&job].slow_to_abort;
        let body = self.tabs[tab].bodies.get_mut(&(job, epoch)).unwrap();
        assert!(body.aborted != Some(why), "aborted twice for the same reason");
        body.aborted = Some(why);
        self.tell_after(tab, wait, Told::Body { job, epoch });
    }

    fn run_body(&mut self, tab: usize, job: SharedJobId, epoch: u32) {
        let script = &self.scripts[&job];
        let Some(body) = self.tabs[tab].bodies.get_mut(&(job, epoch)) else { return };
        if body.aborted.is_none() {
            match script.stages.get(body.stage).copied() {
                Some(Stage::Step(step)) if !body.known.contains(&step) => {
                    self.transact(tab, Transaction::Step { job, epoch, step });
                    return;
                }
                Some(Stage::Step(_)) => {
                    body.stage += 1;
                    self.tell_after(tab, 0, Told::Body { job, epoch });
                    return;
                }
                Some(Stage::Wait(wait)) => {
                    body.stage += 1;
                    self.tell_after(tab, wait, Told::Body { job, epoch });
                    return;
                }
                None => {}
            }
        }
        let outcome = script.outcome(body.attempt.max(1));
        self.tabs[tab].bodies.remove(&(job, epoch));
        self.handle(tab, Command::Settled { job, epoch, outcome });
    }

    fn crash(&mut self, tab: usize) {
        if self.trace {
            println!("{} tab {tab} dies", self.now);
        }
        let actor = &mut self.tabs[tab];
        actor.alive = false;
        actor.bodies.clear();
        let next = self.locks.drop_all(tab);
        self.granted(next);
    }
}
