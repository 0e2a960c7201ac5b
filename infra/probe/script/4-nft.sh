# With nft the table has an owner, and is gone with the nft that has made it.

# ruleset: the table, as nft takes it, a command a line. Translation is of the destination only, the rest is the NAT's
# own; those who connect are looked at before that, and once more when the answer has come and their own packets go on.
ruleset() {
    echo "add table ip $TABLE { flags owner ; }"
    set='type ipv4_addr ; size 256 ; flags dynamic, timeout'
    for name in online through; do echo "add set ip $TABLE $name { $set ; timeout $((ONLINE_FOR / 100))s ; }"; done
    echo "add set ip $TABLE offline { $set ; timeout $((OFFLINE_FOR / 100))s ; }"
    from="ip daddr $OWN ip saddr { $networks } tcp dport"
    echo "add chain ip $TABLE see { type filter hook prerouting priority -149 ; }"
    echo "add rule ip $TABLE see $from 443 ct state new update @online { ip saddr }"
    echo "add rule ip $TABLE see $from 80 ct state new update @offline { ip saddr }"
    echo "add rule ip $TABLE see $from { 80, 443 } ct state established update @through { ip saddr }"
    echo "add chain ip $TABLE translate { type nat hook prerouting priority -101 ; }"
    by_turns hand_on_by_nft
}

hand_on_by_nft() { # hand_on_by_nft ONE_IN ADDRESS
    turn=''
    [ "$1" -eq 1 ] || turn="numgen inc mod $1 == 0"
    echo "add rule ip $TABLE translate $from { 80, 443 } $turn dnat to $2:443"
}

listen_by_nft() {
    why_deaf="neither nft nor iptables is installed"
    command -v nft >/dev/null || return 1
    why_deaf="nft has refused a table with an owner"
    # Of the pipe that nft reads from, only this shell keeps an end, so that nft ends with it, whatever it dies of. What
    # comes before nft is there only until that end is open.
    # shellcheck disable=SC2216 # sleep says nothing, and is not meant to
    sleep 2 2>/dev/null 3>&- | nft -i >/dev/null 2>&1 3>&- &
    owner=$!
    for _ in 1 2 3 4 5 6 7 8 9 10; do
        [ ! -p "/proc/$owner/fd/0" ] || break
        sleep 0.02
    done
    # A failed exec would end this shell.
    (: >"/proc/$owner/fd/0") 2>/dev/null || return 1
    exec 5>"/proc/$owner/fd/0"
    ruleset >&5 2>/dev/null
    for _ in 1 2 3 4 5 6 7 8 9 10; do
        case $(nft list table ip "$TABLE" 2>/dev/null) in *owner*dnat*) return 0 ;; esac
        sleep 0.05
    done
    exec 5>&-
    return 1
}

# read_sets WORDS: of what nft lists, "address age" of each.
read_sets() {
    are_offline='' are_online='' came_through='' address='' above=''
    for word in $1; do
        case $above:$word in
            *:chain) return ;;
            set:*) name=$word ;;
            expires:*)
                left=${word%,} milliseconds=0
                case $left in *s*ms) milliseconds=${left#*s} ;; *ms) milliseconds=$left left=0s ;; esac
                left=$((${left%%s*} * 100 + ${milliseconds%ms} / 10))
                case $name in
                    offline) are_offline="$are_offline $address $((OFFLINE_FOR - left))" ;;
                    online) are_online="$are_online $address $((ONLINE_FOR - left))" ;;
                    through) came_through="$came_through $address $((ONLINE_FOR - left))" ;;
                esac
                ;;
            *:[0-9]*.[0-9]*.[0-9]*.[0-9]*) address=$word ;;
        esac
        above=$word
    done
}

read_offline_by_nft() {
    listed=$(nft list set ip "$TABLE" offline 2>/dev/null) || { go_deaf "the table of the listener has gone" && return 1; }
    case $listed in *expires*) are_offline=some ;; *) are_offline='' ;; esac
}

read_all_by_nft() {
    listed=$(nft list table ip "$TABLE" 2>/dev/null) || { go_deaf "the table of the listener has gone" && return 1; }
    read_sets "$listed"
}
