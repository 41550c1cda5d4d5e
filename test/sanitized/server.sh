# shellcheck shell=bash
#
# A PostgreSQL with assertions, under the sanitizers, whose memory contexts and
# buffers tell them what may be touched (valgrind/memcheck.h beside this).
#
# It's made of Debian's source package, once, and kept as a tar file in
# RETENTION_SANITIZED_DIR, by default ~/.cache/retention-sanitized: some 300 MB,
# and twenty minutes of two cores. Remove it to have it made anew. Building it
# touches nothing else of the machine: it's done by the user who runs the
# servers, and nothing is installed but below a folder of its own.

sanitizer_flags="-O2 -g -fno-omit-frame-pointer -fsanitize=address,undefined"

# After make_work. Sets PG_CONFIG to the server's, unpacked below $work.
sanitized_server() {
	local cache=${RETENTION_SANITIZED_DIR:-${XDG_CACHE_HOME:-${HOME:-/root}/.cache}/retention-sanitized}
	local kept
	kept=$cache/postgresql-$major-$(cat "$top"/test/sanitized/{server.sh,valgrind/memcheck.h} | sha256sum | cut -c1-12).tar
	if [ ! -e "$kept" ]; then
		mkdir -p "$cache"
		build_server "$cache"
		tar -C "$work/built" -cf "$kept.part" .
		mv "$kept.part" "$kept"
		rm -rf "$work/built" "$work/postgresql"
	fi
	mkdir "$work/server"
	tar -C "$work/server" --no-same-owner -xf "$kept"
	[ ${#unprivileged[@]} = 0 ] || chown -R postgres: "$work/server"
	PG_CONFIG=$work/server/postgresql-sanitized/bin/pg_config
}

# The source is the main archive's: security updates have theirs elsewhere, and lag.
build_server() {
	local lists=$1/apt options url
	say "building PostgreSQL $major from its source package (once; twenty minutes or more)"
	need dpkg-dev bison flex libicu-dev zlib1g-dev
	refresh_lists
	mkdir -p "$lists/lists/partial" "$work/postgresql"
	# shellcheck disable=SC2016
	apt-get indextargets --format '$(ORIGIN) $(LABEL) $(COMPONENT) $(REPO_URI) $(CODENAME)' 'Created-By: Packages' |
		awk '$1 == "Debian" && $2 == "Debian" && $3 == "main" { print "deb-src", $4, $5, "main" }' |
		sort -u >"$lists/sources.list"
	[ -s "$lists/sources.list" ] || die "apt's sources name no mirror of Debian"
	options=(-o "Dir::Etc::SourceList=$lists/sources.list" -o Dir::Etc::SourceParts=/dev/null
		-o "Dir::State::Lists=$lists/lists" -o APT::Sandbox::User=root)
	apt "${options[@]}" update >/dev/null
	(cd "$work/postgresql" && apt "${options[@]}" source --download-only "postgresql-$major" >/dev/null)
	[ ${#unprivileged[@]} = 0 ] || chown -R postgres: "$work/postgresql"

	# Debian's patches with it, as the tests need one of them. With "postgresql" in
	# its name the prefix is where everything goes, whatever they say of Debian's folders.
	inside sh -euc '
		cd ../postgresql
		dpkg-source --extract ./*.dsc source >/dev/null
		cd source
		./configure --prefix=/postgresql-sanitized --enable-cassert --enable-debug --enable-tap-tests \
			--with-icu --without-readline CPPFLAGS="-DUSE_VALGRIND -I$1" CFLAGS="$2" >configure.log ||
			{ tail -n 20 configure.log; exit 1; }
		for part in src contrib/postgres_fdw; do
			make -s -j"$(nproc)" -C "$part"
			make -s -C "$part" install DESTDIR="$3"
		done
	' sh "$work/src/test/sanitized" "$sanitizer_flags" "$work/built" >"$work/build.log" 2>&1 ||
		{ tail -n 40 "$work/build.log" >&2; die "could not build PostgreSQL"; }
}
