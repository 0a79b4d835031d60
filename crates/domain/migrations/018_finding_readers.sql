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
