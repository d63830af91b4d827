#!/usr/bin/env bash
# WORKERD, which is workerd itself, with WORKERD_HEAP MiB for the heap of V8.
exec 9<&0
exec "$WORKERD" "$@" < <(exec node "$(dirname "$0")/v8-flags.mjs" "--max-old-space-size=$WORKERD_HEAP" <&9) 9<&-
