//! The calls of an answer, put together from their fragments.

use serde_json::{Map, Value};

use super::lenient::{index, scalar, some};
use crate::engine::agents::message::ToolCall;

#[derive(Debug, Clone, Default)]
struct Call {
    index: u64,
    id: String,
    name: String,
    arguments: String,
    /// In which event its last fragment came.
    event: u64,
}

impl Call {
    /// Its arguments have been written to their end.
    fn is_whole(&self) -> bool {
        self.arguments.trim_end().ends_with('}') && serde_json::from_str::<Value>(&self.arguments).is_ok()
    }
}

/// What a fragment says.
#[derive(Debug, Default)]
struct Fragment {
    index: Option<u64>,
    id: String,
    name: String,
    arguments: String,
}

impl Fragment {
    fn read(value: &Value) -> Self {
        // Some servers leave out the level in between.
        let function = some(value.get("function")).unwrap_or(value);
        let arguments = some(function.get("arguments"));
        Self {
            index: index(value.get("index")),
            id: scalar(value.get("id")).unwrap_or_default(),
            name: scalar(function.get("name")).unwrap_or_default(),
            arguments: match arguments {
                Some(written @ (Value::Object(_) | Value::Array(_))) => written.to_string(),
                written => scalar(written).unwrap_or_default(),
            },
        }
    }
}

/// What becomes of a fragment.
enum Place {
    /// More of that call.
    More(usize),
    /// It begins another call.
    Another,
    /// It repeats a call that is there.
    Known,
}

/// The calls of an answer, as far as they have arrived.
#[derive(Debug, Clone, Default)]
pub(super) struct Calls {
    calls: Vec<Call>,
    event: u64,
}

impl Calls {
    pub(super) fn is_empty(&self) -> bool {
        self.calls.is_empty()
    }

    /// The fragments of one event.
    pub(super) fn take(&mut self, fragments: &[Value]) {
        self.event += 1;
        for fragment in fragments {
            self.take_fragment(Fragment::read(fragment));
        }
    }

    fn take_fragment(&mut self, fragment: Fragment) {
        let event = self.event;
        match self.place(&fragment) {
            Place::Known => {}
            Place::More(at) => {
                let Some(call) = self.calls.get_mut(at) else { return };
                call.event = event;
                if call.id.is_empty() {
                    call.id = fragment.id;
                }
                if call.name.is_empty() {
                    call.name = fragment.name;
                }
                call.arguments.push_str(&fragment.arguments);
            }
            Place::Another => {
                let next = self.calls.last().map_or(0, |last| last.index.saturating_add(1));
                let Fragment { index, id, name, arguments } = fragment;
                self.calls.push(Call { index: index.unwrap_or(next), id, name, arguments, event });
            }
        }
    }

    /// A call begins with its name. Where index and id are missing, or are the same for all, another begins where the
    /// one before has its name and its arguments already.
    fn place(&self, fragment: &Fragment) -> Place {
        let here = |call: &Call| fragment.index.is_none_or(|index| call.index == index);
        // The last ones first: fragments of one call follow each other.
        let named = |call: &Call| !fragment.id.is_empty() && call.id == fragment.id && here(call);
        let found = self.calls.iter().rposition(named).or_else(|| match fragment.index {
            Some(_) => self.calls.iter().rposition(here),
            None => self.calls.len().checked_sub(1),
        });
        let Some((at, call)) = found.and_then(|at| Some((at, self.calls.get(at)?))) else { return Place::Another };
        let other_id = !call.id.is_empty() && !fragment.id.is_empty() && call.id != fragment.id;
        if fragment.name.is_empty() {
            // Some servers give each fragment an id of its own, but say only with the first whose it is.
            let other = other_id && (fragment.index.is_none() || !fragment.arguments.is_empty() && call.is_whole());
            return if other { Place::Another } else { Place::More(at) };
        }
        if call.name.is_empty() && !other_id {
            return Place::More(at);
        }
        if other_id || call.name != fragment.name {
            return Place::Another;
        }
        let same_id = !fragment.id.is_empty() && call.id == fragment.id;
        let whole = call.is_whole();
        if call.event == self.event && (whole || call.arguments.is_empty()) {
            return Place::Another;
        }
        if !whole {
            return Place::More(at);
        }
        // Some servers say it all again at the end.
        let again =
            same_id && (fragment.arguments.trim().is_empty() || same_json(&fragment.arguments, &call.arguments));
        if again { Place::Known } else { Place::Another }
    }

    /// The calls in their order. One without an id gets one of `turn`.
    pub(super) fn finish(self, turn: usize) -> Vec<ToolCall> {
        let mut calls = self.calls;
        calls.sort_by_key(|call| call.index);
        let call = |(at, Call { id, name, arguments, .. }): (usize, Call)| ToolCall {
            id: if id.is_empty() { format!("call_{turn}_{at}") } else { id },
            name,
            arguments: read_arguments(arguments),
        };
        calls.into_iter().enumerate().map(call).collect()
    }
}

fn same_json(one: &str, other: &str) -> bool {
    one == other || serde_json::from_str::<Value>(one).ok() == serde_json::from_str::<Value>(other).ok()
}

/// None were written: a call without arguments. Not JSON: as written, for the loop to tell the model.
fn read_arguments(text: String) -> Value {
    if text.trim().is_empty() {
        return Value::Object(Map::new());
    }
    match serde_json::from_str(&text) {
        Ok(Value::Null) => Value::Object(Map::new()),
        // Some servers write JSON of JSON.
        Ok(Value::String(inner)) => match serde_json::from_str(&inner) {
            Ok(arguments @ Value::Object(_)) => arguments,
            _ => Value::String(text),
        },
        Ok(arguments) => arguments,
        Err(_) => Value::String(text),
    }
}
