#!/bin/sh
# Makes the namespace and its search attributes. Safe to run again: what is there is left alone.
set -eu

RETENTION=30d

temporal operator namespace describe --namespace "$NAMESPACE" ||
  temporal operator namespace create --namespace "$NAMESPACE" --retention "$RETENTION"

# The names and types of workers/search-attributes.ts (a test compares them).
attribute() {
  temporal operator search-attribute list --namespace "$NAMESPACE" | grep -qw "$1" ||
    temporal operator search-attribute create --namespace "$NAMESPACE" --name "$1" --type "$2"
}

attribute Channel Keyword
attribute RefundState Keyword
attribute BusinessDate Keyword
attribute NeedsReview Bool
