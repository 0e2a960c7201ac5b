#!/bin/sh
# Ends the watches of a drill on this host: there is the file STOP for long enough to be seen.
# shellcheck disable=SC2154 # the word is set behind the first line
set -u
: >"$stop" || exit 1
sleep 3
rm -f "$stop"
