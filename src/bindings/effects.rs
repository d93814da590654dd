//! Effects as words in linear memory, where the facade reads them without a call.
//!
//! One word says what (`wire.rs`), then:
//!
//! | effect | words that follow |
//! |---|---|
//! | start | job, attempt |
//! | abort | job, cause and whether it is the last |
//! | ask retry | job, cause |
//! | ended | job, how, cause and `ended`'s flags, where its continuations begin, how many |
//! | forgotten | job, manager |
//! | deliver | source kind and channel, source, value (of a key or an order: job) or −1, where its listeners begin, how many |
//! | event | source kind and event, source, job or −1, value or −1, where its listeners begin, how many |
//! | pending below, idle | manager |
//! | wait over | waiter |
//! | wake | — (ask `wakeAt`) |
//!
//! "And" joins two numbers in one word, the second above the first: see `pack`.

#![allow(clippy::inline_always)]

use super::wire::{NONE, abort, cause_code, effect, end_code, ended, pack, source_code};
use crate::engine::{Effect, EffectSink, ListenerId, Source, Time};

/// Where the words are, at an address that stays.
#[derive(Debug, Default)]
pub(super) struct Outbox {
    header: Box<Header>,
    words: Vec<u32>,
    listeners: Vec<ListenerId>,
    wake_at: Option<Time>,
}

/// What the facade reads first.
#[derive(Debug, Default)]
#[repr(C)]
struct Header {
    words: u32,
    /// The facade writes zero here once it has applied all effects.
    len: u32,
    newest_serial: u32,
    listeners: u32,
}

impl Outbox {
    pub(super) fn header_address(&self) -> u32 {
        std::ptr::from_ref(&*self.header) as usize as u32
    }

    pub(super) fn wake_at(&self) -> Option<Time> {
        self.wake_at
    }

    pub(super) fn set_serial(&mut self, serial: u64) {
        self.header.newest_serial = serial as u32;
    }

    /// No effect is under way.
    #[inline]
    pub(super) fn is_idle(&self) -> bool {
        self.header.len == 0
    }

    /// As above, after some were.
    #[inline]
    pub(super) fn is_drained(&self) -> bool {
        self.is_idle() && !self.words.is_empty()
    }

    pub(super) fn clear(&mut self) {
        self.words.clear();
        self.listeners.clear();
    }

    /// After a command, whose effects stand behind what is still unread.
    #[inline]
    pub(super) fn publish(&mut self) {
        let Self { header, words, listeners, .. } = self;
        header.words = words.as_ptr() as usize as u32;
        header.len = words.len() as u32;
        header.listeners = listeners.as_ptr() as usize as u32;
    }

    fn write<const N: usize>(&mut self, words: [u32; N]) {
        self.words.extend(words);
    }

    /// Whose listeners, and what for.
    fn source(what: u32, source: Source) -> [u32; 2] {
        let [kind, number] = source_code(source);
        [pack(kind, what), number]
    }
}

impl EffectSink for Outbox {
    #[inline(always)] // Whoever pushes knows which it is: no switch is left of it.
    fn push(&mut self, effect: Effect) {
        match effect {
            Effect::Start { job, attempt } => self.write([effect::START, job.0, attempt]),
            Effect::Abort { job, cause, last } => {
                self.write([effect::ABORT, job.0, cause_code(Some(cause)) + u32::from(last) * abort::LAST]);
            }
            Effect::AskRetry { job, cause } => self.write([effect::ASK_RETRY, job.0, cause_code(cause)]),
            Effect::Ended { job, completion, cause, forgotten, abandoned, continuations } => {
                let flags = u32::from(forgotten) * ended::FORGOTTEN + u32::from(abandoned) * ended::ABANDONED;
                let [how, why] = [end_code(completion), cause_code(cause) + flags];
                self.write([effect::ENDED, job.0, how, why, continuations.start(), continuations.count()]);
            }
            Effect::Forgotten { job, manager } => self.write([effect::FORGOTTEN, job.0, manager.0]),
            Effect::Deliver { source, channel, about, value, to } => {
                let [what, number] = Self::source(channel as u32, source);
                let carried = about.map_or(value.0, |job| job.0);
                self.write([effect::DELIVER, what, number, carried, to.start(), to.count()]);
            }
            Effect::Event { event, job, source, value, to } => {
                let [what, number] = Self::source(event as u32, source);
                let job = job.map_or(NONE, |job| job.0);
                self.write([effect::EVENT, what, number, job, value.0, to.start(), to.count()]);
            }
            Effect::PendingBelow { manager } => self.write([effect::PENDING_BELOW, manager.0]),
            Effect::Idle { manager } => self.write([effect::IDLE, manager.0]),
            Effect::WaitOver { waiter } => self.write([effect::WAIT_OVER, waiter.0]),
            Effect::Wake { at } => {
                self.wake_at = at;
                self.write([effect::WAKE]);
            }
        }
    }

    fn listeners(&mut self) -> &mut Vec<ListenerId> {
        &mut self.listeners
    }
}
