//! The answer to a request to run a job.

use std::fmt;

use super::job::Job;

/// What [`JobManager::run_job`](super::JobManager::run_job) did.
pub enum RunJob<K, S, A, R> {
    /// It made this job.
    Created(Job<K, S, A, R>),
    /// This job runs or waits under the key already; the body given was not taken.
    AlreadyRunning(Job<K, S, A, R>),
}

impl<K, S, A, R> RunJob<K, S, A, R> {
    /// The job under the key, whoever made it.
    #[must_use]
    pub fn job(&self) -> &Job<K, S, A, R> {
        let (Self::Created(job) | Self::AlreadyRunning(job)) = self;
        job
    }

    /// As [`RunJob::job`].
    #[must_use]
    pub fn into_job(self) -> Job<K, S, A, R> {
        let (Self::Created(job) | Self::AlreadyRunning(job)) = self;
        job
    }

    /// Whether the job is new.
    #[must_use]
    pub fn is_created(&self) -> bool {
        matches!(self, Self::Created(_))
    }
}

impl<K: fmt::Debug, S, A, R> fmt::Debug for RunJob<K, S, A, R> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = if self.is_created() { "Created" } else { "AlreadyRunning" };
        formatter.debug_tuple(name).field(self.job()).finish()
    }
}
