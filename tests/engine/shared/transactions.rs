use jobgate::engine::shared::transactions::{
    acknowledge, create, enter, excess, place, prioritize, promote, retire, send, settle, stop,
};
use jobgate::engine::shared::{Claim, Create, Found, Outcome, Recovery, Row, SlotRow, Status, remaining};
use jobgate::engine::{OnDuplicate, RetryOptions};

use super::desk::{WALL, row, running};

const CLAIM: Claim = Claim { epoch: 0, version: 2, strict: true, fail_interrupted: true };
const SLOT: SlotRow = SlotRow { generation: 4, beat: 9 };

/// Runs in slot 1, generation 4, under epoch 1.
fn left() -> Row {
    Row { generation: 4, ..running(1) }
}

#[test]
fn who_holds_the_slot_s_lock_recovers_what_was_left_there_and_claims() {
    let target = row(|row| (row.failures, row.ready_at, row.wait) = (1, WALL, 5.0));
    let entered = enter((1, 4), SLOT, Some(&left()), Some((&target, CLAIM)), WALL, 3).unwrap();
    let (recovered, what) = entered.recovered.unwrap();
    assert_eq!((recovered.status, recovered.epoch, what), (Status::Pending, 2, Recovery::Again));
    assert_eq!(entered.slot, SlotRow { generation: 4, beat: 10 });
    let claimed = entered.claimed.unwrap();
    assert_eq!((claimed.status, claimed.epoch, claimed.attempt, claimed.version), (Status::Running, 1, 2, 2));
    assert_eq!((claimed.slot, claimed.generation, claimed.started_at), (1, 4, WALL));
    assert!(claimed.strict && claimed.fail_interrupted && claimed.ready_at == 0.0);
}

#[test]
fn a_claim_is_refused_under_another_generation_epoch_or_status() {
    assert_eq!(enter((1, 3), SLOT, None, Some((&Row::default(), CLAIM)), WALL, 3), None);
    let refused = |target: Row| enter((1, 4), SLOT, None, Some((&target, CLAIM)), WALL, 3).unwrap().claimed.is_none();
    assert!(!refused(Row::default()));
    assert!(refused(row(|row| row.epoch = 1)));
    assert!(refused(row(|row| row.behind = true)));
    assert!(refused(row(|row| row.status = Status::Running)));
    // What runs elsewhere is not what was left here.
    let elsewhere = enter((1, 4), SLOT, Some(&running(2)), None, WALL, 3).unwrap();
    assert_eq!(elsewhere.recovered, None);
}

#[test]
fn what_was_left_in_a_slot_can_be_claimed_there_whether_it_was_handed_over_or_not() {
    let claim = Claim { epoch: 1, ..CLAIM };
    let entered = enter((1, 4), SLOT, Some(&left()), Some((&left(), claim)), WALL, 3).unwrap();
    let row = entered.claimed.unwrap();
    assert_eq!((row.status, row.epoch, row.interruptions, entered.recovered), (Status::Running, 2, 1, None));
    let handed_over = Row { status: Status::Pending, ..left() };
    let row = enter((1, 4), SLOT, None, Some((&handed_over, claim)), WALL, 3).unwrap().claimed.unwrap();
    assert_eq!((row.status, row.epoch, row.interruptions), (Status::Running, 2, 0));
    let waited = Row { ready_at: WALL - 1.0, wait: 500.0, ..handed_over };
    let row = enter((1, 4), SLOT, None, Some((&waited, claim)), WALL, 3).unwrap().claimed.unwrap();
    assert_eq!((row.ready_at, row.wait), (0.0, 0.0), "it waits no more");
    let stopped = Row { stop: true, ..left() };
    let entered = enter((1, 4), SLOT, Some(&stopped), Some((&stopped, claim)), WALL, 3).unwrap();
    assert_eq!((entered.claimed, entered.recovered.map(|(row, _)| row.status)), (None, Some(Status::Cancelled)));
}

#[test]
fn an_interruption_ends_the_job_where_a_stop_its_type_or_too_many_say_so() {
    let recover = |change: fn(&mut Row)| {
        let mut row = left();
        change(&mut row);
        let (row, what) = enter((1, 4), SLOT, Some(&row), None, WALL, 3).unwrap().recovered.unwrap();
        (row.status, row.interruptions, what)
    };
    assert_eq!(recover(|row| row.interruptions = 1), (Status::Pending, 2, Recovery::Again));
    assert_eq!(recover(|row| row.interruptions = 2), (Status::Failed, 3, Recovery::CrashLoop));
    assert_eq!(recover(|row| row.fail_interrupted = true), (Status::Failed, 1, Recovery::Interrupted));
    let stopped = |row: &mut Row| (row.stop, row.fail_interrupted, row.interruptions) = (true, true, 2);
    assert_eq!(recover(stopped), (Status::Cancelled, 3, Recovery::Cancelled));
}

