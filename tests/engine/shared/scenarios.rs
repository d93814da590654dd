use jobgate::engine::shared::{
    AbortWhy, Answer, Command, Effect, Outcome, Row, SharedJobId, Status, TabOptions, TypeId, TypeRules, WaitingFor,
};
use jobgate::engine::{OutOfBounds, Time};

use super::desk::{Desk, WALL, job, lock, row, running};

const DAY: f64 = 86_400_000.0;

fn waiting_for(desk: &mut Desk, number: u32) -> Option<WaitingFor> {
    desk.tab.waiting_for(Time::from_millis(desk.now), job(number))
}

fn drops(desk: &Desk) -> Effect {
    Effect::Drop(desk.request())
}

// ── what is claimed ─────────────────────────────────────────────────────────────────────────────

#[test]
fn the_highest_priority_is_claimed_first_and_among_equals_the_lowest_place() {
    let mut desk = Desk::plain();
    desk.see(1, row(|row| row.place = 1.0));
    desk.see(2, row(|row| (row.place, row.priority) = (3.0, 5.0)));
    desk.see(3, row(|row| (row.place, row.priority) = (2.0, 5.0)));
    assert_eq!(desk.tab.pending(), [3, 2, 1].map(SharedJobId));
    assert_eq!(desk.choice(), Some(job(3)));
}

#[test]
fn a_tab_asks_for_a_slot_only_while_it_has_something_to_run() {
    let mut desk = Desk::plain();
    assert!(desk.wait(30_000.0).is_empty());
    assert_eq!(desk.see(1, row(|_| {})), [Effect::Ask { request: desk.request(), lock: lock(0, 0) }]);
    let withdrawn = drops(&desk);
    assert_eq!(desk.see(1, row(|row| row.status = Status::Cancelled)), [withdrawn]);
    assert_eq!(desk.tab.live_records(), 0);
}

#[test]
fn a_tab_asks_for_as_many_slots_as_it_has_jobs_for_and_two_to_spare() {
    let mut desk = Desk::new(&TabOptions { concurrency: 9.0, ..TabOptions::default() }, &[TypeRules::default()]);
    let slots = |effects: &[Effect]| -> Vec<u32> {
        effects
            .iter()
            .filter_map(|effect| if let Effect::Ask { lock, .. } = effect { Some(lock.slot) } else { None })
            .collect()
    };
    assert_eq!(slots(&desk.see(1, row(|_| {}))), [0, 1, 2]);
    assert_eq!(slots(&desk.see(2, row(|_| {}))), [3]);
    let withdrawn = drops(&desk);
    assert_eq!(desk.see(1, row(|row| row.status = Status::Cancelled)), [withdrawn]);
    assert_eq!(desk.see(2, row(|row| row.status = Status::Cancelled)).len(), 3, "those that are left, too");
}

#[test]
fn a_slot_in_which_this_tab_runs_a_job_is_none_to_spare() {
    let mut desk = Desk::new(&TabOptions { concurrency: 9.0, ..TabOptions::default() }, &[TypeRules::default()]);
    let asked = desk.see(1, row(|_| {}));
    let Effect::Ask { request, .. } = asked[0] else { panic!("{asked:?}") };
    desk.tell(Command::Granted(request));
    desk.see(1, running(0));
    desk.tell(Command::Entered { lock: lock(0, 0), answer: Answer::Written });
    assert_eq!(desk.see(2, row(|_| {})).len(), 3);
}

#[test]
fn records_are_of_jobs_of_those_that_can_start_or_wait_for_a_moment_and_of_locks_that_are_held() {
    let mut desk = Desk::plain();
    desk.run(1, row(|_| {}));
    assert_eq!(desk.tab.live_records(), 2, "it and its lock");
    desk.see(2, row(|_| {}));
    assert_eq!(desk.tab.live_records(), 4, "another, in the queue");
    desk.see(3, row(|row| (row.ready_at, row.wait) = (WALL + 500.0, 500.0)));
    assert_eq!(desk.tab.live_records(), 6, "a third that waits for its moment");
}

