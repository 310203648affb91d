-- Sites and cooperatives apart, a sum of the days at the end of each month, and limits that changed (ADR 22).

-- The cube of sites crossed with cooperatives becomes two.
INSERT INTO count_cell (zone_id, dataset, cube, region_2012, cercle_2012, commune_2012, region_2023, cercle_2023, commune_2023, district, sex, age_group,
    status, nationality, role_group, coop_member, protection, site, cooperative, month, form, review, n, closed)
    SELECT zone_id, dataset, 'cooperative', '', '', '', '', '', '', '', sex, '', '', '', '', '', '', '', cooperative, '', '', review, CAST(SUM(n) AS bigint), CAST(SUM(closed) AS bigint)
    FROM count_cell WHERE cube = 'site'
    GROUP BY zone_id, dataset, sex, cooperative, review;
INSERT INTO count_cell (zone_id, dataset, cube, region_2012, cercle_2012, commune_2012, region_2023, cercle_2023, commune_2023, district, sex, age_group,
    status, nationality, role_group, coop_member, protection, site, cooperative, month, form, review, n, closed)
    SELECT zone_id, dataset, 'site', '', '', '', '', '', '', '', sex, '', '', '', '', '', '', site, '', '', '', review, CAST(SUM(n) AS bigint), CAST(SUM(closed) AS bigint)
    FROM count_cell WHERE cube = 'site' AND cooperative <> ''
    GROUP BY zone_id, dataset, sex, site, review
    ON CONFLICT (zone_id, dataset, cube, region_2012, cercle_2012, commune_2012, region_2023, cercle_2023, commune_2023, district, sex, age_group,
    status, nationality, role_group, coop_member, protection, site, cooperative, month, form, review)
    DO UPDATE SET n = count_cell.n + excluded.n, closed = count_cell.closed + excluded.closed;
DELETE FROM count_cell WHERE cube = 'site' AND cooperative <> '';
INSERT INTO count_day (zone_id, dataset, cube, day, region_2012, cercle_2012, commune_2012, region_2023, cercle_2023, commune_2023, district, sex, age_group,
    status, nationality, role_group, coop_member, protection, site, cooperative, month, form, review, n)
    SELECT zone_id, dataset, 'cooperative', day, '', '', '', '', '', '', '', sex, '', '', '', '', '', '', '', cooperative, '', '', review, CAST(SUM(n) AS bigint)
    FROM count_day WHERE cube = 'site'
    GROUP BY zone_id, dataset, day, sex, cooperative, review;
INSERT INTO count_day (zone_id, dataset, cube, day, region_2012, cercle_2012, commune_2012, region_2023, cercle_2023, commune_2023, district, sex, age_group,
    status, nationality, role_group, coop_member, protection, site, cooperative, month, form, review, n)
    SELECT zone_id, dataset, 'site', day, '', '', '', '', '', '', '', sex, '', '', '', '', '', '', site, '', '', '', review, CAST(SUM(n) AS bigint)
    FROM count_day WHERE cube = 'site' AND cooperative <> ''
    GROUP BY zone_id, dataset, day, sex, site, review
    ON CONFLICT (zone_id, dataset, cube, day, region_2012, cercle_2012, commune_2012, region_2023, cercle_2023, commune_2023, district, sex, age_group,
    status, nationality, role_group, coop_member, protection, site, cooperative, month, form, review)
    DO UPDATE SET n = count_day.n + excluded.n;
DELETE FROM count_day WHERE cube = 'site' AND cooperative <> '';

-- The cells as they were at the end of the last day of a month that had any: what a day after it is summed from.
-- Kept by a rebuild, as the days are.
CREATE TABLE count_month (
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
    PRIMARY KEY (zone_id, dataset, cube, day, region_2012, cercle_2012, commune_2012, region_2023, cercle_2023, commune_2023, district, sex, age_group,
    status, nationality, role_group, coop_member, protection, site, cooperative, month, form, review)
);

-- A code whose limits changed on a day has one row for each validity.
ALTER TABLE boundary DROP CONSTRAINT boundary_pkey;
ALTER TABLE boundary ADD PRIMARY KEY (division, level, code, valid_from);
