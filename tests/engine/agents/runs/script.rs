//! What the world does around a run.

use jobgate::engine::agents::{Piece, Verdict};
use proptest::prelude::*;

#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Call {
    pub(super) id: u32,
    pub(super) verdict: Verdict,
    pub(super) approve: bool,
    pub(super) ok: bool,
}

/// What a model does when it is asked.
#[derive(Debug, Clone)]
pub(super) struct Turn {
    pub(super) sends: Vec<Piece>,
    /// Nothing: it fails.
    pub(super) answers: Option<(bool, Vec<Call>)>,
}

#[derive(Debug, Clone)]
pub(super) struct Script {
    pub(super) talks: bool,
    pub(super) max_turns: u32,
    pub(super) turns: Vec<Turn>,
    pub(super) task_ok: bool,
    /// Which of the calls to the host throws.
    pub(super) host_throws_at: Option<usize>,
}

pub(super) fn scripts() -> impl Strategy<Value = Script> {
    let piece = prop_oneof![
        any::<bool>().prop_map(|says| Piece::Text { says }),
        any::<bool>().prop_map(|says| Piece::Reasoning { says }),
        (0..3_u32).prop_map(Piece::Call),
    ];
    let verdict = prop_oneof![Just(Verdict::Refused), Just(Verdict::Confirm), Just(Verdict::Free)];
    let call = (0..3_u32, verdict, any::<bool>(), any::<bool>()).prop_map(|(id, verdict, approve, ok)| Call {
        id,
        verdict,
        approve,
        ok,
    });
    let answer = (any::<bool>(), prop::collection::vec(call, 0..3));
    let turn = (prop::collection::vec(piece, 0..4), prop::option::weighted(0.85, answer))
        .prop_map(|(sends, answers)| Turn { sends, answers });
    let throws = prop::option::weighted(0.3, 0..14_usize);
    (prop::bool::weighted(0.9), 1..4_u32, prop::collection::vec(turn, 4), any::<bool>(), throws).prop_map(
        |(talks, max_turns, turns, task_ok, host_throws_at)| Script {
            talks,
            max_turns,
            turns,
            task_ok,
            host_throws_at,
        },
    )
}
