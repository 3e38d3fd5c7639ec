-- Runs once, when the data volume is new: the databases of Yuanlu and of Temporal, each with logins of its own.
--   yuanlu_owner    migrates the schema and owns it
--   yuanlu_service  the running processes: acts only through the three group roles
--   temporal        Temporal's own two databases

\set owner_password `cat /run/secrets/owner_password`
\set service_password `cat /run/secrets/service_password`
\set temporal_password `cat /run/secrets/temporal_password`

create role yuanlu_owner login createrole password :'owner_password';
create role yuanlu_service login noinherit password :'service_password';
create role temporal login password :'temporal_password';

-- The migrations would make these roles, too. Here they exist first, so that the service login can be their member.
create role yuanlu_app nologin;
create role yuanlu_ingest nologin;
create role yuanlu_report nologin;
grant yuanlu_app, yuanlu_ingest, yuanlu_report to yuanlu_owner with admin option;
grant yuanlu_app, yuanlu_ingest, yuanlu_report to yuanlu_service;

create database yuanlu owner yuanlu_owner;
create database temporal owner temporal;
create database temporal_visibility owner temporal;
