//! Roles, as in `docs/ARCHITECTURE.md`: what each may read is decided here and nowhere else.

use crate::forms::Class;

/// What an account is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Role {
    /// Runs the server.
    Admin,
    /// Decides duplicates, publishes forms, exports.
    DataManager,
    /// Reviews what a team sends.
    Supervisor,
    /// Interviews people; every device has this role.
    Enumerator,
    /// Reads sites and pseudonymised extracts.
    Researcher,
    /// Chambre des Mines: reads counts by place and the register of sites.
    Chamber,
    /// An officer of one cooperative.
    Cooperative,
    /// Child protection focal point.
    Protection,
    /// Anybody with a public account: aggregates only.
    Public,
}

const ALL: [Role; 9] = [
    Role::Admin,
    Role::DataManager,
    Role::Supervisor,
    Role::Enumerator,
    Role::Researcher,
    Role::Chamber,
    Role::Cooperative,
    Role::Protection,
    Role::Public,
];

impl Role {
    /// The spelling on the command line and in the database.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Admin => "admin",
            Self::DataManager => "data_manager",
            Self::Supervisor => "supervisor",
            Self::Enumerator => "enumerator",
            Self::Researcher => "researcher",
            Self::Chamber => "chamber",
            Self::Cooperative => "cooperative",
            Self::Protection => "protection",
            Self::Public => "public",
        }
    }

    /// Reads that spelling.
    pub fn parse(text: &str) -> Option<Self> {
        ALL.into_iter().find(|r| r.as_str() == text)
    }

    /// All roles, for help texts.
    pub fn all() -> impl Iterator<Item = Self> {
        ALL.into_iter()
    }

    /// Whether the account sends forms from the field: only these get a stored Digest secret.
    pub const fn is_field(self) -> bool {
        matches!(self, Self::Enumerator | Self::Supervisor)
    }

    /// Whether forms may be fetched and submissions sent.
    pub const fn may_collect(self) -> bool {
        matches!(self, Self::Enumerator | Self::Supervisor | Self::DataManager | Self::Admin)
    }

    /// Whether counts may be read at all. Public accounts wait for the fixed tables.
    pub const fn may_count(self) -> bool {
        !matches!(self, Self::Enumerator | Self::Cooperative)
    }

    /// Whether extracts of people without names, places or numbers may be fetched: researchers have signed
    /// a data agreement.
    pub const fn may_extract(self) -> bool {
        matches!(self, Self::Researcher | Self::DataManager)
    }

    /// Whether the counts of this dataset are shown exactly, without suppression.
    pub fn sees_exact_counts(self, children: bool) -> bool {
        if children {
            matches!(self, Self::DataManager | Self::Protection)
        } else {
            matches!(self, Self::Admin | Self::DataManager | Self::Supervisor)
        }
    }

    /// Whether exact counts may be told by nationality: a list of foreigners by place endangers them.
    pub const fn sees_exact_origins(self) -> bool {
        matches!(self, Self::Admin | Self::DataManager)
    }

    /// Whether duplicates may be decided, of children or of everything else.
    pub const fn may_decide(self, children: bool) -> bool {
        match self {
            Self::DataManager => true,
            Self::Protection => children,
            _ => false,
        }
    }

    /// Whether submissions may be read and decided, of children or of everything else.
    pub const fn may_review(self, children: bool) -> bool {
        match self {
            Self::DataManager => true,
            Self::Supervisor => !children,
            Self::Protection => children,
            _ => false,
        }
    }

    /// Whether a person may be erased on their wish.
    pub const fn may_erase(self, children: bool) -> bool {
        match self {
            Self::Admin | Self::DataManager => !children,
            Self::Protection => children,
            _ => false,
        }
    }

    /// Whether all that is held of a person may be read, to be handed over to them.
    pub const fn may_hand_over(self, children: bool) -> bool {
        match self {
            Self::DataManager => !children,
            Self::Protection => children,
            _ => false,
        }
    }

    /// Whether answers may be corrected.
    pub const fn may_correct(self) -> bool {
        matches!(self, Self::DataManager)
    }

    /// Whether entities may be deleted and restored, children or everything else.
    pub const fn may_delete(self, children: bool) -> bool {
        match self {
            Self::DataManager => true,
            Self::Admin => !children,
            _ => false,
        }
    }

    /// How much of a possible duplicate may be read; `None` = it is not found.
    pub const fn review_tier(self, children: bool) -> Option<ReviewTier> {
        match self {
            Self::DataManager => Some(ReviewTier::Identity),
            Self::Protection if children => Some(ReviewTier::Identity),
            Self::Supervisor if !children => Some(ReviewTier::Pair),
            _ => None,
        }
    }

    /// How much of the answers of forms may be read, row by row; `None` = nothing.
    pub const fn record_tier(self, children: bool) -> Option<RecordTier> {
        match self {
            Self::DataManager => Some(RecordTier::Coded),
            Self::Protection if children => Some(RecordTier::Referral),
            Self::Supervisor if !children => Some(RecordTier::Open),
            _ => None,
        }
    }

    /// How much of a site may be read; `None` = nothing.
    pub const fn site_tier(self) -> Option<SiteTier> {
        match self {
            Self::Admin | Self::DataManager | Self::Supervisor => Some(SiteTier::Full),
            Self::Chamber => Some(SiteTier::Register),
            Self::Enumerator | Self::Researcher | Self::Protection => Some(SiteTier::Exact),
            Self::Cooperative | Self::Public => Some(SiteTier::Public),
        }
    }
}

/// What of a possible duplicate somebody may read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ReviewTier {
    /// That there is a pair, and the evidence in words and weights.
    Pair,
    /// Both registrations side by side too; every reading is noted.
    Identity,
}

/// What of the answers of forms somebody may read, row by row.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum RecordTier {
    /// Answers of class "none".
    Open,
    /// Every answer but what names a person and what was referred.
    Coded,
    /// The same, with referrals.
    Referral,
}

impl RecordTier {
    /// Whether sealed answers are opened at all.
    pub const fn opens(self) -> bool {
        !matches!(self, Self::Open)
    }

    /// Whether an answer of this class may be read, part of a referral or not. Nobody reads here what
    /// names a person.
    pub fn reads(self, class: Class, referral: bool) -> bool {
        match self {
            Self::Open => class == Class::None && !referral,
            Self::Coded => class != Class::Direct && !referral,
            Self::Referral => class != Class::Direct,
        }
    }
}

/// What of the register of sites somebody may read (`domain/privacy.md`, table of roles).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum SiteTier {
    /// Every field, exact position.
    Full,
    /// The register without what endangers people on the site, exact position.
    Register,
    /// Public fields, exact position.
    Exact,
    /// Public fields, position to two decimals (about 1 km).
    Public,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_role_reads_back() {
        for role in Role::all() {
            assert_eq!(Role::parse(role.as_str()), Some(role));
        }
        assert_eq!(Role::parse("root"), None);
    }
}
