#ifndef RESOURCE_SETTINGS_H
#define RESOURCE_SETTINGS_H

#include "resource/resource.h"

/*
 * settings: what a host is set to by a line or a small file, and by the kernel:
 * names of other hosts, parameters, its own name, its time zone.
 */
extern const struct resource_type resource_hostentry;
extern const struct resource_type resource_sysctl;
extern const struct resource_type resource_hostname;
extern const struct resource_type resource_timezone;

#endif