#[test]
fn what_this_tab_can_not_run_is_left_to_others() {
    let types = [TypeRules { version: 2.0, ..TypeRules::default() }];
    let mut desk = Desk::new(&TabOptions::default(), &types);
    desk.see(1, row(|row| row.version = 3));
    desk.tell(Command::Seen { job: job(2), kind: None, row: row(|_| {}) });
    desk.see(3, row(|row| row.behind = true));
    assert!(desk.wanted.is_empty());
    assert_eq!(waiting_for(&mut desk, 1), Some(WaitingFor::Type));
    assert_eq!(waiting_for(&mut desk, 2), Some(WaitingFor::Type));
    assert_eq!(waiting_for(&mut desk, 3), Some(WaitingFor::Key));

    desk.see(4, row(|row| row.version = 1));
    assert_eq!(waiting_for(&mut desk, 4), Some(WaitingFor::Slot));
    let withdrawn = drops(&desk);
    assert!(desk.tell(Command::Parked(job(4))).contains(&withdrawn));
    assert_eq!(waiting_for(&mut desk, 4), Some(WaitingFor::Migration));
}

#[test]
fn a_job_that_could_not_be_migrated_is_tried_again_once_its_version_is_another() {
    let types = [TypeRules { version: 3.0, ..TypeRules::default() }];
    let mut desk = Desk::new(&TabOptions::default(), &types);
    desk.see(1, row(|row| row.version = 1));
    desk.tell(Command::Parked(job(1)));
    desk.see(1, row(|row| (row.version, row.priority) = (1, 5.0)));
    assert_eq!(waiting_for(&mut desk, 1), Some(WaitingFor::Migration), "from the same version");
    // Of another tab that has claimed it, and gone.
    desk.see(1, row(|row| (row.version, row.epoch) = (2, 2)));
    assert_eq!(waiting_for(&mut desk, 1), Some(WaitingFor::Slot));
    assert_eq!(desk.choice(), Some(job(1)));
}

#[test]
fn a_clock_that_was_set_back_makes_no_wait_longer() {
    let mut desk = Desk::plain();
    let delayed = row(|row| (row.ready_at, row.wait) = (WALL + 500.0, 500.0));
    desk.offset = -DAY;
    desk.see(1, delayed);
    assert_eq!(waiting_for(&mut desk, 1), Some(WaitingFor::Delay));
    desk.wait(300.0);
    desk.offset = -2.0 * DAY;
    desk.see(1, delayed);
    assert_eq!(desk.wait(199.0), []);
    assert_eq!(desk.wait(1.0), [Effect::Ask { request: desk.request(), lock: lock(0, 0) }]);
}

#[test]
fn a_type_that_wants_the_network_waits_for_it_no_longer_than_it_says() {
    let types = [TypeRules { online: Some(400.0), visible: true, ..TypeRules::default() }];
    let mut desk = Desk::new(&TabOptions::default(), &types);
    desk.tell(Command::Online(false));
    desk.tell(Command::Visible(false));
    desk.tell(Command::ReadDone);
    desk.see(1, row(|_| {}));
    assert_eq!(waiting_for(&mut desk, 1), Some(WaitingFor::Visible));
    desk.tell(Command::Visible(true));
    assert_eq!(waiting_for(&mut desk, 1), Some(WaitingFor::Online));
    assert_eq!(desk.wait(399.0), []);
    assert!(matches!(desk.wait(1.0)[..], [Effect::Ask { .. }, ..]));
    assert_eq!(waiting_for(&mut desk, 1), Some(WaitingFor::Slot));
}

#[test]
fn a_network_that_was_there_meanwhile_is_waited_for_anew() {
    let options = TabOptions { concurrency: 1.0, ..TabOptions::default() };
    let mut desk = Desk::new(&options, &[TypeRules { online: Some(400.0), ..TypeRules::default() }]);
    desk.tell(Command::Online(false));
    desk.see(1, row(|_| {}));
    desk.wait(400.0);
    desk.run(1, row(|_| {}));
    desk.tell(Command::Settled { job: job(1), epoch: 1, outcome: Outcome::Rejected { retry: true, wait: None } });
    let failed = row(|row| (row.epoch, row.failures, row.ready_at, row.wait) = (1, 1, WALL + 900.0, 500.0));
    desk.see(1, failed);
    desk.tell(Command::Recorded { job: job(1), epoch: 1, answer: Answer::Written });
    desk.tell(Command::Online(true));
    desk.tell(Command::Online(false));
    assert_eq!(waiting_for(&mut desk, 1), Some(WaitingFor::Retry));
    desk.wait(500.0);
    assert_eq!(waiting_for(&mut desk, 1), Some(WaitingFor::Online));
    desk.wait(400.0);
    assert_eq!(waiting_for(&mut desk, 1), Some(WaitingFor::Slot));
}

