# The listener: proof ports, who has connected to them, and when enough of them are offline.

ONLINE_FOR=1200     # for which a signal is kept, and that it came through
OFFLINE_FOR=400
HEARD_WITHIN=600    # whoever has said nothing for longer is not counted
LOOK_EVERY=50
LOOK_SOON=25        # the same while somebody is offline, and after a failover
LOOK_AT_ONCE=12     # the same while more and more are
MORE_FOR=200        # for which others are looked for that often once one more is offline
COUNT_EVERY=200     # between two looks at those who are online, while nobody is offline
UNPROVEN_FOR=100    # for which offline ones are waited for whose connections don't come about
ENDING_FOR=1500     # before the window's end the watches of others end too, and their silence says nothing
LONGEST_HEARD=2100  # characters, of the 2,500 that Systems Manager keeps
NEVER=99999         # an age

# is_taken: does this host listen on a proof port itself? Whoever connects would be handed on, and its service be gone.
is_taken() {
    old=$IFS IFS=.
    # shellcheck disable=SC2086 # the four numbers
    set -- $OWN
    IFS=$old
    own=$(printf '%02X%02X%02X%02X' "$4" "$3" "$2" "$1")
    for sockets in /proc/net/tcp /proc/net/tcp6; do
        [ -r "$sockets" ] || continue
        while read -r _ local _ state _; do
            case "$local $state" in
                *"$own:01BB 0A" | *00000000:01BB\ 0A) taken=443 ;;
                *"$own:0050 0A" | *00000000:0050\ 0A) taken=80 ;;
                *) continue ;;
            esac
            return 0
        done <"$sockets"
    done
    return 1
}

# find_addresses: ADDRESSES become those of the targets, since rules know no names; a name that has none is left out.
find_addresses() {
    ADDRESSES='' names=''
    for target in $targets; do
        if is_address "$target"; then ADDRESSES="$ADDRESSES $target"; else names="$names $target"; fi
    done
    [ -n "$names" ] || return 0
    # A quick check waits no longer than QUICK_FOR for the ports.
    answers=$(
        exec 2>/dev/null 3>&-
        for name in $names; do timeout 2 ping -4 -n -q -c 1 -W 1 "$name" & done
        wait
    )
    while IFS='()' read -r what address _; do
        case $what in "PING "*) ! is_address "$address" || ADDRESSES="$ADDRESSES $address" ;; esac
    done <<ANSWERS
$answers
ANSWERS
    [ -n "$ADDRESSES" ]
}

# by_turns COMMAND: run it for each address, with how many are left: of what comes there each takes one in so many, and
# the last all. Where the kernel can't count, the last is the only one.
by_turns() {
    left=0
    for address in $ADDRESSES; do left=$((left + 1)); done
    for address in $ADDRESSES; do
        "$1" "$left" "$address" || [ "$left" -gt 1 ] || return 1
        left=$((left - 1))
    done
}

# listen: by whatever works here.
listen() {
    if is_taken; then
        why_deaf="this NAT listens on port $taken itself"
    elif ! find_addresses; then
        why_deaf='no address can be found for the names of the targets'
    elif listen_by_nft; then
        listener=nft
    elif listen_by_iptables; then
        listener=iptables
    fi
}

end_listening() {
    case $listener in
        nft) exec 5>&- && wait "$owner" 2>/dev/null ;;
        iptables) remove_rules "$CHAIN" ;;
    esac
    listener=''
}

# go_deaf WHY: what has gone is no silence of others.
go_deaf() {
    end_listening
    why_deaf=$1
}

