//! What a mirror of a conversation has not seen of it yet, so that it costs what is new and not what there is.

use serde::Serialize;

use super::{History, Open};
use crate::engine::agents::message::Message;

/// What whoever mirrors a conversation has not seen of it yet.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct News<'a> {
    /// As many messages stay as they were; `settled` take the place of all after them.
    pub kept: usize,
    /// Those that the next answer will not change.
    pub settled: &'a [Message],
    /// Of the answer that still arrives.
    pub open: Option<OpenNews<'a>>,
}

/// What is new of an answer that still arrives.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct OpenNews<'a> {
    /// The texts are to be joined to those that were told before; else they are the whole.
    pub more: bool,
    /// Its text.
    pub content: &'a str,
    /// What the model thinks.
    pub reasoning: &'a str,
}

/// What was told by [`History::news`]: how many messages, and the lengths of the open answer's texts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Told {
    pub(super) settled: usize,
    pub(super) open: Option<(usize, usize)>,
}

impl History {
    /// What has changed since this was last called. There is one mirror of a conversation.
    pub fn news(&mut self) -> News<'_> {
        let told = self.told;
        let lengths = |open: &Open| (open.content.len(), open.reasoning.len());
        self.told = Told { settled: self.settled.len(), open: self.open.as_ref().map(lengths) };
        let settled = self.settled.get(told.settled..).unwrap_or_default();
        let open = self.open.as_ref().map(|Open { content, reasoning }| {
            let (content_told, reasoning_told) = told.open.unwrap_or_default();
            OpenNews {
                more: told.open.is_some(),
                content: content.get(content_told..).unwrap_or_default(),
                reasoning: reasoning.get(reasoning_told..).unwrap_or_default(),
            }
        });
        News { kept: told.settled, settled, open }
    }
}
