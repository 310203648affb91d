//! What was declared before the census (R23, R25): shown beside the register, never a denominator.

/// Figures announced at the general assembly of the CNSCOM.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Declared {
    /// The day they were announced.
    pub day: jiff::civil::Date,
    /// Who announced them.
    pub source: &'static str,
    /// Gold sites.
    pub sites: u32,
    /// People involved, which is not people at work on a site.
    pub people_involved: u32,
    /// Tonnes of gold a year.
    pub gold_t: u32,
    /// Cumulative registrations of miners at the INPS; no denominator was given.
    pub inps_registrations: u32,
}

/// R23: the declared figures.
pub const DECLARED: Declared = Declared {
    day: jiff::civil::date(2024, 12, 17),
    source: "Assemblée générale de la CNSCOM-COOP-CA",
    sites: 350,
    people_involved: 2_000_000,
    gold_t: 20,
    inps_registrations: 71,
};
