//! Groups of a manager's jobs, each with a ready queue, slots and a rate of its own; and the first of all that wait.

use std::rc::Rc;

use super::group::Group;
use super::job::Job;
use super::lazy_heap::Entry;
use super::manager::Manager;
use super::queue::Place;
use super::rate::Admission;
use super::slab::{NONE, Slab};
use super::time::Time;

impl Manager {
    /// Its number, or [`NONE`] if it has no member yet.
    pub(crate) fn find_group(&self, name: &str) -> u32 {
        self.group_names.get(name).copied().unwrap_or(NONE)
    }

    /// One more member of the group that [`Manager::find_group`] found; made at its first. Returns its number. Groups mean
    /// nothing without a limit on them.
    pub(crate) fn join_group(&mut self, name: &Rc<str>, mut index: u32) -> u32 {
        if self.group_concurrency == u32::MAX && self.group_rate.is_none() {
            return NONE;
        }
        if index == NONE {
            index = self.groups.insert(Group::new(name.clone(), self.group_rate));
            self.group_names.insert(name.clone(), index);
        }
        if let Some(group) = self.groups.get_mut(index) {
            group.members += 1;
        }
        index
    }

    pub(crate) fn leave_group(&mut self, index: u32) {
        let Some(group) = self.groups.get_mut(index) else { return };
        group.members -= 1;
        self.forget_group(index);
    }

    /// Unless someone is in it, or its starts still count.
    fn forget_group(&mut self, index: u32) {
        let is_over = |group: &&Group| group.members == 0 && group.rate.is_blank();
        if self.groups.get(index).as_ref().is_some_and(is_over)
            && let Some(group) = self.groups.remove(index)
        {
            self.group_names.remove(&group.name);
            self.note_removed(group.head.is_some(), group.opens.is_some());
        }
    }

    pub(crate) fn live_groups(&self) -> usize {
        self.groups.iter().count()
    }

    pub(crate) fn group_has_room(&self, index: u32, now: Time) -> bool {
        self.groups.get(index).is_none_or(|group| {
            group.running < self.group_concurrency && group.rate.admits(now, group.granted) == Admission::Now
        })
    }

    pub(crate) fn group_granted(&mut self, index: u32) {
        if let Some(group) = self.groups.get_mut(index) {
            group.running += 1;
            group.granted += 1;
            self.touch_group(index);
        }
    }

    /// A body of it is called. Its number among the group's starts.
    pub(crate) fn group_begun(&mut self, index: u32, now: Time) -> u64 {
        let Some(group) = self.groups.get_mut(index) else { return 0 };
        group.granted -= 1;
        let Some((_, interval)) = self.group_rate else { return 0 };
        let start = group.rate.count_start(now);
        self.group_starts.push_back((now.after(interval), index));
        self.touch_group(index);
        self.forget_group_starts(now);
        start
    }

    pub(crate) fn group_called(&mut self, index: u32, start: u64, now: Time) {
        if let Some(group) = self.groups.get_mut(index) {
            group.rate.note_call(start, now);
            self.touch_group(index);
        }
    }

    /// `was_granted`: the body was never called.
    pub(crate) fn group_freed(&mut self, index: u32, was_granted: bool) {
        if let Some(group) = self.groups.get_mut(index) {
            group.running -= 1;
            group.granted -= u32::from(was_granted);
            self.touch_group(index);
        }
    }

    fn forget_group_starts(&mut self, now: Time) {
        let Some((_, interval)) = self.group_rate else { return };
        while let Some((until, index)) = self.group_starts.front().copied()
            && until <= now
        {
            self.group_starts.pop_front();
            let Some(group) = self.groups.get_mut(index) else { continue };
            group.rate.forget(now);
            if group.members == 0 && !group.rate.is_blank() {
                // Its bodies were called later than they were counted.
                self.group_starts.push_back((now.after(interval), index));
            }
            self.forget_group(index);
        }
    }

    fn touch_group(&mut self, index: u32) {
        if let Some(group) = self.groups.get_mut(index)
            && !std::mem::replace(&mut group.dirty, true)
        {
            self.dirty_groups.push(index);
        }
    }

    /// Looks at the groups in which something has changed, before anyone asks who is first.
    pub(crate) fn refresh_groups(&mut self, jobs: &Slab<Job>, now: Time) {
        while let Some(opening) = self.openings.first()
            && Time::from_micros(opening.key) <= now
        {
            self.openings.pop();
            if let Some(group) = self.groups.get_mut(opening.index) {
                group.opens = None;
            }
            self.touch_group(opening.index);
            let groups = &self.groups;
            self.openings.clear_front(&|entry| opens(groups, entry));
        }
        while let Some(index) = self.dirty_groups.pop() {
            self.refresh_group(jobs, index, now);
        }
    }

