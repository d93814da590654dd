//! The rules of the queue that all tabs of an origin share: which tab runs which job, what is done when a tab dies, hangs,
//! goes away or comes back, and what every transaction writes.
//!
//! Pure, like all of `engine`. Two halves, which meet in the store: [`Tab`], a [`Command`] in, [`Effect`]s out, time
//! passed in, is what one tab decides from what it has last read, which may be out of date; [`transactions`] is what is
//! decided inside each transaction, on what is there. A tab that is wrong is refused there, and looks again.
//!
//! There is no leader. As many slots as jobs may run at once, each with a lock that the browser frees when its holder
//! dies: whoever is granted a slot's lock recovers the job that was left in it and claims the next. A holder that hangs
//! keeps its lock, so all holders give signs of life in the store; a slot that has been silent for too long gets another
//! generation, with a lock of another name, and its job another epoch, under which the hung one can write no more. Locks
//! only make that prompt: what is right is decided by epochs and generations, inside transactions.
//!
//! ```
//! use jobgate::engine::Time;
//! use jobgate::engine::shared::{Command, Effect, Lock, Now, Row, SharedJobId, Tab, TabOptions, TypeRules, transactions};
//!
//! let mut tab = Tab::new(&TabOptions::default())?;
//! let kind = Some(tab.add_type(&TypeRules::default())?);
//! let now = Now { time: Time::from_millis(0.0), wall: 1e12 };
//! let (job, row) = (SharedJobId(1), Row::default());
//!
//! // The store has a job, a slot is free: its lock is asked for.
//! let effects = tab.handle(now, Command::Seen { job, kind, row });
//! let [Effect::Ask { request, lock }, ..] = effects[..] else { panic!("{effects:?}") };
//! let effects = tab.handle(now, Command::Granted(request));
//! let [Effect::Enter { claim: Some((claimed, claim)), .. }, ..] = effects[..] else { panic!("{effects:?}") };
//! assert_eq!((claimed, lock), (job, Lock { slot: 0, generation: 0 }));
//!
//! // Inside the transaction it is decided whether it may.
//! let entered = transactions::enter((0, 0), Default::default(), None, Some((&row, claim)), 1e12, 3);
//! assert_eq!(entered.and_then(|entered| entered.claimed).map(|row| row.epoch), Some(1));
//! # Ok::<(), jobgate::engine::OutOfBounds>(())
//! ```
//!
//! Invariants, checked by the simulator in `tests/engine/shared` over random histories of tabs that crash, hang, wake
//! and lose messages: one recorder an epoch; at most `concurrency` jobs run; no job that was acknowledged is lost; every
//! stop settles; no step is recorded twice; actions come in order; nobody waits for ever while someone is awake.

mod command;
mod job;
mod options;
mod reading;
mod row;
mod running;
mod schedule;
mod slot;
pub mod transactions;

pub use command::{AbortWhy, Answer, Command, Effect, Lock, Now, RequestId, SharedJobId, TypeId};
pub use job::WaitingFor;
pub use options::{MOST_SLOTS, TabOptions, TypeRules};
pub use row::{Row, SlotRow, Status, remaining};
pub use transactions::{Claim, Create, Entered, Found, Outcome, Recovery};

use std::collections::{BTreeSet, HashMap};
use std::hash::{BuildHasherDefault, Hasher};

use self::job::{Circumstances, Job, Order};
use self::options::{Kind, Limits};
use self::reading::Reading;
use self::slot::{Slot, Usage};
use super::options::OutOfBounds;
use super::time::Time;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Phase {
    Here,
    /// Lets go of what it holds.
    Leaving,
    /// Holds nothing, asks for nothing.
    Away,
}

/// Jobs are numbered one after the other, so their numbers are as good as hashes of them.
#[derive(Debug, Default)]
struct ByNumber(u64);

impl Hasher for ByNumber {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.write_u32(u32::from(*byte));
        }
    }

    fn write_u32(&mut self, number: u32) {
        // Spread over all bits, of which a table looks at the highest, too.
        self.0 = (self.0 ^ u64::from(number)).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    }
}

/// One tab's part in one shared queue.
#[derive(Debug)]
pub struct Tab {
    limits: Limits,
    kinds: Vec<Kind>,
    /// All that have not ended, as the store has last been seen.
    jobs: HashMap<SharedJobId, Job, BuildHasherDefault<ByNumber>>,
    /// Those that miss nothing but a slot.
    queue: BTreeSet<Order>,
    /// When those that miss something else are looked at again.
    alarms: BTreeSet<Order>,
    slots: Vec<Slot>,
    around: Circumstances,
    phase: Phase,
    reading: Reading,
    requests: u32,
}

impl Tab {
    /// Knows nothing yet: read, and tell it.
    ///
    /// # Errors
    ///
    /// Names the option that is out of its bounds.
    pub fn new(options: &TabOptions) -> Result<Self, OutOfBounds> {
        let limits = options.limits()?;
        Ok(Self {
            limits,
            kinds: Vec::new(),
            jobs: HashMap::default(),
            queue: BTreeSet::new(),
            alarms: BTreeSet::new(),
            slots: (0..limits.slots).map(Slot::new).collect(),
            around: Circumstances { online: true, visible: true },
            phase: Phase::Here,
            reading: Reading::default(),
            requests: 0,
        })
    }

