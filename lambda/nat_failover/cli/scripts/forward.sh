#!/bin/sh
# Lets this host's kernel forward, or not, as VALUE says (1 or 0): the failure of a drill, and its end.
# Where BACK_AFTER is more than 0, the host puts it right by itself after so many seconds, should nobody come back to it.
# It prints one line of JSON: what it was before, and when it was changed, by this host's clock.
# shellcheck disable=SC2154 # the words are set behind the first line
set -u
LC_ALL=C
export LC_ALL

setting=/proc/sys/net/ipv4/ip_forward
was=$(cat "$setting") || exit 1
if [ "$back_after" -gt 0 ]; then
    # Out of this shell's session, and holding nothing of its: whoever runs it does not wait for this, nor end it.
    setsid sh -c "sleep $back_after; echo $was >$setting" </dev/null >/dev/null 2>&1 &
fi
echo "$value" >"$setting" || exit 1
printf '{"forward":%d,"was":%d}\n' "$value" "$was"
