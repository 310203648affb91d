//! Transactions and statements.

use std::{borrow::Cow, fmt::Write as _, pin::Pin};

use futures_util::{Stream, StreamExt as _};
use sqlx::{
    Arguments as _, AssertSqlSafe, Postgres, Sqlite, Transaction, postgres::PgArguments,
    sqlite::SqliteArguments,
};

use super::{DbError, Result, Row, Value};

/// A boxed future, for transaction bodies that may run twice.
pub type BoxFuture<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// A statement text; two when the dialects must differ.
#[derive(Clone, Copy, Debug)]
pub struct Sql {
    /// Text for SQLite.
    pub sqlite: &'static str,
    /// Text for PostgreSQL.
    pub postgres: &'static str,
}

impl From<&'static str> for Sql {
    fn from(text: &'static str) -> Self {
        Self { sqlite: text, postgres: text }
    }
}

/// An open transaction. Dropped without [`Tx::commit`] it rolls back.
pub enum Tx {
    /// On SQLite.
    Sqlite(Transaction<'static, Sqlite>),
    /// On PostgreSQL.
    Postgres(Transaction<'static, Postgres>),
}

enum Args {
    Sqlite(SqliteArguments),
    Postgres(PgArguments),
}

/// Values a list may hold at once: far below both databases' limits (32,766 and 65,535).
const LIST_MAX: usize = 1_000;
/// Rows of one multi-row INSERT: powers of four keep the statement cache small.
const ROW_CHUNKS: [usize; 5] = [256, 64, 16, 4, 1];

impl Tx {
    /// Starts a statement.
    pub fn query(&mut self, sql: impl Into<Sql>) -> Query<'_> {
        let sql = sql.into();
        let (text, args) = match self {
            Self::Sqlite(_) => (sql.sqlite, Args::Sqlite(SqliteArguments::default())),
            Self::Postgres(_) => (sql.postgres, Args::Postgres(PgArguments::default())),
        };
        Query { tx: self, text: Text::Static(text), args, count: 0, failed: None }
    }

    /// Inserts many rows: `head` ends before VALUES, `tail` is the conflict clause or empty.
    ///
    /// Returns the number of rows the database says it touched. After an error the transaction must be given up.
    pub async fn insert_rows(
        &mut self,
        head: &'static str,
        tail: &'static str,
        rows: Vec<Vec<Value>>,
    ) -> Result<u64> {
        let mark = self.mark();
        let mut touched = 0;
        let mut rows = rows.into_iter().peekable();
        while rows.len() > 0 {
            let size = ROW_CHUNKS.into_iter().find(|n| *n <= rows.len()).unwrap_or(1);
            let mut query = self.query("");
            let mut text = String::with_capacity(head.len() + tail.len() + size * 48);
            // A row that fails fails the transaction: SQLite need not copy each page first to undo one statement.
            let plain = head.strip_prefix("INSERT INTO ");
            match plain.filter(|_| matches!(query.args, Args::Sqlite(_))) {
                Some(rest) => text.extend(["INSERT OR FAIL INTO ", rest]),
                None => text.push_str(head),
            }
            text.push_str(" VALUES ");
            let mut n = 0;
            let columns = rows.peek().map_or(0, Vec::len);
            match &mut query.args {
                Args::Sqlite(args) => args.reserve(size * columns, 0),
                Args::Postgres(args) => args.reserve(size * columns, 0),
            }
            for (i, row) in rows.by_ref().take(size).enumerate() {
                text.push_str(if i == 0 { "(" } else { ", (" });
                for (j, value) in row.into_iter().enumerate() {
                    n += 1;
                    let comma = if j == 0 { "" } else { ", " };
                    text.push_str(comma);
                    mark(&mut text, n);
                    query = query.bind(value);
                }
                text.push(')');
            }
            text.push(' ');
            text.push_str(tail);
            query.text = Text::Built(text);
            touched += query.execute().await?;
        }
        Ok(touched)
    }

    /// Fetches by a list that may be long, in chunks: `head` ends before the list's parenthesis.
    ///
    /// The list is padded by repeating its last value up to the next power of four, so that few
    /// distinct texts are prepared.
    pub async fn fetch_in(
        &mut self,
        head: &'static str,
        list: Vec<Value>,
        tail: &'static str,
    ) -> Result<Vec<Row>> {
        self.fetch_in_with(head, Vec::new(), list, tail).await
    }

    /// As [`Tx::fetch_in`], for a head that already uses `$1..` for `first`.
    pub async fn fetch_in_with(
        &mut self,
        head: &'static str,
        first: Vec<Value>,
        list: Vec<Value>,
        tail: &'static str,
    ) -> Result<Vec<Row>> {
        let mut found = Vec::new();
        for chunk in list.chunks(LIST_MAX) {
            found.extend(self.fetch_chunk(head, &first, chunk, tail, None).await?);
        }
        Ok(found)
    }

    /// As [`Tx::fetch_in`], for a list of at most `LIST_MAX` values, and at most so many rows.
    pub async fn fetch_some_in(
        &mut self,
        head: &'static str,
        list: Vec<Value>,
        most: i64,
    ) -> Result<Vec<Row>> {
        self.fetch_chunk(head, &[], &list, "LIMIT ", Some(most.into())).await
    }

    async fn fetch_chunk(
        &mut self,
        head: &'static str,
        first: &[Value],
        chunk: &[Value],
        tail: &'static str,
        last: Option<Value>,
    ) -> Result<Vec<Row>> {
        let mark = self.mark();
        let mut size = 1;
        while size < chunk.len() {
            size *= 4;
        }
        let mut text = String::with_capacity(head.len() + tail.len() + size * 6 + 10);
        text.push_str(&self.unnumbered(head, first.len()));
        text.push_str(" (");
        let mut query = self.query("");
        for value in first {
            query = query.bind(value.clone());
        }
        let padded = chunk.iter().chain(chunk.last().into_iter().cycle()).take(size);
        for (i, value) in padded.enumerate() {
            let comma = if i == 0 { "" } else { ", " };
            text.push_str(comma);
            mark(&mut text, first.len() + i + 1);
            query = query.bind(value.clone());
        }
        text.push_str(") ");
        text.push_str(tail);
        if let Some(last) = last {
            mark(&mut text, first.len() + size + 1);
            query = query.bind(last);
        }
        query.text = Text::Built(text);
        query.fetch_all().await
    }

    /// The head with `$1..` written as [`Tx::mark`] writes the rest: the driver counts placeholders
    /// with and without a number apart, so a text has one kind only.
    fn unnumbered(&self, head: &'static str, count: usize) -> Cow<'static, str> {
        match self {
            Self::Sqlite(_) => (1..=count).fold(Cow::Borrowed(head), |text, n| {
                Cow::Owned(text.replacen(&format!("${n}"), "?", 1))
            }),
            Self::Postgres(_) => Cow::Borrowed(head),
        }
    }

    /// How the next of many placeholders is written.
    ///
    /// On SQLite `?`: the driver looks named ones up one by one, which is quadratic in a long list.
    fn mark(&self) -> fn(&mut String, usize) {
        match self {
            Self::Sqlite(_) => |text, _| text.push('?'),
            Self::Postgres(_) => |text, n| {
                write!(text, "${n}").expect("writing to a String cannot fail");
            },
        }
    }

    /// Makes the work durable.
    pub async fn commit(self) -> Result<()> {
        match self {
            Self::Sqlite(tx) => tx.commit().await?,
            Self::Postgres(tx) => tx.commit().await?,
        }
        Ok(())
    }
}

enum Text {
    Static(&'static str),
    Built(String),
}

/// A statement with its arguments, ready to run once.
pub struct Query<'t> {
    tx: &'t mut Tx,
    text: Text,
    args: Args,
    count: usize,
    failed: Option<sqlx::Error>,
}

macro_rules! run {
    ($self:ident, |$query:ident, $conn:ident, $wrap:ident| $body:expr) => {{
        if let Some(error) = $self.failed {
            return Err(error.into());
        }
        // The text is a literal of this program, or literals joined with `$n`: never user input.
        match ($self.args, &mut *$self.tx) {
            (Args::Sqlite(args), Tx::Sqlite(tx)) => {
                let $query = match $self.text {
                    Text::Static(text) => sqlx::query_with(AssertSqlSafe(text), args),
                    Text::Built(text) => sqlx::query_with(AssertSqlSafe(text), args),
                };
                let $conn = &mut **tx;
                let $wrap = Row::Sqlite;
                $body
            }
            (Args::Postgres(args), Tx::Postgres(tx)) => {
                let $query = match $self.text {
                    Text::Static(text) => sqlx::query_with(AssertSqlSafe(text), args),
                    Text::Built(text) => sqlx::query_with(AssertSqlSafe(text), args),
                };
                let $conn = &mut **tx;
                let $wrap = Row::Postgres;
                $body
            }
            _ => unreachable!("arguments are made for the transaction they run on"),
        }
    }};
}

macro_rules! add_to {
    ($args:ident, $value:ident) => {
        match $value {
            Value::I64(v) => $args.add(v),
            Value::I32(v) => $args.add(v),
            Value::F64(v) => $args.add(v),
            Value::Text(v) => $args.add(v),
            Value::Bytes(v) => $args.add(v),
            Value::Uuid(v) => $args.add(v),
            Value::Bool(v) => $args.add(v),
        }
    };
}

impl<'t> Query<'t> {
    /// Appends to the text; for statements whose clauses depend on the question asked.
    #[must_use]
    pub fn push(mut self, sql: &'static str) -> Self {
        self.text = match self.text {
            Text::Static(text) => Text::Built(format!("{text}{sql}")),
            Text::Built(text) => Text::Built(text + sql),
        };
        self
    }

    /// Appends `$n` for the next value and binds it.
    #[must_use]
    pub fn push_bind(mut self, value: impl Into<Value>) -> Self {
        let mark = format!("${}", self.count + 1);
        self.text = match self.text {
            Text::Static(text) => Text::Built(format!("{text}{mark}")),
            Text::Built(text) => Text::Built(text + &mark),
        };
        self.bind(value)
    }

    /// Appends `($n, $n+1, ...)` for the values, or `(NULL)` when there is none: nothing is found.
    #[must_use]
    pub fn push_list<V: Into<Value>>(mut self, values: impl IntoIterator<Item = V>) -> Self {
        self = self.push("(");
        let mut first = true;
        for value in values {
            if !first {
                self = self.push(", ");
            }
            first = false;
            self = self.push_bind(value);
        }
        self.push(if first { "NULL)" } else { ")" })
    }

    /// Binds the next `$n`.
    #[must_use]
    pub fn bind(mut self, value: impl Into<Value>) -> Self {
        self.count += 1;
        let value = value.into();
        let added = match &mut self.args {
            Args::Sqlite(args) => add_to!(args, value),
            Args::Postgres(args) => add_to!(args, value),
        };
        if let Err(error) = added {
            self.failed = Some(sqlx::Error::Encode(error));
        }
        self
    }

    /// Runs it; returns the number of rows touched.
    pub async fn execute(self) -> Result<u64> {
        run!(self, |query, conn, _wrap| Ok(query.execute(conn).await?.rows_affected()))
    }

    /// All rows. The statement bounds how many.
    pub async fn fetch_all(self) -> Result<Vec<Row>> {
        run!(self, |query, conn, wrap| Ok(query
            .fetch_all(conn)
            .await?
            .into_iter()
            .map(wrap)
            .collect()))
    }

    /// The first row, if there is one.
    pub async fn fetch_optional(self) -> Result<Option<Row>> {
        run!(self, |query, conn, wrap| Ok(query.fetch_optional(conn).await?.map(wrap)))
    }

    /// The first row, which must exist.
    pub async fn fetch_one(self) -> Result<Row> {
        run!(self, |query, conn, wrap| Ok(wrap(query.fetch_one(conn).await?)))
    }

    /// Rows one by one, for answers too large to hold.
    pub fn stream(self) -> Pin<Box<dyn Stream<Item = Result<Row>> + Send + 't>> {
        if let Some(error) = self.failed {
            return Box::pin(futures_util::stream::once(async move { Err(error.into()) }));
        }
        match (self.args, self.tx) {
            (Args::Sqlite(args), Tx::Sqlite(tx)) => {
                let query = match self.text {
                    Text::Static(text) => sqlx::query_with(AssertSqlSafe(text), args),
                    Text::Built(text) => sqlx::query_with(AssertSqlSafe(text), args),
                };
                Box::pin(query.fetch(&mut **tx).map(|r| r.map(Row::Sqlite).map_err(DbError::from)))
            }
            (Args::Postgres(args), Tx::Postgres(tx)) => {
                let query = match self.text {
                    Text::Static(text) => sqlx::query_with(AssertSqlSafe(text), args),
                    Text::Built(text) => sqlx::query_with(AssertSqlSafe(text), args),
                };
                Box::pin(
                    query.fetch(&mut **tx).map(|r| r.map(Row::Postgres).map_err(DbError::from)),
                )
            }
            _ => unreachable!("arguments are made for the transaction they run on"),
        }
    }
}
