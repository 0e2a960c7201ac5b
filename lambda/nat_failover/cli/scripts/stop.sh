#!/bin/sh
# Ends the watches of a drill on this host: there is the file that they look for, for long enough to be seen.
set -u

# What travels with a command is the last line of this file, which is never run.
drill=$(tail -n 1 "$0")
case $drill in '' | *[!0-9]* | ???????????*) exit 2 ;; esac
stop=/run/nat-failover-drill-$drill
: >"$stop" || exit 1
sleep 3
rm -f "$stop"
