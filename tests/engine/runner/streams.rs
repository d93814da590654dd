use jobgate::engine::runner::{Change, Step, Store, frame, resume};

const JOB: u32 = 0;

/// A store with one job that has started and made progress twice; the numbers of those events.
fn at_work() -> (Store, [u64; 3]) {
    let mut store = Store::new(10.0);
    assert_eq!(store.add(), JOB);
    let numbers = [Change::Status, Change::Progress, Change::Progress].map(|change| store.note(JOB, change));
    (store, numbers)
}

fn steps(store: &Store, last_event: Option<&str>) -> Vec<Step> {
    resume(&store.changes(JOB).unwrap(), last_event).into_iter().map(|(_, step)| step).collect()
}

#[test]
fn a_new_watcher_hears_the_present_state_first() {
    let (mut store, [started, _, newest]) = at_work();
    assert_eq!(resume(&store.changes(JOB).unwrap(), None), [(started, Step::Status), (newest, Step::Progress)]);
    store.note(JOB, Change::End);
    assert_eq!(steps(&store, None), [Step::Status, Step::End], "progress of an ended job is history");
}

#[test]
fn a_pending_job_has_a_status_and_nothing_else() {
    let mut store = Store::new(10.0);
    store.add();
    assert_eq!(steps(&store, None), [Step::Status]);
}

#[test]
fn who_comes_back_hears_what_it_missed_and_only_that() {
    let (mut store, [started, first, second]) = at_work();
    assert_eq!(steps(&store, Some(&started.to_string())), [Step::Progress]);
    assert_eq!(steps(&store, Some(&first.to_string())), [Step::Progress]);
    assert_eq!(steps(&store, Some(&second.to_string())), []);
    let end = store.note(JOB, Change::End);
    assert_eq!(steps(&store, Some(&second.to_string())), [Step::End]);
    assert_eq!(steps(&store, Some(&end.to_string())), []);
}

#[test]
fn what_was_missed_comes_in_its_order() {
    let (mut store, [_, first, _]) = at_work();
    store.note(JOB, Change::Status);
    assert_eq!(steps(&store, Some(&first.to_string())), [Step::Progress, Step::Status]);
    assert_eq!(steps(&store, None), [Step::Status, Step::Progress], "a new watcher hears the present status first");
}

#[test]
fn an_event_that_never_was_means_everything() {
    let (store, _) = at_work();
    for id in ["", "x", "-1", "1e3", "99999", "18446744073709551616"] {
        assert_eq!(steps(&store, Some(id)), [Step::Status, Step::Progress], "{id:?}");
    }
}

#[test]
fn no_number_is_used_twice_also_by_a_job_in_the_place_of_another() {
    let (mut store, [.., newest]) = at_work();
    store.forget(JOB);
    store.add();
    assert_eq!(steps(&store, Some(&newest.to_string())), [Step::Status]);
}

#[test]
fn a_frame_has_an_id_an_event_and_data() {
    assert_eq!(frame(7, "progress", "{\"percent\":1}"), "id: 7\nevent: progress\ndata: {\"percent\":1}\n\n");
    assert_eq!(frame(8, "x", "a\r\nb\n"), "id: 8\nevent: x\ndata: a\ndata: b\ndata: \n\n");
}