    /// Knows one more type.
    ///
    /// # Errors
    ///
    /// Names the rule that is out of its bounds.
    pub fn add_type(&mut self, rules: &TypeRules) -> Result<TypeId, OutOfBounds> {
        let kind = rules.checked()?;
        self.kinds.push(kind);
        Ok(TypeId(self.kinds.len() as u32 - 1))
    }

    /// Takes in what has happened; returns what is to be done, in order.
    ///
    /// What names a request, a job or a run that is gone changes nothing: messages cross. The cost is logarithmic in the
    /// jobs that have not ended; only a change of [`Command::Visible`] and [`Command::Online`] looks at all of the types that want those.
    pub fn handle(&mut self, now: Now, command: Command) -> Vec<Effect> {
        let mut effects = Vec::new();
        self.reading.pass(now.time, self.limits.pulse);
        match command {
            Command::Seen { job, kind, row } => self.seen(now, job, kind, row, &mut effects),
            Command::Gone(job) => self.gone(job, &mut effects),
            Command::Slot { slot, row } => self.slot_seen(slot, row, &mut effects),
            Command::ReadDone => self.read_done(now.time, true, &mut effects),
            Command::ReadFailed => self.read_done(now.time, false, &mut effects),
            Command::Hint => self.read(&mut effects),
            Command::Granted(request) => self.granted(request, &mut effects),
            Command::LockLost(request) => self.lock_lost(request, &mut effects),
            Command::Entered { lock, answer } => self.entered(now.time, lock, answer, &mut effects),
            Command::Recorded { job, epoch, answer } => self.recorded(now.time, job, epoch, answer, &mut effects),
            Command::Acknowledged { job, epoch, answer } => {
                self.acknowledged(now.time, job, epoch, answer, &mut effects);
            }
            Command::Retired { lock, answer } => self.retired(lock, answer, &mut effects),
            Command::Parked(job) => self.change(now.time, job, |job| job.parked = true),
            Command::Settled { job, epoch, outcome } => self.settled(now.time, job, epoch, outcome, &mut effects),
            Command::Listening { job, epoch } => self.listening(job, epoch, &mut effects),
            Command::Handled { job, epoch } => self.action_handled(job, epoch, &mut effects),
            Command::Visible(visible) => self.around(now.time, Circumstances { visible, ..self.around }, &mut effects),
            Command::Online(online) => self.around(now.time, Circumstances { online, ..self.around }, &mut effects),
            Command::Tick => self.tick(now.time, &mut effects),
            Command::Going => self.going(now.time, &mut effects),
            Command::Leave { at_once } => self.leave(at_once, &mut effects),
            Command::Return => self.back(&mut effects),
        }
        self.arrange(now.time, &mut effects);
        effects
    }

    /// When to send [`Command::Tick`].
    #[must_use]
    pub fn wake_at(&self) -> Option<Time> {
        let alarm = self.alarms.first().map(|(at, ..)| Time::from_micros(*at));
        self.slots.iter().filter_map(Slot::deadline).chain(alarm).chain(self.reading.next_pulse()).min()
    }

    /// The locks that it holds: those that are to be given a sign of life.
    pub fn held(&self) -> impl Iterator<Item = Lock> {
        self.slots.iter().filter(|slot| slot.is_held()).map(Slot::lock)
    }

    /// Runs that died with their tab, after which a job fails: for [`transactions`].
    #[must_use]
    pub fn max_interruptions(&self) -> u32 {
        self.limits.max_interruptions
    }

    /// What a pending job waits for, as far as this tab knows; `None`: it runs, has ended, or is not known.
    pub fn waiting_for(&mut self, now: Time, job: SharedJobId) -> Option<WaitingFor> {
        let kinds = &self.kinds;
        let job = self.jobs.get_mut(&job).filter(|job| job.is_pending())?;
        let kind = job.kind.and_then(|TypeId(kind)| kinds.get(kind as usize)).copied();
        Some(job.missing(now, kind, self.around).0)
    }

    /// Those that can start here, in the order in which they will, those that wait until some moment, in the order of
    /// those, then the rest, oldest first.
    #[must_use]
    pub fn pending(&self) -> Vec<SharedJobId> {
        let others =
            self.jobs.iter().filter(|(_, job)| job.is_pending() && job.queued.is_none() && job.alarm.is_none());
        // One by one: what is collected is sorted first, by code that is large.
        let mut oldest = BTreeSet::new();
        for (id, _) in others {
            oldest.insert((0, 0, *id));
        }
        self.queue.iter().chain(&self.alarms).chain(&oldest).map(|order| order.2).collect()
    }

    /// Records in its tables. For tests and leak hunting.
    #[must_use]
    pub fn live_records(&self) -> usize {
        self.jobs.len() + self.queue.len() + self.alarms.len() + self.slots.iter().filter(|slot| slot.is_held()).count()
    }

    /// Of the slot in which it runs that job under that epoch.
    fn place_of(&self, job: SharedJobId, epoch: u32) -> Option<usize> {
        self.slots.iter().position(|slot| match slot.usage {
            Usage::Running(run) => (run.job, run.epoch) == (job, epoch),
            Usage::Settling { job: settling, epoch: of, .. } => (settling, of) == (job, epoch),
            _ => false,
        })
    }
}
