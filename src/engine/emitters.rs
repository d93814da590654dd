//! Who listens to what: the lists behind subjects, gates, jobs, keys and managers.
//!
//! Invariants: listeners are told in the order they came; a change is told to those present when it was made;
//! a number is not used again before [`Emitters::recycle`], so a listener that left while effects were under way can
//! be told from one that came later.

use super::effect::{EffectSink, Targets};
use super::ids::{Channel, ListenerId};
use super::slab::{NONE, Slab};

const CHANNELS: usize = Channel::Continuation as usize + 1;

/// What stands in a list where someone has left.
const LEFT: ListenerId = ListenerId(NONE);
/// Lists of no more than this close up at once when someone leaves, and may be of several channels.
const SHORT: usize = 32;

#[derive(Debug)]
struct Listener {
    emitter: u32,
    channel: Channel,
    /// Its place in the list.
    at: u32,
}

#[derive(Debug, Default)]
struct List {
    /// Oldest first.
    listeners: Vec<ListenerId>,
    /// What all of them listen to; `None` where that differs, which it does in short lists only: telling one channel's
    /// copies the list whole, and passes by few whom it does not concern.
    only: Option<Channel>,
    /// How many have left since it last closed up. The newest has not.
    left: usize,
}

impl List {
    fn push(&mut self, listener: ListenerId, channel: Channel, all: &mut Slab<Listener>) {
        let is_only = self.listeners.is_empty() || self.only == Some(channel);
        self.only = is_only.then_some(channel);
        if let Some(listener) = all.get_mut(listener.0) {
            listener.at = self.listeners.len() as u32;
        }
        self.listeners.push(listener);
    }

    /// Who left leaves a gap. Gaps are closed when there are many in proportion, so that leaving costs the same however
    /// many stay.
    fn leave(&mut self, at: u32, all: &mut Slab<Listener>) {
        let Some(place) = self.listeners.get_mut(at as usize) else { return };
        *place = LEFT;
        self.left += 1;
        while self.listeners.last() == Some(&LEFT) {
            self.listeners.pop();
            self.left -= 1;
        }
        let len = self.listeners.len();
        if self.left > 0 && (len <= SHORT || self.left > len / 4) {
            self.close_up(all, None);
        }
    }

    /// Without gaps, and without those on `unwanted`.
    #[inline(never)] // One for both, neither of them frequent.
    fn close_up(&mut self, all: &mut Slab<Listener>, unwanted: Option<Channel>) {
        let mut at = 0;
        self.listeners.retain(|listener| {
            let Some(listener) = all.get_mut(listener.0).filter(|listener| Some(listener.channel) != unwanted) else {
                return false;
            };
            listener.at = at;
            at += 1;
            true
        });
        self.left = 0;
    }

    /// Those on `channel`; of a list that is only of one, on that.
    fn on(&self, channel: Channel, all: &Slab<Listener>) -> impl Iterator<Item = ListenerId> {
        let is_on = move |listener: &ListenerId| match self.only {
            Some(_) => *listener != LEFT,
            None => all.get(listener.0).is_some_and(|listener| listener.channel == channel),
        };
        self.listeners.iter().copied().filter(is_on)
    }
}

#[derive(Debug)]
struct Emitter {
    /// Most have no other. A channel's listeners are all in the same one.
    list: List,
    /// Beside a long one, a list of its own for each channel.
    others: Vec<List>,
    /// Actions that came before the first who would hear them.
    kept: u32,
    /// A gate that has opened.
    open: bool,
    /// The key that it belongs to: goes with its last listener, so that the key can be forgotten.
    key: u32,
}

impl Emitter {
    fn new(key: u32) -> Self {
        Self { list: List::default(), others: Vec::new(), kept: 0, open: false, key }
    }

    /// Where those on `channel` are, if there are any.
    fn list(&self, channel: Channel) -> &List {
        self.others.iter().find(|list| list.only == Some(channel)).unwrap_or(&self.list)
    }

    fn list_mut(&mut self, channel: Channel) -> &mut List {
        match self.others.iter().position(|list| list.only == Some(channel)) {
            Some(at) => self.others.get_mut(at).unwrap_or(&mut self.list),
            None => &mut self.list,
        }
    }

    /// Where one more on `channel` goes: no long list is to be of several.
    fn list_for(&mut self, channel: Channel, all: &mut Slab<Listener>) -> &mut List {
        if self.list.listeners.len() < SHORT || self.list.only == Some(channel) {
            return self.list_mut(channel);
        }
        if self.list.only.is_none() {
            self.split(all);
        }
        self.other(channel)
    }

    #[inline(never)]
    fn split(&mut self, all: &mut Slab<Listener>) {
        for listener in std::mem::take(&mut self.list).listeners {
            let Some(channel) = all.get(listener.0).map(|listener| listener.channel) else { continue };
            self.other(channel).push(listener, channel, all);
        }
    }

    #[inline(never)]
    fn other(&mut self, channel: Channel) -> &mut List {
        if !self.others.iter().any(|list| list.only == Some(channel)) {
            self.others.push(List { only: Some(channel), ..List::default() });
        }
        self.list_mut(channel)
    }

    #[inline(never)]
    fn drop_empty(&mut self) {
        self.others.retain(|list| !list.listeners.is_empty());
    }

