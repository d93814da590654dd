//! Whether a request that was refused is made again, and when.

/// A server that wants to be left alone for longer is not asked again by itself: nobody watches a page for that long.
/// Milliseconds.
pub const LONGEST_WAIT: f64 = 60_000.0;
/// How often a server that says "later" is asked again.
pub const RETRIES: u32 = 2;
/// Before the first retry, on top of what the server asks for. Milliseconds.
const SPREAD: f64 = 500.0;

/// Whether a server refuses to be asked for token counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum UsageRefused {
    /// It says so.
    Yes,
    /// It refuses a field, and does not say which.
    Maybe,
    /// Something else is the matter.
    No,
}

/// An error response, as far as it matters whether to ask again.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Refusal {
    /// HTTP status.
    pub status: u16,
    /// Milliseconds for which the server asks to be left alone; 0 if it does not say.
    pub wait: f64,
    /// There is no quota left, which waiting does not change.
    pub used_up: bool,
    /// Whether the same without `stream_options` may be taken.
    pub usage: UsageRefused,
}

impl Refusal {
    /// Whether asking again may help: 429 and 503, unless the quota is used up or the wait too long.
    #[must_use]
    pub fn is_retriable(&self) -> bool {
        matches!(self.status, 429 | 503) && !self.used_up && self.wait <= LONGEST_WAIT
    }
}

/// What to do after a refusal.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Next {
    /// Ask again at once, without `stream_options`.
    WithoutUsage,
    /// Ask the same again after so many milliseconds.
    Wait(f64),
    /// Nothing: the request has failed.
    Fail,
}

/// One request, however often it is made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Attempts {
    usage: bool,
    /// The server may refuse `stream_options`: it is found out by leaving them out.
    tried: bool,
    refused: bool,
    again: u32,
}

impl Attempts {
    /// `usage`: whether to ask for token counts.
    #[must_use]
    pub fn new(usage: bool) -> Self {
        Self { usage, tried: false, refused: false, again: 0 }
    }

    /// Whether the next attempt asks for token counts.
    #[must_use]
    pub fn asks_for_usage(&self) -> bool {
        self.usage
    }

    /// Whether this server is not to be asked for token counts any more, by no request.
    #[must_use]
    pub fn usage_is_refused(&self) -> bool {
        self.refused
    }

    /// The server has taken the last attempt.
    pub fn taken(&mut self) {
        self.refused |= self.tried;
    }

    /// The server has refused the last attempt. `chance` is from 0 to 1.
    pub fn refused(&mut self, refusal: &Refusal, chance: f64) -> Next {
        if self.usage && refusal.usage != UsageRefused::No {
            self.refused |= refusal.usage == UsageRefused::Yes;
            (self.usage, self.tried) = (false, true);
            Next::WithoutUsage
        } else if refusal.is_retriable() && self.again < RETRIES {
            self.again += 1;
            Next::Wait(pause(refusal.wait, self.again - 1, chance))
        } else {
            Next::Fail
        }
    }
}

/// As long as the server asks for, and up to half a second more, which doubles each time, so that not everyone comes back
/// in the same moment.
fn pause(wait: f64, again: u32, chance: f64) -> f64 {
    wait + SPREAD * f64::from(1 << again) * chance.clamp(0.0, 1.0)
}
