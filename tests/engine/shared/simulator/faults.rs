//! What users do, and what goes wrong.

use jobgate::engine::shared::{Command, Row, SharedJobId, Status};
use jobgate::engine::{OnDuplicate, RetryOptions};

use super::body::Script;
use super::store::{Stored, Transaction};
use super::tab::{KINDS, STRICT, TAKE_OVER, TabActor, VERSIONED};
use super::{Event, Told, World};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Death {
    Before,
    After,
}

/// Which faults a history has.
#[derive(Debug, Clone, Copy)]
pub struct Plan {
    pub slots: u32,
    /// Things that happen, apart from what follows from them.
    pub fates: u64,
    pub crashes: bool,
    pub hangs: bool,
    pub wrong_clocks: bool,
    pub full_disks: bool,
    /// In a hundred.
    pub lost_hints: u64,
    /// The tab that makes this write dies then.
    pub death: Option<(u64, Death)>,
}

/// A day.
const WRONG: f64 = 86_400_000.0;
const DUPLICATES: [OnDuplicate; 4] = [OnDuplicate::Join, OnDuplicate::Replace, OnDuplicate::Queue, OnDuplicate::Reject];

impl World {
    /// Plays the history, then lets all that can end do so.
    pub fn play(&mut self) {
        for _ in 0..2 {
            self.open();
        }
        self.at(0, Event::Fate);
        while self.plan.fates > 0 && self.step() {}
        self.finish();
    }

    fn open(&mut self) {
        let offset = match self.chance.below(4) {
            0 if self.plan.wrong_clocks => WRONG,
            1 if self.plan.wrong_clocks => -WRONG,
            _ => 0.0,
        };
        let (execute, is_old) = (!self.chance.percent(15), self.chance.percent(30));
        self.enter(TabActor::new(self.now, self.plan.slots, execute, is_old, offset));
    }

    fn enter(&mut self, tab: TabActor) {
        self.tabs.push(tab);
        self.tell(self.tabs.len() - 1, Told::Command(Command::Hint));
    }

    pub fn fate(&mut self) {
        self.plan.fates -= 1;
        if self.plan.fates == 0 {
            return;
        }
        let wait = self.chance.below(80);
        self.at(self.now + wait, Event::Fate);
        let able: Vec<usize> =
            (0..self.tabs.len()).filter(|tab| self.tabs[*tab].alive && self.tabs[*tab].here).collect();
        let Some(&tab) = able.get(self.chance.below(able.len().max(1) as u64) as usize) else {
            self.open();
            return;
        };
        let is_awake = self.tabs[tab].hung_until <= self.now;
        match self.chance.below(20) {
            0..8 if is_awake => self.create(tab),
            8..10 if is_awake => {
                if let Some(job) = self.some_job() {
                    self.transact(tab, Transaction::Stop(job));
                }
            }
            10..12 if is_awake => {
                if let Some(job) = self.some_job() {
                    self.transact(tab, Transaction::Send(job));
                }
            }
            12 if is_awake => {
                if let Some(job) = self.some_job() {
                    let priority = self.chance.below(4) as f64;
                    self.transact(tab, Transaction::Prioritize(job, priority));
                }
            }
            13 if self.plan.crashes => self.crash(tab),
            14 if self.plan.hangs => self.hang(tab),
            15 if self.plan.full_disks => {
                self.tabs[tab].fails_until = self.now + self.chance.below(2 * TAKE_OVER);
                self.tabs[tab].was_silent = true;
            }
            16 if able.len() < 5 => self.open(),
            17 if is_awake && self.chance.percent(50) => {
                // Loaded anew: nothing more is heard of the page.
                if self.chance.percent(50) {
                    self.handle(tab, Command::Going);
                }
                self.handle(tab, Command::Leave { at_once: true });
                self.crash(tab);
            }
            17 => self.go(tab),
            18 => {
                let (online, visible) = (self.chance.percent(50), self.chance.percent(50));
                self.tell(tab, Told::Command(Command::Online(online)));
                self.tell(tab, Told::Command(Command::Visible(visible)));
                if self.chance.percent(30) {
                    // Its user was asked, and stays.
                    self.tell(tab, Told::Command(Command::Going));
                }
            }
            19 => self.tabs[tab].deaf = !self.tabs[tab].deaf,
            _ => {}
        }
    }

