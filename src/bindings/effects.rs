//! Effects as words in linear memory, where the facade reads them without a call.
//!
//! One word says what, then:
//!
//! | code | effect | words that follow |
//! |---|---|---|
//! | 1 | start | job, attempt |
//! | 2 | abort | job, cause + last × 4 |
//! | 3 | ask retry | job |
//! | 4 | ended | job, completion + cause × 4 + forgotten × 16 + abandoned × 32 |
//! | 5 | forgotten | job, manager |
//! | 6 | deliver | source kind + channel × 4, source, value (of a key or an order: job) or −1, where its listeners begin, how many |
//! | 7 | event | source kind + event × 4, source, job or −1, value or −1, where its listeners begin, how many |
//! | 8 | pending below | manager |
//! | 9 | idle | manager |
//! | 10 | wait over | waiter |
//! | 11 | wake | — (ask `wakeAt`) |

#![allow(clippy::inline_always)]

use crate::engine::{AbortCause, CompletionType, Effect, EffectSink, ListenerId, Source, Time};

const NONE: u32 = u32::MAX;

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
        let (kind, number) = match source {
            Source::Emitter(emitter) => (0, emitter.0),
            Source::Job(job) => (1, job.0),
            Source::Manager(manager) => (2, manager.0),
            Source::Key(key) => (3, key.0),
        };
        [kind + what * 4, number]
    }
}

impl EffectSink for Outbox {
    #[inline(always)] // Whoever pushes knows which it is: no switch is left of it.
    fn push(&mut self, effect: Effect) {
        match effect {
            Effect::Start { job, attempt } => self.write([1, job.0, attempt]),
            Effect::Abort { job, cause, last } => self.write([2, job.0, cause_code(Some(cause)) + u32::from(last) * 4]),
            Effect::AskRetry { job } => self.write([3, job.0]),
            Effect::Ended { job, completion, cause, forgotten, abandoned } => {
                let flags = u32::from(forgotten) * 16 + u32::from(abandoned) * 32;
                let how = completion_code(completion) + cause_code(cause) * 4 + flags;
                self.write([4, job.0, how]);
            }
            Effect::Forgotten { job, manager } => self.write([5, job.0, manager.0]),
            Effect::Deliver { source, channel, about, value, to } => {
                let [what, number] = Self::source(channel as u32, source);
                let carried = about.map_or(value.0, |job| job.0);
                self.write([6, what, number, carried, to.start(), to.count()]);
            }
            Effect::Event { event, job, source, value, to } => {
                let [what, number] = Self::source(event as u32, source);
                let job = job.map_or(NONE, |job| job.0);
                self.write([7, what, number, job, value.0, to.start(), to.count()]);
            }
            Effect::PendingBelow { manager } => self.write([8, manager.0]),
            Effect::Idle { manager } => self.write([9, manager.0]),
            Effect::WaitOver { waiter } => self.write([10, waiter.0]),
            Effect::Wake { at } => {
                self.wake_at = at;
                self.write([11]);
            }
        }
    }

    fn listeners(&mut self) -> &mut Vec<ListenerId> {
        &mut self.listeners
    }
}

pub(super) fn completion_code(completion: CompletionType) -> u32 {
    match completion {
        CompletionType::Normal => 1,
        CompletionType::Failed => 2,
        CompletionType::Cancelled => 3,
    }
}

fn cause_code(cause: Option<AbortCause>) -> u32 {
    match cause {
        None => 0,
        Some(AbortCause::Stop) => 1,
        Some(AbortCause::Timeout) => 2,
        Some(AbortCause::Replaced) => 3,
    }
}
