//! The cells of a census of two million people, put into the database as the program keeps them.

use std::{collections::BTreeMap, fmt::Write as _, path::Path, time::Duration};

use sqlx::{AssertSqlSafe, ConnectOptions as _, Row as _, SqliteConnection};

/// Numbers that look like chance and are the same each time.
struct Dice(u64);

impl Dice {
    fn below(&mut self, below: u64) -> u64 {
        self.0 =
            self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % below
    }
}

type Codes = BTreeMap<&'static str, String>;

/// Cells as a census of two million people makes them.
struct Census {
    dice: Dice,
    zones: BTreeMap<String, i64>,
    /// Crossed cubes, as programs before kept them.
    is_old: bool,
    sites: Vec<String>,
    cooperatives: Vec<String>,
}

const AGES: [&str; 14] = [
    "a06_09", "a10_14", "a15_17", "a18_19", "a20_24", "a25_29", "a30_34", "a35_39", "a40_44",
    "a45_49", "a50_54", "a55_59", "a60_64", "a65p",
];

/// Zone, dataset, cube, codes, how many.
type Cell = (i64, &'static str, &'static str, Codes, i64);

impl Census {
    fn zone(&self, region: &str) -> i64 {
        self.zones.get(region).copied().unwrap_or(1)
    }

    /// Accepted nearly all, and a few that wait.
    fn both(&mut self, cells: &mut Vec<Cell>, cell: &Cell) {
        for review in ["accepted", "pending"] {
            let mut cell = cell.clone();
            cell.3.insert("review", review.to_owned());
            let n = cell.4.cast_unsigned();
            cell.4 = if review == "accepted" {
                cell.4
            } else {
                self.dice.below(n / 20 + 2).cast_signed()
            };
            if cell.4 > 0 {
                cells.push(cell);
            }
        }
    }

    fn places(&mut self, cells: &mut Vec<Cell>) {
        for seat in sanu_schemas::commune_seats() {
            let text = |code: Option<String>| code.unwrap_or_default();
            let (region, commune) = (text(seat.region_2023_code()), text(seat.commune_code()));
            let place: Codes = [
                ("region_2012", text(seat.region_2012_code())),
                ("cercle_2012", text(seat.cercle_2012_code())),
                ("commune_2012", commune.clone()),
                ("region_2023", region.clone()),
                ("cercle_2023", text(seat.cercle_2023_code())),
                ("commune_2023", commune),
            ]
            .into();
            let zone = self.zone(&region);
            for sex in ["female", "male"] {
                for age in AGES {
                    let mut codes = place.clone();
                    codes.extend([("sex", sex.to_owned()), ("age_group", age.to_owned())]);
                    let n = 1 + self.dice.below(200).cast_signed();
                    self.both(cells, &(zone, "orpailleurs", "place", codes.clone(), n));
                    if age.starts_with("a1") || age.starts_with("a06") {
                        self.both(cells, &(zone, "enfants", "place", codes, n / 4 + 1));
                    }
                }
            }
        }
    }

    fn profiles(&mut self, cells: &mut Vec<Cell>) {
        let codes = |list: &[&str]| list.iter().map(|c| (*c).to_owned()).collect::<Vec<_>>();
        let axes = [
            ("sex", codes(&["female", "male"])),
            ("nationality", codes(&["mali", "uemoa", "ecowas", "other", ""])),
            (
                "role_group",
                codes(&[
                    "extraction",
                    "processing",
                    "service",
                    "trade",
                    "management",
                    "authority",
                    "none",
                ]),
            ),
            ("coop_member", codes(&["yes", "no", ""])),
            ("protection", codes(&["covered", "not_covered", ""])),
        ];
        let mut all: Vec<Codes> = vec![Codes::new()];
        for (axis, codes) in axes {
            let longer = |of: &Codes| {
                let with = |code: &String| {
                    let mut of = of.clone();
                    of.insert(axis, code.clone());
                    of
                };
                codes.iter().map(with).collect::<Vec<_>>()
            };
            all = all.iter().flat_map(longer).collect();
        }
        let regions: BTreeMap<String, String> = sanu_schemas::commune_seats()
            .iter()
            .filter_map(|seat| Some((seat.region_2023_code()?, seat.region_2012_code()?)))
            .collect();
        for (region, old) in regions {
            for of in &all {
                let mut codes = of.clone();
                codes.extend([("region_2023", region.clone()), ("region_2012", old.clone())]);
                let n = self.dice.below(320).cast_signed();
                self.both(cells, &(self.zone(&region), "orpailleurs", "profile", codes, n));
            }
            for month in 0..24 {
                for sex in ["female", "male"] {
                    let name = format!("{}-{:02}", 2025 + month / 12, month % 12 + 1);
                    let codes: Codes = [
                        ("region_2023", region.clone()),
                        ("region_2012", old.clone()),
                        ("sex", sex.to_owned()),
                        ("month", name.clone()),
                    ]
                    .into();
                    self.both(cells, &(self.zone(&region), "orpailleurs", "month", codes, 2_100));
                    for form in ["orpailleur", "enfant", "site", "cooperative", "profil"] {
                        let codes = [("form", form.to_owned()), ("month", name.clone())].into();
                        self.both(cells, &(self.zone(&region), "fiches", "form", codes, 800));
                    }
                }
            }
        }
    }

