//! The numbers of the agents' binary: see `codes.rs`.

use crate::bindings::codes::codes;
use crate::engine::agents::{Asked, Cause, End, Outcome};

codes! {
    /// What an effect asks for, in its lowest bits: see [`crate::engine::agents::Effect`].
    effect: u32 {
        ENTER = 0, PROMPT = 1, ASK = 2, TAKE = 3, ACCEPT = 4, REFUSE = 5, OVERRUN = 6, ABORT = 7, GIVE = 8, ANSWER = 9,
        LOOK = 10, CONFIRM = 11, USE = 12, RESULT = 13, RUN = 14, CONCLUDE = 15, FAIL = 16, END = 17, KEEP = 18,
    }
    /// What becomes of a prompt.
    asked: u32 { BEGINS = Asked::Begins as u32, JOINS = Asked::Joins as u32, STANDS = Asked::Stands as u32 }
    /// Why something ends.
    cause: u32 {
        HOST = Cause::Host as u32, PROVIDER = Cause::Provider as u32, TASK = Cause::Task as u32,
        TURNS = Cause::Turns as u32, OVERRUN = Cause::Overrun as u32, TIMEOUT = Cause::Timeout as u32,
        EMPTY = Cause::Empty as u32,
    }
    /// What a call's result is.
    outcome: u32 { KNOWN = Outcome::Known as u32, DENIED = Outcome::Denied as u32, CUT = Outcome::Cut as u32 }
    /// How a run ended.
    end: u32 { DONE = End::Done as u32, CANCELLED = End::Cancelled as u32, FAILED = End::Failed as u32 }
    /// What has happened.
    tell: u32 {
        STOP = 0, TOLD = 1, SENT = 2, TAKEN = 3, ANSWERED = 4, UNANSWERED = 5, LOOKED = 6, DECIDED = 7, USED = 8,
        SETTLED = 9, OVER = 10,
    }
    /// What was sent: one more where there is some text; a call's number is above the first's.
    piece: u32 { TEXT = 0, REASONING = 2, FIRST_CALL = 4 }
    /// What was seen of a call.
    verdict: u32 { REFUSED = 0, FREE = 1, CONFIRM = 2 }
    /// What the host has said to a call.
    decision: u32 { NONE = 0, APPROVE = 1, DENY = 2 }
    /// Of messages that are taken up.
    role: u32 { SYSTEM = 0, USER = 1, ASSISTANT = 2, TOOL = 3 }
    /// What a server's refusal says of `stream_options`.
    usage_refused: u32 { NO = 0, MAYBE = 1, YES = 2 }
}

/// Of an effect's number, those that say what; which is above them.
pub(super) const EFFECT_BITS: u32 = 8;

/// No number in the place of one.
pub(super) const NONE: u32 = u32::MAX;

#[cfg(test)]
mod tests {
    use std::fmt::Write;

    use super::*;
    use crate::bindings::codes::writing::{check, constant, title};
    use crate::engine::agents::WorkerState::{Failed, Inactive, Receiving, Requesting, UsingTool, Waiting, Working};

    #[test]
    fn the_wire_is_the_same_on_both_sides() {
        let mut text = title("src/bindings/agents/wire.rs");
        constant(
            &mut text,
            "What an effect asks for, in its lowest bits; which is above them: src/engine/agents/run/command.rs.",
            "EFFECT",
            effect::ALL,
        );
        write!(
            text,
            "\n/** Of an effect's number, those that say what. */\nexport const EFFECT_BITS = {EFFECT_BITS};\n"
        )
        .unwrap();
        assert!(effect::ALL.iter().all(|(_, code)| *code < 1 << EFFECT_BITS));
        let states = [Inactive, Working, Requesting, Receiving, Waiting, UsingTool, Failed];
        assert!(states.iter().zip(0..).all(|(state, number)| *state as u32 == number));
        let names = states.map(|state| format!("\"{}\"", state.name())).join(", ");
        write!(text, "\n/** A worker's states, by their numbers. */\nexport const STATES = [{names}] as const;\n")
            .unwrap();
        constant(&mut text, "What becomes of a prompt.", "ASKED", asked::ALL);
        constant(&mut text, "Why something ends.", "CAUSE", cause::ALL);
        constant(&mut text, "What a call's result is.", "OUTCOME", outcome::ALL);
        constant(&mut text, "How a run ended.", "END", end::ALL);
        constant(&mut text, "What has happened.", "TELL", tell::ALL);
        let sent = "What was sent: one more where there is some text; a call's number is above the first's.";
        constant(&mut text, sent, "PIECE", piece::ALL);
        constant(&mut text, "What was seen of a call.", "VERDICT", verdict::ALL);
        constant(&mut text, "What the host has said to a call.", "DECISION", decision::ALL);
        constant(&mut text, "Of messages that are taken up.", "ROLE", role::ALL);
        constant(&mut text, "What a server's refusal says of `stream_options`.", "USAGE_REFUSED", usage_refused::ALL);
        write!(text, "\n/** No number in the place of one. */\nexport const NONE = {NONE};\n").unwrap();
        check("src/facade/agents/wire.ts", &text);
    }
}
