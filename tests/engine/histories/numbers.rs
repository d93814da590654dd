//! The engine's numbers, which are used again, against the model's ids, which are not.

use std::collections::BTreeMap;

/// Of one kind of thing.
#[derive(Debug, Default)]
pub struct Numbers {
    of_id: Vec<u32>,
    id_of: BTreeMap<u32, u32>,
}

impl Numbers {
    /// The newest id is known to the engine by `number`, which nothing else may bear that is still spoken of.
    pub fn name(&mut self, id: u32, number: u32) {
        assert_eq!(id as usize, self.of_id.len(), "ids are given one after the other");
        self.of_id.push(number);
        let earlier = self.id_of.insert(number, id);
        assert_eq!(earlier, None, "number {number} was given to {id} while effects under way may still name another");
    }

    pub fn number(&self, id: u32) -> u32 {
        self.of_id[id as usize]
    }

    pub fn id(&self, number: u32) -> u32 {
        *self.id_of.get(&number).unwrap_or_else(|| panic!("an effect names number {number}, which means nothing"))
    }

    pub fn is_named(&self, id: u32) -> bool {
        self.id_of.get(&self.number(id)) == Some(&id)
    }

    /// Nobody else bears its number: to speak of it is at worst to speak of nothing.
    pub fn may_speak_of(&self, id: u32) -> bool {
        self.id_of.get(&self.number(id)).is_none_or(|bearer| *bearer == id)
    }

    /// Everything under way has been applied: whatever is gone loses its number.
    pub fn forget(&mut self, is_gone: impl Fn(u32) -> bool) {
        self.id_of.retain(|_, id| !is_gone(*id));
    }
}

/// As a host numbers its keys: a number while the key is in use, then it goes to another key.
#[derive(Debug, Default)]
pub struct KeyNumbers {
    number_of: BTreeMap<u32, u32>,
    free: Vec<u32>,
}

impl KeyNumbers {
    pub fn number(&mut self, key: u32) -> u32 {
        let next = self.number_of.len() + self.free.len();
        *self.number_of.entry(key).or_insert_with(|| self.free.pop().unwrap_or(next as u32))
    }

    pub fn known(&self, key: u32) -> Option<u32> {
        self.number_of.get(&key).copied()
    }

    pub fn key(&self, number: u32) -> u32 {
        let named = self.number_of.iter().find(|(_, bearer)| **bearer == number);
        *named.unwrap_or_else(|| panic!("an effect names key number {number}, which means nothing")).0
    }

    pub fn keys(&self) -> impl Iterator<Item = (u32, u32)> {
        self.number_of.iter().map(|(key, number)| (*key, *number))
    }

    pub fn release(&mut self, is_vacant: impl Fn(u32) -> bool) {
        let free = &mut self.free;
        self.number_of.retain(|_, number| {
            let vacant = is_vacant(*number);
            free.extend(vacant.then_some(*number));
            !vacant
        });
    }
}
