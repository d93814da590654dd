//! The numbers of the shared queue's binary, and rows as numbers: see `codes.rs`.

use crate::bindings::codes::codes;
use crate::engine::shared::{Create, Row, Status};
use crate::engine::{Backoff, OnDuplicate};

codes! {
    /// Where a job stands.
    state: u32 {
        PENDING = Status::Pending as u32, RUNNING = Status::Running as u32, COMPLETED = Status::Completed as u32,
        FAILED = Status::Failed as u32, CANCELLED = Status::Cancelled as u32,
    }
    /// What a pending job waits for.
    waiting: i32 {
        SLOT = 0, DELAY = 1, RETRY = 2, ONLINE = 3, VISIBLE = 4, TYPE = 5, MIGRATION = 6, STORAGE = 7, KEY = 8,
    }
    /// What to do where a key is taken.
    policy: u32 {
        JOIN = OnDuplicate::Join as u32, REPLACE = OnDuplicate::Replace as u32, QUEUE = OnDuplicate::Queue as u32,
        REJECT = OnDuplicate::Reject as u32,
    }
    /// What a new job is answered with where it is not created: a job that is there, or an error.
    create: u32 { SAME = 0, STANDING = 1, WAITING = 2, DUPLICATE = 3, FULL = 4 }
    /// Of one that is created: it is behind the one that stands; that one, or the one that waits, is stopped.
    insert: u32 { BEHIND = 1, STANDING = 2, WAITING = 4 }
    /// What an effect's first number says.
    effect: u32 {
        ASK = 0, DROP = 1, READ = 2, ENTER = 3, RETIRE = 4, SETTLE = 5, RUN = 6, ABORT = 7, DELIVER = 8, ACKNOWLEDGE = 9,
        LEFT = 10, MARK = 11,
    }
    /// What a tab is told.
    tell: u32 {
        GONE = 0, READ_DONE = 1, HINT = 2, GRANTED = 3, LOCK_LOST = 4, PARKED = 5, VISIBLE = 6, ONLINE = 7, TICK = 8,
        LEAVE = 9, BACK = 10, GOING = 11,
    }
    /// What became of a transaction.
    answer: u32 { WRITTEN = 0, REFUSED = 1, FAILED = 2 }
    /// What became of a run; `final`: with no retry.
    outcome: u32 { RESOLVED = 0, FINAL = 1, REJECTED = 2, TIMED_OUT = 3, RELEASED = 4 }
    /// Why a run is to end.
    why: u32 { STOP = 0, TIMEOUT = 1, LOST = 2, HANDOVER = 3 }
    /// What became of a job whose owner is gone; `none`: nothing.
    recovery: i32 { NONE = -1, AGAIN = 0, CANCELLED = 1, INTERRUPTED = 2, CRASH_LOOP = 3 }
}

/// Numbers of an effect: what, then what of.
#[cfg(any(test, feature = "npm-shared"))]
pub(super) const EFFECT_SIZE: usize = 9;

/// Beside what is said of one that is created: above the answers of those that are not.
const INSERT: u32 = 8;

pub(super) fn policy_of(code: u32) -> OnDuplicate {
    match code {
        policy::JOIN => OnDuplicate::Join,
        policy::REPLACE => OnDuplicate::Replace,
        policy::QUEUE => OnDuplicate::Queue,
        _ => OnDuplicate::Reject,
    }
}

pub(super) fn create_code(what: Create) -> u32 {
    match what {
        Create::Same => create::SAME,
        Create::JoinStanding => create::STANDING,
        Create::JoinWaiting => create::WAITING,
        Create::Duplicate => create::DUPLICATE,
        Create::Full => create::FULL,
        Create::Insert { behind, stops_standing, stops_waiting } => {
            INSERT
                + u32::from(behind) * insert::BEHIND
                + u32::from(stops_standing) * insert::STANDING
                + u32::from(stops_waiting) * insert::WAITING
        }
    }
}

/// What a row's field is as a number.
trait Field: Sized {
    fn number(self) -> f64;
    fn of(number: f64) -> Self;
}

impl Field for f64 {
    fn number(self) -> f64 {
        self
    }
    fn of(number: f64) -> Self {
        number
    }
}

impl Field for u32 {
    fn number(self) -> f64 {
        f64::from(self)
    }
    fn of(number: f64) -> Self {
        number as Self
    }
}

impl Field for bool {
    fn number(self) -> f64 {
        f64::from(u8::from(self))
    }
    fn of(number: f64) -> Self {
        number != 0.0
    }
}

impl Field for Status {
    fn number(self) -> f64 {
        f64::from(self as u32)
    }
    fn of(number: f64) -> Self {
        match number as u32 {
            state::PENDING => Self::Pending,
            state::RUNNING => Self::Running,
            state::COMPLETED => Self::Completed,
            state::FAILED => Self::Failed,
            _ => Self::Cancelled,
        }
    }
}

impl Field for Backoff {
    fn number(self) -> f64 {
        (self == Self::Exponential).number()
    }
    fn of(number: f64) -> Self {
        if bool::of(number) { Self::Exponential } else { Self::Fixed }
    }
}