    fn some_job(&mut self) -> Option<SharedJobId> {
        (self.created > 0)
            .then(|| SharedJobId(1 + self.chance.below(u64::from(self.created)) as u32))
            .filter(|job| self.store.jobs.contains_key(job))
    }

    fn create(&mut self, tab: usize) {
        self.created += 1;
        let job = SharedJobId(self.created);
        let script = Script::random(&mut self.chance);
        self.scripts.insert(job, script);
        let wall = self.tabs[tab].wall(self.now);
        let wait = if self.chance.percent(20) { self.chance.below(200) as f64 } else { 0.0 };
        let kind = self.chance.below(KINDS as u64) as usize;
        let retries = self.chance.below(3) as f64;
        let row = Row {
            version: if kind == VERSIONED { 1 + self.chance.below(2) as u32 } else { 1 },
            priority: self.chance.below(3) as f64,
            created_at: wall,
            ready_at: if wait > 0.0 { wall + wait } else { 0.0 },
            wait,
            timeout: if self.chance.percent(20) { 100.0 } else { f64::INFINITY },
            retry: RetryOptions { limit: retries, delay: 40.0, max_delay: 100.0, ..RetryOptions::default() },
            ..Row::default()
        };
        let key = self.chance.percent(50).then(|| self.chance.below(3));
        let on_duplicate = DUPLICATES[self.chance.below(4) as usize];
        self.transact(tab, Transaction::Create { job, kind, key, on_duplicate, row });
    }

    fn hang(&mut self, tab: usize) {
        // Some never wake up.
        let wait = if self.chance.percent(20) { u64::MAX / 2 } else { self.chance.below(5 * TAKE_OVER) };
        let actor = &mut self.tabs[tab];
        actor.hung_until = actor.hung_until.max(self.now.saturating_add(wait));
        // Others count from what they have heard last, which may be some pulses before.
        actor.was_silent |= wait >= TAKE_OVER / 4;
    }

    /// Closed in good order, or put away by the browser and perhaps taken out again.
    fn go(&mut self, tab: usize) {
        let is_closed = self.chance.percent(50);
        self.tell(tab, Told::Command(Command::Leave { at_once: !is_closed }));
        if is_closed {
            return;
        }
        self.tell(tab, Told::Command(Command::Return));
    }

    /// From here on nothing goes wrong; whoever hangs goes on hanging for as long as others can do without it.
    fn finish(&mut self) {
        let quiet_since = self.now;
        for actor in &mut self.tabs {
            actor.fails_until = 0;
        }
        self.plan.death = None;
        self.enter(TabActor::new(self.now, self.plan.slots, true, false, 0.0));
        let is_open = |world: &Self| world.store.jobs.values().any(|stored| !stored.row.status.is_end());
        let mut hung_have_died = false;
        while is_open(self) {
            let waited = self.now - quiet_since;
            assert!(waited < 120 * TAKE_OVER, "they wait for ever: {:#?}", self.open_jobs());
            if waited > 60 * TAKE_OVER && !hung_have_died {
                hung_have_died = true;
                assert!(self.strict_are_in_the_way(), "they wait for those that hang: {:#?}", self.open_jobs());
                for tab in (0..self.tabs.len()).filter(|tab| self.tabs[*tab].hung_until > self.now).collect::<Vec<_>>()
                {
                    self.crash(tab);
                }
            }
            assert!(self.step(), "nothing happens any more: {:#?}", self.open_jobs());
        }
        for job in &self.acknowledged {
            assert!(self.store.jobs.contains_key(job), "{job:?} was acknowledged, and is lost");
        }
        for job in &self.store.stops {
            assert_eq!(self.store.jobs[job].row.status, Status::Cancelled, "{job:?} was asked to stop");
        }
    }

    /// What is left is theirs, or waits behind them, or for a slot of which they have all.
    fn strict_are_in_the_way(&self) -> bool {
        let mut open = self.store.jobs.values().filter(|stored| !stored.row.status.is_end());
        let theirs = |stored: &Stored| stored.kind == STRICT && stored.row.status == Status::Running;
        let slots = self.store.jobs.values().filter(|stored| theirs(stored)).count();
        slots == self.store.slots.len() || open.all(|stored| theirs(stored) || stored.row.behind)
    }

    fn open_jobs(&self) -> Vec<(SharedJobId, Row)> {
        let open = self.store.jobs.iter().filter(|(_, stored)| !stored.row.status.is_end());
        open.map(|(id, stored)| (*id, stored.row)).collect()
    }
}
