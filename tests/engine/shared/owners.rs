//! Owners that are gone, and owners that are silent.

use jobgate::engine::shared::{Answer, Command, Effect, MOST_SLOTS, Row, SharedJobId, Status, TabOptions, TypeRules};

use super::desk::{Desk, job, lock, row, running};

const DAY: f64 = 86_400_000.0;

fn drops(desk: &Desk) -> Effect {
    Effect::Drop(desk.request())
}

#[test]
fn whoever_is_granted_the_lock_of_a_slot_recovers_what_was_left_in_it() {
    let options = TabOptions { execute: false, ..TabOptions::default() };
    let mut desk = Desk::new(&options, &[TypeRules::default()]);
    desk.see(2, row(|_| {}));
    assert!(desk.wanted.is_empty(), "this tab runs nothing");
    assert_eq!(desk.see(1, running(5)), [Effect::Ask { request: desk.request(), lock: lock(5, 0) }]);
    assert_eq!(desk.grant(), [Effect::Enter { lock: lock(5, 0), claim: None }]);
    desk.see(1, row(|row| row.epoch = 2));
    let dropped = drops(&desk);
    assert_eq!(desk.tell(Command::Entered { lock: lock(5, 0), answer: Answer::Written }), [dropped]);
}

#[test]
fn a_slot_that_its_job_has_left_for_another_is_not_recovered() {
    let options = TabOptions { execute: false, ..TabOptions::default() };
    let mut desk = Desk::new(&options, &[TypeRules::default()]);
    desk.see(1, running(0));
    let withdrawn = drops(&desk);
    let mut elsewhere = running(1);
    elsewhere.epoch = 3;
    assert_eq!(desk.see(1, elsewhere), [withdrawn, Effect::Ask { request: desk.request(), lock: lock(1, 0) }]);
}

#[test]
fn what_was_left_in_a_slot_beyond_those_of_this_tab_is_recovered_and_nothing_is_claimed_there() {
    let mut desk = Desk::plain();
    desk.see(2, row(|_| {}));
    assert_eq!(desk.see(1, running(1)), [Effect::Ask { request: desk.request(), lock: lock(1, 0) }]);
    assert_eq!(desk.grant(), [Effect::Enter { lock: lock(1, 0), claim: None }]);
}

#[test]
fn a_slot_beyond_those_of_this_tab_is_not_asked_for_once_nothing_is_left_in_it() {
    let mut desk = Desk::plain();
    desk.see(2, row(|_| {}));
    desk.see(1, running(1));
    let withdrawn = drops(&desk);
    assert_eq!(desk.see(1, row(|row| row.status = Status::Completed)), [withdrawn]);
}

#[test]
fn a_holder_is_silent_from_when_its_lock_was_asked_for_however_long_the_tab_is_there() {
    let mut desk = Desk::plain();
    desk.wait(10_000.0);
    desk.see(1, row(|_| {}));
    let retires = |effects: &[Effect]| effects.iter().any(|effect| matches!(effect, Effect::Retire { .. }));
    assert!(!retires(&desk.tell(Command::ReadDone)));
    assert!(!retires(&desk.wait(900.0)));
    assert!(retires(&desk.wait(1000.0)));
}

/// Which job a tab claims that is granted the slot in which job 1 was left, while job 2 waits.
fn claimed_beside(left: impl FnOnce(&mut Row)) -> Option<SharedJobId> {
    let mut desk = Desk::plain();
    let mut given = running(0);
    given.place = 1.0;
    left(&mut given);
    desk.see(1, given);
    desk.see(2, row(|row| (row.place, row.priority) = (2.0, 3.0)));
    desk.choice()
}

#[test]
fn a_job_whose_tab_is_gone_goes_on_before_those_that_come_after_it() {
    assert_eq!(claimed_beside(|row| row.priority = 3.0), Some(job(1)));
    assert_eq!(claimed_beside(|row| row.priority = 2.0), Some(job(2)));
    // Recovered, it would end, or be left to others.
    assert_eq!(claimed_beside(|row| (row.priority, row.stop) = (3.0, true)), Some(job(2)));
    assert_eq!(claimed_beside(|row| (row.priority, row.version) = (3.0, 9)), Some(job(2)));
    assert_eq!(claimed_beside(|row| (row.priority, row.interruptions) = (3.0, 2)), Some(job(2)));
}

#[test]
fn a_job_that_was_left_and_could_not_be_claimed_is_not_lost_sight_of() {
    let mut desk = Desk::plain();
    desk.see(1, running(0));
    assert_eq!(desk.choice(), Some(job(1)));
    desk.see(1, running(0));
    desk.tell(Command::Entered { lock: lock(0, 0), answer: Answer::Failed });
    assert!(matches!(desk.wait(250.0)[..], [Effect::Ask { .. }]));
}

#[test]
fn a_lock_is_good_for_the_next_job_where_the_one_that_seemed_left_has_ended() {
    let mut desk = Desk::plain();
    desk.see(1, running(0));
    desk.see(2, row(|row| row.place = 2.0));
    assert_eq!(desk.choice(), Some(job(1)));
    desk.see(1, row(|row| row.status = Status::Completed));
    let effects = desk.tell(Command::Entered { lock: lock(0, 0), answer: Answer::Refused });
    let claims_next =
        |effect: &Effect| matches!(effect, Effect::Enter { claim: Some((next, _)), .. } if *next == job(2));
    assert!(effects.iter().any(claims_next), "{effects:?}");
}

