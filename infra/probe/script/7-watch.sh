# The watch: what a backend does, and a NAT.

verdict() { # verdict STATE EXIT: say it, but once
    [ "$reported" = no ] || return 0
    [ -z "$listener" ] || { count_at=0 && look; }
    now
    lost_for=0
    [ "$1" = online ] || lost_for=$((NOW - since))
    decimal "$lost_for" && lost_for=$DECIMAL
    decimal $((NOW - begun)) && elapsed=$DECIMAL
    if [ -n "$OWN" ]; then
        # Evidence waits for no program.
        [ "$2" -eq 0 ] || [ "$OWN" != "$passive" ] || device=''
        health_for $((LONGEST_RESULT - LONGEST_REST - ${#HEARD} - ${#why_deaf}))
    else
        lately "$earlier"
    fi
    decimal "$NOW"
    {
        printf '{"probe":2,"state":"%s","pings":[%d,%d],"lost_for":%s,"elapsed":%s,"uptime":%s,"boot":"%s"' \
            "$1" $((sent - lost)) "$sent" "$lost_for" "$elapsed" "$DECIMAL" "$boot"
        [ "$lossy" = no ] || printf ',"loss":%d' "$loss"
        if [ -z "$OWN" ]; then
            printf ',"route":"%s","active":"%s","passive":"%s"' "$by_route" "$by_active" "$by_passive"
            [ "$intercepted" = no ] || printf ',"intercepted":true'
            [ "$window" -eq 0 ] || printf ',"lately":[%d,%d,%d,%d]' $((PINGS - PINGS_LOST)) "$PINGS" \
                $((CONNECTIONS - CONNECTIONS_LOST)) "$CONNECTIONS"
            [ "$goes_on" = no ] || printf ',"goes_on":true'
        elif [ -n "$listener" ]; then
            printf ',"listener":"%s","heard":"%s"' "$listener" "$HEARD"
        else
            printf ',"deaf":"%s"' "$why_deaf"
        fi
        [ -z "$OWN" ] || printf '%s' "$HEALTH"
        printf '}\n'
    } >&3
    reported=yes
    code=$2
    if [ "$2" -ne 0 ] && [ -n "$OWN" ] && [ "$OWN" = "$passive" ]; then wake_echo told >/dev/null 2>&1 3>&- 5>&- & fi
}

# try: everything at once, by the route and by the active NAT's proof port. True if the route carries anything; pings
# alone are too little where connections have come about before. Whoever is back by the time that all is tried once more
# was gone for a second, and is not dead. Pings alone come through by chance more often than nothing does: then so many
# connections are tried that chance hardly loses all.
try() {
    by_tcp='' by_ping='' nobody=''
    try_route "$CONNECT_FOR"
    try_active
    now
    tried_until=$((NOW + TRY_FOR))
    connected=no answered=no by_route=no
    if await "$by_tcp" $((NOW + TRY_AGAIN)); then
        connected=yes running="$running $by_tcp"
    else
        try_route "$TRY_AGAIN_FOR"
        if [ "$offline$connects" = noyes ] && has_come "$by_ping"; then
            answered=yes
            for _ in 1 2; do dial "$TRY_AGAIN_FOR"; done
        fi
        if one_of "$by_tcp"; then connected=yes; fi
    fi
    if [ "$answered" = no ]; then
        if has_come "$by_ping" || { [ "$connected" = yes ] && await "$by_ping" "$tried_until"; }; then answered=yes; fi
    fi
    if [ "$connected" = yes ] && [ "$answered" = no ] && one_of "$nobody"; then
        # Of connections nothing can be concluded, only of pings.
        intercepted=yes connected=no connects=no
        (: >"$memo") 2>/dev/null
    fi
    if [ "$connected" = yes ]; then
        by_route=yes
        connects_now
    elif [ "$answered" = yes ] && [ "$connects" != yes ]; then
        by_route=yes
    fi
    # Whoever comes back waits for no NAT that has died: what was known of it holds until all is well.
    [ "$offline$by_route" = yesyes ] || hear_active
    running="$running $by_ping $nobody"
    [ "$by_route" = yes ]
}

try_route() { # try_route SECONDS: all that goes by the route; connections for so long
    for target in $targets; do
        start ping_once "$target"
        by_ping="$by_ping $!"
    done
    dial "$1"
    start connect "$NOBODY" 443 "$1"
    nobody="$nobody $!"
}

dial() { # dial SECONDS: a connection to each target by the route
    for target in $targets; do start connect "$target" 443 "$1" && by_tcp="$by_tcp $!"; done
}

# try_active: the active NAT's proof port, by so many connections that not all are lost by chance where many packets
# are; BY_ACTIVE is known once hear_active has been called.
try_active() {
    by_port=''
    [ "$active" != - ] && [ -z "$OWN" ] || return 0
    for _ in 1 2 3 4 5 6; do start connect "$active" 443 && by_port="$by_port $!"; done
    running="$running $by_port"
}

hear_active() {
    by_active=unknown
    [ -n "$by_port" ] && [ "$intercepted" = no ] || return 0
    if one_of "$by_port"; then by_active=yes; else by_active=no; fi
}

# signal PORT: tell the passive NAT, which hands each connection on to another target; BY_PASSIVE is known once hear_back
# has been called.
signal() {
    [ "$passive" != - ] && [ -z "$OWN" ] || return 0
    hear_back
    for _ in 1 2; do start connect "$passive" "$1" && signalled="$signalled $!"; done
}

# hear_back: did a connection of the last signal come about?
hear_back() {
    [ -n "$signalled" ] || return 0
    if one_of "$signalled"; then by_passive=yes; else by_passive=no; fi
    signalled=''
}

# tell: signal how it is, when it is time for that; nothing as long as that is not known.
tell() {
    now
    [ "$NOW" -ge "$signal_due" ] || return 0
    if [ "$offline" = no ]; then
        [ "$by_route" = yes ] || return 0
        signal 443
        signal_due=$((NOW + ONLINE_EVERY))
        # Whoever has only just come back is waited for after a failover.
        is_steady || signal_due=$((NOW + OFFLINE_EVERY))
    elif [ "$by_active" != yes ]; then
        signal 80
        signal_due=$((NOW + OFFLINE_EVERY))
    fi
}

# may_open WAY: is this a quick check, in which a port that has not answered may not be open yet? Nobody knows whether
# it or those of the NATs begin first.
may_open() {
    [ "$window" -eq 0 ] && [ "$1" = no ] && now && [ $((NOW - begun)) -lt "$QUICK_FOR" ]
}

# tell_at_last: before a verdict. Whether the active NAT's port is shut has to be known before it is signalled.
tell_at_last() {
    while may_open "$by_active"; do
        pause $((NOW + LONGEST_SLEEP))
        try_active
        hear_active
    done
    tell
    hear_back
    while may_open "$by_passive"; do
        signal_due=0
        pause $((NOW + LONGEST_SLEEP))
        tell
        hear_back
    done
}

# is_cut_off: can a NAT that listens reach Systems Manager no more, either, or is all well again by now? It has time until
# the window's end then: a verdict that can't leave would be sent again only minutes after it can, and nobody would listen
# meanwhile.
is_cut_off() {
    [ -n "$listener" ] && now && [ $((NOW - begun)) -lt "$window" ] || return 1
    ! (connect "$SYSTEMS_MANAGER" 443) >/dev/null 2>&1 3>&- 5>&- || try
}

come_offline() {
    # A ping that can't even reach its own host says nothing about the Internet.
    if ! (ping_once 127.0.0.1) >/dev/null 2>&1; then
        end_listening
        cannot "ping does not work on this host"
    fi
    ! is_cut_off || return 0
    offline=yes answers=0 online_since=0 signal_due=0
    [ "$reported" = no ] || return 0
    tell_at_last
    verdict offline 1
}

come_online() {
    lossy=no strikes=0 by_route=yes
    offline=no in_a_row=0 signal_due=0
    now
    online_since=$NOW since=$NOW
}

# is_over: is there nothing left to watch for? What was lost last is looked into first, and no connection is enough by
# itself: where something on the way answers for others, pings tell, or all that has been tried.
is_over() {
    now
    [ $((NOW - begun)) -lt "$LONGEST" ] || return 0
    [ $((sent + ping_from)) -gt 0 ] || return 1
    [ "$offline" = no ] && [ "$in_a_row" -eq 0 ] && [ $((NOW - begun)) -ge "$window" ] && is_steady
}

# is_steady: has it been online for long enough, if it was offline before?
is_steady() {
    [ "$online_since" -eq 0 ] || [ $((NOW - online_since)) -ge "$STEADY_FOR" ]
}

# rest_of_slot UNTIL: wait; a NAT looks at its listener meanwhile. False if that has come to a verdict.
rest_of_slot() {
    if [ "$window" -eq 0 ]; then
        ! await "$flow" "$1" || answered=yes
        return 0
    fi
    [ -n "$OWN" ] || tell_at_first "$1"
    while [ -n "$listener" ]; do
        now
        step=$LOOK_EVERY
        [ "$verifies$are_offline" = no ] || step=$LOOK_SOON
        [ "$NOW" -ge "$more_until" ] || step=$LOOK_AT_ONCE
        [ $((NOW + step)) -lt "$1" ] || break
        pause $((NOW + step))
        ! is_evidence || return 1
    done
    # However long a slot is, others conclude something from a signal that does not come.
    while [ "$by_route" = yes ] && [ "$signal_due" -lt "$1" ]; do
        pause "$signal_due"
        tell
    done
    pause "$1"
    [ "$answered" = yes ] || ! has_come "$flow" || answered=yes
    ! is_evidence
}

# tell_at_first UNTIL: signal as soon as anything has come back; a slot may be longer than others wait for that.
tell_at_first() {
    [ "$by_route" = unknown ] || return 0
    now
    until=$((NOW + TRY_FOR))
    [ "$until" -lt "$1" ] || until=$1
    await "$flow" "$until" || return 0
    answered=yes by_route=yes
    tell
}

# is_evidence: does the listener have to end its watch now, and has it? That of the active NAT never does.
is_evidence() {
    [ -n "$listener" ] && [ "$NOW" -ge "$look_at" ] || return 1
    # Who is back is asked after a failover, and at every look.
    [ "$verifies" = no ] || count_at=0
    if ! look; then
        # Whoever listens no longer says so at once: the next tick has it listen anew.
        [ -z "$listener" ] && verdict online 1
        return
    fi
    if [ "$verifies" = yes ]; then
        are_all_online || return 1
        verdict online 0
        return 0
    fi
    if [ "$OWN" != "$passive" ]; then
        [ "$listener" = iptables ] || look_at=$((NOW + ONLINE_EVERY))
        return 1
    fi
    is_complete || return 1
    if [ "$answered" = yes ] || has_come "$flow" || try; then
        verdict online 1
    elif is_cut_off; then
        return 1
    else
        verdict offline 1
    fi
}

# are_all_online: after a failover, are enough heard again, and nobody who is offline?
are_all_online() {
    [ $((NOW - begun)) -ge "$BACK_FOR" ] && [ "$HEARD_ALL" -ge "$threshold" ] && [ "$HEARD_OFFLINE" -eq 0 ]
}

# choose: by which means next: by turns, but once more by the same where that was lost.
choose() {
    [ "$in_a_row" -eq 0 ] || return 0
    if [ "$means" = ping ] && [ "$connects" != no ] && [ "$NOW" -ge "$connect_from" ]; then
        means=connection
    elif [ "$NOW" -ge "$ping_from" ]; then
        means=ping
    fi
}

# send: one ping, or one connection, to the next target.
send() {
    draw
    if [ "$means" = ping ]; then
        sent=$((sent + 1))
        start ping_once "$TARGET"
    else
        dialled=$((dialled + 1))
        start connect "$TARGET" 443
    fi
    flow=$!
    running="$running $flow"
}

# miss: what was sent last is lost.
miss() {
    if [ "$means" = connection ]; then strike; else lost=$((lost + 1)); fi
}

# is_last: does everything hang on what is sent now, after those that were lost before?
is_last() {
    [ "$in_a_row" -gt 0 ] && [ $((in_a_row + 1)) -eq "$failures" ]
}

# lose: what was sent last is lost, or is the last in a row, and may come yet. Where so many are in a row, all is tried.
lose() {
    in_a_row=$((in_a_row + 1))
    if [ "$in_a_row" -lt "$failures" ]; then
        miss
    elif try; then
        has_come "$flow" || miss
        in_a_row=0
        now
        [ "$connected" = yes ] || connect_from=$((NOW + DOUBTED_FOR))
        [ "$answered" = yes ] || ping_from=$((NOW + DOUBTED_FOR))
        doubt
    elif has_come "$flow"; then
        in_a_row=0 by_route=yes
    else
        miss
        come_offline
    fi
}

# watch_online: a slot, and what comes of it. False if there is a verdict by the listener.
watch_online() {
    tell
    slot=$interval
    # For a NAT nobody is in a hurry, and it has others to listen to.
    [ -z "$OWN" ] || slot=$((interval * 2))
    [ "$in_a_row" -gt 0 ] || since=$NOW
    # The first that was lost has had its time; the next ones follow faster, so that the verdict does.
    [ "$in_a_row" -eq 0 ] || slot=$((interval / 2))
    choose
    send
    answered=no
    # The last is waited for while all is tried, which is sooner than one after the other.
    is_last || rest_of_slot $((NOW + slot)) || return
    if [ "$answered" = no ]; then
        lose
    else
        in_a_row=0 by_route=yes
        [ "$means" = connection ] || return 0
        connects_now
        [ "$strikes" -eq 0 ] || strikes=$((strikes - 1))
        doubt
    fi
}

# watch_offline: a try takes most of a second; when one has come through, the next ones follow at once. Of a NAT that
# loses packets some always do.
watch_offline() {
    slot=$OFFLINE_EVERY
    now
    slot_begun=$NOW
    tell
    needed=$ANSWERS
    [ "$lossy" = no ] || needed=$WHOLE
    if { [ "$lossy" = yes ] && is_whole; } || { [ "$lossy" = no ] && try; }; then
        answers=$((answers + 1)) slot=25
        [ "$answers" -lt "$needed" ] || come_online
    else
        answers=0
    fi
    pause $((slot_begun + slot))
}

# tells_early: is there something that a person should know of sooner than at the window's end, and has it been told?
tells_early() {
    [ "$reported" = no ] && [ "$offline" = no ] && [ "$in_a_row" -eq 0 ] && [ "$by_route" = yes ] || return 1
    if is_nearly_full; then
        holds=yes
        verdict online 1
    elif is_losing; then
        goes_on=yes
        verdict online 0
    else
        return 1
    fi
}

# watch: until there is a verdict; in the background until the end.
watch() {
    while is_newest; do
        measure
        if [ "$offline" = yes ]; then watch_offline; else watch_online || return 0; fi
        tidy
        [ "$reported" = no ] || [ "$background" = yes ] || return 0
        ! tells_early || return 0
        ! is_over || break
    done
    [ "$reported" = no ] || return 0
    if [ "$by_route" != yes ] || [ "$in_a_row" -gt 0 ]; then
        # A newer watch has ended this one before it knew.
        verdict unknown 0
        return
    fi
    tell_at_last
    verdict online 0
}
