//! Numbers for keys, used again once nothing stands under them.

use std::borrow::Borrow;
use std::cell::RefCell;
use std::collections::HashMap;
use std::hash::Hash;

use super::driver::Driver;
use crate::engine::KeyId;

pub(crate) struct Keys<K> {
    numbers: RefCell<HashMap<K, KeyId>>,
    /// Given back, to be given out before any new one.
    free: RefCell<Vec<KeyId>>,
}

impl<K> Default for Keys<K> {
    fn default() -> Self {
        Self { numbers: RefCell::default(), free: RefCell::default() }
    }
}

impl<K: Clone + Eq + Hash> Keys<K> {
    pub(crate) fn find<Q>(&self, key: &Q) -> Option<KeyId>
    where
        K: Borrow<Q>,
        Q: Eq + Hash + ?Sized,
    {
        self.numbers.borrow().get(key).copied()
    }

    pub(crate) fn intern(&self, key: &K) -> KeyId {
        if let Some(number) = self.find(key) {
            return number;
        }
        // Every number below the count of keys in use and free is one or the other.
        let unused = self.numbers.borrow().len() as u32;
        let number = self.free.borrow_mut().pop().unwrap_or(KeyId(unused));
        let key = key.clone();
        self.numbers.borrow_mut().insert(key, number);
        number
    }

    /// Forgets the key if nothing stands under it: what was kept of it is the caller's to drop.
    pub(crate) fn release(&self, key: &K, driver: &Driver) -> Option<K> {
        let number = self.find(key)?;
        if !driver.ask(|engine, _| engine.is_vacant(number)) {
            return None;
        }
        self.free.borrow_mut().push(number);
        self.numbers.borrow_mut().remove_entry(key).map(|(key, _)| key)
    }

    pub(crate) fn len(&self) -> usize {
        self.numbers.borrow().len()
    }
}
