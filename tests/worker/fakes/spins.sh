#!/bin/sh
# A worker that begins with file 0 and never ends; nothing in it looks at the time, and no signal of the kernel's
# limit would reach it.
trap '' XCPU
printf '\013\000\000\000\000\000\000\000\201\250Starting\000'
while :; do :; done
