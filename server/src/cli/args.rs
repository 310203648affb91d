//! What can be typed, with help that a newcomer understands.

use std::path::PathBuf;

use clap::{Parser, Subcommand};

/// Sanu: the census of artisanal gold mining, from phones to counts and maps.
///
/// Start with `sanu serve`: it makes its data folder, prints an admin password once and shows a QR
/// code that sets up ODK Collect on a phone. `sanu serve --demo` fills it with synthetic people.
#[derive(Debug, Parser)]
#[command(name = "sanu", version, about, propagate_version = true)]
pub(super) struct Args {
    /// Folder for database, keys and files [default: ./sanu-data, or `SANU_DATA`]
    #[arg(long, global = true, value_name = "DIR")]
    pub(super) data: Option<String>,

    /// Use PostgreSQL (15 or later) instead of the embedded database [or `SANU_DATABASE_URL`]
    #[arg(long, global = true, value_name = "URL")]
    pub(super) database_url: Option<String>,

    /// Answer with one JSON object on standard output
    #[arg(long, global = true)]
    pub(super) json: bool,

    #[command(subcommand)]
    pub(super) command: Command,
}

#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Run the server
    Serve(Serve),
    /// Add, list or disable people's accounts
    Account {
        #[command(subcommand)]
        action: Account,
    },
    /// Add, list or revoke phones
    Device {
        #[command(subcommand)]
        action: Device,
    },
    /// Publish, list or close questionnaires
    Form {
        #[command(subcommand)]
        action: Form,
    },
    /// Load administrative boundaries
    Geography {
        #[command(subcommand)]
        action: Geography,
    },
    /// Load a base list (sites, cooperatives, agents, `card_lots`, campaigns, holidays) from CSV or XLSX; `sanu import list` tells what was
    /// loaded. Without --apply it only says what would change
    Import(Import),
    /// Send a synthetic census from a fleet of phones, for demonstrations and load
    Simulate(Simulate),
    /// Find who is who in a list of people (CSV): the same person written several times
    Link(Link),
    /// Write a collection of the register as a file: sites, site-visits, cooperatives, communes-2023…
    Export(Export),
    /// Write the whole register into one file; the server may be running
    Backup(Backup),
    /// Make a register from a backup, in a data folder that is empty
    Restore {
        /// The backup
        #[arg(value_name = "FILE")]
        file: PathBuf,
    },
    /// Derive everything again from the journal (stop the server first)
    Rebuild,
    /// Check that everything received can be read and that the counts add up
    Check {
        /// Only say how far the register is behind the journal
        #[arg(long)]
        quick: bool,
        /// Ask every record again what breaks the rules of this program, and say by rule how many findings would come or
        /// go; changes nothing
        #[arg(long, conflicts_with = "quick")]
        rules: bool,
    },
    /// Print a hash of every derived table, to compare two registers
    DerivedHash,
    /// Bring the database schema up to date and stop
    Migrate,
}

#[derive(Debug, clap::Args)]
pub(super) struct Serve {
    /// Address and port to listen on; 0.0.0.0:8080 lets phones on the same network in
    #[arg(long, default_value = "127.0.0.1:8080", value_name = "ADDR:PORT")]
    pub(super) listen: String,

    /// The address phones use, when a proxy stands in front: `https://census.example.ml`
    #[arg(long, value_name = "URL")]
    pub(super) public_url: Option<String>,

    /// Certificate chain (PEM) to serve HTTPS directly
    #[arg(long, requires = "tls_key", value_name = "FILE")]
    pub(super) tls_cert: Option<PathBuf>,

    /// Private key (PEM) of the certificate
    #[arg(long, requires = "tls_cert", value_name = "FILE")]
    pub(super) tls_key: Option<PathBuf>,

    /// Also serve figures for Prometheus (/metrics), without login: give an address that only it can reach, such as
    /// 127.0.0.1:9464
    #[arg(long, value_name = "ADDR:PORT")]
    pub(super) metrics: Option<String>,

