-- Counts by more dimensions, and as they were at the end of a day (ADR 18).

-- One table of cells, cut into cubes: each crosses only what is asked for together; what a cube does not have
-- is ''. `closed` is the part of `n` that closed days hold. The cubes but `place` are filled at the next start.
DROP TABLE count_cell;
CREATE TABLE count_cell (
    zone_id integer NOT NULL,
    dataset text NOT NULL,
    cube text NOT NULL,
    region_2012 text NOT NULL,
    cercle_2012 text NOT NULL,
    commune_2012 text NOT NULL,
    region_2023 text NOT NULL,
    cercle_2023 text NOT NULL,
    commune_2023 text NOT NULL,
    district text NOT NULL,
    sex text NOT NULL,
    age_group text NOT NULL,
    status text NOT NULL,
    nationality text NOT NULL,
    role_group text NOT NULL,
    coop_member text NOT NULL,
    protection text NOT NULL,
    site text NOT NULL,
    cooperative text NOT NULL,
    month text NOT NULL,
    form text NOT NULL,
    review text NOT NULL,
    n bigint NOT NULL,
    closed bigint NOT NULL,
    PRIMARY KEY (zone_id, dataset, cube, region_2012, cercle_2012, commune_2012, region_2023,
        cercle_2023, commune_2023, district, sex, age_group, status, nationality, role_group,
        coop_member, protection, site, cooperative, month, form, review)
);
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
    zone_id integer NOT NULL,
    dataset text NOT NULL,
    cube text NOT NULL,
    day bigint NOT NULL,
    region_2012 text NOT NULL,
    cercle_2012 text NOT NULL,
    commune_2012 text NOT NULL,
    region_2023 text NOT NULL,
    cercle_2023 text NOT NULL,
    commune_2023 text NOT NULL,
    district text NOT NULL,
    sex text NOT NULL,
    age_group text NOT NULL,
    status text NOT NULL,
    nationality text NOT NULL,
    role_group text NOT NULL,
    coop_member text NOT NULL,
    protection text NOT NULL,
    site text NOT NULL,
    cooperative text NOT NULL,
    month text NOT NULL,
    form text NOT NULL,
    review text NOT NULL,
    n bigint NOT NULL,
    PRIMARY KEY (zone_id, dataset, cube, day, region_2012, cercle_2012, commune_2012, region_2023,
        cercle_2023, commune_2023, district, sex, age_group, status, nationality, role_group,
        coop_member, protection, site, cooperative, month, form, review)
);

-- The day that changes of the cells belong to; none before the first.
ALTER TABLE apply_state ADD COLUMN open_day bigint;
-- The first day whose end is known: of a register that is older than this table, the last day with an event.
ALTER TABLE apply_state ADD COLUMN known_from bigint NOT NULL DEFAULT 0;
-- Which cubes are filled: 0 = `place` alone.
ALTER TABLE apply_state ADD COLUMN cubes bigint NOT NULL DEFAULT 0;

-- Extracts of people for researchers, each drawn once: pseudonyms of its own, the same file ever after. Kept by a
-- rebuild. `sealed` holds the rows, packed; `report` (JSON) what was done to them.
CREATE TABLE extract_release (
    dataset text NOT NULL,
    period text NOT NULL,
    released_at bigint NOT NULL,
    people bigint NOT NULL,
    report text NOT NULL,
    wrapped bytea NOT NULL,
    sealed bytea NOT NULL,
    PRIMARY KEY (dataset, period)
);

-- Whose numbering, name and licence a boundary has, and from when to when it holds; '' = not said.
ALTER TABLE boundary ADD COLUMN code_system text NOT NULL DEFAULT '';
ALTER TABLE boundary ADD COLUMN source_code text NOT NULL DEFAULT '';
ALTER TABLE boundary ADD COLUMN name text NOT NULL DEFAULT '';
ALTER TABLE boundary ADD COLUMN valid_from text NOT NULL DEFAULT '';
ALTER TABLE boundary ADD COLUMN valid_to text NOT NULL DEFAULT '';
ALTER TABLE boundary ADD COLUMN licence text NOT NULL DEFAULT '';
