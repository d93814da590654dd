//! The line of jobs that could start: higher priority first, first in first out among equals.
//!
//! Most queues know few priorities: each of those is an intrusive linked list through the job records, where entering, leaving and
//! taking the first cost a few instructions. Whoever comes with yet another priority stands in a heap beside the chains,
//! O(log n). The first is the better of the best chain's first and the heap's.

use super::job::{Job, Phase};
use super::lazy_heap::{Entry, LazyHeap};
use super::slab::{NONE, Slab};

/// A place in line: lower is earlier.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Place {
    pub(crate) rank: u64,
    pub(crate) entered: u64,
}

impl Place {
    pub(crate) fn of(job: &Job) -> Self {
        Self { rank: rank(job.priority), entered: job.entered }
    }
}

/// Priorities as numbers that order the same way, upside down: the bits of a positive float grow with it, those of a
/// negative one fall.
pub(crate) fn rank(priority: f64) -> u64 {
    let bits = (priority + 0.0).to_bits(); // -0 is 0
    let ascending = if bits >> 63 == 0 { bits | 1 << 63 } else { !bits };
    !ascending
}

/// How many priorities have a chain; finding one of so few costs less than one step of the heap.
const CHAINS: usize = 16;

/// Those of one priority, never empty.
#[derive(Debug)]
struct Chain {
    rank: u64,
    head: u32,
    tail: u32,
}

#[derive(Debug, Default)]
pub(crate) struct ReadyQueue {
    /// Best first.
    chains: Vec<Chain>,
    others: LazyHeap,
}

impl ReadyQueue {
    /// At the back of its priority. `entered` grows from job to job.
    pub(crate) fn push(&mut self, jobs: &mut Slab<Job>, index: u32) {
        let Some(job) = jobs.get_mut(index) else { return };
        let Place { rank, entered } = Place::of(job);
        (job.ahead, job.behind) = (NONE, NONE);
        let found = self.find(rank);
        job.chained = found.is_ok() || self.chains.len() < CHAINS;
        if !job.chained {
            self.others.push(Entry { key: rank, serial: entered, index });
            return;
        }
        match found {
            Err(at) => self.chains.insert(at, Chain { rank, head: index, tail: index }),
            Ok(at) => {
                let Some(chain) = self.chains.get_mut(at) else { return };
                job.ahead = std::mem::replace(&mut chain.tail, index);
                let ahead = job.ahead;
                if let Some(ahead) = jobs.get_mut(ahead) {
                    ahead.behind = index;
                }
            }
        }
    }

    pub(crate) fn first(&self, jobs: &Slab<Job>) -> Option<u32> {
        let chained = self.chains.first().map(|chain| chain.head);
        let Some(Entry { key, serial, index }) = self.others.first() else { return chained };
        let other = Place { rank: key, entered: serial };
        let is_better = |index: &u32| jobs.get(*index).is_some_and(|job| Place::of(job) < other);
        chained.filter(is_better).or(Some(index))
    }

    /// The job is no longer [`Phase::Ready`].
    pub(crate) fn remove(&mut self, jobs: &mut Slab<Job>, index: u32) {
        let Some(job) = jobs.get(index) else { return };
        if !job.chained {
            let is_alive = |entry: Entry| {
                jobs.get(entry.index).is_some_and(|job| job.phase == Phase::Ready && job.entered == entry.serial)
            };
            self.others.note_removed(&is_alive);
            return;
        }
        let (ahead, behind, rank) = (job.ahead, job.behind, rank(job.priority));
        if let Some(job) = jobs.get_mut(ahead) {
            job.behind = behind;
        }
        if let Some(job) = jobs.get_mut(behind) {
            job.ahead = ahead;
        }
        if ahead != NONE && behind != NONE {
            return;
        }
        // It was one of the chain's ends.
        let Ok(at) = self.find(rank) else { return };
        let Some(chain) = self.chains.get_mut(at) else { return };
        match (ahead, behind) {
            (NONE, NONE) => drop(self.chains.remove(at)),
            (NONE, _) => chain.head = behind,
            _ => chain.tail = ahead,
        }
    }

