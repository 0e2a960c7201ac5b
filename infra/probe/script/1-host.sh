#!/bin/sh
# shellcheck disable=SC2329 # some functions are called by names that are put together
#
# The probe: does this host reach the Internet, and through which of the pair's NATs?
#
# On a backend it watches for WINDOW seconds (0: a quick check): every INTERVAL hundredths of a second a ping, or a TCP
# connection, to one of the targets, drawn at random. After FAILURES lost in a row it tries everything at once: pings and
# TCP connections to all targets by the route, and a proof port of the active NAT. If nothing answers by the route, the
# host is offline. So it is where connections have come about before and only pings still do.
#
# A proof port is a port of a NAT's own address that the listener there hands on to a target: whoever gets a connection
# has gone through that NAT and back. Of the passive NAT they are signals as well, by which a host tells how it is even
# where it can't reach Systems Manager: 443, "I am online by the route", every five seconds, and every second for ten once
# it is back; 80, "neither by the route nor by the active NAT's proof port", every second.
#
# On the pair's NATs the probe is the listener. It keeps who has signalled what, and ends its watch as soon as enough
# backends are offline, or all that it heard have fallen silent.
#
# An echo is a second command on the passive NAT, which ends when the listener there has something to tell: of its end
# there are two events then, and one of them may get lost.
#
# The result is one line of JSON. The exit status is 0 where all is well, 1 where it is not, 2 where the host can't
# probe. After the line a host that is offline goes on signalling, until it has been online for ten seconds again and
# the window is over, for six hours at most.
#
# Every ping and every connection is a flow of its own: a running one would go on through a NAT that has lost its rules,
# because the kernel keeps translating flows that it knows.
#
# It needs ping (of iputils), bash, timeout, sleep and /proc. All times are in hundredths of a second.

set -uf
LC_ALL=C
# A ping that looks a name up without an answer is to end soon as well.
RES_OPTIONS='timeout:1 attempts:1'
export LC_ALL RES_OPTIONS

# The stack writes these.
pair=''
targets=''
interval=''
failures=''
threshold=''
share=''
sample=''
networks=''

# Whoever answers here answers for others: https://www.rfc-editor.org/rfc/rfc5737
NOBODY=192.0.2.1
# Where the agent sends results: https://docs.aws.amazon.com/general/latest/gr/ssm.html
SYSTEMS_MANAGER="ssmmessages.${AWS_SSM_REGION_NAME-}.amazonaws.com"
case ${AWS_SSM_REGION_NAME-} in cn-*) SYSTEMS_MANAGER="$SYSTEMS_MANAGER.cn" ;; esac
CONNECT_FOR=0.9  # seconds: a lost SYN is sent again only after one
TRY_FOR=90       # the same
TRY_AGAIN=40     # after which all is tried by the route once more, for as long as is left
TRY_AGAIN_FOR=0.5
ONLINE_EVERY=500 # between two signals
OFFLINE_EVERY=100
ANSWERS=3        # in a row, after which a host that was offline is online again
STEADY_FOR=1000  # for which it has to be, before a probe that has reported ends, and before it signals less often
LONGEST=2160000  # six hours
LONGEST_SLEEP=50 # so that no sleep outlives a killed script for long
SHORTEST_SLEEP=5
DOUBTED_FOR=3000 # for which pings, or connections, are left out where only the other comes through
LINGER_FOR=2000  # for which a NAT's ports stay open after its verdict, until the next listener has its own
QUICK_FOR=300    # for which a quick check goes on trying the NATs' ports until they listen
LISTEN_FOR=590   # for which a NAT listens in a quick check, since hosts get theirs at different times
ECHO_AFTER=50    # the listener's end, of which Systems Manager knows only after a moment
HEARD_FOR=150    # after which whoever signals every second has been heard
BACK_FOR=125     # the same, of those who are online again; whoever is missing is asked for anew

