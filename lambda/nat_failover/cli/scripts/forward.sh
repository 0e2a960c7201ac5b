#!/bin/sh
# Lets this host's kernel forward no more for so many seconds, or, with 0, forward again: the failure of a drill, and its
# end. The host puts it right by itself after that time, should nobody come back to it.
# It prints one line of JSON: what it was before, and when it was changed, by this host's clock. The exit status is 3 on
# a host that is none of the pair's NATs.
set -u
LC_ALL=C
export LC_ALL

# The stack writes this; nothing where it does not know who has a NAT's network interface.
nats=''

# The agent says whose script this is: https://github.com/aws/amazon-ssm-agent (agent/executers)
if [ -n "$nats" ]; then
    case " $nats " in
        *" ${AWS_SSM_INSTANCE_ID:-} "*) ;;
        *) echo '{"forward":null,"why":"this host is not a NAT of the pair"}' && exit 3 ;;
    esac
fi

# What travels with a command is the last line of this file, which is never run.
seconds=$(tail -n 1 "$0")
case $seconds in '' | *[!0-9]* | ????*) exit 2 ;; esac

setting=/proc/sys/net/ipv4/ip_forward
was=$(cat "$setting") || exit 1
value=1
if [ "$seconds" -gt 0 ]; then
    value=0
    # Out of this shell's session, and holding nothing of its: whoever runs it does not wait for this, nor end it. (Of
    # "A || B &" bash makes a shell of its own, which does hold the output.)
    # What a command before this one has begun puts right is not undone by it.
    if [ "$was" -ne 0 ]; then setsid sh -c "sleep $seconds; echo 1 >$setting" </dev/null >/dev/null 2>&1 & fi
fi
echo "$value" >"$setting" || exit 1
printf '{"forward":%d,"was":%d}\n' "$value" "$was"