    fn sites(&mut self, cells: &mut Vec<Cell>) {
        let (sites, cooperatives) = (self.sites.clone(), self.cooperatives.clone());
        for sex in ["female", "male"] {
            for (i, site) in sites.iter().enumerate() {
                let codes = |cooperative: &str| -> Codes {
                    [
                        ("site", site.clone()),
                        ("cooperative", cooperative.to_owned()),
                        ("sex", sex.to_owned()),
                    ]
                    .into()
                };
                if self.is_old {
                    for k in 0..20 {
                        let cooperative = &cooperatives[(i * 7 + k * 13) % cooperatives.len()];
                        self.both(cells, &(1, "orpailleurs", "site", codes(cooperative), 140));
                    }
                } else {
                    self.both(cells, &(1, "orpailleurs", "site", codes(""), 2_800));
                }
            }
            for cooperative in if self.is_old { &[][..] } else { &cooperatives[..] } {
                let codes = [("cooperative", cooperative.clone()), ("sex", sex.to_owned())].into();
                self.both(cells, &(1, "orpailleurs", "cooperative", codes, 1_600));
            }
        }
    }
}

async fn write(db: &mut SqliteConnection, sql: &str) {
    sqlx::query(AssertSqlSafe(sql.to_owned())).execute(db).await.expect(sql);
}

const AXES: [&str; 19] = [
    "region_2012",
    "cercle_2012",
    "commune_2012",
    "region_2023",
    "cercle_2023",
    "commune_2023",
    "district",
    "sex",
    "age_group",
    "status",
    "nationality",
    "role_group",
    "coop_member",
    "protection",
    "site",
    "cooperative",
    "month",
    "form",
    "review",
];

async fn insert(db: &mut SqliteConnection, table: &str, last: &str, cells: &[Cell], days: &[i64]) {
    let mut marks = String::new();
    for i in 0..AXES.len() {
        write!(marks, ", ?{}", i + 4).expect("text");
    }
    let sql = format!(
        "INSERT OR IGNORE INTO {table} (zone_id, dataset, cube, {}, n, {last}) VALUES (?1, ?2, ?3{marks}, ?{}, ?{})",
        AXES.join(", "),
        AXES.len() + 4,
        AXES.len() + 5
    );
    for (i, (zone, dataset, cube, codes, n)) in cells.iter().enumerate() {
        let mut query = sqlx::query(AssertSqlSafe(sql.clone())).bind(zone).bind(dataset).bind(cube);
        for axis in AXES {
            query = query.bind(codes.get(axis).map_or("", String::as_str));
        }
        let last = if days.is_empty() { *n } else { days[i] };
        query.bind(n).bind(last).execute(&mut *db).await.expect("a cell");
    }
}

/// A row of any table, with nothing in the columns that are not named.
async fn plain(db: &mut SqliteConnection, table: &str, rows: &str, named: &[(&str, &str)]) {
    let columns = sqlx::query(AssertSqlSafe(format!("PRAGMA table_info({table})")))
        .fetch_all(&mut *db)
        .await
        .expect("columns");
    let (mut listed, mut values) = (String::new(), String::new());
    for column in columns {
        let (name, kind): (String, String) = (column.get(1), column.get(2));
        let value = named.iter().find(|(n, _)| *n == name).map_or_else(
            || match (column.get::<i64, _>(3), kind.as_str()) {
                (0, _) => "NULL",
                (_, "TEXT") => "''",
                (_, "BLOB") => "x''",
                _ => "0",
            },
            |(_, value)| value,
        );
        let comma = if listed.is_empty() { "" } else { ", " };
        write!(listed, "{comma}{name}").expect("text");
        write!(values, "{comma}{value}").expect("text");
    }
    write(db, &format!("INSERT INTO {table} ({listed}) SELECT {values} FROM {rows}")).await;
}

/// The day that the register has come to.
const TODAY: i64 = 20_779;