#[test]
fn a_lock_is_good_for_the_next_job_where_the_one_that_was_to_be_claimed_runs_elsewhere() {
    let mut desk = Desk::plain();
    desk.see(1, row(|row| row.place = 1.0));
    desk.see(2, row(|row| row.place = 2.0));
    assert_eq!(desk.choice(), Some(job(1)));
    desk.see(1, running(1));
    let effects = desk.tell(Command::Entered { lock: lock(0, 0), answer: Answer::Refused });
    let claims_next =
        |effect: &Effect| matches!(effect, Effect::Enter { claim: Some((next, _)), .. } if *next == job(2));
    assert!(effects.iter().any(claims_next), "{effects:?}");
}

#[test]
fn what_could_not_be_recovered_is_tried_again_in_its_own_time_not_at_the_next_look() {
    let mut desk = Desk::plain();
    desk.wait(100.0);
    desk.see(1, running(0));
    desk.grant();
    desk.tell(Command::Entered { lock: lock(0, 0), answer: Answer::Failed });
    assert_eq!(desk.wait(249.0), []);
    assert!(matches!(desk.wait(1.0)[..], [Effect::Ask { .. }]));
}

#[test]
fn what_could_not_be_recovered_is_tried_again_after_a_while_and_what_was_not_there_is_not() {
    let options = TabOptions { execute: false, take_over_after: 1000.0, ..TabOptions::default() };
    let mut desk = Desk::new(&options, &[TypeRules::default()]);
    desk.see(1, running(0));
    desk.grant();
    let dropped = drops(&desk);
    assert_eq!(desk.tell(Command::Entered { lock: lock(0, 0), answer: Answer::Failed }), [dropped]);
    assert!(matches!(desk.wait(250.0)[..], [Effect::Ask { .. }]));
    desk.grant();
    let dropped = drops(&desk);
    let entered = Command::Entered { lock: lock(0, 0), answer: Answer::Written };
    assert_eq!(desk.tell(entered), [dropped, Effect::Read], "whoever ran there may have handed it over");
    assert_eq!(desk.wait(5000.0), [], "the store knows of nobody there");
}

#[test]
fn a_silent_owner_is_given_up_and_a_sign_of_life_begins_the_silence_anew() {
    let mut desk = Desk::plain();
    desk.see(1, running(0));
    assert_eq!(desk.wait(900.0), []);
    desk.see_slot(0, 0, 1);
    assert_eq!(desk.wait(900.0), []);
    assert_eq!(desk.wait(200.0), [Effect::Retire { lock: lock(0, 0), beat: 1 }]);
    assert_eq!(desk.wait(5000.0), [], "once");
    desk.tell(Command::Retired { lock: lock(0, 0), answer: Answer::Failed });
    assert_eq!(desk.wait(250.0), [Effect::Retire { lock: lock(0, 0), beat: 1 }]);
    // It was alive after all: its next silence is counted from here.
    desk.tell(Command::Retired { lock: lock(0, 0), answer: Answer::Refused });
    assert_eq!(desk.wait(900.0), []);
}

#[test]
fn an_owner_whose_slot_is_being_recovered_is_not_given_up_as_well() {
    let mut desk = Desk::plain();
    desk.see(1, running(0));
    desk.wait(900.0);
    assert!(matches!(desk.grant()[..], [Effect::Enter { .. }]));
    assert_eq!(desk.wait(900.0), []);
}

#[test]
fn a_slot_that_no_tab_can_have_is_not_asked_for() {
    let mut desk = Desk::plain();
    assert_eq!(desk.see(1, running(MOST_SLOTS)), []);
    assert_eq!(desk.see(2, running(MOST_SLOTS - 1)).len(), 1);
}

#[test]
fn the_silence_of_one_run_is_not_held_against_the_next() {
    let mut desk = Desk::plain();
    desk.see(1, running(0));
    desk.wait(900.0);
    let mut next = running(0);
    next.epoch = 3;
    desk.see(1, next);
    assert_eq!(desk.wait(900.0), []);
    assert_eq!(desk.wait(200.0), [Effect::Retire { lock: lock(0, 0), beat: 0 }]);
}

#[test]
fn only_silence_while_this_tab_is_awake_counts() {
    let mut desk = Desk::plain();
    desk.see(1, running(0));
    desk.wait(100.0);
    desk.now += DAY;
    assert_eq!(desk.wait(0.0), []);
    assert_eq!(desk.wait(250.0), []);
    assert_eq!(desk.wait(500.0), [Effect::Retire { lock: lock(0, 0), beat: 0 }]);
}

#[test]
fn what_could_not_be_read_is_no_silence() {
    let mut desk = Desk::plain();
    desk.see(1, running(0));
    for _ in 0..40 {
        desk.now += 250.0;
        desk.tell(Command::Tick);
        assert!(!desk.tell(Command::ReadFailed).iter().any(|effect| matches!(effect, Effect::Retire { .. })));
    }
}

#[test]
fn a_strict_job_is_left_to_its_owner_however_silent() {
    let mut desk = Desk::plain();
    let mut strict = running(0);
    strict.strict = true;
    desk.see(1, strict);
    assert_eq!(desk.wait(60_000.0), []);
    assert!(matches!(desk.grant()[..], [Effect::Enter { .. }]), "that its lock is free proves that it is gone");
}

#[test]
fn a_holder_that_does_nothing_with_its_slot_is_given_up_by_those_who_wait_for_it() {
    let mut desk = Desk::plain();
    desk.see(1, row(|_| {}));
    assert_eq!(desk.wait(1100.0), [Effect::Retire { lock: lock(0, 0), beat: 0 }]);
    let withdrawn = drops(&desk);
    let effects = desk.see_slot(0, 1, 0);
    assert_eq!(effects, [withdrawn, Effect::Ask { request: desk.request(), lock: lock(0, 1) }]);
}
