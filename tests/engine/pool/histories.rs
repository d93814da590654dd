//! Whatever pages and workers do, in whatever order: no task ends twice, none hangs, a worker has one task at most, no
//! capacity is lost.

use std::collections::{BTreeMap, BTreeSet};

use jobgate::engine::Time;
use jobgate::engine::pool::{Command, Effect, End, Pool, PoolOptions, TaskId, WorkerId};
use proptest::prelude::*;

const GRACE: f64 = 20.0;
const IDLE: f64 = 50.0;

/// `pick` chooses among those there are.
#[derive(Debug, Clone, Copy)]
enum Op {
    Submit,
    Stop {
        pick: usize,
    },
    Load {
        pick: usize,
    },
    Settle {
        pick: usize,
    },
    /// Also of workers that are gone: messages cross.
    Lose {
        pick: usize,
    },
    /// Also of tasks that are another's, wait, are gone, or never were.
    SettleAnother {
        worker: u32,
        task: u32,
    },
    Wait {
        millis: u8,
    },
    Close,
}

fn op() -> impl Strategy<Value = Op> {
    prop_oneof![
        6 => Just(Op::Submit),
        3 => any::<usize>().prop_map(|pick| Op::Stop { pick }),
        5 => any::<usize>().prop_map(|pick| Op::Load { pick }),
        5 => any::<usize>().prop_map(|pick| Op::Settle { pick }),
        1 => any::<usize>().prop_map(|pick| Op::Lose { pick }),
        2 => (0_u32..6, 0_u32..50).prop_map(|(worker, task)| Op::SettleAnother { worker, task }),
        3 => any::<u8>().prop_map(|millis| Op::Wait { millis }),
        1 => Just(Op::Close),
    ]
}

/// A worker as its page sees it.
#[derive(Debug, Default)]
struct Seen {
    loaded: bool,
    task: Option<u32>,
    aborted: bool,
}

struct World {
    pool: Pool,
    size: usize,
    now: f64,
    /// When the next tick comes.
    timer: Option<f64>,
    submitted: u32,
    /// Not ended.
    open: BTreeSet<u32>,
    workers: BTreeMap<u32, Seen>,
    /// One could not be loaded, and none of those that were being loaded then could or could not since.
    doubtful: bool,
    closing: bool,
    closed: bool,
}

impl World {
    fn new(size: usize) -> Self {
        let options = PoolOptions { size: size as f64, idle_timeout: IDLE, grace: GRACE };
        Self {
            pool: Pool::new(&options).unwrap(),
            size,
            now: 0.0,
            timer: None,
            submitted: 0,
            open: BTreeSet::new(),
            workers: BTreeMap::new(),
            doubtful: false,
            closing: false,
            closed: false,
        }
    }

    fn handle(&mut self, command: Command) {
        let effects = self.pool.handle(Time::from_millis(self.now), command);
        for effect in effects {
            self.apply(effect);
        }
        self.check();
    }

    fn apply(&mut self, effect: Effect) {
        match effect {
            Effect::Spawn(WorkerId(worker)) => {
                assert!(self.workers.insert(worker, Seen::default()).is_none(), "a number used twice");
                assert!(!self.closing, "started while closing");
            }
            Effect::Post { worker: WorkerId(worker), task: TaskId(task) } => {
                let seen = self.workers.get_mut(&worker).unwrap();
                assert!(seen.loaded && seen.task.is_none() && self.open.contains(&task));
                *seen = Seen { loaded: true, task: Some(task), aborted: false };
            }
            Effect::Abort { worker: WorkerId(worker), task: TaskId(task) } => {
                let seen = self.workers.get_mut(&worker).unwrap();
                assert!(seen.task == Some(task) && !seen.aborted, "asked once, and where it runs");
                seen.aborted = true;
            }
            Effect::Terminate(WorkerId(worker)) => {
                let seen = self.workers.remove(&worker).unwrap();
                assert!(seen.task.is_none_or(|task| !self.open.contains(&task)), "its task has ended");
            }
            Effect::End { task: TaskId(task), how } => {
                assert!(self.open.remove(&task), "ended twice, or never there");
                assert_eq!(how == End::Closed, self.closing);
                let on = self.workers.values_mut().find(|seen| seen.task == Some(task));
                if let Some(seen) = on
                    && how != End::Killed
                    && !matches!(how, End::Lost(_))
                {
                    seen.task = None;
                }
            }
            Effect::Closed => self.closed = true,
            Effect::Wake => {
                let at = self.pool.wake_at().unwrap().as_millis();
                assert!(self.timer.is_none_or(|timer| at < timer), "asked for without need");
                self.timer = Some(at);
            }
        }
    }

