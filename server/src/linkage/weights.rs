//! The additive score: for each field and level, how likely it is in one person's, in relatives' and in strangers'
//! pairs (Fellegi and Sunter 1969, with three classes and the family block as one field).
#![expect(
    clippy::indexing_slicing,
    reason = "tables have as many cells as their field has levels, and every level comes from `cells`"
)]

use serde::{Deserialize, Serialize};

use super::{birth::BirthLevel, evidence::Field, pattern::Pattern, similarity::Likeness};

/// How many fields are summed.
pub(super) const FIELDS: usize = 11;
/// One person, two of a family, strangers.
pub(super) const CLASSES: usize = 3;
/// Position of "one person" among the classes.
pub(super) const SAME: usize = 0;
/// Position of "two of a family".
pub(super) const RELATIVE: usize = 1;

/// How many levels each field has.
pub(super) const CELLS: [usize; FIELDS] =
    [FAMILY_CELLS, 27, BirthLevel::COUNT, 3, 6, 5, 3, 7, 7, 12, 3];

/// What each field is called in an account.
pub(super) const FIELD: [Field; FIELDS] = [
    Field::Family,
    Field::Given,
    Field::Birth,
    Field::Sex,
    Field::Phone,
    Field::Nina,
    Field::Card,
    Field::Given,
    Field::Alias,
    Field::Circumstances,
    Field::Circumstances,
];

/// Position of the family block.
pub(super) const FAMILY: usize = 0;
/// Position of the NINA.
pub(super) const NINA: usize = 5;
/// Position of the card.
pub(super) const CARD: usize = 6;

/// Surname 4, village 6, father 4, mother 5.
const FAMILY_CELLS: usize = 4 * 6 * 4 * 5;

/// The level of each field.
pub(super) type Cells = [u16; FIELDS];

/// Reads the levels of a pattern.
pub(super) fn cells(p: &Pattern) -> Cells {
    [
        family(p),
        u16::from(p.given) * 3 + u16::from(p.given_rarity),
        u16::from(p.birth),
        u16::from(p.sex),
        u16::from(p.phone),
        u16::from(p.nina),
        u16::from(p.card),
        u16::from(p.second),
        u16::from(p.nick),
        u16::from(p.site) * 3 + u16::from(p.cooperative),
        u16::from(p.nationality),
    ]
}

/// The family block: surname, village, father and mother together, because among siblings they agree together.
fn family(p: &Pattern) -> u16 {
    const CLOSE: u8 = Likeness::Close.code();
    const NEAR: u8 = Likeness::Near.code();
    const MISSING: u8 = Likeness::Missing.code();
    let surname = match p.surname {
        0..=CLOSE => u16::from(p.surname_rarity == 0),
        NEAR | 7 => 2,
        _ => 3,
    };
    let village = match (p.village, p.cercle) {
        (0..=2, _) => u16::from(p.village_rarity == 0),
        (3 | NEAR, _) => 2,
        (MISSING, _) => 3,
        (_, 0..=CLOSE | MISSING) => 4,
        _ => 5,
    };
    let parent = |level: u8| match level {
        0..=1 => 0,
        2..=NEAR => 1,
        MISSING => 3,
        _ => 2,
    };
    let mother = match (p.mother, p.mother_family) {
        (0..=1, 0..=CLOSE) => 4,
        (level, _) => parent(level),
    };
    ((surname * 6 + village) * 4 + parent(p.father)) * 5 + mother
}

/// Whether given name, surname, village and full date of birth agree and no parent differs, whatever the numbers say.
pub(super) fn is_alike_in_all_but_numbers(cells: &Cells) -> bool {
    let [family, given, birth, ..] = *cells;
    let (surname, village) = (family / (6 * 4 * 5), family / (4 * 5) % 6);
    let (father, mother) = (family / 5 % 4, family % 5);
    let parents_fit = father != 2 && mother != 2;
    let same_date = birth == u16::from(BirthLevel::SameDate.index());
    surname <= 1
        && village <= 1
        && parents_fit
        && given / 3 <= u16::from(Likeness::Sound.code())
        && same_date
}

/// Log2 of the likelihood of every level in every class, and of the classes themselves.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Weights {
    /// Log2 share of each class among candidate pairs.
    pub(super) prior: [f32; CLASSES],
    /// By field, by class, by level.
    pub(super) tables: Vec<[Vec<f32>; CLASSES]>,
}

/// The additive evidence about one pair: log2 of the joint likelihood of each class.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Sums {
    /// One per class, prior included.
    pub(super) class: [f32; CLASSES],
    /// Of the family block, without prior.
    pub(super) family: [f32; CLASSES],
    /// Of NINA and card, without prior: kept apart, because they anchor the training of everything else.
    pub(super) identity: [f32; CLASSES],
}

impl Weights {
    /// Sums the evidence.
    pub(super) fn sums(&self, cells: &Cells) -> Sums {
        let mut sums = Sums { class: self.prior, ..Sums::default() };
        for (field, (table, &cell)) in self.tables.iter().zip(cells).enumerate() {
            for (class, likelihoods) in table.iter().enumerate() {
                let weight = likelihoods[usize::from(cell)];
                sums.class[class] += weight;
                if field == FAMILY {
                    sums.family[class] += weight;
                }
                if field == NINA || field == CARD {
                    sums.identity[class] += weight;
                }
            }
        }
        sums
    }

    /// The weight of "both carry a NINA" against the class `other`: the trees learn from such pairs only, so it is part
    /// of their answer already.
    pub(super) fn both_carry_nina(&self, other: usize) -> f32 {
        let carried =
            |class: usize| self.tables[NINA][class].iter().take(3).map(|w| w.exp2()).sum::<f32>();
        (carried(SAME) / carried(other)).log2()
    }

    /// The weight of one field against the class `other`.
    pub(super) fn weight(&self, field: usize, cell: u16, other: usize) -> f32 {
        let table = &self.tables[field];
        table[SAME][usize::from(cell)] - table[other][usize::from(cell)]
    }
}

impl Sums {
    /// The stronger alternative to "one person": relatives or strangers.
    pub(super) fn alternative(&self) -> usize {
        if self.class[RELATIVE] >= self.class[2] { RELATIVE } else { 2 }
    }

    /// Log2 odds of one person against the stronger alternative.
    pub(super) fn weight(&self) -> f32 {
        self.class[SAME] - self.class[self.alternative()]
    }

    /// Log2 odds without NINA and card.
    pub(super) fn without_identity(&self) -> f32 {
        let left = |class: usize| self.class[class] - self.identity[class];
        left(SAME) - left(RELATIVE).max(left(2))
    }

    /// The weight of NINA and card against the alternative.
    pub(super) fn identity_weight(&self) -> f32 {
        self.identity[SAME] - self.identity[self.alternative()]
    }

    /// The weight of the family block against strangers.
    pub(super) fn family_weight(&self) -> f32 {
        self.family[SAME] - self.family[2]
    }

    /// Among the two ways of being two people, the share of relatives.
    pub(super) fn relative_share(&self) -> f32 {
        let apart = (self.class[2] - self.class[RELATIVE]).clamp(-60.0, 60.0);
        1.0 / (1.0 + apart.exp2())
    }
}
