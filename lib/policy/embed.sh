#!/bin/sh
# embed.sh FILE ...: a C source that holds each FILE as an array of bytes, by
# the last two parts of its name, with its digest.
set -eu
echo '#include "policy/native.h"'
n=0
for f; do
	n=$((n + 1))
	echo "static const unsigned char file${n}[] = {"
	od -An -v -tu1 "$f" | sed 's/[0-9][0-9]*/&,/g'
	echo '0};'
done
echo 'const struct embedded embedded[] = {'
n=0
for f; do
	n=$((n + 1))
	name=${f%/*}
	name=${name##*/}/${f##*/}
	echo "{ \"$name\", file$n, sizeof(file$n) - 1, {"
	sha256sum "$f" | cut -c 1-64 | sed 's/../0x&,/g'
	echo '} },'
done
echo '{ NULL, NULL, 0, { 0 } }'
echo '};'
