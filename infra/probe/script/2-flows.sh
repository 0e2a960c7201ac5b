# Pings and connections, and waiting for them.

# start COMMAND: run it without waiting. It holds neither the pipe of the result, whose reader waits until nobody does,
# nor the one that keeps the listener's table alive. (Without the subshell dash would keep both, for a function.)
start() {
    ("$@") </dev/null >/dev/null 2>&1 3>&- 5>&- &
}

# has_ended PROCESS: a child is a zombie then, or has been one. Nobody waits for those that may take long, and nobody is
# told by a signal: bash loses sight of a child that ends while a signal ends a wait, and would wait for it for ever.
has_ended() {
    state=Z
    { read -r _ _ state _ <"/proc/$1/stat"; } 2>/dev/null
    case $state in Z | X | '') return 0 ;; *) return 1 ;; esac
}

# has_come PROCESSES: has one of these come about by now?
has_come() {
    for process in $1; do
        if has_ended "$process" && wait "$process" 2>/dev/null; then return 0; fi
    done
    return 1
}

# one_of PROCESSES: has one of these come about when all have ended?
one_of() {
    came=1
    for process in $1; do
        if [ "$came" -eq 0 ]; then
            running="$running $process"
        elif wait "$process" 2>/dev/null; then
            came=0
        fi
    done
    return "$came"
}

# await PROCESSES UNTIL: wait until one of these has come about. False if none has in time.
await() {
    while ! has_come "$1"; do
        now
        [ "$NOW" -lt "$2" ] || return 1
        pause $((NOW + SHORTEST_SLEEP))
    done
}

# tidy: let go of processes that have ended and that nobody waits for: bash and busybox keep them in mind otherwise.
tidy() {
    started=$running running=''
    for process in $started; do
        if has_ended "$process"; then wait "$process" 2>/dev/null; else running="$running $process"; fi
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

# Both are for start: they take the place of the subshell.
ping_once() {
    exec ping -n -q -c 1 -W 1 "$1"
}

connect() { # connect ADDRESS PORT [SECONDS]
    exec timeout "${3-$CONNECT_FOR}" bash -c ": <'/dev/tcp/$1/$2'"
}

pause() { # pause UNTIL
    while now && [ "$NOW" -lt "$1" ]; do
        left=$(($1 - NOW))
        [ "$left" -le "$LONGEST_SLEEP" ] || left=$LONGEST_SLEEP
        decimal "$left"
        start sleep "$DECIMAL"
        sleeper=$!
        wait "$sleeper"
    done
}
