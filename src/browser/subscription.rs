//! What ends a callback when it is dropped.

use std::fmt;
use std::rc::Weak;

use super::driver::Driver;
use crate::engine::ListenerId;

/// A callback's place: the callback is called until this is dropped, and never afterwards, also where a call was due.
#[must_use = "dropping a subscription ends it"]
pub struct Subscription {
    driver: Weak<Driver>,
    listener: Option<ListenerId>,
}

impl Subscription {
    pub(crate) fn new(driver: &Driver, listener: Option<ListenerId>) -> Self {
        Self { driver: driver.me(), listener }
    }
}

impl Drop for Subscription {
    fn drop(&mut self) {
        if let (Some(driver), Some(listener)) = (self.driver.upgrade(), self.listener) {
            driver.unlisten(listener);
        }
    }
}

impl fmt::Debug for Subscription {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Subscription").field("listener", &self.listener).finish_non_exhaustive()
    }
}