    fn refresh_group(&mut self, jobs: &Slab<Job>, index: u32, now: Time) {
        let Some(group) = self.groups.get_mut(index) else { return };
        group.dirty = false;
        let first = if group.running < self.group_concurrency { group.line.first(jobs) } else { None };
        let place = first.and_then(|first| jobs.get(first)).map(Place::of);
        let (head, opening) = match group.rate.admits(now, group.granted) {
            Admission::Now => (place, None),
            Admission::At(at) => (None, place.map(|_| at)),
            Admission::AfterGranted => (None, None),
        };
        let old_head = std::mem::replace(&mut group.head, head);
        let old_opening = std::mem::replace(&mut group.opens, opening);
        if let Some(Place { rank, entered }) = head.filter(|_| old_head != head) {
            self.heads.push(Entry { key: rank, serial: entered, index });
        }
        if let Some(at) = opening.filter(|_| old_opening != opening) {
            self.openings.push(Entry { key: at.as_micros(), serial: 0, index });
        }
        self.note_removed(old_head.is_some() && old_head != head, old_opening.is_some() && old_opening != opening);
    }

    /// A group's place among the heads, or among the openings, is crossed out.
    fn note_removed(&mut self, head: bool, opening: bool) {
        let groups = &self.groups;
        if head {
            self.heads.note_removed(&|entry| {
                let place = Place { rank: entry.key, entered: entry.serial };
                groups.get(entry.index).is_some_and(|group| group.head == Some(place))
            });
        }
        if opening {
            self.openings.note_removed(&|entry| opens(groups, entry));
        }
    }

    /// When the rate limit of a group lets its first start, the earliest.
    pub(crate) fn next_opening(&self) -> Option<Time> {
        self.openings.first().map(|entry| Time::from_micros(entry.key))
    }

    // ── the ready queue ────────────────────────────────────────────────────────────────────────────────

    /// The best job that its group lets start: higher priority, then longer in line.
    pub(crate) fn first(&self, jobs: &Slab<Job>) -> Option<u32> {
        let plain = self.line.first(jobs);
        let Some(Entry { key, serial, index }) = self.heads.first() else { return plain };
        let grouped = self.groups.get(index).and_then(|group| group.line.first(jobs));
        let Some(job) = plain.and_then(|index| jobs.get(index)) else { return grouped };
        if Place::of(job) < (Place { rank: key, entered: serial }) { plain } else { grouped }
    }

    pub(crate) fn enter_line(&mut self, jobs: &mut Slab<Job>, index: u32, group: u32) {
        match self.groups.get_mut(group) {
            Some(group) => group.line.push(jobs, index),
            None => return self.line.push(jobs, index),
        }
        self.touch_group(group);
    }

    pub(crate) fn leave_line(&mut self, jobs: &mut Slab<Job>, index: u32, group: u32) {
        match self.groups.get_mut(group) {
            Some(group) => group.line.remove(jobs, index),
            None => return self.line.remove(jobs, index),
        }
        self.touch_group(group);
    }
}

