//! What a job does, in the simulator: steps, waits, an end.

use jobgate::engine::shared::{AbortWhy, Outcome};

use super::chance::Chance;

#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Stage {
    /// An effect whose result is recorded.
    Step(u32),
    Wait(u64),
}

/// The same for every run of the job.
#[derive(Debug, Clone)]
pub struct Script {
    pub stages: Vec<Stage>,
    /// Of attempt 1, 2, …; then the last.
    pub outcomes: Vec<Outcome>,
    pub listens: bool,
    /// Milliseconds from an abort to its end.
    pub slow_to_abort: u64,
}

impl Script {
    pub fn random(chance: &mut Chance) -> Self {
        let stages = (0..chance.below(4)).map(|step| match chance.below(2) {
            0 => Stage::Step(step as u32),
            _ => Stage::Wait(chance.below(120)),
        });
        let stages = stages.collect();
        let outcomes = (0..=chance.below(3)).map(|_| match chance.below(6) {
            0 => Outcome::Rejected { retry: false, wait: None },
            1 => Outcome::Rejected { retry: true, wait: Some(50.0) },
            2 => Outcome::Rejected { retry: true, wait: None },
            _ => Outcome::Resolved,
        });
        let outcomes = outcomes.collect();
        Self { stages, outcomes, listens: chance.percent(70), slow_to_abort: chance.below(60) }
    }

    pub fn outcome(&self, attempt: u32) -> Outcome {
        let last = self.outcomes.len() - 1;
        self.outcomes[(attempt as usize - 1).min(last)]
    }
}

/// One run of it in one tab.
#[derive(Debug)]
pub struct Body {
    pub attempt: u32,
    pub stage: usize,
    pub known: Vec<u32>,
    pub aborted: Option<AbortWhy>,
}
