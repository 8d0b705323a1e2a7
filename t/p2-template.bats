#!/usr/bin/env bats
# Mustache, rule by rule.  Tests stand in lines of two: what is rendered, and
# what comes of it.
load helper

# Feed the odd lines of stdin to mustache, and compare with the even ones.
agree() {
	local tests=$BATS_TEST_TMPDIR/tests

	cat >"$tests"
	diff -u <(sed -n 'n;p' "$tests") <(sed -n 'p;n' "$tests" | mustache)
}

@test "mustache: interpolation" {
	agree <<'END'
{"template": "Hello from {Mustache}!\n", "data": {}}
"Hello from {Mustache}!\n"
{"template": "Hello, {{subject}}!\n", "data": {"subject": "world"}}
"Hello, world!\n"
{"template": "{{s}} {{{s}}} {{&s}}", "data": {"s": "& \" < > ' / ` ="}}
"&amp; &quot; &lt; &gt; &#39; &#x2F; &#x60; &#x3D; & \" < > ' / ` = & \" < > ' / ` ="
{"template": "\"{{mph}} {{{mph}}} {{&mph}}!\"", "data": {"mph": 85}}
"\"85 85 85!\""
{"template": "{{power}} jiggawatts", "data": {"power": 1.21}}
"1.21 jiggawatts"
{"template": "I ({{n}}) be ({{{n}}}) ({{&n}})", "data": {"n": null}}
"I () be () ()"
{"template": "I ({{cannot}}) be seen!", "data": {}}
"I () be seen!"
{"template": "{{t}} {{f}} {{zero}}", "data": {"t": true, "f": false, "zero": 0}}
"true false 0"
{"template": "{{person.name}} == {{#person}}{{name}}{{/person}}", "data": {"person": {"name": "Joe"}}}
"Joe == Joe"
{"template": "{{a.b.c.d.e.name}}", "data": {"a": {"b": {"c": {"d": {"e": {"name": "Phil"}}}}}}}
"Phil"
{"template": "({{a.b.c.name}})", "data": {"a": {"b": {}}, "c": {"name": "Jim"}}}
"()"
{"template": "{{#a}}{{b.c.name}}{{/a}}", "data": {"a": {"b": {"c": {"name": "Phil"}}}, "b": {"c": {"name": "Wrong"}}}}
"Phil"
{"template": "({{#a}}{{b.c}}{{/a}})", "data": {"a": {"b": {}}, "b": {"c": "ERROR"}}}
"()"
{"template": "{{.}} {{{.}}} {{&.}}", "data": "<&>"}
"&lt;&amp;&gt; <&> <&>"
{"template": "| {{s}} |{{ s }}|{{{ s }}}|{{& s }}|", "data": {"s": "---"}}
"| --- |---|---|---|"
{"template": "  {{s}}\n  {{{s}}}\n  {{&s}}\n", "data": {"s": "---"}}
"  ---\n  ---\n  ---\n"
{"template": "{{a.b}}", "data": {"a.b": "no", "a": {"b": "yes"}}}
"yes"
END
}

