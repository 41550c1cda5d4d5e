/* NBD, against mpmath. */
#include "check.h"
#include "points.h"

int
main(int argc, char **argv)
{
	check_points(argc, argv, "nbd.txt");
	return check_failed;
}
