//! What `jr:choice-name` says: the label of a choice, when the form has one language only.

use std::collections::HashMap;

use super::itemset::Itemset;
use crate::forms::xpath::{Atom, Expr, Labels, Scope, Stop, World};

/// The labels of the choices of all questions.
#[derive(Debug, Clone, Default)]
pub(super) struct ChoiceLabels {
    /// By path of the question.
    pub(super) questions: HashMap<String, ChoicesOf>,
    /// The texts of the form's only language; none if there are several.
    pub(super) texts: Option<HashMap<String, String>>,
    /// The list that each file fills.
    pub(super) files: HashMap<String, usize>,
}

/// The choices of one question.
#[derive(Debug, Clone)]
pub(super) enum ChoicesOf {
    /// Code and label of each.
    Inline(Vec<(String, Label)>),
    /// The rows of a list.
    Rows(Itemset, RowLabel),
}

/// The label of a choice.
#[derive(Debug, Clone)]
pub(super) enum Label {
    Plain(String),
    /// Id of a text.
    Text(String),
}

/// Where a row has its label.
#[derive(Debug, Clone)]
pub(super) enum RowLabel {
    /// The label itself.
    Plain(Expr),
    /// The id of a text.
    Text(Expr),
}

impl ChoiceLabels {
    fn text(&self, id: &str) -> Result<String, Stop> {
        let several = || Stop::Unsupported("a label in one of several languages".to_owned());
        let texts = self.texts.as_ref().ok_or_else(several)?;
        texts.get(id).cloned().ok_or(Stop::Fails("a label that the form does not have"))
    }
}

impl Labels for ChoiceLabels {
    fn label<'e>(
        &'e self,
        world: &World<'e>,
        code: &str,
        path: &str,
        scope: &Scope<'e>,
    ) -> Result<String, Stop> {
        let question = self.questions.get(path.trim());
        match question.ok_or(Stop::Fails("choices of what is no question"))? {
            ChoicesOf::Inline(choices) => match choices.iter().find(|(known, _)| known == code) {
                Some((_, Label::Plain(label))) => Ok(label.clone()),
                Some((_, Label::Text(id))) => self.text(id),
                None => Ok(String::new()),
            },
            ChoicesOf::Rows(itemset, label) => {
                let Some(row) = itemset.chosen(world, code, scope)? else {
                    return Ok(String::new());
                };
                let text = |expression| {
                    world.atom(expression, &row).map(|a: Atom<'_>| a.to_text().into_owned())
                };
                match label {
                    RowLabel::Plain(expression) => text(expression),
                    RowLabel::Text(expression) => self.text(&text(expression)?),
                }
            }
        }
    }

    fn list_of_file(&self, file: &str) -> Option<usize> {
        self.files.get(file).or_else(|| self.files.get(&format!("{file}.csv"))).copied()
    }
}
