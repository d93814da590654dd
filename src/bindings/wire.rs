//! The numbers that cross to JavaScript, each named once. `src/facade/wasm/wire.ts` is written from them: `cargo test`
//! fails while the two differ, and `WRITE_WIRE=1 cargo test wire` writes it anew.

use crate::engine::{AbortCause, Channel, CompletionType, Event, JobStatus, OnDuplicate, Outcome, Refusal, Source};

/// Numbers under one name, as constants and as a list of all.
macro_rules! codes {
    ($($(#[$doc:meta])* $module:ident: $type:ty { $($name:ident = $value:expr),+ $(,)? })+) => {
        $(
            $(#[$doc])*
            #[allow(dead_code, reason = "some are read by JavaScript alone")]
            pub(crate) mod $module {
                #[allow(unused_imports, reason = "not every one names the engine")]
                use super::*;
                $(pub(crate) const $name: $type = $value;)+
                #[cfg(test)]
                pub(crate) const ALL: &[(&str, $type)] = &[$((stringify!($name), $name)),+];
            }
        )+
    };
}

codes! {
    /// What an effect's first word says.
    effect: u32 {
        START = 1, ABORT = 2, ASK_RETRY = 3, ENDED = 4, FORGOTTEN = 5, DELIVER = 6, EVENT = 7, PENDING_BELOW = 8,
        IDLE = 9, WAIT_OVER = 10, WAKE = 11,
    }
    /// The words of the header, where effects are found.
    header: u32 { WORDS = 0, LEN = 1, NEWEST_SERIAL = 2, LISTENERS = 3 }
    /// Beside the completion (two bits) and its cause (two bits), in the second word of `ended`.
    ended: u32 { FORGOTTEN = 16, ABANDONED = 32 }
    /// Beside the cause (two bits), in the second word of `abort`.
    abort: u32 { LAST = 4 }
    /// How a job ended; 0 is "not yet".
    end: u32 {
        NORMAL = end_code(CompletionType::Normal), FAILED = end_code(CompletionType::Failed),
        CANCELLED = end_code(CompletionType::Cancelled),
    }
    /// How a body has settled.
    outcome: u32 { RESOLVED = 0, REJECTED = 1, NOT_RETRIABLE = 2 }
    /// Why a body is asked to end.
    cause: u32 {
        NONE = 0, STOP = cause_code(AbortCause::Stop), TIMEOUT = cause_code(AbortCause::Timeout),
        REPLACED = cause_code(AbortCause::Replaced),
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
        ABANDON_AFTER = 1024, RETRY_DELAY = 2048, RETRY_MAX_DELAY = 4096,
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
const EFFECT_WORDS: [u32; 12] = [0, 3, 3, 2, 5, 3, 6, 7, 2, 2, 2, 1];

pub(crate) const fn end_code(completion: CompletionType) -> u32 {
    match completion {
        CompletionType::Normal => 1,
        CompletionType::Failed => 2,
        CompletionType::Cancelled => 3,
    }
}

pub(crate) const fn cause_code(cause: AbortCause) -> u32 {
    match cause {
        AbortCause::Stop => 1,
        AbortCause::Timeout => 2,
        AbortCause::Replaced => 3,
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
        outcome::REJECTED => Outcome::Rejected,
        _ => Outcome::NotRetriable,
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
    use std::fmt::{Display, Write};
    use std::{env, fs, path::Path};

    use super::*;
    use crate::engine::KeyId;

    fn camel_case(name: &str) -> String {
        let mut upper = false;
        let letter = |letter: char| match (letter, std::mem::replace(&mut upper, letter == '_')) {
            ('_', _) => None,
            (_, true) => Some(letter),
            (_, false) => Some(letter.to_ascii_lowercase()),
        };
        name.chars().filter_map(letter).collect()
    }

    fn constant(text: &mut String, doc: &str, name: &str, all: &[(&str, impl Display)]) {
        writeln!(text, "\n/** {doc} */\nexport const {name} = {{").unwrap();
        for (name, value) in all {
            writeln!(text, "  {}: {value},", camel_case(name)).unwrap();
        }
        text.push_str("} as const;\n");
    }

    fn written() -> String {
        let mut text =
            "// Written by `WRITE_WIRE=1 cargo test wire` from src/bindings/wire.rs, where the numbers are named.\n"
                .to_owned();
        constant(&mut text, "What an effect's first word says.", "EFFECT", effect::ALL);
        let words = EFFECT_WORDS.map(|words| words.to_string()).join(", ");
        write!(text, "\n/** How many words an effect has, by its code. */\nexport const EFFECT_WORDS: readonly number[] = [{words}];\n").unwrap();
        constant(&mut text, "The words of the header, where effects are found.", "HEADER", header::ALL);
        constant(
            &mut text,
            "Beside completion and cause (two bits each), in the second word of `ended`.",
            "ENDED",
            ended::ALL,
        );
        constant(&mut text, "Beside the cause (two bits), in the second word of `abort`.", "ABORT", abort::ALL);
        constant(&mut text, "How a job ended; 0 is \"not yet\".", "END", end::ALL);
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
        write!(text, "\n/** In place of the number of a job or of a value. */\nexport const NONE = {NONE};\n").unwrap();
        text
    }

    #[test]
    fn the_wire_is_the_same_on_both_sides() {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/facade/wasm/wire.ts");
        let text = written();
        if env::var_os("WRITE_WIRE").is_some() {
            fs::write(&path, &text).unwrap();
        }
        assert!(fs::read_to_string(path).unwrap() == text, "write it anew: WRITE_WIRE=1 cargo test wire");
    }

    #[test]
    fn what_is_coded_is_read_as_it_was() {
        for code in 0..=channel::CONTINUATION {
            assert_eq!(channel_of(code) as u32, code);
        }
        assert_eq!(effect::ALL.len() + 1, EFFECT_WORDS.len());
        let policies = [OnDuplicate::Join, OnDuplicate::Replace, OnDuplicate::Queue, OnDuplicate::Reject];
        assert_eq!((0..4).filter_map(policy_of).collect::<Vec<_>>(), policies);
        assert_eq!((policy_of(-1), policy_of(4)), (None, None));
        let outcomes = [outcome::RESOLVED, outcome::REJECTED, outcome::NOT_RETRIABLE].map(outcome_of);
        assert_eq!(outcomes, [Outcome::Resolved, Outcome::Rejected, Outcome::NotRetriable]);
        assert_eq!(refusal_code(Refusal::Closed), answer::CLOSED);
        assert_eq!(source_code(Source::Key(KeyId(7))), [source::KEY, 7]);
    }
}
