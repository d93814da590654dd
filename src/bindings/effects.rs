//! Effects as words in linear memory, where the facade reads them without a call.
//!
//! One word says what, then:
//!
//! | code | effect | words that follow |
//! |---|---|---|
//! | 1 | start | job, attempt |
//! | 2 | abort | job, cause |
//! | 3 | ask retry | job |
//! | 4 | ended | job, completion + cause × 4 + forgotten × 16 |
//! | 5 | forgotten | job, manager |
//! | 6 | standing | key, job |
//! | 7 | deliver | source kind + channel × 4, source, job or −1, n, n listeners |
//! | 8 | event | source kind + event × 4, source, job or −1, n, n listeners |
//! | 9 | empty | manager |
//! | 10 | idle | manager |
//! | 11 | stop timed out | waiter |
//! | 12 | wake | — (ask `wakeAt`) |

use crate::engine::{AbortCause, CompletionType, Effect, Effects, JobId, Source, Targets, Time};

const NONE: u32 = u32::MAX;

/// Where the words are, at an address that stays.
#[derive(Debug, Default)]
pub(super) struct Outbox {
    /// Address, length, the serial of the newest job, and how many effects the last command had.
    header: Box<[u32; 4]>,
    words: Vec<u32>,
    wake_at: Option<Time>,
}

impl Outbox {
    pub(super) fn header_address(&self) -> u32 {
        self.header.as_ptr() as usize as u32
    }

    pub(super) fn wake_at(&self) -> Option<Time> {
        self.wake_at
    }

    pub(super) fn set_serial(&mut self, serial: u64) {
        let [_, _, slot, _] = &mut *self.header;
        *slot = serial as u32;
    }

    /// The facade writes a zero over the length once it has applied all effects.
    #[inline]
    pub(super) fn is_drained(&self) -> bool {
        let [_, length, _, _] = *self.header;
        length == 0 && !self.words.is_empty()
    }

    pub(super) fn clear(&mut self) {
        self.words.clear();
    }

    /// Behind what is still unread.
    pub(super) fn take(&mut self, effects: &mut Effects) {
        let [_, _, _, count] = &mut *self.header;
        *count = effects.as_slice().len() as u32;
        if *count == 0 {
            return;
        }
        for effect in effects.as_slice() {
            self.write(effect, effects);
        }
        effects.clear();
        self.publish();
    }

    fn publish(&mut self) {
        let [address, len, _, _] = &mut *self.header;
        *address = self.words.as_ptr() as usize as u32;
        *len = self.words.len() as u32;
    }

    #[inline]
    fn write(&mut self, effect: &Effect, effects: &Effects) {
        let words = &mut self.words;
        match *effect {
            Effect::Start { job, attempt } => words.extend([1, job.0, attempt]),
            Effect::Abort { job, cause } => words.extend([2, job.0, cause_code(Some(cause))]),
            Effect::AskRetry { job } => words.extend([3, job.0]),
            Effect::Ended { job, completion, cause, forgotten } => {
                let how = completion_code(completion) + cause_code(cause) * 4 + u32::from(forgotten) * 16;
                words.extend([4, job.0, how]);
            }
            Effect::Forgotten { job, manager } => words.extend([5, job.0, manager.0]),
            Effect::Standing { key, job } => words.extend([6, key.0, job.0]),
            Effect::Deliver { source, channel, standing, to } => {
                let (kind, number) = source_code(source);
                words.extend([7, kind + channel as u32 * 4, number, job_code(standing)]);
                self.write_targets(to, effects);
            }
            Effect::Event { event, job, source, to } => {
                let (kind, number) = source_code(source);
                words.extend([8, kind + event as u32 * 4, number, job_code(job)]);
                self.write_targets(to, effects);
            }
            Effect::Empty { manager } => words.extend([9, manager.0]),
            Effect::Idle { manager } => words.extend([10, manager.0]),
            Effect::StopTimedOut { waiter } => words.extend([11, waiter.0]),
            Effect::Wake { at } => {
                self.wake_at = at;
                words.push(12);
            }
        }
    }

    fn write_targets(&mut self, to: Targets, effects: &Effects) {
        let listeners = effects.targets(to);
        self.words.push(listeners.len() as u32);
        self.words.extend(listeners.iter().map(|listener| listener.0));
    }
}

fn source_code(source: Source) -> (u32, u32) {
    match source {
        Source::Emitter(emitter) => (0, emitter.0),
        Source::Job(job) => (1, job.0),
        Source::Manager(manager) => (2, manager.0),
        Source::Key(key) => (3, key.0),
    }
}

fn job_code(job: Option<JobId>) -> u32 {
    job.map_or(NONE, |job| job.0)
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
