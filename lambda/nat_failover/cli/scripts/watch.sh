#!/bin/sh
# Watches whether this host reaches the Internet, for a drill's report: until there is the file of the drill's end, or
# for so many seconds. Every INTERVAL seconds it pings all TARGETS, each ping a flow of its own; the slot is answered if
# one of them is.
# It prints one line of JSON: when it began (seconds since the epoch, by this host's clock), and each change of state
# (seconds since then, 1 for online). It writes no file. It needs ping, sleep, sort, tail and awk.
set -uf
LC_ALL=C
export LC_ALL

# The stack writes these.
targets=''
interval=''

# What travels with a command is the last line of this file, which is never run: how long to watch, and which drill.
# shellcheck disable=SC2046 # words, no patterns: set -f
set -- $(tail -n 1 "$0")
lasts=${1:-} drill=${2:-}
case $lasts in '' | *[!0-9]* | ????*) exit 2 ;; esac
case $drill in '' | *[!0-9]* | ???????????*) exit 2 ;; esac
stop=/run/nat-failover-drill-$drill

up() { # up: UP becomes the host's uptime, in hundredths of a second; no time service sets it
    read -r uptime _ </proc/uptime
    UP=$((${uptime%.*} * 100 + 1${uptime#*.} - 100))
}

slot() { # slot HUNDREDTHS: say whether any target answers
    pings=
    for target in $targets; do
        ping -n -q -c 1 -W 1 "$target" >/dev/null 2>&1 &
        pings="$pings $!"
    done
    answered=0
    for ping in $pings; do
        if wait "$ping"; then answered=1; fi
    done
    echo "$1 $answered"
}

slots() {
    up
    begun=$UP
    while [ $((UP - begun)) -lt $((lasts * 100)) ] && ! [ -e "$stop" ]; do
        slot $((UP - begun)) &
        sleep "$interval"
        up
    done
    wait
}

command -v ping >/dev/null || { echo '{"watch":1,"why":"ping is not installed"}' && exit 2; }
at=$(date +%s%N)
case $at in *[!0-9]*) at=$(date +%s)000000000 ;; esac
slots | sort -n | awk -v at="$at" '
    $2 != state { changes = changes (n ? "," : "") sprintf("[%.2f,%d]", $1 / 100, $2); state = $2; n++ }
    n > 150 { exit }
    { last = $1; slots++ }
    BEGIN { state = -1 }
    END {
        printf "{\"watch\":1,\"begun\":%s.%s,\"lasted\":%.2f,\"slots\":%d,\"changes\":[%s]}\n",
            substr(at, 1, length(at) - 9), substr(at, length(at) - 8, 3), last / 100, slots, changes
    }'
