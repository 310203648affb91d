//! The synthetic census: a stream of submissions, the same for the same seed, day and size.

use jiff::civil::Date;

use super::document::Form;
use super::survey::{Filled, Survey};
use super::{child, cooperative, miner, profile, site_form, visit};

/// One filled form, as a phone would send it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Submission {
    /// The id of the form.
    pub form_id: &'static str,
    /// The version of the form.
    pub version: &'static str,
    /// The id of the instance, with its `uuid:`.
    pub instance_id: String,
    /// The submission, as ODK XML.
    pub xml: String,
    /// Which site of the census it was filled on: those who work there send it.
    pub site: u64,
}

/// A census that can be drawn again and again.
#[derive(Clone, Copy, Debug)]
pub struct Census {
    seed: u64,
    day: Date,
}

impl Census {
    /// Chooses a census; its interviews end on the eve of `day`, so that none lies in the future.
    pub const fn new(seed: u64, day: Date) -> Self {
        Self { seed, day }
    }

    /// Draws so many submissions: sites, cooperatives, then people and visits in the order of their days.
    pub fn submissions(&self, records: usize) -> Submissions {
        let records = u64::try_from(records).unwrap_or(u64::MAX);
        let survey = Survey::new(self.seed, self.day, records);
        let sites = usize::try_from(survey.sites()).unwrap_or(0);
        Submissions { survey, next: 0, records, visits: vec![0; sites] }
    }
}

/// The submissions of a census, made one by one.
#[derive(Clone, Debug)]
pub struct Submissions {
    survey: Survey,
    next: u64,
    records: u64,
    /// Visits to each site so far, because a phone sends the version of the site that it knew.
    visits: Vec<u32>,
}

impl Submissions {
    /// Makes the next submission if it lists a site: phones must know the sites before they send the rest.
    pub fn next_site(&mut self) -> Option<Submission> {
        (self.next < self.survey.sites()).then(|| self.next()).flatten()
    }

    fn make(&mut self, position: u64) -> Submission {
        let form = self.survey.form(position);
        let (form, Filled { instance, xml, site }) = match form {
            Form::Site => (form, site_form::fill(self.survey.interview(position))),
            Form::Cooperative => (form, cooperative::fill(&self.survey, position)),
            Form::Enfant => (form, child::fill(&self.survey, position)),
            Form::VisiteSite => (form, self.visit(position)),
            Form::Orpailleur => (form, miner::fill(&self.survey, position)),
            Form::Profil => match profile::fill(&self.survey, position) {
                Some(filled) => (form, filled),
                // Nobody is registered yet who could be asked.
                None => (Form::Orpailleur, miner::fill(&self.survey, position)),
            },
        };
        Submission {
            form_id: form.id(),
            version: form.version(),
            instance_id: format!("uuid:{instance}"),
            xml,
            site,
        }
    }

    fn visit(&mut self, position: u64) -> Filled {
        let interview = self.survey.interview(position);
        let visited = usize::try_from(interview.site_index).ok();
        let visits = visited.and_then(|site| self.visits.get_mut(site));
        let base_version = visits.map_or(1, |visits| {
            *visits += 1;
            *visits
        });
        visit::fill(interview, base_version)
    }
}

impl Iterator for Submissions {
    type Item = Submission;

    fn next(&mut self) -> Option<Submission> {
        let position = self.next;
        if position >= self.records {
            return None;
        }
        self.next += 1;
        Some(self.make(position))
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        let left = usize::try_from(self.records - self.next).ok();
        (left.unwrap_or(usize::MAX), left)
    }
}