#[test]
fn a_type_that_wants_to_be_seen_and_no_network_starts_when_the_page_is_shown() {
    let mut desk = Desk::new(&TabOptions::default(), &[TypeRules { visible: true, ..TypeRules::default() }]);
    desk.tell(Command::Visible(false));
    assert_eq!(desk.see(1, row(|_| {})), []);
    assert!(desk.tell(Command::Visible(true)).iter().any(|effect| matches!(effect, Effect::Ask { .. })));
}

#[test]
fn a_lock_that_was_lost_while_it_was_asked_for_is_asked_for_anew() {
    let mut desk = Desk::plain();
    desk.see(1, row(|_| {}));
    let lost = desk.request();
    let effects = desk.tell(Command::LockLost(lost));
    assert!(effects.contains(&Effect::Read), "what is true stands in the store");
    assert!(effects.iter().any(|effect| matches!(effect, Effect::Ask { .. })) && desk.request() != lost);
}

#[test]
fn where_there_is_a_network_nothing_waits_for_it() {
    let types = [TypeRules { online: Some(400.0), ..TypeRules::default() }];
    let mut desk = Desk::new(&TabOptions::default(), &types);
    desk.tell(Command::Online(true));
    assert!(matches!(desk.see(1, row(|_| {}))[..], [Effect::Ask { .. }, ..]));
    assert_eq!(waiting_for(&mut desk, 1), Some(WaitingFor::Slot));
}

#[test]
fn the_wait_before_another_attempt_is_kept_and_said_to_be_one() {
    let mut desk = Desk::plain();
    desk.run(1, row(|_| {}));
    desk.tell(Command::Settled { job: job(1), epoch: 1, outcome: Outcome::Rejected { retry: true, wait: None } });
    let failed = row(|row| (row.epoch, row.failures, row.ready_at, row.wait) = (1, 1, WALL + 500.0, 500.0));
    desk.see(1, failed);
    desk.tell(Command::Recorded { job: job(1), epoch: 1, answer: Answer::Written });
    assert_eq!(waiting_for(&mut desk, 1), Some(WaitingFor::Retry));
    assert_eq!(desk.wait(499.0), []);
    assert!(matches!(desk.wait(1.0)[..], [Effect::Ask { .. }]));
}

#[test]
fn a_claim_that_was_refused_is_not_run_and_is_looked_at_again() {
    let mut desk = Desk::plain();
    desk.see(1, row(|_| {}));
    desk.grant();
    let request = desk.request();
    desk.see(1, row(|row| row.epoch = 2));
    let effects = desk.tell(Command::Entered { lock: lock(0, 0), answer: Answer::Refused });
    assert_eq!(effects[..2], [Effect::Drop(request), Effect::Read]);
    assert_eq!(desk.choice(), Some(job(1)));
}

#[test]
fn a_store_that_takes_nothing_is_left_alone_for_a_while() {
    let mut desk = Desk::plain();
    desk.see(1, row(|_| {}));
    desk.grant();
    let dropped = drops(&desk);
    assert_eq!(desk.tell(Command::Entered { lock: lock(0, 0), answer: Answer::Failed }), [dropped]);
    assert_eq!(waiting_for(&mut desk, 1), Some(WaitingFor::Storage));
    assert!(matches!(desk.wait(250.0)[..], [Effect::Ask { .. }]));
}

#[test]
fn a_job_that_the_store_did_not_take_is_tried_at_once_where_it_has_changed() {
    let mut desk = Desk::plain();
    desk.see(1, row(|_| {}));
    desk.grant();
    desk.tell(Command::Entered { lock: lock(0, 0), answer: Answer::Failed });
    desk.see(1, row(|row| row.place = 7.0));
    assert_eq!(waiting_for(&mut desk, 1), Some(WaitingFor::Slot));
}