@test "mustache: sections" {
	agree <<'END'
{"template": "\"{{#b}}This should be rendered.{{/b}}\"", "data": {"b": true}}
"\"This should be rendered.\""
{"template": "\"{{#b}}x{{/b}}{{#n}}x{{/n}}{{#z}}x{{/z}}{{#e}}x{{/e}}{{#no}}x{{/no}}\"", "data": {"b": false, "n": null, "z": 0, "e": "", "no": []}}
"\"\""
{"template": "{{#context}}Hi {{name}}.{{/context}}", "data": {"context": {"name": "Joe"}}}
"Hi Joe."
{"template": "{{#sec}}{{a}}, {{b}}, {{c.d}}{{/sec}}", "data": {"a": "foo", "b": "wrong", "sec": {"b": "bar"}, "c": {"d": "baz"}}}
"foo, bar, baz"
{"template": "{{#foo}}{{.}} is {{foo}}{{/foo}}", "data": {"foo": "bar"}}
"bar is bar"
{"template": "{{#a}}{{one}}{{#b}}{{one}}{{two}}{{#c.d}}{{one}}{{two}}{{three}}{{/c.d}}{{/b}}{{/a}}", "data": {"a": {"one": 1}, "b": {"two": 2}, "c": {"d": {"three": 3}}}}
"112123"
{"template": "{{#list}}{{item}}{{/list}}", "data": {"list": [{"item": 1}, {"item": 2}, {"item": 3}]}}
"123"
{"template": "{{#tops}}{{#middles}}{{tname.lower}}{{mname}}.{{#bottoms}}{{tname.upper}}{{mname}}{{bname}}.{{/bottoms}}{{/middles}}{{/tops}}", "data": {"tops": [{"tname": {"upper": "A", "lower": "a"}, "middles": [{"mname": "1", "bottoms": [{"bname": "x"}, {"bname": "y"}]}]}]}}
"a1.A1x.A1y."
{"template": "{{#b}}\n* first\n{{/b}}\n* {{two}}\n{{#b}}\n* third\n{{/b}}\n", "data": {"b": true, "two": "second"}}
"* first\n* second\n* third\n"
{"template": "| A {{#b}}B {{#b}}C{{/b}} D{{/b}} E |", "data": {"b": true}}
"| A B C D E |"
{"template": "| A {{#b}}B {{#b}}C{{/b}} D{{/b}} E |", "data": {"b": false}}
"| A  E |"
{"template": "{{#list}}({{.}}){{/list}}", "data": {"list": ["a", 1, 2.5, "<"]}}
"(a)(1)(2.5)(&lt;)"
{"template": "{{#list}}({{#.}}{{.}}{{/.}}){{/list}}", "data": {"list": [[1, 2, 3], ["a", "b"]]}}
"(123)(ab)"
{"template": "{{#.}}({{value}}){{/.}}", "data": [{"value": "a"}, {"value": "b"}]}
"(a)(b)"
{"template": "{{#a.b.c}}Here{{/a.b.c}} {{#a.b.no}}Not{{/a.b.no}}", "data": {"a": {"b": {"c": true}}}}
"Here "
{"template": " | {{#b}}\t|\t{{/b}} | \n", "data": {"b": true}}
" | \t|\t | \n"
{"template": " | {{#b}} {{! Important Whitespace }}\n {{/b}} | \n", "data": {"b": true}}
" |  \n  | \n"
{"template": " {{#b}}YES{{/b}}\n {{#b}}GOOD{{/b}}\n", "data": {"b": true}}
" YES\n GOOD\n"
{"template": "| This Is\n  {{#b}}\n|\n  {{/b}}\n| A Line\n", "data": {"b": true}}
"| This Is\n|\n| A Line\n"
{"template": "|\r\n{{#b}}\r\n{{/b}}\r\n|", "data": {"b": true}}
"|\r\n|"
{"template": "  {{#b}}\n#{{/b}}\n/", "data": {"b": true}}
"#\n/"
{"template": "#{{#b}}\n/\n  {{/b}}", "data": {"b": true}}
"#\n/\n"
{"template": "|{{# b }}={{/ b }}|", "data": {"b": true}}
"|=|"
END
}

