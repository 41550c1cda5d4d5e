/*
 * The CDNOW sample (Fader & Hardie): 2357 customers, what they bought on which
 * day.  The file isn't part of this project: RETENTION_DATA names the folder
 * that has cdnow_sample.txt.
 */
#ifndef RETENTION_CDNOW_H
#define RETENTION_CDNOW_H

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#define CDNOW_MOST	8000

/* A customer's day, all that they bought on it together. */
typedef struct CdnowDay
{
	int			customer;		/* from 0 */
	int			day;
	double		amount;
} CdnowDay;

static inline int
cdnow_day(int date)
{
	struct tm	tm = {.tm_year = date / 10000 - 1900,.tm_mon = date / 100 % 100 - 1,.tm_mday = date % 100,.tm_hour = 12};

	return (int) (timegm(&tm) / 86400);
}

/* How many there are, of at most CDNOW_MOST; -1 if there's no file. */
static inline int
cdnow_read(CdnowDay *days)
{
	const char *folder = getenv("RETENTION_DATA");
	char		path[1000];
	char		line[200];
	FILE	   *file;
	int			n = 0;
	int			previous = -1;
	int			customer = -1;

	if (folder == NULL)
		return -1;
	snprintf(path, sizeof(path), "%s/cdnow_sample.txt", folder);
	file = fopen(path, "r");
	if (file == NULL)
		return -1;
	while (n < CDNOW_MOST && fgets(line, sizeof(line), file))
	{
		int			id,
					date;
		double		amount;

		if (sscanf(line, "%*d %d %d %*d %lf", &id, &date, &amount) != 3)
			continue;
		if (id != previous)
			customer++;
		if (id == previous && days[n - 1].day == cdnow_day(date))
			days[n - 1].amount += amount;
		else
			days[n++] = (CdnowDay) {customer, cdnow_day(date), amount};
		previous = id;
	}
	fclose(file);
	return n;
}

#endif							/* RETENTION_CDNOW_H */