#[test]
fn a_hint_during_a_look_asks_for_another() {
    let mut desk = Desk::plain();
    assert_eq!(desk.tell(Command::Hint), [Effect::Read]);
    assert_eq!(desk.tell(Command::Hint), []);
    assert_eq!(desk.tell(Command::Hint), []);
    assert_eq!(desk.tell(Command::ReadDone), [Effect::Read]);
    assert_eq!(desk.tell(Command::ReadDone), []);
}

#[test]
fn a_tick_between_two_looks_asks_for_none() {
    let mut desk = Desk::plain();
    desk.tell(Command::Hint);
    desk.tell(Command::ReadDone);
    assert_eq!(desk.tell(Command::Tick), []);
}

#[test]
fn a_page_that_comes_back_looks_whatever_look_was_under_way_when_it_was_put_away() {
    let mut desk = Desk::plain();
    assert_eq!(desk.tell(Command::Hint), [Effect::Read]);
    desk.tell(Command::Leave { at_once: true });
    assert_eq!(desk.tell(Command::Return), [Effect::Read]);
}

#[test]
fn a_claim_that_was_answered_after_a_long_sleep_is_given_back() {
    let mut desk = Desk::plain();
    desk.see(1, row(|_| {}));
    desk.grant();
    desk.see(1, running(0));
    desk.now += 1000.0;
    let effects = desk.tell(Command::Entered { lock: lock(0, 0), answer: Answer::Written });
    let (job, epoch, outcome) = (job(1), 1, Outcome::Released);
    assert_eq!(effects, [Effect::Settle { job, epoch, lock: lock(0, 0), outcome }]);
}

// ── a run ───────────────────────────────────────────────────────────────────────────────────────

#[test]
fn a_stop_that_the_store_tells_of_aborts_the_body_once() {
    let mut desk = Desk::plain();
    assert_eq!(desk.run(1, row(|_| {})), [Effect::Run { job: job(1), epoch: 1 }]);
    let mut stopped = running(0);
    stopped.stop = true;
    let abort = Effect::Abort { job: job(1), epoch: 1, why: AbortWhy::Stop };
    assert_eq!(desk.see(1, stopped), [abort]);
    assert_eq!(desk.see(1, stopped), []);
}

#[test]
fn a_run_that_was_recovered_by_others_is_aborted_as_lost_and_lets_go() {
    let mut desk = Desk::plain();
    desk.run(1, row(|_| {}));
    let (abort, dropped) = (Effect::Abort { job: job(1), epoch: 1, why: AbortWhy::Lost }, drops(&desk));
    let mut other = running(0);
    (other.epoch, other.generation) = (3, 1);
    assert_eq!(desk.see(1, other)[..2], [abort, dropped]);
    let settled = Command::Settled { job: job(1), epoch: 1, outcome: Outcome::Resolved };
    assert_eq!(desk.tell(settled), [], "what it still says counts for nothing");
}

#[test]
fn an_attempt_that_takes_too_long_is_aborted_and_counts_as_timed_out() {
    let mut desk = Desk::plain();
    desk.run(1, row(|row| row.timeout = 300.0));
    assert_eq!(desk.wait(299.0), []);
    assert_eq!(desk.wait(1.0), [Effect::Abort { job: job(1), epoch: 1, why: AbortWhy::Timeout }]);
    assert_eq!(desk.wait(1000.0), []);
    let (job, epoch, outcome) = (job(1), 1, Outcome::TimedOut);
    let settle = Effect::Settle { job, epoch, lock: lock(0, 0), outcome };
    assert_eq!(desk.tell(Command::Settled { job, epoch, outcome: Outcome::Resolved }), [settle]);
}

