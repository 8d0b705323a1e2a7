#!/usr/bin/env bats
# A web server from nothing, as an admin would have it: a repository with its
# key, the package, a user, configuration, the service; then what happens to it.
load host

# A repository in the file system of the host, signed by a key of its own, with
# the packages of the web server in it.
setup_file() {
	local repo=$BATS_FILE_TMPDIR/repo base

	base=$("$BATS_TEST_DIRNAME/base" systemd)
	mkdir -p "$repo"
	web_packages "$base" "$repo"
	export GNUPGHOME=$BATS_FILE_TMPDIR/gnupg
	mkdir -m 700 "$GNUPGHOME"
	gpg --batch --quiet --passphrase '' --quick-gen-key \
	    'A repository <repo@example.org>' ed25519 sign never
	(
		cd "$repo" || exit
		apt-ftparchive packages . >Packages
		apt-ftparchive release . >Release
		gpg --batch --quiet --clearsign -o InRelease Release
		gpg --batch --armor --export >key.asc
	)
	gpgconf --kill all
	host_boot web systemd --private-network "--bind-ro=$repo:/srv/repo"
	# It knows no other repository.
	on web sh -c 'rm -rf /etc/apt/sources.list /var/lib/apt/lists/*'
	on web mkdir -p /etc/p2
	site web
}

teardown_file() { hosts_end; }

