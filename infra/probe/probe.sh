#!/bin/sh
# The probe: does this host reach the Internet?
#
#   probe.sh TARGETS INTERVAL FAILURES WINDOW WARM_UP CONTROL
#
# It watches for WINDOW seconds (0: a quick check): every INTERVAL seconds one ping to one of TARGETS, drawn at random.
# After FAILURES pings lost in a row it pings every target three times; if none answers, the host is offline.
# The result is one line of JSON and the exit status: 0 reachable, 1 unreachable, 2 can't probe, 3 warming up (offline,
# but booted less than WARM_UP seconds ago, so that nothing can be concluded).
#
# CONTROL is the address of a host that watches, too, and on whose word a decision will wait (or - for none). A host
# that has lost two pings in a row pings it, once; when two such pings have come within a slot, the control tries all
# targets a moment later and ends its watch with the answer, so that its word is there as soon as that of the others.
#
# Every ping is a process, and so a flow, of its own: a running ping would go on through a NAT that has lost its rules,
# because the kernel keeps translating flows that it knows. Nobody waits for a ping: it tells by a signal that it was
# answered, and one that is not ends by itself after a second, also when this script is killed.
#
# With the defaults (0.5 s, 3) the verdict comes two seconds after the loss begins: 0.25 s on average until the next
# ping, 1 s of lost pings, 0.65 s for the last try. Where each packet is lost by chance p, a false verdict needs 3 + 9
# losses on end: at p = 30 % that is 0.3^12 a ping, or once in 2,000 windows of ten minutes; at 10 %, never.
# It needs ping (of iputils), sleep and /proc/uptime; it writes no file.

set -uf
LC_ALL=C
# A ping that looks a name up without an answer is to end soon as well.
RES_OPTIONS='timeout:1 attempts:1'
export LC_ALL RES_OPTIONS

LAST_TRY=3       # pings to every target
LAST_SPACING=12  # between them, in hundredths of a second, as all times here
LAST_WAIT=40     # for the answers to the last of them
NUDGES=2         # pings to the control, within a slot, that make it answer
NUDGED_FOR=80    # after which it tries, so that its word is later than the beginning of the trouble for certain
LONGEST_SLEEP=50 # so that no sleep outlives a killed script for long

cannot() {
    printf '{"probe":1,"state":"cannot-probe","why":"%s"}\n' "$1"
    exit 2
}

# now: NOW becomes the host's uptime. The only clock used, since no time service sets it.
now() {
    read -r up _ </proc/uptime
    NOW=$((${up%.*} * 100 + 1${up#*.} - 100))
}

decimal() { # decimal HUNDREDTHS: DECIMAL becomes seconds, as in 1.05
    rest=$(($1 % 100))
    [ "$rest" -gt 9 ] || rest=0$rest
    DECIMAL=$(($1 / 100)).$rest
}

number() { # number NAME TEXT MOST: is it a whole number of at most five digits, and not above MOST?
    case $2 in
        '' | *[!0-9]* | ??????*) cannot "$1 must be a whole number" ;;
    esac
    # A leading zero would make it octal.
    VALUE=$((1${2}))
    case ${#2} in 1) VALUE=$((VALUE - 10)) ;; 2) VALUE=$((VALUE - 100)) ;; 3) VALUE=$((VALUE - 1000)) ;;
        4) VALUE=$((VALUE - 10000)) ;; *) VALUE=$((VALUE - 100000)) ;; esac
    [ "$VALUE" -le "$3" ] || cannot "$1 must be at most $3"
}

read_parameters() {
    [ $# -eq 6 ] || cannot "it takes six parameters: targets, interval, failures, window, warm-up, control"
    # Of all that separates words only the space: the targets go into the line of JSON.
    case $1 in *[!A-Za-z0-9.\ -]*) cannot "a target must be an IPv4 address or a host name" ;; esac
    targets='' count=0
    for target in $1; do
        case $target in -* | .*) cannot "a target must be an IPv4 address or a host name" ;; esac
        [ "${#target}" -le 253 ] || cannot "a target must have at most 253 characters"
        # draw would look for another one for ever.
        case " $targets " in *" $target "*) cannot "the targets must differ" ;; esac
        targets=$targets${targets:+ }$target
        count=$((count + 1))
    done
    [ "$count" -ge 1 ] && [ "$count" -le 5 ] || cannot "there must be one to five targets"
    case $2 in
        '' | *[!0-9.]* | *.*.* | *. | .*) cannot "interval must be seconds, as in 0.5" ;;
        *.???*) cannot "interval has two decimals at most" ;;
        *.??) number interval "${2#*.}" 99 && interval=$VALUE ;;
        *.?) number interval "${2#*.}" 9 && interval=$((VALUE * 10)) ;;
        *) interval=0 ;;
    esac
    number interval "${2%%.*}" 60 && interval=$((VALUE * 100 + interval))
    [ "$interval" -ge 20 ] && [ "$interval" -le 6000 ] || cannot "interval must be 0.2 to 60 seconds"
    number failures "$3" 99 && failures=$VALUE
    [ "$failures" -ge 1 ] || cannot "failures must be at least 1"
    number window "$4" 3000 && window=$((VALUE * 100))
    number warm-up "$5" 86400 && warm_up=$((VALUE * 100))
    control=$6
    case $control in
        -) ;;
        *[!0-9.]* | *.*.*.*.* | ????????????????*) cannot "control must be an IPv4 address, or - for none" ;;
        [0-9]*.[0-9]*.[0-9]*.[0-9]*) ;;
        *) cannot "control must be an IPv4 address, or - for none" ;;
    esac
}

