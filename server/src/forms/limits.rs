//! Size limits of the XML we agree to read, each with its reason.

/// What one reading of a document may cost.
#[derive(Debug, Clone, Copy)]
pub(super) struct Limits {
    /// Open elements at once.
    pub(super) depth: usize,
    /// Elements in all.
    pub(super) nodes: usize,
    /// Attributes on one element.
    pub(super) attributes: usize,
    /// Bytes of one run of text or of one attribute.
    pub(super) text: usize,
}

/// Submissions: the deepest real form has 6 levels and the longest 400 questions; a roster of
/// 1 000 people with 50 questions each still fits in 100 000 nodes. Collect writes at most a few
/// dozen namespace declarations. 1 MiB is a very long interview note.
pub(super) const SUBMISSION: Limits =
    Limits { depth: 64, nodes: 100_000, attributes: 64, text: 1 << 20 };

/// Forms: published by an administrator, and inline choice lists can be long (10 nodes a commune).
pub(super) const FORM: Limits =
    Limits { depth: 64, nodes: 1_000_000, attributes: 64, text: 1 << 20 };

/// Bytes of a form: the largest real one is 100 kB; Central advertises 100 MB for everything.
pub(super) const FORM_BYTES: usize = 32 << 20;

/// Violations kept per submission: a person reads them, and a hostile file could raise 100 000.
pub(super) const VIOLATIONS: usize = 500;

/// Names of unknown nodes kept per submission: enough to recognise a wrong form version.
pub(super) const UNKNOWN_NODES: usize = 20;

/// Steps that the form's logic may take on one submission: real ones take under 2 000, and
/// 200 000 are a few milliseconds.
pub(super) const LOGIC_STEPS: u32 = 200_000;