@test "mustache: inverted sections" {
	agree <<'END'
{"template": "{{^b}}yes{{/b}}{{^n}}yes{{/n}}{{^l}}yes{{/l}}{{^miss}}yes{{/miss}}", "data": {"b": false, "n": null, "l": []}}
"yesyesyesyes"
{"template": "({{^b}}no{{/b}}{{^o}}no{{/o}}{{^l}}no{{/l}})", "data": {"b": true, "o": {"name": "Joe"}, "l": [1]}}
"()"
{"template": "{{^b}}\n* first\n{{/b}}\n* {{two}}\n{{^b}}\n* third\n{{/b}}\n", "data": {"b": false, "two": "second"}}
"* first\n* second\n* third\n"
{"template": "| A {{^b}}B {{^b}}C{{/b}} D{{/b}} E |", "data": {"b": false}}
"| A B C D E |"
{"template": "{{^a.b.c}}Not Here{{/a.b.c}}", "data": {"a": {"b": {"c": true}}}}
""
{"template": "{{^a.b.c}}Not Here{{/a.b.c}}", "data": {"a": {}}}
"Not Here"
{"template": " {{^b}}NO{{/b}}\n {{^b}}WAY{{/b}}\n", "data": {"b": false}}
" NO\n WAY\n"
{"template": "|\r\n{{^b}}\r\n{{/b}}\r\n|", "data": {"b": false}}
"|\r\n|"
{"template": "^{{^b}}\n/\n  {{/b}}", "data": {"b": false}}
"^\n/\n"
END
}

@test "mustache: comments" {
	agree <<'END'
{"template": "12345{{! Comment Block! }}67890", "data": {}}
"1234567890"
{"template": "12345{{!\n  This is a\n  multi-line comment...\n}}67890\n", "data": {}}
"1234567890\n"
{"template": "Begin.\n{{! Comment Block! }}\nEnd.\n", "data": {}}
"Begin.\nEnd.\n"
{"template": "Begin.\n  {{! Indented Comment Block! }}\nEnd.\n", "data": {}}
"Begin.\nEnd.\n"
{"template": "|\r\n{{! Standalone Comment }}\r\n|", "data": {}}
"|\r\n|"
{"template": "  {{! I'm Still Standalone }}\n!", "data": {}}
"!"
{"template": "!\n  {{! I'm Still Standalone }}", "data": {}}
"!\n"
{"template": "Begin.\n{{!\nSomething's going on here...\n}}\nEnd.\n", "data": {}}
"Begin.\nEnd.\n"
{"template": "  12 {{! 34 }}\n", "data": {}}
"  12 \n"
{"template": "12345 {{! Comment Block! }} 67890", "data": {}}
"12345  67890"
{"template": "comments never show: >{{! name }}<", "data": {"! name": 1, "name": 2}}
"comments never show: ><"
END
}

@test "mustache: delimiters" {
	agree <<'END'
{"template": "{{=<% %>=}}(<%text%>)", "data": {"text": "Hey!"}}
"(Hey!)"
{"template": "({{=[ ]=}}[text])", "data": {"text": "It worked!"}}
"(It worked!)"
{"template": "[\n{{#section}}\n  {{data}}\n  |data|\n{{/section}}\n\n{{= | | =}}\n|#section|\n  {{data}}\n  |data|\n|/section|\n]\n", "data": {"section": true, "data": "I got interpolated."}}
"[\n  I got interpolated.\n  |data|\n\n  {{data}}\n  I got interpolated.\n]\n"
{"template": "[\n{{^section}}\n  {{data}}\n  |data|\n{{/section}}\n\n{{= | | =}}\n|^section|\n  {{data}}\n  |data|\n|/section|\n]\n", "data": {"section": false, "data": "I got interpolated."}}
"[\n  I got interpolated.\n  |data|\n\n  {{data}}\n  I got interpolated.\n]\n"
{"template": "[ {{>include}} ]\n{{= | | =}}\n[ |>include| ]\n", "data": {"value": "yes"}, "partials": {"include": ".{{value}}."}}
"[ .yes. ]\n[ .yes. ]\n"
{"template": "[ {{>include}} ]\n[ .{{value}}.  .|value|. ]\n", "data": {"value": "yes"}, "partials": {"include": ".{{value}}. {{= | | =}} .|value|."}}
"[ .yes.  .yes. ]\n[ .yes.  .|value|. ]\n"
{"template": "| {{=@ @=}} |", "data": {}}
"|  |"
{"template": " | {{=@ @=}}\n", "data": {}}
" | \n"
{"template": "Begin.\n  {{=@ @=}}\nEnd.\n", "data": {}}
"Begin.\nEnd.\n"
{"template": "|\r\n{{= @ @ =}}\r\n|", "data": {}}
"|\r\n|"
{"template": "=\n  {{=@ @=}}", "data": {}}
"=\n"
{"template": "|{{= @   @ =}}|", "data": {}}
"||"
{"template": "{{=<% %>=}}<%{s}%><%&s%><%s%><%={{ }}=%>{{s}}", "data": {"s": "<"}}
"<<&lt;&lt;"
END
}

