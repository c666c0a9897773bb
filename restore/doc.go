// Package restore proves that a dump of a database can be put back: it loads it into a
// throw-away MariaDB and reads what came of it.
//
// A dump is foreign: whoever could write it must gain nothing here. So all of it runs as a
// user without rights, whose server has no network, no plug-ins and no files but its own,
// and in which nobody has more rights than to fill tables.
package restore
