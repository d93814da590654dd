//! A conversation that is valid whenever no run is under way.
//!
//! Valid: at most one system message, first; then a prompt; after a prompt an answer, or nothing yet; after an answer
//! that calls tools one result for each call, in order; after any other answer a prompt; after the last result an
//! answer or a prompt. No answer is empty. Servers refuse what is not so.

use super::message::{Message, ToolCall};

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

/// What was said in one conversation so far.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct History {
    messages: Vec<Message>,
    /// The last message is an answer that still arrives.
    open: bool,
    revision: u32,
}

impl History {
    /// Nothing said yet, but maybe how the model is to behave.
    #[must_use]
    pub fn new(system: Option<String>) -> Self {
        let messages = system.into_iter().map(|content| Message::System { content }).collect();
        Self { messages, ..Self::default() }
    }

    /// A conversation taken up again, where it was left or at an earlier place.
    ///
    /// # Errors
    ///
    /// [`Unfit`] names the first message that makes it invalid; a call without a result is the fault of what follows.
    pub fn resume(system: Option<String>, said: Vec<Message>) -> Result<Self, Unfit> {
        let mut history = Self::new(system);
        let count = said.len();
        for (at, message) in said.into_iter().enumerate() {
            if let Some(fault) = history.fault(&message) {
                return Err(Unfit { at, fault });
            }
            history.messages.push(message);
        }
        match history.next_call() {
            Some(_) => Err(Unfit { at: count, fault: RESULT_MISSING }),
            None => Ok(history),
        }
    }

    /// What is wrong with that message as the next.
    fn fault(&self, next: &Message) -> Option<&'static str> {
        use Message::{Assistant, System, Tool, User};

