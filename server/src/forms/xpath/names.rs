//! Element names as small numbers, so that following a path compares numbers.

use std::collections::HashMap;

/// A name; attributes are names that begin with `@`.
pub(in crate::forms) type Name = u32;

/// The names of one form.
#[derive(Debug, Clone, Default)]
pub(in crate::forms) struct Names(HashMap<Box<str>, Name>);

/// A name that no element has.
pub(in crate::forms) const NO_NAME: Name = Name::MAX;

impl Names {
    /// The number of a name, new or known; prefixes do not count.
    pub(in crate::forms) fn intern(&mut self, name: &str) -> Name {
        let name = local(name);
        if let Some(&known) = self.0.get(name) {
            return known;
        }
        let fresh = Name::try_from(self.0.len()).unwrap_or(NO_NAME);
        self.0.insert(name.into(), fresh);
        fresh
    }

    /// The number of a name, or one that no element has.
    pub(in crate::forms) fn get(&self, name: &str) -> Name {
        self.0.get(local(name)).copied().unwrap_or(NO_NAME)
    }
}

fn local(name: &str) -> &str {
    name.rsplit_once(':').map_or(name, |(_, local)| local)
}
