#!/bin/sh
# Brings Temporal's databases up to the version of this image. Safe to run again: an up-to-date schema is left alone.
set -eu

SQL_PASSWORD="$(cat /run/secrets/temporal_password)"
export SQL_PASSWORD

upgrade() {
  database="$1"
  folder="$2"
  tool="temporal-sql-tool --plugin postgres12 --ep postgres -p 5432 -u temporal --db $database"
  # A database that already has the version table refuses the first step; the second one tells whether all is well.
  $tool setup-schema -v 0.0 || echo "$database: has a schema already"
  $tool update-schema -d "/etc/temporal/schema/postgresql/v12/$folder/versioned"
}

upgrade temporal temporal
upgrade temporal_visibility visibility
