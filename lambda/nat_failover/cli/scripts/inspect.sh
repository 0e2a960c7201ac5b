#!/bin/sh
# Tells whether this host would work as a NAT: does its kernel forward, and do its rules translate? And how old is it?
# It changes nothing, and prints one line of JSON. What can't be known, for want of tools or rights, is null.
set -u
LC_ALL=C
export LC_ALL

forwarding=null
# Not by read: the kernel gives a setting to the first read of a byte, and to no other.
if on=$(cat /proc/sys/net/ipv4/ip_forward 2>/dev/null); then
    forwarding=false
    [ "$on" != 1 ] || forwarding=true
fi

# Whoever has both may use either: one rule that translates is enough.
translating=null
if command -v nft >/dev/null && rules=$(nft list ruleset 2>/dev/null); then
    translating=false
    case $rules in *masquerade* | *'snat to '* | *'snat ip to '*) translating=true ;; esac
fi
if [ "$translating" != true ] && command -v iptables >/dev/null && rules=$(iptables -w -t nat -S 2>/dev/null); then
    translating=false
    case $rules in *'-j MASQUERADE'* | *'-j SNAT'*) translating=true ;; esac
fi

# Of Amazon Linux 2023, which is locked to a release until somebody upgrades it:
# https://docs.aws.amazon.com/linux/al2023/ug/deterministic-upgrades-usage.html
release=$(rpm -q --qf '%{VERSION}' system-release 2>/dev/null) || release=''
case $release in *[!0-9.]*) release='' ;; esac
printf '{"inspect":1,"forwarding":%s,"translating":%s,"release":"%s"}\n' "$forwarding" "$translating" "$release"
