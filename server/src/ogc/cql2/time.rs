//! How two stretches of time lie to each other: the temporal functions of CQL2.

/// First and last microsecond; the ends of `i64` where open.
pub(super) type Span = (i64, i64);

/// A temporal function.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum When {
    After,
    Before,
    Contains,
    Disjoint,
    During,
    Equals,
    FinishedBy,
    Finishes,
    Intersects,
    Meets,
    MetBy,
    OverlappedBy,
    Overlaps,
    StartedBy,
    Starts,
}

impl When {
    /// Reads the name of the function in CQL2.
    pub(super) fn parse(name: &str) -> Option<Self> {
        Some(match name {
            "t_after" => Self::After,
            "t_before" => Self::Before,
            "t_contains" => Self::Contains,
            "t_disjoint" => Self::Disjoint,
            "t_during" => Self::During,
            "t_equals" => Self::Equals,
            "t_finishedby" => Self::FinishedBy,
            "t_finishes" => Self::Finishes,
            "t_intersects" => Self::Intersects,
            "t_meets" => Self::Meets,
            "t_metby" => Self::MetBy,
            "t_overlappedby" => Self::OverlappedBy,
            "t_overlaps" => Self::Overlaps,
            "t_startedby" => Self::StartedBy,
            "t_starts" => Self::Starts,
            _ => return None,
        })
    }

    /// Whether `a` lies so to `b` (21-065r2, table 14, after Allen).
    pub(super) const fn holds(self, a: Span, b: Span) -> bool {
        let ((s1, e1), (s2, e2)) = (a, b);
        match self {
            Self::After => s1 > e2,
            Self::Before => e1 < s2,
            Self::Contains => s1 < s2 && e1 > e2,
            Self::Disjoint => s1 > e2 || e1 < s2,
            Self::During => s1 > s2 && e1 < e2,
            Self::Equals => s1 == s2 && e1 == e2,
            Self::FinishedBy => s1 < s2 && e1 == e2,
            Self::Finishes => s1 > s2 && e1 == e2,
            Self::Intersects => s1 <= e2 && e1 >= s2,
            Self::Meets => e1 == s2,
            Self::MetBy => s1 == e2,
            Self::OverlappedBy => s1 > s2 && s1 < e2 && e1 > e2,
            Self::Overlaps => s1 < s2 && e1 > s2 && e1 < e2,
            Self::StartedBy => s1 == s2 && e1 > e2,
            Self::Starts => s1 == s2 && e1 < e2,
        }
    }
}
