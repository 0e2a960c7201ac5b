# What runs, on a backend or on a NAT.

# prepare: what a process of its own needs, of which a subshell is one.
prepare() {
    sleeper='' running='' signalled=''
    trap '' PIPE
    trap 'end 143' TERM
    trap 'end 130' INT
    trap 'end 129' HUP
}

end() { # end STATUS: on a signal, leave nothing behind: what is still on its way ends within a second
    trap '' TERM INT HUP
    [ -z "$sleeper" ] || kill "$sleeper" 2>/dev/null
    end_listening
    wait
    exit "$1"
}

# go_on: after the verdict, for whoever can hear it but Systems Manager.
go_on() {
    background=yes
    prepare
    watch
    end 0
}

# linger: a listener with evidence keeps its ports open, for those who come to signal or to try a moment later, and so
# does one of a quick check, whose hosts get theirs when they may.
linger() {
    prepare
    [ "$holds" = no ] || hold
    now
    pause $((NOW + LINGER_FOR))
    end 0
}

exec 3>&1
listener=''
read_parameters
need_tools
count=0
for _ in $targets; do count=$((count + 1)); done
# Six connections or more in each count.
case $count in 1) route_flows='1 2 3 4 5 6' ;; 2) route_flows='1 2 3' ;; *) route_flows='1 2' ;; esac
# Uptimes of one boot tell, between them, when each answer was come to, whatever the wall clock says.
boot=''
read -r boot </proc/sys/kernel/random/boot_id
case $boot in *[!0-9a-f-]*) boot='' ;; esac
random=0 token=$$
if read -r uuid </proc/sys/kernel/random/uuid; then random=$((0x${uuid%%-*})) token=$uuid; fi
TABLE="nat-failover-$pair-$token"
echo=/run/nat-failover-$pair.echo
if [ "$active" = "$passive" ] && [ "$active" != - ] && [ "$window" -gt 0 ]; then
    prepare
    await_listener
fi
mark=''
if [ "$window" -gt 0 ] && (echo "$token" >"/run/nat-failover-$pair") 2>/dev/null; then mark=/run/nat-failover-$pair; fi
memo=/run/nat-failover-$pair.connects remembered=no
# After a failover the NAT that has taken over is named as both: who is online again is all that is wanted.
verifies=no
if [ "$active" = "$passive" ]; then verifies=yes active=-; fi
OWN=''
for address in "$active" "$passive"; do
    if [ "$address" != - ] && is_own "$address"; then OWN=$address; fi
done

sent=0 lost=0 dialled=0 missed=0 in_a_row=0 answered=no answers=0 offline=no online_since=0 signal_due=0 reported=no background=no code=0
means=connection connects=unknown ping_from=0 connect_from=0
strikes=0 lossy=no loss=0 lingers=no holds=no goes_on=no
earlier='0 0 0 0' mark_of_lately='0 0 0 0'
by_route=unknown by_active=unknown by_passive=unknown intercepted=no connected=no
why_deaf='' are_offline='' looks=0
HEARD='' HEARD_ALL=0 HEARD_OFFLINE=0 PROVEN=0 look_at=0 count_at=0 unproven_since=0 most_heard=0
were_offline=0 more_until=0
now
begun=$NOW since=$NOW lately_ends=$((NOW + LATELY))
# A connection is the first that is sent then, so that nobody is told "online" for a ping that has come back.
! connects_again || connects=yes means=ping
prepare
if [ -n "$OWN" ]; then
    listen
    begin_measuring
    if [ -n "$listener" ] && [ "$window" -eq 0 ]; then
        window=$LISTEN_FOR lingers=yes
    fi
fi
watch
# What goes on does not hold the output for a moment: the agent waits for whoever has it.
exec >/dev/null 2>&1 </dev/null 3>&-
[ "$code" -eq 0 ] || lingers=yes
if [ -n "$listener" ] && [ "$lingers" = yes ]; then linger & else end_listening; fi
[ "$offline" = no ] || goes_on=yes
if [ "$goes_on" = yes ] && [ "$window" -gt 0 ] && [ -z "$OWN" ]; then go_on & fi
exit "$code"
