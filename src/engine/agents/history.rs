//! A conversation that is valid whenever no run is under way.
//!
//! Valid: at most one system message, first; then a prompt; after a prompt an answer, or nothing yet; after an answer
//! that calls tools one result for each call, in order; after any other answer a prompt; after the last result an
//! answer or a prompt. No answer is empty. Servers refuse what is not so.

mod news;

use std::rc::Rc;

pub use news::{News, OpenNews};

use news::Told;

use super::message::{Message, ToolCall};

const PARAGRAPH: &str = "\n\n";
const RESULT_MISSING: &str = "must be the result of a tool's call before it";

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
#[derive(Debug, Clone, Default)]
pub struct History {
    /// Shared with a request under way, during which only `open` changes: nothing is copied.
    settled: Rc<Vec<Message>>,
    open: Option<Open>,
    /// Results at the end of `settled`.
    results: usize,
    /// Of the last prompt, bytes that were there before the last run asked; that run failed before an answer came.
    failed: Option<usize>,
    /// Those bytes, of the run under way.
    asked: Option<usize>,
    revision: u32,
    told: Told,
}

impl PartialEq for History {
    fn eq(&self, other: &Self) -> bool {
        self.settled == other.settled && self.open == other.open
    }
}

impl History {
    /// Nothing said yet, but maybe how the model is to behave.
    #[must_use]
    pub fn new(system: Option<String>) -> Self {
        let mut history = Self::default();
        if let Some(content) = system {
            history.push(Message::System { content });
        }
        history
    }

    /// A conversation taken up again, where it was left or at an earlier place.
    ///
    /// # Errors
    ///
    /// [`Unfit`] names the first message that makes it invalid; a call without a result is the fault of what follows.
    pub fn resume(system: Option<String>, said: Vec<Message>) -> Result<Self, Unfit> {
        let mut history = Self::new(system);
        history.extend(said)?;
        Ok(history)
    }

    fn extend(&mut self, said: Vec<Message>) -> Result<(), Unfit> {
        let count = said.len();
        for (at, message) in said.into_iter().enumerate() {
            if let Some(fault) = self.fault(&message) {
                return Err(Unfit { at, fault });
            }
            self.push(message);
        }
        match self.next_call() {
            Some(_) => Err(Unfit { at: count, fault: RESULT_MISSING }),
            None => Ok(()),
        }
    }

    /// Other messages in place of all, the system's among them.
    ///
    /// # Errors
    ///
    /// As [`Self::resume`]; then nothing has changed.
    pub fn replace(&mut self, said: Vec<Message>) -> Result<(), Unfit> {
        let mut other = Self::resume(None, said)?;
        other.revision = self.revision + 1;
        *self = other;
        Ok(())
    }

    /// Drops the message of that index and all after it.
    ///
    /// # Errors
    ///
    /// [`Unfit`] if a call would be left without its result; then nothing has changed.
    pub fn truncate(&mut self, length: usize) -> Result<(), Unfit> {
        if length >= self.settled.len() {
            return Ok(());
        }
        // What is left is valid up to there, but for the results of its last answer.
        let results =
            self.settled.iter().take(length).rev().take_while(|one| matches!(one, Message::Tool { .. })).count();
        let caller = length.checked_sub(results + 1).and_then(|at| self.settled.get(at));
        if let Some(Message::Assistant { tool_calls, .. }) = caller
            && tool_calls.len() > results
        {
            return Err(Unfit { at: length, fault: RESULT_MISSING });
        }
        self.revision += 1;
        self.results = results;
        self.failed = None;
        Rc::make_mut(&mut self.settled).truncate(length);
        self.told.settled = self.told.settled.min(length);
        Ok(())
    }

    /// What is wrong with that message as the next.
    fn fault(&self, next: &Message) -> Option<&'static str> {
        use Message::{Assistant, System, Tool, User};

        let last = self.settled.last();
        let unanswered = self.next_call();
        let (right, fault) = match next {
            Tool { tool_call_id, .. } => {
                (unanswered.is_some_and(|call| call.id == *tool_call_id), "must answer the first call without a result")
            }
            _ if unanswered.is_some() => (false, RESULT_MISSING),
            System { .. } => (last.is_none(), "must be the first if it is the system's, and the only one"),
            User { .. } => (!matches!(last, Some(User { .. })), "must not be a prompt after a prompt"),
            Assistant { content, tool_calls, .. } if content.is_empty() && tool_calls.is_empty() => {
                (false, "must say something or call a tool")
            }
            Assistant { .. } => {
                (matches!(last, Some(User { .. } | Tool { .. })), "must follow a prompt or a tool's result")
            }
        };
        (!right).then_some(fault)
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

