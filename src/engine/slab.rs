//! Tables of records with small numbers as names.
//!
//! Records stand in chunks, so a table grows without copying and without the half-empty tail of a doubled `Vec`:
//! a hundred thousand queued jobs cost their own size and no more.

/// No record: what an index field holds when it points nowhere.
pub(crate) const NONE: u32 = u32::MAX;

/// A list that only grows.
#[derive(Debug)]
pub(crate) struct Chunks<T, const CHUNK: usize> {
    chunks: Vec<Box<[T; CHUNK]>>,
}

impl<T, const CHUNK: usize> Chunks<T, CHUNK> {
    pub(crate) const fn new() -> Self {
        Self { chunks: Vec::new() }
    }

    /// So that there is something at `index`.
    #[inline]
    pub(crate) fn grow_to(&mut self, index: u32, vacant: impl Fn() -> T) {
        while index as usize >= self.chunks.len() * CHUNK {
            self.chunks.push(Box::new(std::array::from_fn(|_| vacant())));
        }
    }

    #[inline]
    pub(crate) fn get(&self, index: u32) -> Option<&T> {
        self.chunks.get(index as usize / CHUNK)?.get(index as usize % CHUNK)
    }

    #[inline]
    pub(crate) fn get_mut(&mut self, index: u32) -> Option<&mut T> {
        self.chunks.get_mut(index as usize / CHUNK)?.get_mut(index as usize % CHUNK)
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = &T> {
        self.chunks.iter().flat_map(|chunk| chunk.iter())
    }
}

/// Freed numbers are used again.
#[derive(Debug)]
pub(crate) struct Slab<T, const CHUNK: usize = 64> {
    records: Chunks<Option<T>, CHUNK>,
    free: Vec<u32>,
    /// Numbers of what is gone and may still be named by effects under way.
    retired: Vec<u32>,
    len: u32,
}

impl<T, const CHUNK: usize> Slab<T, CHUNK> {
    pub(crate) const fn new() -> Self {
        Self { records: Chunks::new(), free: Vec::new(), retired: Vec::new(), len: 0 }
    }

    pub(crate) fn insert(&mut self, value: T) -> u32 {
        if let Some(index) = self.free.pop() {
            if let Some(slot) = self.records.get_mut(index) {
                *slot = Some(value);
            }
            return index;
        }
        let index = self.len;
        self.len += 1;
        self.records.grow_to(index, || None);
        if let Some(slot) = self.records.get_mut(index) {
            *slot = Some(value);
        }
        index
    }

    #[inline]
    pub(crate) fn get(&self, index: u32) -> Option<&T> {
        self.records.get(index)?.as_ref()
    }

    #[inline]
    pub(crate) fn get_mut(&mut self, index: u32) -> Option<&mut T> {
        self.records.get_mut(index)?.as_mut()
    }

    pub(crate) fn remove(&mut self, index: u32) -> Option<T> {
        let value = self.records.get_mut(index)?.take();
        if value.is_some() {
            self.free.push(index);
        }
        value
    }

    /// Takes the record out and keeps its number from being used until [`Slab::recycle`].
    pub(crate) fn retire(&mut self, index: u32) -> Option<T> {
        let value = self.records.get_mut(index)?.take();
        if value.is_some() {
            self.retired.push(index);
        }
        value
    }

    /// Lets the retired numbers be used again.
    #[inline]
    pub(crate) fn recycle(&mut self) {
        if !self.retired.is_empty() {
            self.free.append(&mut self.retired);
        }
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = (u32, &T)> {
        (0_u32..).zip(self.records.iter()).filter_map(|(index, slot)| Some((index, slot.as_ref()?)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn there_is_no_more_of_it_than_what_was_asked_for() {
        let mut chunks: Chunks<u32, 8> = Chunks::new();
        for index in 0..20 {
            chunks.grow_to(index, || 0);
            assert_eq!(chunks.chunks.len(), index as usize / 8 + 1);
        }
    }

    #[test]
    fn numbers_are_used_again_and_retired_ones_only_after_a_recycle() {
        let mut slab: Slab<i32> = Slab::new();
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