#[test]
fn what_a_body_rejects_with_while_its_page_goes_is_no_failure_of_its_own() {
    let settle = |outcome| Effect::Settle { job: job(1), epoch: 1, lock: lock(0, 0), outcome };
    let rejected = Outcome::Rejected { retry: false, wait: None };
    for (wait, outcome, recorded) in [
        (0.0, rejected, Outcome::Released),
        (999.0, rejected, Outcome::Released),
        (1000.0, rejected, rejected),
        (0.0, Outcome::Resolved, Outcome::Resolved),
    ] {
        let mut desk = Desk::plain();
        desk.run(1, row(|_| {}));
        assert_eq!(desk.tell(Command::Going), [Effect::Mark { job: job(1), epoch: 1, lock: lock(0, 0) }]);
        desk.wait(wait);
        let until = (wait < 1000.0).then(|| Time::from_millis(desk.now - wait + 1000.0));
        assert_eq!(desk.tab.going_until(Time::from_millis(desk.now), job(1), 1), until, "nor of a step's");
        assert_eq!(desk.tab.going_until(Time::from_millis(desk.now), job(1), 2), None, "of another attempt");
        let settled = Command::Settled { job: job(1), epoch: 1, outcome };
        assert_eq!(desk.tell(settled), [settle(recorded)], "{wait} ms later");
    }
    let mut desk = Desk::plain();
    desk.run(1, row(|_| {}));
    desk.tell(Command::Going);
    desk.tell(Command::Settled { job: job(1), epoch: 1, outcome: rejected });
    desk.see(1, row(|row| row.epoch = 1));
    let (id, epoch) = (job(1), 1);
    let recorded = desk.tell(Command::Recorded { job: id, epoch, answer: Answer::Written });
    assert!(!recorded.iter().any(|effect| matches!(effect, Effect::Ask { .. })), "a page that goes takes nothing");
    assert!(matches!(desk.wait(1000.0)[..], [Effect::Ask { .. }, ..]), "it has stayed");
    let mut desk = Desk::plain();
    desk.run(1, row(|row| row.fail_interrupted = true));
    assert_eq!(desk.tell(Command::Going), []);
    assert_eq!(desk.tab.going_until(Time::from_millis(desk.now), job(1), 1), None);
    let settled = Command::Settled { job: job(1), epoch: 1, outcome: rejected };
    assert_eq!(desk.tell(settled), [settle(rejected)], "it is not to be run twice");
}

#[test]
fn a_job_that_may_be_tried_again_at_once_is_asked_for_when_its_failure_is_recorded() {
    let mut desk = Desk::plain();
    desk.wait(600.0);
    desk.run(1, row(|_| {}));
    let (id, epoch, outcome) = (job(1), 1, Outcome::Rejected { retry: true, wait: None });
    desk.tell(Command::Settled { job: id, epoch, outcome });
    desk.see(1, row(|row| (row.epoch, row.failures, row.ready_at) = (1, 1, WALL + 600.0)));
    let recorded = desk.tell(Command::Recorded { job: id, epoch, answer: Answer::Written });
    assert!(recorded.iter().any(|effect| matches!(effect, Effect::Ask { .. })), "{recorded:?}");
}

#[test]
fn an_outcome_that_the_store_does_not_take_is_offered_again_with_the_lock_held() {
    let mut desk = Desk::plain();
    desk.run(1, row(|_| {}));
    let (job, epoch, outcome) = (job(1), 1, Outcome::Resolved);
    let settle = Effect::Settle { job, epoch, lock: lock(0, 0), outcome };
    assert_eq!(desk.tell(Command::Settled { job, epoch, outcome }), [settle]);
    for pulses in [1.0, 2.0, 4.0, 8.0, 16.0, 16.0] {
        assert_eq!(desk.tell(Command::Recorded { job, epoch, answer: Answer::Failed }), []);
        assert_eq!(desk.wait(250.0 * pulses - 1.0), []);
        assert_eq!(desk.wait(1.0), [settle]);
    }
    assert_eq!(desk.tab.held().collect::<Vec<_>>(), [lock(0, 0)]);
    let dropped = drops(&desk);
    desk.see(1, row(|row| row.status = Status::Completed));
    assert_eq!(desk.tell(Command::Recorded { job, epoch, answer: Answer::Written }), [dropped]);
    assert_eq!(desk.tab.live_records(), 0);
}

