//! A conversation with its texts, for drivers that keep them in Rust: what [`Run`](super::Run) wants written down. What may
//! stand where, its [`Outline`] knows.

use std::rc::Rc;

use super::message::{Message, ToolCall};
use super::outline::{Asked, Kind, Outline, Prompt, Stays};

const PARAGRAPH: &str = "\n\n";

/// A message cannot stand where it stands: no server would accept the conversation.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("messages[{at}] {fault}")]
pub struct Unfit {
    /// Its index among those given.
    pub at: usize,
    /// What is wrong with it.
    pub fault: &'static str,
}

/// An answer that still arrives.
#[derive(Debug, Clone, PartialEq, Default)]
struct Open {
    content: String,
    reasoning: String,
}

/// What was said in one conversation so far.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct History {
    outline: Outline,
    /// Shared with a request under way, during which only `open` changes: nothing is copied.
    settled: Rc<Vec<Message>>,
    open: Option<Open>,
    /// Results that were written down since the last answer.
    results: usize,
}

impl History {
    /// A conversation taken up again, where it was left or at an earlier place.
    ///
    /// # Errors
    ///
    /// [`Unfit`] names the first message that makes it invalid; a call without a result is the fault of what follows.
    pub fn resume(system: Option<String>, said: Vec<Message>) -> Result<Self, Unfit> {
        let mut history = Self::default();
        let system = system.map(|content| Message::System { content });
        let before = usize::from(system.is_some());
        for (at, message) in system.into_iter().chain(said).enumerate() {
            let fits = |id: &str| history.open_call().is_some_and(|call| call.id == id);
            let kind = match &message {
                Message::System { .. } => Kind::System,
                Message::User { .. } => Kind::User,
                Message::Assistant { content, tool_calls, .. } => {
                    Kind::Assistant { says: !content.is_empty(), calls: tool_calls.len() as u32 }
                }
                Message::Tool { tool_call_id, .. } => Kind::Tool { fits: fits(tool_call_id) },
            };
            history.outline.add(kind).map_err(|fault| Unfit { at: at - before, fault })?;
            history.push(message);
        }
        history.outline.complete().map_err(|fault| Unfit { at: history.settled.len() - before, fault })?;
        Ok(history)
    }

    /// Drops the message of that index and all after it.
    ///
    /// # Errors
    ///
    /// [`Unfit`] if a call would be left without its result; then nothing has changed.
    pub fn truncate(&mut self, length: usize) -> Result<(), Unfit> {
        self.outline.truncate(length).map_err(|fault| Unfit { at: length, fault })?;
        Rc::make_mut(&mut self.settled).truncate(length);
        self.results = self.settled.iter().rev().take_while(|said| matches!(said, Message::Tool { .. })).count();
        Ok(())
    }

    /// Takes back the answer that ends the conversation, if one does that calls no tools.
    pub fn retract_answer(&mut self) {
        if let Some(Message::Assistant { tool_calls, .. }) = self.settled.last()
            && tool_calls.is_empty()
        {
            // Without calls there is none whose result would be missing.
            let _ = self.truncate(self.settled.len() - 1);
        }
    }

    /// Whether a prompt is what was said last.
    #[must_use]
    pub fn ends_with_prompt(&self) -> bool {
        matches!(self.settled.last(), Some(Message::User { .. }))
    }

    /// For the rules of a run.
    pub fn outline(&mut self) -> &mut Outline {
        &mut self.outline
    }

    /// All messages, with what has arrived of an answer.
    #[must_use]
    pub fn messages(&self) -> Vec<Message> {
        let mut messages = Vec::with_capacity(self.settled.len() + 1);
        messages.extend_from_slice(&self.settled);
        messages.extend(self.open.clone().map(|Open { content, reasoning }| Message::Assistant {
            content,
            tool_calls: Vec::new(),
            reasoning,
        }));
        messages
    }

    /// The messages that a request is made of; an answer that still arrives is not among them.
    #[must_use]
    pub fn settled(&self) -> Rc<Vec<Message>> {
        self.settled.clone()
    }

    /// The first call without a result.
    #[must_use]
    pub fn open_call(&self) -> Option<&ToolCall> {
        match self.settled.get(self.settled.len().checked_sub(self.results + 1)?)? {
            Message::Assistant { tool_calls, .. } => tool_calls.get(self.results),
            _ => None,
        }
    }

    /// What of the last prompt the next one is joined to.
    fn before(&self) -> &str {
        let Some(Message::User { content }) = self.settled.last() else { return "" };
        match self.outline.stays() {
            Stays::Nothing => "",
            Stays::All => content,
            Stays::Until(length) => content.get(..length as usize).unwrap_or(content),
        }
    }

    /// Where a prompt would stand.
    #[must_use]
    pub fn place(&self, prompt: &str) -> Prompt {
        let before = self.before();
        let again = match before.strip_suffix(prompt) {
            Some("") => Some(0),
            rest => rest.and_then(|rest| rest.strip_suffix(PARAGRAPH)).map(|rest| rest.len() as u32),
        };
        Prompt { length: before.len() as u32, again }
    }

    fn push(&mut self, message: Message) {
        self.results = if matches!(message, Message::Tool { .. }) { self.results + 1 } else { 0 };
        Rc::make_mut(&mut self.settled).push(message);
    }

    // ── what a run wants written down ───────────────────────────────────────────────────────────

    /// The prompt, which stands where [`Self::place`] has found.
    pub fn prompt(&mut self, asked: Asked, place: Prompt, prompt: &str) {
        let settled = Rc::make_mut(&mut self.settled);
        if let (Asked::Joins | Asked::Stands, Some(Message::User { content })) = (asked, settled.last_mut()) {
            content.truncate(place.length as usize);
            if asked == Asked::Joins {
                if !content.is_empty() {
                    content.push_str(PARAGRAPH);
                }
                content.push_str(prompt);
            }
        } else {
            self.push(Message::User { content: prompt.to_owned() });
        }
    }

    /// More of the answer that arrives.
    pub fn receive(&mut self, text: &str) {
        if !text.is_empty() {
            self.open.get_or_insert_default().content.push_str(text);
        }
    }

    /// More of what the model thinks before it answers.
    pub fn receive_reasoning(&mut self, text: &str) {
        if !text.is_empty() {
            self.open.get_or_insert_default().reasoning.push_str(text);
        }
    }

    /// The answer, if it leaves `some` message. Its text takes the place of what has arrived of it, unless it has none.
    pub fn answer(&mut self, some: bool, content: String, tool_calls: Vec<ToolCall>) {
        let Open { content: arrived, reasoning } = self.open.take().unwrap_or_default();
        let content = if content.is_empty() { arrived } else { content };
        if some {
            self.push(Message::Assistant { content, tool_calls, reasoning });
        }
    }

    /// The result of the first call that has none; without such a call, nothing happens.
    pub fn result(&mut self, content: String) {
        if let Some(tool_call_id) = self.open_call().map(|call| call.id.clone()) {
            self.push(Message::Tool { tool_call_id, content });
        }
    }
}
