-- Who reads along is looked up at each change of people: without walking through everybody of the workspace. The keys hold
-- all that the view asks for, so that the planners of both databases take them.

DROP INDEX company_clients_person;
CREATE INDEX company_clients_person ON company_clients (workspace, person, company);
DROP INDEX company_assignments_person;
CREATE INDEX company_assignments_person ON company_assignments (workspace, person, company);
DROP INDEX project_people_person;
CREATE INDEX project_people_person ON project_people (workspace, person, project);
DROP INDEX group_people_person;
CREATE INDEX group_people_person ON group_people (workspace, person, channel);
-- The few among many client users.
CREATE INDEX people_internal ON people (workspace, id) WHERE role <> 'client';
/*sqlite
-- Without figures SQLite believes that a workspace has ten members, and walks through all of them to find a person's. The
-- shape is known and does not change with use: many members, few of them in a channel or of a person.
ANALYZE members;
DELETE FROM sqlite_stat1;
INSERT INTO sqlite_stat1 (tbl, idx, stat) VALUES
    ('members', 'members', '1000000 1000000 10 1'),
    ('members', 'members_person', '1000000 1000000 10 1');
ANALYZE sqlite_schema;
*/