cannot() {
    printf '{"probe":2,"state":"cannot-probe","why":"%s"}\n' "$1" >&3
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

is_address() {
    case $1 in
        *[!0-9.]* | *.*.*.*.* | ????????????????*) return 1 ;;
        [0-9]*.[0-9]*.[0-9]*.[0-9]*) return 0 ;;
        *) return 1 ;;
    esac
}

# read_parameters: those that travel with a command are the last line of this file, which is never run.
read_parameters() {
    last=''
    # It may have no line's end.
    while read -r line || [ -n "$line" ]; do last=$line; done <"$0"
    # shellcheck disable=SC2086 # words, no patterns: set -f
    set -- $last
    [ $# -eq 3 ] || cannot "it takes three parameters: window, active, passive"
    case $1 in '' | *[!0-9]* | ?????* | 0?*) cannot "window must be 0 to 9999 seconds" ;; esac
    window=$(($1 * 100)) active=$2 passive=$3
    [ "$active" = - ] || is_address "$active" || cannot "active must be an IPv4 address, or - for none"
    [ "$passive" = - ] || is_address "$passive" || cannot "passive must be an IPv4 address, or - for none"
}

# need_tools: a host without means for pings and for connections is no witness.
need_tools() {
    [ -r /proc/uptime ] || cannot "there is no /proc/uptime"
    for tool in ping bash timeout; do command -v "$tool" >/dev/null || cannot "$tool is not installed"; done
    sleep 0.01 2>/dev/null || cannot "sleep takes whole seconds only"
    # A connection to this host itself comes about or is refused, where bash can make any.
    case $(timeout "$CONNECT_FOR" bash -c ': </dev/tcp/127.0.0.1/1' 2>&1 || echo "status $?") in
        '' | *efused* | *124*) ;;
        *125* | *sage*) cannot "timeout takes whole seconds only" ;;
        *) cannot "bash makes no connections" ;;
    esac
}

# is_own ADDRESS: is it one of this very host?
is_own() {
    above=
    while read -r line; do
        case "$above $line" in "|-- $1 /32 host LOCAL"*) return 0 ;; esac
        above=$line
    done </proc/net/fib_trie
    return 1
}

# await_listener: be the echo, until a newer one is. It speaks a moment later, when what the listener has told can be
# read.
await_listener() {
    wake_echo newer
    { rm -f "$echo" && mkfifo "$echo"; } 2>/dev/null || exit 0
    # shellcheck disable=SC2016 # the inner shell's
    timeout $((window / 100)) sh -c 'read -r word <"$0" && [ "$word" = told ]' "$echo" >/dev/null 2>&1 3>&- &
    sleeper=$!
    wait "$sleeper" || exit 0
    now
    pause $((NOW + ECHO_AFTER))
    printf '{"probe":2,"echo":1}\n' >&3
    exit 1
}

# wake_echo WHY: where there is one it waits no longer.
wake_echo() {
    [ ! -p "$echo" ] || timeout 1 sh -c "echo $1 >'$echo'" >/dev/null 2>&1 3>&- 5>&-
}

# connects_again: have connections come about on this host before, by the same NAT to the same targets? Whoever watches
# next has not seen any yet, and after the end of them it would take pings for all that can be.
connects_again() {
    kept=''
    [ "$active" != - ] && [ -f "$memo" ] && [ -r "$memo" ] && read -r at kept <"$memo" || return 1
    case $at in '' | *[!0-9]* | ?????????????* | 0?*) return 1 ;; esac
    [ "$kept" = "$active $targets" ] && [ "$at" -le "$NOW" ] && [ $((NOW - at)) -lt "$LONGEST" ]
}

# connects_now: connections come about.
connects_now() {
    connects=yes
    [ "$remembered" = no ] && [ "$active" != - ] || return 0
    remembered=yes
    (echo "$NOW $active $targets" >"$memo") 2>/dev/null
}

# is_newest: is no newer watch of the pair running on this host? Where nothing can be written, all run on.
is_newest() {
    [ -n "$mark" ] || return 0
    newest=''
    [ ! -r "$mark" ] || read -r newest <"$mark"
    [ "$newest" = "$token" ]
}