# look: HEARD becomes who has signalled what, as in "10.0.1.5,f,0.31,1": offline (f) or online (n), how many seconds
# ago, and whether a connection came about; the latter first, since nobody can pretend it. HEARD_ALL and HEARD_OFFLINE
# count those heard within the last moment, PROVEN those of the offline that have got through.
look() {
    now
    if [ "$NOW" -lt "$count_at" ] && [ -z "$are_offline" ]; then
        "read_offline_by_$listener" || return
        if [ -z "$are_offline" ]; then
            HEARD_OFFLINE=0 PROVEN=0 were_offline=0
            return
        fi
    fi
    count_at=$((NOW + COUNT_EVERY))
    "read_all_by_$listener" || return
    looks=$((looks + 1))
    note online "$are_online"
    note through "$came_through"
    HEARD='' unproven='' HEARD_ALL=0 HEARD_OFFLINE=0 PROVEN=0 seen=' '
    # shellcheck disable=SC2086 # words, no patterns: set -f
    set -- $are_offline
    while [ $# -gt 0 ]; do
        # What was signalled last counts; of the same moment what withdraws, since the other comes again soon.
        age_of online "$1"
        [ "$2" -ge "$AGE" ] || hear "$1" f "$2" "$OFFLINE_EVERY"
        shift 2
    done
    # shellcheck disable=SC2086
    set -- $are_online
    while [ $# -gt 0 ]; do
        case $seen in *" $1 "*) ;; *) hear "$1" n "$2" "$ONLINE_EVERY" ;; esac
        shift 2
    done
    [ "$HEARD_OFFLINE" -le "$were_offline" ] || more_until=$((NOW + MORE_FOR))
    were_offline=$HEARD_OFFLINE
    HEARD=${HEARD# }
    for word in $unproven; do
        [ "${#HEARD}" -lt "$LONGEST_HEARD" ] || break
        HEARD="$HEARD${HEARD:+ }$word"
    done
}

# key ADDRESS: KEY becomes it as part of a variable's name.
key() {
    old=$IFS IFS=.
    # shellcheck disable=SC2086 # the four numbers
    set -- $1
    IFS=_
    KEY="$*"
    IFS=$old
}

# note KIND WORDS: keep each address's age in a variable of its own. To find it in a text takes a shell ten times as long.
note() {
    kind=$1
    # shellcheck disable=SC2086 # words, no patterns: set -f
    set -- $2
    while [ $# -gt 0 ]; do
        case $1 in
            *[!0-9.]*) ;;
            *) key "$1" && eval "${kind}_$KEY='$looks $2'" ;;
        esac
        shift 2
    done
}

age_of() { # age_of KIND ADDRESS: AGE becomes what was noted at this look
    key "$2"
    eval "AGE=\${$1_$KEY-}"
    case $AGE in "$looks "*) AGE=${AGE#* } ;; *) AGE=$NEVER ;; esac
}

hear() { # hear ADDRESS SIGNAL AGE EVERY
    seen="$seen$1 "
    decimal "$3"
    # The answer to this signal may be on its way still; then that to the one before counts.
    age_of through "$1"
    through=0
    if [ "$AGE" -gt $(($3 + $4 + 50)) ]; then
        unproven="$unproven $1,$2,$DECIMAL,0"
    else
        through=1
        [ "${#HEARD}" -ge "$LONGEST_HEARD" ] || HEARD="$HEARD $1,$2,$DECIMAL,1"
    fi
    [ "$3" -le "$HEARD_WITHIN" ] || return 0
    HEARD_ALL=$((HEARD_ALL + 1))
    [ "$2" = f ] || return 0
    HEARD_OFFLINE=$((HEARD_OFFLINE + 1))
    PROVEN=$((PROVEN + through))
}

is_enough() { # is_enough NUMBER: are so many of those heard enough to fail over?
    [ "$1" -ge "$threshold" ] && [ $(($1 * 100)) -gt $((HEARD_ALL * share)) ]
}

# is_complete: is there evidence that a decision should be made of now? The first who are heard are not all.
is_complete() {
    [ $((NOW - begun)) -ge "$HEARD_FOR" ] || return 1
    if is_enough "$PROVEN"; then return 0; fi
    if is_enough "$HEARD_OFFLINE"; then
        [ "$unproven_since" -gt 0 ] || unproven_since=$NOW
        [ $((NOW - unproven_since)) -ge "$UNPROVEN_FOR" ]
    else
        unproven_since=0
        have_fallen_silent
    fi
}

# have_fallen_silent: has most of what was heard a moment ago gone without a word? For a while a round may be heard
# together with the next one; when it is over, nobody has fallen silent.
have_fallen_silent() {
    [ "$HEARD_ALL" -lt "$most_heard" ] || most_heard=$HEARD_ALL
    [ "$most_heard" -lt "$sample" ] || most_heard=$sample
    [ "$most_heard" -ge "$threshold" ] && [ $((HEARD_ALL * 100)) -lt $((most_heard * (100 - share))) ] &&
        [ $((NOW - begun)) -lt $((window - ENDING_FOR)) ]
}
