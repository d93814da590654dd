//! The browser's lock manager: exclusive locks, first come first served, freed when their holder dies.

use std::collections::{BTreeMap, VecDeque};

use jobgate::engine::shared::{Lock, RequestId};

/// Which tab, and its request.
pub type Asker = (usize, RequestId);

#[derive(Debug, Default)]
pub struct Locks {
    /// The first of each holds it.
    lines: BTreeMap<Lock, VecDeque<Asker>>,
}

impl Locks {
    /// Whether it is granted at once.
    pub fn ask(&mut self, lock: Lock, asker: Asker) -> bool {
        let line = self.lines.entry(lock).or_default();
        assert!(line.iter().all(|(tab, _)| *tab != asker.0), "tab {} asks twice for {lock:?}", asker.0);
        line.push_back(asker);
        line.len() == 1
    }

    pub fn lock_of(&self, asker: Asker) -> Option<Lock> {
        self.lines.iter().find(|(_, line)| line.contains(&asker)).map(|(lock, _)| *lock)
    }

    /// Who is granted what, because it was let go of or withdrawn.
    pub fn drop(&mut self, asker: Asker) -> Option<Asker> {
        self.remove(|other| *other == asker).pop()
    }

    /// A tab has died.
    pub fn drop_all(&mut self, tab: usize) -> Vec<Asker> {
        self.remove(|(other, _)| *other == tab)
    }

    /// Takes it from its holder, and lets go of it: who had it, who has it then.
    pub fn steal(&mut self, lock: Lock) -> (Option<Asker>, Option<Asker>) {
        let Some(line) = self.lines.get_mut(&lock) else { return (None, None) };
        (line.pop_front(), line.front().copied())
    }

    fn remove(&mut self, is_gone: impl Fn(&Asker) -> bool) -> Vec<Asker> {
        let mut granted = Vec::new();
        for line in self.lines.values_mut() {
            let first = line.front().copied();
            line.retain(|asker| !is_gone(asker));
            granted.extend(line.front().copied().filter(|asker| Some(*asker) != first));
        }
        self.lines.retain(|_, line| !line.is_empty());
        granted
    }
}
