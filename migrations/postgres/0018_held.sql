-- What waits for its entity stands as `held`, in the queue and in the counts of submissions, and not as `accepted` by rules that
-- only say that nothing is wrong with it. The move belongs to the day that is open.
CREATE INDEX record_held ON record (zone_id, submission_id) WHERE state = 'held';

-- Out of the one cell and into the other.
INSERT INTO count_cell (zone_id, dataset, cube, region_2012, cercle_2012, commune_2012, region_2023, cercle_2023, commune_2023,
    district, sex, age_group, status, nationality, role_group, coop_member, protection, site, cooperative, month, form, review, n, closed)
    SELECT zone_id, 'fiches', 'form', '', '', '', '', '', '', '', '', '', '', '', '', '', '', '', '', month, form_id, stands,
        SUM(moves), 0
    FROM (SELECT zone_id, to_char(to_timestamp(received_at / 1000000) AT TIME ZONE 'UTC', 'YYYY-MM') AS month, form_id FROM record
            WHERE state = 'held' AND review = 'accepted' AND (SELECT cubes FROM apply_state WHERE id = 1) > 0) AS waiting
        CROSS JOIN (SELECT 'held' AS stands, 1 AS moves UNION ALL SELECT 'accepted', -1) AS way
    WHERE TRUE
    GROUP BY zone_id, month, form_id, stands
    ON CONFLICT (zone_id, dataset, cube, region_2012, cercle_2012, commune_2012, region_2023, cercle_2023, commune_2023, district,
    sex, age_group, status, nationality, role_group, coop_member, protection, site, cooperative, month, form, review)
    DO UPDATE SET n = count_cell.n + excluded.n;
-- Who keeps the cells in memory reads them again.
UPDATE apply_state SET turn = turn + 1 WHERE id = 1;
