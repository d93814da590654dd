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
    let progress = if end.is_some() { None } else { progress };
    let (status, progress, end) = ((Some(status), Step::Status), (progress, Step::Progress), (end, Step::End));
    // In the order in which they happened, but the present status is what a reader that is told all hears first.
    let steps = if seen > 0 && progress.0 < status.0 { [progress, status, end] } else { [status, progress, end] };
    steps.into_iter().filter_map(|(number, step)| Some((number?, step))).filter(|(number, _)| *number > seen).collect()
}

/// One event on the wire. Line breaks in `data` become more lines of data.
#[must_use]
pub fn frame(number: u64, event: &str, data: &str) -> String {
    let mut text = format!("id: {number}\nevent: {event}\n");
    for line in data.split('\n') {
        text.push_str("data: ");
        text.push_str(line.trim_end_matches('\r'));
        text.push('\n');
    }
    text.push('\n');
    text
}
