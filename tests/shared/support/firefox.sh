#!/bin/sh
# Stock Firefox as users have it: when one of its tabs has crashed, the rest goes on.
unset MOZ_CRASHREPORTER_SHUTDOWN
exec "$FIREFOX" "$@"
