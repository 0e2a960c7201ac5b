#!/bin/sh
# User data of the standby NAT: forwards and translates what the private subnets send, now and after every boot.
#
# cloud-init runs this once, at the first boot. It installs a script and a unit that runs that script at each boot, and
# starts it; running this again applies it anew. Where the system has neither nft nor iptables, as Amazon Linux 2023,
# the script installs nftables, for which the instance needs the Internet at its first boot and never again.

set -eu
LC_ALL=C
export LC_ALL

fail() {
    echo "nat-failover: failed: $1" >&2
    exit 1
}

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
}

find_interface
command -v nft >/dev/null || command -v iptables >/dev/null || install_nftables
with_nft || with_iptables || fail "the kernel has refused the rules for $interface"
make_room
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
ExecStart=/usr/local/sbin/nat-failover-nat
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