#[test]
fn a_silent_holder_is_given_up_once_and_a_strict_one_never() {
    let (slot, recovered) = retire((1, 4), 9, SLOT, Some(&left()), WALL, 3).unwrap();
    assert_eq!(slot.generation, 5);
    assert_eq!(recovered.map(|(row, _)| (row.status, row.epoch)), Some((Status::Pending, 2)));
    assert_eq!(retire((1, 4), 9, slot, None, WALL, 3), None);
    assert_eq!(retire((1, 4), 9, SLOT, Some(&Row { strict: true, ..left() }), WALL, 3), None);
    assert_eq!(retire((1, 4), 8, SLOT, None, WALL, 3), None, "it has been heard since");
    assert_eq!(slot.beaten(4), None, "its sign of life comes too late");
    assert_eq!(slot.beaten(5).map(|slot| slot.beat), Some(10));
}

#[test]
fn only_the_run_of_the_latest_epoch_records_what_came_of_it() {
    assert_eq!(settle(&running(0), 2, Outcome::Resolved, WALL, 0.0), None);
    assert_eq!(settle(&Row { status: Status::Pending, ..running(0) }, 1, Outcome::Resolved, WALL, 0.0), None);
    let ended = settle(&running(0), 1, Outcome::Resolved, WALL, 0.0).unwrap();
    assert_eq!((ended.status, ended.ended_at), (Status::Completed, WALL));
    assert_eq!(settle(&ended, 1, Outcome::Resolved, WALL, 0.0), None);
}

#[test]
fn cancelled_wins_over_whatever_the_body_came_to() {
    let stopped = Row { stop: true, ..running(0) };
    let again = Outcome::Rejected { retry: true, wait: None };
    for outcome in [Outcome::Resolved, again, Outcome::TimedOut, Outcome::Released] {
        assert_eq!(settle(&stopped, 1, outcome, WALL, 0.0).map(|row| row.status), Some(Status::Cancelled));
    }
}

#[test]
fn a_failed_attempt_waits_for_the_next_as_its_options_and_the_error_say() {
    let retry = RetryOptions { limit: 2.0, delay: 100.0, jitter: true, ..RetryOptions::default() };
    let run = Row { retry, ..running(0) };
    let after = |row: &Row, outcome| settle(row, 1, outcome, WALL, 0.5).unwrap();
    let first = after(&run, Outcome::Rejected { retry: true, wait: None });
    assert_eq!((first.status, first.failures, first.ready_at, first.wait), (Status::Pending, 1, WALL + 50.0, 50.0));
    let second = Row { failures: 1, ..run };
    assert_eq!(after(&second, Outcome::TimedOut).ready_at, WALL + 100.0);
    assert_eq!(after(&second, Outcome::Rejected { retry: true, wait: Some(7.0) }).ready_at, WALL + 7.0);
    assert_eq!(after(&run, Outcome::Rejected { retry: false, wait: None }).status, Status::Failed);
    let last = after(&Row { failures: 2, ..run }, Outcome::TimedOut);
    assert_eq!((last.status, last.failures, last.ready_at), (Status::Failed, 3, 0.0));
    // Handed over, it is not an attempt that has failed.
    assert_eq!(after(&run, Outcome::Released), Row { status: Status::Pending, ..run });
}

#[test]
fn a_stop_ends_what_waits_and_is_recorded_for_what_runs() {
    // What has ended waits for nothing any more.
    let waiting = row(|row| (row.ready_at, row.wait, row.behind) = (WALL + 50.0, 50.0, true));
    let cancelled = row(|row| (row.status, row.ended_at) = (Status::Cancelled, WALL));
    assert_eq!(stop(&waiting, WALL), Some(cancelled));
    let asked = stop(&running(0), WALL).unwrap();
    assert!(asked.stop && asked.status == Status::Running);
    assert_eq!(stop(&asked, WALL), None);
    assert_eq!(stop(&row(|row| row.status = Status::Failed), WALL), None);
}

#[test]
fn actions_are_acknowledged_in_their_order_by_the_run_that_has_them() {
    let run = send(&send(&running(0)).unwrap()).unwrap();
    assert_eq!(acknowledge(&run, 1, 2), None);
    assert_eq!(acknowledge(&run, 2, 1), None);
    let first = acknowledge(&run, 1, 1).unwrap();
    assert_eq!(acknowledge(&first, 1, 1), None);
    let second = acknowledge(&first, 1, 2).unwrap();
    assert_eq!((second.handled, acknowledge(&second, 1, 3)), (2, None));
    assert_eq!(send(&row(|row| row.status = Status::Completed)), None);
}

