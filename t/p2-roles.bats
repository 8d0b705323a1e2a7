#!/usr/bin/env bats
# The roles that come with the kit, and files as policies declare them.
# shellcheck disable=SC2016	# for the policy, or the shell that it runs
load p2

apply() {
	apply_site "$@"
	output=${output//$PWD\//}
}

same() { diff -u --label expected --label seen - "$1"; }

@test "file: content, templates and sources, once" {
	printf 'from a file {{title}}\n' >src
	cat >policy <<-'END'
	p2
	.file('a', {content: 'plain {{title}}\n', mode: '0640'}, function (changed) { console.log(changed); })
	.file('b', {content: 'to {{title}} {{opts.parms.x}} {{f.y}}\n', is_template: true, parms: {x: 1}})
	.file('c', {content: {file: 'src'}}).file('d', {content: {template: 'src'}})
	.file('e', {content: {file: 'src'}, is_template: true})
	.on('file:a:changed', function (e) { console.log(e.eventname); });
	p2.facts.y = 'z';
	END
	apply <policy
	is 0 'changed file a: Created file.
true
file:a:changed
changed file b: Created file.
changed file c: Created file.
changed file d: Created file.
changed file e: Created file.'
	[ "$(stat -c %a a)" = 640 ]
	same b <<<'to b 1 z'
	same c <<<'from a file {{title}}'
	same d <<<'from a file d'
	same e <<<'from a file e'
	apply <policy
	is 0 'false'
}

@test "file: a dry run shows what the run then does" {
	echo old >a
	cat >policy <<-'END'
	p2
	.file('d', {ensure: 'directory'}).file('d/f', {content: 'new\n'})
	.file('a', {content: 'new\n', keep_orig: false})
	.command('cp a b', {creates: 'b'}).command('cp a b again', {creates: 'b'})
	.file('a', {ensure: 'absent'});
	END
	apply -n <policy
	is 1 'would change file d: is missing
would change file d/f: is missing
--- /dev/null
+++ d/f
@@ -0,0 +1 @@
+new
would change file a: content differs
--- a
+++ a
@@ -1 +1 @@
-old
+new
would change command cp a b: b does not exist
would change file a: is there'
	same a <<<old
	[ ! -e d ]
	apply -j <policy
	[ "$status" -eq 0 ]
	run -0 jq -r 'select(.outcome == "changed") | .title' <<<"$output"
	[ "$output" = 'd
d/f
a
cp a b
a' ]
	[ ! -e a ]
	same b <<<new
}

@test "file: an option that is mistyped fails before anything is touched" {
	apply <<<"p2.file('a', {content: ''}).file('b', {onwer: 'root'});"
	is 2 '' 'p2-apply: site.p2:1: file b: TypeError: there is no option onwer; is it owner?'
	[ ! -e a ]
	apply <<<"p2.file('a', {content: '{{opts.who}}', is_template: true, who: 'me'});"
	[ "$status" -eq 0 ]
	[ "$(cat a)" = me ]
}

@test "add_fact, classify, logmsg" {
	echo ' from file ' >value
	apply <<-'END'
	p2.add_fact('a', {value: '{{title}}-{{f.platform}}'}).logmsg('{{f.a}}')
	.add_fact('n', {value: 0}).add_fact('o', {value: {k: [1]}, hidden: true})
	.add_fact('f', {file: 'value'}).add_fact('a')
	.logmsg('warned', {level: 'warn'})
	.classify('web')
	.end(function () { console.log(p2.facts.n, p2.facts.o.k[0], p2.facts.a, p2.hasClass('web'), p2.hasClass('db')); })
	.add_fact('x', {file: 'missing'});
	END
	is 2 'fact a = a-linux
a-linux
fact n = 0
fact o is set
fact f = from file
0 1 undefined true false' 'warned
p2-apply: site.p2:7: add_fact x: missing: No such file or directory'
}

@test "set_env, source_env: the environment of later commands" {
	printf "export MULTI='a=b\nc'\n" >env.sh
	echo text >value
	apply <<-'END'
	function show(rc, out) { console.log(out.trim()); }
	p2.set_env('A', {value: '{{title}}1'}).set_env('B', {file: 'value'}).command('echo $A $B', show)
	.set_env('A').command('echo ${A-unset}', show)
	.source_env('env.sh').command('echo "$MULTI"', show).source_env('missing.sh');
	END
	is 0 'changed command echo $A $B: runs each time
A1 text
changed command echo ${A-unset}: runs each time
unset
changed command echo "$MULTI": runs each time
a=b
c' 'source_env missing.sh: there is no such file'
}

@test "source_env: what its last command says is no failure, but that it ends is" {
	printf 'export A=1\n[ -e missing ] && . missing\n' >env.sh
	echo 'exit 3' >exits.sh
	apply <<<"p2.source_env('env.sh').logmsg('{{opts.x}}{{f.platform}}', {x: 'on '}).lambda('l', function () { console.log(process.env.A); });"
	is 0 'on linux
1'
	apply <<<"p2.source_env('exits.sh');"
	is 2 '' 'p2-apply: site.p2:1: source_env exits.sh: /bin/sh: exit status 3'
}

@test "a role that says which options it has takes no others" {
	while IFS='|' read -r call why; do
		apply <<<"p2.command('touch x').$call;"
		is 2 '' "p2-apply: site.p2:1: $why"
	done <<-'END'
	binfile('b', {src: {file: 'x'}, mode: '0600'})|binfile b: TypeError: there is no option mode
	binfile('b', {ensure: 'link'})|binfile b: TypeError: option ensure: link is none of present, absent
	classify('a', {x: 1})|classify a: TypeError: there is no option x
	reboot('now', {firstboot: true})|reboot now: TypeError: there is no option firstboot; is it first_boot?
	sleep('a', {secs: 1})|sleep a: TypeError: there is no option secs
	source_env('a', {cdm: 'b'})|source_env a: TypeError: there is no option cdm
	str_replace_infile('f', {regexp: /a/, with: 'b'})|str_replace_infile f: TypeError: there is no option regexp; is it regex?
	str_replace_infile('f', {regex: /a/})|str_replace_infile f: TypeError: option with: is required
	END
	[ ! -e x ]
	cat >own <<-'END'
	p2.role('site', {options: {port: {type: 'integer', 'default': 80}, name: {type: 'string', required: true}},
	    check: function (title, o) { if (o.port === 1) throw new Error('port 1 is not for us'); },
	    p2: function (title, o) { console.log(title, o.name, o.port, o.tag); }});
	END
	apply <<<"$(cat own)
	    p2.site('a', {name: 'x', tag: 't'}).site('b', {name: 'y', port: 2});"
	is 0 'a x 80 t
b y 2 undefined'
	apply <<<"$(cat own)
	    p2.site('a', {name: 'x'}).site('b', {prot: 2});"
	is 2 '' 'p2-apply: site.p2:4: site b: TypeError: there is no option prot; is it port?'
	apply <<<"$(cat own)
	    p2.site('a', {name: 'x', port: 1});"
	is 2 '' 'p2-apply: site.p2:2: site a: port 1 is not for us'
	apply <<<"p2.role('r', {options: {a: {type: 'number'}}, p2: function () {}});"
	is 2 '' 'p2-apply: site.p2:1: role r: TypeError: there is no type number'
}

@test "binfile: byte for byte" {
	printf 'a\0\377b' >src
	cat >policy <<<"p2.binfile('t', {src: {file: 'src'}}).on('binfile:t:changed', function () { console.log('event'); });"
	apply <policy
	is 0 'changed binfile t: Created file.
event'
	cmp src t
	apply <policy
	is 0 ''
	apply <<<"p2.binfile('t', {ensure: 'absent'}).binfile('u', {src: {file: 'missing'}});"
	[ "$status" -eq 2 ]
	[ ! -e t ]
	[ ! -e u ]
}

@test "ini_file: only what is asked for is touched" {
	printf '; comment\ntop = 1\n\n[s]\nk=v ; note\nother = "q # x"\n  odd=1\n' >x.ini
	cat >policy <<-'END'
	p2.ini_file('x.ini', {cfg: {top: 2, s: {k: 'v', n: 'x;y', l: ['1', '2'], e: ' a=b',
	    odd: function (old, key) { return Number(old) + (key === 'odd' && old < '2' ? 1 : 0); }},
	    t: {u: {z: true}}}}).ini_file('new.ini', {cfg: {a: {b: '{{title}}'}}, whitespace: false});
	END
	apply <policy
	[ "$status" -eq 0 ]
	same x.ini <<-'END'
	; comment
	top = 2

	[s]
	k=v ; note
	other = "q # x"
	odd = 2
	n = x\;y
	l[] = 1
	l[] = 2
	e = " a=b"

	[t.u]
	z = true
	END
	same new.ini <<-'END'
	[a]
	b=new.ini
	END
	[ -e x.ini.orig_partout ]
	apply <policy
	is 0 ''
}

@test "ini_file: other lines stay byte for byte, whatever they are" {
	printf 'a=\351 ; \240\r\nb = "x ; y"\n\n[caf\303\240]\r\nk=1' >x.ini
	cat >policy <<-'END'
	p2.ini_file('x.ini', {cfg: {b: function (old) { return old + '!'; }, 'cafà': {k: 'é', l: 2}}});
	END
	apply <policy
	[ "$status" -eq 0 ]
	diff x.ini <(printf 'a=\351 ; \240\r\nb = x \\; y!\n\n[caf\303\240]\r\nk = \303\251\r\nl = 2')
	sed -i "s/old + '!'/old/" policy
	apply <policy
	is 0 ''
}

@test "ini_file: what cannot be written is refused, and the file stays" {
	echo 'a = 1' >x.ini
	while IFS='|' read -r cfg why; do
		apply <<<"p2.ini_file('x.ini', {noesc: true, cfg: $cfg});"
		is 2 '' "p2-apply: site.p2:1: ini_file x.ini: $why"
		[ "$(cat x.ini)" = 'a = 1' ]
	done <<-'END'
	{'a=b': 1}|a setting cannot be called "a=b"
	{' a': 1}|a setting cannot be called " a"
	{s: {'#a': 1}}|a setting cannot be called "#a"
	{s: {'[a]': 1}}|a setting cannot be called "[a]"
	{'a]': {b: 1}}|a section cannot be called "a]"
	{a: 'b\nc'}|a value of more than one line
	END
}

@test "str_replace_infile: on the whole text" {
	printf 'one two\none\n' >f
	cat >policy <<<"p2.str_replace_infile('f', {regex: /^one( two)/m, with: 'three\$1'});"
	apply <policy
	is 0 'changed str_replace_infile f: Content Replaced.'
	same f <<<'three two
one'
	[ ! -e f.orig_partout ]
	apply <policy
	is 0 ''
}

@test "str_replace_infile: what is no UTF-8 keeps its bytes" {
	printf '\351 one\n' >f
	for word in one none; do
		apply <<<"p2.str_replace_infile('f', {regex: '$word', with: 'two'});"
		[ "$status" -eq 0 ]
		diff f <(printf '\351 two\n')
	done
}

@test "roles that edit files: these stay the policy's where nothing changes" {
	echo one >f
	cat >policy <<-'END'
	p2.str_replace_infile('f', {regex: /one/, with: 'two'}).ini_file('i', {cfg: {a: 1}});
	END
	# shellcheck disable=SC2034	# for apply, in p2.bash
	db=store
	apply <policy
	[ "$status" -eq 0 ]
	apply <policy
	is 0 ''
	apply <policy
	is 0 ''
}

@test "sleep: waits, and not in a dry run" {
	apply -L 1 <<<"p2.sleep('0.02').sleep('x', {seconds: 0.01}).command('true').sleep('y');"
	is 2 'changed command true: runs each time' 'p2-apply: site.p2:1: sleep y: not a number of seconds'
	apply -n <<<"p2.sleep('600');"
	is 0 ''
}

@test "wget: into place when it is whole" {
	mkdir bin
	printf '#!/bin/sh\n[ "$1$2$4" = -nv-O-- ] && echo "$5" >"$3"\n' >bin/wget
	chmod +x bin/wget
	cat >policy <<<"p2.wget('http://x/y', {to: 'got'});"
	PATH=$PWD/bin:$PATH apply -n <policy
	is 1 'would change wget http://x/y: got does not exist'
	PATH=$PWD/bin:$PATH apply <policy
	is 0 'changed wget http://x/y: got did not exist'
	same got <<<http://x/y
	[ ! -e got_temp ]
	PATH=$PWD/bin:$PATH apply <policy
	is 0 ''
	printf '#!/bin/sh\necho part >"$3"; printf "http://x/y:\\n2024-01-01 00:00:00 ERROR 404: Not Found.\\n" >&2; exit 8\n' >bin/wget
	rm got
	PATH=$PWD/bin:$PATH apply <policy
	is 2 '' 'p2-apply: site.p2:1: wget http://x/y: wget: ERROR 404: Not Found.'
	[ ! -e got ]
	[ ! -e got_temp ]
}

@test "noop: a role is shown with all in it, and a lambda is not called" {
	echo src >src
	cat >policy <<-'END'
	var write = function () { require('fs').writeFileSync('written', ''); };
	p2.role('inner', {p2: function (t) { p2.file('inner', {content: ''}); }})
	.role('outer', {p2: function (t) { p2.file('outer', {content: ''}).inner(t); return {result: 'changed', why: 'so it is'}; }})
	.role('writes', {p2: write}).role('later', {p2: function () { return Promise.resolve().then(write); }});
	var held = {noop: true};
	p2.outer('o', held).writes('w', held).later('l', held).lambda('f', held, write)
	.binfile('b', {src: {file: 'src'}, noop: true}).str_replace_infile('src', {regex: 's', with: 't', noop: true})
	.wget('http://x', {to: 'got', noop: true}).sleep('600', held).set_env('X', {value: 'y', noop: true})
	.on('outer:o:changed', write).command('true');
	END
	apply <policy
	is 0 'noop outer o: so it is
noop file outer: is missing
noop file inner: is missing
noop writes w: would call writeFile written
noop later l: would call writeFile written
noop lambda f: is not called
noop binfile b: is missing
noop str_replace_infile src: content differs
noop wget http://x: got does not exist
changed command true: runs each time'
	ls
	[ "$(echo inner* outer* written* b* got*)" = 'inner* outer* written* b* got*' ]
	[ "$(cat src)" = src ]
}

@test "sensitive: nothing of what a role writes is shown" {
	echo src >src
	cat >policy <<-'END'
	p2.role('r', {p2: function (t) { p2.file(t, {content: 'secret'}).inner(t); }})
	.role('inner', {p2: function (t) { p2.file('inner', {content: 'secret'}); }})
	.r('x', {sensitive: true}).ini_file('i', {cfg: {a: {password: 'secret'}}, sensitive: true})
	.str_replace_infile('src', {regex: 'src', with: 'secret', sensitive: true}).add_fact('f', {value: 'secret', sensitive: true});
	END
	apply -n <policy
	is 1 'would change file x: is missing
would change file inner: is missing
would change ini_file i: is missing
would change str_replace_infile src: content differs
fact f is set'
	apply -j <policy
	[ "$status" -eq 0 ]
	[[ $output != *secret* ]]
	[ "$(cat x inner src)" = secretsecretsecret ]
}

@test "tag, notify: those of a role are those of what it declares" {
	cat >policy <<-'END'
	p2.role('r', {facts: function (d) { d.resolve({known: 'yes'}); },
	    p2: function (t) { p2.file(t, {content: p2.facts.known}).file('own', {content: '', notify: 'command:own'}).inner(t); }})
	.role('inner', {p2: function (t) { p2.file('inner', {content: ''}); }})
	.r('x', {tag: 'a', notify: 'command:told'}).file('other', {content: ''})
	.command('told', {cmd: 'echo told >>log', refreshonly: true, tag: ['a', 'b']})
	.command('own', {cmd: 'echo own >>log', refreshonly: true, tag: 'a'});
	END
	apply -t b <policy
	is 0 ''
	apply -t a <policy
	is 0 'changed file x: Created file.
changed file own: Created file.
changed file inner: Created file.
changed command told: runs each time
changed command own: runs each time'
	[ "$(cat x log)" = 'yestold
own' ]
	rm inner
	apply <policy
	is 0 'changed file inner: Created file.
changed file other: Created file.
changed command told: runs each time'
}

@test "a dry run ends a promise where it would write" {
	apply -n <<-'END'
	var later = function () { return Promise.resolve().then(function () { require('fs').writeFileSync('written', ''); }); };
	p2.role('r', {p2: later}).r('x').lambda('l', later).command('true');
	END
	is 1 'would change r x: would call writeFile written
would change lambda l: would call writeFile written
would change command true: runs each time'
	[ ! -e written ]
}

@test "a package that fails in a role or in a module fails as it does by itself" {
	apply <<-'END'
	p2.role('r', {p2: function (t) { return p2._now('package', t, {provider: 'deb', source: 'no.deb'}); }})
	.module({name: 'm', apply: function (r) { r.package('y', {provider: 'deb', source: 'no.deb'}); r.file('f', {content: ''}); }})
	.on('r:x:failed', function () { console.log('heard'); }).on('m:z:failed', function () { console.log('heard'); })
	.r('x').logmsg('goes on').m('z').logmsg('goes on');
	END
	why="dpkg-deb: exit status 2: dpkg-deb: error: failed to read archive 'no.deb': No such file or directory"
	is 2 'heard
goes on
changed m f: Created file.
heard
goes on' "p2-apply: site.p2:4: r x: x: $why
p2-apply: site.p2:4: m z: y: $why"
}

@test "a role of that name may be removed and made anew" {
	apply <<-'END'
	delete p2.logmsg;
	p2.role('logmsg', {p2: function (t) { console.log('mine', t); }}).logmsg('x');
	END
	is 0 'mine x'
}
