//! The numbers of the pools' binary: see `codes.rs`.

use crate::bindings::codes::codes;

codes! {
    /// What an effect's first number says.
    effect: u32 { SPAWN = 0, POST = 1, ABORT = 2, TERMINATE = 3, END = 4, CLOSED = 5, WAKE = 6 }
    /// How a task has ended, in the last number of `end`.
    end: u32 { SETTLED = 0, STOPPED = 1, KILLED = 2, LOST = 3, NOT_LOADED = 4, CLOSED = 5 }
}

/// How many numbers an effect has: what, worker, task, how.
pub(super) const EFFECT_WORDS: usize = 4;

#[cfg(test)]
mod tests {
    use std::fmt::Write;

    use super::*;
    use crate::bindings::codes::writing::{check, constant, title};

    #[test]
    fn the_wire_is_the_same_on_both_sides() {
        let mut text = title("src/bindings/pool/wire.rs");
        write!(text, "\n/** How many numbers an effect has: what, worker, task, how. */\nexport const EFFECT_WORDS = {EFFECT_WORDS};\n").unwrap();
        constant(&mut text, "What an effect's first number says.", "EFFECT", effect::ALL);
        constant(&mut text, "How a task has ended, in the last number of `end`.", "END", end::ALL);
        check("src/facade/pool/wire.ts", &text);
    }
}
