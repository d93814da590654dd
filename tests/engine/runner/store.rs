use jobgate::engine::runner::{Change, Store};
use proptest::prelude::*;

/// Ends, and is told to have ended.
fn end(store: &mut Store, job: u32) -> bool {
    let first = store.finish(job);
    store.note(job, Change::End);
    first
}

#[test]
fn running_then_pending_then_finished_newest_first() {
    let mut store = Store::new(1000.0);
    for job in 1..=6 {
        store.add(job, 0.0, 0.0, 0.0);
    }
    store.start(2);
    store.start(1);
    store.start(3);
    store.start(4);
    assert!(end(&mut store, 3));
    assert!(end(&mut store, 1));
    assert!(!end(&mut store, 1), "a job ends once");
    assert_eq!(store.running(), [2, 4]);
    assert_eq!(store.pending(), [5, 6]);
    assert_eq!(store.order(), [2, 4, 5, 6, 1, 3]);
}

#[test]
fn finished_jobs_come_in_the_order_in_which_their_ends_are_told_and_none_goes_before() {
    let mut store = Store::new(0.0);
    for job in 1..=3 {
        store.add(job, 0.0, 0.0, 0.0);
        assert!(store.finish(job));
    }
    assert_eq!((store.running(), store.pending()), (vec![], vec![]));
    store.note(3, Change::End);
    store.note(1, Change::End);
    assert_eq!(store.order(), [2, 1, 3], "the end of 2 comes last");
    assert_eq!(store.retire(), [3, 1]);
    assert!(store.clear().is_empty());
    assert_eq!(store.order(), [2]);
    store.note(2, Change::End);
    assert_eq!(store.clear(), [2]);
}

#[test]
fn pending_jobs_are_listed_in_the_order_in_which_they_will_start() {
    let mut store = Store::new(0.0);
    store.add(1, 0.0, 100.0, 0.0);
    store.add(2, 100.0, 100.0, 0.0);
    store.add(3, 0.0, 101.0, 0.0);
    store.add(4, 100.0, 101.0, 400.0);
    store.add(5, 0.0, 102.0, 0.0);
    assert_eq!(store.pending(), [2, 1, 3, 5, 4], "priority, then arrival; who has to wait first comes last");
    store.set_priority(1, 100.0, 103.0);
    assert_eq!(store.pending(), [2, 1, 3, 5, 4]);
    store.set_priority(2, 100.0, 104.0);
    assert_eq!(store.pending(), [1, 2, 3, 5, 4], "at the back of the new level");
    store.start(1);
    store.wait(1, 600.0);
    assert_eq!(store.pending(), [2, 3, 5, 4, 1], "a retry has to wait, too");
    assert_eq!(store.next_ready(), 501.0, "created at 101, to wait for 400");
}

#[test]
fn who_has_waited_comes_into_the_ready_queue_by_its_priority() {
    let mut store = Store::new(0.0);
    store.add(1, 0.0, 0.0, 0.0);
    store.add(2, 5.0, 0.0, 20.0);
    store.add(3, 0.0, 0.0, 10.0);
    store.add(4, 0.0, 15.0, 0.0);
    assert_eq!(store.pending(), [1, 4, 3, 2]);
    assert_eq!(store.next_ready(), 10.0);
    assert!(store.promote_due(9.0).is_empty());
    assert_eq!(store.promote_due(10.0), [3]);
    assert_eq!(store.pending(), [1, 3, 4, 2], "before who came later");
    store.set_priority(2, 9.0, 12.0);
    assert_eq!(store.next_ready(), 20.0, "another priority does not shorten the wait");
    assert_eq!(store.promote_due(50.0), [2]);
    assert_eq!(store.pending(), [2, 1, 3, 4]);
    assert_eq!((store.next_ready(), store.promote_due(99.0)), (f64::INFINITY, vec![]));
}

#[test]
fn what_has_finished_stays_finished() {
    let mut store = Store::new(10.0);
    store.add(1, 0.0, 0.0, 0.0);
    end(&mut store, 1);
    store.start(1);
    store.wait(1, 5.0);
    store.set_priority(1, 9.0, 5.0);
    assert_eq!((store.running(), store.pending(), store.order()), (vec![], vec![], vec![1]));
}

#[test]
fn the_oldest_finished_are_let_go_of() {
    let mut store = Store::new(2.0);
    for job in 1..=5 {
        store.add(job, 0.0, 0.0, 0.0);
        end(&mut store, job);
    }
    assert_eq!(store.retire(), [1, 2, 3]);
    assert!(store.retire().is_empty());
    store.forget(4);
    assert_eq!(store.order(), [5]);
    assert_eq!(store.clear(), [5]);
    assert!(store.order().is_empty());
    assert_eq!(store.changes(5), None);
}

