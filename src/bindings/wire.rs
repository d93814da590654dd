//! The numbers of the core: see `codes.rs`.

use super::codes::codes;
use crate::engine::{AbortCause, Channel, CompletionType, Event, JobStatus, OnDuplicate, Outcome, Refusal, Source};

codes! {
    /// What an effect's first word says.
    effect: u32 {
        START = 1, ABORT = 2, ASK_RETRY = 3, ENDED = 4, FORGOTTEN = 5, DELIVER = 6, EVENT = 7, PENDING_BELOW = 8,
        IDLE = 9, WAIT_OVER = 10, WAKE = 11,
    }
    /// The words of the header, where effects are found.
    header: u32 { WORDS = 0, LEN = 1, NEWEST_SERIAL = 2, LISTENERS = 3 }
    /// Above the cause, in the word of `ended` that has it.
    ended: u32 { FORGOTTEN = pack(0, 1), ABANDONED = pack(0, 2) }
    /// The same of `abort`.
    abort: u32 { LAST = pack(0, 1) }
    /// How a job ended: its status, which is below these while it has not.
    end: u32 {
        NORMAL = end_code(CompletionType::Normal), FAILED = end_code(CompletionType::Failed),
        CANCELLED = end_code(CompletionType::Cancelled),
    }
    /// What has become of a run; its job is above.
    ran: u32 { PENDING = 0, STARTED = 1, ALREADY_RUNNING = 2 }
    /// How a body has settled.
    outcome: u32 { RESOLVED = 0, REJECTED = 1 }
    /// Why a body is asked to end.
    cause: u32 {
        NONE = cause_code(None), STOP = AbortCause::Stop as u32, TIMEOUT = AbortCause::Timeout as u32,
        REPLACED = AbortCause::Replaced as u32,
    }
    /// Where a change comes from.
    source: u32 { EMITTER = 0, JOB = 1, MANAGER = 2, KEY = 3 }
    /// What is listened for.
    channel: u32 {
        VALUE = Channel::Value as u32, STATE = Channel::State as u32, PROGRESS = Channel::Progress as u32,
        STOPPED = Channel::Stopped as u32, ACTION = Channel::Action as u32, EVENT = Channel::Event as u32,
        CHANGE = Channel::Change as u32, KEY = Channel::Key as u32, ORDER = Channel::Order as u32,
        CONTINUATION = Channel::Continuation as u32,
    }
    /// What happened to a job.
    event: u32 {
        CREATED = Event::Created as u32, STARTED = Event::Started as u32, PROGRESS = Event::Progress as u32,
        LOG = Event::Log as u32, RETRYING = Event::Retrying as u32, COMPLETED = Event::Completed as u32,
        FAILED = Event::Failed as u32, CANCELLED = Event::Cancelled as u32, REMOVED = Event::Removed as u32,
        STATS = Event::Stats as u32, STOPPING = Event::Stopping as u32,
    }
    /// Where a job is in its life.
    status: u32 {
        PENDING = status_code(JobStatus::Pending), RUNNING = status_code(JobStatus::Running),
        COMPLETED = status_code(JobStatus::Completed), FAILED = status_code(JobStatus::Failed),
        CANCELLED = status_code(JobStatus::Cancelled),
    }
    /// What to do where a key is taken.
    policy: u32 { JOIN = 0, REPLACE = 1, QUEUE = 2, REJECT = 3 }
    /// Which run options are given, and the yes-or-no ones.
    option: u32 {
        PRIORITY = 1, TIMEOUT = 2, DELAY = 4, RETRY = 8, FIXED_BACKOFF = 16, NO_JITTER = 32, ABORTED = 64,
        ABANDON_AFTER = 1024, RETRY_DELAY = 2048, RETRY_MAX_DELAY = 4096, MAY_WAIT_ALONE = 8192,
    }
    /// The same of managers.
    manager_flag: u32 { PAUSED = 128, RATE_LIMITED = 256, GROUP_RATE_LIMITED = 512 }
    /// Why a command was refused; what has made no difference; what was not to be listened to.
    answer: i32 { NO_DIFFERENCE = -1, BOUNDS = -2, DUPLICATE = -3, FULL = -4, CLOSED = -5 }
    /// Instead of a listener's number.
    listening: i32 { NOTHING_TO_HEAR = -1, LATCHED = -2 }
}

/// In place of the number of a job or of a value.
pub(crate) const NONE: u32 = u32::MAX;

/// How many words an effect has, its code among them.
#[cfg(test)]
const EFFECT_WORDS: [u32; 12] = [0, 3, 3, 3, 6, 3, 6, 7, 2, 2, 2, 1];

/// Of two numbers in one word, the lower has so many bits.
pub(crate) const LOW_BITS: u32 = 2;

pub(crate) const fn pack(low: u32, high: u32) -> u32 {
    low | high << LOW_BITS
}

pub(crate) const fn end_code(completion: CompletionType) -> u32 {
    match completion {
        CompletionType::Normal => status::COMPLETED,
        CompletionType::Failed => status::FAILED,
        CompletionType::Cancelled => status::CANCELLED,
    }
}

pub(crate) const fn cause_code(cause: Option<AbortCause>) -> u32 {
    match cause {
        None => 0,
        Some(cause) => cause as u32,
    }
}

pub(crate) const fn status_code(status: JobStatus) -> u32 {
    match status {
        JobStatus::Pending => 0,
        JobStatus::Running => 1,
        JobStatus::Completed => 2,
        JobStatus::Failed => 3,
        JobStatus::Cancelled => 4,
    }
}

pub(crate) fn refusal_code(refusal: Refusal) -> i32 {
    match refusal {
        Refusal::OutOfBounds(_) => answer::BOUNDS,
        Refusal::Duplicate => answer::DUPLICATE,
        Refusal::QueueFull => answer::FULL,
        Refusal::Closed => answer::CLOSED,
    }
}

