-- The roles and the database of a fleet; run by a superuser: psql -d postgres -f roles.sql
-- One role for all daemons: each must be able to end a session of another that stands still.
CREATE ROLE penholder LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE;
-- Time-outs of the role would end what a daemon keeps open on purpose; it sets its own.
ALTER ROLE penholder SET statement_timeout = 0;
ALTER ROLE penholder SET idle_session_timeout = 0;
-- It reads and can write nothing: for pg_dump.
CREATE ROLE penholder_backup LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE;
GRANT pg_read_all_data TO penholder_backup;
CREATE DATABASE penholder OWNER penholder ENCODING 'UTF8' TEMPLATE template0;
-- Who is not named here does not come in.
REVOKE ALL ON DATABASE penholder FROM PUBLIC;
GRANT CONNECT ON DATABASE penholder TO penholder_backup;