@test "mustache: partials" {
	agree <<'END'
{"template": "\"{{>text}}\"", "data": {}, "partials": {"text": "from partial"}}
"\"from partial\""
{"template": "\"{{>text}}\"", "data": {}, "partials": {}}
"\"\""
{"template": "\"{{>partial}}\"", "data": {"text": "content"}, "partials": {"partial": "*{{text}}*"}}
"\"*content*\""
{"template": "{{>node}}", "data": {"content": "X", "nodes": [{"content": "Y", "nodes": []}]}, "partials": {"node": "{{content}}<{{#nodes}}{{>node}}{{/nodes}}>"}}
"X<Y<>>"
{"template": "| {{>partial}} |", "data": {}, "partials": {"partial": "\t|\t"}}
"| \t|\t |"
{"template": "  {{data}}  {{> partial}}\n", "data": {"data": "|"}, "partials": {"partial": ">\n>"}}
"  |  >\n>\n"
{"template": "|\r\n{{>partial}}\r\n|", "data": {}, "partials": {"partial": ">"}}
"|\r\n>|"
{"template": "  {{>partial}}\n>", "data": {}, "partials": {"partial": ">\n>"}}
"  >\n  >>"
{"template": ">\n  {{>partial}}", "data": {}, "partials": {"partial": ">\n>"}}
">\n  >\n  >"
{"template": "\\\n {{>partial}}\n/\n", "data": {"content": "<\n->"}, "partials": {"partial": "|\n{{{content}}}\n|\n"}}
"\\\n |\n <\n->\n |\n/\n"
{"template": "|{{> partial }}|", "data": {"boolean": true}, "partials": {"partial": "[]"}}
"|[]|"
END
}

@test "mustache: lambdas get the text of their section" {
	agree <<'END'
{"template": "<{{#l}}x {{name}}{{/l}}>", "data": {"name": "N", "l": {"lambda": "body"}}}
"<x N>"
{"template": "<{{#l}}x{{/l}}>", "data": {"name": "N", "l": {"lambda": "{{name}}!"}}}
"<N!>"
{"template": "{{= | | =}}<|#l|-|/l|>", "data": {"name": "N", "l": {"lambda": "|name| {{name}}"}}}
"<N {{name}}>"
{"template": "<{{^l}}x{{/l}}>", "data": {"l": {"lambda": "body"}}}
"<>"
END
}

@test "mustache: what does not parse is an error that names the line" {
	agree <<'END'
{"template": "a\n{{#b}}\nc", "data": {}}
error: line 2: {{b}} is not closed
{"template": "{{#b}}\n{{/c}}", "data": {}}
error: line 2: {{c}} closes {{b}} of line 1
{"template": "\n\n{{/c}}", "data": {}}
error: line 3: {{c}} closes nothing
{"template": "x {{name", "data": {}}
error: line 1: a tag is not closed
{"template": "x {{ }}", "data": {}}
error: line 1: a tag without a name
{"template": "{{=a=}}", "data": {}}
error: line 1: bad delimiters
{"template": "{{>p}}", "data": {}, "partials": {"p": "{{>p}}"}}
error: partials are nested too deep
END
}
