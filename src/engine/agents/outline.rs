//! What a conversation is made of, without a word of it: a conversation that is valid whenever no run is under way.
//!
//! Valid: at most one system message, first; then a prompt; after a prompt an answer, or nothing yet; after an answer
//! that calls tools one result for each call, in order; after any other answer a prompt; after the last result an
//! answer or a prompt. No answer is empty. Servers refuse what is not so.
//!
//! Whoever drives keeps the texts. Their lengths are in whatever unit it counts in.

const RESULT_MISSING: &str = "must be the result of a tool's call before it";

/// A message, as far as it matters where it may stand.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// How the model is to behave.
    System,
    /// A prompt.
    User,
    /// An answer.
    Assistant {
        /// It has a text.
        says: bool,
        /// How many tools it calls.
        calls: u32,
    },
    /// A tool's result.
    Tool {
        /// It names the first call that has none.
        fits: bool,
    },
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Said {
    System,
    User,
    Answer { calls: u32 },
    Result,
}

/// A call that has no result yet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OpenCall {
    /// The message that it is in.
    pub message: usize,
    /// Which of its calls.
    pub call: u32,
}

/// What of the last message the next prompt is joined to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stays {
    /// It is no prompt.
    Nothing,
    /// All of it.
    All,
    /// As much of it; what follows was asked by a run that failed before an answer came.
    Until(u32),
}

/// A prompt, beside what stays of the one before it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Prompt {
    /// How long what stays is.
    pub length: u32,
    /// What stays ends with the same prompt, as a paragraph of its own: how long what is before that is.
    pub again: Option<u32>,
}

/// What a prompt does to a conversation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Asked {
    /// It is another message.
    Begins,
    /// It is joined to what stays of the last, as a paragraph of its own.
    Joins,
    /// It stands there already: what stays of the last is the prompt.
    Stands,
}

/// An answer that still arrives.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
struct Open {
    says: bool,
}

/// What was said so far.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Outline {
    said: Vec<Said>,
    /// Results at the end.
    results: u32,
    open: Option<Open>,
    /// Of the last prompt, what was there before the last run asked; that run failed before an answer came.
    failed: Option<u32>,
    /// The same of the run under way.
    asked: Option<u32>,
}

impl Outline {
    /// How many messages; an answer that still arrives is none yet.
    #[must_use]
    pub fn len(&self) -> usize {
        self.said.len()
    }

    /// Nothing was said.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.said.is_empty()
    }

    /// A message of a conversation that is taken up again.
    ///
    /// # Errors
    ///
    /// Why no server would accept it there; then nothing has changed. A call without a result is the fault of what
    /// follows.
    pub fn add(&mut self, next: Kind) -> Result<(), &'static str> {
        let last = self.said.last();
        let unanswered = self.open_call().is_some();
        let (right, fault) = match next {
            Kind::Tool { fits } => (unanswered && fits, "must answer the first call without a result"),
            _ if unanswered => (false, RESULT_MISSING),
            Kind::System => (last.is_none(), "must be the first if it is the system's, and the only one"),
            Kind::User => (last != Some(&Said::User), "must not be a prompt after a prompt"),
            Kind::Assistant { says: false, calls: 0 } => (false, "must say something or call a tool"),
            Kind::Assistant { .. } => {
                (matches!(last, Some(Said::User | Said::Result)), "must follow a prompt or a tool's result")
            }
        };
        if !right {
            return Err(fault);
        }
        self.push(match next {
            Kind::System => Said::System,
            Kind::User => Said::User,
            Kind::Assistant { calls, .. } => Said::Answer { calls },
            Kind::Tool { .. } => Said::Result,
        });
        Ok(())
    }

    fn push(&mut self, said: Said) {
        self.results = if said == Said::Result { self.results + 1 } else { 0 };
        self.said.push(said);
    }

    /// Drops the message of that index and all after it.
    ///
    /// # Errors
    ///
    /// If a call would be left without its result; then nothing has changed.
    pub fn truncate(&mut self, length: usize) -> Result<(), &'static str> {
        let Some(left) = self.said.get(..length).filter(|left| left.len() < self.said.len()) else { return Ok(()) };
        // What is left is valid up to there, but for the results of its last answer.
        let results = left.iter().rev().take_while(|said| **said == Said::Result).count() as u32;
        let caller = left.iter().rev().nth(results as usize);
        if matches!(caller, Some(Said::Answer { calls }) if *calls > results) {
            return Err(RESULT_MISSING);
        }
        self.results = results;
        self.failed = None;
        self.said.truncate(length);
        Ok(())
    }

    /// No more messages are taken up.
    ///
    /// # Errors
    ///
    /// Why no server would accept that one is missing here.
    pub fn complete(&self) -> Result<(), &'static str> {
        if self.open_call().is_some() { Err(RESULT_MISSING) } else { Ok(()) }
    }

    /// The last message that was taken up is a prompt whose run failed before an answer came; `stays`: see
    /// [`Stays::Until`].
    pub fn has_failed(&mut self, stays: u32) {
        self.failed = Some(stays);
    }

    /// The first call that has no result yet.
    #[must_use]
    pub fn open_call(&self) -> Option<OpenCall> {
        let message = self.said.len().checked_sub(self.results as usize + 1)?;
        match self.said.get(message)? {
            Said::Answer { calls } if *calls > self.results => Some(OpenCall { message, call: self.results }),
            _ => None,
        }
    }

    /// What of the last message the next prompt is joined to.
    #[must_use]
    pub fn stays(&self) -> Stays {
        match (self.said.last(), self.failed) {
            (Some(Said::User), Some(length)) => Stays::Until(length),
            (Some(Said::User), None) => Stays::All,
            _ => Stays::Nothing,
        }
    }

    /// A prompt. One that follows a prompt whose run was cancelled before an answer came is joined to it as a paragraph
    /// of its own; the same prompt again, as a retry asks it, stays the one it is. A prompt whose run failed before an
    /// answer came gives way: it is not asked again.
    pub fn ask(&mut self, prompt: Prompt) -> Asked {
        let stays = self.stays();
        self.failed = None;
        if stays == Stays::Nothing {
            self.asked = Some(0);
            self.push(Said::User);
            return Asked::Begins;
        }
        self.asked = Some(prompt.again.unwrap_or(prompt.length));
        if prompt.again.is_some() { Asked::Stands } else { Asked::Joins }
    }

    /// More of the answer that arrives: of its text, or of what the model thinks before.
    pub fn receive(&mut self, says: bool) {
        self.open.get_or_insert_default().says |= says;
    }

    /// The whole answer. Without a text, what has arrived of it stays. An answer without text and calls leaves no
    /// message, whatever the model thought: then this is false.
    pub fn answer(&mut self, says: bool, calls: u32) -> bool {
        let arrived = self.open.take().unwrap_or_default();
        let some = says || arrived.says || calls > 0;
        if some {
            self.push(Said::Answer { calls });
        }
        some
    }

    /// The result of the first call that has none; without such a call, nothing happens.
    pub fn result(&mut self) {
        if self.open_call().is_some() {
            self.push(Said::Result);
        }
    }

    /// Whether an answer is arriving.
    #[must_use]
    pub fn is_arriving(&self) -> bool {
        self.open.is_some()
    }

    /// How the run ended that is over.
    pub fn end(&mut self, failed: bool) {
        // Other tasks ask nothing.
        if let Some(asked) = self.asked.take() {
            self.failed = (failed && self.said.last() == Some(&Said::User)).then_some(asked);
        }
    }
}
