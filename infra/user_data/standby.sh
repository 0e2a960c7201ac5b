#!/bin/sh
# User data of the standby NAT: forwards and translates what the private subnets send, now and after every boot.
#
# cloud-init runs this once, at the first boot. It installs a script and a unit that runs that script at each boot, and
# starts it; running this again applies it anew. Where the system has neither nft nor iptables, as Amazon Linux 2023,
# the script installs nftables, for which the instance needs the Internet at its first boot and never again.
# The deployment waits for this to say whether the host forwards. Nobody waits for a later boot, and none is told of.

set -eu
LC_ALL=C
export LC_ALL

# The stack writes these: the URL of its wait condition, what has to be within reach, the networks that this is a NAT for,
# and --reset where connections that it does not know are to be reset. Without a URL nobody is told; without networks it
# is a NAT for whoever comes.
signal=''
targets=''
networks=''
resets=''

# The same identity makes a repeated signal the same one:
# https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/using-cfn-waitcondition.html
tell() {
    [ -n "$signal" ] || return 0
    reason=$(printf %s "$2" | tr -c 'A-Za-z0-9 .,:;()?/_-' ' ')
    body="{\"Status\":\"$1\",\"UniqueId\":\"standby\",\"Reason\":\"$reason\",\"Data\":\"$reason\"}"
    left=5
    until put_signal; do
        left=$((left - 1))
        [ "$left" -gt 0 ] || break
        sleep "${NAT_FAILOVER_SIGNAL_PAUSE:-5}"
    done
    [ "$left" -gt 0 ] || echo "nat-failover: the deployment could not be told: $1: $2" >&2
    signal=
}

# The URL is signed for a PUT without a content type. Where there is no curl there is cloud-init's Python.
put_signal() {
    if command -v curl >/dev/null; then
        curl -sS -f -m 20 -o /dev/null -X PUT -H 'Content-Type:' --data-binary "$body" "$signal"
    else
        timeout 20 python3 - "$signal" "$body" <<'PYTHON'
import sys
from http.client import HTTPConnection, HTTPSConnection
from urllib.parse import urlsplit

url, body = urlsplit(sys.argv[1]), sys.argv[2].encode()
connection = (HTTPSConnection if url.scheme == "https" else HTTPConnection)(url.netloc)
connection.request("PUT", f"{url.path}?{url.query}", body)
sys.exit(connection.getresponse().status != 200)
PYTHON
    fi
}

fail() {
    echo "nat-failover: failed: $1" >&2
    tell FAILURE "$1"
    exit 1
}

trap '[ $? -eq 0 ] || tell FAILURE "the user data has failed: see /var/log/cloud-init-output.log"' EXIT

# Whole or not at all: a machine that is switched off meanwhile has no half of a file.
put() {
    { cat >"$1.new" && chmod "$2" "$1.new" && mv -f "$1.new" "$1"; } || fail "cannot write $1"
}

[ "$(id -u)" -eq 0 ] || fail "the user data has to run as root"
command -v systemctl >/dev/null || fail "there is no systemctl: this needs a system with systemd"

mkdir -p /usr/local/sbin /etc/sysctl.d /etc/systemd/system || fail "cannot make the folders"

put /etc/sysctl.d/90-nat-failover.conf 644 <<'SYSCTL'
# A NAT forwards. With one interface for both sides it would tell every host of a shorter way, which there is not.
net.ipv4.ip_forward = 1
net.ipv4.conf.all.send_redirects = 0
net.ipv4.conf.default.send_redirects = 0
# Answers may come in by another interface than the one that leads back to whom they are from.
net.ipv4.conf.all.rp_filter = 2
net.ipv4.conf.default.rp_filter = 2
SYSCTL

put /usr/local/sbin/nat-failover-nat 755 <<'SCRIPT'
#!/bin/sh
# Makes this host a NAT. Run at every boot by nat-failover-nat.service; running it again changes nothing.
# Its arguments are [--reset] and the networks that it is a NAT for, and for nobody else; for whoever comes without any.
set -eu
LC_ALL=C
export LC_ALL

fail() {
    echo "nat-failover: failed: $1" >&2
    exit 1
}