pub(crate) fn outcome_of(code: u32) -> Outcome {
    match code {
        outcome::RESOLVED => Outcome::Resolved,
        _ => Outcome::Rejected,
    }
}

pub(crate) fn policy_of(code: i32) -> Option<OnDuplicate> {
    Some(match u32::try_from(code).ok()? {
        policy::JOIN => OnDuplicate::Join,
        policy::REPLACE => OnDuplicate::Replace,
        policy::QUEUE => OnDuplicate::Queue,
        policy::REJECT => OnDuplicate::Reject,
        _ => return None,
    })
}

/// Kind and number.
pub(crate) fn source_code(source: Source) -> [u32; 2] {
    match source {
        Source::Emitter(emitter) => [source::EMITTER, emitter.0],
        Source::Job(job) => [source::JOB, job.0],
        Source::Manager(manager) => [source::MANAGER, manager.0],
        Source::Key(key) => [source::KEY, key.0],
    }
}

pub(crate) fn channel_of(code: u32) -> Channel {
    match code {
        channel::VALUE => Channel::Value,
        channel::STATE => Channel::State,
        channel::PROGRESS => Channel::Progress,
        channel::STOPPED => Channel::Stopped,
        channel::ACTION => Channel::Action,
        channel::EVENT => Channel::Event,
        channel::CHANGE => Channel::Change,
        channel::KEY => Channel::Key,
        channel::ORDER => Channel::Order,
        _ => Channel::Continuation,
    }
}

#[cfg(test)]
mod tests {
    use std::fmt::Write;

    use super::*;
    use crate::bindings::codes::writing::{camel_case, check, constant, number, title};
    use crate::engine::KeyId;
    use crate::engine::rate::STARTS_KEPT;

    fn written() -> String {
        let mut text = title("src/bindings/wire.rs");
        constant(&mut text, "What an effect's first word says.", "EFFECT", effect::ALL);
        let words = EFFECT_WORDS.map(|words| words.to_string()).join(", ");
        write!(text, "\n/** How many words an effect has, by its code. */\nexport const EFFECT_WORDS: readonly number[] = [{words}];\n").unwrap();
        constant(&mut text, "The words of the header, where effects are found.", "HEADER", header::ALL);
        number(&mut text, "Of two numbers in one word, the lower has so many bits.", "LOW_BITS", LOW_BITS);
        number(&mut text, "Its bits.", "LOW_MASK", (1 << LOW_BITS) - 1);
        constant(&mut text, "Above the cause, in the word of `ended` that has it.", "ENDED", ended::ALL);
        constant(&mut text, "The same of `abort`.", "ABORT", abort::ALL);
        constant(&mut text, "How a job ended: its status, which is below these while it has not.", "END", end::ALL);
        constant(&mut text, "What has become of a run; its job is above.", "RAN", ran::ALL);
        constant(&mut text, "How a body has settled.", "OUTCOME", outcome::ALL);
        constant(&mut text, "Why a body is asked to end.", "CAUSE", cause::ALL);
        constant(&mut text, "Where a change comes from.", "SOURCE", source::ALL);
        constant(&mut text, "What is listened for.", "CHANNEL", channel::ALL);
        constant(&mut text, "What happened to a job.", "EVENT", event::ALL);
        let statuses: Vec<String> = status::ALL.iter().map(|(name, _)| format!("\"{}\"", camel_case(name))).collect();
        let statuses = statuses.join(", ");
        write!(
            text,
            "\n/** Where a job is in its life, by its code. */\nexport const STATUS = [{statuses}] as const;\n"
        )
        .unwrap();
        constant(&mut text, "What to do where a key is taken.", "POLICY", policy::ALL);
        constant(&mut text, "Which run options are given, and the yes-or-no ones.", "GIVEN", option::ALL);
        constant(&mut text, "The same of managers.", "MANAGER_FLAGS", manager_flag::ALL);
        constant(&mut text, "What commands answer below zero.", "REFUSED", answer::ALL);
        constant(&mut text, "Instead of a listener's number.", "LISTENING", listening::ALL);
        number(&mut text, "In place of the number of a job or of a value.", "NONE", NONE);
        number(&mut text, "So many starts a rate limit that comes later still knows of.", "STARTS_KEPT", STARTS_KEPT);
        text
    }

    #[test]
    fn the_wire_is_the_same_on_both_sides() {
        check("src/facade/wasm/wire.ts", &written());
    }

    #[test]
    fn what_is_coded_is_read_as_it_was() {
        for code in 0..=channel::CONTINUATION {
            assert_eq!(channel_of(code) as u32, code);
        }
        assert_eq!(effect::ALL.len() + 1, EFFECT_WORDS.len());
        let low = [source::ALL, cause::ALL, ran::ALL].concat();
        assert!(low.iter().all(|(_, code)| *code < 1 << LOW_BITS));
        assert!([status::PENDING, status::RUNNING].iter().all(|status| end::ALL.iter().all(|(_, end)| status < end)));
        let policies = [OnDuplicate::Join, OnDuplicate::Replace, OnDuplicate::Queue, OnDuplicate::Reject];
        assert_eq!((0..4).filter_map(policy_of).collect::<Vec<_>>(), policies);
        assert_eq!((policy_of(-1), policy_of(4)), (None, None));
        let outcomes = [outcome::RESOLVED, outcome::REJECTED].map(outcome_of);
        assert_eq!(outcomes, [Outcome::Resolved, Outcome::Rejected]);
        assert_eq!(refusal_code(Refusal::Closed), answer::CLOSED);
        assert_eq!(source_code(Source::Key(KeyId(7))), [source::KEY, 7]);
    }
}
