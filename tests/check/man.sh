#!/bin/sh
# usage: man.sh AFETCH: man/afetch.1 tells of every option of "AFETCH --help all", with its letter and whether it takes
# an argument, and of no other. Prints each difference; ends with 1 if there is one.
set -u
page=$(dirname "$0")/../../man/afetch.1
work=$(mktemp -d) || exit 2
trap 'rm -rf "$work"' EXIT

# "P parallel-max arg", "- sync -": letter, name, argument.
"$1" --help all | sed -n '
    s/^  -\(.\), --\([a-z0-9.-]*\) \{0,1\}\([[A-Z]\).*/\1 \2 arg/p; t
    s/^  -\(.\), --\([a-z0-9.-]*\).*/\1 \2 -/p; t
    s/^      --\([a-z0-9.-]*\) \{0,1\}[[A-Z].*/- \1 arg/p; t
    s/^      --\([a-z0-9.-]*\).*/- \1 -/p' | sort >"$work/help"
sed -n '
    s/^\.It Fl \(.\) , Fl \\-\([a-z0-9.-]*\) \(Ar\|Op\).*/\1 \2 arg/p; t
    s/^\.It Fl \(.\) , Fl \\-\([a-z0-9.-]*\)$/\1 \2 -/p; t
    s/^\.It Fl \\-\([a-z0-9.-]*\)\( Ns\)\{0,1\} \(Ar\|Op\).*/- \1 arg/p; t
    s/^\.It Fl \\-\([a-z0-9.-]*\)$/- \1 -/p' "$page" | sort >"$work/man"

[ -s "$work/help" ] || { echo "$1 --help all shows no option"; exit 1; }
diff -u "$work/help" "$work/man" >"$work/diff" && exit 0
echo "--help all (-) and man/afetch.1 (+):"
tail -n +3 "$work/diff"
exit 1