    /// Fill an empty register with a synthetic census of three regions
    #[arg(long)]
    pub(super) demo: bool,

    /// How many records --demo sends
    #[arg(long, default_value_t = 2_000, value_name = "N")]
    pub(super) demo_records: usize,

    /// Make phones ask before every form, so that photos travel in small posts (slow networks)
    #[arg(long)]
    pub(super) small_posts: bool,

    /// What is merged without review, from now on: decisive-id, or a probability from 0.9 up
    #[arg(long, value_name = "RULE", value_parser = auto_merge)]
    pub(super) auto_merge: Option<crate::linkage::Auto>,

    /// What the rules accept without review, from now on: clean (records that break no rule), all
    /// (warnings too), manual (nothing)
    #[arg(long, value_name = "RULE", value_parser = accept)]
    pub(super) accept: Option<crate::apply::Acceptance>,

    /// After how many days the public is told of sites, from now on (30 unless it was set): a live list
    /// would tell raiders where people are
    #[arg(long, value_name = "DAYS")]
    pub(super) public_delay: Option<u16>,

    /// After how many days what waits for something to build on is applied without it, marked, from now on
    /// (5 unless it was set; 0 = never)
    #[arg(long, value_name = "DAYS")]
    pub(super) force_held_after: Option<u16>,
}

fn accept(text: &str) -> Result<crate::apply::Acceptance, String> {
    crate::apply::Acceptance::parse(text).ok_or_else(|| String::from("clean, all or manual"))
}

fn auto_merge(text: &str) -> Result<crate::linkage::Auto, String> {
    crate::app::read_auto(text)
        .ok_or_else(|| String::from("decisive-id, or a probability from 0.9 to 1"))
}

#[derive(Debug, Subcommand)]
pub(super) enum Account {
    /// Add an account and print its password once
    Add {
        /// What the person types to log in
        login: String,
        /// `admin`, `data_manager`, `supervisor`, `enumerator`, `researcher`, `chamber`,
        /// `cooperative`, `protection` or `public`
        #[arg(long)]
        role: String,
        /// Zone the person is bound to; without it the whole country
        #[arg(long, value_name = "CODE")]
        zone: Option<String>,
        /// Read the password from standard input instead of making one
        #[arg(long)]
        password_stdin: bool,
    },
    /// Give an account a new password, and enable it again
    Password {
        /// Its login
        login: String,
        /// Read the password from standard input instead of making one
        #[arg(long)]
        password_stdin: bool,
    },
    /// List accounts
    List,
    /// Disable an account at once
    Disable {
        /// Its login
        login: String,
    },
}

#[derive(Debug, Subcommand)]
pub(super) enum Device {
    /// Add a phone and print its address and QR code once
    Add {
        /// What the office calls it
        name: String,
        /// Zone the phone works in; without it the whole country
        #[arg(long, value_name = "CODE")]
        zone: Option<String>,
        /// Also write the QR code to this SVG file
        #[arg(long, value_name = "FILE")]
        svg: Option<PathBuf>,
    },
    /// List phones in use
    List,
    /// Revoke a phone's access at once (by name or id)
    Revoke {
        /// Its name or id
        name: String,
    },
    /// Give a phone only some entities of a list: its follow-up sample. Without a file it says who follows up what
    Follow {
        /// The phone by its name or id, or an account by its login
        name: Option<String>,
        /// The list: sites, cooperatives…
        #[arg(requires = "name")]
        list: Option<String>,
        /// One code or id a line, in the first column
        #[arg(value_name = "FILE", requires = "list")]
        file: Option<PathBuf>,
        /// Give it the whole list again
        #[arg(long, requires = "list", conflicts_with = "file")]
        all: bool,
    },
}

