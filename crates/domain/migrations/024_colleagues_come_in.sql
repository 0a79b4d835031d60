-- Somebody whom a client user invited reads along in their company once they have come in (S3): until then the
-- company's people would see by it that the address was not known, and its mails would go to whoever has that address.
DROP VIEW entitled;
DROP VIEW readers;

-- The rule of C3 in one place, as before but for that.
CREATE VIEW readers AS
    SELECT p.workspace AS workspace, p.id AS subject, p.id AS person
      FROM people p
     WHERE p.role = 'client' AND p.deactivated_at IS NULL
    UNION ALL
    SELECT b.workspace, b.company, b.person
      FROM company_clients b
      JOIN people p ON p.workspace = b.workspace AND p.id = b.person
     WHERE p.deactivated_at IS NULL AND (p.made_by <> 'client' OR p.first_seen_at IS NOT NULL)
    UNION ALL
    SELECT b.workspace, b.project, b.person
      FROM project_people b
      JOIN people p ON p.workspace = b.workspace AND p.id = b.person
     WHERE p.deactivated_at IS NULL
    UNION ALL
    SELECT c.workspace, c.subject, g.person
      FROM channels c
      JOIN group_people g ON g.workspace = c.workspace AND g.channel = c.id
      JOIN company_clients b ON b.workspace = g.workspace AND b.company = c.company AND b.person = g.person
      JOIN people p ON p.workspace = g.workspace AND p.id = g.person
     WHERE c.kind = 'group' AND p.deactivated_at IS NULL
    UNION ALL
    SELECT s.workspace, s.id, p.id
      FROM people s
      JOIN people p ON p.workspace = s.workspace
     WHERE s.role = 'client' AND p.role <> 'client' AND p.deactivated_at IS NULL AND p.limited_at IS NULL
    UNION ALL
    SELECT s.workspace, s.id, p.id
      FROM companies s
      JOIN people p ON p.workspace = s.workspace
     WHERE p.role <> 'client' AND p.deactivated_at IS NULL AND p.limited_at IS NULL
    UNION ALL
    SELECT c.workspace, c.subject, p.id
      FROM channels c
      JOIN people p ON p.workspace = c.workspace
     WHERE c.kind = 'group' AND p.role <> 'client' AND p.deactivated_at IS NULL AND p.limited_at IS NULL
    UNION ALL
    SELECT b.workspace, b.person, p.id
      FROM company_clients b
      JOIN company_assignments a ON a.workspace = b.workspace AND a.company = b.company
      JOIN people p ON p.workspace = a.workspace AND p.id = a.person
     WHERE p.role <> 'client' AND p.deactivated_at IS NULL AND p.limited_at IS NOT NULL
    UNION ALL
    SELECT a.workspace, a.company, p.id
      FROM company_assignments a
      JOIN people p ON p.workspace = a.workspace AND p.id = a.person
     WHERE p.role <> 'client' AND p.deactivated_at IS NULL AND p.limited_at IS NOT NULL
    UNION ALL
    SELECT c.workspace, c.subject, p.id
      FROM channels c
      JOIN company_assignments a ON a.workspace = c.workspace AND a.company = c.company
      JOIN people p ON p.workspace = a.workspace AND p.id = a.person
     WHERE c.kind = 'group' AND p.role <> 'client' AND p.deactivated_at IS NULL AND p.limited_at IS NOT NULL;

-- What `members` must hold, but for those who left by choice.
CREATE VIEW entitled AS
    SELECT DISTINCT c.workspace AS workspace, c.id AS channel, r.person AS person
      FROM channels c JOIN readers r ON r.workspace = c.workspace AND r.subject = c.subject;

DELETE FROM members
 WHERE person IN (SELECT p.id FROM people p WHERE p.made_by = 'client' AND p.first_seen_at IS NULL)
   AND NOT EXISTS (SELECT 1 FROM entitled e
        WHERE e.workspace = members.workspace AND e.channel = members.channel AND e.person = members.person);