        let last = self.messages.last();
        let unanswered = self.next_call();
        let (right, fault) = match next {
            Tool { tool_call_id, .. } => {
                (unanswered.is_some_and(|call| call.id == *tool_call_id), "must answer the first call without a result")
            }
            _ if unanswered.is_some() => (false, RESULT_MISSING),
            System { .. } => (last.is_none(), "must be the first if it is the system's, and the only one"),
            User { .. } => (!matches!(last, Some(User { .. })), "must not be a prompt after a prompt"),
            Assistant { content, tool_calls } if content.is_empty() && tool_calls.is_empty() => {
                (false, "must say something or call a tool")
            }
            Assistant { .. } => {
                (matches!(last, Some(User { .. } | Tool { .. })), "must follow a prompt or a tool's result")
            }
        };
        (!right).then_some(fault)
    }

    /// All messages. Only the last ever changes; those before it stay as they are.
    #[must_use]
    pub fn messages(&self) -> &[Message] {
        &self.messages
    }

    /// Another number whenever something has changed.
    #[must_use]
    pub fn revision(&self) -> u32 {
        self.revision
    }

    /// A prompt. One that follows a prompt without an answer is joined to it as a paragraph of its own; the same prompt
    /// again, as a retry asks it, stays the one it is.
    pub fn ask(&mut self, prompt: &str) {
        self.revision += 1;
        if let Some(Message::User { content }) = self.messages.last_mut() {
            if content != prompt && !content.ends_with(&format!("\n\n{prompt}")) {
                content.push_str("\n\n");
                content.push_str(prompt);
            }
        } else {
            self.messages.push(Message::User { content: prompt.to_owned() });
        }
    }

    /// More of the answer that arrives.
    pub fn receive(&mut self, text: &str) {
        if text.is_empty() {
            return;
        }
        self.revision += 1;
        match self.messages.last_mut() {
            Some(Message::Assistant { content, .. }) if self.open => content.push_str(text),
            _ => {
                self.open = true;
                self.messages.push(Message::Assistant { content: text.to_owned(), tool_calls: Vec::new() });
            }
        }
    }

    /// The whole answer. Its text takes the place of what has arrived of it, unless it has none. An answer without text
    /// and calls leaves no message.
    pub fn answer(&mut self, content: String, tool_calls: Vec<ToolCall>) {
        self.revision += 1;
        let open = std::mem::take(&mut self.open);
        match self.messages.last_mut() {
            Some(Message::Assistant { content: arrived, tool_calls: none }) if open => {
                if !content.is_empty() {
                    *arrived = content;
                }
                *none = tool_calls;
            }
            _ if content.is_empty() && tool_calls.is_empty() => {}
            _ => self.messages.push(Message::Assistant { content, tool_calls }),
        }
    }

    /// The first call that has no result yet.
    #[must_use]
    pub fn next_call(&self) -> Option<&ToolCall> {
        let results = self.messages.iter().rev().take_while(|message| matches!(message, Message::Tool { .. })).count();
        let caller = self.messages.len().checked_sub(results + 1).and_then(|index| self.messages.get(index));
        match caller {
            Some(Message::Assistant { tool_calls, .. }) => tool_calls.get(results),
            _ => None,
        }
    }

    /// The result of the first call that has none; without such a call, nothing happens.
    pub fn tool_result(&mut self, content: String) {
        let Some(call) = self.next_call() else { return };
        let tool_call_id = call.id.clone();
        self.revision += 1;
        self.messages.push(Message::Tool { tool_call_id, content });
    }

    /// The run is over: what has arrived of an answer is the answer, and each call without a result gets `content`.
    pub fn close(&mut self, content: &str) {
        if std::mem::take(&mut self.open) {
            self.revision += 1;
        }
        while self.next_call().is_some() {
            self.tool_result(content.to_owned());
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn resumed(system: Option<&str>, said: serde_json::Value) -> Result<History, Unfit> {
        History::resume(system.map(str::to_owned), serde_json::from_value(said).unwrap())
    }

    #[test]
    fn a_conversation_is_taken_up_where_it_was_left() {
        let said = json!([
            { "role": "system", "content": "Be brief" },
            { "role": "user", "content": "Twice" },
            { "role": "assistant", "content": "", "toolCalls": [
                { "id": "a", "name": "ipsum", "arguments": {} },
                { "id": "b", "name": "ipsum", "arguments": {} },
            ] },
            { "role": "tool", "toolCallId": "a", "content": "one" },
            { "role": "tool", "toolCallId": "b", "content": "two" },
            { "role": "assistant", "content": "Done" },
        ]);
        let mut history = resumed(None, said.clone()).unwrap();
        assert_eq!(serde_json::to_value(history.messages()).unwrap(), said);
        history.ask("Again");
        assert_eq!(history.messages().len(), 7);
        assert_eq!(resumed(Some("Be brief"), json!([])).unwrap(), History::new(Some("Be brief".into())));
    }

    #[test]
    fn one_that_no_server_accepts_is_refused_with_the_place() {
        let prompt = json!({ "role": "user", "content": "Hello" });
        let answer = json!({ "role": "assistant", "content": "Hello" });
        let call = json!({ "role": "assistant", "content": "", "toolCalls": [{ "id": "a", "name": "ipsum" }] });
        let result = json!({ "role": "tool", "toolCallId": "a", "content": "one" });
        let other = json!({ "role": "tool", "toolCallId": "z", "content": "one" });
        let empty = json!({ "role": "assistant", "content": "" });
        let system = json!({ "role": "system", "content": "Be brief" });
        for (said, at) in [
            (json!([answer]), 0),
            (json!([prompt, prompt]), 1),
            (json!([prompt, answer, answer]), 2),
            (json!([prompt, empty]), 1),
            (json!([prompt, result]), 1),
            (json!([prompt, call]), 2),
            (json!([prompt, call, other]), 2),
            (json!([prompt, call, prompt]), 2),
            (json!([prompt, call, result, result]), 3),
            (json!([prompt, system]), 1),
        ] {
            assert_eq!(resumed(None, said.clone()).map_err(|unfit| unfit.at), Err(at), "{said}");
        }
        assert_eq!(resumed(Some("Be brief"), json!([system])).unwrap_err().at, 0);
    }
}
