//! Keys that hold something.

use std::hash::{Hash, Hasher};

/// Equal by its name; what it holds goes when it goes.
#[derive(Clone, Debug)]
pub(crate) struct Key<Name, Held>(
    pub(crate) Name,
    #[allow(dead_code, reason = "held to be seen going")] pub(crate) Held,
);

impl<Name: PartialEq, Held> PartialEq for Key<Name, Held> {
    fn eq(&self, other: &Self) -> bool {
        self.0 == other.0
    }
}
impl<Name: Eq, Held> Eq for Key<Name, Held> {}
impl<Name: Hash, Held> Hash for Key<Name, Held> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.0.hash(state);
    }
}
