//! Who listens, what a body may say, and who is told.

use jobgate::engine::{Channel, EmitterId, Event, JobId, ListenerId, Reply, Source, ValueId};

use super::{Listener, Model, News, Phase};

impl Model {
    /// In the order in which they came.
    pub(super) fn present(&self, source: Source, channel: Channel) -> Vec<ListenerId> {
        let listens = |listener: &Listener| !listener.left && listener.source == source && listener.channel == channel;
        (0..).zip(&self.listeners).filter(|(_, listener)| listens(listener)).map(|(id, _)| ListenerId(id)).collect()
    }

    pub(super) fn leave_all(&mut self, source: Source, channel: Option<Channel>) {
        for listener in self.listeners.iter_mut().filter(|listener| listener.source == source) {
            listener.left |= channel.is_none_or(|channel| channel == listener.channel);
        }
    }

    // ── telling ─────────────────────────────────────────────────────────────────────────────────

    /// Returns how many are told.
    pub(super) fn tell(&mut self, source: Source, channel: Channel) -> u32 {
        self.tell_value(source, channel, ValueId::NONE)
    }

    fn tell_value(&mut self, source: Source, channel: Channel, value: ValueId) -> u32 {
        let standing = match source {
            Source::Key(key) => self.standing(key),
            _ => None,
        };
        let listeners = self.present(source, channel);
        let news = News::Call(source, channel, standing, value);
        self.told.extend(listeners.iter().map(|listener| (*listener, news)));
        listeners.len() as u32
    }

    pub(super) fn tell_order(&mut self, job: JobId) {
        let source = Source::Manager(self.job(job).manager);
        let news = News::Call(source, Channel::Order, Some(job), ValueId::NONE);
        self.told.extend(self.present(source, Channel::Order).into_iter().map(|listener| (listener, news)));
    }

    pub(super) fn tell_event(&mut self, source: Source, event: Event, job: Option<JobId>, value: ValueId) -> u32 {
        let listeners = self.present(source, Channel::Event);
        self.told.extend(listeners.iter().map(|listener| (*listener, News::Event(source, event, job, value))));
        listeners.len() as u32
    }

    pub(super) fn tell_of_job(&mut self, job: JobId, event: Event) -> u32 {
        self.tell_value_of_job(job, event, ValueId::NONE)
    }

    fn tell_value_of_job(&mut self, job: JobId, event: Event, value: ValueId) -> u32 {
        let manager = self.job(job).manager;
        self.tell_event(Source::Job(job), event, Some(job), value)
            + self.tell_event(Source::Manager(manager), event, Some(job), value)
    }

    // ── listening ───────────────────────────────────────────────────────────────────────────────

    pub(super) fn listen(&mut self, source: Source, channel: Channel, ValueId(first): ValueId) -> Reply {
        match source {
            Source::Emitter(EmitterId(emitter)) => {
                let emitter = &self.emitters[emitter as usize];
                if emitter.dropped {
                    return Reply::Ignored;
                }
                if emitter.open {
                    return Reply::Latched;
                }
            }
            Source::Manager(manager) if self.manager(manager).gone => return Reply::Ignored,
            // A body hears them, and no other.
            Source::Job(job) if channel == Channel::Action && self.job(job).phase != Phase::Running => {
                return Reply::Ignored;
            }
            Source::Job(job) if self.has_ended(job) => {
                let latches = matches!(channel, Channel::Stopped | Channel::Event | Channel::Continuation);
                return if latches { Reply::Latched } else { Reply::Ignored };
            }
            Source::Key(_) | Source::Manager(_) | Source::Job(_) => {}
        }
        let listener = ListenerId(self.listeners.len() as u32);
        self.listeners.push(Listener { source, channel, left: false });
        let mut kept = 0;
        if let (Source::Job(job), Channel::Action) = (source, channel) {
            kept = std::mem::take(&mut self.job_mut(job).kept);
            for number in 0..kept {
                self.tell_value(source, channel, ValueId(first.wrapping_add(number)));
            }
        }
        Reply::Listener { listener, kept }
    }

    pub(super) fn unlisten(&mut self, ListenerId(listener): ListenerId) -> Reply {
        let left = std::mem::replace(&mut self.listeners[listener as usize].left, true);
        if left { Reply::Ignored } else { Reply::Done }
    }

    // ── subjects and gates ──────────────────────────────────────────────────────────────────────

    pub(super) fn drop_emitter(&mut self, emitter: EmitterId) -> Reply {
        self.leave_all(Source::Emitter(emitter), None);
        let dropped = std::mem::replace(&mut self.emitters[emitter.0 as usize].dropped, true);
        if dropped { Reply::Ignored } else { Reply::Done }
    }

    pub(super) fn emit(&mut self, emitter: EmitterId, value: ValueId) -> Reply {
        if self.emitters[emitter.0 as usize].dropped {
            return Reply::Ignored;
        }
        Reply::Told(self.tell_value(Source::Emitter(emitter), Channel::Value, value))
    }

    pub(super) fn open(&mut self, emitter: EmitterId, value: ValueId) -> Reply {
        let record = &mut self.emitters[emitter.0 as usize];
        if record.dropped || std::mem::replace(&mut record.open, true) {
            return Reply::Ignored;
        }
        let told = self.tell_value(Source::Emitter(emitter), Channel::Value, value);
        self.leave_all(Source::Emitter(emitter), Some(Channel::Value));
        Reply::Told(told)
    }

    // ── what bodies say and hear ────────────────────────────────────────────────────────────────

    /// Only the attempt that has the slot speaks for its job.
    fn speaks(&self, job: JobId, attempt: u32) -> bool {
        self.job(job).attempt == attempt && matches!(self.job(job).phase, Phase::Running | Phase::Deciding)
    }

    pub(super) fn set_state(&mut self, job: JobId, attempt: u32, value: ValueId) -> Reply {
        if !self.speaks(job, attempt) {
            return Reply::Ignored;
        }
        Reply::Told(self.tell_value(Source::Job(job), Channel::State, value))
    }

    pub(super) fn progress(&mut self, job: JobId, attempt: u32, percent: f64, value: ValueId) -> Reply {
        if !self.speaks(job, attempt) {
            return Reply::Ignored;
        }
        self.tell_value(Source::Job(job), Channel::Progress, value);
        self.tell_value_of_job(job, Event::Progress, value);
        Reply::Percent(percent.clamp(0.0, 100.0))
    }

    pub(super) fn log(&mut self, job: JobId, attempt: u32, value: ValueId) -> Reply {
        if !self.speaks(job, attempt) {
            return Reply::Ignored;
        }
        Reply::Told(self.tell_value_of_job(job, Event::Log, value))
    }

    pub(super) fn dispatch(&mut self, job: JobId, value: ValueId) -> Reply {
        if self.has_ended(job) {
            return Reply::Ignored;
        }
        if self.present(Source::Job(job), Channel::Action).is_empty() {
            self.job_mut(job).kept += 1;
            return Reply::Kept;
        }
        Reply::Told(self.tell_value(Source::Job(job), Channel::Action, value))
    }
}