    fn is_empty(&self) -> bool {
        self.list.listeners.is_empty() && self.others.is_empty()
    }
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
        let listener = ListenerId(self.listeners.insert(Listener { emitter: index, channel, at: 0 }));
        if let Some(emitter) = self.lists.get_mut(index) {
            emitter.list_for(channel, &mut self.listeners).push(listener, channel, &mut self.listeners);
            self.count(channel, 1);
        }
        listener
    }

    /// `None` if it has left before; else the key whose last listener it was, or [`NONE`].
    pub(crate) fn unlisten(&mut self, listener: ListenerId) -> Option<u32> {
        let Listener { emitter: index, channel, at } = self.listeners.retire(listener.0)?;
        self.count(channel, -1);
        let emitter = self.lists.get_mut(index)?;
        let list = emitter.list_mut(channel);
        list.leave(at, &mut self.listeners);
        if list.listeners.is_empty() {
            emitter.drop_empty();
        }
        let (key, is_empty) = (emitter.key, emitter.is_empty());
        if key == NONE || !is_empty {
            return Some(NONE);
        }
        self.lists.retire(index);
        Some(key)
    }

    /// False if there is none.
    pub(crate) fn drop_emitter(&mut self, emitter: u32) -> bool {
        let Some(Emitter { list, others, .. }) = self.lists.retire(emitter) else { return false };
        self.retire(&list);
        for list in &others {
            self.retire(list);
        }
        true
    }

    pub(crate) fn contains(&self, emitter: u32) -> bool {
        self.lists.get(emitter).is_some()
    }

    /// Drops those of one channel.
    pub(crate) fn drop_channel(&mut self, emitter: u32, channel: Channel) {
        let Some(emitter) = self.lists.get_mut(emitter) else { return };
        let list = emitter.list_mut(channel);
        if list.only == Some(channel) {
            let gone = std::mem::take(list);
            emitter.drop_empty();
            self.retire(&gone);
        } else if list.only.is_none() {
            let gone: Vec<_> = list.on(channel, &self.listeners).collect();
            list.close_up(&mut self.listeners, Some(channel));
            self.retire(&List { listeners: gone, only: Some(channel), left: 0 });
        }
    }

    #[inline(never)]
    fn retire(&mut self, list: &List) {
        for listener in &list.listeners {
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

    pub(crate) fn count_on(&self, emitter: u32, channel: Channel) -> u32 {
        match self.lists.get(emitter).map(|emitter| emitter.list(channel)) {
            Some(list) if list.only == Some(channel) => (list.listeners.len() - list.left) as u32,
            Some(list) if list.only.is_none() => list.on(channel, &self.listeners).count() as u32,
            _ => 0,
        }
    }

    /// Everyone present on `channel`, appended to the effects' targets.
    pub(crate) fn targets(&self, emitter: u32, channel: Channel, effects: &mut impl EffectSink) -> Targets {
        let listeners = effects.listeners();
        let from = listeners.len() as u32;
        match self.lists.get(emitter).map(|emitter| emitter.list(channel)) {
            Some(list) if list.only == Some(channel) && list.left == 0 => listeners.extend_from_slice(&list.listeners),
            Some(list) if list.only.is_none_or(|only| only == channel) => {
                listeners.extend(list.on(channel, &self.listeners));
            }
            _ => {}
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

    /// Each time it costs as much as the list is long.
    #[test]
    fn a_long_list_closes_up_when_a_quarter_of_it_has_left_and_not_before() {
        let mut emitters = Emitters::new();
        let emitter = emitters.create();
        let listeners: Vec<_> = (0..1000).map(|_| emitters.listen(emitter, Channel::State)).collect();
        let mut places_after = |leaver| {
            emitters.unlisten(leaver);
            let list = &emitters.lists.get(emitter).unwrap().list;
            (list.listeners.len(), list.left)
        };
        for (at, leaver) in listeners[..250].iter().enumerate() {
            assert_eq!(places_after(*leaver), (1000, at + 1));
        }
        assert_eq!(places_after(listeners[250]), (749, 0));
    }

    /// Whoever comes and leaves, on whatever channel: those who stay are told, oldest first; gaps are few in proportion,
    /// and no long list is of several channels.
    #[test]
    fn long_lists_keep_their_order_through_all_their_gaps() {
        const ON: [Channel; 3] = [Channel::State, Channel::Event, Channel::Action];
        for mixed in [1, 3] {
            let mut emitters = Emitters::new();
            let emitter = emitters.create();
            let mut present: Vec<(Channel, ListenerId)> = Vec::new();
            for n in 0..3000 {
                let channel = ON[n * 31 % mixed];
                match n {
                    2000 => {
                        emitters.drop_channel(emitter, Channel::Action);
                        present.retain(|(channel, _)| *channel != Channel::Action);
                    }
                    _ if n < 500 || n % 3 == 0 => present.push((channel, emitters.listen(emitter, channel))),
                    _ if present.is_empty() => {}
                    _ => {
                        let (_, leaver) = present.remove((n * 7919) % present.len());
                        assert_eq!(emitters.unlisten(leaver), Some(NONE));
                    }
                }
                for channel in ON {
                    let on = |of: &&(Channel, ListenerId)| of.0 == channel;
                    let expected: Vec<_> = present.iter().filter(on).map(|(_, listener)| *listener).collect();
                    assert_eq!(told(&emitters, emitter, channel), expected);
                    assert_eq!(emitters.count_on(emitter, channel), expected.len() as u32);
                }
                let Emitter { list, others, .. } = emitters.lists.get(emitter).unwrap();
                for list in others.iter().chain([list]) {
                    let len = list.listeners.len();
                    assert!(if len <= SHORT { list.left == 0 } else { list.only.is_some() && list.left <= len / 4 });
                }
            }
            emitters.drop_emitter(emitter);
            assert_eq!((emitters.live(), emitters.hearing), (0, [0; CHANNELS]));
        }
    }
}
