//! One job's events as `text/event-stream`: numbered frames, and where a reader that comes back goes on.

use super::store::Changes;

/// What a reader is sent first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Step {
    /// The job's status.
    Status,
    /// Its progress.
    Progress,
    /// How it ended; nothing follows.
    End,
}

/// What a reader has not seen of the job as it stands, with the numbers of those events. A reader without a last event,
/// or with one that this job never had, is told everything.
#[must_use]
pub fn resume(changes: &Changes, last_event: Option<&str>) -> Vec<(u64, Step)> {
    let seen = last_event.and_then(|id| id.parse().ok()).filter(|seen| *seen <= changes.newest()).unwrap_or(0);
    let Changes { status, progress, end } = *changes;
    // Progress of an ended job is history.
    let progress = if end.is_some() { 0 } else { progress.unwrap_or(0) };
    let mut steps = Vec::new();
    let mut tell = |number: u64, step| {
        if number > seen {
            steps.push((number, step));
        }
    };
    // In the order in which they happened, but the present status is what a reader that is told all hears first.
    let is_earlier = seen > 0 && progress < status;
    if is_earlier {
        tell(progress, Step::Progress);
    }
    tell(status, Step::Status);
    if !is_earlier {
        tell(progress, Step::Progress);
    }
    tell(end.unwrap_or(0), Step::End);
    steps
}

/// One event on the wire. Line breaks in `data` become more lines of data.
#[must_use]
pub fn frame(number: u64, event: &str, data: &str) -> String {
    let mut text = format!("id: {number}\nevent: {event}\n");
    text.push_str("data: ");
    for letter in data.chars() {
        match letter {
            '\r' => {}
            '\n' => text.push_str("\ndata: "),
            _ => text.push(letter),
        }
    }
    text.push_str("\n\n");
    text
}
