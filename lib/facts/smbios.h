#ifndef FACTS_SMBIOS_H
#define FACTS_SMBIOS_H

#include "facts/facts.h"

/* smbios: put memory.modules from the firmware's table into o. */
void	smbios_memory(struct facts *f, struct val *o);

#endif
