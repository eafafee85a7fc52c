-- name: add_rows
INSERT INTO crm_importrow (workspace_id, origin_id, line, cells, fault)
SELECT %(workspace)s, %(origin)s, r.line,
    ARRAY(SELECT c.cell FROM jsonb_array_elements_text(r.cells) WITH ORDINALITY AS c (cell, place)
          ORDER BY c.place), ''
FROM unnest(%(lines)s::integer[], %(cells)s::jsonb[]) WITH ORDINALITY AS r (line, cells, place)
ORDER BY r.place;
