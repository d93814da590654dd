//! Subjects, gates and watching: who is told of what, and what a late comer still hears.

use super::Engine;
use super::command::{Refusal, Reply};
use super::effect::{Effect, EffectSink, Event};
use super::ids::{Channel, EmitterId, JobId, ListenerId, ManagerId, Source, ValueId};
use super::job::Phase;
use super::options::OutOfBounds;
use super::slab::NONE;

impl Engine {
    pub(super) fn listen(
        &mut self,
        source: Source,
        channel: Channel,
        ValueId(first): ValueId,
        effects: &mut impl EffectSink,
    ) -> Reply {
        let mut kept = 0;
        let listener = match source {
            Source::Emitter(EmitterId(emitter)) => {
                if !self.emitters.contains(emitter) {
                    return Reply::Ignored;
                }
                if self.emitters.is_open(emitter) {
                    return Reply::Latched;
                }
                self.emitters.listen(emitter, channel)
            }
            Source::Manager(ManagerId(manager)) => match self.managers.get_mut(manager) {
                Some(manager) => {
                    if manager.emitter == NONE {
                        // What was before its first watcher is told to nobody.
                        manager.told = manager.stats;
                    }
                    self.emitters.listen_at(&mut manager.emitter, NONE, channel)
                }
                None => return Reply::Ignored,
            },
            Source::Key(key) => {
                self.ensure_key(key.0);
                match self.keys.get_mut(key.0) {
                    Some(entry) => self.emitters.listen_at(&mut entry.emitter, key.0, channel),
                    None => return Reply::Ignored,
                }
            }
            Source::Job(JobId(index)) => match self.jobs.get_mut(index) {
                // Only a body hears actions, and between two attempts none runs.
                Some(job) if channel == Channel::Action && job.phase != Phase::Running => return Reply::Ignored,
                Some(job) if !job.has_ended() => {
                    let Some(cold) = job.cold_in(&mut self.cold) else { return Reply::Ignored };
                    let listener = self.emitters.listen_at(&mut cold.emitter, NONE, channel);
                    let emitter = cold.emitter;
                    if channel == Channel::Action {
                        kept = self.emitters.take_kept(emitter);
                        for number in 0..kept {
                            self.deliver(emitter, source, channel, ValueId(first.wrapping_add(number)), effects);
                        }
                    }
                    listener
                }
                _ if matches!(channel, Channel::Stopped | Channel::Event | Channel::Continuation) => {
                    return Reply::Latched;
                }
                _ => return Reply::Ignored,
            },
        };
        Reply::Listener { listener, kept }
    }

    pub(super) fn unlisten(&mut self, listener: ListenerId) -> Reply {
        let Some(emptied) = self.emitters.unlisten(listener) else { return Reply::Ignored };
        if let Some(entry) = self.key_mut(emptied) {
            entry.emitter = NONE;
        }
        Reply::Done
    }

    pub(super) fn emit(&mut self, emitter: u32, value: ValueId, effects: &mut impl EffectSink) -> Reply {
        if !self.emitters.contains(emitter) {
            return Reply::Ignored;
        }
        Reply::Told(self.deliver(emitter, Source::Emitter(EmitterId(emitter)), Channel::Value, value, effects))
    }

    pub(super) fn open(&mut self, emitter: u32, value: ValueId, effects: &mut impl EffectSink) -> Reply {
        if !self.emitters.open(emitter) {
            return Reply::Ignored;
        }
        let told = self.deliver(emitter, Source::Emitter(EmitterId(emitter)), Channel::Value, value, effects);
        self.emitters.drop_channel(emitter, Channel::Value);
        Reply::Told(told)
    }

    pub(super) fn drop_emitter(&mut self, emitter: u32) -> Reply {
        if self.emitters.drop_emitter(emitter) { Reply::Done } else { Reply::Ignored }
    }

    // ── what a body says ────────────────────────────────────────────────────────────────────────

    pub(super) fn set_state(
        &mut self,
        index: u32,
        attempt: u32,
        value: ValueId,
        effects: &mut impl EffectSink,
    ) -> Reply {
        let Some(emitter) = self.emitter_of_attempt(index, attempt) else { return Reply::Ignored };
        Reply::Told(self.deliver(emitter, Source::Job(JobId(index)), Channel::State, value, effects))
    }

