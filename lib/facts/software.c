#include <sys/stat.h>

#include <stdio.h>
#include <string.h>

#include "facts/package.h"

/*
 * software: what is there, told from where it lies.
 */

static const struct fact containers_facts[] = {
	{ "runtimes", "array", "docker, podman, containerd, crio, lxc, "
	    "incus: /usr/bin", false },
	{ "sockets", "array", "/run", false },
	{ NULL, NULL, NULL, false }
};

static const struct fact kubernetes_facts[] = {
	{ "node", "string", "/var/lib/kubelet/config.yaml is there: the "
	    "name of the host", false },
	{ "cluster_domain", "string", "same", false },
	{ "server", "string", "/etc/kubernetes/kubelet.conf, for root",
	    false },
	{ "version", "string", "that of the kubelet's package, else of the "
	    "image in /etc/kubernetes/manifests/kube-apiserver.yaml", false },
	{ NULL, NULL, NULL, false }
};

static const struct fact languages_facts[] = {
	{ "*", "array", "versions in names below /usr/bin and /usr/lib: "
	    "python, ruby, perl, php, lua, java, node", false },
	{ NULL, NULL, NULL, false }
};

static const struct fact shells_facts[] = {
	{ "[]", "string", "/etc/shells", false },
	{ NULL, NULL, NULL, false }
};

static void
run_containers(struct facts *f, struct val *o)
{
	static const char *const programs[] = { "docker", "podman",
	    "containerd", "crio", "lxc-start", "incus" };
	static const char *const sockets[] = { "/run/docker.sock",
	    "/run/podman/podman.sock", "/run/containerd/containerd.sock",
	    "/run/crio/crio.sock", "/run/incus/unix.socket" };
	struct val *a = val_arr(o, "runtimes");
	char path[64];
	size_t i;

	for (i = 0; i < sizeof(programs) / sizeof(programs[0]); i++) {
		(void)snprintf(path, sizeof(path), "/usr/bin/%s",
		    programs[i]);
		if (src_exists(f, path))
			val_cstr(a, NULL, programs[i]);
	}
	a = val_arr(o, "sockets");
	for (i = 0; i < sizeof(sockets) / sizeof(sockets[0]); i++)
		if (src_exists(f, sockets[i]))
			val_cstr(a, NULL, sockets[i]);
}

/* "0:1.29.1-150500.1.1" */
static void
take_kubelet(const struct package *p, void *arg)
{
	static const char *const names[] = { "kubelet", "kubernetes-kubelet",
	    "kubernetes-node" };
	struct val *o = arg;
	struct str version = text_tail(p->version, ':');
	size_t i;

	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (text_is(p->name, names[i]) &&
		    val_get(o, "version") == NULL)
			val_str(o, "version", text_cut(&version, '-'));
}

/* "image: registry.k8s.io/kube-apiserver:v1.29.1" */
static void
take_image(struct facts *f, struct val *o)
{
	struct str text = src_text(f, NULL,
	    "/etc/kubernetes/manifests/kube-apiserver.yaml"), line, value;

	while (text_line(&text, &line)) {
		if (!text_key(text_trim(line), "image", ':', &value))
			continue;
		value = text_tail(text_unquote(value), ':');
		if (value.len > 1 && *value.p == 'v')
			val_str(o, "version", (struct str){ value.p + 1,
			    value.len - 1 });
		return;
	}
}

static void
put_server(struct facts *f, struct val *o)
{
	struct str text = src_text(f, NULL, "/etc/kubernetes/kubelet.conf"),
	    line, value;

	while (text_line(&text, &line))
		if (text_key(text_trim(line), "server", ':', &value)) {
			val_str(o, "server", value);
			return;
		}
}

static void
run_kubernetes(struct facts *f, struct val *o)
{
	struct str text;

	text = src_text(f, NULL, "/var/lib/kubelet/config.yaml");
	if (text.p == NULL)
		return;
	val_cstr(o, "node", host_name(f)->nodename);
	val_str(o, "cluster_domain", text_unquote(text_field(text,
	    "clusterDomain", ':')));
	put_server(f, o);
	facts_each_package(f, take_kubelet, o);
	if (val_get(o, "version") == NULL)
		take_image(f, o);
}

/* Names that are a stem and a version: "python3.11" is 3.11 of python. */
static void
put_versions(const struct dir *d, const char *stem, struct val *o,
    const char *key)
{
	struct val *a = val_get(o, key);
	size_t i, n = strlen(stem);
	struct str rest;

	for (i = 0; i < d->n; i++) {
		if (strncmp(d->names[i], stem, n) != 0)
			continue;
		rest = str_of(d->names[i] + n);
		if (rest.len == 0 || rest.p[0] < '0' || rest.p[0] > '9' ||
		    strspn(rest.p, "0123456789.") != rest.len ||
		    (strchr(rest.p, '.') == NULL && strcmp(key, "java") != 0))
			continue;
		if (a == NULL)
			a = val_arr(o, key);
		val_str(a, NULL, rest);
	}
}

/* "java-17-openjdk-amd64" */
static void
put_java(const struct dir *d, struct val *o)
{
	struct val *a = NULL;
	struct str name;
	int64_t n;
	size_t i;

	for (i = 0; i < d->n; i++) {
		name = str_of(d->names[i]);
		if (!text_is(text_cut(&name, '-'), "java"))
			continue;
		name = text_cut(&name, '-');
		if (!text_num(name, &n))
			continue;
		if (a == NULL)
			a = val_arr(o, "java");
		val_str(a, NULL, name);
	}
}

static void
run_languages(struct facts *f, struct val *o)
{
	static const char *const stems[][2] = { { "python", "python" },
	    { "ruby", "ruby" }, { "perl", "perl" }, { "php", "php" },
	    { "lua", "lua" }, { "node", "node" } };
	struct dir d;
	size_t i;

	if (dir_open(f, NULL, "/usr/bin", &d)) {
		for (i = 0; i < 6; i++)
			put_versions(&d, stems[i][0], o, stems[i][1]);
		dir_close(&d);
	}
	if (dir_open(f, NULL, "/usr/lib/jvm", &d)) {
		put_java(&d, o);
		dir_close(&d);
	}
	val_sort(o);
}

static void
run_shells(struct facts *f, struct val *o)
{
	struct str text = src_text(f, NULL, "/etc/shells"), line;

	while (text_line(&text, &line)) {
		line = text_trim(text_cut(&line, '#'));
		val_str(o, NULL, line);
	}
}

const struct collector collect_containers = {
	.name = "containers", .help = "container runtimes",
	.when = ON_REQUEST, .facts = containers_facts, .cost = 8,
	.run = run_containers
};

const struct collector collect_kubernetes = {
	.name = "kubernetes", .help = "the kubelet", .facts = kubernetes_facts,
	.cost = 6, .run = run_kubernetes
};

const struct collector collect_languages = {
	.name = "languages", .help = "interpreters", .when = ON_REQUEST,
	.facts = languages_facts, .cost = 15, .run = run_languages
};

const struct collector collect_shells = {
	.name = "shells", .help = "login shells", .is_array = true,
	.facts = shells_facts, .cost = 6, .run = run_shells
};
