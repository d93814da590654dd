//! One tab, and a hand that tells it what the world says.

use jobgate::engine::Time;
use jobgate::engine::shared::{
    Answer, Command, Effect, Lock, Now, RequestId, Row, SharedJobId, SlotRow, Status, Tab, TabOptions, TypeId,
    TypeRules,
};

/// The first type that a desk has.
pub const KIND: Option<TypeId> = Some(TypeId(0));
pub const WALL: f64 = 1e12;

pub struct Desk {
    pub tab: Tab,
    /// Milliseconds.
    pub now: f64,
    /// Of the wall clock: what it goes wrong by.
    pub offset: f64,
    /// All that was wanted since it was taken last.
    pub wanted: Vec<Effect>,
}

pub fn job(number: u32) -> SharedJobId {
    SharedJobId(number)
}

pub fn lock(slot: u32, generation: u32) -> Lock {
    Lock { slot, generation }
}

/// A row with what differs from the default.
pub fn row(change: impl FnOnce(&mut Row)) -> Row {
    let mut row = Row::default();
    change(&mut row);
    row
}

/// Of a job that runs in that slot, under epoch 1.
pub fn running(slot: u32) -> Row {
    row(|row| (row.status, row.epoch, row.attempt, row.slot) = (Status::Running, 1, 1, slot))
}

impl Desk {
    pub fn new(options: &TabOptions, types: &[TypeRules]) -> Self {
        let mut tab = Tab::new(options).unwrap();
        for rules in types {
            tab.add_type(rules).unwrap();
        }
        Self { tab, now: 0.0, offset: 0.0, wanted: Vec::new() }
    }

    /// One slot, one plain type, and silence of a second counts.
    pub fn plain() -> Self {
        let options = TabOptions { concurrency: 1.0, take_over_after: 1000.0, ..TabOptions::default() };
        Self::new(&options, &[TypeRules::default()])
    }

    pub fn tell(&mut self, command: Command) -> Vec<Effect> {
        let now = Now { time: Time::from_millis(self.now), wall: WALL + self.now + self.offset };
        let effects = self.tab.handle(now, command);
        self.wanted.extend(effects.iter().copied());
        effects
    }

    pub fn see(&mut self, number: u32, row: Row) -> Vec<Effect> {
        self.tell(Command::Seen { job: job(number), kind: KIND, row })
    }

    pub fn see_slot(&mut self, slot: u32, generation: u32, beat: u32) -> Vec<Effect> {
        self.tell(Command::Slot { slot, row: SlotRow { generation, beat } })
    }

    /// Ticks whenever that is wanted, and answers every look with nothing new.
    pub fn wait(&mut self, millis: f64) -> Vec<Effect> {
        let (until, mut effects) = (self.now + millis, Vec::new());
        while let Some(at) = self.tab.wake_at().map(Time::as_millis).filter(|at| *at <= until) {
            self.now = self.now.max(at);
            let mut ticked = self.tell(Command::Tick);
            if ticked.contains(&Effect::Read) {
                ticked.extend(self.tell(Command::ReadDone));
            }
            effects.extend(ticked.into_iter().filter(|effect| *effect != Effect::Read));
        }
        self.now = until;
        effects
    }

    /// Of the lock that was asked for last.
    pub fn grant(&mut self) -> Vec<Effect> {
        let request = self.request();
        self.tell(Command::Granted(request))
    }

    pub fn request(&self) -> RequestId {
        let asked = |effect: &Effect| match effect {
            Effect::Ask { request, .. } => Some(*request),
            _ => None,
        };
        self.wanted.iter().rev().find_map(asked).unwrap()
    }

    /// Has it run the job, in its only slot, under epoch 1.
    pub fn run(&mut self, number: u32, given: Row) -> Vec<Effect> {
        self.see(number, given);
        self.grant();
        let (status, epoch, attempt) = (Status::Running, given.epoch + 1, given.failures + 1);
        self.see(number, Row { status, epoch, attempt, ..given });
        self.tell(Command::Entered { lock: lock(0, 0), answer: Answer::Written })
    }

    /// Which job it wants to claim where it is granted a slot, if any.
    pub fn choice(&mut self) -> Option<SharedJobId> {
        self.grant().into_iter().find_map(|effect| match effect {
            Effect::Enter { claim, .. } => claim.map(|(job, _)| job),
            _ => None,
        })
    }
}
