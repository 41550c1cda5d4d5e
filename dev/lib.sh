# shellcheck shell=bash
#
# What the scripts of this folder share: installing what Debian lacks, a build
# in a temporary folder, a throw-away server that knows of it.
#
# Nothing is ever written into the checkout or into the server's own folders:
# the source is copied, built and installed below one temporary folder, and the
# throw-away server is told to look for extensions there. So a read-only
# checkout works, root is needed for apt-get alone, and removing the folder
# removes everything.
#
# Servers refuse to run as root; where the script does, all after the
# installing runs as the user postgres, so that root and others go one way.

set -euo pipefail

top=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)

# A PGHOST or PGOPTIONS of the caller's must not reach a throw-away server.
for name in "${!PG@}"; do
	[ "$name" = PG_CONFIG ] || unset "$name"
done

say() { printf '%s\n' "$*" >&2; }

die() {
	say "${0##*/}: $*"
	exit 1
}

# Prints the comment that a script begins with: its help text.
usage() {
	awk 'NR > 1 { if (!/^#/) exit; sub(/^# ?/, ""); print }' "$0"
}

as_root() {
	if [ "$(id -u)" = 0 ]; then
		"$@"
	elif command -v sudo >/dev/null; then
		# sudo asks for the password on the terminal, if there is one to ask on.
		if (: </dev/tty) 2>/dev/null; then sudo "$@"; else sudo -n "$@"; fi
	else
		die "needs root or sudo"
	fi
}

# ---- installing ------------------------------------------------------------

apt() {
	as_root env DEBIAN_FRONTEND=noninteractive \
		apt-get -qq -o Dpkg::Use-Pty=0 -o Acquire::Retries=3 "$@" </dev/null
}

refresh_lists() {
	[ -z "${lists_are_fresh:-}" ] || return 0
	# One broken source of the machine's need not be one that is needed.
	apt update >/dev/null || say "apt-get update failed; going on with the lists there are"
	lists_are_fresh=yes
}

