//! What somebody may see: computed on the server from the account, fails closed.

use crate::db::Query;

/// A zone: the enumeration area where a row was first registered. Never changes for a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ZoneId(pub i32);

impl ZoneId {
    /// The whole country: where rows go when their sender has no narrower zone.
    pub const COUNTRY: Self = Self(1);
}

/// The zones a caller may see. *What you may not see is not found.*
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Scope {
    /// Every zone.
    All,
    /// These zones only; none when the list is empty.
    Zones(Vec<ZoneId>),
}

impl Scope {
    /// The scope of somebody bound to `zone`, or to none.
    pub fn of(zone: Option<ZoneId>) -> Self {
        match zone {
            None | Some(ZoneId::COUNTRY) => Self::All,
            Some(zone) => Self::Zones(vec![zone]),
        }
    }

    /// Whether a row of this zone may be seen.
    pub fn contains(&self, zone: ZoneId) -> bool {
        match self {
            Self::All => true,
            Self::Zones(zones) => zones.contains(&zone),
        }
    }

    /// The numbers of the zones that may be seen; `None` = all.
    pub fn zones(&self) -> Option<Vec<i32>> {
        match self {
            Self::All => None,
            Self::Zones(zones) => Some(zones.iter().map(|z| z.0).collect()),
        }
    }

    /// Narrows a statement that has a WHERE clause to the zones that may be seen.
    pub fn narrow<'t>(&self, query: Query<'t>) -> Query<'t> {
        match self {
            Self::All => query,
            Self::Zones(zones) => {
                query.push(" AND zone_id IN ").push_list(zones.iter().map(|z| z.0))
            }
        }
    }

    /// As [`Scope::narrow`], for a statement over several tables: `and_column` is ` AND t.zone_id IN `.
    pub fn narrow_on<'t>(&self, query: Query<'t>, and_column: &'static str) -> Query<'t> {
        match self {
            Self::All => query,
            Self::Zones(zones) => query.push(and_column).push_list(zones.iter().map(|z| z.0)),
        }
    }

    /// A text that tells scopes apart, for cache keys and change tokens.
    pub fn token(&self) -> String {
        match self {
            Self::All => String::from("*"),
            Self::Zones(zones) => {
                let mut ids: Vec<_> = zones.iter().map(|z| z.0.to_string()).collect();
                ids.sort();
                ids.join(",")
            }
        }
    }
}
