# retention: customer retention metrics for PostgreSQL
#
#   make && make install && make installcheck      with pg_config in the PATH,
#   make PG_CONFIG=/path/to/pg_config ...          or the one of your choice
#
# The version stands in META.json and nowhere else.

EXTENSION = retention
RETENTION_VERSION := $(sort $(shell sed -n '/"meta-spec"/,/}/d; s/^   *"version": *"\([0-9.]*\)".*/\1/p' META.json))
ifneq ($(words $(RETENTION_VERSION)),1)
$(error META.json has several versions: $(RETENTION_VERSION))
endif

SQL_PARTS = header refuse_functions calendar base metric value scalar score projection survival rfm repeat_buying history is_order waiting repeat_spend model equality \
	simulate forecast views live refuse_aggregates refuse_formulas
INSTALL_SQL = $(EXTENSION)--$(RETENTION_VERSION).sql
UPGRADE_SQL = $(patsubst sql/upgrade/%.in,%,$(wildcard sql/upgrade/*.sql.in))

MODULE_big = $(EXTENSION)
VIEWS = $(sort $(wildcard src/views/*.sql))
OBJS = $(patsubst %.c,%.o,$(sort $(wildcard src/*.c src/*/*.c) src/views/templates.c src/pg/namelist.c))
SRC_HEADERS = $(wildcard src/*/*.h)
DATA_built = $(INSTALL_SQL) $(UPGRADE_SQL) $(EXTENSION).control
EXTRA_CLEAN = src/views/templates.c src/pg/namelist.c $(EXTENSION).control $(EXTENSION)--*.sql results regression.diffs regression.out

# Sums of money are integers, but simulated shops are floating point, and must
# be the same on every machine.
PG_CPPFLAGS = -I$(CURDIR)/src -DRETENTION_VERSION='"$(RETENTION_VERSION)"'
PG_CFLAGS = -Wall -Wextra -Wno-unused-parameter -Wno-sign-compare -ffp-contract=off $(if $(WERROR),-Werror)

# A count or a mask that is kept in too narrow a type is wrong in silence.  The
# server's own headers narrow in many places: they are a system's, of which
# there are no warnings.
PG_CFLAGS += -Wconversion -Wno-sign-conversion
PG_CPPFLAGS += -isystem $(includedir_server) -isystem $(includedir_internal)

# A server built by gcc has options that clang doesn't know.
ifneq (,$(findstring clang,$(CC)))
PG_CFLAGS += -Wno-ignored-optimization-argument -Wno-unknown-warning-option -Wno-ignored-attributes
endif

TESTS = $(sort $(wildcard test/sql/*.sql))
REGRESS = $(patsubst test/sql/%.sql,%,$(TESTS))
REGRESS_OPTS = --inputdir=test --load-extension=$(EXTENSION)

PG_CONFIG ?= pg_config
PGXS := $(shell $(PG_CONFIG) --pgxs)
include $(PGXS)

# The functions of this module call each other, not namesakes elsewhere.
ifeq ($(PORTNAME),linux)
SHLIB_LINK += -Wl,-Bsymbolic
endif

# The bitcode for JIT is compiled without PG_CFLAGS.
override BITCODE_CFLAGS += -ffp-contract=off

$(EXTENSION).control: retention.control.in META.json Makefile
	sed 's/@VERSION@/$(RETENTION_VERSION)/' $< > $@

$(INSTALL_SQL): $(SQL_PARTS:%=sql/%.sql.in) sql/expand.awk META.json
	for part in $(SQL_PARTS); do awk -f sql/expand.awk sql/$$part.sql.in || exit 1; done > $@.tmp
	mv $@.tmp $@

$(UPGRADE_SQL): %: sql/upgrade/%.in sql/expand.awk
	awk -f sql/expand.awk $< > $@.tmp
	mv $@.tmp $@

src/views/templates.c: $(VIEWS) sql/embed.awk
	awk -f sql/embed.awk $(VIEWS) > $@.tmp
	mv $@.tmp $@

src/pg/namelist.c: $(INSTALL_SQL) sql/names.awk
	awk -f sql/names.awk $(INSTALL_SQL) > $@.tmp
	mv $@.tmp $@

$(OBJS): $(SRC_HEADERS) META.json