# The interface's name depends on instance type and system, so it is looked up each time; it may come up late.
find_interface() {
    left=${NAT_FAILOVER_ROUTE_WAIT:-60}
    while :; do
        interface=$(ip -4 route show default | sed -n 's/.* dev \([^ ]*\).*/\1/p' | head -n 1)
        [ -z "$interface" ] || return 0
        [ "$left" -gt 0 ] || fail "there is no IPv4 default route, so no interface to the Internet"
        left=$((left - 1))
        sleep 1
    done
}

# Where memory is short, as on the smallest instances, the package manager is killed beside the SSM agent, and Amazon
# Linux 2023 has no swap. The file is written out in full: one with holes is refused, and on some file systems and
# kernels so is one that fallocate has made (swapon(8)). Without swap the installation is tried all the same.
swap_file=${NAT_FAILOVER_SWAP:-/var/swap.nat-failover}

kilobytes() {
    sed -n "s/^$1: *\([0-9]*\) kB\$/\1/p" "${NAT_FAILOVER_MEMINFO:-/proc/meminfo}"
}

make_swap() {
    memory=$(kilobytes MemTotal)
    [ "${memory:-0}" -lt 1500000 ] && [ ! -e "$swap_file" ] || return 0
    {
        (umask 077 && dd if=/dev/zero of="$swap_file.new" bs=1M count="${NAT_FAILOVER_SWAP_MB:-512}" 2>/dev/null) &&
            mkswap "$swap_file.new" >/dev/null && mv -f "$swap_file.new" "$swap_file"
    } || {
        rm -f "$swap_file.new"
        echo "nat-failover: cannot make a swap file: $swap_file" >&2
    }
}

# At every boot: updates need it, too.
use_swap() {
    swap=$(kilobytes SwapTotal)
    [ -e "$swap_file" ] && [ "${swap:-0}" -eq 0 ] || return 0
    swapon "$swap_file" || echo "nat-failover: the kernel has refused the swap file $swap_file" >&2
}

install_nftables() {
    left=5
    while ! install_once; do
        left=$((left - 1))
        [ "$left" -gt 0 ] ||
            fail "cannot install nftables: has this instance a public address and a route to the Internet?"
        sleep "${NAT_FAILOVER_INSTALL_PAUSE:-10}"
    done
}

install_once() {
    if command -v dnf >/dev/null; then
        timeout 300 dnf install -y -q nftables
    elif command -v yum >/dev/null; then
        timeout 300 yum install -y -q nftables
    elif command -v apt-get >/dev/null; then
        timeout 300 apt-get -q -o DPkg::Lock::Timeout=60 update &&
            DEBIAN_FRONTEND=noninteractive timeout 300 apt-get -q -y -o DPkg::Lock::Timeout=60 install nftables
    else
        fail "there is neither nft nor iptables, nor a package manager known here: install nftables in the image"
    fi && command -v nft >/dev/null
}

# One transaction: there is no moment without rules. Other tables are none of ours.
nft_rules() {
    nft -f - <<RULES
add table ip nat_failover
delete table ip nat_failover
table ip nat_failover {
    chain postrouting {
        type nat hook postrouting priority 100; policy accept;
        $1 oifname "$interface" masquerade
    }
}
RULES
}

# What this host itself sends needs no translation. A kernel without the module that tells it gets the plain rule.
with_nft() {
    command -v nft >/dev/null || return 1
    nft_rules 'fib saddr type != local' 2>/dev/null || nft_rules ''
}

in_chain() {
    iptables -w -t nat -C "$@" 2>/dev/null || iptables -w -t nat -A "$@"
}

# The chain is ours and may be there; were it refused, so would be what comes after.
with_iptables() {
    command -v iptables >/dev/null || return 1
    iptables -w -t nat -N NAT_FAILOVER 2>/dev/null || true
    in_chain NAT_FAILOVER -m addrtype ! --src-type LOCAL -o "$interface" -j MASQUERADE 2>/dev/null ||
        in_chain NAT_FAILOVER -o "$interface" -j MASQUERADE || return 1
    in_chain POSTROUTING -j NAT_FAILOVER
}