/// A year of closed days: each touches some forty communes and what belongs to them.
async fn year(db: &mut SqliteConnection, census: &mut Census, cells: &[Cell]) {
    let (mut moved, mut days) = (Vec::new(), Vec::new());
    for day in TODAY - 365..TODAY {
        for _ in 0..2_300 {
            let at = usize::try_from(census.dice.below(cells.len() as u64)).expect("a place");
            moved.push((cells[at].0, cells[at].1, cells[at].2, cells[at].3.clone(), 2));
            days.push(day);
        }
    }
    insert(db, "count_day", "day", &moved, &days).await;
    for month in (1..=12).filter(|_| !census.is_old) {
        let columns = AXES.join(", ");
        let end = TODAY - 365 + month * 30;
        let sql = format!(
            "INSERT INTO count_month (zone_id, dataset, cube, {columns}, day, n) \
             SELECT zone_id, dataset, cube, {columns}, {end}, SUM(n) FROM count_day WHERE day <= {end} \
             GROUP BY zone_id, dataset, cube, {columns}"
        );
        write(db, &sql).await;
    }
    println!("{} rows of days", moved.len());
}

/// What cells are called by, and records that wait.
async fn names(db: &mut SqliteConnection) {
    for (of, dataset, n) in [("1", "sites", 350), ("2", "cooperatives", 600)] {
        let rows = format!(
            "(WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < {}) SELECT i FROM n)",
            n - 1
        );
        let id = format!("CAST(unhex(printf('%016x%016x', {of}, i)) AS BLOB)");
        let dataset = format!("'{dataset}'");
        plain(
            db,
            "entity",
            &rows,
            &[
                ("zone_id", "1"),
                ("entity_id", &id),
                ("dataset", &dataset),
                ("label", "'Nom ' || i"),
                ("version", "1"),
                ("review", "'accepted'"),
                ("props", "'{}'"),
            ],
        )
        .await;
        plain(
            db,
            "entity_home",
            &rows,
            &[("zone_id", "1"), ("entity_id", &id), ("canonical_id", &id), ("dataset", &dataset)],
        )
        .await;
    }
    let rows = "(WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < 39999) SELECT i FROM n)";
    plain(
        db,
        "record",
        rows,
        &[
            ("zone_id", "1"),
            ("submission_id", "CAST(unhex(printf('%032x', i)) AS BLOB)"),
            ("dataset", "'orpailleurs'"),
            ("state", "'flagged'"),
            ("review", "'waiting'"),
            ("seq", "i + 1"),
            ("form_id", "'orpailleur'"),
        ],
    )
    .await;
}

pub(crate) async fn fill(file: &Path) -> i64 {
    let mut db = sqlx::sqlite::SqliteConnectOptions::new()
        .filename(file)
        .busy_timeout(Duration::from_mins(1))
        .connect()
        .await
        .expect("the database opens");
    let db = &mut db;
    let zones =
        sqlx::query("SELECT code, zone_id FROM zone").fetch_all(&mut *db).await.expect("zones");
    let months = sqlx::query("SELECT name FROM sqlite_schema WHERE name = 'count_month'")
        .fetch_all(&mut *db)
        .await;
    let id = |i: usize, of: u128| uuid::Uuid::from_u128((of << 64) + i as u128).to_string();
    let mut census = Census {
        dice: Dice(7),
        zones: zones.iter().map(|z| (z.get(0), z.get(1))).collect(),
        is_old: months.expect("tables").is_empty(),
        sites: (0..350).map(|i| id(i, 1)).collect(),
        cooperatives: (0..600).map(|i| id(i, 2)).collect(),
    };
    let mut cells = Vec::new();
    census.places(&mut cells);
    census.profiles(&mut cells);
    census.sites(&mut cells);
    let people = cells.iter().filter(|c| (c.1, c.2) == ("orpailleurs", "place")).map(|c| c.4).sum();
    write(db, "BEGIN").await;
    write(db, "DELETE FROM count_cell").await;
    insert(db, "count_cell", "closed", &cells, &[]).await;
    year(db, &mut census, &cells).await;
    names(db).await;
    write(db, &format!("UPDATE apply_state SET turn = turn + 1, open_day = {TODAY}, day = {TODAY}, known_from = 0")).await;
    write(db, "INSERT OR IGNORE INTO dataset_head (zone_id, dataset, seq) VALUES (1, 'orpailleurs', 0), (1, 'enfants', 0), (1, 'sites', 0)").await;
    write(db, "UPDATE dataset_head SET seq = seq + 1000").await;
    write(db, "COMMIT").await;
    println!("{people} people, {} cells", cells.len());
    people
}
