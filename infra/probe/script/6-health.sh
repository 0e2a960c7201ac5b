# The health of a NAT: how full the kernel's table of connections is, what memory is left, what EC2 has dropped. Of each
# minute the worst is kept, and the verdict has all of them. Systems Manager shows no word of what still runs, so that
# the NAT that carries the traffic ends its watch early where it can soon track no more connections.

MEASURE_EVERY=1000
MINUTE=6000
FULL=80            # per cent of the connections that the kernel can track
FULL_EVERY=30000   # five minutes, at least, between two watches that end early for that
LONGEST_RESULT=2430 # characters, of the 2,437 that the agent leaves whole where the exit status is not 0
LONGEST_REST=230    # of these for all but addresses and health
TRACKED=/proc/sys/net/netfilter/nf_conntrack
MEMORY=/proc/meminfo

# number_in FILE: NUMBER becomes what it has, or 0. Of the kernel's numbers a second read has nothing, and dash reads
# one character after the other.
number_in() {
    NUMBER=$(cat "$1" 2>/dev/null 3>&- 5>&-)
    case $NUMBER in '' | *[!0-9]* | ???????????*) NUMBER=0 ;; esac
}

begin_measuring() {
    number_in "${TRACKED}_max"
    limit=$NUMBER tracked=0 most_tracked=0 memory=0 least_left=0 samples=''
    dropped=0 first_dropped='' each_dropped='' device=''
    # The default route's, by which all goes out.
    [ ! -r /proc/net/route ] || while read -r name to _; do
        case $to in 00000000) device=$name && break ;; esac
    done </proc/net/route
    if read_dropped; then first_dropped=$each_dropped dropped=$all_dropped; else device=''; fi
    measure_at=0 minute_ends=$((NOW + MINUTE))
}

# measure: when it is time for that.
measure() {
    [ -n "$OWN" ] && [ "$NOW" -ge "$measure_at" ] || return 0
    measure_at=$((NOW + MEASURE_EVERY))
    number_in "${TRACKED}_count"
    tracked=$NUMBER left=0
    [ "$tracked" -le "$most_tracked" ] || most_tracked=$tracked
    while read -r what kilobytes _; do
        case $what in
            MemTotal:) memory=$((kilobytes / 1024)) ;;
            MemAvailable:) left=$((kilobytes / 1024)) && break ;;
        esac
    done <"$MEMORY"
    if [ "$least_left" -eq 0 ] || [ "$left" -lt "$least_left" ]; then least_left=$left; fi
    [ "$NOW" -lt "$minute_ends" ] || end_minute
}

# end_minute: SAMPLES gets its worst: connections, megabytes, and where it is known what was dropped.
end_minute() {
    minute_ends=$((minute_ends + MINUTE))
    samples="$samples $most_tracked,$least_left"
    most_tracked=$tracked least_left=$left
    read_dropped || return 0
    [ "$all_dropped" -ge "$dropped" ] || dropped=0
    samples=$samples,$((all_dropped - dropped))
    dropped=$all_dropped
}

# read_dropped: ALL_DROPPED becomes how many packets EC2 has dropped at its limits, EACH_DROPPED the same of each limit,
# as in "pps:3": https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/monitoring-network-performance-ena.html
read_dropped() {
    [ -n "$device" ] && command -v ethtool >/dev/null || return 1
    all_dropped=0 each_dropped=''
    while read -r what number; do
        case $what:$number in
            *[!a-z_:0-9]* | *: | *:???????????????*) ;;
            *_allowance_exceeded::*)
                all_dropped=$((all_dropped + number)) each_dropped="$each_dropped ${what%_allowance_exceeded:}:$number"
                ;;
        esac
    done <<STATISTICS
$(timeout "$CONNECT_FOR" ethtool -S "$device" 2>/dev/null 3>&- 5>&-)
STATISTICS
    [ -n "$each_dropped" ]
}

# health_for ROOM: HEALTH becomes all that was measured, as JSON, the newest where all has no room.
health_for() {
    measure_at=0
    measure
    end_minute
    grown=''
    for each in $each_dropped; do
        case " $first_dropped " in *" $each "*) ;; *) grown="$grown ${each%:*}" ;; esac
    done
    HEALTH=",\"health\":{\"limit\":$limit,\"memory\":$memory,\"exceeded\":\"${grown# }\",\"minutes\":"
    samples=${samples# }
    while [ $((${#HEALTH} + ${#samples} + 3)) -gt "$1" ] && [ "$samples" != "${samples#* }" ]; do
        samples=${samples#* }
    done
    HEALTH="$HEALTH\"$samples\"}"
}

# is_nearly_full: is this the NAT that carries the traffic, can it soon track no more, and is it time to tell? That of
# the passive one has evidence to gather instead.
is_nearly_full() {
    [ -n "$OWN" ] && [ "$OWN" != "$passive" ] && [ -n "$mark" ] && [ "$limit" -gt 0 ] || return 1
    [ $((tracked * 100)) -ge $((limit * FULL)) ] || return 1
    [ ! -r "$mark.full" ] || { number_in "$mark.full" && [ $((NOW - NUMBER)) -ge "$FULL_EVERY" ]; } || return 1
    (echo "$NOW" >"$mark.full") 2>/dev/null
}

# hold: its ports stay open until the next watch opens its own, as if this one had not ended.
hold() {
    while is_newest && [ $((NOW - begun)) -lt "$window" ]; do
        pause $((NOW + ONLINE_EVERY))
        [ "$listener" != iptables ] || [ "$NOW" -lt "$prolong_at" ] || prolong || return
    done
}
