#!/usr/bin/env bats
# concat: a file of fragments, which are declared wherever they belong.
# shellcheck disable=SC2016,SC2034,SC2119	# for the policy; it comes on stdin
load p2

@test "concat: fragments by their order, numbers by value, then by name" {
	mkdir src
	printf 'from a file' >src/a
	printf '{{title}} of {{opts.target}}\n' >src/t
	apply <<-'END'
	p2.concat_fragment('late', {target: 'c', content: 'late\n', order: '10-z'})
	.concat('c', {path: 'conf', mode: '0600', ensure_newline: true})
	.concat_fragment('b', {target: 'c', content: 'b'})
	.concat_fragment('a', {target: 'c', content: 'a'})
	.concat_fragment('file', {target: 'c', content: {file: 'src/a'}, order: 9})
	.concat_fragment('template', {target: 'c', content: {template: 'src/t'}, order: '09'})
	.concat_fragment('first', {target: 'c', content: '', order: 1})
	.concat_fragment('no', {target: 'c', content: 'no', onlyif: false});
	END
	is 0 'changed concat conf: Created file.'
	[ "$(cat conf)" = 'from a file
template of c
a
b
late' ]
	[ "$(stat -c %a conf)" = 600 ]
	apply <site.p2
	is 0 ''
}

@test "concat: is carried out in its place, or behind the last that may add to it" {
	cat >roles.p2 <<-'END'
	p2.role('outer', {p2: function (t) { p2.inner(t).command('echo outer ' + t); }})
	.role('inner', {p2: function (t) {
		p2.concat_fragment('of ' + t, {target: 'conf', content: t + '\n'})
		.file('dir-' + t, {ensure: 'directory'});
	}});
	END
	apply <<-'END'
	p2.include('./roles.p2')
	.concat('early').concat_fragment('e', {target: 'early', content: 'e'})
	.concat('conf', {notify: 'command:last'})
	.file('needs', {content: 'x', require: 'concat:conf'})
	.command('last', {cmd: 'cat conf early', refreshonly: true, logoutput: true})
	.outer('x').outer('y')
	.command('echo between');
	END
	is 0 'changed file dir-x: Created directory.
changed command echo outer x: runs each time
changed file dir-y: Created directory.
changed command echo outer y: runs each time
changed command echo between: runs each time
changed concat early: Created file.
changed concat conf: Created file.
changed file needs: Created file.
changed command last: runs each time
x
y
e'
	rm conf
	apply <<-'END'
	p2.concat_fragment('a', {target: 'conf', content: 'a'}).concat('conf').command('cat conf', {logoutput: true});
	END
	is 0 'changed concat conf: Created file.
changed command cat conf: runs each time
a'
	# What needs the file adds nothing to it.
	rm conf
	apply <<-'END'
	p2.include('./roles.p2').role('reader', {p2: function () { p2.command('cat conf', {logoutput: true}); }})
	.concat('conf').reader('r', {require: 'concat:conf'}).inner('z');
	END
	[[ $output == *'changed concat conf: Created file.
changed command cat conf: runs each time
z' ]]
}

@test "concat: a dry run shows the whole file, --noop of one writes nothing" {
	apply -n <<<"p2.concat('conf').concat_fragment('a', {target: 'conf', content: 'a\n'}).concat_fragment('b', {target: 'conf', content: 'b\n'});"
	is 1 'would change concat conf: is missing
--- /dev/null
+++ conf
@@ -0,0 +1,2 @@
+a
+b'
	apply <<<"p2.concat('conf', {noop: true}).concat_fragment('a', {target: 'conf', content: 'a\n'});"
	[ ! -e conf ]
	echo x >conf
	apply <<<"p2.concat('conf', {ensure: 'absent', keep_orig: false});"
	is 0 'changed concat conf: Deleted file.'
}

@test "concat: fragments for nothing, twice, or too late are errors" {
	apply <<<"p2.concat_fragment('a', {target: 'conf', content: 'a'});"
	is 2 '' 'p2-apply: site.p2:1: concat_fragment a: there is no concat conf'
	apply <<<"p2.concat('cofn').concat_fragment('a', {target: 'conf', content: 'a'});"
	is 2 '' 'p2-apply: site.p2:1: concat cofn: the fragment a is for conf, which is no concat'
	[ ! -e cofn ]
	apply <<<"p2.concat('c').concat_fragment(['a', 'a'], {target: 'c', content: 'a'});"
	is 2 '' 'p2-apply: site.p2:1: concat_fragment a: is declared twice for c'
	apply <<<"p2.concat('c').concat_fragment('a', {target: 'c', content: {file: 'nosuch'}});"
	[ "$status" = 2 ]
	[[ $stderr == 'p2-apply: site.p2:1: concat c: concat_fragment a: '*'nosuch'* ]]
	[ ! -e c ]
	apply <<<"p2.concat('c').on('concat:c:changed', function () { p2.concat_fragment('a', {target: 'c', content: 'a'}); });"
	is 2 'changed concat c: Created file.' 'p2-apply: site.p2:1: concat_fragment a: c has been written already'
	apply <<<"p2.concat('c', {modes: 1});"
	is 2 '' 'p2-apply: site.p2:1: concat c: TypeError: there is no option modes; is it mode?'
	apply <<<"p2.concat_fragment('a', {content: 'x'});"
	is 2 '' 'p2-apply: site.p2:1: concat_fragment a: TypeError: option target: is required'
}

@test "concat: in a run for tags it is left alone, since fragments may be missing" {
	apply -t x <<<"p2.concat('conf', {tag: 'x'}).concat_fragment('a', {target: 'conf', content: 'a'});"
	is 0 ''
	[ ! -e conf ]
}

@test "concat: what left the policy is an orphan, and --watch repairs it" {
	db=$store
	apply <<<"p2.concat('conf').concat_fragment('a', {target: 'conf', content: 'a'});"
	apply <<<"p2.orphans('remove');"
	is 0 'orphan file conf: the policy no longer has it
changed file conf: Deleted file.'
	[ ! -e conf ]
	echo one >src
	cat >site.p2 <<<"p2.concat('conf').concat_fragment('a', {target: 'conf', content: {file: 'src'}}).role('r', {p2: function () { p2.concat_fragment('b', {target: 'conf', content: 'b\n'}); }}).r('r');"
	start p2-apply -d '' -w site.p2 >/dev/null
	wait_until holds conf $'one\nb'
	echo bad >conf
	wait_until holds conf $'one\nb'
	echo two >src
	wait_until holds conf $'two\nb'
}

# holds FILE TEXT
holds() { [ "$(cat "$1" 2>/dev/null)" = "$2" ]; }

@test "concat: the manual has its options, and those of a fragment" {
	names() { sed -n "/^\.Ss $1\$/,/^\.El/s/^\.It Cm //p" "$BATS_TEST_DIRNAME/../share/man/man5/p2.5"; }
	known() { sed -n "/name: '$1'/,/apply:/s/^		*\([a-z_]*\): {*\(type\|\[\).*/\1/p" "$BATS_TEST_DIRNAME/../share/p2/core/concat.js"; }
	[ "$(known concat | wc -l)" = 9 ]
	diff -u <(known concat) <(names concat)
	diff -u <(known concat_fragment) <(names concat_fragment)
	for name in $(known concat); do
		sed -n '/interface ConcatOptions/,/}/p' "$BATS_TEST_DIRNAME/../share/p2.d.ts" | grep -q "^        $name?: "
	done
}