#[test]
fn what_a_new_job_meets_under_its_key_decides_what_is_done_with_it() {
    use OnDuplicate::{Join, Queue, Reject, Replace};
    let pending = Row::default();
    let (run, asked) = (running(0), Row { stop: true, ..running(0) });
    let waiting = row(|row| row.behind = true);
    let decide = |standing: Option<&Row>, waiting: Option<&Row>, policy| {
        create(Found { standing, waiting, ..Found::default() }, policy, f64::INFINITY)
    };
    let insert = |behind, stops_standing, stops_waiting| Create::Insert { behind, stops_standing, stops_waiting };
    for policy in [Join, Queue, Reject, Replace] {
        assert_eq!(decide(None, None, policy), insert(false, false, false));
        let same = Found { same: Some(&pending), standing: Some(&run), ..Found::default() };
        assert_eq!(create(same, policy, 0.0), Create::Same, "repeated, it is harmless");
    }
    assert_eq!(decide(Some(&pending), None, Join), Create::JoinStanding);
    assert_eq!(decide(Some(&run), Some(&waiting), Join), Create::JoinStanding);
    assert_eq!(decide(Some(&asked), None, Join), insert(true, false, false), "one that is to end is not joined");
    assert_eq!(decide(Some(&asked), Some(&waiting), Join), Create::JoinWaiting);
    assert_eq!(decide(Some(&pending), None, Reject), Create::Duplicate);
    assert_eq!(decide(Some(&run), None, Queue), insert(true, false, false));
    assert_eq!(decide(Some(&run), Some(&waiting), Queue), insert(true, false, true), "the latest wins");
    assert_eq!(decide(Some(&pending), None, Replace), insert(false, true, false), "a pending one ends at once");
    assert_eq!(decide(Some(&run), Some(&waiting), Replace), insert(true, true, true));
    assert_eq!(decide(Some(&asked), None, Replace), insert(true, false, false));
}

#[test]
fn a_full_queue_takes_what_takes_the_place_of_another() {
    let (pending, waiting) = (Row::default(), row(|row| row.behind = true));
    let found = Found { standing: Some(&pending), waiting: Some(&waiting), pending: 2.0, ..Found::default() };
    assert!(matches!(create(found, OnDuplicate::Queue, 2.0), Create::Insert { .. }));
    assert_eq!(create(Found { waiting: None, ..found }, OnDuplicate::Queue, 2.0), Create::Full);
    assert!(matches!(create(Found { waiting: None, ..found }, OnDuplicate::Replace, 2.0), Create::Insert { .. }));
    assert_eq!(create(Found { pending: 2.0, ..Found::default() }, OnDuplicate::Join, 2.0), Create::Full);
}

#[test]
fn what_stood_behind_takes_the_key_and_what_has_ended_takes_nothing() {
    let waiting = row(|row| row.behind = true);
    assert_eq!(promote(&waiting), Some(Row::default()));
    assert_eq!(promote(&Row::default()), None);
    assert_eq!(promote(&Row { status: Status::Cancelled, ..waiting }), None);
    let moved = prioritize(&Row::default(), 5.0, 9.0).unwrap();
    assert_eq!((moved.priority, moved.place), (5.0, 9.0));
    assert_eq!(prioritize(&moved, 5.0, 10.0), Some(moved), "where it is, at the level that it has");
    assert_eq!(prioritize(&row(|row| row.status = Status::Failed), 5.0, 9.0), None);
}

#[test]
fn finished_jobs_beyond_those_that_are_kept_go_and_waits_are_within_their_length() {
    assert_eq!((excess(12.0, 10.0), excess(9.0, 10.0), excess(9.0, f64::INFINITY)), (2.0, 0.0, 0.0));
    assert_eq!(remaining(150.0, 100.0, 100.0), 50.0);
    assert_eq!(remaining(150.0, 100.0, -1e9), 100.0);
    assert_eq!(remaining(150.0, 100.0, 1e9), 0.0);
}

#[test]
fn pending_jobs_are_listed_as_they_would_start_then_by_their_moment_then_those_behind_a_key() {
    let at = |priority, place, ready_at, behind| {
        let wait = if ready_at > 0.0 { 1e6 } else { 0.0 };
        Row { priority, place, ready_at, wait, behind, ..Row::default() }
    };
    let rows = [
        at(0.0, 1.0, 0.0, true),
        at(0.0, 2.0, 900.0, false),
        at(0.0, 3.0, 0.0, false),
        at(9.0, 4.0, 700.0, false),
        at(5.0, 5.0, 0.0, false),
        at(5.0, 6.0, 0.0, false),
        at(0.0, 7.0, 499.0, false),
    ];
    let mut listed: Vec<_> = rows.iter().map(|row| (place(row, 500.0), row.place)).collect();
    listed.sort_by(|one, other| one.0.partial_cmp(&other.0).unwrap());
    assert_eq!(listed.iter().map(|(_, place)| *place).collect::<Vec<_>>(), [5.0, 6.0, 3.0, 7.0, 4.0, 2.0, 1.0]);
}

#[test]
fn a_job_again_is_new_but_for_what_was_asked_of_it() {
    let retry = RetryOptions { limit: 3.0, ..RetryOptions::default() };
    let ended = Row {
        status: Status::Failed,
        epoch: 4,
        attempt: 3,
        failures: 3,
        interruptions: 1,
        priority: 5.0,
        place: 8.0,
        started_at: 5.0,
        ended_at: 6.0,
        timeout: 50.0,
        retry,
        sent: 2,
        ..Row::default()
    };
    let again = Row { version: 2, created_at: 9.0, priority: 5.0, timeout: 50.0, retry, ..Row::default() };
    assert_eq!(ended.again(2, 9.0), again);
}
