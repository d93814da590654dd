//! In which order a manager's jobs are listed: those that run, then those that wait in the order in which they will
//! start, then those that have ended. Who asks sorts by what is said here and decides nothing of its own.

use super::effect::{Effect, EffectSink, Targets};
use super::ids::{Channel, JobId, ManagerId, ValueId};
use super::job::{Job, Phase};
use super::slab::NONE;
use super::time::Time;
use super::{Engine, Source};

/// Where a job is listed among those of its manager: lower comes first. The first number is its stage, the others count
/// within that; all are finite. A job whose rank changes is told of by an event, or on [`Channel::Order`].
pub type Rank = [f64; 4];

/// In the order of their starts.
const RUNNING: f64 = 0.0;
/// Higher priority, then longer in line.
const READY: f64 = 1.0;
/// The sooner its delay or its retry's wait is over; at the same moment the higher priority, then who began to wait.
const DELAYED: f64 = 2.0;
/// Behind another job under its key.
const BEHIND_KEY: f64 = 3.0;
/// Newest first.
const ENDED: f64 = 4.0;

impl Engine {
    /// `None` once it is forgotten and the effects that told so are recycled.
    #[must_use]
    pub fn rank(&self, JobId(job): JobId) -> Option<Rank> {
        self.jobs.get(job).map(|job| self.rank_of(job))
    }

    fn rank_of(&self, job: &Job) -> Rank {
        let entered = job.entered as f64;
        // Not minus zero, which sorts before zero.
        let level = 0.0 - job.priority;
        match job.phase {
            Phase::Granted | Phase::Running | Phase::Deciding => [RUNNING, entered, 0.0, 0.0],
            Phase::Ready => [READY, level, entered, 0.0],
            Phase::Waiting if job.delayed => {
                let (at, turn) =
                    self.cold.get(job.cold).map_or((Time::default(), 0), |cold| (cold.ready_at, cold.deadline.turn()));
                [DELAYED, at.as_millis(), level, turn as f64]
            }
            Phase::Waiting => [BEHIND_KEY, 0.0, 0.0, 0.0],
            Phase::Ended(_) => [ENDED, 0.0 - entered, 0.0, 0.0],
        }
    }

    /// Those of a manager that have not ended, oldest first, with their ranks.
    pub fn ranked(&self, manager: ManagerId) -> impl Iterator<Item = (JobId, Rank)> {
        self.jobs(manager).filter_map(|id| {
            let job = self.jobs.get(id.0).filter(|job| !job.has_ended())?;
            Some((id, self.rank_of(job)))
        })
    }

    /// The same by their ranks.
    #[must_use]
    pub fn order(&self, manager: ManagerId) -> Vec<JobId> {
        let mut ranked: Vec<(JobId, Rank)> = self.ranked(manager).collect();
        ranked.sort_by(|(_, one), (_, other)| one.partial_cmp(other).unwrap_or(std::cmp::Ordering::Equal));
        ranked.into_iter().map(|(id, _)| id).collect()
    }

    /// A job is listed elsewhere now, or its priority is another, of which no event tells.
    pub(super) fn tell_order(&self, index: u32, effects: &mut impl EffectSink) {
        let Some(job) = self.jobs.get(index) else { return };
        let emitter = self.managers.get(job.manager).map_or(NONE, |manager| manager.emitter);
        if emitter == NONE {
            return;
        }
        let to: Targets = self.emitters.targets(emitter, Channel::Order, effects);
        if to.count() > 0 {
            let source = Source::Manager(ManagerId(job.manager));
            let about = Some(JobId(index));
            effects.push(Effect::Deliver { source, channel: Channel::Order, about, value: ValueId::NONE, to });
        }
    }
}