#[derive(Debug, Subcommand)]
pub(super) enum Form {
    /// Publish a questionnaire (XLSForm or XForm), with the files it needs
    Publish {
        /// The questionnaire: a workbook (XLSX), or an XForm (XML)
        file: PathBuf,
        /// A file the form refers to (list, image, sound); repeat for more
        #[arg(long, value_name = "FILE")]
        media: Vec<PathBuf>,
    },
    /// List published questionnaires
    List,
    /// Stop offering a questionnaire to phones; what they still send is kept
    Close {
        /// The form's id
        form_id: String,
    },
    /// Give phones of a list (sites, cooperatives…) only what was accepted once. Without a list it says which
    Approval {
        /// The list
        list: Option<String>,
        /// Give them everything again
        #[arg(long, requires = "list")]
        off: bool,
    },
}

#[derive(Debug, Subcommand)]
pub(super) enum Geography {
    /// Load boundaries from GeoJSON files (COD-AB field names are understood), and place
    /// everything again
    Import {
        /// The files
        #[arg(required = true)]
        files: Vec<PathBuf>,
        /// The terms they were given under, such as "CC BY 3.0 IGO"
        #[arg(long, value_name = "TEXT")]
        licence: Option<String>,
        /// The last day on which they hold, when they hold no longer
        #[arg(long, value_name = "YYYY-MM-DD", value_parser = day)]
        valid_to: Option<String>,
    },
}

fn day(text: &str) -> Result<String, String> {
    let day: jiff::civil::Date = text.parse().map_err(|_| String::from("expected YYYY-MM-DD"))?;
    Ok(day.to_string())
}

#[derive(Debug, clap::Args)]
pub(super) struct Simulate {
    /// The server, or the address of one phone (…/v1/key/TOKEN/projects/1)
    #[arg(long, value_name = "URL", required_unless_present = "registrations")]
    pub(super) server: Option<String>,
    /// Send invented people into a register that was not made with `serve --demo`, for a bench. A phone's address in
    /// --server says as much
    #[arg(long)]
    pub(super) into_real_register: bool,
    /// Phones sending at once
    #[arg(long, default_value_t = 4, value_name = "N")]
    pub(super) devices: usize,
    /// Records in all
    #[arg(long, default_value_t = 1_000, value_name = "M")]
    pub(super) records: usize,
    /// Same seed, same census
    #[arg(long, default_value_t = 1, value_name = "S")]
    pub(super) seed: u64,
    /// Use native sync in batches of 500 instead of OpenRosa
    #[arg(long)]
    pub(super) native: bool,
    /// Part of the submissions to send twice, 0 to 1
    #[arg(long, default_value_t = 0.0, value_name = "PART")]
    pub(super) resend: f64,
    /// Write a list of so many registrations, one in eight of somebody already listed, instead of sending anything:
    /// registrations.csv, and truth.csv with who is who
    #[arg(long, value_name = "N", requires = "out", conflicts_with = "server")]
    pub(super) registrations: Option<usize>,
    /// Folder for those files
    #[arg(long, value_name = "DIR", requires = "registrations")]
    pub(super) out: Option<PathBuf>,
    /// Compress those files (.csv.gz)
    #[arg(long, requires = "registrations")]
    pub(super) gzip: bool,
    /// How well those registrations are written
    #[arg(long, value_enum, default_value_t = Care::Field, requires = "registrations")]
    pub(super) mix: Care,
}