    /// The chain of that rank, or where it would stand.
    fn find(&self, rank: u64) -> Result<usize, usize> {
        self.chains.binary_search_by_key(&rank, |chain| chain.rank)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::{ProptestConfig, any};

    use super::*;

    fn drain(queue: &mut ReadyQueue, jobs: &mut Slab<Job>) -> Vec<u32> {
        let mut order = Vec::new();
        while let Some(first) = queue.first(jobs) {
            jobs.get_mut(first).unwrap().phase = Phase::Running;
            queue.remove(jobs, first);
            order.push(first);
        }
        order
    }

    fn line(priorities: &[f64]) -> (ReadyQueue, Slab<Job>) {
        let (mut queue, mut jobs) = (ReadyQueue::default(), Slab::new());
        for (entered, priority) in (0..).zip(priorities) {
            let job = Job { entered, phase: Phase::Ready, ..Job::new(0, 0, *priority) };
            let index = jobs.insert(job);
            queue.push(&mut jobs, index);
        }
        (queue, jobs)
    }

    #[test]
    fn ranks_order_as_priorities_do_upside_down() {
        let ascending = [f64::MIN, -1.5, -f64::MIN_POSITIVE, 0.0, f64::MIN_POSITIVE, 1.0, 100.0, f64::MAX];
        assert!(ascending.windows(2).all(|pair| rank(pair[0]) > rank(pair[1])));
        assert_eq!(rank(-0.0), rank(0.0));
    }

    #[test]
    fn few_priorities_have_a_chain_each_and_none_stands_in_the_heap() {
        let (mut queue, mut jobs) = line(&[0.0, 3.0, 0.0, -1.0, 3.0, 0.0]);
        assert_eq!((queue.chains.len(), queue.others.len()), (3, 0));
        assert_eq!(drain(&mut queue, &mut jobs), [1, 4, 0, 2, 5, 3]);
        assert!(queue.chains.is_empty());
    }

    #[test]
    fn those_beyond_the_chains_stand_beside_them_in_the_right_order() {
        let count = 3 * CHAINS;
        let priorities: Vec<f64> = (0..2 * count).map(|n| (n * 7 % count) as f64).collect();
        let (mut queue, mut jobs) = line(&priorities);
        assert_eq!((queue.chains.len(), queue.others.len()), (CHAINS, 2 * (count - CHAINS)));
        let mut sorted: Vec<u32> = (0..2 * count as u32).collect();
        sorted.sort_by(|a, b| priorities[*b as usize].total_cmp(&priorities[*a as usize]));
        assert_eq!(drain(&mut queue, &mut jobs), sorted);
        assert!(queue.chains.is_empty());
        assert_eq!(queue.others.len(), 0);
    }

    /// Its priority finds a chain free now: those who came before it are still before it.
    #[test]
    fn a_late_comer_stands_behind_its_equals_in_the_heap() {
        let mut priorities: Vec<f64> = (0..CHAINS as u32).map(|n| f64::from(100 + n)).collect();
        priorities.push(50.0);
        let (mut queue, mut jobs) = line(&priorities);
        let best = queue.first(&jobs).unwrap();
        jobs.get_mut(best).unwrap().phase = Phase::Running;
        queue.remove(&mut jobs, best);
        let late = jobs.insert(Job { entered: 1000, phase: Phase::Ready, ..Job::new(0, 0, 50.0) });
        queue.push(&mut jobs, late);
        assert!(jobs.get(late).unwrap().chained);
        let order = drain(&mut queue, &mut jobs);
        assert_eq!(order[order.len() - 2..], [CHAINS as u32, late]);
    }

    #[test]
    fn whoever_leaves_from_anywhere_leaves_the_others_in_order() {
        let (mut queue, mut jobs) = line(&[0.0, 0.0, 0.0, 0.0, 1.0, 1.0, 1.0]);
        for index in [1, 5, 3, 0] {
            jobs.get_mut(index).unwrap().phase = Phase::Waiting;
            queue.remove(&mut jobs, index);
        }
        assert_eq!(drain(&mut queue, &mut jobs), [4, 6, 2]);
    }

    proptest::proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

        /// Twice as many priorities as have a chain, so that heap and chains pass the first place to one another.
        #[test]
        fn whoever_comes_and_goes_the_first_is_the_best(
            steps in proptest::collection::vec((0..5, 0..2 * CHAINS as u32, any::<u16>()), 1..300),
        ) {
            let (mut queue, mut jobs) = (ReadyQueue::default(), Slab::new());
            let mut ready: Vec<u32> = Vec::new();
            for (entered, (step, priority, pick)) in (0..).zip(steps) {
                let leaver = match step {
                    0 => queue.first(&jobs),
                    1 => ready.get(usize::from(pick) % ready.len().max(1)).copied(),
                    _ => {
                        let job = Job { entered, phase: Phase::Ready, ..Job::new(0, 0, f64::from(priority)) };
                        ready.push(jobs.insert(job));
                        queue.push(&mut jobs, *ready.last().unwrap());
                        None
                    }
                };
                if let Some(leaver) = leaver {
                    jobs.get_mut(leaver).unwrap().phase = Phase::Waiting;
                    queue.remove(&mut jobs, leaver);
                    jobs.remove(leaver);
                    ready.retain(|job| *job != leaver);
                }
                let best = ready.iter().copied().min_by_key(|job| Place::of(jobs.get(*job).unwrap()));
                assert_eq!(queue.first(&jobs), best);
            }
        }
    }
}
