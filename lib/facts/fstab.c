#include "facts/block.h"

static const struct fact facts[] = {
	{ "[].device", "string", "/etc/fstab", false },
	{ "[].mountpoint", "string", "/etc/fstab", false },
	{ "[].filesystem", "string", "/etc/fstab", false },
	{ "[].options", "array", "/etc/fstab", false },
	{ "[].dump", "integer", "/etc/fstab", false },
	{ "[].pass", "integer", "/etc/fstab", false },
	{ NULL, NULL, NULL, false }
};

static void
run(struct facts *f, struct val *o)
{
	struct str text = src_text(f, NULL, "/etc/fstab"), line, word;
	struct val *one, *options;
	int64_t n;

	while (text_line(&text, &line)) {
		word = text_word(&line);
		if (word.len == 0 || *word.p == '#')
			continue;
		one = val_obj(o, NULL);
		val_str(one, "device", block_unescape(f, word));
		val_str(one, "mountpoint", block_unescape(f,
		    text_word(&line)));
		val_str(one, "filesystem", text_word(&line));
		word = text_word(&line);
		options = val_arr(one, "options");
		while (word.len > 0)
			val_str(options, NULL, text_cut(&word, ','));
		if (text_num(text_word(&line), &n))
			val_int(one, "dump", n);
		if (text_num(text_word(&line), &n))
			val_int(one, "pass", n);
	}
}

const struct collector collect_fstab = {
	.name = "fstab", .help = "what is to be mounted", .is_array = true,
	.facts = facts, .cost = 6, .run = run
};
