#!/usr/bin/env bats
# Locales: made by locale-gen, and the one that programs take.
# shellcheck disable=SC2016	# for the policy
load scratch

setup() {
	scratch_setup
	mkdir -p upper/etc/default upper/root
	printf '%s\n' '# of this file' '# de_AT.UTF-8 UTF-8' '# de_DE.UTF-8 UTF-8' >upper/etc/locale.gen
	printf '%s\n' '# mine' 'LANG="C.UTF-8"' 'LC_PAPER=x' >upper/etc/default/locale
}

@test "locale: is made, is the default, and goes" {
	policy="p2.locale('de_AT.UTF-8', {default: true, categories: {LC_TIME: 'C'}}).locale('C.UTF-8');"
	on_host_apply -n <<<"$policy"
	is 1 'would change locale de_AT.UTF-8: /etc/locale.gen: content differs; is not there; /etc/default/locale: content differs
--- /etc/locale.gen
+++ /etc/locale.gen
@@ -1,3 +1,3 @@
 # of this file
-# de_AT.UTF-8 UTF-8
+de_AT.UTF-8 UTF-8
 # de_DE.UTF-8 UTF-8
--- /etc/default/locale
+++ /etc/default/locale
@@ -1,3 +1,4 @@
 # mine
-LANG="C.UTF-8"
+LANG=de_AT.UTF-8
 LC_PAPER=x
+LC_TIME=C'
	on_host_apply <<<"$policy"
	is 0 'changed locale de_AT.UTF-8: Wrote /etc/locale.gen. Made it. Wrote /etc/default/locale.'
	on_host_apply <<<"$policy"
	is 0 ''
	[ "$(on_host env LC_ALL=de_AT.UTF-8 locale decimal_point)" = , ]
	# Not in the list, but in that of all there are; and made a second time.
	echo 'de_AT.UTF-8 UTF-8' >upper/etc/locale.gen
	rm upper/usr/lib/locale/locale-archive
	on_host_apply <<<"p2.locale(['en_DK', 'de_AT.UTF-8']);"
	is 0 'changed locale en_DK: Wrote /etc/locale.gen. Made it.'
	[ "$(cat upper/etc/locale.gen)" = $'de_AT.UTF-8 UTF-8\nen_DK ISO-8859-1' ]
	on_host_apply <<<"p2.locale('de_AT.UTF-8', {ensure: 'absent'}).locale('de_AT.UTF-8', {ensure: 'absent'}).locale('en_DK');"
	is 0 'changed locale de_AT.UTF-8: Wrote /etc/locale.gen. Removed it.'
	[ "$(cat upper/etc/locale.gen)" = $'# de_AT.UTF-8 UTF-8\nen_DK ISO-8859-1' ]
	run -0 on_host localedef --list-archive
	[ "$output" = $'en_DK\nen_DK.iso88591' ] || [ "$output" = en_DK ]
}

@test "locale: a dry run knows what the steps before would have made" {
	on_host_apply -n <<<"p2.locale('de_DE.UTF-8').locale('de_DE.UTF-8').locale('de_DE.UTF-8', {ensure: 'absent'});"
	[ "$(grep -c '^would' <<<"$output")" = 2 ]
}

@test "locale: what cannot be is told" {
	for bad in "'xx_XX.UTF-8'|xx_XX.UTF-8: there is no such locale in /usr/share/i18n/SUPPORTED" \
	    "'../x'|../x: not the name of a locale" \
	    "'C', {categories: {LC_ALL: 'C'}}|C: categories LC_ALL: not one of LC_TIME and its like" \
	    "'C', {categories: {LC_TIME: 'a b'}}|C: categories LC_TIME: not the name of a locale" \
	    "'de_DE.UTF-8', {ensure: 'absent', default: true}|de_DE.UTF-8: what is absent is no default"; do
		on_host_apply <<<"p2.locale(${bad%|*});"
		is 2 '' "p2-apply: site.p2:1: locale ${bad#*|}"
	done
	on_host rm /etc/locale.gen
	on_host_apply <<<"p2.locale('de_DE.UTF-8');"
	is 2 '' 'p2-apply: site.p2:1: locale de_DE.UTF-8: is not there, and no /etc/locale.gen to have it made'
}