#[test]
fn an_outcome_is_offered_again_in_its_own_time_not_at_the_next_look() {
    let mut desk = Desk::plain();
    desk.wait(100.0);
    desk.run(1, row(|_| {}));
    let (job, epoch, outcome) = (job(1), 1, Outcome::Resolved);
    desk.tell(Command::Settled { job, epoch, outcome });
    desk.tell(Command::Recorded { job, epoch, answer: Answer::Failed });
    assert_eq!(desk.wait(249.0), []);
    assert_eq!(desk.wait(1.0), [Effect::Settle { job, epoch, lock: lock(0, 0), outcome }]);
}

#[test]
fn actions_come_one_at_a_time_each_once_the_one_before_is_recorded_as_done_with() {
    let mut desk = Desk::plain();
    let (id, epoch) = (job(1), 1);
    let deliver = |number| Effect::Deliver { job: id, epoch, number };
    let acknowledge = |number| Effect::Acknowledge { job: id, epoch, number };
    desk.run(1, row(|row| (row.sent, row.handled) = (3, 1)));
    let handled = Command::Handled { job: id, epoch };
    assert_eq!(desk.tell(handled), [], "there is none with the body");
    assert_eq!(desk.tell(Command::Listening { job: id, epoch }), [deliver(2)]);
    let again = Row { sent: 3, handled: 1, ..running(0) };
    assert_eq!(desk.see(1, again), [], "it is with the body");
    assert_eq!(desk.tell(handled), [acknowledge(2)]);
    assert_eq!(desk.tell(handled), [], "that is on its way");
    assert_eq!(desk.tell(Command::Acknowledged { job: id, epoch, answer: Answer::Failed }), []);
    assert_eq!(desk.tell(handled), [], "it is offered again in a while");
    assert_eq!(desk.wait(250.0), [acknowledge(2)]);
    assert_eq!(desk.tell(Command::Acknowledged { job: id, epoch, answer: Answer::Written }), [deliver(3)]);
    assert_eq!(desk.tell(handled), [acknowledge(3)]);
    assert_eq!(desk.tell(Command::Acknowledged { job: id, epoch, answer: Answer::Written }), []);
}

#[test]
fn an_acknowledgement_that_crosses_the_end_is_not_taken_for_it() {
    let mut desk = Desk::plain();
    let (id, epoch) = (job(1), 1);
    desk.run(1, row(|row| row.sent = 1));
    desk.tell(Command::Listening { job: id, epoch });
    desk.tell(Command::Handled { job: id, epoch });
    desk.tell(Command::Settled { job: id, epoch, outcome: Outcome::Resolved });
    assert_eq!(desk.tell(Command::Acknowledged { job: id, epoch, answer: Answer::Written }), []);
    assert_eq!(desk.tab.held().collect::<Vec<_>>(), [lock(0, 0)], "what came of it is not recorded yet");
    let dropped = drops(&desk);
    desk.see(1, row(|row| row.status = Status::Completed));
    assert_eq!(desk.tell(Command::Recorded { job: id, epoch, answer: Answer::Written }), [dropped]);
}

// ── going and coming back ───────────────────────────────────────────────────────────────────────

#[test]
fn a_tab_that_leaves_hands_over_what_it_runs_and_says_when_it_holds_nothing() {
    let mut desk = Desk::plain();
    desk.run(1, row(|_| {}));
    let (id, epoch, outcome) = (job(1), 1, Outcome::Released);
    let abort = Effect::Abort { job: id, epoch, why: AbortWhy::Handover };
    let settle = Effect::Settle { job: id, epoch, lock: lock(0, 0), outcome };
    assert_eq!(desk.tell(Command::Leave { at_once: false }), [abort, settle]);
    desk.see(1, row(|row| row.epoch = 1));
    let dropped = drops(&desk);
    let recorded = Command::Recorded { job: id, epoch, answer: Answer::Written };
    assert_eq!(desk.tell(recorded), [dropped, Effect::Left]);
    assert_eq!(desk.tell(Command::Leave { at_once: false }), [Effect::Left]);
    assert_eq!(desk.wait(60_000.0), [], "it asks for nothing");
    let effects = desk.tell(Command::Return);
    assert_eq!(effects, [Effect::Read, Effect::Ask { request: desk.request(), lock: lock(0, 0) }]);
}

