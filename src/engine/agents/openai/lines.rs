//! Server-sent events as models' servers send them
//! (<https://html.spec.whatwg.org/multipage/server-sent-events.html#event-stream-interpretation>), and what they send in
//! their place: events parted by one newline, a last one without its end, JSON without `data:`.

use serde::de::IgnoredAny;

/// What one event says.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Event {
    /// Its data.
    pub data: String,
    /// It is called an error.
    pub failed: bool,
}

impl From<&str> for Event {
    fn from(data: &str) -> Self {
        Self { data: data.to_owned(), failed: false }
    }
}

/// Takes bytes, however they are cut, and gives events.
#[derive(Debug, Clone, Default)]
pub struct Lines {
    line: Vec<u8>,
    /// The line before ended in a carriage return: a newline that follows belongs to it.
    returned: bool,
    begun: bool,
    /// The event that is being read: its data so far, if it has any.
    data: Option<String>,
    failed: bool,
    /// Its data stands there without a field's name.
    bare: bool,
    events: Vec<Event>,
    over: bool,
}

impl Lines {
    /// The events that these bytes end.
    pub fn take(&mut self, bytes: &[u8]) -> Vec<Event> {
        let mut rest = bytes;
        while let Some(end) = rest.iter().position(|byte| matches!(byte, b'\n' | b'\r')) {
            let (before, after) = rest.split_at(end);
            let returned = after.first() == Some(&b'\r');
            // The second half of one line's end.
            let half = self.returned && !returned && before.is_empty() && self.line.is_empty();
            self.returned = returned;
            rest = after.get(1..).unwrap_or_default();
            if !half {
                self.line.extend_from_slice(before);
                self.end_line();
            }
        }
        if !rest.is_empty() {
            self.returned = false;
            self.line.extend_from_slice(rest);
        }
        std::mem::take(&mut self.events)
    }

    /// The events that the end of the stream ends.
    pub fn finish(&mut self) -> Vec<Event> {
        self.over = true;
        if !self.line.is_empty() {
            self.end_line();
        }
        // What is cut short is no event, but whatever else it says may be why.
        if self.data.as_deref().is_some_and(|data| self.bare || !is_json_begun(data) || is_whole(data)) {
            self.dispatch();
        }
        std::mem::take(&mut self.events)
    }

    /// The end of the stream was told of.
    #[must_use]
    pub fn is_over(&self) -> bool {
        self.over
    }

    fn end_line(&mut self) {
        let bytes = std::mem::take(&mut self.line);
        let line = String::from_utf8_lossy(&bytes);
        let mut line = &*line;
        if !std::mem::replace(&mut self.begun, true) {
            line = line.strip_prefix('\u{feff}').unwrap_or(line);
        }
        if self.bare && !line.starts_with("data:") {
            return self.take_data(line);
        }
        if line.is_empty() {
            return self.dispatch();
        }
        if is_json_begun(line) {
            self.dispatch();
            self.bare = true;
            return self.take_data(line);
        }
        let (field, value) = line.split_once(':').unwrap_or((line, ""));
        let value = value.strip_prefix(' ').unwrap_or(value);
        match field {
            "data" => self.take_data(value),
            "event" => self.failed = value.trim() == "error",
            // Not in the standard; llama.cpp's server wrote so.
            "error" if !value.is_empty() => {
                self.dispatch();
                self.failed = true;
                self.take_data(value);
            }
            _ => {}
        }
    }

    fn take_data(&mut self, line: &str) {
        if let Some(data) = &mut self.data {
            // An event's data may be of several lines; but not if they are data by themselves.
            if is_json_begun(data) || !is_whole(line) {
                data.push('\n');
                data.push_str(line);
                return;
            }
            self.end_event();
        }
        self.data = Some(line.to_owned());
        if is_whole(line) {
            self.end_event();
        }
    }

    /// Its name holds for all of its data.
    fn end_event(&mut self) {
        if let Some(data) = self.data.take() {
            self.events.push(Event { data, failed: self.failed });
        }
        self.bare = false;
    }

    fn dispatch(&mut self) {
        self.end_event();
        self.failed = false;
    }
}

fn is_json_begun(text: &str) -> bool {
    text.trim_start().starts_with(['{', '['])
}

/// Whether a line is all that an event has to say.
fn is_whole(line: &str) -> bool {
    let line = line.trim();
    line == "[DONE]"
        || line.ends_with(['}', ']']) && is_json_begun(line) && serde_json::from_str::<IgnoredAny>(line).is_ok()
}
