#ifndef TYPES_SETTINGS_H
#define TYPES_SETTINGS_H

#include "resource/resource.h"

/*
 * settings: what a host is set to by a line, a link or a small file, and by the
 * kernel: names and keys of other hosts, parameters, its own name, its time
 * zone, which of several programs a name stands for, what it runs and when.
 */
extern const struct resource_type resource_hostentry;
extern const struct resource_type resource_sysctl;
extern const struct resource_type resource_hostname;
extern const struct resource_type resource_timezone;
extern const struct resource_type resource_known_host;
extern const struct resource_type resource_alternatives;
extern const struct resource_type resource_cron;
extern const struct resource_type resource_mount;
extern const struct resource_type resource_kernel_module;
extern const struct resource_type resource_locale;

#endif
