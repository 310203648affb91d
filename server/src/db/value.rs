//! A bound value: typed even when NULL, because PostgreSQL wants to know.

use uuid::Uuid;

/// One argument of a statement.
#[derive(Clone, Debug)]
pub enum Value {
    /// A 64-bit integer or NULL.
    I64(Option<i64>),
    /// A 32-bit integer or NULL (zone ids).
    I32(Option<i32>),
    /// A float or NULL.
    F64(Option<f64>),
    /// Text or NULL.
    Text(Option<String>),
    /// Bytes or NULL.
    Bytes(Option<Vec<u8>>),
    /// A uuid or NULL.
    Uuid(Option<Uuid>),
    /// A truth value.
    Bool(bool),
}

macro_rules! value_from {
    ($($rust:ty => $variant:ident),* $(,)?) => {$(
        impl From<$rust> for Value {
            fn from(v: $rust) -> Self {
                Self::$variant(Some(v))
            }
        }
        impl From<Option<$rust>> for Value {
            fn from(v: Option<$rust>) -> Self {
                Self::$variant(v)
            }
        }
    )*};
}

value_from!(i64 => I64, i32 => I32, f64 => F64, String => Text, Vec<u8> => Bytes, Uuid => Uuid);

impl From<bool> for Value {
    fn from(v: bool) -> Self {
        Self::Bool(v)
    }
}

impl From<&str> for Value {
    fn from(v: &str) -> Self {
        Self::Text(Some(v.to_owned()))
    }
}

impl From<Option<&str>> for Value {
    fn from(v: Option<&str>) -> Self {
        Self::Text(v.map(str::to_owned))
    }
}

impl From<&[u8]> for Value {
    fn from(v: &[u8]) -> Self {
        Self::Bytes(Some(v.to_vec()))
    }
}

impl<const N: usize> From<[u8; N]> for Value {
    fn from(v: [u8; N]) -> Self {
        Self::Bytes(Some(v.to_vec()))
    }
}

impl From<crate::runtime::Micros> for Value {
    fn from(v: crate::runtime::Micros) -> Self {
        Self::I64(Some(v.0))
    }
}

impl From<Option<crate::runtime::Micros>> for Value {
    fn from(v: Option<crate::runtime::Micros>) -> Self {
        Self::I64(v.map(|m| m.0))
    }
}