/// The order of a row's numbers.
macro_rules! row {
    ($($($field:ident).+),+ $(,)?) => {
        /// How many a row has.
        pub(super) const ROW: usize = [$(stringify!($($field).+)),+].len();

        pub(super) fn write_row(row: &Row) -> [f64; ROW] {
            [$(row.$($field).+.number()),+]
        }

        /// `None`: there is no row. What newer code has added comes after what is known here.
        pub(super) fn read_row(numbers: &[f64]) -> Option<Row> {
            let mut numbers = numbers.get(..ROW)?.iter().copied();
            let mut row = Row::default();
            $(row.$($field).+ = Field::of(numbers.next()?);)+
            Some(row)
        }

        #[cfg(test)]
        const FIELDS: [&str; ROW] = [$(stringify!($($field).+)),+];
    };
}

row! {
    status, epoch, attempt, failures, interruptions, version, priority, place, created_at, started_at, ended_at, ready_at,
    wait, stop, behind, slot, generation, strict, fail_interrupted, sent, handled, timeout, retry.limit, retry.delay,
    retry.backoff, retry.max_delay, retry.jitter,
}

#[cfg(test)]
mod tests {
    use std::fmt::Write;

    use super::*;
    use crate::bindings::codes::writing::{camel_case, check, constant, number, title};
    use crate::engine::shared::MOST_SLOTS;

    fn words(text: &mut String, doc: &str, name: &str, all: &[&str]) {
        let words: Vec<String> = all.iter().map(|name| format!("\"{}\"", camel_case(name))).collect();
        write!(text, "\n/** {doc} */\nexport const {name} = [{}] as const;\n", words.join(", ")).unwrap();
    }

    #[test]
    fn the_wire_is_the_same_on_both_sides() {
        let mut text = title("src/bindings/shared/wire.rs");
        text.push_str("\n/** Where a row's numbers are. */\nexport const AT = {\n");
        for (at, field) in FIELDS.iter().enumerate().filter(|(_, field)| !field.contains('.')) {
            writeln!(text, "  {field}: {at},").unwrap();
        }
        text.push_str("} as const;\n");
        number(&mut text, "How many a row has.", "ROW", ROW);
        let names: Vec<&str> = state::ALL.iter().map(|(name, _)| *name).collect();
        words(&mut text, "Where a job stands, by its number.", "STATUS", &names);
        constant(&mut text, "The same by name.", "STATE", state::ALL);
        let names: Vec<&str> = waiting::ALL.iter().map(|(name, _)| *name).filter(|name| *name != "KEY").collect();
        let doc = "What a pending job waits for, by its number; the one after them, its key, goes without a word.";
        words(&mut text, doc, "WAITING", &names);
        constant(&mut text, "What to do where a key is taken.", "POLICY", policy::ALL);
        let doc = "What a new job is answered with where it is not created: a job that is there, or an error.";
        constant(&mut text, doc, "CREATE", create::ALL);
        let doc =
            "Of one that is created: it is behind the one that stands; that one, or the one that waits, is stopped.";
        constant(&mut text, doc, "INSERT", insert::ALL);
        constant(&mut text, "What an effect's first number says.", "EFFECT", effect::ALL);
        number(&mut text, "How many numbers an effect has: what, then what of.", "EFFECT_SIZE", EFFECT_SIZE);
        constant(&mut text, "What a tab is told.", "TELL", tell::ALL);
        constant(&mut text, "What became of a transaction.", "ANSWER", answer::ALL);
        constant(&mut text, "What became of a run; `final`: with no retry.", "OUTCOME", outcome::ALL);
        constant(&mut text, "Why a run is to end.", "WHY", why::ALL);
        constant(&mut text, "What became of a job whose owner is gone; `none`: nothing.", "RECOVERY", recovery::ALL);
        number(&mut text, "So many slots a queue has at most.", "MOST_SLOTS", MOST_SLOTS);
        check("src/facade/shared/wire.ts", &text);
    }

    #[test]
    fn what_is_coded_is_read_as_it_was() {
        for (_, code) in policy::ALL {
            assert_eq!(policy_of(*code) as u32, *code);
        }
        assert!(create::ALL.iter().all(|(_, code)| *code < INSERT));
        for said in 0..INSERT {
            let says = |bit| said & bit != 0;
            let (behind, stops_standing, stops_waiting) =
                (says(insert::BEHIND), says(insert::STANDING), says(insert::WAITING));
            assert_eq!(create_code(Create::Insert { behind, stops_standing, stops_waiting }), INSERT | said);
        }
    }

    #[test]
    fn a_row_is_read_as_it_was_written() {
        let mut row = Row { status: Status::Failed, epoch: 7, stop: true, timeout: 5.5, ..Row::default() };
        row.retry.backoff = Backoff::Fixed;
        let numbers = write_row(&row);
        assert_eq!((numbers[0], numbers[1], read_row(&numbers)), (3.0, 7.0, Some(row)));
        let longer: Vec<f64> = numbers.into_iter().chain([9.0]).collect();
        assert_eq!(read_row(&longer), Some(row), "newer code has added a number");
        assert_eq!(read_row(&[]), None);
        for (status, (_, number)) in
            [Status::Pending, Status::Running, Status::Completed, Status::Failed, Status::Cancelled]
                .iter()
                .zip(state::ALL)
        {
            assert_eq!((status.number(), Status::of(f64::from(*number))), (f64::from(*number), *status));
        }
    }
}
