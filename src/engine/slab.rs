//! A table of records with small numbers as names, freed numbers used again.
//!
//! Records stand in chunks, so the table grows without copying and without the half-empty tail of a doubled `Vec`:
//! a hundred thousand queued jobs cost their own size and no more.

const CHUNK_BITS: u32 = 8;
const CHUNK: usize = 1 << CHUNK_BITS;

/// No record: what an index field holds when it points nowhere.
pub(crate) const NONE: u32 = u32::MAX;

#[derive(Debug)]
pub(crate) struct Slab<T> {
    chunks: Vec<Vec<Option<T>>>,
    free: Vec<u32>,
    /// Numbers of what is gone and may still be named by effects under way.
    retired: Vec<u32>,
    len: u32,
}

impl<T> Slab<T> {
    pub(crate) const fn new() -> Self {
        Self { chunks: Vec::new(), free: Vec::new(), retired: Vec::new(), len: 0 }
    }

    pub(crate) fn insert(&mut self, value: T) -> u32 {
        if let Some(index) = self.free.pop() {
            if let Some(slot) = self.slot(index) {
                *slot = Some(value);
            }
            return index;
        }
        let index = self.len;
        self.len += 1;
        match self.chunks.last_mut() {
            Some(chunk) if chunk.len() < CHUNK => chunk.push(Some(value)),
            _ => {
                let mut chunk = Vec::with_capacity(CHUNK);
                chunk.push(Some(value));
                self.chunks.push(chunk);
            }
        }
        index
    }

    #[inline]
    pub(crate) fn get(&self, index: u32) -> Option<&T> {
        self.chunks.get((index >> CHUNK_BITS) as usize)?.get(index as usize & (CHUNK - 1))?.as_ref()
    }

    #[inline]
    pub(crate) fn get_mut(&mut self, index: u32) -> Option<&mut T> {
        self.slot(index)?.as_mut()
    }

    pub(crate) fn remove(&mut self, index: u32) -> Option<T> {
        let value = self.slot(index)?.take();
        if value.is_some() {
            self.free.push(index);
        }
        value
    }

    /// Takes the record out and keeps its number from being used until [`Slab::recycle`].
    pub(crate) fn retire(&mut self, index: u32) -> Option<T> {
        let value = self.slot(index)?.take();
        if value.is_some() {
            self.retired.push(index);
        }
        value
    }

    /// Lets the retired numbers be used again.
    pub(crate) fn recycle(&mut self) {
        self.free.append(&mut self.retired);
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = (u32, &T)> {
        (0_u32..).zip(self.chunks.iter().flatten()).filter_map(|(index, slot)| Some((index, slot.as_ref()?)))
    }

    #[inline]
    fn slot(&mut self, index: u32) -> Option<&mut Option<T>> {
        self.chunks.get_mut((index >> CHUNK_BITS) as usize)?.get_mut(index as usize & (CHUNK - 1))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_used_again_and_retired_ones_only_after_a_recycle() {
        let mut slab = Slab::new();
        let numbers: Vec<u32> = (0..1000).map(|n| slab.insert(n)).collect();
        assert_eq!(numbers.last(), Some(&999));
        assert_eq!(slab.remove(500), Some(500));
        assert_eq!(slab.get(500), None);
        assert_eq!(slab.insert(7), 500);
        assert_eq!(slab.retire(3), Some(3));
        assert_eq!(slab.insert(8), 1000);
        slab.recycle();
        assert_eq!(slab.insert(9), 3);
        assert_eq!(slab.iter().count(), 1001);
    }
}
