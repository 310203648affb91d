//! Why a form or a submission cannot be read, in words for the person who must act.

use thiserror::Error;

/// Why a form definition cannot be published; read by the administrator.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum FormError {
    /// The file is larger than any form should be.
    #[error("the form is {bytes} bytes long, more than the {limit} allowed")]
    TooLarge {
        /// Size of the file.
        bytes: usize,
        /// Largest size accepted.
        limit: usize,
    },
    /// The XML cannot be read, or is deeper or larger than allowed.
    #[error("the form is not XML that can be accepted: {0}")]
    Xml(#[from] XmlRefused),
    /// There is no `<model>`: this is not an XForm.
    #[error("the file has no <model>: it is not an XForm (convert an XLSForm with pyxform first)")]
    NoModel,
    /// The model has no primary instance.
    #[error("the model has no primary <instance> with a root element")]
    NoInstance,
    /// The root of the primary instance has no `id`.
    #[error("the root element <{root}> of the primary instance has no id attribute")]
    NoFormId {
        /// Name of that root element.
        root: String,
    },
    /// The form asks phones to encrypt submissions, which the server could then not read.
    #[error("encrypted forms are not supported: remove base64RsaPublicKey from <submission>")]
    Encrypted,
    /// The form follows a version of the Entities specification that this server does not know.
    #[error("entities-version {version} is not known: 2022.1 to 2025.1 are")]
    EntitiesVersion {
        /// The version that the form declares.
        version: String,
    },
    /// An attribute of the `urn:sanu:form:1` namespace has a value that means nothing.
    #[error("sanu:{attribute}=\"{value}\" on {place} is not one of: {expected}")]
    BadAttribute {
        /// Local name of the attribute.
        attribute: &'static str,
        /// The value found.
        value: String,
        /// `<model>` or the path of the bind.
        place: String,
        /// The values allowed.
        expected: &'static str,
    },
    /// An entity declaration names no dataset.
    #[error("the <entity> in {path} has no dataset attribute")]
    EntityWithoutDataset {
        /// Path of the group that holds the declaration.
        path: String,
    },
}

/// Why the XML of a submission is refused; never for its content, only for its form.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum XmlRefused {
    /// The bytes are not UTF-8, or the declaration says another encoding.
    #[error("the XML is not UTF-8")]
    NotUtf8,
    /// The document has a DTD or declares entities.
    #[error("the XML has a DTD or declares entities")]
    Dtd,
    /// Too many elements are open at once.
    #[error("the XML has elements nested too deeply")]
    TooDeep,
    /// There are too many elements.
    #[error("the XML has too many elements")]
    TooManyNodes,
    /// One element has too many attributes.
    #[error("an element has too many attributes")]
    TooManyAttributes,
    /// A text or an attribute is too long.
    #[error("a text in the XML is too long")]
    TextTooLong,
    /// An entity reference is not one of the five of XML.
    #[error("the XML uses an unknown entity near byte {offset}")]
    UnknownEntity {
        /// Where the reader stood.
        offset: u64,
    },
    /// U+0000, or a character reference that is no character.
    #[error("the XML contains a forbidden character near byte {offset}")]
    BadCharacter {
        /// Where the reader stood.
        offset: u64,
    },
    /// The document is not well-formed.
    #[error("the XML cannot be parsed near byte {offset}")]
    Unparsable {
        /// Where the reader stood.
        offset: u64,
    },
    /// Something follows the root element.
    #[error("something follows the end of the document near byte {offset}")]
    TrailingContent {
        /// Where the reader stood.
        offset: u64,
    },
    /// The root element does not say which form it answers.
    #[error("the root element has no form id")]
    NoFormId,
}

impl XmlRefused {
    /// Stable name of the refusal, for logs, metrics and machine clients.
    pub fn code(self) -> &'static str {
        match self {
            Self::NotUtf8 => "xml_not_utf8",
            Self::Dtd => "xml_dtd",
            Self::TooDeep => "xml_too_deep",
            Self::TooManyNodes => "xml_too_many_nodes",
            Self::TooManyAttributes => "xml_too_many_attributes",
            Self::TextTooLong => "xml_text_too_long",
            Self::UnknownEntity { .. } => "xml_unknown_entity",
            Self::BadCharacter { .. } => "xml_bad_character",
            Self::Unparsable { .. } => "xml_unparsable",
            Self::TrailingContent { .. } => "xml_trailing_content",
            Self::NoFormId => "xml_no_form_id",
        }
    }

    /// Short French sentence for the enumerator's phone.
    pub fn message_fr(self) -> &'static str {
        match self {
            Self::NotUtf8 | Self::BadCharacter { .. } => {
                "Fiche illisible : caractères non valides. Montrez ce message au superviseur."
            }
            Self::Dtd | Self::UnknownEntity { .. } => {
                "Fiche refusée : fichier XML non autorisé. Montrez ce message au superviseur."
            }
            Self::TooDeep | Self::TooManyNodes | Self::TooManyAttributes | Self::TextTooLong => {
                "Fiche refusée : elle est trop grande. Montrez ce message au superviseur."
            }
            Self::Unparsable { .. } | Self::TrailingContent { .. } => {
                "Fiche illisible : fichier abîmé. Renvoyez-la ; si cela continue, gardez-la et \
                 prévenez le superviseur."
            }
            Self::NoFormId => {
                "Fiche refusée : elle ne dit pas à quel formulaire elle répond. Prévenez le \
                 superviseur."
            }
        }
    }
}