# What comes in and goes out by the one interface. In: answers, DHCP, and pings of the networks; their connections are
# refused, and all else is dropped. Through: from the networks to the Internet only. Where a backend's own route table
# leads nowhere, this host's must not help. Proof ports are translated before, and so go through. Tunnels are not touched.
#
# After a failover, packets of connections that the other NAT knew come here, where nobody can tell what they were
# translated to, and their clients would wait for minutes. A reset lets them connect anew.
#
# One host may have a quarter of the connections that this one keeps track of, so that it can't take all.
private='10.0.0.0/8 100.64.0.0/10 169.254.0.0/16 172.16.0.0/12 192.168.0.0/16'

listed() { echo "$*" | tr ' ' ','; }

guard_with_nft() { # guard_with_nft RESET LIMIT NETWORKS
    command -v nft >/dev/null || return 1
    reset=${1:+'tcp flags & (fin | syn | rst | ack) != syn ct state new reject with tcp reset'}
    limit=${2:+"ct state new add @sources { ip saddr ct count over $2 } drop"}
    shift 2
    nft -f - <<RULES
add table ip nat_failover_guard
delete table ip nat_failover_guard
table ip nat_failover_guard {
    set inside { type ipv4_addr; flags interval; auto-merge; elements = { $(listed "$@") }; }
    set sources { type ipv4_addr; size 65535; flags dynamic; }
    chain input {
        type filter hook input priority 0; policy accept;
        iifname != "$interface" accept
        ct state established,related accept
        udp sport 67 udp dport 68 accept
        ip saddr @inside icmp type echo-request accept
        ip saddr @inside meta l4proto tcp reject with tcp reset
        drop
    }
    chain forward {
        type filter hook forward priority 0; policy accept;
        iifname != "$interface" accept
        oifname != "$interface" accept
        ct state established,related accept
        ip saddr != @inside drop
        ip daddr { $(listed "$private") } drop
        ip daddr @inside drop
        $reset
        $limit
    }
}
RULES
}

add() { iptables -w -A "$@"; }
known='-m conntrack --ctstate ESTABLISHED,RELATED -j RETURN'
new='-m conntrack --ctstate NEW'
refused='-j REJECT --reject-with tcp-reset'

# shellcheck disable=SC2086 # words
guard_with_iptables() { # guard_with_iptables RESET LIMIT NETWORKS
    command -v iptables >/dev/null || return 1
    reset=$1 limit=$2
    shift 2
    for chain in NAT_FAILOVER_IN NAT_FAILOVER_ON NAT_FAILOVER_OUT; do
        iptables -w -N "$chain" 2>/dev/null || iptables -w -F "$chain" || return 1
    done
    add NAT_FAILOVER_IN $known && add NAT_FAILOVER_ON $known || return 1
    add NAT_FAILOVER_IN -p udp --sport 67 --dport 68 -j RETURN || return 1
    for network in $private "$@"; do add NAT_FAILOVER_ON -d "$network" -j DROP || return 1; done
    for network in "$@"; do
        add NAT_FAILOVER_IN -s "$network" -p icmp --icmp-type echo-request -j RETURN &&
            add NAT_FAILOVER_IN -s "$network" -p tcp $refused &&
            add NAT_FAILOVER_ON -s "$network" -g NAT_FAILOVER_OUT || return 1
    done
    [ -z "$reset" ] || add NAT_FAILOVER_OUT -p tcp ! --syn $new $refused || return 1
    [ -z "$limit" ] || add NAT_FAILOVER_OUT $new -m connlimit --connlimit-above "$limit" -j DROP || return 1
    add NAT_FAILOVER_IN -j DROP && add NAT_FAILOVER_ON -j DROP || return 1
    jump INPUT -i "$interface" -j NAT_FAILOVER_IN && jump FORWARD -i "$interface" -o "$interface" -j NAT_FAILOVER_ON
}

jump() { iptables -w -C "$@" 2>/dev/null || iptables -w -I "$@"; }

guard() { guard_with_nft "$@" || guard_with_iptables "$@"; }