    /// Another number whenever something has changed.
    #[must_use]
    pub fn revision(&self) -> u32 {
        self.revision
    }

    fn push(&mut self, message: Message) {
        self.results = if matches!(message, Message::Tool { .. }) { self.results + 1 } else { 0 };
        Rc::make_mut(&mut self.settled).push(message);
    }

    /// A prompt. One that follows a prompt whose run was cancelled before an answer came is joined to it as a paragraph
    /// of its own; the same prompt again, as a retry asks it, stays the one it is. A prompt whose run failed before an
    /// answer came gives way: it is not asked again.
    pub fn ask(&mut self, prompt: &str) {
        self.revision += 1;
        let failed = self.failed.take();
        let last = self.settled.len().saturating_sub(1);
        if let Some(Message::User { .. }) = self.settled.last()
            && let Some(Message::User { content }) = Rc::make_mut(&mut self.settled).last_mut()
        {
            self.told.settled = self.told.settled.min(last);
            if let Some(before) = failed {
                content.truncate(before);
            }
            let again = match content.strip_suffix(prompt) {
                Some("") => Some(0),
                before => before.and_then(|before| before.strip_suffix(PARAGRAPH)).map(str::len),
            };
            self.asked = again.or(Some(content.len()));
            if again.is_none() {
                if !content.is_empty() {
                    content.push_str(PARAGRAPH);
                }
                content.push_str(prompt);
            }
        } else {
            self.asked = Some(0);
            self.push(Message::User { content: prompt.to_owned() });
        }
    }

    /// More of the answer that arrives.
    pub fn receive(&mut self, text: &str) {
        if !text.is_empty() {
            self.open().content.push_str(text);
        }
    }

    /// More of what the model thinks before it answers.
    pub fn receive_reasoning(&mut self, text: &str) {
        if !text.is_empty() {
            self.open().reasoning.push_str(text);
        }
    }

    fn open(&mut self) -> &mut Open {
        self.revision += 1;
        if self.open.is_none() {
            self.told.open = None;
        }
        self.open.get_or_insert_default()
    }

    /// The whole answer. Its text takes the place of what has arrived of it, unless it has none. An answer without text
    /// and calls leaves no message, whatever the model thought.
    pub fn answer(&mut self, content: String, tool_calls: Vec<ToolCall>) {
        self.revision += 1;
        let Open { content: arrived, reasoning } = self.open.take().unwrap_or_default();
        let content = if content.is_empty() { arrived } else { content };
        if !content.is_empty() || !tool_calls.is_empty() {
            self.push(Message::Assistant { content, tool_calls, reasoning });
        }
    }

    /// The first call that has no result yet.
    #[must_use]
    pub fn next_call(&self) -> Option<&ToolCall> {
        let caller = self.settled.len().checked_sub(self.results + 1).and_then(|index| self.settled.get(index));
        match caller {
            Some(Message::Assistant { tool_calls, .. }) => tool_calls.get(self.results),
            _ => None,
        }
    }

    /// The result of the first call that has none; without such a call, nothing happens.
    pub fn tool_result(&mut self, content: String) {
        let Some(call) = self.next_call() else { return };
        let tool_call_id = call.id.clone();
        self.revision += 1;
        self.push(Message::Tool { tool_call_id, content });
    }

    /// The run is over: what has arrived of an answer is the answer, and each call without a result gets `content`.
    pub fn close(&mut self, content: &str) {
        if self.open.is_some() {
            self.answer(String::new(), Vec::new());
        }
        while self.next_call().is_some() {
            self.tool_result(content.to_owned());
        }
    }

    /// How the run ended that is over.
    pub fn end(&mut self, failed: bool) {
        // Other tasks ask nothing.
        if let Some(asked) = self.asked.take() {
            self.failed = (failed && matches!(self.settled.last(), Some(Message::User { .. }))).then_some(asked);
        }
    }
}
