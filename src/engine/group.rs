//! One group of a manager's jobs.

use std::hash::Hasher;
use std::rc::Rc;

use super::queue::{Place, ReadyQueue};
use super::rate::{Limit, RateLimit};
use super::time::Time;

#[derive(Debug)]
pub(crate) struct Group {
    pub(super) name: Rc<str>,
    pub(super) line: ReadyQueue,
    pub(super) running: u32,
    /// Of those, whose bodies the driver has not begun to call.
    pub(super) granted: u32,
    pub(super) members: u32,
    pub(super) rate: RateLimit,
    /// Where its first stands among the firsts of all groups.
    pub(super) head: Option<Place>,
    /// When its rate limit lets its first start, where nothing else in the group holds that back.
    pub(super) opens: Option<Time>,
    /// Among those to be looked at before the next start.
    pub(super) dirty: bool,
}

impl Group {
    pub(super) fn new(name: Rc<str>, rate: Limit) -> Self {
        Self {
            name,
            line: ReadyQueue::default(),
            running: 0,
            granted: 0,
            members: 0,
            rate: RateLimit::new(rate),
            head: None,
            opens: None,
            dirty: false,
        }
    }
}

/// FNV-1a. A tree of names takes 10 KB more of wasm, the standard library's own hash 2; and it is the same every time.
#[derive(Debug)]
pub(super) struct Fnv(u32);

impl Default for Fnv {
    fn default() -> Self {
        Self(0x811c_9dc5)
    }
}

impl Hasher for Fnv {
    fn write(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.0 = (self.0 ^ u32::from(*byte)).wrapping_mul(0x0100_0193);
        }
    }

    fn finish(&self) -> u64 {
        // The table tells entries apart by the highest bits of 64 first.
        u64::from(self.0).wrapping_mul(0x9e37_79b9_7f4a_7c15)
    }
}
