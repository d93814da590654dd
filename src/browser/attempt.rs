//! One run of a body.

use std::cell::Cell;
use std::rc::Rc;

use super::clock;
use super::notify::Notify;
use crate::engine::AbortCause;

#[derive(Debug)]
pub(crate) struct Attempt {
    /// 1 for the first.
    pub(crate) number: u32,
    /// Opens when the body is asked to end, at the latest when it has.
    pub(crate) asked: Rc<Notify>,
    reason: Cell<Option<AbortCause>>,
    over: Cell<bool>,
    /// When the body last gave the event loop a turn, as far as this attempt knows.
    turn_began: Cell<f64>,
}

impl Attempt {
    pub(crate) fn new(number: u32) -> Rc<Self> {
        Rc::new(Self {
            number,
            asked: Rc::default(),
            reason: Cell::new(None),
            over: Cell::new(false),
            turn_began: Cell::new(clock::now()),
        })
    }

    /// The first to ask gives the reason.
    pub(crate) fn ask(&self, cause: AbortCause) {
        if self.reason.get().is_none() {
            self.reason.set(Some(cause));
        }
        self.asked.open();
    }

    pub(crate) fn reason(&self) -> Option<AbortCause> {
        self.reason.get()
    }

    /// The body has settled: whoever still holds its context speaks for nobody.
    pub(crate) fn finish(&self) {
        self.over.set(true);
        self.asked.open();
    }

    pub(crate) fn is_over(&self) -> bool {
        self.over.get()
    }

    /// Milliseconds since the turn began.
    pub(crate) fn held_for(&self) -> f64 {
        clock::now() - self.turn_began.get()
    }

    pub(crate) fn begin_turn(&self) {
        self.turn_began.set(clock::now());
    }
}