# web_packages BASE DIR: nginx-light and all that the base image lacks for it.
web_packages() {
	local cache=$P2_HOSTS/nginx

	mkdir -p "$cache/lists/partial" "$cache/archives/partial"
	apt-get -qq -o Dir::State::Lists="$cache/lists" update
	apt-get -qq -y -o Dir::State::Lists="$cache/lists" \
	    -o Dir::State::Status="$1/var/lib/dpkg/status" \
	    -o Dir::Cache::Archives="$cache/archives" \
	    -o APT::Install-Recommends=false \
	    -o Debug::NoLocking=true install --download-only nginx-light \
	    >/dev/null
	cp "$cache"/archives/*.deb "$2"
}

# site HOST: the policy.
site() {
	on "$1" sh -c 'cat >/etc/p2/port.mustache' <<-'END'
		server {
			listen {{opts.parms.port}} default_server;
			root /srv/www;
		}
	END
	policy "$1" /etc/p2/site.p2 <<-'END'
		p2.repository('local', {uri: 'file:/srv/repo', suites: './',
		    key: '/srv/repo/key.asc'})
		  .package('nginx-light')
		  .user('deploy', {system: true, dir: '/srv/www',
		    shell: '/usr/sbin/nologin', gecos: 'Puts pages here'})
		  .file('/srv/www', {ensure: 'directory', owner: 'deploy', mode: '0755'})
		  .file('/srv/www/index.html', {content: 'hello from {{f.os_hostname}}\n',
		    is_template: true, owner: 'deploy'})
		  .file('/etc/nginx/sites-enabled/default', {follow: false,
		    content: {template: '/etc/p2/port.mustache'}, parms: {port: 80},
		    keep_orig: false, notify: 'service:nginx'})
		  .service('nginx', {ensure: 'running', enabled: true,
		    refresh: 'reload'});
	END
}

page() { on web curl -sf "http://127.0.0.1:${1:-80}/"; }

# It takes a moment until a reloaded server has its new configuration.
serves() { [ "$(page "$@")" = 'hello from web' ]; }

apply() {
	run --separate-stderr on web p2-apply "$@" /etc/p2/site.p2
}

# state: what the policy is about, on the host.
state() {
	on web sh -c 'find /etc /srv /var/lib/dpkg /var/lib/apt -xdev \
	    -path /srv/repo -prune -o -printf "%p %y %m %u %T@\n" | sort'
}

@test "web: from nothing, a dry run tells what would be, and touches nothing" {
	before=$(state)
	apply -n
	# Without the key and what else is in a diff; no index is read yet.
	output=$(grep '^would' <<<"$output")
	is 1 "would change repository local: /etc/apt/keyrings/local.asc: is missing; /etc/apt/sources.list.d/local.sources: is missing
would change package nginx-light: nginx-light is not installed
would change user deploy: is missing
would change file /srv/www: is missing
would change file /srv/www/index.html: is missing
would change file /etc/nginx/sites-enabled/default: its directory /etc/nginx/sites-enabled does not exist yet; is missing
would change service nginx: is not enabled; is not running"
	[ "$(state)" = "$before" ]
}

@test "web: from nothing to a page, in one run" {
	local version

	apply
	# shellcheck disable=SC2016	# for dpkg-query
	version=$(on web dpkg-query -f '${Version}' -W nginx-light)
	is 0 "changed repository local: Wrote /etc/apt/keyrings/local.asc. Wrote /etc/apt/sources.list.d/local.sources.
changed package nginx-light: Installed nginx-light $version.
changed user deploy: Created user.
changed file /srv/www: Created directory.
changed file /srv/www/index.html: Created file.
changed file /etc/nginx/sites-enabled/default: Created file.
changed service nginx: Reloaded."
	until_true 10 serves
	[ "$(on web stat -c '%U %a' /srv/www)" = 'deploy 755' ]
}

@test "web: a second run has nothing to do, and says nothing" {
	apply
	is 0 ''
	[ "$(page)" = 'hello from web' ]
}

@test "web: what is changed in the policy is shown, then done, then reloaded" {
	main=$(on web systemctl show -P MainPID nginx)
	on web sed -i 's/port: 80/port: 8080/' /etc/p2/site.p2
	apply -n
	is 1 'would change file /etc/nginx/sites-enabled/default: content differs
--- /etc/nginx/sites-enabled/default
+++ /etc/nginx/sites-enabled/default
@@ -1,4 +1,4 @@
 server {
-listen 80 default_server;
+listen 8080 default_server;
 root /srv/www;
 }
would change service nginx: was notified'
	apply
	is 0 'changed file /etc/nginx/sites-enabled/default: Content Replaced.
changed service nginx: Reloaded.'
	until_true 10 serves 8080
	[ "$(on web systemctl show -P MainPID nginx)" = "$main" ]
}

@test "web: what is tampered with is repaired at once, and reloaded" {
	on web systemctl start p2-apply
	until_true 20 on web systemctl -q is-active p2-apply
	on web sh -c 'echo defaced >/srv/www/index.html
	    rm /etc/nginx/sites-enabled/default'
	until_true 20 on web sh -c 'grep -q hello /srv/www/index.html &&
	    grep -q 8080 /etc/nginx/sites-enabled/default'
	until_true 20 serves 8080
	on web systemctl stop p2-apply
	apply
	is 0 ''
}

@test "web: it is as the policy says after a restart of the host" {
	host_stop web
	host_start web
	until_true 10 serves 8080
	apply
	is 0 ''
}

@test "web: the last run is taken back" {
	on web sed -i 's/port: 8080/port: 81/' /etc/p2/site.p2
	apply
	is 0 'changed file /etc/nginx/sites-enabled/default: Content Replaced.
changed service nginx: Reloaded.'
	until_true 10 serves 81
	run --separate-stderr on web p2-apply -u
	is 0 'restored file /etc/nginx/sites-enabled/default: content'
	on web systemctl reload nginx
	until_true 10 serves 8080
}

@test "web: and taken away, nothing of it is left" {
	policy web /etc/p2/site.p2 <<-'END'
		p2.service('nginx', {ensure: 'stopped', enabled: false})
		  .package('nginx-light', {ensure: 'purged'})
		  .file('/srv/www', {ensure: 'absent', force: true})
		  .file('/etc/nginx', {ensure: 'absent', force: true})
		  .repository('local', {ensure: 'absent'})
		  .user('deploy', {ensure: 'absent'});
	END
	apply
	[ "$status" -eq 0 ]
	[ "$stderr" = "" ]
	run -2 on web getent passwd deploy
	on web sh -c 'pwck -rq && grpck -r'
	run on web sh -c 'ls -d /srv/www /etc/nginx /etc/apt/keyrings/local.asc \
	    /etc/apt/sources.list.d/local.sources 2>/dev/null'
	[ "$output" = "" ]
	run -1 on web pgrep nginx
	apply
	is 0 ''
}