# need PACKAGE...: installs those that are missing, says which, and shows apt's
# own words only when it fails.
need() {
	local missing=() package log
	for package; do
		[ "$(dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null)" = installed ] ||
			missing+=("$package")
	done
	[ ${#missing[@]} -gt 0 ] || return 0
	say "installing ${missing[*]} (Debian packages; this can take some minutes)"
	refresh_lists
	log=$(mktemp)
	if ! without_main_cluster apt install --no-install-recommends "${missing[@]}" >"$log" 2>&1; then
		cat "$log" >&2
		rm -f "$log"
		die "could not install ${missing[*]}"
	fi
	rm -f "$log"
}

# Debian's server package makes and starts a cluster when it is installed. The
# caller asked for tests, not for a server, so it's told not to for this once.
without_main_cluster() (
	conf=/etc/postgresql-common/createcluster.d/retention-setup.conf
	as_root mkdir -p "${conf%/*}"
	trap 'as_root rm -f "$conf"' EXIT
	echo "create_main_cluster = false" | as_root tee "$conf" >/dev/null
	"$@"
)

# The newest installed server from 15 on, or nothing; $1: a file below the
# version's pg_config --includedir-server that has to be there, if any.
newest_server() {
	local major
	for major in $(cd /usr/lib/postgresql 2>/dev/null && ls -rv); do
		[[ $major =~ ^(1[5-9]|[2-9][0-9])$ ]] || continue
		[ -x "/usr/lib/postgresql/$major/bin/postgres" ] || continue
		[ -z "${1:-}" ] || [ -e "/usr/include/postgresql/$major/server/$1" ] || continue
		echo "$major"
		return
	done
}

debian_server() {
	refresh_lists
	apt-cache depends postgresql | sed -n 's/.*Depends: postgresql-\([0-9]*\)$/\1/p' | head -n 1
}

# setup [PACKAGE...]: a server, its headers, a compiler and the named packages.
# Sets PG_CONFIG and major.
setup() {
	command -v dpkg-query >/dev/null ||
		die "sets up Debian; elsewhere install a server with its headers, then: make && make install && make installcheck"
	if [ -n "${PG_CONFIG:-}" ]; then
		# pg_virtualenv, which starts the servers, knows Debian's folders only;
		# /usr/bin/pg_config leads there.
		[ ! -x "$PG_CONFIG" ] || PG_CONFIG=$("$PG_CONFIG" --bindir)/pg_config
		[[ $PG_CONFIG =~ ^/usr/lib/postgresql/([0-9]+)/bin/pg_config$ ]] ||
			die "PG_CONFIG has to be a /usr/lib/postgresql/NN/bin/pg_config; with another server: make && make install && make installcheck"
		major=${BASH_REMATCH[1]}
	else
		major=$(newest_server postgres.h)
		[ -n "$major" ] || major=$(newest_server)
		[ -n "$major" ] || major=$(debian_server)
		[ -n "$major" ] || die "apt-cache knows no package postgresql"
		PG_CONFIG=/usr/lib/postgresql/$major/bin/pg_config
	fi
	[ "$major" -ge 15 ] || die "needs PostgreSQL 15 or later, this is $major"
	command -v gcc >/dev/null || set -- "$@" gcc
	[ -e /usr/include/stdio.h ] || set -- "$@" libc6-dev
	command -v make >/dev/null || set -- "$@" make
	need "postgresql-$major" "postgresql-server-dev-$major" libxxhash-dev "$@"
	export PG_CONFIG
}

# Node.js and npm: those there are, or Debian's.
need_node() {
	command -v node >/dev/null || need nodejs
	command -v npm >/dev/null || need npm
	[ "$(node -p 'process.versions.node.split(".")[0]')" -ge 18 ] || die "needs Node.js 18 or later, this is $(node --version)"
}

# A browser for tests, a font, so that pages look alike, and what makes pictures of them small.
need_browser() {
	need chromium fonts-inter pngquant
}

# ---- the temporary folder --------------------------------------------------

# Makes the temporary folder, with a copy of the source in it, for whoever is
# to run the server. Sets work, unprivileged.
make_work() {
	work=$(mktemp -d "${TMPDIR:-/tmp}/retention.XXXXXX")
	trap 'rm -rf "$work"' EXIT
	trap 'exit 130' INT
	trap 'exit 143' TERM HUP
	mkdir "$work/src" "$work/root"
	# What make made in the checkout may be another server's.
	tar -C "$top" -cf - --exclude=./.git --exclude='*.o' --exclude='*.bc' --exclude='*.so' \
		--exclude=./retention.control --exclude='./retention--*.sql' \
		--exclude=./results --exclude=./tmp_check --exclude=node_modules --exclude=.observablehq . | tar -C "$work/src" --no-same-owner -xf -
	chmod -R u+w "$work/src"
	unprivileged=()
	if [ "$(id -u)" = 0 ]; then
		chown -R postgres: "$work"
		unprivileged=(runuser -u postgres --)
	fi
}

# Runs a command in the copy of the source as the user who runs the servers.
inside() {
	(
		cd "$work/src"
		exec "${unprivileged[@]}" env HOME="$work" TMPDIR="$work" USER=postgres LOGNAME=postgres \
			LC_ALL=C.UTF-8 PG_CONFIG="$PG_CONFIG" "$@"
	)
}

# install_copy MAKE-ARGUMENT...: builds the copy and installs it below $work/root.
install_copy() {
	inside make -s -j"$(nproc)" PG_CONFIG="$PG_CONFIG" "$@" &&
		inside make -s install PG_CONFIG="$PG_CONFIG" DESTDIR="$work/root" "$@"
}

# The settings with which a server finds what install_copy installed.
server_settings() {
	local root=$work/root
	if [ "$major" -ge 18 ]; then
		echo "extension_control_path = '$root$("$PG_CONFIG" --sharedir):\$system'"
		echo "dynamic_library_path = '$root$("$PG_CONFIG" --pkglibdir):\$libdir'"
	else
		# Debian's own setting: a prefix for control files and libraries.
		echo "extension_destdir = '$root'"
	fi
}

# with_server COMMAND...: runs it beside a throw-away server, PGHOST and the like set.
with_server() {
	local options=() setting
	while read -r setting; do
		setting=${setting/ = /=}
		options+=(-o "${setting//\'/}")
	done < <(server_settings)
	# pg_virtualenv tells of its clusters on stdout; the command gets the real one.
	# shellcheck disable=SC2016
	inside pg_virtualenv -v "$major" -c '-e UTF8 --locale C.UTF-8' "${options[@]}" \
		sh -c 'touch "$HOME/server-came-up"; exec "$@" >&3 2>&4 3>&- 4>&-' sh "$@" \
		3>&1 4>&2 >"$work/server.log" 2>&1 && return
	local status=$?
	[ -e "$work/server-came-up" ] || cat "$work/server.log" >&2
	return $status
}

# ---- a shop's files ------------------------------------------------------------

# What dev/import is made of: Python with Debian's packages, before make_work.
need_import() {
	need python3 python3-venv python3-babel python3-openpyxl tzdata
}

# And what Debian lacks, from PyPI, after make_work. Sets import, the python that has both; false, with its reason in $work/pip.log, where it can't be had.
get_import() {
	import=$work/python/bin/python
	/usr/bin/python3 -m venv --system-site-packages "$work/python" >"$work/pip.log" 2>&1 &&
		"$work/python/bin/pip" --disable-pip-version-check --no-cache-dir --retries 1 install -q -r "$top/dev/import/requirements.txt" >>"$work/pip.log" 2>&1
}
