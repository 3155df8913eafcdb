#!/bin/sh
# A worker that announces file 0 and then loops forever. It never checks the time, and it ignores the signal of the
# kernel's limit (SIGXCPU).
trap '' XCPU
printf '\013\000\000\000\000\000\000\000\201\250Starting\000'
while :; do :; done