    fn check(&self) {
        let stats = self.pool.stats();
        let busy = self.workers.values().filter(|seen| seen.task.is_some()).count();
        assert!(self.workers.len() <= self.size);
        assert_eq!((stats.busy as usize, stats.idle as usize), (busy, self.workers.len() - busy));
        let waiting = self.open.len() - busy;
        let loading = self.workers.values().filter(|seen| !seen.loaded).count();
        let idle = self.workers.len() - busy - loading;
        if waiting > 0 {
            assert_eq!(idle, 0, "one waits though a worker is idle");
            let enough = if self.doubtful { 1 } else { waiting.min(self.size - busy) };
            assert!(loading >= enough, "one waits and no worker is on its way");
        }
        let overdue = self.workers.values().any(|seen| seen.loaded && (seen.aborted || seen.task.is_none()));
        assert_eq!(self.pool.wake_at().is_some(), overdue, "whatever may not last has a deadline");
        let deadline = self.pool.wake_at().map(Time::as_millis);
        assert!(deadline.is_none_or(|at| self.timer.is_some_and(|timer| timer <= at)), "and a tick comes by then");
        assert_eq!(self.closed, self.closing && self.workers.is_empty());
    }

    fn pick<T>(list: &[T], pick: usize) -> Option<&T> {
        if list.is_empty() { None } else { list.get(pick % list.len()) }
    }

    fn play(&mut self, op: Op) {
        match op {
            Op::Submit => {
                self.submitted += 1;
                self.open.insert(self.submitted);
                self.handle(Command::Submit(TaskId(self.submitted)));
            }
            Op::Stop { pick } => {
                let task = pick as u32 % (self.submitted + 2);
                self.handle(Command::Stop(TaskId(task)));
            }
            Op::Load { pick } => {
                let loading: Vec<u32> =
                    self.workers.iter().filter(|(_, seen)| !seen.loaded).map(|(id, _)| *id).collect();
                if let Some(&worker) = Self::pick(&loading, pick) {
                    self.workers.get_mut(&worker).unwrap().loaded = true;
                    self.doubtful = false;
                    self.handle(Command::Loaded(WorkerId(worker)));
                }
            }
            Op::Settle { pick } => {
                let running: Vec<(u32, u32)> =
                    self.workers.iter().filter_map(|(&worker, seen)| Some((worker, seen.task?))).collect();
                if let Some(&(worker, task)) = Self::pick(&running, pick) {
                    self.handle(Command::Settled { worker: WorkerId(worker), task: TaskId(task) });
                    assert!(!self.open.contains(&task));
                }
            }
            Op::SettleAnother { worker, task } => {
                let is_its_own = self.workers.get(&worker).is_some_and(|seen| seen.task == Some(task));
                assert_eq!(self.pool.has_task(WorkerId(worker), TaskId(task)), is_its_own);
                if !is_its_own {
                    let (before, open) = (self.pool.stats(), self.open.clone());
                    self.handle(Command::Settled { worker: WorkerId(worker), task: TaskId(task) });
                    assert_eq!((self.pool.stats(), &self.open), (before, &open), "it ended what is not its own");
                }
            }
            Op::Lose { pick } => {
                let lost = pick as u32 % (self.pool.stats().spawned + 1);
                if self.workers.get(&lost).is_some_and(|seen| !seen.loaded) {
                    self.doubtful = self.workers.iter().any(|(&worker, seen)| worker != lost && !seen.loaded);
                }
                self.handle(Command::Lost(WorkerId(lost)));
            }
            Op::Wait { millis } => self.wait(f64::from(millis)),
            Op::Close => {
                // Seldom, so that most histories are long.
                if self.submitted % 7 == 6 {
                    self.closing = true;
                    self.handle(Command::Close);
                }
            }
        }
    }

    /// Ticks when the pool has asked for it.
    fn wait(&mut self, millis: f64) {
        let until = self.now + millis;
        while let Some(at) = self.timer.take_if(|at| *at <= until) {
            self.now = self.now.max(at);
            self.handle(Command::Tick);
            let next = self.pool.wake_at().map(Time::as_millis);
            assert!(next.is_none_or(|next| next > self.now), "a tick leaves nothing that is due");
        }
        self.now = until;
    }

    /// Stops what is left; nobody settles any more.
    fn finish(&mut self) {
        for task in self.open.clone() {
            self.handle(Command::Stop(TaskId(task)));
        }
        self.wait(GRACE + 1.0);
        assert!(self.open.is_empty(), "{:?} hang", self.open);
        for worker in self.workers.iter().filter(|(_, seen)| !seen.loaded).map(|(id, _)| *id).collect::<Vec<_>>() {
            self.handle(Command::Lost(WorkerId(worker)));
        }
        self.wait(IDLE + 1.0);
        assert!(self.workers.is_empty(), "{:?} stay", self.workers);
    }
}

proptest! {
    #![proptest_config(crate::cases::config())]

    #[test]
    fn no_task_ends_twice_none_hangs_no_capacity_is_lost(size in 1_usize..5, ops in prop::collection::vec(op(), 1..200)) {
        let mut world = World::new(size);
        for op in ops {
            world.play(op);
        }
        world.finish();
    }
}