#[derive(Debug, clap::Args)]
pub(super) struct Link {
    /// The list: CSV with a header (comma, semicolon or tab; UTF-8 or Windows-1252), perhaps .gz or .zst
    pub(super) file: PathBuf,
    /// Where to write `record_id,cluster_id`: records of one person have one cluster
    #[arg(long, value_name = "CLUSTERS.csv", required_unless_present = "explain")]
    pub(super) out: Option<PathBuf>,
    /// Also write the pairs worth looking at, with probability, weight and what agrees
    #[arg(long, value_name = "PAIRS.csv")]
    pub(super) pairs: Option<PathBuf>,
    /// Also write a report: .json, or else text in French
    #[arg(long, value_name = "REPORT")]
    pub(super) report: Option<PathBuf>,
    /// Which column is which, where the headers do not tell: a TOML file with lines such as given = "prenom"
    #[arg(long, value_name = "MAP.toml")]
    pub(super) columns: Option<PathBuf>,
    /// Number the records by their lines instead of their ids
    #[arg(long)]
    pub(super) ids_by_line: bool,
    /// Take two records for one person from this probability on, 0 to 1 [default: 0.5]
    #[arg(long, value_name = "P", value_parser = part)]
    pub(super) threshold: Option<f32>,
    /// Refuse a list of more records than this; its text may have 2,000 bytes for each, unpacked
    #[arg(long, value_name = "N", default_value_t = crate::link::MAX_ROWS)]
    pub(super) max_rows: usize,
    /// Only tell why two records are, or are not, one person
    #[arg(long, num_args = 2, value_names = ["A", "B"], conflicts_with_all = ["out", "pairs", "report"])]
    pub(super) explain: Option<Vec<String>>,
}

#[derive(Debug, clap::Args)]
pub(super) struct Import {
    /// `sites`, `cooperatives`, `agents`, `card_lots`, `campaigns` or `holidays`; `list` tells what was loaded
    #[arg(required_unless_present = "undo")]
    pub(super) dataset: Option<String>,
    /// The file: CSV (semicolon, comma or tab; UTF-8, UTF-16 or Windows-1252) or XLSX
    #[arg(value_name = "FILE")]
    pub(super) file: Option<PathBuf>,
    /// Do it: all of it, or nothing where a line is wrong
    #[arg(long)]
    pub(super) apply: bool,
    /// Zone of lines that name none; made if there is none of this code [default: the whole country]
    #[arg(long, value_name = "CODE")]
    pub(super) zone: Option<String>,
    /// Take an import back
    #[arg(long, value_name = "IMPORT_ID", conflicts_with_all = ["dataset", "file", "apply", "zone"])]
    pub(super) undo: Option<uuid::Uuid>,
}

#[derive(Debug, clap::Args)]
pub(super) struct Backup {
    /// The file to write; one that is there already is not touched
    #[arg(value_name = "FILE")]
    pub(super) file: PathBuf,
    /// Put the master keys in too: whoever has the file can then read everything
    #[arg(long)]
    pub(super) with_keys: bool,
}

#[derive(Debug, clap::Args)]
pub(super) struct Export {
    /// Which: sites, site-visits, cooperatives, zones, miners-by-commune, communes-2023…; people (the extract of the
    /// month); or a form, such as orpailleur, for its submissions
    pub(super) dataset: String,
    /// csv, excel.csv (opens in French Excel), xlsx, geojson, geojsonseq, gpkg, fgb, parquet or kml
    #[arg(long, value_name = "FORMAT", value_parser = super::export::format)]
    pub(super) format: crate::export::Format,
    /// The file
    #[arg(long, value_name = "FILE")]
    pub(super) out: PathBuf,
    /// As this role may see it: `public` gives what may be handed to anybody
    #[arg(long = "as", value_name = "ROLE", default_value = "data_manager")]
    pub(super) role: String,
    /// Only this zone
    #[arg(long, value_name = "CODE")]
    pub(super) zone: Option<String>,
    /// Of a form about adults: with names, numbers and positions, as a data manager and with a reason
    #[arg(long)]
    pub(super) identity: bool,
    /// Why; kept in the log
    #[arg(long, value_name = "TEXT")]
    pub(super) reason: Option<String>,
}

/// A number from 0 to 1.
fn part(text: &str) -> Result<f32, String> {
    match text.parse::<f32>() {
        Ok(part) if (0.0..=1.0).contains(&part) => Ok(part),
        _ => Err(String::from("expected a number from 0 to 1")),
    }
}

/// How well a simulated list is written.
#[derive(Clone, Copy, Debug, clap::ValueEnum)]
pub(super) enum Care {
    /// As supervised teams work
    Field,
    /// As in haste, without papers
    Harsh,
}
