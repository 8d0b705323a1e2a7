#!/bin/sh
# partisci.sh: a script tells which version of something runs.
#
#	. /usr/local/share/partisci/clients/partisci.sh
#	partisci_report APP VERSION [HOST [INSTANCE]]
#
# or, without sourcing it, partisci.sh APP VERSION [HOST [INSTANCE]].
#
# APP and VERSION are UTF-8 of 1 to 50 characters, HOST (the name of this host
# unless given; '' for "whatever address it comes from") of up to 50, INSTANCE
# is 0 to 65535.  The update goes to $PARTISCI_SERVER, a name or an address,
# perhaps with a port ("host:port", "[::1]:port"), or else to 127.0.0.1, UDP
# port $PARTISCI_PORT or 7777, by the first of these that is there:
# partisci-send, which also keeps what cannot be delivered; bash; socat; nc;
# curl, over HTTP.  A server may also be a URL, for partisci-send or curl.
#
# That happens in the background: the function does not wait, needs neither
# stdin nor stdout, and returns 0 in any case, so that "set -e" does not end
# the script.  Arguments that break a rule are reported on stderr; run as a
# program it then exits 2.

# _partisci_json TEXT LEAST: TEXT as the inside of a JSON string, or fail.
_partisci_json() {
	printf %s "$1" | od -An -v -tu1 | LC_ALL=C awk -v least="$2" '
	{ for (i = 1; i <= NF; i++) b[n++] = $i + 0 }
	END {
		for (i = 0; i < n; i += len) {
			c = b[i]
			len = c < 128 ? 1 : c < 194 ? 0 : c < 224 ? 2 : \
			    c < 240 ? 3 : c < 245 ? 4 : 0
			if (len == 0 || i + len > n || ++count > 50)
				exit 1
			for (j = 1; j < len; j++)
				if (b[i + j] < 128 || b[i + j] > 191)
					exit 1
			if ((c == 224 && b[i + 1] < 160) ||
			    (c == 237 && b[i + 1] > 159) ||
			    (c == 240 && b[i + 1] < 144) ||
			    (c == 244 && b[i + 1] > 143))
				exit 1
			if (c < 32)
				printf "\\u%04x", c
			else {
				if (c == 34 || c == 92)
					printf "\\"
				for (j = 0; j < len; j++)
					printf "%c", b[i + j]
			}
		}
		exit (count + 0 < least + 0)
	}'
}

# _partisci_deliver MESSAGE SERVER PORT
_partisci_deliver() {
	if command -v partisci-send >/dev/null; then
		printf '%s\n' "$1" | partisci-send -N '' -s "$2" -p "$3" -
		return
	fi
	# shellcheck disable=SC2016	# for bash to expand
	bash -c 'printf %s "$0" >"/dev/udp/$1/$2"' "$1" "$2" "$3" ||
	    printf %s "$1" | socat -u - "UDP:$2:$3" ||
	    printf %s "$1" | nc -u -w 1 "$2" "$3" ||
	    _partisci_post "$1" "http://$2:$3"
}

# _partisci_post MESSAGE URL
_partisci_post() {
	if command -v partisci-send >/dev/null; then
		printf '%s\n' "$1" | partisci-send -N '' -s "$2" -
	else
		curl -fsS -m 10 -H 'Content-Type: application/json' \
		    --data-binary "$1" "${2%/}/api/v1/update/"
	fi
}

# All of it in a subshell: no variable or option of the script is touched.
_partisci_report() (
	set +eu
	if [ $# -lt 2 ] || [ $# -gt 4 ]; then
		echo 'usage: partisci.sh app version [host [instance]]' >&2
		exit 2
	fi
	host=${3-$(uname -n)}
	instance=${4:-0}
	case $instance in
	*[!0-9]*|??????*|0?*)
		instance=65536 ;;
	esac
	if ! app=$(_partisci_json "$1" 1) || ! ver=$(_partisci_json "$2" 1) ||
	    ! host=$(_partisci_json "$host" 0) ||
	    [ "$instance" -gt 65535 ]; then
		echo "partisci.sh: not a valid update: $*" >&2
		exit 2
	fi
	[ -z "$host" ] || host="\"host\":\"$host\","
	message="{\"app\":\"$app\",\"ver\":\"$ver\",$host\"instance\":$instance}"
	server=${PARTISCI_SERVER:-127.0.0.1}
	port=${PARTISCI_PORT:-7777}
	case $server in
	*/*|\[*\]) ;;
	\[*\]:*)
		port=${server##*:}
		server=${server%:*} ;;
	*:*:*) ;;
	*:*)
		port=${server#*:}
		server=${server%:*} ;;
	esac
	server=${server#\[}
	server=${server%\]}
	case $server in
	http://*|https://*)
		_partisci_post "$message" "$server" ;;
	*)
		_partisci_deliver "$message" "$server" "$port" ;;
	esac </dev/null >/dev/null 2>&1 &
)

partisci_report() {
	_partisci_report "$@" || :
}

case ${0##*/} in
partisci.sh)
	_partisci_report "$@" ;;
esac