fn opens(groups: &Slab<Group, 8>, entry: Entry) -> bool {
    groups.get(entry.index).is_some_and(|group| group.opens == Some(Time::from_micros(entry.key)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::job::Phase;
    use crate::engine::options::ManagerOptions;

    fn manager(options: &ManagerOptions) -> Manager {
        let plan = options.defaults.plan(&crate::engine::options::Plan::default()).unwrap();
        Manager::new(&options.limits().unwrap(), plan, false)
    }

    fn grouped() -> (Manager, Slab<Job>) {
        (manager(&ManagerOptions { group_concurrency: 1.0, ..ManagerOptions::default() }), Slab::new())
    }

    /// A job in line: its index and its group's.
    fn enter(manager: &mut Manager, jobs: &mut Slab<Job>, name: &str, priority: f64, entered: u64) -> (u32, u32) {
        let index = jobs.insert(Job { entered, phase: Phase::Ready, ..Job::new(0, 0, priority) });
        let group = manager.join_group(&Rc::from(name), manager.find_group(name));
        manager.enter_line(jobs, index, group);
        manager.refresh_groups(jobs, Time::default());
        (index, group)
    }

    fn start(manager: &mut Manager, jobs: &mut Slab<Job>, (index, group): (u32, u32)) {
        jobs.get_mut(index).unwrap().phase = Phase::Running;
        manager.leave_line(jobs, index, group);
        manager.group_granted(group);
        manager.group_begun(group, Time::default());
        manager.refresh_groups(jobs, Time::default());
    }

    fn end(manager: &mut Manager, jobs: &Slab<Job>, (_, group): (u32, u32)) {
        manager.group_freed(group, false);
        manager.leave_group(group);
        manager.refresh_groups(jobs, Time::default());
    }

    #[test]
    fn groups_are_found_by_name_and_go_with_their_last_member() {
        let (mut manager, _) = grouped();
        let names = ["b", "a", "c", "b"].map(Rc::from);
        let groups = names.each_ref().map(|name: &Rc<str>| manager.join_group(name, manager.find_group(name)));
        assert_eq!(groups[0], groups[3]);
        manager.leave_group(groups[0]);
        assert_eq!(manager.find_group(&names[0]), groups[0]);
        for group in &groups[1..] {
            manager.leave_group(*group);
        }
        assert!(manager.group_names.is_empty());
        assert_eq!(manager.groups.iter().count(), 0);
    }

    /// Two starve behind a stream of better ones: the head that comes back each time is there once.
    #[test]
    fn a_group_that_fills_and_empties_for_ever_leaves_nothing_behind() {
        let (mut manager, mut jobs) = grouped();
        let first = enter(&mut manager, &mut jobs, "a", 5.0, 1);
        let starving = enter(&mut manager, &mut jobs, "b", 0.0, 2);
        for entered in 3..20_000 {
            let better = enter(&mut manager, &mut jobs, "b", 9.0, entered);
            assert_eq!(manager.first(&jobs), Some(better.0));
            start(&mut manager, &mut jobs, better);
            assert_eq!(manager.first(&jobs), Some(first.0));
            end(&mut manager, &jobs, better);
            jobs.remove(better.0);
        }
        assert!(manager.heads.len() < 500, "{} heads of two groups", manager.heads.len());
        start(&mut manager, &mut jobs, first);
        assert_eq!(manager.first(&jobs), Some(starving.0));
        start(&mut manager, &mut jobs, starving);
        assert_eq!((manager.first(&jobs), manager.heads.len()), (None, 0));
    }

    /// What is counted as crossed out and is not, is looked for among all of them.
    #[test]
    fn who_enters_behind_others_of_the_group_crosses_nothing_out() {
        let limits = [
            ManagerOptions { group_concurrency: 1.0, ..ManagerOptions::default() },
            ManagerOptions { group_rate_limit: Some((1.0, 10.0)), ..ManagerOptions::default() },
        ];
        for options in limits {
            let (mut manager, mut jobs) = (manager(&options), Slab::new());
            let listed = |manager: &Manager| (manager.heads.len(), manager.openings.len());
            let is_rated = manager.group_rate.is_some();
            for (entered, name) in ["first", "other", "last"].into_iter().enumerate() {
                let (index, group) = enter(&mut manager, &mut jobs, name, 0.0, entered as u64);
                if is_rated {
                    // From here on the rest of the group waits, each group for another moment.
                    manager.leave_line(&mut jobs, index, group);
                    manager.group_granted(group);
                    manager.group_begun(group, Time::from_micros(entered as u64));
                    enter(&mut manager, &mut jobs, name, 0.0, 10 + entered as u64);
                }
            }
            let all = if is_rated { (0, 3) } else { (3, 0) };
            assert_eq!(listed(&manager), all);
            // Crossed out, and kept as long as the first stands before it.
            let other = manager.find_group("other");
            let waiting = manager.groups.get(other).and_then(|group| group.line.first(&jobs)).unwrap();
            manager.leave_line(&mut jobs, waiting, other);
            manager.refresh_groups(&jobs, Time::default());
            assert_eq!(listed(&manager), all);
            for entered in 100..1000 {
                enter(&mut manager, &mut jobs, "first", 0.0, entered);
            }
            assert_eq!(listed(&manager), all);
        }
    }

    #[test]
    fn starts_of_a_group_that_goes_on_are_noted_as_long_as_they_count() {
        let mut manager = manager(&ManagerOptions { group_rate_limit: Some((1.0, 10.0)), ..ManagerOptions::default() });
        let group = manager.join_group(&Rc::from("a"), NONE);
        for millis in 0..100 {
            manager.group_granted(group);
            manager.group_begun(group, Time::from_millis(f64::from(millis) * 10.0));
            manager.group_freed(group, false);
            assert_eq!(manager.group_starts.len(), 1);
        }
    }
}
