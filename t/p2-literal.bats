#!/usr/bin/env bats
# Plain steps, which natives keep by themselves, and calls with nothing but
# literals, which are data: a policy is not to see a difference.
# shellcheck disable=SC2016	# for the policy
load p2

setup() {
	p2_setup
	db=$PWD/store
	# What is declared, for the end of a policy.
	steps='console.log(p2.steps.map(function (s) {
	  return s.line + " " + s.mod + " " + s.title + " " +
	    JSON.stringify(s.opts) + ("plain" in s ? " plain" : "");
	}).join("\n"));'
}

@test "literals: they are what the engine would have made of them" {
	cat >literals <<-'END'
	p2.file('first')
	.file("a\x41\u00e9\u20ac", {content: 'two "q" \'s\' \\ \/ é€\
	 and on', mode: "0644", force: true, follow: false})
	.file('b',
	    {
	      mode: '0600',
	    })	// a comment
	  .file('c', {}).file('d')
	.
	file ( 'e' , ) /* at the end */
	END
	steps_are='1 file first {}
2 file aAé€ {"content":"two \"q\" '"'s'"' \\ / é€ and on","mode":"0644","force":true,"follow":false} plain
4 file b {"mode":"0600"} plain
8 file c {} plain
8 file d {} plain
10 file e {} plain'
	apply <<<"$(cat literals; echo "; $steps")"
	is 0 "$steps_are
changed file first: Created file.
changed file aAé€: Created file.
changed file b: Created file.
changed file c: Created file.
changed file d: Created file.
changed file e: Created file."
	[ "$(cat aAé€)" = "two \"q\" 's' \\ / é€ and on" ]
	# This time the code is not compiled, but was kept.
	apply <<<"$(cat literals; echo "; $steps")"
	is 0 "$steps_are"
}

@test "literals: at the end of a file, with nothing behind them" {
	printf "p2.file('a')\n.file('b')//c" >site.p2
	run p2-apply -d '' site.p2
	[ "$output" = 'changed file a: Created file.
changed file b: Created file.' ]
	printf "p2/**/\n.file('c')/**/" >site.p2
	run p2-apply -d '' -j site.p2
	[[ ${lines[0]} == *'"title":"c"'*'"line":2'* ]]
}

@test "literals: what is more than that is left to the engine" {
	apply -c <<-END
	p2.file('first').file('a' + 'b', {content: 'x' + 1})
	.file('c', {content: 'once', content: 'twice'})
	.file('d', {mode: '\0644'.slice(1), 'force': true})
	.file('e', {content: '😀\ud83d'.charAt(2) && 'e\0'})
	.file('f', {owner: 0}).file('g', {force: 1 > 0})
	.file('h', {onlyif: true}).file('i', null).file('j', {line: ['x']});
	$steps
	END
	is 0 '1 file first {}
1 file ab {"content":"x1"} plain
2 file c {"content":"twice"} plain
3 file d {"mode":"4","force":true} plain
4 file e {"content":"e\u0000"} plain
5 file f {"owner":0} plain
5 file g {"force":true} plain
6 file h {"onlyif":true}
6 file i {} plain
6 file j {"line":["x"]}'
}

@test "literals: an error among them is on its line" {
	apply <<-'END'
	p2.file('a', {content: 'x'})
	.file('b', {content: 'x'})
	.file('c', {contents: 'x'})
	.file('d');
	END
	is 2 '' 'p2-apply: site.p2:3: file c: TypeError: there is no option contents; is it content?'
	apply <<-'END'
	p2.file('a', {content: 'x'})
	.file('b', {content: 'x'})
	.file('no/c',
	  {content: 'x'})
	.file('d');
	END
	is 2 'changed file a: Created file.
changed file b: Created file.' 'p2-apply: site.p2:3: file no/c: no/c: its directory no is missing (parents: true would make it)'
}

@test "literals: in functions that are called more than once, and in callbacks" {
	cat >policy <<-'END'
	function twice(n) {
	  p2.file('a').file('b', {content: 'b'});
	  if (n < 2)
	    twice(n + 1);
	}
	twice(1);
	p2.command('true', function () { p2.file('c').file('d'); }).file('e');
	END
	touch a c d e
	echo -n b >b
	apply -v <policy
	is 0 'ok file a
ok file b
ok file a
ok file b
changed command true: runs each time
ok file e
ok file c
ok file d' 'changed 1, ok 7, skipped 0, failed 0'
}

@test "literals: of a method that is somebody else's, or on another host" {
	apply -c <<-END
	var file = p2.file;
	p2.file('first');
	p2.file = function (title, opts) {
	  console.log(title, JSON.stringify(opts), arguments.length);
	  return this;
	};
	p2.file('a', {content: 'x'}).file('b').file('c', {});
	p2.file = file;
	p2.node('elsewhere').file('d', {content: 'x'}).file('e')
	.node(function () { console.log('asked'); return true; })
	.file('f').file('g').node(true).file('h').file('i');
	$steps
	END
	is 0 'a {"content":"x"} 2
b undefined 1
c {} 2
asked
asked
2 file first {}
11 file f {}
11 file g {}
11 file h {}
11 file i {} plain'
}

@test "plain steps: others name them, before and behind" {
	apply <<-'END'
	p2.file('first')
	.command('z', {cmd: ': z', require: 'file:b'})
	.file('a', {content: 'a'}).file('b', {content: 'b'})
	.file('c', {before: 'file:a'})
	.command('told', {cmd: ': told', refreshonly: true, subscribe: 'file:d'})
	.file('d', {content: 'd'});
	END
	is 0 'changed file first: Created file.
changed file b: Created file.
changed command z: runs each time
changed file c: Created file.
changed file a: Created file.
changed file d: Created file.
changed command told: runs each time'
}

@test "plain steps: those that are right are not asked about again" {
	mkdir dir
	apply <<-'END'
	p2.file('first').file('dir/a', {content: 'a'}).file('dir/b', {content: 'b'})
	.file('dir/c', {content: 'c', notify: 'command:told'})
	.command('told', {cmd: ': told', refreshonly: true})
	.on('command:told:changed', function () {});
	END
	strace -o calls p2-apply -d "$db" site.p2
	[ "$(grep -c 'openat(.*, "[ab]",' calls)" -eq 2 ]
	# A link on the way is none to be followed in that.
	mv dir real
	ln -s real dir
	echo -n c >real/b
	run p2-apply -d "$db" site.p2
	[ "$output" = 'changed file dir/b: Content Replaced. (drift)' ]
	[ "$(cat real/b)" = b ]
}