#[test]
fn a_tab_that_comes_back_recovers_what_it_could_not_hand_over() {
    let mut desk = Desk::plain();
    desk.run(1, row(|_| {}));
    desk.tell(Command::Leave { at_once: true });
    assert!(matches!(desk.tell(Command::Return)[..], [Effect::Read, Effect::Ask { .. }]));
    assert_eq!(desk.choice(), Some(job(1)));
}

#[test]
fn a_page_that_is_put_away_drops_its_locks_before_anything_is_confirmed() {
    let mut desk = Desk::plain();
    desk.run(1, row(|_| {}));
    let dropped = drops(&desk);
    let effects = desk.tell(Command::Leave { at_once: true });
    assert_eq!(effects[0], Effect::Mark { job: job(1), epoch: 1, lock: lock(0, 0) });
    assert!(matches!(effects[1..3], [Effect::Abort { .. }, Effect::Settle { .. }]));
    assert_eq!(effects[3..], [dropped, Effect::Left]);
    assert_eq!(desk.tab.held().count(), 0);
}

#[test]
fn a_page_that_is_put_away_while_it_claims_notes_the_run_that_it_may_have_begun() {
    let mut desk = Desk::plain();
    desk.see(1, row(|row| row.epoch = 4));
    desk.grant();
    let dropped = drops(&desk);
    let mark = Effect::Mark { job: job(1), epoch: 5, lock: lock(0, 0) };
    assert_eq!(desk.tell(Command::Leave { at_once: true }), [mark, dropped, Effect::Left]);
}

#[test]
fn what_is_claimed_while_the_tab_leaves_is_handed_over_unrun() {
    let mut desk = Desk::plain();
    desk.see(1, row(|_| {}));
    desk.grant();
    assert_eq!(desk.tell(Command::Leave { at_once: false }), []);
    desk.see(1, running(0));
    let effects = desk.tell(Command::Entered { lock: lock(0, 0), answer: Answer::Written });
    let (job, epoch, outcome) = (job(1), 1, Outcome::Released);
    assert_eq!(effects, [Effect::Settle { job, epoch, lock: lock(0, 0), outcome }]);
}

#[test]
fn a_lock_that_is_granted_after_it_was_given_back_is_no_lock() {
    let mut desk = Desk::plain();
    desk.see(1, row(|_| {}));
    let request = desk.request();
    desk.see(1, row(|row| row.status = Status::Cancelled));
    assert_eq!(desk.tell(Command::Granted(request)), []);
    assert_eq!(desk.tab.held().count(), 0);
}

// ── bounds ──────────────────────────────────────────────────────────────────────────────────────

#[test]
fn what_is_out_of_bounds_is_refused_by_name() {
    let field = |options: TabOptions| jobgate::engine::shared::Tab::new(&options).map(|_| ()).unwrap_err().field;
    let defaults = TabOptions::default;
    assert_eq!(field(TabOptions { concurrency: 0.0, ..defaults() }), "concurrency");
    assert_eq!(field(TabOptions { take_over_after: 99.0, ..defaults() }), "takeOverAfter");
    assert_eq!(field(TabOptions { take_over_after: f64::INFINITY, ..defaults() }), "takeOverAfter");
    assert_eq!(field(TabOptions { max_interruptions: 1.5, ..defaults() }), "maxInterruptions");
    let seven = TabOptions { max_interruptions: 7.0, ..defaults() };
    assert_eq!(jobgate::engine::shared::Tab::new(&seven).unwrap().max_interruptions(), 7);

    let mut desk = Desk::plain();
    let mut field = |rules: TypeRules| -> &str {
        let OutOfBounds { field, .. } = desk.tab.add_type(&rules).unwrap_err();
        field
    };
    assert_eq!(field(TypeRules { version: 0.0, ..TypeRules::default() }), "version");
    let most = f64::from(u32::MAX);
    assert_eq!(field(TypeRules { version: most, ..TypeRules::default() }), "version");
    assert_eq!(field(TypeRules { online: Some(-1.0), ..TypeRules::default() }), "requires.maxWait");
    assert_eq!(desk.tab.add_type(&TypeRules { online: Some(f64::INFINITY), ..TypeRules::default() }), Ok(TypeId(1)));
    assert_eq!(desk.tab.add_type(&TypeRules { version: most - 1.0, ..TypeRules::default() }), Ok(TypeId(2)));
}
