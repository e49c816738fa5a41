#!/bin/sh
# The functions that lib/afetch.h declares, one a line.
sed -nE 's/^AFETCH_API [^(]*[ *](afetch_[a-z0-9_]+)\(.*/\1/p' "$(dirname "$0")/../../lib/afetch.h" | sort
