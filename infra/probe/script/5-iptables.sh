# With iptables alone nothing ends with this process. So its rules hold for a minute, are prolonged while it runs, and
# what is left of another is removed by the next. The kernel keeps who has connected, and is made to forget whom a look
# has taken: one by one, since somebody may come meanwhile.

HOLD_FOR=60        # seconds
PROLONG_EVERY=2000
LISTS=/proc/net/xt_recent

by_iptables() { # by_iptables TABLE ARGUMENTS
    iptables -w 5 -t "$@" 2>/dev/null
}

listen_by_iptables() {
    command -v iptables >/dev/null && command -v date >/dev/null || return 1
    why_deaf="$why_deaf, and iptables the rules of the listener"
    [ -n "$(date -u -d @0 +%s 2>/dev/null)" ] || return 1
    remove_old_rules
    made_at=$(date +%s)
    uuid=${token##*-}
    CHAIN="nat-failover-$made_at-${uuid%"${uuid#????}"}"
    prolonged_until='' seen_online='' seen_offline='' seen_through=''
    if rules_by_iptables && [ -w "$LISTS/$CHAIN-offline" ]; then return 0; fi
    remove_rules "$CHAIN"
    return 1
}

rules_by_iptables() {
    for table in mangle nat; do by_iptables "$table" -N "$CHAIN" || return 1; done
    while read -r ports state list; do
        by_iptables mangle -A "$CHAIN" -p tcp -m multiport --dports "$ports" -m conntrack --ctstate "$state" \
            -m recent --name "$CHAIN-$list" --set || return 1
    done <<RULES
443 NEW online
80 NEW offline
80,443 ESTABLISHED through
RULES
    by_turns hand_on_by_iptables && prolong
}

hand_on_by_iptables() { # hand_on_by_iptables ONE_IN ADDRESS
    turn=''
    [ "$1" -eq 1 ] || turn="-m statistic --mode nth --every $1 --packet 0"
    # shellcheck disable=SC2086 # its words
    by_iptables nat -A "$CHAIN" -p tcp -m multiport --dports 80,443 $turn -j DNAT --to-destination "$2:443"
}

# prolong: lead packets to the chains for a minute more.
prolong() {
    now
    prolong_at=$((NOW + PROLONG_EVERY))
    before=$prolonged_until
    prolonged_until=$(date -u -d "@$(($(date +%s) + HOLD_FOR))" +%Y-%m-%dT%H:%M:%S) || return 1
    for table in mangle nat; do
        lead "$table" -I "$prolonged_until" || return 1
        [ -z "$before" ] || lead "$table" -D "$before"
    done
}

lead() { # lead TABLE HOW UNTIL
    by_iptables "$1" "$2" PREROUTING -s "$networks" -d "$OWN" -p tcp -m time --datestop "$3" -j "$CHAIN"
}

# remove_old_rules: of probes that were killed. Those of a living one hold for some time yet.
remove_old_rules() {
    this_moment=$(date -u +%Y%m%d%H%M%S)
    long_ago=$(($(date +%s) - HOLD_FOR))
    for table in mangle nat; do by_iptables "$table" -S; done | while read -r what chain _; do
        case "$what $chain" in "-N nat-failover-"*) ;; *) continue ;; esac
        made_at=${chain#nat-failover-} && made_at=${made_at%%-*}
        [ "$made_at" -gt "$long_ago" ] || is_led_to "$chain" || remove_rules "$chain"
    done
}

is_led_to() { # is_led_to CHAIN: do rules lead there that hold still?
    for table in mangle nat; do by_iptables "$table" -S PREROUTING; done | {
        while read -r rule; do
            case $rule in *"--datestop "*"-j $1") ;; *) continue ;; esac
            until=${rule#*--datestop } && until=${until%% *}
            [ "$(echo "$until" | tr -d T:-)" -le "$this_moment" ] || exit 0
        done
        exit 1
    }
}

remove_rules() { # remove_rules CHAIN
    for table in mangle nat; do
        by_iptables "$table" -S PREROUTING | while read -r _ rule; do
            # shellcheck disable=SC2086 # the rule's words
            case $rule in *"-j $1") by_iptables "$table" -D $rule ;; esac
        done
        by_iptables "$table" -F "$1"
        by_iptables "$table" -X "$1"
    done
}

# take LIST BEFORE KEPT: SEEN becomes "address when" of each: what the kernel has kept since the last look, and of those
# before who is not too old; AGES the same with ages.
take() {
    SEEN='' AGES='' listed=' '
    while read -r address _; do listed="$listed${address#src=} "; done <"$LISTS/$CHAIN-$1"
    # The list takes one command each time that it is opened.
    for address in $listed; do
        echo "-$address" >"$LISTS/$CHAIN-$1"
        SEEN="$SEEN $address $NOW" AGES="$AGES $address 0"
    done
    kept=$3
    # shellcheck disable=SC2086 # words, no patterns: set -f
    set -- $2
    while [ $# -gt 0 ]; do
        case $listed in
            *" $1 "*) ;;
            *) [ $((NOW - $2)) -ge "$kept" ] || { SEEN="$SEEN $1 $2" && AGES="$AGES $1 $((NOW - $2))"; } ;;
        esac
        shift 2
    done
}

read_all_by_iptables() {
    if [ ! -w "$LISTS/$CHAIN-offline" ] || { [ "$NOW" -ge "$prolong_at" ] && ! prolong; }; then
        go_deaf "the rules of the listener have gone"
        return 1
    fi
    take offline "$seen_offline" "$OFFLINE_FOR" && seen_offline=$SEEN are_offline=$AGES
    take online "$seen_online" "$ONLINE_FOR" && seen_online=$SEEN are_online=$AGES
    take through "$seen_through" "$ONLINE_FOR" && seen_through=$SEEN came_through=$AGES
}

# All at each look: it costs no process, and what is looked at late seems to have come late.
read_offline_by_iptables() {
    read_all_by_iptables
}
