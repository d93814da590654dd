//! One tab: the rules, a clock that may be wrong, a thread that may hang.

use std::collections::BTreeMap;

use jobgate::engine::Time;
use jobgate::engine::shared::{Now, SharedJobId, Tab, TabOptions, TypeRules};

use super::body::Body;

/// Milliseconds of silence after which an owner is given up.
pub const TAKE_OVER: u64 = 400;
/// Of the types: plain, in two versions, strict, failed by an interruption, online and visible.
pub const KINDS: usize = 5;
pub const VERSIONED: usize = 1;
pub const STRICT: usize = 2;

#[derive(Debug)]
pub struct TabActor {
    pub rules: Tab,
    pub alive: bool,
    /// Its page is shown, or was not hidden away.
    pub here: bool,
    pub hung_until: u64,
    /// It has been silent, for whatever reason, for long enough to be given up.
    pub was_silent: bool,
    /// What it hears and what it asks come in their order.
    pub tell_after: u64,
    pub commit_after: u64,
    /// Writes fail until then.
    pub fails_until: u64,
    pub deaf: bool,
    pub bodies: BTreeMap<(SharedJobId, u32), Body>,
    /// The store's counter as of its last look.
    pub cursor: u64,
    pub timer: Option<u64>,
    born: u64,
    /// Of its wall clock.
    offset: f64,
}

impl TabActor {
    pub fn new(now: u64, slots: u32, execute: bool, is_old: bool, offset: f64) -> Self {
        let options = TabOptions {
            concurrency: f64::from(slots),
            take_over_after: TAKE_OVER as f64,
            max_interruptions: f64::from(super::store::MAX_INTERRUPTIONS),
            execute,
        };
        let mut rules = Tab::new(&options).unwrap();
        for kind in 0..KINDS {
            let version = if kind == VERSIONED && !is_old { 2.0 } else { 1.0 };
            let types = TypeRules {
                version,
                strict: kind == STRICT,
                fail_interrupted: kind == 3,
                online: (kind == 4).then_some(300.0),
                visible: kind == 4,
            };
            rules.add_type(&types).unwrap();
        }
        Self {
            rules,
            alive: true,
            here: true,
            hung_until: 0,
            was_silent: false,
            tell_after: now,
            commit_after: now,
            fails_until: 0,
            deaf: false,
            bodies: BTreeMap::new(),
            cursor: 0,
            timer: None,
            born: now,
            offset,
        }
    }

    pub fn wall(&self, now: u64) -> f64 {
        1e12 + now as f64 + self.offset
    }

    /// Its own clock begins with it.
    pub fn now(&self, now: u64) -> Now {
        Now { time: Time::from_millis((now - self.born) as f64), wall: self.wall(now) }
    }

    pub fn wake_at(&self) -> Option<u64> {
        self.rules.wake_at().map(|at| self.born + at.as_millis().min(1e9).ceil() as u64)
    }
}
