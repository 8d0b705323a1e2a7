#ifndef TYPES_COMMAND_H
#define TYPES_COMMAND_H

#include "resource/resource.h"

/*
 * command: a shell command that is run; powershell: the same by pwsh(1).
 *
 * There is no telling whether a command has something to do, but by "creates":
 * so where it is to be run, it differs.
 */
extern const struct resource_type resource_command;
extern const struct resource_type resource_powershell;

#endif