#[derive(Debug, Clone)]
enum Step {
    Add(f64),
    Start(usize),
    Wait(usize),
    Finish(usize),
    Tell(usize),
    Priority(usize, f64),
    Retire,
    Clear,
}

fn any_step() -> impl Strategy<Value = Step> {
    let priority = || (-1_i32..=1).prop_map(f64::from);
    prop_oneof![
        4 => priority().prop_map(Step::Add),
        3 => any::<usize>().prop_map(Step::Start),
        1 => any::<usize>().prop_map(Step::Wait),
        3 => any::<usize>().prop_map(Step::Finish),
        3 => any::<usize>().prop_map(Step::Tell),
        1 => (any::<usize>(), priority()).prop_map(|(job, priority)| Step::Priority(job, priority)),
        1 => Just(Step::Retire),
        1 => Just(Step::Clear),
    ]
}

/// Four lists, kept the slow way.
#[derive(Default)]
struct Model {
    running: Vec<u32>,
    pending: Vec<(u32, f64)>,
    /// Ended; the end has yet to be told.
    untold: Vec<u32>,
    finished: Vec<u32>,
    /// By job: when it was last put where it was.
    placed: Vec<usize>,
}

impl Model {
    fn take(&mut self, job: u32) -> Option<f64> {
        if let Some(index) = self.pending.iter().position(|(pending, _)| *pending == job) {
            return Some(self.pending.remove(index).1);
        }
        let index = self.running.iter().position(|running| *running == job)?;
        self.running.remove(index);
        Some(f64::NAN)
    }

    fn order(&self) -> Vec<u32> {
        let mut pending = self.pending.clone();
        pending.sort_by(|(_, one), (_, other)| other.total_cmp(one));
        let waiting = pending.into_iter().map(|(job, _)| job);
        let mut untold = self.untold.clone();
        untold.sort_by_key(|job| std::cmp::Reverse(self.placed[*job as usize]));
        let finished = untold.into_iter().chain(self.finished.iter().rev().copied());
        self.running.iter().copied().chain(waiting).chain(finished).collect()
    }
}

proptest! {
    #[test]
    fn any_history_is_listed_as_by_four_lists(steps in prop::collection::vec(any_step(), 0..200), retain in 0_usize..6) {
        let mut store = Store::new(retain as f64);
        let mut model = Model::default();
        let mut priorities = Vec::new();
        for (time, step) in steps.into_iter().enumerate() {
            let now = time as f64;
            let chosen = |choice: usize| (choice % priorities.len().max(1)) as u32;
            match step {
                Step::Add(priority) => {
                    let job = priorities.len() as u32;
                    priorities.push(priority);
                    store.add(job, priority, now, 0.0);
                    model.pending.push((job, priority));
                    model.placed.push(time);
                }
                Step::Start(choice) => {
                    store.start(chosen(choice));
                    if model.take(chosen(choice)).is_some() {
                        model.running.push(chosen(choice));
                        model.placed[chosen(choice) as usize] = time;
                    }
                }
                Step::Wait(choice) => {
                    store.wait(chosen(choice), now);
                    store.promote_due(now);
                    if model.take(chosen(choice)).is_some() {
                        model.pending.push((chosen(choice), priorities[chosen(choice) as usize]));
                        model.placed[chosen(choice) as usize] = time;
                    }
                }
                Step::Finish(choice) => {
                    let ended = store.finish(chosen(choice));
                    prop_assert_eq!(ended, model.take(chosen(choice)).is_some());
                    if ended {
                        model.untold.push(chosen(choice));
                    }
                }
                Step::Tell(choice) => {
                    let job = chosen(choice);
                    store.note(job, Change::End);
                    let untold = model.untold.iter().position(|untold| *untold == job);
                    if untold.map(|index| model.untold.remove(index)).is_some() || model.take(job).is_some() {
                        model.finished.push(job);
                    }
                }
                Step::Priority(choice, priority) => {
                    let job = chosen(choice);
                    store.set_priority(job, priority, now);
                    if let Some(slot) = priorities.get_mut(job as usize) {
                        *slot = priority;
                    }
                    if model.pending.iter().any(|(pending, _)| *pending == job) {
                        model.take(job);
                        model.pending.push((job, priority));
                        model.placed[job as usize] = time;
                    }
                }
                Step::Retire => {
                    let gone = model.finished.len().saturating_sub(retain);
                    prop_assert_eq!(store.retire(), model.finished.drain(..gone).collect::<Vec<u32>>());
                }
                Step::Clear => prop_assert_eq!(store.clear(), std::mem::take(&mut model.finished)),
            }
            prop_assert_eq!(store.order(), model.order());
        }
    }
}