    pub(super) fn progress(
        &mut self,
        index: u32,
        attempt: u32,
        percent: f64,
        value: ValueId,
        effects: &mut impl EffectSink,
    ) -> Result<Reply, Refusal> {
        if !percent.is_finite() {
            return Err(OutOfBounds { field: "percent", bound: "a finite number" }.into());
        }
        let Some(emitter) = self.emitter_of_attempt(index, attempt) else { return Ok(Reply::Ignored) };
        self.deliver(emitter, Source::Job(JobId(index)), Channel::Progress, value, effects);
        self.event_with(Event::Progress, index, value, effects);
        Ok(Reply::Percent(percent.clamp(0.0, 100.0)))
    }

    pub(super) fn log(&mut self, index: u32, attempt: u32, value: ValueId, effects: &mut impl EffectSink) -> Reply {
        match self.emitter_of_attempt(index, attempt) {
            Some(_) => Reply::Told(self.event_with(Event::Log, index, value, effects)),
            None => Reply::Ignored,
        }
    }

    pub(super) fn dispatch(&mut self, index: u32, value: ValueId, effects: &mut impl EffectSink) -> Reply {
        let Some(job) = self.jobs.get_mut(index).filter(|job| !job.has_ended()) else { return Reply::Ignored };
        let emitter = job.emitter(&self.cold);
        if self.emitters.count_on(emitter, Channel::Action) > 0 {
            return Reply::Told(self.deliver(emitter, Source::Job(JobId(index)), Channel::Action, value, effects));
        }
        if let Some(cold) = job.cold_in(&mut self.cold) {
            self.emitters.keep(&mut cold.emitter);
        }
        Reply::Kept
    }

    /// The job's emitter, unless another attempt has taken this one's place or the job has ended.
    fn emitter_of_attempt(&self, index: u32, attempt: u32) -> Option<u32> {
        let job = self.jobs.get(index)?;
        let is_current = job.attempt == attempt && matches!(job.phase, Phase::Running | Phase::Deciding);
        is_current.then(|| job.emitter(&self.cold))
    }

    // ── telling ─────────────────────────────────────────────────────────────────────────────────

    /// Returns how many are told.
    #[inline]
    pub(super) fn deliver(
        &self,
        emitter: u32,
        source: Source,
        channel: Channel,
        value: ValueId,
        effects: &mut impl EffectSink,
    ) -> u32 {
        if emitter == NONE { 0 } else { self.deliver_to(emitter, source, channel, value, effects) }
    }

    fn deliver_to(
        &self,
        emitter: u32,
        source: Source,
        channel: Channel,
        value: ValueId,
        effects: &mut impl EffectSink,
    ) -> u32 {
        let to = self.emitters.targets(emitter, channel, effects);
        if to.count() > 0 {
            let about = match source {
                Source::Key(key) => self.standing(key),
                _ => None,
            };
            effects.push(Effect::Deliver { source, channel, about, value, to });
        }
        to.count()
    }

    /// First the job's own watchers, then the manager's. Returns how many are told.
    #[inline]
    pub(super) fn event(&self, event: Event, index: u32, effects: &mut impl EffectSink) -> u32 {
        self.event_with(event, index, ValueId::NONE, effects)
    }

    #[inline]
    fn event_with(&self, event: Event, index: u32, value: ValueId, effects: &mut impl EffectSink) -> u32 {
        match self.jobs.get(index) {
            Some(job) if self.emitters.anyone_hears(Channel::Event) => {
                self.event_of(event, index, job.manager, job.emitter(&self.cold), value, effects)
            }
            _ => 0,
        }
    }

    /// The same for a job whose record no longer names its watchers.
    #[inline]
    pub(super) fn event_of(
        &self,
        event: Event,
        index: u32,
        manager: u32,
        emitter: u32,
        value: ValueId,
        effects: &mut impl EffectSink,
    ) -> u32 {
        if !self.emitters.anyone_hears(Channel::Event) {
            return 0;
        }
        let job = Some(JobId(index));
        let own = self.event_from(Source::Job(JobId(index)), emitter, event, job, value, effects);
        let managers = self.managers.get(manager).map_or(NONE, |manager| manager.emitter);
        own + self.event_from(Source::Manager(ManagerId(manager)), managers, event, job, value, effects)
    }

    pub(super) fn event_from(
        &self,
        source: Source,
        emitter: u32,
        event: Event,
        job: Option<JobId>,
        value: ValueId,
        effects: &mut impl EffectSink,
    ) -> u32 {
        if emitter == NONE {
            return 0;
        }
        let to = self.emitters.targets(emitter, Channel::Event, effects);
        if to.count() > 0 {
            effects.push(Effect::Event { event, job, source, value, to });
        }
        to.count()
    }
}
