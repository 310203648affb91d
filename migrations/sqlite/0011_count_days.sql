-- Counts by more dimensions, and as they were at the end of a day (ADR 18).

-- One table of cells, cut into cubes: each crosses only what is asked for together; what a cube does not have
-- is ''. `closed` is the part of `n` that closed days hold. The cubes but `place` are filled at the next start.
DROP TABLE count_cell;
CREATE TABLE count_cell (
    zone_id INTEGER NOT NULL,
    dataset TEXT NOT NULL,
    cube TEXT NOT NULL,
    region_2012 TEXT NOT NULL,
    cercle_2012 TEXT NOT NULL,
    commune_2012 TEXT NOT NULL,
    region_2023 TEXT NOT NULL,
    cercle_2023 TEXT NOT NULL,
    commune_2023 TEXT NOT NULL,
    district TEXT NOT NULL,
    sex TEXT NOT NULL,
    age_group TEXT NOT NULL,
    status TEXT NOT NULL,
    nationality TEXT NOT NULL,
    role_group TEXT NOT NULL,
    coop_member TEXT NOT NULL,
    protection TEXT NOT NULL,
    site TEXT NOT NULL,
    cooperative TEXT NOT NULL,
    month TEXT NOT NULL,
    form TEXT NOT NULL,
    review TEXT NOT NULL,
    n INTEGER NOT NULL,
    closed INTEGER NOT NULL,
    PRIMARY KEY (zone_id, dataset, cube, region_2012, cercle_2012, commune_2012, region_2023,
        cercle_2023, commune_2023, district, sex, age_group, status, nationality, role_group,
        coop_member, protection, site, cooperative, month, form, review)
) STRICT, WITHOUT ROWID;
INSERT INTO count_cell (zone_id, dataset, cube, region_2012, cercle_2012, commune_2012, region_2023,
        cercle_2023, commune_2023, district, sex, age_group, status, nationality, role_group, coop_member,
        protection, site, cooperative, month, form, review, n, closed)
    SELECT zone_id, dataset, 'place', region_2012, cercle_2012, commune_2012, region_2023, cercle_2023,
        commune_2023, district, sex, age_group, status, '', '', '', '', '', '', '', '', review, COUNT(*), 0
    FROM entity WHERE merged_into IS NULL
    GROUP BY zone_id, dataset, region_2012, cercle_2012, commune_2012, region_2023, cercle_2023,
        commune_2023, district, sex, age_group, status, review;

-- How the cells changed on each day that is over; days count from 1970-01-01. Kept by a rebuild: it is what
-- readers were told.
CREATE TABLE count_day (
    zone_id INTEGER NOT NULL,
    dataset TEXT NOT NULL,
    cube TEXT NOT NULL,
    day INTEGER NOT NULL,
    region_2012 TEXT NOT NULL,
    cercle_2012 TEXT NOT NULL,
    commune_2012 TEXT NOT NULL,
    region_2023 TEXT NOT NULL,
    cercle_2023 TEXT NOT NULL,
    commune_2023 TEXT NOT NULL,
    district TEXT NOT NULL,
    sex TEXT NOT NULL,
    age_group TEXT NOT NULL,
    status TEXT NOT NULL,
    nationality TEXT NOT NULL,
    role_group TEXT NOT NULL,
    coop_member TEXT NOT NULL,
    protection TEXT NOT NULL,
    site TEXT NOT NULL,
    cooperative TEXT NOT NULL,
    month TEXT NOT NULL,
    form TEXT NOT NULL,
    review TEXT NOT NULL,
    n INTEGER NOT NULL,
    PRIMARY KEY (zone_id, dataset, cube, day, region_2012, cercle_2012, commune_2012, region_2023,
        cercle_2023, commune_2023, district, sex, age_group, status, nationality, role_group,
        coop_member, protection, site, cooperative, month, form, review)
) STRICT, WITHOUT ROWID;

-- The day that changes of the cells belong to; none before the first.
ALTER TABLE apply_state ADD COLUMN open_day INTEGER;
-- The first day whose end is known: of a register that is older than this table, the last day with an event.
ALTER TABLE apply_state ADD COLUMN known_from INTEGER NOT NULL DEFAULT 0;
-- Which cubes are filled: 0 = `place` alone.
ALTER TABLE apply_state ADD COLUMN cubes INTEGER NOT NULL DEFAULT 0;

-- Extracts of people for researchers, each drawn once: pseudonyms of its own, the same file ever after. Kept by a
-- rebuild. `sealed` holds the rows, packed; `report` (JSON) what was done to them.
CREATE TABLE extract_release (
    dataset TEXT NOT NULL,
    period TEXT NOT NULL,
    released_at INTEGER NOT NULL,
    people INTEGER NOT NULL,
    report TEXT NOT NULL,
    wrapped BLOB NOT NULL,
    sealed BLOB NOT NULL,
    PRIMARY KEY (dataset, period)
) STRICT;

-- Whose numbering, name and licence a boundary has, and from when to when it holds; '' = not said.
ALTER TABLE boundary ADD COLUMN code_system TEXT NOT NULL DEFAULT '';
ALTER TABLE boundary ADD COLUMN source_code TEXT NOT NULL DEFAULT '';
ALTER TABLE boundary ADD COLUMN name TEXT NOT NULL DEFAULT '';
ALTER TABLE boundary ADD COLUMN valid_from TEXT NOT NULL DEFAULT '';
ALTER TABLE boundary ADD COLUMN valid_to TEXT NOT NULL DEFAULT '';
ALTER TABLE boundary ADD COLUMN licence TEXT NOT NULL DEFAULT '';
