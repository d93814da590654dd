//! Who listens to what: the lists behind subjects, gates, jobs, keys and managers.
//!
//! Invariants: listeners are told in the order they came; a change is told to those present when it was made;
//! a number is not used again before [`Emitters::recycle`], so a listener that left while effects were under way can
//! be told from one that came later.

use super::effect::{Channel, EffectSink, ListenerId, Targets};
use super::slab::{NONE, Slab};

const CHANNELS: usize = Channel::Key as usize + 1;

#[derive(Debug)]
struct Emitter {
    /// Oldest first.
    listeners: Vec<ListenerId>,
    /// What all of them listen to; `None` once that differs. Telling one channel's copies the list whole.
    only: Option<Channel>,
    /// Actions that came before the first who would hear them.
    kept: u32,
    /// A gate that has opened.
    open: bool,
    /// The key that it belongs to: goes with its last listener, so that the key can be forgotten.
    key: u32,
}

impl Emitter {
    const fn new(key: u32) -> Self {
        Self { listeners: Vec::new(), only: None, kept: 0, open: false, key }
    }
}

#[derive(Debug)]
struct Listener {
    emitter: u32,
    channel: Channel,
}

#[derive(Debug)]
pub(crate) struct Emitters {
    lists: Slab<Emitter>,
    listeners: Slab<Listener>,
    /// Listeners on each channel, so that telling nobody costs nothing.
    hearing: [u32; CHANNELS],
}

impl Emitters {
    pub(crate) const fn new() -> Self {
        Self { lists: Slab::new(), listeners: Slab::new(), hearing: [0; CHANNELS] }
    }

    /// For a subject or a gate that the host holds.
    pub(crate) fn create(&mut self) -> u32 {
        self.lists.insert(Emitter::new(NONE))
    }

    /// Adds to the emitter that `slot` names, making it first if there is none.
    pub(crate) fn listen_at(&mut self, slot: &mut u32, key: u32, channel: Channel) -> ListenerId {
        if *slot == NONE {
            *slot = self.lists.insert(Emitter::new(key));
        }
        self.listen(*slot, channel)
    }

    pub(crate) fn listen(&mut self, index: u32, channel: Channel) -> ListenerId {
        let listener = ListenerId(self.listeners.insert(Listener { emitter: index, channel }));
        if let Some(emitter) = self.lists.get_mut(index) {
            let is_only = emitter.listeners.is_empty() || emitter.only == Some(channel);
            emitter.only = is_only.then_some(channel);
            emitter.listeners.push(listener);
            self.count(channel, 1);
        }
        listener
    }

    /// `None` if it has left before; else the key whose last listener it was, or [`NONE`].
    pub(crate) fn unlisten(&mut self, listener: ListenerId) -> Option<u32> {
        let Listener { emitter: index, channel } = self.listeners.retire(listener.0)?;
        let emitter = self.lists.get_mut(index)?;
        let at = emitter.listeners.iter().position(|other| *other == listener)?;
        emitter.listeners.remove(at);
        let (key, is_empty) = (emitter.key, emitter.listeners.is_empty());
        self.count(channel, -1);
        if key == NONE || !is_empty {
            return Some(NONE);
        }
        self.lists.retire(index);
        Some(key)
    }

    /// False if there is none.
    pub(crate) fn drop_emitter(&mut self, emitter: u32) -> bool {
        let Some(emitter) = self.lists.retire(emitter) else { return false };
        self.retire(&emitter.listeners);
        true
    }

    pub(crate) fn contains(&self, emitter: u32) -> bool {
        self.lists.get(emitter).is_some()
    }

    /// Drops those of one channel.
    pub(crate) fn drop_channel(&mut self, emitter: u32, channel: Channel) {
        let Some(emitter) = self.lists.get_mut(emitter) else { return };
        let is_on = |listener: &ListenerId| self.listeners.get(listener.0).is_some_and(|of| of.channel == channel);
        let (gone, kept): (Vec<_>, Vec<_>) = std::mem::take(&mut emitter.listeners).into_iter().partition(is_on);
        emitter.listeners = kept;
        self.retire(&gone);
    }

    fn retire(&mut self, listeners: &[ListenerId]) {
        for listener in listeners {
            if let Some(Listener { channel, .. }) = self.listeners.retire(listener.0) {
                self.count(channel, -1);
            }
        }
    }

    fn count(&mut self, channel: Channel, change: i32) {
        if let Some(count) = self.hearing.get_mut(channel as usize) {
            *count = count.saturating_add_signed(change);
        }
    }

    /// Whether anyone at all listens on it, to whatever emitter.
    #[inline]
    pub(crate) fn anyone_hears(&self, channel: Channel) -> bool {
        self.hearing.get(channel as usize).is_some_and(|count| *count > 0)
    }

    fn on(&self, emitter: &Emitter, channel: Channel) -> impl Iterator<Item = ListenerId> {
        let is_on = move |listener: &ListenerId| self.listeners.get(listener.0).is_some_and(|of| of.channel == channel);
        emitter.listeners.iter().copied().filter(is_on)
    }

