/*-------------------------------------------------------------------------
 *
 * check.h
 *	  What the unit tests check with.
 *
 * Each test is a program of its own, which is told where the points are.  It
 * compares with tolerances of its own, says once for each thing it checks
 * "ok - name" with the largest error it met, or "not ok - name", and ends with
 * status 1 if anything wasn't.  With CHECK_WHERE in the environment it also
 * says where the largest error was.
 *
 *-------------------------------------------------------------------------
 */
#ifndef RETENTION_CHECK_H
#define RETENTION_CHECK_H

#include <math.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CHECK_MAX_NUMBERS	32

static bool check_failed;

/* The worst of many comparisons of one kind. */
typedef struct Check
{
	const char *name;
	double		tolerance;
	int			n;
	double		worst;			/* largest error */
	char		where[400];		/* and where that was */
} Check;

#define CHECK(name, tolerance)	{name, tolerance, 0, 0, ""}

/*
 * An error relative to the true value, or to "scale" if that's larger: 0 for
 * the error relative to the value alone.  Where the value is below what a
 * double can hold in full, neither can the result.
 */
static inline void
check_close(Check *check, double value, double truth, double scale, const char *format,...)
{
	double		size = fmax(fmax(fabs(truth), scale), 1e-290);
	double		error = value == truth ? 0 : fabs(value - truth) / size;

	check->n++;
	if (isnan(error))
		error = INFINITY;
	if (error > check->worst || check->n == 1)
	{
		va_list		args;
		char		point[250];

		va_start(args, format);
		vsnprintf(point, sizeof(point), format, args);
		va_end(args);
		check->worst = error;
		snprintf(check->where, sizeof(check->where), "%s: %.17g, should be %.17g", point, value, truth);
	}
}

static inline void
check_true(const char *name, bool holds)
{
	printf("%sok - %s\n", holds ? "" : "not ", name);
	if (!holds)
		check_failed = true;
}

static inline void
check_say(const Check *check)
{
	if (check->n > 0 && check->worst <= check->tolerance)
		printf("ok - %s: %d points, worst error %.1e%s%s\n", check->name, check->n, check->worst,
			   getenv("CHECK_WHERE") ? " at " : "", getenv("CHECK_WHERE") ? check->where : "");
	else
	{
		printf("not ok - %s: %d points, worst error %.1e at %s\n",
			   check->name, check->n, check->worst, check->n > 0 ? check->where : "none");
		check_failed = true;
	}
}

/*
 * The next line of a file of points: a word, and behind it numbers.  Lines
 * that begin with # are for the reader, "-" is NaN.
 */
static inline bool
check_next_point(FILE *file, char *word, size_t size, double *numbers, int *n)
{
	char		line[2000];

	while (fgets(line, sizeof(line), file))
	{
		char	   *save;
		char	   *field = strtok_r(line, " \n", &save);

		if (field == NULL || field[0] == '#')
			continue;
		snprintf(word, size, "%s", field);
		for (*n = 0; *n < CHECK_MAX_NUMBERS && (field = strtok_r(NULL, " \n", &save)) != NULL; (*n)++)
			numbers[*n] = strcmp(field, "-") == 0 ? NAN : strtod(field, NULL);
		return true;
	}
	return false;
}

/* argv[1] is the directory that the points are in. */
static inline FILE *
check_open_points(int argc, char **argv, const char *name)
{
	char		path[1000];
	FILE	   *file;

	snprintf(path, sizeof(path), "%s/%s", argc > 1 ? argv[1] : "points", name);
	file = fopen(path, "r");
	if (file == NULL)
	{
		printf("not ok - %s: could not be opened\n", path);
		exit(1);
	}
	return file;
}

#endif							/* RETENTION_CHECK_H */
