-- Tables of people and companies are taken in some lines at a time: what became of a line, and when some were last taken in.

ALTER TABLE imports ADD COLUMN stepped_at BIGINT;
ALTER TABLE import_lines ADD COLUMN came_to TEXT;                               -- 'client', 'company', 'here' or 'leftOut'; null: not taken in yet
UPDATE import_lines SET came_to = CASE WHEN field IS NOT NULL THEN 'leftOut' WHEN person IS NOT NULL THEN 'client'
    WHEN done_at IS NOT NULL THEN 'company' ELSE 'here' END
    WHERE EXISTS (SELECT 1 FROM imports i WHERE i.workspace = import_lines.workspace AND i.id = import_lines.import
    AND i.finished_at IS NOT NULL);