    pub(crate) fn count_on(&self, emitter: u32, channel: Channel) -> u32 {
        self.lists.get(emitter).map_or(0, |emitter| self.on(emitter, channel).count() as u32)
    }

    /// Everyone present on `channel`, appended to the effects' targets.
    pub(crate) fn targets(&self, emitter: u32, channel: Channel, effects: &mut impl EffectSink) -> Targets {
        let listeners = effects.listeners();
        let from = listeners.len() as u32;
        if let Some(emitter) = self.lists.get(emitter) {
            match emitter.only {
                Some(only) if only == channel => listeners.extend_from_slice(&emitter.listeners),
                Some(_) => {}
                None => listeners.extend(self.on(emitter, channel)),
            }
        }
        Targets { from, to: listeners.len() as u32 }
    }

    /// Keeps an action for whoever listens first.
    pub(crate) fn keep(&mut self, slot: &mut u32) {
        if *slot == NONE {
            *slot = self.create();
        }
        if let Some(emitter) = self.lists.get_mut(*slot) {
            emitter.kept += 1;
        }
    }

    /// How many actions were kept; none afterwards.
    pub(crate) fn take_kept(&mut self, emitter: u32) -> u32 {
        self.lists.get_mut(emitter).map_or(0, |emitter| std::mem::take(&mut emitter.kept))
    }

    pub(crate) fn is_open(&self, emitter: u32) -> bool {
        self.lists.get(emitter).is_some_and(|emitter| emitter.open)
    }

    /// False if it was open.
    pub(crate) fn open(&mut self, emitter: u32) -> bool {
        self.lists.get_mut(emitter).is_some_and(|emitter| !std::mem::replace(&mut emitter.open, true))
    }

    /// Everything told so far has been delivered: the numbers of those who left may be used again.
    pub(crate) fn recycle(&mut self) {
        self.lists.recycle();
        self.listeners.recycle();
    }

    /// Emitters and listeners there are.
    pub(crate) fn live(&self) -> usize {
        self.lists.iter().count() + self.listeners.iter().count()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::Effects;

    fn told(emitters: &Emitters, emitter: u32, channel: Channel) -> Vec<ListenerId> {
        let mut effects = Effects::new();
        let to = emitters.targets(emitter, channel, &mut effects);
        effects.targets(to).to_vec()
    }

    #[test]
    fn channels_of_one_emitter_share_a_list_and_keep_their_order() {
        let mut emitters = Emitters::new();
        let emitter = emitters.create();
        let [a, b, c, d] = [Channel::State, Channel::Event, Channel::State, Channel::State]
            .map(|channel| emitters.listen(emitter, channel));
        assert_eq!(told(&emitters, emitter, Channel::State), [a, c, d]);
        assert_eq!(emitters.unlisten(c), Some(NONE));
        assert_eq!(told(&emitters, emitter, Channel::State), [a, d]);
        emitters.drop_channel(emitter, Channel::State);
        assert_eq!(told(&emitters, emitter, Channel::State), []);
        assert_eq!(told(&emitters, emitter, Channel::Event), [b]);
    }

    #[test]
    fn whether_anyone_hears_is_counted_through_every_way_to_leave() {
        let mut emitters = Emitters::new();
        let (one, two) = (emitters.create(), emitters.create());
        let hears = |emitters: &Emitters| emitters.anyone_hears(Channel::Value);
        let leaver = emitters.listen(one, Channel::Value);
        emitters.listen(one, Channel::Value);
        emitters.listen(two, Channel::Value);
        emitters.unlisten(leaver);
        emitters.unlisten(leaver);
        emitters.drop_channel(one, Channel::Value);
        assert!(hears(&emitters));
        emitters.drop_emitter(two);
        assert!(!hears(&emitters));
        assert_eq!(emitters.hearing, [0; CHANNELS]);
    }

    #[test]
    fn a_keys_emitter_goes_with_its_last_listener() {
        let mut emitters = Emitters::new();
        let mut slot = NONE;
        let [a, b] = [(); 2].map(|()| emitters.listen_at(&mut slot, 7, Channel::Key));
        assert_eq!(emitters.unlisten(b), Some(NONE));
        assert_eq!(emitters.unlisten(a), Some(7));
        assert_eq!(emitters.unlisten(a), None);
        assert!(!emitters.contains(slot));
        assert_eq!(emitters.live(), 0);
    }

    #[test]
    fn numbers_come_back_with_a_recycle() {
        let mut emitters = Emitters::new();
        let emitter = emitters.create();
        let first = emitters.listen(emitter, Channel::Value);
        emitters.drop_emitter(emitter);
        assert_ne!(emitters.create(), emitter);
        emitters.recycle();
        assert_eq!(emitters.create(), emitter);
        assert_eq!(emitters.listen(emitter, Channel::Value), first);
    }
}
