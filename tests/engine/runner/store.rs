use jobgate::engine::runner::{Change, Store};
use proptest::prelude::*;

#[test]
fn the_oldest_finished_are_let_go_of() {
    let mut store = Store::new(2.0);
    let jobs: Vec<u32> = (0..5).map(|_| store.add()).collect();
    for job in &jobs {
        store.note(*job, Change::End);
    }
    assert_eq!(store.retire(), jobs[..3]);
    assert!(store.retire().is_empty());
    store.forget(jobs[3]);
    assert_eq!(store.clear(), jobs[4..]);
    assert_eq!((store.clear(), store.changes(jobs[4])), (vec![], None));
}

#[test]
fn a_job_whose_end_has_not_been_told_stays() {
    let mut store = Store::new(0.0);
    let [first, second] = [store.add(), store.add()];
    store.note(first, Change::Status);
    assert_eq!((store.retire(), store.clear()), (vec![], vec![]));
    store.note(second, Change::End);
    store.note(second, Change::End);
    assert_eq!(store.clear(), [second], "a job ends once");
    assert!(store.changes(first).is_some());
}

#[test]
fn what_is_let_go_of_leaves_nothing() {
    let mut store = Store::new(1.0);
    for _ in 0..100_000 {
        let job = store.add();
        assert!(job <= 2, "numbers are used again");
        store.note(job, Change::End);
        store.retire();
    }
}

#[derive(Debug, Clone)]
enum Step {
    Add,
    Tell(usize),
    Forget(usize),
    Retire,
    Clear,
}

fn any_step() -> impl Strategy<Value = Step> {
    prop_oneof![
        4 => Just(Step::Add),
        3 => any::<usize>().prop_map(Step::Tell),
        1 => any::<usize>().prop_map(Step::Forget),
        1 => Just(Step::Retire),
        1 => Just(Step::Clear),
    ]
}

proptest! {
    #![proptest_config(crate::cases::config())]

    #[test]
    fn any_history_keeps_what_two_lists_keep(steps in prop::collection::vec(any_step(), 0..200), retain in 0_usize..6) {
        let mut store = Store::new(retain as f64);
        let (mut active, mut finished): (Vec<u32>, Vec<u32>) = (Vec::new(), Vec::new());
        for step in steps {
            match step {
                Step::Add => active.push(store.add()),
                Step::Tell(choice) => {
                    if !active.is_empty() {
                        let job = active.remove(choice % active.len());
                        store.note(job, Change::End);
                        finished.push(job);
                    }
                }
                Step::Forget(choice) => {
                    if !finished.is_empty() {
                        store.forget(finished.remove(choice % finished.len()));
                    }
                }
                Step::Retire => {
                    let gone = finished.len().saturating_sub(retain);
                    prop_assert_eq!(store.retire(), finished.drain(..gone).collect::<Vec<u32>>());
                }
                Step::Clear => prop_assert_eq!(store.clear(), std::mem::take(&mut finished)),
            }
            prop_assert!(active.iter().chain(&finished).all(|job| store.changes(*job).is_some()));
        }
    }
}
