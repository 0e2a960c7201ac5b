# Loss: a NAT that loses most packets is as good as dead, but some of what is tried always comes through.
#
# Two connections lost in a row, or as many net of those that came about, are a doubt. Then connections are counted, by
# the route and by both NATs' proof ports: 48 or more by the active NAT, 24 by the passive one. Where 60 % are lost 98 %
# of the counts say so; where 20 % are, 3 of 100,000; where the Internet loses as much by the other NAT, hardly any.

LEAST_STRIKES=3
MOST_STRIKES=8
PORT_FLOWS='1 2 3 4 5 6'
LATELY=12000 # two minutes, of which a backend knows what it has lost
LEAST_SENT=100
WHOLE=4 # counts in a row without a loss, after which it is over

# strike: a connection was lost.
strike() {
    missed=$((missed + 1))
    strikes=$((strikes + 2))
    [ "$strikes" -le "$MOST_STRIKES" ] || strikes=$MOST_STRIKES
}

# count_came PROCESSES: CAME becomes how many have come about.
count_came() {
    CAME=0
    for process in $1; do
        if wait "$process" 2>/dev/null; then CAME=$((CAME + 1)); fi
    done
}

# dial_by_route: start so many connections to each target.
dial_by_route() {
    by_target=''
    for target in $targets; do
        flows=''
        for _ in $route_flows; do start connect "$target" 443 && flows="$flows,$!"; done
        by_target="$by_target $flows"
    done
}

# hear_by_route: what of them has come about. SPLIT where a target has answered some, and not others; ALIVE are those
# that have answered any, as ALIVE_COUNT counts.
hear_by_route() {
    SPLIT=no place=0
    for flows in $by_target; do
        place=$((place + 1))
        old=$IFS IFS=,
        # shellcheck disable=SC2086 # the processes
        set -- $flows
        IFS=$old
        shift
        count_came "$*"
        route_sent=$((route_sent + $#)) route_came=$((route_came + CAME))
        [ "$CAME" -gt 0 ] || continue
        [ "$CAME" -eq $# ] || SPLIT=yes
        case $ALIVE in *" $place "*) ;; *) ALIVE="$ALIVE$place " ALIVE_COUNT=$((ALIVE_COUNT + 1)) ;; esac
    done
}

# is_lossy: is more than the half of what goes by the active NAT lost, and next to nothing by the passive one? Of the
# targets that are dead nothing comes by either: what comes by the passive one is all that can.
is_lossy() {
    [ "$connects" = yes ] && [ "$window" -gt 0 ] && [ "$active" != - ] && [ "$passive" != - ] || return 1
    hear_back
    route_sent=0 route_came=0 active_came=0 passive_came=0 ports_sent=0 ALIVE=' ' ALIVE_COUNT=0
    for _ in 1 2 3 4; do
        by_port='' by_passive_port=''
        dial_by_route
        for _ in $PORT_FLOWS; do
            start connect "$active" 443 && by_port="$by_port $!"
            start connect "$passive" 443 && by_passive_port="$by_passive_port $!"
            ports_sent=$((ports_sent + 1))
        done
        hear_by_route
        count_came "$by_port"
        active_came=$((active_came + CAME))
        count_came "$by_passive_port"
        passive_came=$((passive_came + CAME))
        # They were signals, too.
        now
        signal_due=$((NOW + ONLINE_EVERY))
        all_sent=$((route_sent + ports_sent)) all_came=$((route_came + active_came))
        route_can=$((route_sent * passive_came / ports_sent)) all_can=$((all_sent * passive_came / ports_sent))
        passive_lost=$((ports_sent * ALIVE_COUNT / count - passive_came))
        [ $((all_came * 4)) -lt $((all_can * 3)) ] && [ "$passive_lost" -le 2 ] || return 1
        # Of few targets nothing can be told from chance.
        [ $((passive_came * 2)) -gt "$ports_sent" ] || return 1
    done
    [ "$active_came" -gt 0 ] && [ $((active_came * 3)) -lt $((passive_came * 2)) ] &&
        [ $((route_came * 3)) -lt $((route_can * 2)) ] && [ $((all_came * 100)) -lt $((all_can * 55)) ] &&
        [ "$passive_lost" -le 1 ]
}

# doubt: look into it, where so many were lost.
doubt() {
    [ "$strikes" -ge "$LEAST_STRIKES" ] && [ -z "$OWN" ] || return 0
    strikes=0
    is_lossy || return 0
    lossy=yes by_route=no by_active=no by_passive=yes loss=$((100 - all_came * 100 / all_can))
    come_offline
}

# is_whole: does every target that answers at all answer every time?
is_whole() {
    route_sent=0 route_came=0 ALIVE=' ' ALIVE_COUNT=0
    dial_by_route
    hear_by_route
    [ "$SPLIT" = no ] && [ "$route_came" -gt 0 ]
}

# lately SINCE: PINGS, CONNECTIONS and those of them that were lost since a moment, of which it has the sums.
lately() {
    # shellcheck disable=SC2086 # the four numbers
    set -- $1
    PINGS=$((sent - $1)) PINGS_LOST=$((lost - $2)) CONNECTIONS=$((dialled - $3)) CONNECTIONS_LOST=$((missed - $4))
}

# is_losing: at the end of two minutes: was a tenth or more lost in them? Targets that answer few pings, and whoever
# blocks either, lose only the one; a NAT, or what is behind it, loses both.
is_losing() {
    [ -z "$OWN" ] && [ "$window" -gt 0 ] && [ "$NOW" -ge "$lately_ends" ] || return 1
    lately "$mark_of_lately"
    [ $((PINGS + CONNECTIONS)) -ge "$LEAST_SENT" ] || return 1
    # What is told is of this time alone where it is lossy, of this and the time before else.
    earlier=$mark_of_lately mark_of_lately="$sent $lost $dialled $missed" lately_ends=$((NOW + LATELY))
    [ "$CONNECTIONS_LOST" -lt "$CONNECTIONS" ] || return 1
    [ "$PINGS_LOST" -lt "$PINGS" ] || PINGS=0 PINGS_LOST=0
    [ $((CONNECTIONS_LOST * 20)) -ge "$CONNECTIONS" ] && [ $((PINGS_LOST * 20)) -ge "$PINGS" ] &&
        [ $(((PINGS_LOST + CONNECTIONS_LOST) * 10)) -ge $((PINGS + CONNECTIONS)) ]
}
