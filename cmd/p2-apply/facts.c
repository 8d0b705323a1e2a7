#include <sys/utsname.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "apply.h"

/* The facts that policies cannot do without. */
const char *const fact_names[] = {
	"os_hostname", "os_family", "os_dist_name", "os_dist_version_id",
	"os_type", "os_release", "platform", "arch", NULL
};

static bool
put(struct buf *json, const char *s)
{
	buf_json(json, str_of(s));
	return true;
}

/* The value of a key in os-release(5). */
static bool
os_release(const char *key, char *value, size_t size)
{
	char text[512], *p;
	bool found = false;
	FILE *f;

	if ((f = fopen("/etc/os-release", "re")) == NULL &&
	    (f = fopen("/usr/lib/os-release", "re")) == NULL)
		return false;
	while (!found && fgets(text, sizeof(text), f) != NULL) {
		text[strcspn(text, "\n")] = '\0';
		if ((p = strchr(text, '=')) == NULL)
			continue;
		*p++ = '\0';
		if (*p == '"' || *p == '\'') {
			p++;
			p[strcspn(p, "\"'")] = '\0';
		}
		if ((found = strcmp(text, key) == 0))
			strlcpy(value, p, size);
	}
	fclose(f);
	return found;
}

static bool
os_family(struct buf *json)
{
	static const struct {
		const char *word;
		const char *family;
	} known[] = { { "debian", "debian" }, { "ubuntu", "debian" },
	    { "rhel", "redhat" }, { "fedora", "redhat" },
	    { "centos", "redhat" }, { "suse", "suse" } };
	char id[128] = "", like[128] = "";
	size_t i;

	os_release("ID", id, sizeof(id));
	os_release("ID_LIKE", like, sizeof(like));
	for (i = 0; i < sizeof(known) / sizeof(known[0]); i++)
		if (strstr(id, known[i].word) != NULL ||
		    strstr(like, known[i].word) != NULL)
			return put(json, known[i].family);
	return put(json, *id != '\0' ? id : "linux");
}

bool
fact(void *arg, struct str name, struct buf *json)
{
	char value[256];
	struct utsname u;

	(void)arg;
	if (uname(&u) == -1)
		return false;
	if (str_eq(name, str_of("os_hostname")))
		return put(json, u.nodename);
	if (str_eq(name, str_of("os_type")))
		return put(json, u.sysname);
	if (str_eq(name, str_of("os_release")))
		return put(json, u.release);
	if (str_eq(name, str_of("platform")))
		return put(json, "linux");
	if (str_eq(name, str_of("arch")))
		return put(json, strcmp(u.machine, "x86_64") == 0 ? "x64" :
		    u.machine);
	if (str_eq(name, str_of("os_family")))
		return os_family(json);
	if (str_eq(name, str_of("os_dist_name")))
		return os_release("ID", value, sizeof(value)) &&
		    put(json, value);
	if (str_eq(name, str_of("os_dist_version_id")))
		return os_release("VERSION_ID", value, sizeof(value)) &&
		    put(json, value);
	return false;
}
