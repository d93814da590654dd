//! One answer on its way from the model to the host: one piece at a time, in order.

use std::collections::VecDeque;

use super::command::Piece;

/// Pieces that wait for the host, all of them of a provider that does not await `send`.
pub const MOST_WAITING: usize = 1024;

/// What waits for the host.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Waiting {
    Sent(Piece),
    /// Part of the answer that was not sent.
    Given(u32, Piece),
}

/// What the host does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) enum Host {
    #[default]
    Idle,
    /// It is being told that the answer arrives.
    Told,
    /// It takes a piece; whether someone waits for that.
    Takes { sent: bool },
    /// It is given no more.
    Over,
}

/// What the model has answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Reply {
    Whole { says: bool, calls: Vec<u32> },
    Failed,
}

#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Stream {
    pub(super) host: Host,
    pub(super) waiting: VecDeque<Waiting>,
    /// The host knows that it arrives.
    pub(super) begun: bool,
    pub(super) overrun: bool,
    pub(super) reply: Option<Reply>,
    /// What was not sent waits, too, or has been given.
    pub(super) completed: bool,
    said: bool,
    /// By the numbers of their ids, how many calls: models give the same id twice, too.
    sent: Vec<u32>,
}

impl Stream {
    pub(super) fn is_given(&self) -> bool {
        self.host == Host::Over || self.host == Host::Idle && self.waiting.is_empty()
    }

    /// The host takes it now.
    pub(super) fn take(&mut self, piece: Piece) {
        match piece {
            Piece::Text { says } => self.said |= says,
            Piece::Reasoning { .. } => {}
            Piece::Call(id) => {
                let id = id as usize;
                if self.sent.len() <= id {
                    self.sent.resize(id + 1, 0);
                }
                if let Some(sent) = self.sent.get_mut(id) {
                    *sent += 1;
                }
            }
        }
    }

    /// What of the whole answer was not sent is to be given.
    pub(super) fn complete(&mut self) {
        self.completed = true;
        let Some(Reply::Whole { says, calls }) = &self.reply else { return };
        if *says && !self.said {
            self.waiting.push_back(Waiting::Given(0, Piece::Text { says: true }));
        }
        for (place, id) in (1..).zip(calls) {
            match self.sent.get_mut(*id as usize) {
                Some(left) if *left > 0 => *left -= 1,
                _ => self.waiting.push_back(Waiting::Given(place, Piece::Call(*id))),
            }
        }
    }
}