# The kernel's own limit is some thousand connections on a small machine, and a NAT that reaches it drops new ones.
# An eighth of the memory, at half a kilobyte a connection, up to two million; never less than it was. Where the kernel
# refuses, its own limit stays.
make_room() {
    room=$(sed -n 's/^MemTotal: *\([0-9]*\) kB$/\1/p' /proc/meminfo)
    room=$((${room:-0} / 4))
    [ "$room" -le 2097152 ] || room=2097152
    for limit in nf_conntrack_buckets nf_conntrack_max; do
        now=$(cat "/proc/sys/net/netfilter/$limit" 2>/dev/null) || continue
        [ "$now" -ge "$room" ] || { echo "$room" >"/proc/sys/net/netfilter/$limit"; } 2>/dev/null || continue
    done
    # Five days, unless told otherwise. No shorter than this: https://www.rfc-editor.org/rfc/rfc5382#section-5
    { echo 7440 >/proc/sys/net/netfilter/nf_conntrack_tcp_timeout_established; } 2>/dev/null || return 0
}

resets=
[ "${1:-}" != --reset ] || { resets=yes && shift; }
find_interface
command -v nft >/dev/null || command -v iptables >/dev/null || make_swap
use_swap
command -v nft >/dev/null || command -v iptables >/dev/null || install_nftables
with_nft || with_iptables || fail "the kernel has refused the rules for $interface"
make_room
most=${NAT_FAILOVER_MOST:-$(($(cat /proc/sys/net/netfilter/nf_conntrack_max 2>/dev/null || echo 65536) / 4))}
[ $# -eq 0 ] || guard "$resets" "$most" "$@" || guard "$resets" '' "$@" || guard '' '' "$@" ||
    echo "nat-failover: the kernel has refused the rules that keep others out" >&2
for setting in /proc/sys/net/ipv4/conf/*/send_redirects; do
    echo 0 >"$setting" || fail "cannot write $setting"
done
for setting in all default; do
    echo 2 >"/proc/sys/net/ipv4/conf/$setting/rp_filter" || fail "cannot set rp_filter"
done
# Last: a host that forwards without translating would send out packets that nobody can answer.
echo 1 >/proc/sys/net/ipv4/ip_forward || fail "the kernel refuses to forward"
echo "nat-failover: this host is a NAT on $interface"
SCRIPT

# An older systemd (Amazon Linux 2) refuses a oneshot unit that is to be restarted.
version=$(systemctl --version | sed -n '1s/^systemd \([0-9]*\).*/\1/p')
again=
[ "${version:-0}" -lt 244 ] || again='Restart=on-failure
RestartSec=30'

put /etc/systemd/system/nat-failover-nat.service 644 <<UNIT
[Unit]
Description=nat-failover: forwarding and translation for the private subnets
Wants=network-online.target
# The others replace all rules when they start.
After=network-online.target nftables.service iptables.service firewalld.service

[Service]
Type=oneshot
RemainAfterExit=yes
ExecStart=/usr/local/sbin/nat-failover-nat $resets $networks
$again

[Install]
WantedBy=multi-user.target
UNIT

systemctl daemon-reload || fail "systemd has not read the new unit"
systemctl enable nat-failover-nat.service || fail "the unit could not be enabled: after a boot this host is no NAT"
# The unit's words go to the journal; cloud-init's log, where a person looks first, shall have the reason too.
systemctl restart nat-failover-nat.service || {
    reason=$(journalctl -q -b -u nat-failover-nat.service -o cat --no-pager 2>/dev/null |
        sed -n 's/^nat-failover: failed: //p' | tail -n 1)
    fail "${reason:-the unit did not start: journalctl -u nat-failover-nat}"
}
echo "nat-failover: this host is a NAT, and will be after every boot"

# What the deployment waits for is looked at, not concluded from commands that have succeeded.
[ -n "$signal" ] || exit 0
[ "$(cat /proc/sys/net/ipv4/ip_forward)" = 1 ] || fail "this host does not forward"
{ nft list ruleset; iptables -w -t nat -S; } 2>/dev/null | grep -qi masquerade || fail "no rule translates"
command -v ping >/dev/null || fail "there is no ping, by which it is known whether this host has the Internet"
reached() {
    for target in $targets; do
        ping -n -q -c 1 -W 2 "$target" >/dev/null 2>&1 && return 0
    done
    return 1
}
left=${NAT_FAILOVER_REACH_TRIES:-12}
until reached; do
    left=$((left - 1))
    [ "$left" -gt 0 ] || fail "no answer to a ping from $targets: has this instance a public address and a route to the Internet?"
    sleep "${NAT_FAILOVER_REACH_PAUSE:-5}"
done
tell SUCCESS "this host forwards and translates, and $target answers its pings"
