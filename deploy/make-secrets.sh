#!/bin/sh
# Makes the passwords of docker-compose.yml and the database addresses that hold them. Existing files are kept.
# Plain shell on purpose: a machine that only runs the containers needs nothing but Docker.
set -eu

folder="$(dirname "$0")/secrets"
mkdir -p "$folder" "$(dirname "$0")/accounts"
chmod 0700 "$folder"
umask 077

password() {
  [ -s "$folder/$1" ] || head -c 24 /dev/urandom | od -An -tx1 | tr -d ' \n' > "$folder/$1"
}

address() {
  printf 'postgres://%s:%s@postgres:5432/yuanlu' "$2" "$(cat "$folder/$3")" > "$folder/$1"
}

for name in postgres-password owner-password service-password temporal-password; do
  password "$name"
done
address owner-database-url yuanlu_owner owner-password
address service-database-url yuanlu_service service-password

# Containers read the files as users of their own; the folder stays closed to others on this machine.
chmod 0644 "$folder"/*
echo "secrets are in $folder"
