//! Every command by name, and what a manager can be told.

use std::collections::BTreeMap;

use jobgate::engine::{AbortCause, Command, EmitterId, ManagerId, ManagerOptions, Refusal, Reply};

use super::{Emitter, Manager, Model, bounds};

impl Model {
    pub(super) fn obey(&mut self, command: &Command<'_>) -> Result<Reply, Refusal> {
        Ok(match *command {
            Command::CreateManager(options) => self.create_manager(options)?,
            Command::Run { manager, key, options } => self.run(manager, key, options)?,
            Command::Begin(job) => self.begin(job),
            Command::Settle { job, attempt, outcome } => self.settle(job, attempt, outcome),
            Command::Retry { job, again, wait, random } => self.retry(job, again, wait, random),
            Command::Called(job) => self.called(job),
            Command::Stop(job) => self.stop(job, AbortCause::Stop),
            Command::StopKey(key) => self.stop_key(key),
            Command::SetPriority { job, priority } => {
                bounds::priority(priority)?;
                self.set_priority(job, priority)
            }
            Command::AwaitStop { job, timeout } => {
                bounds::stop_timeout(timeout)?;
                self.wait(job, timeout, false)
            }
            Command::Sleep { job, time } => {
                bounds::sleep(time)?;
                self.wait(job, time, true)
            }
            Command::SetState { job, attempt, value } => self.set_state(job, attempt, value),
            Command::Progress { job, attempt, percent, value } => {
                bounds::percent(percent)?;
                self.progress(job, attempt, percent, value)
            }
            Command::Log { job, attempt, value } => self.log(job, attempt, value),
            Command::Dispatch { job, value } => self.dispatch(job, value),
            Command::CreateEmitter => {
                self.emitters.push(Emitter::default());
                Reply::Emitter(EmitterId(self.emitters.len() as u32 - 1))
            }
            Command::DropEmitter(emitter) => self.drop_emitter(emitter),
            Command::Listen { source, channel, kept } => self.listen(source, channel, kept),
            Command::Unlisten(listener) => self.unlisten(listener),
            Command::Emit { emitter, value } => self.emit(emitter, value),
            Command::Open { emitter, value } => self.open(emitter, value),
            Command::Tick => self.tick(),
            Command::Recycle => Reply::Done,
            Command::SetConcurrency { manager, concurrency } => {
                bounds::concurrency(concurrency)?;
                self.tell_manager(manager, |record| record.concurrency = concurrency)
            }
            Command::SetRateLimit { manager, rate_limit } => {
                bounds::rate_limit(rate_limit, "rateLimit.limit", "rateLimit.interval")?;
                self.tell_manager(manager, |record| {
                    record.rate_limit = rate_limit;
                    record.counts |= rate_limit.is_some();
                })
            }
            Command::NoteStart { manager, at } => self.tell_manager(manager, |record| {
                record.counts = true;
                record.starts.push((at.as_millis() * 1000.0).round() as u64);
            }),
            Command::Pause(manager) => self.tell_manager(manager, |record| record.paused = true),
            Command::Resume(manager) => self.tell_manager(manager, |record| record.paused = false),
            Command::DropManager(manager) => self.tell_manager(manager, |record| record.orphaned = true),
            Command::StopAll(manager) => self.stop_all(manager),
            Command::StopPending(manager) => self.stop_pending(manager),
            Command::Forget(job) => self.forget(job),
            Command::Close(manager) => {
                self.manager_mut(manager).closed = true;
                self.stop_all(manager)
            }
            Command::AwaitPendingBelow { manager, size } => {
                bounds::size(size)?;
                let waits = f64::from(self.stats(manager).pending) >= size;
                if waits {
                    let record = self.manager_mut(manager);
                    record.awaits_below = record.awaits_below.max(size);
                }
                if waits { Reply::Ignored } else { Reply::Done }
            }
            Command::AwaitIdle(manager) => {
                let stats = self.stats(manager);
                let waits = stats.pending + stats.running > 0;
                self.manager_mut(manager).awaits_idle |= waits;
                if waits { Reply::Ignored } else { Reply::Done }
            }
        })
    }

    fn create_manager(&mut self, options: &ManagerOptions) -> Result<Reply, Refusal> {
        bounds::manager(options)?;
        self.managers.push(Manager {
            options: options.clone(),
            concurrency: options.concurrency,
            paused: options.paused,
            closed: false,
            orphaned: false,
            gone: false,
            rate_limit: options.rate_limit,
            counts: options.rate_limit.is_some() || options.group_rate_limit.is_some(),
            starts: Vec::new(),
            group_starts: BTreeMap::new(),
            limited_until: None,
            retained: Vec::new(),
            awaits_below: 0.0,
            awaits_idle: false,
            lined_up_at: 0,
        });
        Ok(Reply::Manager(ManagerId(self.managers.len() as u32 - 1)))
    }

    fn tell_manager(&mut self, manager: ManagerId, change: impl FnOnce(&mut Manager)) -> Reply {
        if self.manager(manager).gone {
            return Reply::Ignored;
        }
        change(self.manager_mut(manager));
        self.stirred.push(manager);
        Reply::Done
    }
}
