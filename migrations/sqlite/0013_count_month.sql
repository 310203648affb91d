-- Sites and cooperatives apart, a sum of the days at the end of each month, and limits that changed (ADR 22).

-- The cube of sites crossed with cooperatives becomes two.
INSERT INTO count_cell (zone_id, dataset, cube, region_2012, cercle_2012, commune_2012, region_2023, cercle_2023, commune_2023, district, sex, age_group,
    status, nationality, role_group, coop_member, protection, site, cooperative, month, form, review, n, closed)
    SELECT zone_id, dataset, 'cooperative', '', '', '', '', '', '', '', sex, '', '', '', '', '', '', '', cooperative, '', '', review, SUM(n), SUM(closed)
    FROM count_cell WHERE cube = 'site'
    GROUP BY zone_id, dataset, sex, cooperative, review;
INSERT INTO count_cell (zone_id, dataset, cube, region_2012, cercle_2012, commune_2012, region_2023, cercle_2023, commune_2023, district, sex, age_group,
    status, nationality, role_group, coop_member, protection, site, cooperative, month, form, review, n, closed)
    SELECT zone_id, dataset, 'site', '', '', '', '', '', '', '', sex, '', '', '', '', '', '', site, '', '', '', review, SUM(n), SUM(closed)
    FROM count_cell WHERE cube = 'site' AND cooperative <> ''
    GROUP BY zone_id, dataset, sex, site, review
    ON CONFLICT (zone_id, dataset, cube, region_2012, cercle_2012, commune_2012, region_2023, cercle_2023, commune_2023, district, sex, age_group,
    status, nationality, role_group, coop_member, protection, site, cooperative, month, form, review)
    DO UPDATE SET n = count_cell.n + excluded.n, closed = count_cell.closed + excluded.closed;
DELETE FROM count_cell WHERE cube = 'site' AND cooperative <> '';
INSERT INTO count_day (zone_id, dataset, cube, day, region_2012, cercle_2012, commune_2012, region_2023, cercle_2023, commune_2023, district, sex, age_group,
    status, nationality, role_group, coop_member, protection, site, cooperative, month, form, review, n)
    SELECT zone_id, dataset, 'cooperative', day, '', '', '', '', '', '', '', sex, '', '', '', '', '', '', '', cooperative, '', '', review, SUM(n)
    FROM count_day WHERE cube = 'site'
    GROUP BY zone_id, dataset, day, sex, cooperative, review;
INSERT INTO count_day (zone_id, dataset, cube, day, region_2012, cercle_2012, commune_2012, region_2023, cercle_2023, commune_2023, district, sex, age_group,
    status, nationality, role_group, coop_member, protection, site, cooperative, month, form, review, n)
    SELECT zone_id, dataset, 'site', day, '', '', '', '', '', '', '', sex, '', '', '', '', '', '', site, '', '', '', review, SUM(n)
    FROM count_day WHERE cube = 'site' AND cooperative <> ''
    GROUP BY zone_id, dataset, day, sex, site, review
    ON CONFLICT (zone_id, dataset, cube, day, region_2012, cercle_2012, commune_2012, region_2023, cercle_2023, commune_2023, district, sex, age_group,
    status, nationality, role_group, coop_member, protection, site, cooperative, month, form, review)
    DO UPDATE SET n = count_day.n + excluded.n;
DELETE FROM count_day WHERE cube = 'site' AND cooperative <> '';

-- The cells as they were at the end of the last day of a month that had any: what a day after it is summed from.
-- Kept by a rebuild, as the days are.
CREATE TABLE count_month (
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
    PRIMARY KEY (zone_id, dataset, cube, day, region_2012, cercle_2012, commune_2012, region_2023, cercle_2023, commune_2023, district, sex, age_group,
    status, nationality, role_group, coop_member, protection, site, cooperative, month, form, review)
) STRICT, WITHOUT ROWID;

-- A code whose limits changed on a day has one row for each validity.
CREATE TABLE boundary_by_day (
    division TEXT NOT NULL,
    level TEXT NOT NULL,
    code TEXT NOT NULL,
    geometry TEXT NOT NULL,
    source TEXT NOT NULL,
    imported_at INTEGER NOT NULL,
    code_system TEXT NOT NULL DEFAULT '',
    source_code TEXT NOT NULL DEFAULT '',
    name TEXT NOT NULL DEFAULT '',
    valid_from TEXT NOT NULL DEFAULT '',
    valid_to TEXT NOT NULL DEFAULT '',
    licence TEXT NOT NULL DEFAULT '',
    PRIMARY KEY (division, level, code, valid_from)
) STRICT;
INSERT INTO boundary_by_day (division, level, code, geometry, source, imported_at, code_system, source_code, name,
        valid_from, valid_to, licence)
    SELECT division, level, code, geometry, source, imported_at, code_system, source_code, name, valid_from, valid_to,
        licence FROM boundary;
DROP TABLE boundary;
ALTER TABLE boundary_by_day RENAME TO boundary;