# is_control: is CONTROL an address of this very host?
is_control() {
    above=
    while read -r line; do
        case "$above $line" in "|-- $control /32 host LOCAL"*) return 0 ;; esac
        above=$line
    done </proc/net/fib_trie
    return 1
}

# echoes: ECHOES becomes the number of pings that have come to this host. The kernel tells names, then values.
echoes() {
    ECHOES=0 names=
    while read -r what values; do
        [ "$what" = Icmp: ] || continue
        # shellcheck disable=SC2086 # words, no patterns: set -f
        if [ -n "$names" ]; then set -- $values; else names=$values; fi
    done </proc/net/snmp
    for name in $names; do
        [ $# -gt 0 ] || return
        if [ "$name" = InEchos ]; then ECHOES=$1; fi
        shift
    done
}

# draw: TARGET becomes another target than before, if there is another.
draw() {
    before=${TARGET-}
    while :; do
        random=$(((random * 1103515245 + 12345) % 2147483648))
        number=$((random / 65536 % count))
        for TARGET in $targets; do
            [ "$number" -gt 0 ] || break
            number=$((number - 1))
        done
        if [ "$count" -eq 1 ] || [ "$TARGET" != "$before" ]; then return; fi
    done
}

fire() { # fire TARGET: ping it, without waiting; USR1 comes when it is answered
    sent=$((sent + 1))
    # Whoever reads the result waits until nobody holds the pipe any more: what goes on must not.
    (ping -n -q -c 1 -W 1 "$1" && kill -s USR1 $$) >/dev/null 2>&1 &
}

nudge() { # nudge: let the control know that somebody is in trouble
    [ "$control" = - ] || ping -n -q -c 1 -W 1 "$control" >/dev/null 2>&1 &
}

pause() { # pause UNTIL [early]: wait, with "early" only until a ping is answered
    while now && [ "$NOW" -lt "$1" ]; do
        if [ "${2-}" = early ] && [ "$answered" -eq 1 ]; then return; fi
        left=$(($1 - NOW))
        [ "$left" -le "$LONGEST_SLEEP" ] || left=$LONGEST_SLEEP
        decimal "$left"
        sleep "$DECIMAL" >/dev/null 2>&1 &
        sleeper=$!
        wait "$sleeper" # a signal ends the wait, not the sleep
        while [ "${2-}" != early ] && kill -0 "$sleeper" 2>/dev/null; do wait "$sleeper"; done
    done
}

last_try() {
    answered=0
    tries=0
    now
    next=$NOW
    while [ "$tries" -lt "$LAST_TRY" ] && [ "$answered" -eq 0 ]; do
        tries=$((tries + 1))
        for target in $targets; do fire "$target"; done
        next=$((next + LAST_SPACING))
        [ "$tries" -lt "$LAST_TRY" ] || next=$((next + LAST_WAIT - LAST_SPACING))
        pause "$next" early
    done
    [ "$answered" -eq 1 ]
}

verdict() { # verdict STATE EXIT LOST_FOR
    now
    decimal "$3"
    lost_for=$DECIMAL
    decimal $((NOW - begun))
    elapsed=$DECIMAL
    decimal "$NOW"
    printf '{"probe":1,"state":"%s","sent":%d,"lost":%d,"lost_for":%s,"elapsed":%s,"uptime":%s,"boot":"%s","targets":"%s"}\n' \
        "$1" "$sent" "$lost" "$lost_for" "$elapsed" "$DECIMAL" "$boot" "$targets"
    exit "$2"
}

offline() {
    # A ping that can't even reach its own host says nothing about the Internet.
    ping -n -q -c 1 -W 1 127.0.0.1 >/dev/null 2>&1 || cannot "ping does not work on this host"
    now
    [ "$NOW" -ge "$warm_up" ] || verdict warming-up 3 $((NOW - since))
    verdict unreachable 1 $((NOW - since))
}

end() { # end STATUS: on a signal, leave nothing behind: the pings still out end within a second
    trap '' USR1 TERM INT HUP
    [ -z "$sleeper" ] || kill "$sleeper" 2>/dev/null
    wait
    exit "$1"
}

read_parameters "$@"
command -v ping >/dev/null || cannot "ping is not installed"
[ -r /proc/uptime ] || cannot "there is no /proc/uptime"
sleep 0.01 2>/dev/null || cannot "sleep takes whole seconds only"
# Uptimes of one boot tell, between them, when each answer was come to, whatever the wall clock says.
boot=''
read -r boot </proc/sys/kernel/random/boot_id
case $boot in *[!0-9a-f-]*) boot='' ;; esac
random=0
if read -r uuid </proc/sys/kernel/random/uuid; then random=$((0x${uuid%%-*})); fi

