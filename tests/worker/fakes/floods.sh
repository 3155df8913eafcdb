#!/bin/sh
# A worker that says again and again, as fast as it can, that it compiles check 0. Shells have no zero bytes in
# words: `Z` and the ends of lines stand for them.
yes "$(printf '\014ZZZZZZZ\201\251Compiling')" | LC_ALL=C tr 'Z\n' '\000\000'