sent=0 lost=0 in_a_row=0 answered=0 sleeper=''
watched=no
if [ "$window" -gt 0 ] && [ "$control" != - ] && is_control; then
    watched=yes
    control=-
    echoes
fi
echoed=${ECHOES-0}
now
begun=$NOW since=$NOW
trap 'answered=1' USR1
trap 'end 143' TERM
trap 'end 130' INT
trap 'end 129' HUP

while :; do
    now
    [ "$in_a_row" -gt 0 ] || since=$NOW
    slot=$interval
    # The first lost ping has had its time; the next ones follow faster, so that the verdict does.
    [ "$in_a_row" -eq 0 ] || slot=$((interval / 2))
    answered=0
    draw
    fire "$TARGET"
    if [ "$window" -gt 0 ]; then pause $((NOW + slot)); else pause $((NOW + slot)) early; fi
    if [ "$watched" = yes ]; then
        echoes
        if [ $((ECHOES - echoed)) -ge "$NUDGES" ]; then
            now
            pause $((NOW + NUDGED_FOR))
            now
            [ "$in_a_row" -gt 0 ] || since=$NOW
            last_try || offline
            verdict reachable 0 0
        fi
        echoed=$ECHOES
    fi
    if [ "$answered" -eq 1 ]; then
        in_a_row=0
        now
        [ $((NOW - begun)) -lt "$window" ] || verdict reachable 0 0
        continue
    fi
    lost=$((lost + 1))
    in_a_row=$((in_a_row + 1))
    [ "$in_a_row" -ne 2 ] || nudge
    [ "$in_a_row" -ge "$failures" ] || continue
    last_try || offline
    in_a_row=0
    now
    [ $((NOW - begun)) -lt "$window" ] || verdict reachable 0 0
done
